#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the shim and of containerd at random moments of a start: nothing is left afterwards, and
# each task that was started ends exactly once.
#
# Environment: LONG=1 (100 starts each instead of 10), SEED (of the random moments).
# shellcheck disable=SC2154 # srcdir: lib/containerd.sh
. "$(dirname "$0")/../lib/containerd.sh"

STARTS=10
[ -z "${LONG:-}" ] || STARTS=100
SEED=${SEED:-$$}
echo "# SEED=$SEED"

containerd_begin

# What marks the program of the containers among all processes.
LIFE=9$$

# The bundles, and where hull keeps its containers.
bundles() { ls -A "$C/state/io.containerd.runtime.v2.task/$CONTAINERD_NAMESPACE" 2> /dev/null; }
states() { ls -A "/run/containerd/hull/$CONTAINERD_NAMESPACE" 2> /dev/null; }

socket_of() {
	printf '%s/%s/%s' "$C/containerd.sock" "$CONTAINERD_NAMESPACE" "$1" | sha256sum |
		awk '{ print "/run/containerd/s/" $1 }'
}

# Everything that is there of the task, one a line.
remains() {
	shims | sed 's/^/shim /'
	pgrep -fx "sleep $LIFE" | sed 's/^/process /'
	find "$(cgroup_parent)" -mindepth 1 -type d 2> /dev/null | sed 's/^/cgroup /'
	awk -v top="$C/state/" 'index($5, top) == 1 { print "mount " $5 }' /proc/self/mountinfo
	bundles | sed 's/^/bundle /'
	states | sed 's/^/state /'
	find "$C/state" -type p | sed 's/^/fifo /'
	find "$(socket_of "$1")" 2> /dev/null | sed 's/^/socket /' || true
}

nothing_remains() { [ -z "$(remains "$1")" ]; }

# moments LAST: as many random ones as there are starts, in seconds, none after LAST.
moments() {
	awk -v seed="$SEED" -v n="$STARTS" -v last="$1" \
		'BEGIN { srand(seed); while (n--) printf "%.3f\n", rand() * last }'
}

# remove ID: as one would after an accident.
remove() {
	ctr task rm -f "$1" || true
	ctr containers rm "$1" || true
}

# A task that was started ended once; one that was not may have been said to end.
check_end() {
	started=$(told start "$1") exits=$(told exit "$1")
	[ "$exits" = "$started" ] || [ "$started.$exits" = 0.1 ] ||
		die "$1: $started starts, $exits exits: $(grep "$1" "$EVENTS")"
}

ends_once() {
	eventually eval "[ \$(told exit $1) -ge \$(told start $1) ]"
	check_end "$1"
}

leaves_nothing() {
	for _ in $(seq 100); do
		if nothing_remains "$1"; then return 0; fi
		sleep 0.05
	done
	die "$1 leaves $(remains "$1"), ctr said: $(cat "$WORK/run.$1")"
}

start_in_background() {
	CTR_TIMEOUT=20 run -d --null-io "$IMAGE" "$1" sleep "$LIFE" > "$WORK/run.$1" 2>&1 &
	start=$!
}

# kill_next_shim SECONDS: the next daemon that comes, so long after it came. pgrep takes longer than a
# whole start. `start` and `delete` have more words; a worker is younger.
kill_next_shim() {
	rm -f "$WORK/ready"
	python3 -c '
import os, signal, sys, time
address, moment, ready = sys.argv[1], float(sys.argv[2]), sys.argv[3]
old, end = set(os.listdir("/proc")), time.monotonic() + 20
open(ready, "w").close()
while time.monotonic() < end:
    for pid in sorted(int(name) for name in set(os.listdir("/proc")) - old if name.isdigit()):
        try:
            words = open(f"/proc/{pid}/cmdline").read().rstrip("\0").split("\0")
        except OSError:
            continue
        if "containerd-shim-" in words[0] and address in words[-2:] and words[-1] in (address, "-debug"):
            time.sleep(moment)
            os.kill(pid, signal.SIGKILL)
            sys.exit()
sys.exit("no shim came")' "$C/containerd.sock" "$1" "$WORK/ready" &
	killer=$!
	eventually test -e "$WORK/ready"
}

# containerd calls no `delete` for a shim that died before it could connect. The socket that is left is
# taken over by the next start.
take_socket_over() {
	if grep -q 'connect: connection refused' "$WORK/run.$1"; then
		works run --rm --null-io "$IMAGE" "$1" true
	fi
}

shim_is_killed() {
	watch
	i=0
	for moment in $(moments 0.02); do
		i=$((i + 1))
		kill_next_shim "$moment"
		start_in_background "k$i"
		wait "$killer"
		wait "$start" || true
		ends_once "k$i"
		remove "k$i"
		take_socket_over "k$i"
		leaves_nothing "k$i"
		check_end "k$i"
	done
	unwatch
	started=$(grep -c ' /tasks/start ' "$EVENTS")
	echo "# $STARTS shims killed, $started tasks were started" > "$HARNESS_TMP/note"
}
it shim_is_killed "$STARTS times kill -9 of the shim in a start: nothing is left, each task ends once"
tell

# containerd 1.6 takes a shim without a container for a task when it finds it at its start, and keeps
# it for ever: such a shim must obey a Shutdown.
end_empty_shim() {
	socket=$(socket_of "$1")
	if [ -n "$(shims)" ] && [ -S "$socket" ]; then
		python3 "$srcdir/tests/lib/ttrpc_client.py" call "$socket" Shutdown "id=$1"
	fi
}

# Whoever is started ends by our hand, after somebody listens for it again.
containerd_is_killed() {
	watch
	running=0 i=0
	for moment in $(moments 0.08); do
		i=$((i + 1))
		start_in_background "c$i"
		sleep "$moment"
		containerd_stop KILL
		wait "$start" || true
		containerd_start
		sleep 0.1
		if has_status "c$i" RUNNING; then
			running=$((running + 1))
			ctr task kill -s KILL "c$i"
			eventually has_status "c$i" STOPPED
			eventually eval "[ \$(told exit c$i) -ge 1 ]"
			equal "$(told exit "c$i")" 1
		fi
		remove "c$i"
		end_empty_shim "c$i" || true # it may have been about to go
		leaves_nothing "c$i"
		[ "$(told exit "c$i")" -le 1 ] || die "c$i: $(grep "c$i" "$EVENTS")"
	done
	unwatch
	echo "# containerd killed $STARTS times, $running tasks were running afterwards" \
		> "$HARNESS_TMP/note"
}
it containerd_is_killed "$STARTS times kill -9 of containerd in a start: nothing is left, each task ends once"
tell

containerd_end
