# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# For tests that go through a client of hull's (podman, docker): an image of busybox without a
# registry, and what a command says and how it ends. Sourced by tests/vm/*.sh.
#
#	CLIENT='podman --runtime hull'
#	. "$(dirname "$0")/../lib/clients.sh"
#	it_prints_what_the_container_prints() {
#		does run --rm box echo hello
#		equal "$OUT" hello
#	}

. "$(dirname "$0")/../lib/sentences.sh"

HULL=${HULL:-$(command -v hull)}

# client ARG...: runs $CLIENT; $RC, $OUT, $ERR tell. A hang is a failure.
client() {
	RC=0
	# shellcheck disable=SC2086 # a list of words
	timeout -k 5 "${CLIENT_TIMEOUT:-90}" $CLIENT "$@" > "$WORK/out" 2> "$WORK/err" \
		< "${STDIN:-/dev/null}" || RC=$?
	OUT=$(cat "$WORK/out") ERR=$(cat "$WORK/err")
}

# does ARG...: and it must succeed.
does() {
	client "$@"
	[ "$RC" = 0 ] || die "$CLIENT $*: exit status $RC: $ERR"
}

# ends RC ARG...: it must end with that status.
ends() {
	client_rc=$1
	shift
	client "$@"
	[ "$RC" = "$client_rc" ] || die "$CLIENT $*: exit status $RC instead of $client_rc: $ERR"
}

# at_terminal ARG...: the same, with a terminal as standard descriptors.
at_terminal() {
	RC=0
	timeout -k 5 "${CLIENT_TIMEOUT:-90}" script -qec "$CLIENT $*" /dev/null > "$WORK/out" \
		2> "$WORK/err" < /dev/null || RC=$?
	# script shows the end of its own input as ^@
	OUT=$(sed 's/\^@//; s/\r$//' "$WORK/out") ERR=$(cat "$WORK/err")
}

# rootfs_tar FILE: the root file system of the image "box": busybox, all its applets.
rootfs_tar() {
	mkdir -p "$HARNESS_TMP/box/bin" "$HARNESS_TMP/box/tmp" "$HARNESS_TMP/box/etc"
	cp "$(command -v busybox)" "$HARNESS_TMP/box/bin/busybox"
	busybox --list | grep -vx busybox | sed "s|^|$HARNESS_TMP/box/bin/|" |
		xargs -n 1 ln -s busybox
	echo 'root:x:0:0:root:/root:/bin/sh' > "$HARNESS_TMP/box/etc/passwd"
	echo 'root:x:0:' > "$HARNESS_TMP/box/etc/group"
	chmod 1777 "$HARNESS_TMP/box/tmp"
	tar -C "$HARNESS_TMP/box" --owner 0 --group 0 -cf "$1" .
}

test_begin() { :; }

# No test leaves a container to the next one.
test_end() {
	client_left=$($CLIENT ps --all --quiet)
	# shellcheck disable=SC2086 # a list of words
	[ -z "$client_left" ] || $CLIENT rm --force $client_left
}
