#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the shim and of containerd at random moments of a start: nothing is left afterwards, and
# each task that was started ends exactly once.
#
# Environment: LONG=1 (100 starts each instead of 10), SEED (of the random moments).
. "$(dirname "$0")/lib.sh"

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

# pause I: a random part of a start long.
pause() {
	sleep "$(awk -v seed=$((SEED * 1000 + $1)) 'BEGIN { srand(seed); printf "%.3f", rand() * 0.12 }')"
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
	die "$1 leaves $(remains "$1")"
}

start_in_background() {
	CTR_TIMEOUT=20 run -d --null-io "$IMAGE" "$1" sleep "$LIFE" > "$WORK/run.$1" 2>&1 &
	start=$!
}

# The daemons only: `start` and `delete` of the same program have more words.
kill_shims() {
	for pid in $(pgrep -f "containerd-shim-.*-address $C/containerd.sock( -debug)?\$"); do
		kill -9 "$pid" 2> /dev/null || true
	done
}

shim_is_killed() {
	watch
	for i in $(seq "$STARTS"); do
		start_in_background "k$i"
		pause "$i"
		kill_shims
		wait "$start" || true
		kill_shims # one that came too late
		ends_once "k$i"
		remove "k$i"
		leaves_nothing "k$i"
		check_end "k$i"
	done
	unwatch
	started=$(grep -c ' /tasks/start ' "$EVENTS")
	echo "# $STARTS shims killed, $started tasks were started" > "$HARNESS_TMP/note"
}
it shim_is_killed "kill -9 of the shim at random moments of $STARTS starts: nothing is left, one exit for each start"
cat "$HARNESS_TMP/note" 2> /dev/null

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
	running=0
	for i in $(seq "$STARTS"); do
		start_in_background "c$i"
		pause "$i"
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
	echo "# containerd killed $STARTS times, $running tasks were running afterwards" > "$HARNESS_TMP/note"
}
it containerd_is_killed "kill -9 and restart of containerd at random moments of $STARTS starts: nothing is left, one exit for each start"
cat "$HARNESS_TMP/note" 2> /dev/null

containerd_end
