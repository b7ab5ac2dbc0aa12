#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman, as root, with hull as its runtime: systemd's cgroups, as podman has it by default.
# guest: full
# shellcheck disable=SC2016,SC2034
# limit: 300
CLIENT='podman --log-level error'
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/manual.sh"

podman_begin

# ---- running --------------------------------------------------------------------------------------

it runs 'run: output, exit status, and the errors that podman knows'
it runs_at_a_terminal 'run -it has a terminal'
it executes 'exec, exec -it, top'
it pauses 'pause and unpause'

stops_and_starts() {
	does run -d --name c1 --network none box sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
	does stop c1
	does inspect --format '{{.State.Status}} {{.State.ExitCode}}' c1
	equal "$OUT" 'exited 5'
	does start c1
	does kill --signal KILL c1
	does wait c1
	equal "$OUT" 137
	does rm c1
}
it stops_and_starts 'stop, start, kill, wait, rm'

as_the_manual_says() {
	extract hull.8
	does tag box alpine
	out sh -e "$EXAMPLES/hull.8/"*.podman
	equal "$RC $OUT" '0 hello'
	does rmi alpine
	umount /run/netns # podman keeps it mounted over itself
}
it as_the_manual_says 'the example of hull(8) works, with a network of podman'

# ---- limits ---------------------------------------------------------------------------------------

SCOPES=/machine.slice/ SYSTEMCTL=systemctl
it podman_limits 'limits are in the scope of the container, update changes them, stats reads them'

out_of_memory() {
	ends 137 run --rm --network none --memory 16m --memory-swap 16m box \
		dd if=/dev/zero of=/dev/null bs=64M count=1
}
it out_of_memory 'a program over its memory limit is killed'

without_systemd() {
	takes_long
	CLIENT="$CLIENT --cgroup-manager cgroupfs"
	does run --rm --network none --memory 64m box cat /sys/fs/cgroup/memory.max
	equal "$OUT" 67108864
	does run --rm --network none --cgroups disabled box echo hello
	equal "$OUT" hello
}
it without_systemd 'cgroup managers cgroupfs and disabled'

# ---- protection -----------------------------------------------------------------------------------

protects() {
	takes_long
	ends 1 run --rm --network none --read-only box touch /x
	has "$ERR" 'Read-only file system'
	does run --rm --network none --cap-drop all --security-opt no-new-privileges box \
		grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status
	equal "$(echo "$OUT" | tr -s '\t\n' ' ')" 'CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 '
	does run --rm --network none --uidmap 0:100000:1000 --gidmap 0:100000:1000 box \
		cat /proc/self/uid_map
	equal "$(echo "$OUT" | tr -s ' ')" ' 0 100000 1000'
	does run --rm --network none --tmpfs /t --volume "$HARNESS_TMP:/v:ro" --device /dev/fuse box \
		sh -c 'touch /t/x; test -e /v/box.tar; test -c /dev/fuse'
}
it protects 'read-only, capabilities, seccomp, user namespaces, volumes, devices'

# ---- more than one --------------------------------------------------------------------------------

it checks_health 'health checks'
it makes_pods 'pods share their namespaces'
it plays_kube 'play kube, and --down'
it podman_builds 'build runs its steps with hull'

tells_its_version() {
	does info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Version}}'
	has "$OUT" 'hull hull version'
}
it tells_its_version 'info names hull and its version'

finish
