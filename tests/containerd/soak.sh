#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Many starts, many execs, a containerd that is away for a while, a shim that has nothing to do.
#
# Environment: LONG=1 (1,000 starts and 1,000 execs instead of 50, 200 containers at the same time instead of
# 20; containerd is away for a minute).
. "$(dirname "$0")/../lib/containerd.sh"

COUNT=50 MANY=20 AWAY=2
[ -z "${LONG:-}" ] || COUNT=1000 MANY=200 AWAY=61

containerd_begin

topics_of() {
	grep "\"container_id\":\"$1\"" "$EVENTS" | grep -o ' /tasks/[a-z-]*' | tr -d '\n'
}

starts() {
	watch
	for i in $(seq "$COUNT"); do
		works run --rm --null-io "$IMAGE" "s$i" true
	done
	eventually eval '[ "$(grep -c " /tasks/delete " "$EVENTS")" = "$COUNT" ]'
	unwatch
	for i in $(seq "$COUNT"); do
		equal "$(topics_of "s$i")" ' /tasks/create /tasks/start /tasks/exit /tasks/delete'
	done
}
it starts "$COUNT programs that end at once: no exit is lost, none told twice, each after its start"

# What the process has in memory of its own, in KiB, and its descriptors.
private_of() { awk '/^Private_Dirty:/ { print $2 }' "/proc/$1/smaps_rollup"; }
pss_of() { awk '/^Pss:/ { print $2 }' "/proc/$1/smaps_rollup"; }
descriptors_of() { find "/proc/$1/fd" -type l | wc -l; }

execs() {
	works run -d --null-io "$IMAGE" e1 sleep 1000
	pid=$(shim_of e1)
	for i in $(seq 5); do
		works ctr task exec --exec-id "warm$i" e1 true
	done
	private=$(private_of "$pid")
	descriptors=$(descriptors_of "$pid")
	for i in $(seq "$COUNT"); do
		works ctr task exec --exec-id "x$i" e1 true
	done
	eventually eval "[ \$(descriptors_of $pid) = $descriptors ]"
	now=$(private_of "$pid")
	echo "# private memory of the shim: $private KiB before, $now KiB after" > "$HARNESS_TMP/note"
	# a page for what malloc keeps in another place
	[ "$now" -le $((private + 4)) ] || die "private memory grew from $private to $now KiB"
}
it execs "$COUNT execs: memory and descriptors of the shim are what they were"
tell

beside_each_other() {
	for i in $(seq "$MANY"); do
		works run -d --null-io "$IMAGE" "m$i" sleep 1000
	done
	equal "$(ctr task ls | grep -c RUNNING)" "$MANY"
	for pid in $(shims); do
		lacks "$(readlink /proc/"$pid"/fd/*)" inotify
	done
}
it beside_each_other "$MANY shims beside each other, which take none of the 128 inotify instances of their user"

# containerd takes nothing, and events go on.
while_stopped() {
	watch
	for i in 1 2 3 4 5; do
		works run -d --null-io "$IMAGE" "a$i" sleep 1000
	done
	pids=$(ctr task ls | awk 'NR > 1 { print $2 }')
	kill -STOP "$(cat "$C/pid")"
	for pid in $pids; do kill -9 "$pid"; done
	sleep "$AWAY"
	kill -CONT "$(cat "$C/pid")"
	eventually eval '[ "$(grep -c " /tasks/exit " "$EVENTS")" = 5 ]'
	sleep 1
	unwatch
	for i in 1 2 3 4 5; do equal "$(told exit "a$i")" 1; done
}
it while_stopped "containerd stands still for $AWAY seconds: each exit of that time is told once"

while_dead() {
	for i in 1 2 3 4 5; do
		works run -d --null-io "$IMAGE" "b$i" sh -c "sleep 1; exit $i"
	done
	containerd_stop KILL
	sleep "$AWAY"
	containerd_start
	for i in 1 2 3 4 5; do
		eventually has_status "b$i" STOPPED
		out ctr task rm "b$i" # warns of a status that is not 0
		has "$ERR" "exit code $i"
	done
}
it while_dead "containerd is dead for $AWAY seconds: each exit of that time is known afterwards"

switches_of() { awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$1/status"; }
ticks_of() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

idle() {
	works run -d --null-io "$IMAGE" i1 sleep 1000
	pid=$(shim_of i1)
	sleep 1
	switches=$(switches_of "$pid") ticks=$(ticks_of "$pid")
	sleep 10
	equal "$(switches_of "$pid")" "$switches"
	equal "$(ticks_of "$pid")" "$ticks"
	echo "# an idle shim: PSS $(pss_of "$pid") KiB, private $(private_of "$pid") KiB," \
		"$(descriptors_of "$pid") descriptors" > "$HARNESS_TMP/note"
}
it idle 'a shim with nothing to do: not one wake-up, not one tick of a CPU in ten seconds'
tell

containerd_end
