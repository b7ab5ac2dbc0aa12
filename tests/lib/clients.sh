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
# shellcheck disable=SC2086 # a list of words
client() { out timeout -k 5 "${CLIENT_TIMEOUT:-90}" $CLIENT "$@"; }

# does ARG...: and it must succeed.
does() { ends 0 "$@"; }

# ends RC ARG...: it must end with that status.
ends() {
	client_expected=$1
	shift
	client "$@"
	ended_with "$client_expected" "$CLIENT" "$@"
}

# at_terminal ARG...: the same, with a terminal as standard descriptors.
at_terminal() {
	out timeout -k 5 "${CLIENT_TIMEOUT:-90}" script -qec "$CLIENT $*" /dev/null
	OUT=$(sed 's/\^@//; s/\r$//' "$WORK/out") # script shows the end of its own input as ^@
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

# podman_conf FILE: podman's configuration with hull as its runtime, as README.md says.
podman_conf() {
	cat > "$1" <<-CONF
		[engine]
		runtime = "hull"
		runtime_supports_json = ["hull"]
		runtime_supports_nocgroup = ["hull"]
		[engine.runtimes]
		hull = ["$HULL"]
	CONF
}

# podman_begin: podman as root, with the image.
podman_begin() {
	export CONTAINERS_CONF="$HARNESS_TMP/containers.conf"
	podman_conf "$CONTAINERS_CONF"
	rootfs_tar "$HARNESS_TMP/box.tar"
	podman import --change CMD=/bin/sh "$HARNESS_TMP/box.tar" box > /dev/null 2>&1
	podman run --rm --network none box true # makes what podman keeps for all containers
	# podman mounts it over itself, and undoes that some time later.
	HARNESS_FOREIGN_MOUNT=/var/lib/containers/storage/overlay
}

# ---- what every client can do ---------------------------------------------------------------------

runs() {
	does run --rm --network none box sh -c 'echo out; echo err >&2'
	equal "$OUT" out
	equal "$ERR" err
	ends 7 run --rm --network none box sh -c 'exit 7'
	ends 127 run --rm --network none box nosuchprogram
	# shellcheck disable=SC2016
	has "$ERR" 'executable file not found in $PATH'
	ends 126 run --rm --network none box /etc
}

runs_at_a_terminal() {
	at_terminal run --rm -it --network none box sh -c "'test -t 0 && tty'"
	equal "$RC" 0
	equal "$OUT" /dev/pts/0
}

# stays [OPTION...]: c1 runs, with these options.
# shellcheck disable=SC2120 # the options come from the scripts
stays() { does run -d --name c1 --network none "$@" box sleep 1000; }

executes() {
	stays
	does exec c1 cat /proc/1/comm
	equal "$OUT" sleep
	ends 3 exec c1 sh -c 'exit 3'
	at_terminal exec -it c1 tty
	equal "$OUT" /dev/pts/0
	# shellcheck disable=SC2016
	does exec --user 1000:1000 --workdir /tmp --env A=b c1 sh -c 'id -u; pwd; echo $A'
	equal "$OUT" "1000
/tmp
b"
	does top c1
	has "$OUT" 'sleep 1000'
}

pauses() {
	stays
	does pause c1
	does inspect --format '{{.State.Status}}' c1
	equal "$OUT" paused
	does unpause c1
	does exec c1 true
}

# ---- around each test -----------------------------------------------------------------------------

test_begin() { :; }

# No test leaves a container to the next one.
test_end() {
	client_left=$($CLIENT ps --all --quiet)
	# shellcheck disable=SC2086 # a list of words
	[ -z "$client_left" ] || $CLIENT rm --force $client_left
}
