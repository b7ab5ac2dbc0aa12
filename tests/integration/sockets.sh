#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What goes in and out by descriptors and sockets beside stdio: pidfds, readiness (sd_notify), sockets
# of socket activation.
. "$(dirname "$0")/../lib/harness.sh"

# from_bundle COMMAND...: runs it where the bundle is, with the descriptors that are open here.
from_bundle() { (cd "$BUNDLE" && "$@"); }

# background COMMAND...: runs it beside the test, ends it with the test; its pid in $BACKGROUND.
background() {
	"$@" &
	BACKGROUND=$!
	ENDED="${ENDED:-} $BACKGROUND"
	# shellcheck disable=SC2064
	trap "kill $ENDED 2> /dev/null || true; wait $ENDED || true" EXIT
}

# ---- --pidfd-socket -------------------------------------------------------------------------------

# pidfd_receiver: prints what comes and the pid behind the first descriptor.
pidfd_receiver() {
	[ -e "$ROOTFS/bin/probe" ] || with_probe
	rm -f "$WORK/socket"
	background "$PROBE" receive "$WORK/socket" grep '^Pid:' /proc/self/fdinfo/0 > "$WORK/received"
	eventually test -S "$WORK/socket"
}

# received TEXT PID
received() {
	wait "$BACKGROUND"
	equal "$(tr -d '\t' < "$WORK/received")" "1 descriptors with $1
Pid:$2"
}

pidfd_of_create_and_run() {
	config '.process.args = ["sleep", "1000"]'
	pidfd_receiver
	ok create --pidfd-socket "$WORK/socket" --pid-file "$WORK/pid" c1
	received standard "$(cat "$WORK/pid")"
	pidfd_receiver
	ok run --detach --pidfd-socket "$WORK/socket" --pid-file "$WORK/pid" c2
	received standard "$(cat "$WORK/pid")"
}
it pidfd_of_create_and_run 'create and run send the pidfd of the container to --pidfd-socket, in one message'

pidfd_of_exec() {
	started c1
	pidfd_receiver
	ok exec --detach --pidfd-socket "$WORK/socket" --pid-file "$WORK/pid2" c1 sleep 1000
	received setns "$(cat "$WORK/pid2")"
}
it pidfd_of_exec 'exec sends the pidfd of its process'

pidfd_in_a_joined_user_namespace() {
	config '.process.args = ["sleep", "1000"] | .linux.namespaces += [{"type": "user", "path": $ns}]
		| (.mounts[] | select(.type == "devpts").options) -= ["gid=5"]' \
		--arg ns "/proc/$$/root$WORK/userns"
	touch "$WORK/userns"
	chmod 755 "$HARNESS_TMP" "$WORK"
	unshare --user --map-root-user sleep 1000 &
	holder=$!
	eventually differ_from_ours "$holder"
	mount --bind "/proc/$holder/ns/user" "$WORK/userns"
	kill "$holder"
	pidfd_receiver
	ok create --pidfd-socket "$WORK/socket" --pid-file "$WORK/pid" c1
	received standard "$(cat "$WORK/pid")"
	umount "$WORK/userns"
}
differ_from_ours() { [ "$(readlink "/proc/$1/ns/user")" != "$(readlink /proc/self/ns/user)" ]; }
it pidfd_in_a_joined_user_namespace 'the pidfd is that of the container, not of a process in between'

pidfd_by_annotation() {
	config '.process.args = ["sleep", "1000"] | .annotations["run.oci.pidfd_receiver"] = $path' \
		--arg path "$WORK/socket"
	pidfd_receiver
	ok create --pid-file "$WORK/pid" c1
	received standard "$(cat "$WORK/pid")"
	config '.annotations["run.oci.pidfd_receiver"] = "x"'
	fails 1 create c2
	has "$ERR" 'annotations["run.oci.pidfd_receiver"]: must be an absolute path'
}
it pidfd_by_annotation 'annotation run.oci.pidfd_receiver names the socket as well'

nobody_takes_the_pidfd() {
	fails 1 create --pidfd-socket "$WORK/socket" c1
	has "$ERR" "pidfd socket $WORK/socket: No such file or directory"
	missing "$STATE/c1"
	started c1
	fails 255 exec --pidfd-socket "$WORK/socket" --pid-file "$WORK/pid2" c1 true
	has "$ERR" "pidfd socket $WORK/socket: No such file or directory"
	missing "$WORK/pid2"
}
it nobody_takes_the_pidfd 'without a receiver of the pidfd nothing is started'

# ---- sd_notify ------------------------------------------------------------------------------------

# manager: a service manager listens at $WORK/manager, or at the address given.
manager() {
	command -v python3 > /dev/null || skip 'no python3'
	export NOTIFY_SOCKET="${1:-$WORK/manager}"
	background python3 "$HARNESS_LIB/service_manager.py" "$NOTIFY_SOCKET" "$WORK/heard"
	eventually test -s "$WORK/heard"
}
heard() { sed 1d "$WORK/heard"; }
heard_is() { [ "$(heard)" = "$1" ]; }
hears() { eventually heard_is "$1" || die "heard $(heard)"; }

# service SCRIPT: what the container runs; `ready` tells that it is.
service() {
	with_probe
	config '.process.args = ["sh", "-c", $s]' --arg s "ready() { probe notify 'READY=1
STATUS=fine'; }; $1"
}

ready_by_start() {
	manager
	service 'probe notify STATUS=starting; sleep 0.3; echo up > /tmp/up; ready; sleep 1000'
	ok create --pid-file "$WORK/pid" c1
	missing "$ROOTFS/tmp/up"
	ok start c1
	exists "$ROOTFS/tmp/up"
	hears "alive READY=1 MAINPID=$(cat "$WORK/pid")
alive BARRIER=1"
	missing "$STATE/c1/exec.fifo"
}
it ready_by_start 'start returns when the container is ready and has told so, with its pid as MAINPID'

ready_by_run_detached() {
	manager "@hull-test-$HARNESS_TMP"
	service 'ready; sleep 1000'
	ok run --detach --pid-file "$WORK/pid" c1
	hears "alive READY=1 MAINPID=$(cat "$WORK/pid")
alive BARRIER=1"
}
it ready_by_run_detached 'run --detach does so, to an abstract address too'

ready_in_the_foreground() {
	manager
	service 'probe notify READY=10; ready; while ! test -e /tmp/go; do sleep 0.05; done; exit 7'
	background from_bundle "$HULL" --root "$STATE" run c1
	run=$BACKGROUND
	hears 'alive READY=1
alive BARRIER=1'
	touch "$ROOTFS/tmp/go"
	rc=0
	wait "$run" || rc=$?
	equal "$rc" 7
	missing "$STATE/c1"
}
it ready_in_the_foreground 'run in the foreground tells it for itself, and goes on as ever'

signals_before_ready() {
	manager
	service 'trap "exit 9" TERM; echo up > /tmp/up; while :; do sleep 0.05; done'
	(cd "$BUNDLE" && exec "$HULL" --root "$STATE" run c1) &
	run=$!
	eventually test -s "$ROOTFS/tmp/up"
	kill "$run"
	rc=0
	wait "$run" || rc=$?
	equal "$rc $(heard)" '9 '
}
it signals_before_ready 'before it is ready a container in the foreground gets its signals'

ready_in_a_terminal() {
	manager
	service 'ready; echo here; exit 3'
	config '.process.terminal = true'
	rc=0
	OUT=$(from_bundle "$HULL" --root "$STATE" run c1 < /dev/null) || rc=$?
	equal "$rc $OUT" "3 $(printf 'here\n')"
	hears 'alive READY=1
alive BARRIER=1'
}
it ready_in_a_terminal 'it works with a terminal'

never_ready() {
	manager
	service 'exit 0'
	ok run --detach c1
	equal "$(heard)" ''
}
it never_ready 'a container that ends without a word keeps nobody waiting'

everything_about_the_socket() {
	manager
	service 'echo $NOTIFY_SOCKET; grep " /run/notify " /proc/self/mountinfo | cut -d" " -f6; ready
		ls -A /run/notify; touch /run/notify/x 2>&1'
	config '.root.readonly = true | .process.env += ["NOTIFY_SOCKET=/x"]
		| .process.user = {"uid": 1000, "gid": 1000}'
	mkdir -p "$ROOTFS/run/notify"
	hull run c1
	equal "$OUT" "/run/notify/notify.sock
ro,nosuid,nodev,noexec,relatime
notify.sock
touch: /run/notify/x: Read-only file system"
	hears 'alive READY=1
alive BARRIER=1'
}
it everything_about_the_socket 'the container has a socket of its own, for any user, and no more than that'

in_a_user_namespace() {
	manager
	chmod 755 "$WORK" "$HARNESS_TMP"
	service 'ready; cat /proc/self/uid_map | wc -l'
	config "$USER_NAMESPACE"
	mkdir -p "$ROOTFS/run/notify"
	ok run c1
	equal "$OUT" 1
	hears 'alive READY=1
alive BARRIER=1'
}
it in_a_user_namespace 'it works in a user namespace'

no_service_manager() {
	unset NOTIFY_SOCKET
	config '.process.args = ["sh", "-c", "env; grep -c notify /proc/self/mountinfo"]'
	hull run c1
	lacks "$OUT" NOTIFY_SOCKET
	has "$OUT" '
0'
}
it no_service_manager 'without $NOTIFY_SOCKET there is no socket'

manager_is_gone() {
	service 'ready; sleep 1000'
	NOTIFY_SOCKET=$WORK/nobody hull run --detach c1
	equal "$RC" 0
	has "$ERR" "nobody learns that the container is ready: connect: NOTIFY_SOCKET=$WORK/nobody: No such"
	for address in relative @ '' "/$(printf '%0200d' 0)"; do
		[ -z "$address" ] || {
			NOTIFY_SOCKET=$address fails 1 create c2
			has "$ERR" "NOTIFY_SOCKET=$address: neither an absolute path nor @name, or too long"
		}
	done
	missing "$STATE/c2"
}
it manager_is_gone 'a service manager that is gone is a warning, an address that cannot be one is an error'

start_is_killed() {
	manager
	service 'echo up > /tmp/up; while ! test -e /tmp/go; do sleep 0.05; done; ready; sleep 1000'
	ok create c1
	(cd "$BUNDLE" && exec "$HULL" --root "$STATE" start c1) &
	start=$!
	eventually test -s "$ROOTFS/tmp/up"
	kill -9 "$start"
	touch "$ROOTFS/tmp/go"
	ok state c1
	equal "$(echo "$OUT" | jq -r .status)" running
	ok delete --force c1
	missing "$STATE/c1"
}
it start_is_killed 'a start that is killed while it waits leaves a container that runs and can be deleted'

# ---- socket activation, --preserve-fds ------------------------------------------------------------

in_the_hosts_pid_namespace() {
	config '.process.args = ["sh", "-c", "echo $LISTEN_FDS $LISTEN_FDNAMES; test $LISTEN_PID = $$"]
		| .linux.namespaces -= [{"type": "pid"}]'
	equal "$(LISTEN_FDS=2 LISTEN_FDNAMES=web:db from_bundle "$HULL" --root "$STATE" run c1 \
		3< / 4< /)" '2 web:db'
}
it in_the_hosts_pid_namespace 'LISTEN_PID is the number of the program in its own pid namespace'

descriptors_that_are_not_open() {
	rc=0
	ERR=$(from_bundle "$HULL" --root "$STATE" run --preserve-fds 2 c1 2>&1 3< / 4<&-) || rc=$?
	equal "$rc $ERR" '1 hull: run c1: option --preserve-fds 2: descriptor 4 is not open'
	ERR=$(LISTEN_FDS=1 from_bundle "$HULL" --root "$STATE" create --preserve-fds 1 c1 2>&1 3<&- 4< /) || rc=$?
	equal "$rc $ERR" '1 hull: create c1: LISTEN_FDS=1: descriptor 3 is not open'
	ERR=$(from_bundle "$HULL" --root "$STATE" create --preserve-fds 4294967295 c1 2>&1 3<&-) || rc=$?
	has "$ERR" 'option --preserve-fds 4294967295: descriptor 3 is not open'
	missing "$STATE/c1"
	started c1
	ERR=$(from_bundle "$HULL" --root "$STATE" exec --preserve-fds 1 c1 true 2>&1 3<&-) || rc=$?
	equal "$rc $ERR" '255 hull: exec c1: option --preserve-fds 1: descriptor 3 is not open'
}
it descriptors_that_are_not_open 'a descriptor that is to be handed down and is not open is an error'

finish
