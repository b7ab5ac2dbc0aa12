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
	chroot "$HARNESS_TMP/box" /bin/busybox --install -s /bin
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
	AT_ONCE='--time 0' # else podman waits ten seconds for who does not heed SIGTERM
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

# Of a program that is gone at once podman may show nothing, although conmon has its output: with crun, too.
runs_at_a_terminal() {
	at_terminal run --rm -it --network none box sh -c "'test -t 0 && tty; sleep 0.5'"
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

# cgroup_of NAME: of a container.
cgroup_of() {
	does inspect --format '{{.State.Pid}}' "$1"
	sed 's/.*::/\/sys\/fs\/cgroup/' "/proc/$OUT/cgroup"
}

# ---- what podman can do, as root and without --------------------------------------------------------

# $SCOPES is where its cgroups are, $SYSTEMCTL asks who makes them.
podman_limits() {
	stays --memory 64m --cpus 0.5 --pids-limit 50
	group=$(cgroup_of c1)
	has "$group" "$SCOPES"
	has "$group" .scope
	equal "$(cat "$group/memory.max" "$group/pids.max" "$group/cpu.max" | xargs)" '67108864 50 50000 100000'
	does update --memory 96m c1
	equal "$(cat "$group/memory.max")" 100663296
	does stats --no-stream --format json c1
	has "$OUT" '"pids": "1"'
	does rm --force --time 0 c1
	missing "$group"
	equal "$($SYSTEMCTL list-units --all --plain --no-legend '*libpod*.scope' | wc -l)" 0
}

checks_health() {
	stays --health-cmd 'test -e /tmp/well' --health-interval disable
	ends 1 healthcheck run c1
	does exec c1 touch /tmp/well
	does healthcheck run c1
}

# shellcheck disable=SC2016
makes_pods() {
	names='hostname; readlink /proc/self/ns/ipc; readlink /proc/self/ns/net'
	does pod create --name p1 --network none
	does run -d --pod p1 --name c1 box sleep 1000
	does run --rm --pod p1 box sh -c "$names"
	inside=$OUT
	does exec c1 sh -c "$names"
	equal "$OUT" "$inside"
	does pod rm --force --time 0 p1
}

plays_kube() {
	cat > "$WORK/pod.yaml" <<-YAML
		apiVersion: v1
		kind: Pod
		metadata: {name: k1}
		spec:
		  hostNetwork: true
		  containers:
		  - name: c
		    image: localhost/box
		    imagePullPolicy: Never
		    command: [sleep, "1000"]
		    resources: {limits: {memory: 64Mi}}
	YAML
	does play kube "$WORK/pod.yaml"
	does exec k1-c cat /proc/1/comm
	equal "$OUT" sleep
	equal "$(cat "$(cgroup_of k1-c)/memory.max")" 67108864
	does play kube --down "$WORK/pod.yaml"
}

# The step sees itself as the first process; the log is hull's.
podman_builds() {
	printf 'FROM localhost/box\nRUN echo made > /made && test $(cat /proc/1/comm) = sh\nCMD cat /made\n' \
		> "$WORK/Containerfile"
	: > "$WORK/hull.log"
	chmod 666 "$WORK/hull.log"
	does build --runtime-flag "log=$WORK/hull.log" --runtime-flag log-level=debug --network none --tag built "$WORK"
	does run --rm --network none built
	equal "$OUT" made
	does rmi built
	has "$(cat "$WORK/hull.log")" 'seccomp: '
}

# ---- around each test -----------------------------------------------------------------------------

test_begin() { :; }

# No test leaves a container to the next one.
test_end() {
	client_left=$($CLIENT ps --all --quiet)
	# shellcheck disable=SC2086 # a list of words
	[ -z "$client_left" ] || $CLIENT rm --force ${AT_ONCE:-} $client_left
}
