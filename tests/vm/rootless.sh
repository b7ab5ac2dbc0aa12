#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Without root: hull run by a user with subordinate ids and a user manager; below that, hull under
# podman run by that user.
# guest: full
# limit: 480
# shellcheck disable=SC2016,SC2034 # scripts of containers; what lib/clients.sh reads
systemctl start user@1000 # before the mount namespace of this script is made
CLIENT='podman --log-level error'
. "$(dirname "$0")/../lib/clients.sh"

TREE=/sys/fs/cgroup
MANAGER=/user.slice/user-1000.slice/user@1000.service

PLACE=$HARNESS_TMP/tester
rootfs_tar "$HARNESS_TMP/box.tar"
chmod 755 "$HARNESS_TMP"
install -d -o tester -g tester "$PLACE"
podman_conf "$HARNESS_TMP/containers.conf"

# as COMMAND...: as tester, in the cgroup of this test, which is root's.
as() {
	setpriv --reuid tester --regid tester --init-groups --inh-caps=-all env HOME=/home/tester \
		USER=tester XDG_RUNTIME_DIR=/run/user/1000 TMPDIR=/tmp \
		DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus \
		CONTAINERS_CONF="$HARNESS_TMP/containers.conf" "$@"
}

# ---- hull alone ---------------------------------------------------------------------------------

# hull ARG...: in the bundle, as tester.
hull() { out in_bundle "$HULL" "$@"; }
in_bundle() (cd "$BUNDLE" && as timeout -k 5 60 "$@")

ok() {
	hull "$@"
	ended_with 0 hull "$@"
}

# delegated ARG...: the same, in a scope of the user manager that has been delegated.
delegated() {
	out in_bundle systemd-run --user --scope --quiet -p Delegate=yes "$HULL" "$@"
	ended_with 0 hull "$@"
}

test_end() { as "$HULL" delete --force c1; }

config() {
	config_filter=$1
	shift
	jq "$@" "$config_filter" "$BUNDLE/config.json" > "$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# program SCRIPT: what runs in the container.
program() { config '.process.args = ["sh", "-c", $script]' --arg script "$1"; }

with_bundle() {
	BUNDLE=$PLACE/$1
	as mkdir -p "$BUNDLE/rootfs"
	as tar -C "$BUNDLE/rootfs" -xf "$HARNESS_TMP/box.tar"
	as mkdir -p "$BUNDLE/rootfs/proc" "$BUNDLE/rootfs/sys" "$BUNDLE/rootfs/dev"
	as chmod 1777 "$BUNDLE/rootfs/tmp"
	ok spec --rootless
	config '.process.terminal = false | .root.readonly = false'
}

maps_of_the_host() {
	with_bundle maps
	config '.linux.uidMappings += [{"containerID": 1, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings += [{"containerID": 1, "hostID": 100000, "size": 65536}]
		| .process.user = {"uid": 33, "gid": 33, "additionalGids": [44]}'
	program 'id -u; id -G; cat /proc/self/setgroups; touch /tmp/made'
	ok run c1
	equal "$OUT" "33
33 44
allow"
	equal "$(stat -c %u:%g "$BUNDLE/rootfs/tmp/made")" 100032:100032
	program 'exec sleep 1000'
	ok run --detach c1
	ok exec --user 7 c1 id -u
	equal "$OUT" 7
	ok delete --force c1
	config '.linux.uidMappings[1].hostID = 500000'
	hull run c1
	equal "$RC" 1
	has "$ERR" 'newuidmap refused the map'
	has "$ERR" 'not allowed'
}
it maps_of_the_host 'subordinate ids are mapped by newuidmap and newgidmap, and others refused'

limits_where_delegated() {
	with_bundle limits
	config '.linux.resources = {"memory": {"limit": 33554432, "swap": 33554432}, "pids": {"limit": 20},
		"cpu": {"quota": 50000, "period": 100000}}'
	program 'exec sleep 1000'
	hull run --detach c1
	equal "$RC" 1
	has "$ERR" 'is not delegated to uid 1000'
	has "$ERR" 'systemd-run --user --scope -p Delegate=yes'
	delegated run --detach c1
	ok state c1
	group=$TREE$(sed 's/.*:://' "/proc/$(echo "$OUT" | jq .pid)/cgroup")
	has "$group" "$MANAGER/app.slice/run-"
	has "$group" .scope/hull-c1
	equal "$(cat "$group/memory.max" "$group/pids.max" "$group/cpu.max" | xargs)" \
		'33554432 20 50000 100000'
	delegated update --pids-limit 30 c1
	equal "$(cat "$group/pids.max")" 30
	ok ps --format json c1
	equal "$(echo "$OUT" | jq length)" 1
	ok pause c1
	equal "$(cat "$group/cgroup.freeze")" 1
	ok resume c1
	delegated exec c1 cat /proc/self/cgroup
	equal "$OUT" 0::/
	hull exec c1 true
	equal "$RC" 255
	has "$ERR" 'cannot go from this cgroup to that of the container'
	ok delete --force c1
	missing "$group"
}
it limits_where_delegated 'limits hold in a delegated cgroup, and are refused without'

out_of_memory() {
	with_bundle oom
	config '.linux.resources.memory = {"limit": 16777216, "swap": 16777216}'
	program 'dd if=/dev/zero of=/dev/null bs=64M count=1; echo $?'
	delegated run c1
	equal "$OUT" 137
}
it out_of_memory 'the limit of memory is enforced'

scope_of_the_user_manager() {
	with_bundle scope
	config '.linux.resources = {"memory": {"limit": 33554432}, "pids": {"limit": 20}}'
	program 'exec sleep 1000'
	ok --systemd-cgroup run --detach c1
	ok --systemd-cgroup state c1
	group=$TREE$(sed 's/.*:://' "/proc/$(echo "$OUT" | jq .pid)/cgroup")
	has "$group" "$MANAGER"
	equal "$(cat "$group/memory.max" "$group/pids.max" | xargs)" '33554432 20'
	ok --systemd-cgroup delete --force c1
	missing "$group"
}
it scope_of_the_user_manager '--systemd-cgroup makes a scope of the user manager'

# What a hook would not get with no_new_privs, on a nosuid mount or in a user namespace.
set_uid_hooks() {
	with_bundle hooks
	cat > "$PLACE/hook" <<- END
		#!/bin/sh
		cat > /dev/null
		echo "\$1 \$(sudo -n id -u) \$(id -un) \$(readlink /proc/self/ns/user)" >> $PLACE/ran
	END
	chmod 755 "$PLACE/hook"
	config '.hooks = (["prestart", "createRuntime", "poststart", "poststop"] |
		map({(.): [{path: $hook, args: ["hook", .], env: [$path]}]}) | add)
		| .linux.resources = {"pids": {"limit": 20}}' \
		--arg hook "$PLACE/hook" --arg path "PATH=$PATH"
	program true
	ours=$(readlink /proc/self/ns/user)
	expected="prestart 0 tester $ours
createRuntime 0 tester $ours
poststart 0 tester $ours
poststop 0 tester $ours"
	: > "$PLACE/ran"
	chown tester "$PLACE/ran"
	delegated run c1
	equal "$(cat "$PLACE/ran")" "$expected"
	: > "$PLACE/ran"
	delegated create c1
	ok start c1
	ok delete --force c1
	equal "$(cat "$PLACE/ran")" "$expected"
}
it set_uid_hooks 'hooks of the runtime can use set-uid programs, with limits and without a terminal'

mounts_come_and_go() {
	with_bundle mounts
	config '.linux.uidMappings += [{"containerID": 1, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings += [{"containerID": 1, "hostID": 100000, "size": 65536}]'
	program 'exec sleep 1000'
	ok run --detach c1
	as mkdir -p "$PLACE/data"
	as touch "$PLACE/data/file"
	cat > "$PLACE/mounts.json" <<- END
		[{"destination": "/added", "type": "tmpfs", "options": ["size=64k"]},
		{"destination": "/data", "source": "$PLACE/data", "options": ["rbind", "ro"]}]
	END
	ok mounts add c1 "$PLACE/mounts.json"
	ok exec c1 sh -c 'stat -c %u /added /data/file; touch /added/new; touch /data/new 2>&1 || true'
	has "$OUT" '0
0
'
	has "$OUT" 'Read-only file system'
	ok mounts remove c1 "$PLACE/mounts.json"
	ok exec c1 cat /proc/mounts
	lacks "$OUT" ' /added '
	lacks "$OUT" ' /data '
}
it mounts_come_and_go 'mounts are added and removed without root'

# ---- podman -------------------------------------------------------------------------------------

CLIENT="as $CLIENT"
# Containers of a pod go only with it.
test_end() { $CLIENT rm --all --force --time 0 || $CLIENT pod rm --all --force --time 0; }

# timeout executes a program
client() { out as timeout -k 5 "${CLIENT_TIMEOUT:-90}" podman --log-level error "$@"; }
cd "$PLACE" || exit
as podman import --change CMD=/bin/sh "$HARNESS_TMP/box.tar" box > /dev/null 2>&1
as podman run --rm --network none box true # makes what podman keeps for all containers

stays() { does run -d --name c1 --network none "$@" box sleep 1000; }

podman_runs() {
	does run --rm --network none box sh -c 'id -u; tr -s " " < /proc/self/uid_map'
	equal "$OUT" "0
 0 1000 1
 1 100000 65536"
	ends 7 run --rm --network none box sh -c 'exit 7'
	ends 127 run --rm --network none box nosuchprogram
	has "$ERR" 'executable file not found in $PATH'
	does run --rm --network none --user 1000:1000 --cap-drop all --read-only box \
		sh -c 'id -u; touch /x 2>&1; grep CapEff /proc/self/status'
	has "$OUT" 1000
	has "$OUT" 'Read-only file system'
}
it podman_runs 'podman run: ids, exit status, errors'

# An end of the input may end podman's attachment before there is output.
podman_runs_at_a_terminal() {
	mkfifo "$WORK/in"
	exec 8<> "$WORK/in"
	STDIN=$WORK/in out as timeout 90 \
		script -qec "podman --log-level error run --rm -it --network none box tty" /dev/null
	equal "$RC" 0
	has "$OUT" /dev/pts/0
}
it podman_runs_at_a_terminal 'podman run -it has a terminal'

podman_executes() {
	stays
	does exec c1 cat /proc/1/comm
	equal "$OUT" sleep
	ends 3 exec c1 sh -c 'exit 3'
	does exec --user 5 c1 id -u
	equal "$OUT" 5
	does pause c1
	does inspect --format '{{.State.Status}}' c1
	equal "$OUT" paused
	does unpause c1
	does stop --time 0 c1
	does inspect --format '{{.State.Status}} {{.State.ExitCode}}' c1
	equal "$OUT" 'exited 137'
	does start c1
	does exec c1 true
}
it podman_executes 'podman exec, pause, unpause, stop, start'

SCOPES=$MANAGER/ SYSTEMCTL='as systemctl --user'
it podman_limits 'podman has limits in scopes of the user manager, update changes them, stats reads them'

podman_without_systemd() {
	takes_long
	does --cgroup-manager cgroupfs run -d --name c1 --network none box sleep 1000
	has "$(cgroup_of c1)" .scope/hull-
	does --cgroup-manager cgroupfs exec c1 echo hello
	equal "$OUT" hello
	ends 126 --cgroup-manager cgroupfs run --rm --memory 64m --network none box true
	has "$ERR" '.scope holds processes itself: +memory cannot be enabled'
}
it podman_without_systemd 'podman --cgroup-manager cgroupfs: limits are refused beside its own processes'

podman_without_cgroups() {
	takes_long
	stays --cgroups disabled
	[ "$(wc -l < "$(cgroup_of c1)/cgroup.procs")" -gt 1 ] || die "it is alone in $(cgroup_of c1)"
	does exec c1 echo hello
	equal "$OUT" hello
	ends 126 run --rm --cgroups disabled --memory 64m --network none box true
	has "$ERR" 'linux.resources.memory.limit: cannot be set'
}
it podman_without_cgroups 'podman --cgroups disabled makes none, and limits are refused'

podman_keeps_ids() {
	takes_long
	does run --rm --network none --userns keep-id --volume "$PLACE:/v" box \
		sh -c 'id -u; stat -c %u /v; touch /v/kept'
	equal "$OUT" "1000
1000"
	equal "$(stat -c %U "$PLACE/kept")" tester
	does run --rm --network host --volume /etc/hostname:/h:ro box sh -c 'cat /h; ls /sys/class/net'
	has "$OUT" lo
}
it podman_keeps_ids 'podman run --userns keep-id and nomap, --network host, volumes'

it checks_health 'podman health checks'
it makes_pods 'podman pods share their namespaces'
it plays_kube 'podman play kube, and --down'
it podman_builds 'podman build runs its steps with hull'

podman_has_networks() {
	takes_long
	does run --rm --network slirp4netns box ip -4 -o addr show tap0
	has "$OUT" 'inet 10.0.2.'
}
it podman_has_networks 'podman brings a network of its own through slirp4netns'

finish
