#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every system call that hull makes fails once, and is the moment of a SIGKILL once, and nothing is
# left. Needs a build with --enable-fault-injection (HULL names its hull). The calls are those of
# libcontainer/sys, of the runtime and of the container's init alike, counted in the order made.
#
# After a failed call: hull tells why in one line and has cleaned up; or it went on, then the
# container is exactly what it is without the failure (its fingerprint: mounts, rights, open files),
# for a protection that fails must not be skipped. After a kill: one delete --force cleans up.
. "$(dirname "$0")/../lib/harness.sh"

STEP=${STEP:-1} # every STEPth call only

# What the container is, seen from inside.
fingerprint() {
	cat <<-'SCRIPT'
		sed 's/^[0-9]* [0-9]* [0-9]*:[0-9]* //' /proc/self/mountinfo
		grep -E '^(Cap|NoNewPrivs|Seccomp|Groups|Uid|Gid|Umask)' /proc/self/status
		ls /proc/self/fd /dev
		hostname
	SCRIPT
}

# counted COMMAND...: how many calls hull makes for it.
counted() {
	HULL_FAULT_LOG=$WORK/calls ok "$@"
	CALLS=$(wc -l < "$WORK/calls")
	[ "$CALLS" -gt 5 ] || die "only $CALLS calls were counted"
}

no_trace() { # ID WHEN
	[ ! -e "$STATE/$1" ] || die "$2: the state directory is left"
	[ ! -e "$(cgroup_tree)/hull-$1" ] || die "$2: the cgroup is left"
}

# Call N fails with ERRNO: either an error and no trace, or the container as it should be.
fail_call() { # N ERRNO
	HULL_FAULT=$1:$2 HULL_TIMEOUT=20 hull run f1
	when="call $1 of run fails with errno $2 (status $RC)"
	[ "$RC" != 124 ] || die "$when: hangs"
	[ "$RC" -lt 128 ] || die "$when: dies by a signal: $ERR"
	if [ "$RC" = 0 ]; then
		[ "$OUT" = "$EXPECTED" ] || {
			printf '%s\n' "$EXPECTED" > "$WORK/expected"
			die "$when: the container differs: $(diff "$WORK/expected" "$WORK/out" | head -n 5)"
		}
	else
		[ "$(wc -l < "$WORK/err")" = 1 ] || die "$when: not one line: $ERR"
	fi
	ok delete --force f1
	no_trace f1 "$when"
}

prepare_run() {
	config '.process.args = ["sh", "-c", $s] | .process.env = ["PATH=/bin"] | .hostname = "box"' \
		--arg s "$(fingerprint)"
	counted run f1
	EXPECTED=$OUT
}

run_survives() { # ERRNO
	prepare_run
	n=1
	while [ "$n" -le "$CALLS" ]; do
		fail_call "$n" "$1"
		n=$((n + STEP))
	done
}

run_survives_eio() { run_survives 5; }
it run_survives_eio 'run: each call fails once with EIO: a clear error or the same container, no trace'

run_survives_eperm() { run_survives 1; }
it run_survives_eperm 'run: each call fails once with EPERM: a clear error or the same container, no trace'

run_survives_enomem() { run_survives 12; }
it run_survives_enomem 'run: each call fails once with ENOMEM: a clear error or the same container, no trace'

delegated_run_survives() {
	config '.annotations["run.oci.delegate-cgroup"] = "a/b"'
	run_survives 5
}
it delegated_run_survives 'run: so it is with a cgroup that the program manages'

# With somebody at every socket: a seccomp agent, who takes pidfds as well, and a service manager.
with_sockets() {
	command -v python3 > /dev/null || skip 'no python3 for those who listen'
	python3 "$HARNESS_LIB/seccomp_agent.py" "$WORK/agent" "$WORK/agent.log" continue &
	agent=$!
	python3 "$HARNESS_LIB/service_manager.py" "$WORK/manager" "$WORK/manager.log" &
	manager=$!
	trap 'kill "$agent" "$manager"; wait "$agent" "$manager" || true' EXIT
	eventually test -S "$WORK/agent"
	eventually test -S "$WORK/manager"
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": $agent,
		"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_NOTIFY"}]}
		| .annotations["run.oci.pidfd_receiver"] = $agent' --arg agent "$WORK/agent"
	export NOTIFY_SOCKET="$WORK/manager"
}

run_with_sockets_survives() {
	with_sockets
	run_survives 5
}
it run_with_sockets_survives 'run: so it is with a seccomp listener, a pidfd to send and a service manager'

# A failed create has cleaned up by itself, before any delete.
failed_create_has_cleaned_up() {
	config '.process.args = ["sleep", "1000"]'
	counted create f1
	ok delete --force f1
	n=1
	while [ "$n" -le "$CALLS" ]; do
		HULL_FAULT=$n:5 hull create f1
		if [ "$RC" = 0 ]; then
			ok delete --force f1
		else
			no_trace f1 "call $n of create fails"
		fi
		n=$((n + STEP))
	done
}
it failed_create_has_cleaned_up 'create: when a call fails, nothing is left before any delete'

# The victim of the Nth call, runtime or init, is killed there; the other one ends by itself or by
# the one delete --force.
killed() { # VERB N
	HULL_FAULT=$2:kill HULL_TIMEOUT=20 hull "$1" f1
	when="killed in call $2 of $1 (status $RC)"
	[ "$RC" != 124 ] || die "$when: hangs"
	hull state f1
	ok list -q
	ok delete --force f1
	no_trace f1 "$when"
}

create_can_be_killed() {
	config '.process.args = ["sleep", "1000"]'
	counted create f1
	ok delete --force f1
	n=1
	while [ "$n" -le "$CALLS" ]; do
		killed create "$n"
		n=$((n + STEP))
	done
}
it create_can_be_killed 'create: killed in each call, one delete --force leaves nothing and the id is free'

start_each_killed() {
	ok create f1
	counted start f1
	ok delete --force f1
	n=1
	while [ "$n" -le "$CALLS" ]; do
		ok create f1
		killed start "$n"
		n=$((n + STEP))
	done
}

start_can_be_killed() {
	config '.process.args = ["sleep", "1000"]'
	start_each_killed
}
it start_can_be_killed 'start: killed in each call, one delete --force leaves nothing'

start_with_sockets_can_be_killed() {
	with_sockets
	config '.process.args = ["sleep", "0.2"]' # without a word to the service manager
	start_each_killed
}
it start_with_sockets_can_be_killed 'start: so it is with a seccomp listener and a service manager'

delete_can_be_killed() {
	config '.process.args = ["sleep", "1000"]'
	started f1
	HULL_FAULT_LOG=$WORK/calls ok delete --force f1
	CALLS=$(wc -l < "$WORK/calls")
	n=1
	while [ "$n" -le "$CALLS" ]; do
		started f1
		HULL_FAULT=$n:kill hull delete --force f1
		ok delete --force f1
		no_trace f1 "killed in call $n of delete"
		n=$((n + STEP))
	done
}
it delete_can_be_killed 'delete: killed in each call, a second one finishes the job'

exec_survives() {
	started f1
	counted exec f1 true
	n=1
	while [ "$n" -le "$CALLS" ]; do
		HULL_FAULT=$n:5 HULL_TIMEOUT=20 hull exec f1 true
		[ "$RC" = 0 ] || [ "$RC" = 255 ] || die "call $n of exec fails: status $RC: $ERR"
		HULL_FAULT=$n:kill HULL_TIMEOUT=20 hull exec f1 true
		[ "$RC" != 124 ] || die "killed in call $n of exec: hangs"
		n=$((n + STEP))
	done
	ok ps -f json f1
	equal "$(echo "$OUT" | jq length)" 1
}
it exec_survives 'exec: each call fails or is killed once, the container is as before'

# The mount points of the container, one a line.
mount_points() { awk '{ print $5 }' "/proc/$PID/mountinfo" | sort; }
has_mount_points() { mount_points | cmp -s - "$1"; }

# A process inside may undo what it did after hull has ended.
mounts_survive() {
	started f1
	mount_points > "$WORK/points"
	echo '[{"destination": "/a/b", "type": "tmpfs"},
		{"destination": "/c", "source": "/usr", "options": ["rbind"]}]' > "$WORK/mounts"
	counted mounts add f1 "$WORK/mounts"
	mount_points > "$WORK/more"
	ok mounts remove f1 "$WORK/mounts"
	n=1
	while [ "$n" -le "$CALLS" ]; do
		HULL_FAULT=$n:5 HULL_TIMEOUT=20 hull mounts add f1 "$WORK/mounts"
		[ "$RC" -le 1 ] || die "call $n of mounts add fails: status $RC: $ERR"
		if [ "$RC" = 0 ]; then
			eventually has_mount_points "$WORK/more"
			ok mounts remove f1 "$WORK/mounts"
		fi
		eventually has_mount_points "$WORK/points"
		n=$((n + STEP))
	done
}
it mounts_survive 'mounts add: each call fails once, all mounts are there or none'

finish
