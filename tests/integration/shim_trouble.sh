#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a shim has to take: disks that do not answer, slow deletions, calls at the wrong time, races.
#
# Environment: LONG=1 (the figures that are aimed at instead of some dozens).
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/shim.sh"

# load COMMAND ARGUMENT...: of shim_load.py, with the shim; it must succeed, its answer in $OUT.
load() {
	load_command=$1
	shift
	OUT=$(TTRPC_TIMEOUT=60 python3 "$(dirname "$CLIENT")/shim_load.py" "$load_command" "$ADDRESS" "$@" 2>&1) ||
		die "$load_command: $OUT"
}

answers_soon() { # ID
	load state "$1"
	[ "$OUT" -le 100 ] || die "State of $1 took $OUT ms"
}

# rounds N LONG-N
rounds() { if [ -n "${LONG:-}" ]; then echo "$2"; else echo "$1"; fi; }

sleeping() { # ID...: containers that run, of one shim
	program 'sleep 1000'
	shim "$1"
	for sleeping_id; do
		config '.linux.cgroupsPath = $path' --arg path "/$NS-$sleeping_id"
		create "$sleeping_id"
		call Start "id=$sleeping_id"
	done
}

# ---- disks --------------------------------------------------------------------------------------

# A file system at $WORK/disk that can stop to answer, and does again whatever happens.
with_disk() {
	command -v fsfreeze mkfs.ext4 > /dev/null || skip 'fsfreeze or mkfs.ext4 is not installed'
	truncate -s 20M "$WORK/image"
	mkfs.ext4 -q "$WORK/image"
	mkdir "$WORK/disk"
	mount -o loop "$WORK/image" "$WORK/disk" 2> /dev/null || skip 'no loop devices'
	listen_for_events
	trap disk_clean_up EXIT
}
disk_clean_up() {
	fsfreeze -u "$WORK/disk" 2> /dev/null || true
	shim_clean_up
	eventually umount "$WORK/disk" 2> /dev/null
}

frozen_disk() {
	with_disk
	sleeping c0
	: > "$WORK/disk/plain"
	program 'read x; i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i + 1)); done; echo end >&2'
	config '.linux.cgroupsPath += "1"'
	mkfifo "$WORK/in"
	create c1 "stdin=$WORK/in" "stdout=file://$WORK/disk/log"
	call Start id=c1
	exec_ c0 e1 'echo plain; sleep 1000' "stdout=$WORK/disk/plain"
	fsfreeze -f "$WORK/disk"
	echo go > "$WORK/in"
	call Start id=c0 exec_id=e1
	sleep 0.5
	answers_soon c1
	answers_soon c0
	call Kill id=c0 exec_id=e1 signal=9
	call Wait id=c0 exec_id=e1
	equal "$(stat -c %s "$WORK/disk/log")" 0
	fsfreeze -u "$WORK/disk"
	call Wait id=c1
	equal "$(get .exit_status)" null
	call Delete id=c1
	call Delete id=c0 exec_id=e1
	{ seq 0 19999 | sed 's/^/line /' && echo end; } | cmp - "$WORK/disk/log"
	equal "$(cat "$WORK/disk/plain")" plain
}
it frozen_disk 'a disk stops to answer: State of its container and of others does within 100 ms, and nothing is lost'

delete_on_a_frozen_disk() {
	with_disk
	sleeping c0
	program 'read x; echo last words'
	config '.linux.cgroupsPath += "1"'
	mkfifo "$WORK/in"
	create c1 "stdin=$WORK/in" "stdout=file://$WORK/disk/log"
	call Start id=c1
	fsfreeze -f "$WORK/disk"
	echo c2 >> "$WORK/ids"
	TTRPC_TIMEOUT=30 python3 "$CLIENT" call "$ADDRESS" Create id=c2 "bundle=$BUNDLE" \
		"stdout=file://$WORK/disk/new" "options=Options {\"root\": \"$WORK/root\"}" > "$WORK/create" &
	echo go > "$WORK/in"
	call Wait id=c1
	TTRPC_TIMEOUT=30 call Delete id=c1
	answers_soon c0
	eventually test -s "$WORK/create"
	equal "$(cat "$WORK/create")" \
		"2 OCI runtime create failed: file $WORK/disk/new is not ready after 10 s"
	kill -9 "$SHIM_PID"
	action c0 "$BUNDLE" delete > /dev/null
	fsfreeze -u "$WORK/disk"
	eventually grep -qx 'last words' "$WORK/disk/log"
	eventually no_writers
}
no_writers() { ! pgrep -x hull-file > "$WORK/writers"; }
it delete_on_a_frozen_disk 'a create there fails after ten seconds, a deletion ends; even the last words of a dead shim arrive'

writers_end() {
	sleeping c1
	exec_ c1 e1 'echo one; sleep 1000' "stdout=file://$WORK/log"
	call Start id=c1 exec_id=e1
	eventually grep -q one "$WORK/log"
	writer=$(pgrep -x -P "$SHIM_PID" hull-file)
	equal "$(tr -s '\0' ' ' < "/proc/$writer/cmdline")" "hull-file $WORK/log "
	kill -9 "$SHIM_PID"
	sleep 0.2
	kill -0 "$writer"
	action c1 "$BUNDLE" delete > /dev/null
	eventually ended "$writer"
}
it writers_end 'who writes a file has a name of its own, and ends with the container when the shim was killed'

full_disk() {
	mkdir "$WORK/disk"
	mount -t tmpfs -o size=64k tmpfs "$WORK/disk"
	program 'head -c 1000000 /dev/zero; read x; echo end'
	mkfifo "$WORK/in"
	shim c1
	create c1 "stdin=$WORK/in" "stdout=file://$WORK/disk/log"
	call Start id=c1
	eventually is_full
	sleep 0.5
	: > "$WORK/disk/log"
	echo go > "$WORK/in"
	call Wait id=c1
	call Delete id=c1
	equal "$(tail -n 1 "$WORK/disk/log" | tr -d '\0')" end
	umount "$WORK/disk"
}
is_full() { [ "$(stat -f -c %a "$WORK/disk")" = 0 ]; }
it full_disk 'a full disk does not stop the container, and is written to when it has room again'

# ---- calls at the wrong time --------------------------------------------------------------------

kill_all() {
	sleeping c1
	for i in 1 2; do
		exec_ c1 "e$i" 'sleep 1000'
		call Start id=c1 "exec_id=e$i"
	done
	call Kill id=c1 signal=15
	sleep 0.2
	status_is c1 2 e1
	call Kill id=c1 signal=15 all=true
	for i in 1 2; do
		call Wait id=c1 "exec_id=e$i"
		equal "$(get .exit_status)" 143
	done
	call Kill id=c1 signal=9 all=true
	call Wait id=c1
	equal "$(get .exit_status)" 137
}
it kill_all 'Kill with all=true signals every process, without it init alone'

close_io() {
	sleeping c1
	mkfifo "$WORK/in"
	exec_ c1 e1 'cat; echo end of input' "stdin=$WORK/in" "stdout=file://$WORK/log"
	call CloseIO id=c1 exec_id=e1 stdin=true
	call Start id=c1 exec_id=e1
	call Wait id=c1 exec_id=e1
	call CloseIO id=c1 exec_id=e1 stdin=true
	call Delete id=c1 exec_id=e1
	equal "$(cat "$WORK/log")" 'end of input'
	refused '5 process does not exist e1: not found' CloseIO id=c1 exec_id=e1 stdin=true
	call CloseIO id=c1 stdin=true
}
it close_io 'CloseIO is fine before the start, after the exit, and without an input'

resize_without_a_terminal() {
	sleeping c1
	call ResizePty id=c1 width=80 height=25
	exec_ c1 e1 'true'
	call ResizePty id=c1 exec_id=e1 width=80 height=25
	call Start id=c1 exec_id=e1
	call Wait id=c1 exec_id=e1
	call ResizePty id=c1 exec_id=e1 width=80 height=25
}
it resize_without_a_terminal 'ResizePty without a terminal is fine and does nothing'

broken_payload() {
	shim c1
	load broken
	equal "$OUT" '13 ttrpc: error unmarshalling payload: malformed message'
	refused '5 ' State id=c1
}
it broken_payload 'a payload that is no message is answered so, with status 13'

wait_after_a_failed_start() {
	sleeping c1
	call Exec id=c1 exec_id=e1 'spec={"args":["/nope"],"cwd":"/","user":{"uid":0,"gid":0}}'
	refused '2 OCI runtime exec failed: ' Start id=c1 exec_id=e1
	call Wait id=c1 exec_id=e1
	equal "$(get '[.exit_status, .exited_at.seconds] | join(" ")')" ' -62135596800'
	exec_ c1 e2 true "stdout=nowhere://x"
	refused '3 ' Start id=c1 exec_id=e2
	call Wait id=c1 exec_id=e2
}
it wait_after_a_failed_start 'Wait for an exec whose start has failed answers at once, too'

pids_before_a_restore() {
	mkdir "$WORK/images"
	shim c1
	create c1 "checkpoint=$WORK/images"
	equal "$PID" null
	call Pids id=c1
	equal "$(get '.processes | length')" 0
	call Delete id=c1
}
it pids_before_a_restore 'Pids of a container that will be restored, but has not been started, is empty'

# A container whose deletion takes until $WORK/go is there.
slow_delete() {
	program 'exit 3'
	config '.hooks = {poststop: [{path: "/bin/sh", args: ["sh", "-c", $wait]}]}' \
		--arg wait "touch $WORK/deleting; while [ ! -e $WORK/go ]; do sleep 0.05; done"
	shim c1
	create c1
	call Start id=c1
	call Wait id=c1
	python3 "$CLIENT" call "$ADDRESS" Delete id=c1 > "$WORK/first" &
	first=$!
	eventually test -e "$WORK/deleting"
}

second_delete() {
	slow_delete
	python3 "$CLIENT" call "$ADDRESS" Delete id=c1 > "$WORK/second" &
	answers=$(took State id=c1)
	[ "$answers" -le 2000 ] || die "State took $answers ms"
	sleep 0.3
	equal "$(cat "$WORK/first" "$WORK/second")" ''
	touch "$WORK/go"
	eventually test -s "$WORK/second"
	equal "$(cat "$WORK/second")" "$(cat "$WORK/first")"
	equal "$(jq '[.pid, .exit_status] | join(" ")' -r "$WORK/second")" "$PID 3"
	refused '5 container not created: not found' Delete id=c1
	call Shutdown id=c1
	eventually ended "$SHIM_PID"
	equal "$(told)" 'create: start: exit:c1 delete: '
}
it second_delete 'who deletes a task that is being deleted gets the same answer; it is told once'

delete_without_a_client() {
	slow_delete
	kill -9 "$first"
	call State id=c1
	call Shutdown id=c1
	call Connect id=c1
	touch "$WORK/go"
	eventually is_deleted
	missing "$WORK/root/$NS/c1"
	eventually told_is 'create: start: exit:c1 delete: '
	call Shutdown id=c1
	eventually ended "$SHIM_PID"
}
is_deleted() { ! python3 "$CLIENT" call "$ADDRESS" State id=c1 > "$WORK/state" 2>&1; }
it delete_without_a_client 'a deletion whose client has gone is finished; Shutdown waits for it'

# ---- many ---------------------------------------------------------------------------------------

exec_races_kill() {
	program 'sleep 1000'
	shim k0
	seq -f 'k%g' 0 "$(rounds 40 500)" >> "$WORK/ids"
	load kills "$BUNDLE" "$WORK/root" "$(rounds 40 500)"
	equal "$(get 'add')" "$(rounds 40 500)"
	call Shutdown id=k0
	eventually ended "$SHIM_PID"
	missing "$WORK/root/$NS/k0"
	in_order
}

# Every process is told to start and to exit once, in this order, and a container after its execs.
in_order() {
	jq -rs '
		[.[] | {topic: (.topic | sub("/tasks/"; "")), task: .event.value.container_id,
			process: (.event.value.exec_id // .event.value.id // "")}
			| if .process == .task then .process = "" else . end] | group_by(.task)[]
		| (.[0].task) as $task
		| (group_by(.process)[] | {process: .[0].process, topics: (map(.topic) | join(" "))}
			| select(if .process == "" then (.topics | test("^create start exit( delete)?$") | not)
				else (.topics | test("^exec-added( exec-started exit)?$") | not) end)
			| "\($task) \(.process): \(.topics)"),
		  (map(select(.topic == "exit") | .process) | .[:-1][] | select(. == "") | "\($task): not the last exit")' \
		"$WORK/events" > "$WORK/disorder"
	equal "$(cat "$WORK/disorder")" ''
}
it exec_races_kill 'an exec that starts while its container is killed: it ends with it or is refused, and all is told'

many_execs() {
	sleeping c1
	load execs c1 "$(rounds 60 1000)"
	call Kill id=c1 signal=9
	call Wait id=c1
	call Delete id=c1
	eventually told_the_end
	equal "$(told | tr ' ' '\n' | grep -c '^exit:[ab]')" "$(rounds 60 1000)"
	in_order
}
told_the_end() { told | grep -q 'exit:c1 delete: $'; }
it many_execs 'of many execs each is told as added, started, ended: in this order, once'

last_words() {
	sleeping c1
	mkdir "$WORK/words"
	load last_words c1 "$WORK/words" "$(rounds 100 1000)"
}
it last_words 'what a program writes just before its end arrives, each time, in a fifo and in a file'

resize_races() {
	sleeping c1
	load resizes c1 "$(rounds 30 1000)"
	status_is c1 2
}
it resize_races 'a terminal may be resized, to nothing too, while its process starts and ends'

# ---- how it is done -----------------------------------------------------------------------------

one_process() {
	mkdir "$WORK/bin"
	printf '#!/bin/sh\necho "$*" >> %s\n' "$WORK/called" > "$WORK/bin/hull"
	chmod +x "$WORK/bin/hull"
	PATH=$WORK/bin:$PATH
	program 'sleep 1000'
	shim c1
	trace_execs
	create c1
	call Start id=c1
	exec_ c1 e1 'sleep 1000'
	call Start id=c1 exec_id=e1
	call Pause id=c1
	call Resume id=c1
	equal "$(ls "/proc/$SHIM_PID/task")" "$SHIM_PID"
	call Kill id=c1 exec_id=e1 signal=9
	call Wait id=c1 exec_id=e1
	call Delete id=c1 exec_id=e1
	call Kill id=c1 signal=9
	call Wait id=c1
	call Delete id=c1
	equal "$(ls "/proc/$SHIM_PID/task")" "$SHIM_PID"
	missing "$WORK/called"
	[ ! -e "$WORK/trace" ] || equal "$(programs_executed)" 'sh sleep '
}

# Where strace is, $WORK/trace will have every execve of the shim and of those it makes.
trace_execs() {
	command -v strace > /dev/null || return 0
	strace -f -qq -e trace=execve,execveat -o "$WORK/trace" -p "$SHIM_PID" 2> "$WORK/strace" &
	eventually grep -q 'TracerPid:[[:space:]][1-9]' "/proc/$SHIM_PID/status"
}

programs_executed() {
	grep -o 'exec[a-z]*(.*) *= 0' "$WORK/trace" | sed 's/.*\["\([^"]*\)".*/\1/' | sort -u | tr '\n' ' '
}
it one_process 'a shim has one thread, and executes nothing but the programs of its containers'

finish
