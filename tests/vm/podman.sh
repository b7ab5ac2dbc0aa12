#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman, as root, with hull as its runtime: systemd's cgroups, as podman has it by default.
# guest: full
# shellcheck disable=SC2016,SC2034
# limit: 300
CLIENT='podman --log-level error'
. "$(dirname "$0")/../lib/clients.sh"

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

# ---- limits ---------------------------------------------------------------------------------------

cgroup_of() { sed 's/.*::/\/sys\/fs\/cgroup/' "/proc/$(podman inspect --format '{{.State.Pid}}' "$1")/cgroup"; }

limits() {
	stays --memory 64m --cpus 0.5 --pids-limit 50
	group=$(cgroup_of c1)
	has "$group" .scope
	equal "$(cat "$group/memory.max")" 67108864
	equal "$(cat "$group/pids.max")" 50
	equal "$(cat "$group/cpu.max")" '50000 100000'
	does update --memory 96m c1
	equal "$(cat "$group/memory.max")" 100663296
	does stats --no-stream --format json c1
	has "$OUT" '"pids": "1"'
	does rm --force --time 0 c1
	missing "$group"
	equal "$(systemctl list-units --all --plain --no-legend '*libpod*.scope' | wc -l)" 0
}
it limits 'limits are in the scope of the container, update changes them, stats reads them'

out_of_memory() {
	ends 137 run --rm --network none --memory 16m --memory-swap 16m box \
		dd if=/dev/zero of=/dev/null bs=64M count=1
}
it out_of_memory 'a program over its memory limit is killed'

without_systemd() {
	CLIENT="$CLIENT --cgroup-manager cgroupfs"
	does run --rm --network none --memory 64m box cat /sys/fs/cgroup/memory.max
	equal "$OUT" 67108864
	does run --rm --network none --cgroups disabled box echo hello
	equal "$OUT" hello
}
it without_systemd 'cgroup managers cgroupfs and disabled'

# ---- protection -----------------------------------------------------------------------------------

protects() {
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

checks_health() {
	stays --health-cmd 'test -e /tmp/well' --health-interval disable
	ends 1 healthcheck run c1
	does exec c1 touch /tmp/well
	does healthcheck run c1
}
it checks_health 'health checks'

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
it makes_pods 'pods share their namespaces'

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
	does exec k1-c cat /proc/1/cmdline
	has "$OUT" 'sleep'
	does play kube --down "$WORK/pod.yaml"
}
it plays_kube 'play kube, and --down'

builds() {
	printf 'FROM localhost/box\nRUN echo made > /made && test $(cat /proc/1/comm) = sh\nCMD cat /made\n' \
		> "$WORK/Containerfile"
	does build --isolation oci --network none --tag built "$WORK"
	does run --rm --network none built
	equal "$OUT" made
	does rmi built
}
it builds 'build runs its steps with hull'

tells_its_version() {
	does info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Version}}'
	has "$OUT" 'hull hull version'
}
it tells_its_version 'info names hull and its version'

finish
