#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Standard streams under a real containerd: every byte arrives, and nobody waits for a slow reader.
#
# Environment: LONG=1 (1 GiB out and 256 MiB in instead of 64 MiB and 32 MiB).
# shellcheck disable=SC2154 # srcdir: lib/containerd.sh
. "$(dirname "$0")/../lib/containerd.sh"

OUT_MIB=64 IN_MIB=32
[ -z "${LONG:-}" ] || OUT_MIB=1024 IN_MIB=256
LIB=$srcdir/tests/lib

containerd_begin

random() { head -c "$1M" /dev/urandom > "$WORK/data"; }
digest() { sha256sum | cut -d ' ' -f 1; }
shared() { echo "type=bind,src=$WORK,dst=/shared,options=rbind:rw"; }

# Eight MiB, a rest, eight MiB.
stop_and_go() {
	while head -c 8M > "$WORK/piece" && [ -s "$WORK/piece" ]; do
		cat "$WORK/piece"
		sleep 0.05
	done
}

much_out() {
	random "$OUT_MIB"
	got=$(CTR_TIMEOUT=500 run --rm --mount "$(shared)" "$IMAGE" o1 cat /shared/data | stop_and_go | digest)
	equal "$got" "$(digest < "$WORK/data")"
}
it much_out "$OUT_MIB MiB through standard output, with a reader that stops and goes: the same SHA-256"

much_in() {
	random "$IN_MIB"
	got=$(CTR_TIMEOUT=500 run --rm "$IMAGE" i1 sha256sum < "$WORK/data" | cut -d ' ' -f 1)
	equal "$got" "$(digest < "$WORK/data")"
}
it much_in "$IN_MIB MiB through standard input: the same SHA-256"

socket_of() { sed 's|^unix://||' "$C/state/io.containerd.runtime.v2.task/$CONTAINERD_NAMESPACE/$1/address"; }

# The milliseconds that the slowest of 20 State calls takes.
state_takes() {
	PYTHONPATH=$LIB python3 -c '
import sys, time
from ttrpc_client import Client
client, worst = Client(sys.argv[1]), 0
for _ in range(20):
    begin = time.monotonic()
    assert client.call("State", {"id": sys.argv[2]})["status"] == 2
    worst = max(worst, time.monotonic() - begin)
    time.sleep(0.02)
print(int(worst * 1000))' "$(socket_of "$1")" "$1"
}

reader_stands_still() {
	mkfifo "$WORK/fifo"
	exec 3<> "$WORK/fifo"
	CTR_TIMEOUT=30 run "$IMAGE" r1 yes >&3 2> /dev/null < /dev/null &
	client=$!
	eventually has_status r1 RUNNING
	sleep 1
	took=$(state_takes r1)
	[ "$took" -le 100 ] || die "State took $took ms"
	works ctr task exec --exec-id x1 r1 true
	cat "$WORK/fifo" > /dev/null &
	reader=$!
	exec 3>&-
	works ctr task kill -s KILL r1
	wait "$client" || true
	kill "$reader" 2> /dev/null || true
}
it reader_stands_still 'nobody reads: State answers within 100 ms, and exec works'

no_newline() {
	run --rm "$IMAGE" n1 printf 'one\ntwo' > "$WORK/got" < /dev/null
	printf 'one\ntwo' | cmp - "$WORK/got"
}
it no_newline 'the last bytes need no newline'

drained() {
	got=$(run --rm "$IMAGE" d1 head -c 1000000 /dev/zero < /dev/null | { sleep 1; wc -c; })
	equal "$got" 1000000
}
it drained 'what was written before the end arrives after it'

drained_both() {
	run --rm "$IMAGE" d2 sh -c 'seq 1 20000; seq 20001 40000 >&2' > "$WORK/o" 2> "$WORK/e" < /dev/null
	seq 1 20000 | cmp - "$WORK/o"
	seq 20001 40000 | cmp - "$WORK/e"
}
it drained_both 'neither stream loses a line when the program ends at once'

resize_storm() {
	script -qec "$CTR -a $C/containerd.sock run --rm -t --mount $(shared) --runtime $RUNTIME $IMAGE t1 \
		sh -c 'while [ ! -e /shared/end ]; do stty size > /shared/size; sleep 0.1; done; echo last'" \
		/dev/null < /dev/null > "$WORK/tty" 2>&1 &
	terminal=$!
	eventually has_status t1 RUNNING
	for i in $(seq 500); do
		echo "ResizePty id=t1 width=$((80 + i)) height=$((20 + i))"
	done | python3 "$LIB/ttrpc_client.py" script "$(socket_of t1)" > "$WORK/resized"
	equal "$(grep -cx '{}' "$WORK/resized")" 500
	eventually grep -qx '520 580' "$WORK/size"
	touch "$WORK/end"
	wait "$terminal"
	has "$(cat "$WORK/tty")" last
}
it resize_storm 'five hundred resizes of a terminal: the last one holds'

grandchild() {
	works run -d --null-io "$IMAGE" g1 sleep 1000
	works timeout 20 "$CTR" -a "$C/containerd.sock" task exec --exec-id x1 g1 sh -c 'sleep 1000 & echo out'
	equal "$OUT" out
	equal "$(status_of g1)" RUNNING
}
it grandchild 'an exec whose grandchild keeps standard output open ends all the same'

lines() { echo "sleep 1; i=0; while [ \$i -lt 300 ]; do echo \$i; i=\$((i + 1)); sleep 0.01; done"; }

restart() {
	sleep 1.5
	containerd_stop KILL
	sleep 0.5
	containerd_start
}

restart_with_a_log() {
	works run -d --log-uri "file://$WORK/log-of-it" "$IMAGE" l1 sh -c "$(lines)"
	restart
	eventually has_status l1 STOPPED
	seq 0 299 | cmp - "$WORK/log-of-it"
}
it restart_with_a_log 'containerd is killed and started in between: a log has every line'

restart_with_a_reader() {
	works run -d --fifo-dir "$WORK/fifos" "$IMAGE" l2 sh -c "$(lines)"
	cat "$WORK"/fifos/*/l2-stdout > "$WORK/got" &
	reader=$!
	restart
	eventually has_status l2 STOPPED
	works ctr task rm l2
	wait "$reader"
	seq 0 299 | cmp - "$WORK/got"
}
it restart_with_a_reader 'containerd is killed and started in between: who reads the fifo gets every line'

attaches() {
	works run -d "$IMAGE" a1 sh -c 'read line; echo "got $line"; exit 3'
	RC=0
	OUT=$(echo something | ctr task attach a1) || RC=$?
	equal "$OUT" 'got something'
	equal "$RC" 3
}
it attaches 'task attach: input, output and exit status'

exec_events() {
	works run -d --null-io "$IMAGE" v1 sleep 1000
	watch
	works ctr task exec --exec-id x1 v1 true
	eventually eval '[ "$(told exit v1)" = 1 ]'
	unwatch
	equal "$(grep -o '/tasks/[a-z-]*' "$EVENTS" | tr '\n' ' ')" \
		'/tasks/exec-added /tasks/exec-started /tasks/exit '
	has "$(grep /tasks/exit "$EVENTS")" '"id":"x1"'
}
it exec_events 'an exec is told as exec-added, exec-started, exit, each once'

containerd_end
