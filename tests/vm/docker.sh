#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docker with hull as its runtime, by path, as README.md says; systemd's cgroups, as docker has it by
# default.
# guest: full
# limit: 500
# shellcheck disable=SC2016,SC2034
CLIENT=docker
. "$(dirname "$0")/../lib/clients.sh"
. "$(dirname "$0")/../lib/manual.sh"
extract hull.8

# A daemon of our own: hull is its runtime as hull(8) says; no networks, no firewall, its state with the
# tests.
version=$(dockerd --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')

daemon_start() { # DEFAULT-RUNTIME
	shim=
	echo 'SystemdCgroup = true' > "$HARNESS_TMP/shim.toml"
	[ "$version" -lt 23 ] || shim="\"hull-shim\": { \"runtimeType\": \"io.containerd.hull.v2\",
		\"options\": { \"ConfigPath\": \"$HARNESS_TMP/shim.toml\" } }"
	cat "$EXAMPLES/hull.8/"*.docker - <<-JSON | jq -s '.[0] * .[1]' > "$HARNESS_TMP/daemon.json"
		{ "runtimes": { $shim }, "default-runtime": "$1",
		  "data-root": "$HARNESS_TMP/docker", "exec-root": "$HARNESS_TMP/exec",
		  "pidfile": "$HARNESS_TMP/docker.pid", "hosts": ["unix://$HARNESS_TMP/docker.sock"],
		  "bridge": "none", "iptables": false, "ip6tables": false, "live-restore": true,
		  "experimental": true }
	JSON
	export DOCKER_HOST="unix://$HARNESS_TMP/docker.sock"
	dockerd --config-file "$HARNESS_TMP/daemon.json" > "$HARNESS_TMP/dockerd.log" 2>&1 &
	for _ in $(seq 120); do
		docker version > /dev/null 2>&1 && return
		sleep 0.5
	done
	echo "Bail out! dockerd does not start: $(tail -n 3 "$HARNESS_TMP/dockerd.log")"
	exit 1
}

daemon_stop() { # [SIGNAL]
	daemon=$(cat "$HARNESS_TMP/docker.pid")
	kill "-${1:-TERM}" "$daemon"
	for _ in $(seq 100); do
		[ -e "/proc/$daemon/exe" ] || return 0
		sleep 0.1
	done
}

daemon_start hull
rootfs_tar "$HARNESS_TMP/box.tar"
docker import --change 'CMD ["/bin/sh"]' "$HARNESS_TMP/box.tar" box > /dev/null
docker run --rm --network none box true # makes what docker keeps for all containers

it runs 'run: output, exit status, and the errors that docker knows'
it runs_at_a_terminal 'run -it has a terminal'
it executes 'exec, exec -it, top'

paused() {
	takes_long
	pauses
}
it paused 'pause and unpause'

limits() {
	stays --memory 64m --cpus 0.5 --pids-limit 50
	group=$(cgroup_of c1)
	has "$group" "system.slice/docker-"
	equal "$(cat "$group/memory.max")" 67108864
	equal "$(cat "$group/pids.max")" 50
	equal "$(cat "$group/cpu.max")" '50000 100000'
	does update --memory 96m --memory-swap 96m --pids-limit 60 c1
	equal "$(cat "$group/memory.max")" 100663296
	equal "$(cat "$group/pids.max")" 60
	does stats --no-stream --format '{{.PIDs}} {{.MemUsage}}' c1
	has "$OUT" '1 '
	has "$OUT" '/ 96MiB'
	does rm --force c1
	eventually test ! -e "$group"
}
it limits 'limits are in the scope of the container, update changes them, stats reads them'

# The Go shim listens only after the start: what is killed at once it does not hear of.
out_of_memory() {
	does run --name c1 --network none --memory 16m --memory-swap 16m box \
		sh -c 'sleep 1; dd if=/dev/zero of=/dev/null bs=64M count=1; test $? = 137 && sleep 2'
	does inspect --format '{{.State.OOMKilled}}' c1
	equal "$OUT" true
}
it out_of_memory 'a kill for lack of memory makes the container OOMKilled'

restarts() {
	takes_long
	does run -d --name c1 --network none --restart on-failure:2 box sh -c 'echo once; exit 1'
	for _ in $(seq 60); do
		does inspect --format '{{.RestartCount}} {{.State.Status}}' c1
		[ "$OUT" != '2 exited' ] || break
		sleep 1
	done
	equal "$OUT" '2 exited'
	does logs c1
	equal "$OUT" "once
once
once"
}
it restarts 'restart policy on-failure'

builds() {
	mkdir "$WORK/context"
	printf 'FROM box\nRUN echo made > /made\nCMD cat /made\n' > "$WORK/context/Dockerfile"
	export DOCKER_BUILDKIT=0
	does build --network none --tag built "$WORK/context"
	does run --rm --network none built
	equal "$OUT" made
	does rmi built
}
it builds 'build runs its steps with hull'

protects() {
	takes_long
	ends 1 run --rm --network none --read-only box touch /x
	has "$ERR" 'Read-only file system'
	does run --rm --network none --cap-drop all --security-opt no-new-privileges box \
		grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status
	equal "$(echo "$OUT" | tr -s '\t\n' ' ')" 'CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 '
	does run --rm --network none --privileged --tmpfs /t --volume "$HARNESS_TMP:/v:ro" box \
		sh -c 'touch /t/x; test -e /v/box.tar; test -c /dev/fuse'
}
it protects 'read-only, capabilities, seccomp, privileged, volumes'

runs_by_the_shim() {
	[ "$version" -ge 23 ] || skip "docker $version knows no runtimeType"
	ends 7 run --rm --runtime hull-shim --network none box sh -c 'echo out; exit 7'
	equal "$OUT" out
	stays --runtime hull-shim --memory 64m
	pgrep -f 'containerd-shim-hull-v2 .*moby' > /dev/null || die 'the shim of hull does not run'
	does exec c1 cat /sys/fs/cgroup/memory.max
	equal "$OUT" 67108864
	does stop --time 0 c1
}
it runs_by_the_shim 'runtimeType: the shim of hull in place of the one for runc'

checkpoints() {
	takes_long
	does run -d --name c1 --network none box \
		sh -c 'id=$(cat /proc/sys/kernel/random/uuid); while :; do echo $id > /tmp/id; sleep 0.2; done'
	eventually tells_its_id
	before=$OUT
	does checkpoint create c1 one
	does checkpoint ls c1
	has "$OUT" one
	does inspect --format '{{.State.Status}}' c1
	equal "$OUT" exited
	does start --checkpoint one c1
	does exec c1 rm /tmp/id
	eventually tells_its_id
	equal "$OUT" "$before"
}
tells_its_id() {
	client exec c1 cat /tmp/id
	[ -n "$OUT" ]
}
it checkpoints 'checkpoint create and ls, start --checkpoint: the container goes on'

tells_its_version() {
	does info --format '{{.DefaultRuntime}} {{.RuncCommit.ID}}'
	has "$OUT" hull
}
it tells_its_version 'info names hull as the default runtime'

pid_of() { docker inspect --format '{{.State.Pid}}' "$1"; }
runs_as_another() { # NAME PID
	was=$2
	set -- "$(pid_of "$1")"
	[ "$1" != 0 ] && [ "$1" != "$was" ]
}

survives_the_daemon() {
	stays --restart unless-stopped
	does run -d --name always --network none --restart always box sleep 1000
	does run -d --name unless --network none --restart unless-stopped box sleep 1000
	before=$(pid_of always)
	kill -KILL "$before"
	eventually runs_as_another always "$before"
	does kill always unless
	eventually eval '[ "$(docker ps --quiet | wc -l)" = 1 ]'
	before=$(pid_of c1)
	daemon_stop KILL
	rm -f "$HARNESS_TMP/docker.pid"
	daemon_start runc
	equal "$(docker inspect --format '{{.State.Status}} {{.State.Pid}}' c1)" "running $before"
	does exec c1 true
	eventually runs_as_another always 0
	equal "$(docker inspect --format '{{.State.Status}}' unless)" exited
	kill -KILL "$before"
	eventually runs_as_another c1 "$before"
	does exec c1 true
}
it survives_the_daemon 'containers go on while dockerd dies, and come back as restart policies say'

runs_by_name() {
	does info --format '{{.DefaultRuntime}}'
	equal "$OUT" runc
	does run -d --runtime hull --name c1 --network none --memory 64m box sleep 1000
	equal "$("$HULL" --root "$HARNESS_TMP/exec/runtime-runc/moby" list --quiet)" \
		"$(docker inspect --format '{{.Id}}' c1)"
	ends 3 exec c1 sh -c 'exit 3'
	does stop --time 0 c1
}
it runs_by_name 'run --runtime hull, where another runtime is the default'
daemon_stop
finish
