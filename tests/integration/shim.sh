#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The containerd shim without containerd: a client of our own speaks its protocol, and takes events.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/shim.sh"

# ---- start and delete -------------------------------------------------------------------------

start_prints_an_address() {
	program 'sleep 1000'
	shim c1
	equal "$(echo "$ADDRESS" | sed 's/[0-9a-f]\{64\}$/DIGEST/')" unix:///run/containerd/s/DIGEST
	equal "$(cat "$BUNDLE/address")" "$ADDRESS"
	equal "$(stat -c %a "${ADDRESS#unix://}")" 600
	has "$(tr '\0' ' ' < "/proc/$SHIM_PID/cmdline")" "containerd-shim-hull-v2 -namespace $NS -id c1 -address"
	equal "$(cat "/proc/$SHIM_PID/comm")" containerd-shim
	equal "$(cat "/proc/$SHIM_PID/oom_score_adj")" $(($(cat /proc/self/oom_score_adj) + 1))
	call Shutdown id=c1
	eventually missing_ "${ADDRESS#unix://}"
}
missing_() { [ ! -e "$1" ]; }
it start_prints_an_address 'start prints the address of a shim that listens, is known by its name and a little worse than its parent'

badness_has_an_end() {
	program 'sleep 1000'
	listen_for_events
	ADDRESS=$(echo 1000 > /proc/self/oom_score_adj && action c1 "$BUNDLE" start)
	call Connect id=c1
	get .shim_pid > "$WORK/shims"
	equal "$(cat "/proc/$(get .shim_pid)/oom_score_adj")" 1000
}
it badness_has_an_end 'of a parent that is as bad as can be the shim is no worse'

leaked_descriptors() {
	program 'sleep 1000'
	listen_for_events
	mkfifo "$WORK/leaked"
	cat "$WORK/leaked" > "$WORK/heard" &
	reader=$!
	exec 7> "$WORK/leaked"
	shim c1
	create c1
	exec 7>&-
	eventually ended "$reader"
	wait "$reader"
	call State id=c1
}
it leaked_descriptors 'descriptors that containerd leaks are closed'

start_finds_its_group() {
	config '.annotations = {"io.kubernetes.cri.sandbox-id": "pod"}'
	shim pod
	first=$ADDRESS pid=$SHIM_PID
	cp -al "$BUNDLE" "$WORK/bundle.c2"
	shim c2 "$WORK/bundle.c2"
	equal "$ADDRESS" "$first"
	equal "$SHIM_PID" "$pid"
	equal "$(cat "$WORK/bundle.c2/address")" "$first"
	call Shutdown id=pod
	eventually ended "$pid"
}
it start_finds_its_group 'containers of one pod share a shim'

start_speaks_to_new_containerd() {
	listen_for_events
	python3 "$CLIENT" encode BootstrapParams instance_id=c1 namespace="$NS" \
		"socket_dir=$WORK/s" > "$WORK/params"
	input_from "$WORK/params"
	action c1 "$BUNDLE" start > "$WORK/answer"
	input_from /dev/null
	OUT=$(python3 "$CLIENT" decode BootstrapResult < "$WORK/answer")
	equal "$(get '[.version, .protocol] | join(" ")')" '3 ttrpc'
	ADDRESS=$(get .address)
	has "$ADDRESS" "$WORK/s/"
	equal "$(readlink "$BUNDLE/s")" "$WORK/s"
	call Connect id=c1
	get .shim_pid > "$WORK/shims"
	TASK_SERVICE=containerd.task.v3.Task python3 "$CLIENT" call "$ADDRESS" Shutdown id=c1
	eventually ended "$(cat "$WORK/shims")"
}
it start_speaks_to_new_containerd 'parameters on stdin are answered with a message; version 3 of the service is served'

start_tells_what_is_wrong() {
	listen_for_events
	if OUT=$("$SHIM" -id c1 start 2>&1 < /dev/null); then die "succeeded"; fi
	has "$OUT" 'shim namespace cannot be empty'
	mv "$BUNDLE/config.json" "$BUNDLE/other.json"
	if OUT=$(action c1 "$BUNDLE" start 2>&1); then die "succeeded"; fi
	has "$OUT" config.json
}
it start_tells_what_is_wrong 'a start that fails says why, and leaves nothing'

shim_cgroup() {
	listen_for_events
	program 'sleep 1000'
	mkdir "$(cgroup_tree)/$NS-shims"
	trap 'shim_clean_up; eventually rmdir "$(cgroup_tree)/$NS-shims"' EXIT
	python3 "$CLIENT" any Options "shim_cgroup=/$NS-shims" > "$WORK/options"
	input_from "$WORK/options"
	shim c1
	has "$(cat "/proc/$SHIM_PID/cgroup")" ":/$NS-shims"
	create c1
	lacks "$(cat "/proc/$PID/cgroup")" "/$NS-shims"
	python3 "$CLIENT" any Options "shim_cgroup=/$NS-nowhere" > "$WORK/options"
	cp -al "$BUNDLE" "$WORK/bundle.c2"
	if OUT=$(action c2 "$WORK/bundle.c2" start 2>&1); then die "succeeded: $OUT"; fi
	equal "$OUT" "containerd-shim-hull-v2: write: shim cgroup /$NS-nowhere: No such file or directory"
}
it shim_cgroup 'ShimCgroup: the shim lives there, its containers do not; a start fails where there is none'

# core_cookie PID: what core scheduling has marked it with, or why it cannot.
core_cookie() {
	python3 -c '
import ctypes, os, sys
libc, cookie = ctypes.CDLL(None, use_errno=True), ctypes.c_ulonglong()
if libc.prctl(62, 0, int(sys.argv[1]), 0, ctypes.byref(cookie)):
    sys.exit(os.strerror(ctypes.get_errno()))
print(cookie.value)' "$1" 2>&1
}

core_scheduling() {
	export SCHED_CORE=1
	listen_for_events
	if ! why=$(core_cookie $$); then
		if OUT=$(action c1 "$BUNDLE" start 2>&1); then die "succeeded: $OUT"; fi
		equal "$OUT" "containerd-shim-hull-v2: prctl: PR_SCHED_CORE (core scheduling): $why"
		return
	fi
	shim c1
	differ "$(core_cookie "$SHIM_PID")" 0
	differ "$(core_cookie "$SHIM_PID")" "$(core_cookie $$)"
}
it core_scheduling 'SCHED_CORE: shim and containers get a cookie of their own, or the start fails and says why'

idle_exit() {
	[ -n "${LONG:-}" ] || skip 'LONG=1 waits for three minutes'
	program 'sleep 1000'
	shim c1
	idle_pid=$SHIM_PID idle_socket=${ADDRESS#unix://}
	cp -al "$BUNDLE" "$WORK/bundle.c2"
	shim c2 "$WORK/bundle.c2"
	create c2 "bundle=$WORK/bundle.c2"
	call Start id=c2
	sleep 170
	kill -0 "$idle_pid"
	sleep 20
	gone "$idle_pid"
	missing "$idle_socket"
	status_is c2 2
	call Kill id=c2 signal=9
	call Wait id=c2
	call Delete id=c2
}
it idle_exit 'a shim without container and connection ends by itself after three minutes, one with a container does not'

delete_of_nothing() {
	listen_for_events
	OUT=$(action c1 "$BUNDLE" delete | python3 "$CLIENT" decode DeleteResponse)
	equal "$(get '[.pid, .exit_status] | join(" ")')" ' 137'
	OUT=$(action c1 "$BUNDLE" delete | python3 "$CLIENT" decode DeleteResponse)
	equal "$(get .exit_status)" 137
}
it delete_of_nothing 'delete of what never was succeeds, again and again'

delete_after_the_death_of_the_shim() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	kill -9 "$SHIM_PID"
	OUT=$(action c1 "$BUNDLE" delete | python3 "$CLIENT" decode DeleteResponse)
	equal "$(get '[.pid, .exit_status] | join(" ")')" "$PID 137"
	gone "$PID"
	missing "${ADDRESS#unix://}"
	missing "$WORK/root/$NS/c1"
}
it delete_after_the_death_of_the_shim 'delete cleans up after a shim that was killed: process, state, socket'

delete_tells_the_stored_status() {
	program 'exit 9'
	shim c1
	create c1
	call Start id=c1
	call Wait id=c1
	at=$(get .exited_at.nanos)
	kill -9 "$SHIM_PID"
	OUT=$(action c1 "$BUNDLE" delete | python3 "$CLIENT" decode DeleteResponse)
	equal "$(get '[.pid, .exit_status, .exited_at.nanos] | join(" ")')" "$PID 9 $at"
}
it delete_tells_the_stored_status 'delete tells how a container ended that the dead shim has seen end'

# ---- the life of a container ------------------------------------------------------------------

a_whole_life() {
	program 'echo out; echo err >&2; exit 3'
	shim c1
	create c1 "stdout=file://$WORK/c1.out"
	equal "$(cat "$BUNDLE/init.pid")" "$PID"
	status_is c1 1
	equal "$(get '[.pid, .exited_at.seconds] | join(" ")')" "$PID -62135596800"
	call Start id=c1
	equal "$(get .pid)" "$PID"
	call Wait id=c1
	equal "$(get .exit_status)" 3
	status_is c1 3
	equal "$(get .exit_status)" 3
	call Delete id=c1
	equal "$(get '[.pid, .exit_status] | join(" ")')" "$PID 3"
	equal "$(sort "$WORK/c1.out" | tr '\n' ' ')" 'err out '
	missing "$WORK/root/$NS/c1"
	refused '5 container not created: not found' Delete id=c1
	eventually told_is 'create: start: exit:c1 delete: '
	call Shutdown id=c1
	eventually ended "$SHIM_PID"
}
it a_whole_life 'create, start, wait, delete: answers, output and events are those of the Go shim'

failed_create() {
	config '.process.args = ["/no/such/program"]'
	shim c1
	refused '2 OCI runtime create failed: ' Create id=c1 "bundle=$BUNDLE" \
		"options=Options {\"root\": \"$WORK/root\"}"
	has "$OUT" 'no such file or directory'
	refused '5 container not created: not found' Delete id=c1
	missing "$WORK/root/$NS/c1"
	equal "$(told)" ''
	call Shutdown id=c1
	eventually ended "$SHIM_PID"
}
it failed_create 'a create that fails says why and leaves nothing behind'

# one_line OPERATION OBJECT REASON: of what was refused last.
one_line() {
	equal "$(echo "$OUT" | wc -l)" 1
	for part in "$@"; do has "$OUT" "$part"; done
}

errors_are_one_line() {
	shim c1
	config '.process.args = ["/no/such/program"]'
	refused '2 OCI runtime create failed: ' Create id=c1 "bundle=$BUNDLE" \
		"options=Options {\"root\": \"$WORK/root\"}"
	one_line exec: /no/such/program 'no such file or directory'
	config '.process.args = ["sh"] | .mounts += [{destination: "/x", type: "bind", source: "/no\nsuch", options: ["bind"]}]'
	refused '2 OCI runtime create failed: ' Create id=c1 "bundle=$BUNDLE" \
		"options=Options {\"root\": \"$WORK/root\"}"
	one_line open '/no?such' 'No such file or directory'
	echo '{' > "$BUNDLE/config.json"
	refused '2 OCI runtime create failed: ' Create id=c1 "bundle=$BUNDLE" \
		"options=Options {\"root\": \"$WORK/root\"}"
	one_line config.json
	refused '2 OCI runtime create failed: ' Create id=c1 "bundle=$WORK/nowhere" \
		"options=Options {\"root\": \"$WORK/root\"}"
	one_line open: "bundle $WORK/nowhere" 'No such file or directory'
}
it errors_are_one_line 'why a create has failed is one line: the operation, the object, the reason'

ids_are_taken() {
	program 'sleep 1000'
	shim c1
	create c1
	refused '6 ' Create id=c1 "bundle=$BUNDLE"
	status_is c1 1
}
it ids_are_taken 'an id that is taken is refused, and its owner left alone'

wrong_states() {
	program 'sleep 1000'
	shim c1
	refused '5 container not created: not found' Start id=c1
	refused '5 container not created: not found' State id=c1
	create c1
	refused '2 cannot pause task in created state' Pause id=c1
	refused '2 cannot checkpoint a task in created state' Checkpoint id=c1 "path=$WORK/images"
	missing "$WORK/images"
	call Start id=c1
	refused '2 cannot start a running process' Start id=c1
	refused '2 cannot delete a running process' Delete id=c1
	refused '5 process does not exist nobody: not found' Wait id=c1 exec_id=nobody
	call Shutdown id=c1
	status_is c1 2
	call Kill id=c1 signal=9
	call Wait id=c1
	equal "$(get .exit_status)" 137
	refused '5 process already finished: not found' Kill id=c1 signal=9
	refused '2 cannot exec in a stopped state' Exec id=c1 exec_id=e1 spec={}
}
it wrong_states 'what a state forbids is refused in the words that clients know; Shutdown waits for the last container'

delete_of_a_created_container() {
	program 'sleep 1000'
	shim c1
	create c1
	call Delete id=c1
	equal "$(get .exit_status)" 137
	gone "$PID"
	eventually told_is 'create: exit:c1 delete: '
}
it delete_of_a_created_container 'delete of a container that was never started kills it'

many_wait() {
	program 'read x; exit 4'
	mkfifo "$WORK/in"
	shim c1
	create c1 "stdin=$WORK/in"
	call Start id=c1
	for i in 1 2 3 4 5; do
		python3 "$CLIENT" call "$ADDRESS" Wait id=c1 > "$WORK/wait.$i" &
	done
	sleep 0.3
	echo go > "$WORK/in"
	call CloseIO id=c1 stdin=true
	call Wait id=c1
	for i in 1 2 3 4 5; do
		eventually test -s "$WORK/wait.$i"
		equal "$(jq .exit_status "$WORK/wait.$i")" 4
	done
}
it many_wait 'many may wait for one exit; standard input comes from a fifo'

start_comes_before_exit() {
	program 'exit 0'
	shim c0
	expected=
	for i in 1 2 3 4 5 6 7 8 9 10; do
		create "c$i"
		call Start "id=c$i"
		call Wait "id=c$i"
		call Delete "id=c$i"
		expected="${expected}create: start: exit:c$i delete: "
	done
	eventually told_is "$expected"
}
it start_comes_before_exit 'of containers that end at once the start is told before the exit, each once'

paused() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	exec_ c1 e1 'sleep 1000'
	call Start id=c1 exec_id=e1
	call Pause id=c1
	status_is c1 4
	status_is c1 4 e1
	refused '2 cannot exec in a paused state' Exec id=c1 exec_id=e2 spec={}
	call Resume id=c1
	status_is c1 2
	call Pause id=c1
	call Kill id=c1 signal=9
	call Wait id=c1
	equal "$(get .exit_status)" 137
	call Delete id=c1
	eventually told_is 'create: start: exec-added:e1 exec-started:e1 paused: resumed: paused: exit:e1 exit:c1 delete: '
}
it paused 'pause and resume are told; a paused container can be killed and deleted'

pids_and_stats() {
	program 'sleep 1000 & wait'
	shim c1
	create c1
	call Start id=c1
	exec_ c1 e1 'exec sleep 1000'
	call Start id=c1 exec_id=e1
	epid=$(get .pid)
	eventually three_pids
	equal "$(get ".processes[] | select(.pid == $epid) | .info.value.exec_id")" e1
	call Stats id=c1
	equal "$(get .stats.type_url)" io.containerd.cgroups.v2.Metrics
	[ "$(get .stats.value.cpu.usage_usec)" -gt 0 ] || die "no time was used"
}
three_pids() {
	call Pids id=c1
	[ "$(get '.processes | length')" = 3 ]
}
it pids_and_stats 'Pids lists every process and says which is an exec; Stats has what the kernel counts'

update_needs_a_controller() {
	program 'sleep 1000'
	shim c1
	create c1
	call Update id=c1 'resources={}'
	refused '2 OCI runtime update failed: ' Update id=c1 'resources={"pids":{"limit":"x"}}'
}
it update_needs_a_controller 'Update takes resources as JSON and tells what is wrong with them'

# ---- execs ------------------------------------------------------------------------------------

exec_life() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	exec_ c1 e1 'echo from exec; exit 5' "stdout=file://$WORK/e1.out"
	refused '6 id e1: already exists' Exec id=c1 exec_id=e1 spec={}
	refused '9 process not created' Kill id=c1 exec_id=e1 signal=9
	status_is c1 1 e1
	equal "$(get .id)" e1
	call Start id=c1 exec_id=e1
	epid=$(get .pid)
	call Wait id=c1 exec_id=e1
	equal "$(get .exit_status)" 5
	refused '5 process already finished: not found' Kill id=c1 exec_id=e1 signal=9
	call Delete id=c1 exec_id=e1
	equal "$(get '[.pid, .exit_status] | join(" ")')" "$epid 5"
	equal "$(cat "$WORK/e1.out")" 'from exec'
	refused '5 process does not exist e1: not found' State id=c1 exec_id=e1
	eventually told_is 'create: start: exec-added:e1 exec-started:e1 exit:e1 '
}
it exec_life 'exec, start, wait, delete of a further process'

failed_exec() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	call Exec id=c1 exec_id=e1 'spec={"args":["/nope"],"cwd":"/","user":{"uid":0,"gid":0}}'
	python3 "$CLIENT" call "$ADDRESS" Wait id=c1 exec_id=e1 > "$WORK/wait" &
	sleep 0.3
	refused '2 OCI runtime exec failed: ' Start id=c1 exec_id=e1
	has "$OUT" 'no such file or directory'
	eventually test -s "$WORK/wait"
	OUT=$(cat "$WORK/wait")
	equal "$(get '[.exit_status, .exited_at.seconds] | join(" ")')" ' -62135596800'
	status_is c1 1 e1
	call Delete id=c1 exec_id=e1
	equal "$(get '[.pid, .exited_at.seconds] | join(" ")')" ' -62135596800'
}
it failed_exec 'an exec that cannot start releases who waits for it, and stays to be deleted'

execs_end_before_init() {
	program 'sleep 1000'
	config '.linux.namespaces |= map(select(.type != "pid"))'
	shim c1
	create c1
	call Start id=c1
	for i in 1 2 3; do
		exec_ c1 "e$i" 'sleep 1000'
		call Start id=c1 "exec_id=e$i"
	done
	call Kill id=c1 signal=9
	call Wait id=c1
	eventually test "$(told | grep -o 'exit:[^ ]*' | wc -l)" = 4
	equal "$(told | grep -o 'exit:[^ ]*' | tail -n 1)" exit:c1
}
it execs_end_before_init 'in a shared pid namespace, too, all execs end, and are told to, before init'

exec_after_the_end() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	exec_ c1 e1 true
	call Kill id=c1 signal=9
	call Wait id=c1
	refused '9 container c1 init process is not running' Start id=c1 exec_id=e1
	call Delete id=c1
	refused '5 container not created: not found' Delete id=c1 exec_id=e1
}
it exec_after_the_end 'an exec cannot start after the end of init; it goes with its container'

terminal() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "stty size; read x; echo got $x; stty size"]'
	mkfifo "$WORK/in" "$WORK/out"
	cat "$WORK/out" > "$WORK/c1.out" &
	shim c1
	create c1 terminal=true "stdin=$WORK/in" "stdout=$WORK/out"
	call ResizePty id=c1 width=101 height=42
	call Start id=c1
	eventually grep -q '42 101' "$WORK/c1.out"
	call ResizePty id=c1 width=80 height=25
	echo hello > "$WORK/in"
	call Wait id=c1
	call Delete id=c1
	eventually grep -q 'got hello' "$WORK/c1.out"
	grep -q '25 80' "$WORK/c1.out" || die "the size did not change: $(cat "$WORK/c1.out")"
}
it terminal 'a terminal has its size before the start, changes it, and carries both directions'

exec_with_a_terminal() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	exec_ c1 e1 'tty; stty size' terminal=true "stdout=file://$WORK/e1.out"
	call ResizePty id=c1 exec_id=e1 width=77 height=33
	call Start id=c1 exec_id=e1
	call Wait id=c1 exec_id=e1
	equal "$(get .exit_status)" null
	call Delete id=c1 exec_id=e1
	has "$(cat "$WORK/e1.out")" /dev/pts/
	has "$(cat "$WORK/e1.out")" '33 77'
}
it exec_with_a_terminal 'an exec has a terminal of its own, of the size it was given before'

# ---- loggers ------------------------------------------------------------------------------------

# logger SCRIPT: makes the program of $LOGGER.
logger() {
	LOGGER="binary://$WORK/logger"
	printf '#!/bin/sh\n%s\n' "$1" > "$WORK/logger"
	chmod +x "$WORK/logger"
}

slow_logger() {
	logger "sleep 1; exec 5>&-; cat <&3 > $WORK/logged; sleep 0.5; echo end >> $WORK/logged"
	program 'echo first words'
	shim c1
	[ "$(took Create id=c1 "bundle=$BUNDLE" "stdout=$LOGGER" "options=Options {\"root\": \"$WORK/root\"}")" -ge 1000 ] ||
		die 'Create did not wait'
	call Start id=c1
	call Wait id=c1
	call Delete id=c1
	equal "$(cat "$WORK/logged")" 'first words
end'
}
it slow_logger 'a logger takes its time to be ready, and to end: nothing starts before, Delete waits for it'

logger_is_never_ready() {
	logger "echo \$\$ >> $WORK/loggers; exec sleep 1000"
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	exec_ c1 e1 true "stdout=$LOGGER"
	python3 "$CLIENT" call "$ADDRESS" Start id=c1 exec_id=e1 > "$WORK/exec" &
	echo c2 >> "$WORK/ids"
	python3 "$CLIENT" call "$ADDRESS" Create id=c2 "bundle=$BUNDLE" "stdout=$LOGGER" \
		"options=Options {\"root\": \"$WORK/root\"}" > "$WORK/create" &
	call State id=c1
	[ ! -s "$WORK/create" ] || die 'the create did not wait'
	sleep 10
	eventually test -s "$WORK/create"
	eventually test -s "$WORK/exec"
	equal "$(cat "$WORK/create")" \
		"2 OCI runtime create failed: logger $WORK/logger is not ready after 10 s"
	equal "$(cat "$WORK/exec")" \
		"2 OCI runtime exec failed: logger $WORK/logger is not ready after 10 s"
	equal "$(wc -l < "$WORK/loggers")" 2
	for pid in $(cat "$WORK/loggers"); do eventually ended "$pid"; done
	refused '5 container not created: not found' State id=c2
	missing "$WORK/root/$NS/c2"
	status_is c1 2
	status_is c1 1 e1
}
it logger_is_never_ready 'a logger that is not ready after ten seconds fails its create or exec, and is ended'

logger_that_cannot_run() {
	shim c1
	refused '2 posix_spawn: logger /no/such/logger: No such file' Create id=c1 "bundle=$BUNDLE" \
		"stdout=binary:///no/such/logger" "options=Options {\"root\": \"$WORK/root\"}"
	logger 'exit 3'
	refused "2 OCI runtime create failed: " Create id=c1 "bundle=$BUNDLE" \
		"stdout=binary-v2://$WORK/logger" "options=Options {\"root\": \"$WORK/root\"}"
	has "$OUT" "logger $WORK/logger was never ready"
}
it logger_that_cannot_run 'a logger that is not there, or ends at once, is told with its path'

# ---- the shim itself --------------------------------------------------------------------------

nothing_grows() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	for i in 1 2 3; do one_exec "w$i"; done
	fds=$(ls "/proc/$SHIM_PID/fd" | wc -l)
	heap=$(awk '/^VmData/ { print $2 }' "/proc/$SHIM_PID/status")
	for i in $(seq 20); do one_exec "e$i"; done
	equal "$(ls "/proc/$SHIM_PID/fd" | wc -l)" "$fds"
	# the sanitizers keep what was freed for a while, in an address space of terabytes
	[ "$heap" -gt 1000000000 ] ||
		equal "$(awk '/^VmData/ { print $2 }' "/proc/$SHIM_PID/status")" "$heap"
}
one_exec() {
	exec_ c1 "$1" 'echo x' "stdout=file://$WORK/exec.out"
	call Start id=c1 "exec_id=$1"
	call Wait id=c1 "exec_id=$1"
	call Delete id=c1 "exec_id=$1"
}
it nothing_grows 'execs leave neither descriptors nor memory behind'

# A server that was away gets what happened meanwhile, in order.
events_wait_for_containerd() {
	program 'exit 0'
	shim c1
	kill -9 "$EVENTS"
	rm "$WORK/events.sock"
	create c1
	call Start id=c1
	call Wait id=c1
	call Delete id=c1
	sleep 2
	equal "$(told)" ''
	python3 "$CLIENT" events "$WORK/events.sock" "$WORK/events" &
	EVENTS=$!
	call Shutdown id=c1
	eventually told_is 'create: start: exit:c1 delete: '
	eventually ended "$SHIM_PID"
}
it events_wait_for_containerd 'events wait, in order, for a containerd that is away'

a_slow_create_holds_up_nobody() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	config '.linux.cgroupsPath += "-slow" | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", $wait]}]}' \
		--arg wait "while [ ! -e $WORK/go ]; do sleep 0.1; done"
	echo c2 >> "$WORK/ids"
	python3 "$CLIENT" call "$ADDRESS" Create id=c2 "bundle=$BUNDLE" \
		"options=Options {\"root\": \"$WORK/root\"}" > "$WORK/c2" &
	eventually test -e "$WORK/root/$NS/c2"
	call State id=c1
	refused '5 container not created: not found' State id=c2
	refused '6 task c2: already exists' Create id=c2 "bundle=$BUNDLE"
	call Kill id=c1 signal=9
	call Wait id=c1
	call Delete id=c1
	[ ! -s "$WORK/c2" ] || die 'the slow one was not slow'
	touch "$WORK/go"
	eventually test -s "$WORK/c2"
	status_is c2 1
}
it a_slow_create_holds_up_nobody 'while one container takes long to create, others are started, asked, killed and deleted'

# A copy of the shim, as it is installed, is the one that runs from now on.
installed() {
	mkdir -p "$WORK/installed/bin" "$WORK/installed/libexec/hull"
	for dir in "$(dirname "$SHIM")/libexec" "$(dirname "$SHIM")/../libexec/hull"; do
		[ ! -d "$dir" ] || cp "$dir/$(basename "$SHIM")" "$WORK/installed/libexec/hull"
	done
	cp "$SHIM" "$WORK/installed/bin"
	SHIM=$WORK/installed/bin/$(basename "$SHIM")
}

# upgraded SCRIPT: other files take the place of those of the shim.
upgraded() {
	for file in "$WORK"/installed/bin/* "$WORK"/installed/libexec/hull/*; do
		[ -e "$file" ] || continue
		mv "$file" "$file.old"
		printf '#!/bin/sh\n%s\n' "$1" > "$file"
		chmod +x "$file"
	done
}

goes_on_when_replaced() {
	program 'sleep 1000'
	original=$SHIM
	installed
	shim c1
	create c1
	call Start id=c1
	upgraded "exec $original \"\$@\""
	exec_ c1 e1 'echo from exec; exit 5' "stdout=file://$WORK/e1.out"
	call Start id=c1 exec_id=e1
	call Wait id=c1 exec_id=e1
	equal "$(get .exit_status)" 5
	call Delete id=c1 exec_id=e1
	equal "$(cat "$WORK/e1.out")" 'from exec'
	call Kill id=c1 signal=9
	call Wait id=c1
	call Delete id=c1
	rm "$BUNDLE/shim-exit.json" # every task has a bundle of its own
	create c1
	call Start id=c1
	kill -9 "$SHIM_PID"
	OUT=$(action c1 "$BUNDLE" delete | python3 "$CLIENT" decode DeleteResponse)
	equal "$(get '[.pid, .exit_status] | join(" ")')" "$PID 137"
	gone "$PID"
}
it goes_on_when_replaced 'a shim whose program is replaced goes on; the new program deletes what it has left'

tells_its_state() {
	program 'sleep 1000'
	mkfifo "$BUNDLE/log"
	cat "$BUNDLE/log" > "$WORK/shim.log" &
	shim c1
	create c1
	kill -USR1 "$SHIM_PID"
	eventually grep -q "state: c1: created, pid $PID" "$WORK/shim.log"
}
it tells_its_state 'SIGUSR1 writes the state of every process to the log'

log_without_reader() {
	program 'sleep 1000'
	mkfifo "$BUNDLE/log"
	shim c1
	create c1
	kill -USR1 "$SHIM_PID"
	status_is c1 1
}
it log_without_reader 'a log that nobody reads holds up neither start nor shim'

log_that_is_full() {
	program 'sleep 1000'
	listen_for_events
	mkfifo "$BUNDLE/log"
	exec 7<> "$BUNDLE/log"
	head -c 65536 /dev/zero >&7
	shim c1
	create c1
	call Start id=c1
	for i in 1 2 3; do kill -USR1 "$SHIM_PID"; done
	status_is c1 2
	timeout 1 dd bs=65536 count=1 of=/dev/null <&7 2> "$WORK/dd"
	kill -USR1 "$SHIM_PID"
	timeout 5 grep -qm 1 'state: c1: running' <&7
}
it log_that_is_full 'nor does a reader that never reads: what does not fit is lost, what comes later is not'

ends_on_sigterm() {
	program 'sleep 1000'
	shim c1
	create c1
	call Start id=c1
	kill -TERM "$SHIM_PID"
	eventually ended "$SHIM_PID"
	kill -0 "$PID"
	missing "${ADDRESS#unix://}"
}
it ends_on_sigterm 'SIGTERM ends the shim and lets the container run'

finish
