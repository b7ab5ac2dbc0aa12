#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shim under a real containerd, driven by ctr.
. "$(dirname "$0")/../lib/containerd.sh"

containerd_begin

runs_in_the_foreground() {
	out run --rm "$IMAGE" f1 sh -c 'echo out; echo err >&2; exit 7'
	equal "$RC" 7
	equal "$OUT" out
	has "$ERR" err
}
it runs_in_the_foreground 'ctr run passes both streams on and ends with the exit status'

leaves_no_shim() {
	works run --rm "$IMAGE" f1 true
	eventually eval '[ -z "$(shims)" ]'
}
it leaves_no_shim 'after the last container the shim is gone'

runs_detached() {
	works run -d "$IMAGE" d1 sleep 1000
	equal "$(status_of d1)" RUNNING
	works ctr task kill -s KILL d1
	eventually has_status d1 STOPPED
	out ctr task rm d1
	works ctr containers rm d1
}
it runs_detached 'ctr run -d, task ls, kill and rm'

starts_what_was_created() {
	works ctr containers create --runtime "$RUNTIME" "$IMAGE" s1 busybox expr 0
	equal "$(status_of s1)" ''
	out ctr task start s1
	equal "$RC" 1
	equal "$OUT" 0
	works ctr task start --detach --null-io s1
	eventually has_status s1 STOPPED
}
it starts_what_was_created 'containers create, task start, and again when the task is gone'

takes_input() {
	# an end before the task is there is lost within ctr
	{ eventually has_status i1 RUNNING; echo 'some input'; } | run --rm "$IMAGE" i1 cat > "$WORK/out"
	equal "$(cat "$WORK/out")" 'some input'
}
it takes_input 'standard input reaches the program and its end too'

has_a_terminal() {
	script -qec "$(command -v ctr) -a $C/containerd.sock run --rm -t --runtime $RUNTIME $IMAGE t1 sh -c 'tty; stty size'" \
		/dev/null < /dev/null > "$WORK/tty"
	has "$(cat "$WORK/tty")" /dev/pts/0
}
it has_a_terminal 'ctr run -t gives the program a terminal'

null_io() {
	works run --rm --null-io "$IMAGE" n1 sh -c 'echo nowhere; read x; exit 0'
	equal "$OUT" ''
}
it null_io '--null-io: no stream, nothing blocks'

logs_to_a_file() {
	works run -d --log-uri "file://$WORK/logs/one" "$IMAGE" l1 sh -c 'echo out; echo err >&2'
	eventually has_status l1 STOPPED
	eventually grep -q out "$WORK/logs/one"
	eventually grep -q err "$WORK/logs/one"
}
it logs_to_a_file '--log-uri file:// gets both streams'

logs_to_a_program() {
	cat > "$WORK/logger" <<-SCRIPT
		#!/bin/sh
		env > $WORK/env
		exec 5>&-
		cat <&3 > $WORK/stdout & cat <&4 > $WORK/stderr; wait
	SCRIPT
	chmod +x "$WORK/logger"
	works run -d --log-uri "binary://$WORK/logger" "$IMAGE" l2 sh -c 'echo out; echo err >&2; sleep 1'
	eventually grep -qx out "$WORK/stdout"
	eventually grep -qx err "$WORK/stderr"
	has "$(cat "$WORK/env")" CONTAINER_ID=l2
	has "$(cat "$WORK/env")" "CONTAINER_NAMESPACE=$CONTAINERD_NAMESPACE"
}
it logs_to_a_program '--log-uri binary:// starts a logger with id, namespace and both streams'

execs() {
	works run -d "$IMAGE" e1 sleep 1000
	out ctr task exec --exec-id x1 e1 sh -c 'echo in; exit 5'
	equal "$RC" 5
	equal "$OUT" in
	out ctr task exec --exec-id x2 e1 nosuchprogram
	differ "$RC" 0
	has "$ERR" 'executable file not found in $PATH'
	equal "$(status_of e1)" RUNNING
	equal "$(echo piped | ctr task exec --exec-id x3 e1 cat)" piped
}
it execs 'task exec: streams, exit status, errors'

many_execs() {
	works run -d "$IMAGE" e2 sleep 1000
	pid=$(shims)
	works ctr task exec --exec-id warm e2 true
	fds=$(find "/proc/$pid/fd" -type l | wc -l)
	for i in $(seq 20); do
		works ctr task exec --exec-id "x$i" e2 true
	done
	equal "$(find "/proc/$pid/fd" -type l | wc -l)" "$fds"
}
it many_execs 'twenty execs leave no descriptor behind in the shim'

attaches() {
	works run -d "$IMAGE" a1 sh -c 'sleep 2; echo late; exit 4'
	out ctr task attach a1
	equal "$RC" 4
	equal "$OUT" late
	works run -d "$IMAGE" a2 sh -c 'while sleep 0.1; do echo tick; done'
	for _ in 1 2; do
		OUT=$(timeout -s KILL 1 "$CTR" -a "$C/containerd.sock" task attach a2) || true
		has "$OUT" tick
	done
	equal "$(status_of a2)" RUNNING
}
it attaches 'task attach: output from now on and the exit status; who attached may die and another come'

pauses() {
	works run -d "$IMAGE" p1 sleep 1000
	works ctr task pause p1
	equal "$(status_of p1)" PAUSED
	works ctr task resume p1
	equal "$(status_of p1)" RUNNING
	works ctr task ps p1
	has "$OUT" "$(ctr task ls | awk '$1 == "p1" { print $2 }')"
}
it pauses 'task pause, resume and ps'

# What CRIU can, the kernel and the package decide: see vm/checkpoint_containerd.
checkpoints() {
	works run -d "$IMAGE" c1 sleep 1000
	out ctr task checkpoint c1
	if [ "$RC" = 0 ]; then
		has "$(ctr images ls -q)" checkpoint
	else
		has "$ERR" 'OCI runtime checkpoint failed: '
		has "$ERR" criu
	fi
	equal "$(status_of c1)" RUNNING
}
it checkpoints 'task checkpoint: done, or an error that tells of CRIU; the task goes on'

metrics() {
	works run -d "$IMAGE" m1 sleep 1000
	works ctr task metrics m1
	has "$OUT" pids
}
it metrics 'task metrics tells figures of the cgroup'

refuses() {
	out run --rm "$IMAGE" r1 nosuchprogram
	differ "$RC" 0
	has "$ERR" 'executable file not found in $PATH'
	eventually eval '[ -z "$(shims)" ]'
}
it refuses 'a program that is not there is one clear error, and the shim goes'

describes_itself() {
	ctr plugins inspect-runtime --help | grep -q -e --runtime || skip 'this containerd does not ask'
	works ctr plugins inspect-runtime --runtime "$RUNTIME"
	equal "$(echo "$OUT" | jq -r .Name)" "$RUNTIME"
	equal "$(echo "$OUT" | jq .Features.linux.mountExtensions.idmap.enabled)" true
}
it describes_itself 'ctr plugins inspect-runtime: name and features'

maps_ids() {
	# the overlays of 1.6 cannot map: there the snapshot is copied, with other owners
	remap=--remap-labels
	case $("$CONTAINERD" --version) in *' 1.6.'*) remap= ;; esac
	works run --rm $remap --uidmap 0:100000:65536 --gidmap 0:100000:65536 "$IMAGE" u1 \
		sh -c 'stat -c %u:%g /bin; touch /file; stat -c %u:%g /file; cat /proc/self/uid_map'
	equal "$(echo "$OUT" | xargs)" '0:0 0:0 0 100000 65536'
}
it maps_ids 'a user namespace: the snapshot has the ids of the container'

events_in_order() {
	ctr events > "$WORK/events" &
	events=$!
	sleep 0.5
	works run --rm "$IMAGE" v1 true
	eventually grep -q /tasks/delete "$WORK/events"
	kill "$events"
	equal "$(grep -o '/tasks/[a-z]*' "$WORK/events" | tr '\n' ' ')" \
		'/tasks/create /tasks/start /tasks/exit /tasks/delete '
}
it events_in_order 'events: create, start, exit, delete, each once and in this order'

survives_containerd() {
	works run -d "$IMAGE" s1 sh -c 'while :; do sleep 0.1; done'
	containerd_stop KILL
	containerd_start
	equal "$(status_of s1)" RUNNING
	works ctr task exec --exec-id x1 s1 true
	works ctr task kill -s KILL s1
	eventually has_status s1 STOPPED
}
it survives_containerd 'a container survives a kill -9 of containerd and is found again'

killed_shim() {
	works run -d "$IMAGE" k1 sleep 1000
	pid=$(ctr task ls | awk '$1 == "k1" { print $2 }')
	kill -9 "$(shims)"
	eventually eval '[ ! -e "/proc/$pid" ] || grep -q ") Z" "/proc/$pid/stat"'
	eventually eval '[ -z "$(status_of k1)" ] || has_status k1 STOPPED'
}
it killed_shim 'kill -9 of the shim: containerd cleans the container up through the delete action'

containerd_end
