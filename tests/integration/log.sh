#!/bin/sh
# shellcheck disable=SC2317
# SPDX-License-Identifier: Apache-2.0
# Where the log goes: a file, journald, syslog. The daemons are stand-ins in a mount namespace of the
# test's own; with the real ones: tests/vm/events.sh.
. "$(dirname "$0")/../lib/harness.sh"

# Our /run and /dev for a while: with no log daemon.
private_places() {
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs "$WORK/run"
	for node in null zero full urandom; do cp -a "/dev/$node" "$WORK/run/"; done
	mkdir -p "$WORK/run/shm" "$WORK/run/pts" /run/systemd/journal
	mount --move "$WORK/run" /dev
}

# with_daemon SOCKET COMMAND...: what the daemon was sent is then in $WORK/datagrams.
with_daemon() {
	private_places
	rm -f "$WORK/datagrams"
	python3 "$HARNESS_LIB/datagrams.py" "$1" "$WORK/datagrams" &
	daemon=$!
	eventually grep -qs ready "$WORK/datagrams"
	shift
	"$@"
	kill "$daemon"
	wait "$daemon" || true
	umount /dev /run
}

log_file() {
	fails 1 --log "file:$WORK/log" --log-format json state nobody
	equal "$(jq -r .level "$WORK/log")" error
	has "$(jq -r .msg "$WORK/log")" 'state nobody: container does not exist'
	has "$ERR" 'state nobody: container does not exist'
}
it log_file '--log file:PATH is a file'

log_journald() {
	with_daemon /run/systemd/journal/socket fails 1 --log journald:box --log-format json state nobody
	has "$ERR" 'container does not exist'
	datagram=$(sed 1d "$WORK/datagrams")
	message='state nobody: container does not exist'
	length=$(printf '\\x%02x' ${#message} | sed 's/\\x26/\&/') # as Python shows it
	equal "$datagram" "b'PRIORITY=3\\nSYSLOG_IDENTIFIER=box\\nMESSAGE\\n$length\\x00\\x00\\x00\\x00\\x00\\x00\\x00$message\\n'"
}
it log_journald '--log journald:ID speaks to journald'

log_syslog() {
	with_daemon /dev/log fails 1 --log syslog:box state nobody
	sed 1d "$WORK/datagrams" |
		grep -qE "^b'<27>[A-Z][a-z]{2} [ 0-9]{2} [0-9:]{8} box\[[0-9]+\]: state nobody: container does not exist'$" ||
		die "$(cat "$WORK/datagrams")"
}
it log_syslog '--log syslog:ID speaks to syslog'

warning_and_level() {
	config '.process.capabilities |= map_values(["CAP_KILL", "CAP_TO_FLY"])'
	with_daemon /dev/log ok --log syslog:box run c1
	has "$(cat "$WORK/datagrams")" '<28>'
	with_daemon /dev/log ok --log syslog:box --log-level error run c1
	equal "$(cat "$WORK/datagrams")" ready
}
it warning_and_level 'priorities are those of the levels; --log-level drops what is less important'

nobody_there() {
	private_places
	for target in journald:box syslog:box; do
		fails 1 --log "$target" list
		has "$ERR" "log $target: No such file or directory"
	done
	umount /dev /run
	for target in journald: syslog: 'syslog:two words' "file:$WORK/none/log"; do
		fails 1 --log "$target" list
		has "$ERR" "log $target: "
	done
}
it nobody_there 'a log that cannot be opened is an error'

finish
