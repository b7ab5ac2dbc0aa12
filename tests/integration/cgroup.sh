#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Control groups (config-linux.md; rows F8, F10-F13, F22) and what works by them: pause, ps, kill,
# devices. What is written for each limit is the matter of the unit tests.
. "$(dirname "$0")/../lib/harness.sh"

TREE=$(cgroup_tree)

state_of() { "$HULL" --root "$STATE" state "$1" | jq -r "$2"; }
# The group of a process, as it is seen from here.
cgroup_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }
path() { config '.linux.cgroupsPath = $path' --arg path "$1"; }
drop_namespace() { config '.linux.namespaces |= map(select(.type != $type))' --arg type "$1"; }

# refused FILTER TEXT: config.json with this change is refused, and nothing of the container is there.
refused() {
	cp "$BUNDLE/config.json" "$WORK/good.json"
	config "$1"
	find "$TREE" -type d > "$WORK/groups"
	hull create bad
	[ "$RC" = 1 ] || die "$1: exit status $RC instead of 1: $ERR"
	has "$ERR" "$2"
	missing "$STATE/bad"
	equal "$(find "$TREE" -type d -name '*bad*')" ''
	mv "$WORK/good.json" "$BUNDLE/config.json"
}

# group NAME: a group of the test's own, until it ends.
group() {
	mkdir "$TREE/$1"
	GROUPS_MADE="$1 ${GROUPS_MADE:-}"
	trap 'remove_groups' EXIT
}
remove_groups() {
	for made in $GROUPS_MADE; do
		[ ! -d "$TREE/$made" ] || find "$TREE/$made" -depth -type d -exec rmdir {} \;
	done
}

# ---- the group --------------------------------------------------------------------------------------

paths() {
	group hull-paths
	for wanted in /hull-paths/absolute hull-paths/relative /hull-paths//un/./clean/; do
		clean=/$(echo "$wanted" | sed 's|/\./|/|g; s|//*|/|g; s|^/||; s|/$||')
		path "$wanted"
		started c1
		equal "$(cgroup_of "$PID")" "$clean"
		equal "$(cat "$TREE$clean/cgroup.procs")" "$PID"
		ok delete --force c1
		missing "$TREE$clean"
	done
}
it paths 'the group is where cgroupsPath says, from the root of the tree'

no_path() {
	started c1
	equal "$(cgroup_of "$PID")" /hull-c1
	ok delete --force c1
	path ''
	started c2
	equal "$(cgroup_of "$PID")" /hull-c2
}
it no_path 'without cgroupsPath the group is named after the container'

wrong_paths() {
	refused '.linux.cgroupsPath = "/a/../.."' linux.cgroupsPath
	refused '.linux.cgroupsPath = "../bad"' linux.cgroupsPath
	refused '.linux.cgroupsPath = "/"' linux.cgroupsPath
	refused '.linux.cgroupsPath = "system.slice:hull:bad"' --systemd-cgroup
	refused '.linux.cgroupsPath = 5' linux.cgroupsPath
}
it wrong_paths 'a cgroupsPath that leads out of the tree, to its root or nowhere is refused'

namespace_root() {
	path /hull-ns/c
	group hull-ns
	inside 'grep ^0: /proc/self/cgroup; ls /sys/fs/cgroup/cgroup.procs; head -n 1 /sys/fs/cgroup/cgroup.procs
		mkdir /sys/fs/cgroup/x 2> /dev/null || echo read-only'
	equal "$(echo "$OUT" | xargs)" '0::/ /sys/fs/cgroup/cgroup.procs 1 read-only'
	drop_namespace cgroup
	inside 'grep ^0: /proc/self/cgroup; head -n 1 /sys/fs/cgroup/cgroup.procs'
	equal "$(echo "$OUT" | xargs)" '0::/hull-ns/c 1'
}
it namespace_root 'the container sees its own group as the root of the tree, and nothing above'

nested_groups() {
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	config '.process.args = ["sh", "-c", "cd /sys/fs/cgroup; mkdir -p a/b c; sleep 999 & echo $! > a/b/cgroup.procs
		echo up > /tmp/up; exec sleep 1000"]'
	ok create c1
	ok start c1
	eventually test -e "$ROOTFS/tmp/up"
	equal "$(wc -l < "$TREE/hull-c1/a/b/cgroup.procs")" 1
	ok ps --format json c1
	equal "$(echo "$OUT" | jq length)" 2
	ok delete --force c1
	missing "$TREE/hull-c1"
}
it nested_groups 'groups that the container made are removed with all that is in them'

# The init of a PID namespace ends after its children, and those that are traced after the tracer has seen it.
held_by_a_tracer() {
	config '.process.args = ["sh", "-c", "sleep 1000 & wait"]'
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	eventually pgrep -P "$(cat "$WORK/pid")" > "$WORK/child"
	child=$(cat "$WORK/child")
	python3 -c 'import ctypes, sys, time
ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0) # PTRACE_SEIZE
time.sleep(60)' "$child" &
	tracer=$!
	trap 'kill $tracer 2> /dev/null || :' EXIT
	eventually grep -qx "TracerPid:	$tracer" "/proc/$child/status"
	echo $tracer > "$TREE/hull-c1/cgroup.procs"
	ok delete --force c1
	gone $tracer
}
it held_by_a_tracer 'delete --force ends a container that a process of its cgroup keeps from ending'

groups_above() {
	group hull-above
	path /hull-above/made/too/c1
	started c1
	path /hull-above/made/c2
	ok create c2
	ok delete --force c1
	missing "$TREE/hull-above/made/too"
	exists "$TREE/hull-above/made/c2"
	mkdir "$TREE/hull-above/made/guest"
	ok delete --force c2
	exists "$TREE/hull-above/made/guest"
	rmdir "$TREE/hull-above/made/guest"
	ok create c2
	ok delete --force c2
	missing "$TREE/hull-above/made"
	exists "$TREE/hull-above"
}
it groups_above 'groups above, made for it, go with the last that is in them; others stay'

ownership() {
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)
		| .linux.namespaces += [{"type": "user"}] | .process.user.uid = 5
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	inside 'stat -c %u /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/cgroup.max.depth
		mkdir /sys/fs/cgroup/mine && echo made'
	equal "$(echo "$OUT" | xargs)" '5 5 65534 made'
}
it ownership 'a writable group belongs to the user of the program, as far as it is to be delegated'

group_in_use() {
	group hull-used
	sleep 1000 &
	pid=$!
	trap 'kill -KILL $pid 2> /dev/null || true; remove_groups' EXIT
	echo $pid > "$TREE/hull-used/cgroup.procs"
	refused '.linux.cgroupsPath = "/hull-used"' hull-used
	equal "$(cat "$TREE/hull-used/cgroup.procs")" $pid
	kill $pid
	wait $pid || true
	path /hull-used
	ok run c1
}
it group_in_use 'a group that holds processes is refused and left alone'

two_containers_in_one_group() {
	path /hull-both
	started c1
	fails 1 create c2
	has "$ERR" /hull-both
	missing "$STATE/c2"
	equal "$(cgroup_of "$PID")" /hull-both
	ok delete --force c2
	equal "$(state_of c1 .status)" running
}
it two_containers_in_one_group 'the group of one container is not given to another'

frozen_group() {
	group hull-frozen
	echo 1 > "$TREE/hull-frozen/cgroup.freeze"
	HULL_TIMEOUT=5
	export HULL_TIMEOUT
	refused '.linux.cgroupsPath = "/hull-frozen/c"' frozen
	refused '.linux.cgroupsPath = "/hull-frozen"' frozen
	missing "$TREE/hull-frozen/c"
}
it frozen_group 'a group that is frozen, or below one that is, is refused at once'

failed_create() {
	refused '.process.args = ["nosuch"] | .linux.cgroupsPath = "/hull-bad/x/bad"' nosuch
	missing "$TREE/hull-bad"
	group hull-kept
	refused '.process.args = ["nosuch"] | .linux.cgroupsPath = "/hull-kept/x/bad"' nosuch
	missing "$TREE/hull-kept/x"
	exists "$TREE/hull-kept"
}
it failed_create 'a create that fails leaves none of the groups that it made'

# ---- pause and resume -------------------------------------------------------------------------------

# A container that counts in /tmp/n.
counter() {
	config '.process.args = ["sh", "-c", "n=0; while :; do n=$((n + 1)); echo $n > /tmp/n; sleep 0.02; done"]'
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	PID=$(cat "$WORK/pid")
	eventually test -s "$ROOTFS/tmp/n"
}
counts_on() { [ "$(cat "$ROOTFS/tmp/n")" != "$1" ]; }

pause_and_resume() {
	counter
	fails 1 resume c1
	has "$ERR" 'not paused'
	ok pause c1
	equal "$(state_of c1 .status)" paused
	equal "$(state_of c1 .pid)" "$PID"
	ok list
	has "$OUT" paused
	count=$(cat "$ROOTFS/tmp/n")
	sleep 0.3
	equal "$(cat "$ROOTFS/tmp/n")" "$count"
	fails 1 pause c1
	fails 1 start c1
	fails 1 delete c1
	has "$ERR" 'cannot delete container c1 that is not stopped: paused'
	ok resume c1
	equal "$(state_of c1 .status)" running
	eventually counts_on "$count"
}
it pause_and_resume 'a paused container stands still until it is resumed, and says so'

pause_needs_processes() {
	ok create c1
	ok start c1
	eventually eval '[ "$(state_of c1 .status)" = stopped ]'
	fails 1 pause c1
	has "$ERR" 'container not running'
	fails 1 resume c1
	fails 1 pause nobody
	has "$ERR" 'container does not exist'
}
it pause_needs_processes 'only a container with processes can be paused'

kill_of_a_paused_container() {
	counter
	ok pause c1
	ok kill c1 KILL
	eventually eval '[ "$(state_of c1 .status)" = stopped ]'
	ok delete c1
}
it kill_of_a_paused_container 'a paused container can be killed'

delete_of_a_paused_container() {
	counter
	ok pause c1
	HULL_TIMEOUT=5
	export HULL_TIMEOUT
	ok delete --force c1
	gone "$PID"
	missing "$TREE/hull-c1"
}
it delete_of_a_paused_container 'a paused container can be deleted by force'

# ---- all processes ----------------------------------------------------------------------------------

processes() {
	config '.process.args = ["sh", "-c", "sleep 999 & exec sleep 1000"]'
	ok create --pid-file "$WORK/pid" c1
	ok ps -f json c1
	equal "$OUT" "[$(cat "$WORK/pid")]"
	ok start c1
	eventually eval '[ "$(wc -l < "$TREE/hull-c1/cgroup.procs")" = 2 ]'
	ok ps --format=json c1
	equal "$(echo "$OUT" | jq -r '.[]' | sort -n)" "$(sort -n "$TREE/hull-c1/cgroup.procs")"
	ok ps c1
	equal "$(echo "$OUT" | wc -l)" 3
	has "$(echo "$OUT" | head -n 1)" PID
	has "$OUT" 'sleep 999'
	lacks "$OUT" 'hull'
	ok ps c1 -o pid,args
	equal "$(echo "$OUT" | sed 1d | awk '{ $1 = ""; print }' | sort | xargs)" 'sleep 1000 sleep 999'
	ok kill c1 KILL
	eventually eval '[ "$(state_of c1 .status)" = stopped ]'
	fails 1 ps c1
}
it processes 'ps shows the processes of the container and no others, as a table or as JSON'

kill_all() {
	drop_namespace pid
	config '.process.args = ["sh", "-c", "sleep 999 & echo $! > /tmp/other; exec sleep 1000"]'
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	eventually test -s "$ROOTFS/tmp/other"
	ok kill c1 KILL
	eventually eval '[ "$(state_of c1 .status)" = stopped ]'
	other=$(cat "$ROOTFS/tmp/other")
	kill -0 "$other"
	ok kill --all c1 KILL
	eventually eval "( gone $other )"
	ok delete c1
}
it kill_all "kill --all reaches orphans in the caller's pid namespace"

kill_all_with_any_signal() {
	drop_namespace pid
	config '.process.args = ["sh", "-c", "for i in 1 2; do (trap \"echo $i >> /tmp/got; exit\" USR1
		echo up >> /tmp/up; while :; do sleep 0.05; done) & done; trap : USR1; echo up >> /tmp/up
		while :; do wait; done"]'
	ok create c1
	ok start c1
	eventually eval '[ "$(cat "$ROOTFS/tmp/up" 2> /dev/null | wc -l)" = 3 ]'
	ok kill --all c1 USR1
	eventually eval '[ "$(sort "$ROOTFS/tmp/got" 2> /dev/null | xargs)" = "1 2" ]'
	equal "$(state_of c1 .status)" running
}
it kill_all_with_any_signal 'kill --all sends any signal'

orphans_at_delete() {
	drop_namespace pid
	config '.process.args = ["sh", "-c", "trap \"\" TERM HUP; sleep 999 & echo $! > /tmp/other"]'
	ok create c1
	ok start c1
	eventually eval '[ "$(state_of c1 .status)" = stopped ]'
	other=$(cat "$ROOTFS/tmp/other")
	kill -0 "$other"
	ok delete c1
	gone "$other"
	missing "$TREE/hull-c1"
}
it orphans_at_delete 'delete ends what a container left running'

# ---- devices ----------------------------------------------------------------------------------------

# All capabilities, so that only the rules say no; a device is tried with a node made for it.
with_all_capabilities() {
	ok features
	config '.process.capabilities |= map_values($all)' --argjson all "$(echo "$OUT" | jq .linux.capabilities)"
}

# try TYPE MAJOR MINOR: "rw", "r", "w" or "-", what the rules allow; that there is no such device, or
# that it is busy, is another matter.
TRY='try() { rm -f /tmp/node; mknod /tmp/node $1 $2 $3 2> /dev/null || { echo no-node; return; }
	got=
	{ ( : < /tmp/node ) 2>&1 | grep -q "not permitted"; } || got=r
	{ ( : > /tmp/node ) 2>&1 | grep -q "not permitted"; } || got=${got}w
	echo ${got:--}; }
'

default_devices() {
	with_all_capabilities
	config 'del(.linux.resources)'
	inside "$TRY try c 1 3; try c 1 5; try c 1 7; try c 1 8; try c 1 9; try c 5 0 > /dev/null
		try c 1 11; try c 1 4; try c 10 229; try b 7 0; try b 259 0"
	equal "$(echo "$OUT" | xargs)" 'rw rw rw rw rw - - - - -'
}
it default_devices 'without rules only the devices that every container has can be opened'

devices_by_rules() {
	with_all_capabilities
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"},
		{"allow": true, "type": "c", "major": 1, "minor": 4, "access": "rw"},
		{"allow": false, "type": "c", "major": 1, "minor": 4, "access": "w"}]'
	inside "$TRY try c 1 11; try c 1 4; try c 1 3"
	equal "$(echo "$OUT" | xargs)" 'r r rw'
	ok features
	config '.process.args = ["sleep", "1000"]'
	ok run --detach c1
	ok exec c1 sh -c "$TRY try c 1 11; try c 10 229"
	equal "$(echo "$OUT" | xargs)" 'r -'
}
it devices_by_rules 'device rules apply in their order, for exec as well'

all_devices() {
	with_all_capabilities
	config '.linux.resources.devices = [{"allow": true, "access": "rwm"}]'
	inside "$TRY try c 1 11; try c 1 4"
	equal "$(echo "$OUT" | xargs)" 'rw rw'
	config '.linux.resources.devices = [{"allow": true, "access": "rwm"},
		{"allow": false, "type": "c", "major": 1, "access": "r"}]'
	inside "$TRY try c 1 4; try c 1 11"
	equal "$(echo "$OUT" | xargs)" 'w w'
}
it all_devices 'a rule can allow all devices, and wildcards stand for any number'

listed_devices() {
	with_all_capabilities
	config 'del(.linux.resources) | .linux.devices =
		[{"type": "c", "path": "/dev/mine", "major": 1, "minor": 11, "fileMode": 438}]'
	inside ': < /dev/mine && echo opened'
	equal "$OUT" opened
	config '.linux.resources.devices = [{"allow": false, "type": "c", "major": 1, "access": "r"}]'
	inside '( : < /dev/mine ) 2> /dev/null || echo refused'
	equal "$OUT" refused
}
it listed_devices 'a device that config.json lists can be opened, unless a rule denies it'

# ---- limits -----------------------------------------------------------------------------------------

missing_controllers() {
	tried=0
	while read -r controller where value; do
		! has_controller "$controller" || continue
		tried=$((tried + 1))
		refused ".$where = $value" "$where"
		has "$ERR" "controller $controller "
	done <<- 'END'
		memory linux.resources.memory.limit 33554432
		memory linux.resources.memory.reservation 33554432
		cpu linux.resources.cpu.shares 512
		cpu linux.resources.cpu.quota 50000
		cpuset linux.resources.cpu.cpus "0"
		pids linux.resources.pids.limit 10
		io linux.resources.blockIO.weight 100
		hugetlb linux.resources.hugepageLimits [{"pageSize":"2MB","limit":0}]
		rdma linux.resources.rdma {"mlx":{"hcaHandles":3}}
	END
	[ $tried -gt 0 ] || skip 'all controllers are there'
}
it missing_controllers 'a limit whose controller is missing is an error that names both, and leaves nothing'

values_that_mean_nothing() {
	config '.linux.resources += {"memory": {}, "cpu": {"shares": 0}, "blockIO": {"weight": 0},
		"hugepageLimits": [], "network": {}}'
	ok run c1
	config '.linux.resources += {"memory": {"limit": -1, "swap": -1}, "pids": {"limit": -1}}'
	ok run c1
}
it values_that_mean_nothing 'zeroes and "unlimited" of clients need no controller'

unified() {
	config '.linux.resources.unified = {"cgroup.max.depth": "3", "cgroup.max.descendants": "7"}'
	started c1
	equal "$(cat "$TREE/hull-c1/cgroup.max.depth" "$TREE/hull-c1/cgroup.max.descendants" | xargs)" '3 7'
	refused '.linux.resources.unified = {"../cgroup.freeze": "1"}' linux.resources.unified
	refused '.linux.resources.unified = {"no.such.file": "1"}' linux.resources.unified
	has_controller memory ||
		refused '.linux.resources.unified = {"memory.high": "1000000"}' 'controller memory '
}
it unified 'unified values are written as they are; other files and missing controllers are errors'

hugepages() {
	has_controller hugetlb || skip 'no controller hugetlb here'
	[ -e /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip 'no pages of 2 MB here'
	config '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
	started c1
	equal "$(cat "$TREE/hull-c1/hugetlb.2MB.max")" 4194304
	refused '.linux.resources.hugepageLimits[0].pageSize = "3MB"' linux.resources.hugepageLimits
}
it hugepages 'a limit whose controller is there is in force'

limits_without_a_conversion() {
	refused '.linux.resources.network = {"classID": 5}' linux.resources.network
	refused '.linux.resources.cpu.realtimeRuntime = 5' linux.resources.cpu.realtimeRuntime
	refused '.linux.resources.memory.swappiness = 101' linux.resources.memory.swappiness
	refused '.linux.resources.memory = {"swap": 5000000}' linux.resources.memory.swap
}
it limits_without_a_conversion 'limits that cgroup v2 does not have are errors'

update() {
	started c1
	while read -r controller option value; do
		! has_controller "$controller" || continue
		fails 1 update "--$option" "$value" c1
		has "$ERR" "controller $controller "
	done <<- 'END'
		memory memory 32M
		cpu cpu-quota 50000
		cpuset cpuset-cpus 0
		pids pids-limit 10
	END
	echo '{"memory": {"limit": 0, "reservation": 0, "kernel": 0}, "cpu": {}}' > "$WORK/zeroes.json"
	ok update --resources "$WORK/zeroes.json" c1
	echo '{"unified": {"cgroup.max.depth": "5"}}' > "$WORK/unified.json"
	STDIN=$WORK/unified.json hull update --resources - c1
	equal "$RC $ERR" '0 '
	equal "$(cat "$TREE/hull-c1/cgroup.max.depth")" 5
	fails 1 update --memory much c1
	fails 1 update --resources "$WORK/nosuch" c1
	fails 1 update --memory 32M nobody
	has "$ERR" 'container does not exist'
	equal "$(state_of c1 .status)" running
}
it update 'update changes limits; a missing controller is an error without effect'

update_from_a_file() {
	started c1
	echo '{"unified": {"cgroup.max.depth": "5"}}' > "$WORK/file.json"
	ok update --memory 32M --cpu-rt-period 1000 --l3-cache-schema L3:0=f -r "$WORK/file.json" c1
	equal "$(cat "$TREE/hull-c1/cgroup.max.depth")" 5
}
it update_from_a_file 'update with a file of limits ignores all other options'

update_without_a_conversion() {
	started c1
	fails 1 update --cpu-rt-period 1000000 c1
	has "$ERR" cpu.realtimePeriod
	fails 1 update --cpu-rt-runtime 5000 c1
	has "$ERR" cpu.realtimeRuntime
	ok update --kernel-memory 32M --kernel-memory-tcp -1 c1
	fails 1 update --kernel-memory much c1
}
it update_without_a_conversion 'update refuses real-time limits; those of kernel memory mean nothing, as in config.json'

# ---- who makes groups -------------------------------------------------------------------------------

no_groups() {
	cgroup_of self > "$WORK/ours"
	config '.process.args = ["sleep", "1000"]'
	ok --cgroup-manager disabled create --pid-file "$WORK/pid" c1
	ok start c1
	PID=$(cat "$WORK/pid")
	equal "$(cgroup_of "$PID")" "$(cat "$WORK/ours")"
	missing "$TREE/hull-c1"
	fails 1 pause c1
	has "$ERR" cgroup
	ok exec c1 true
	ok kill c1 KILL
	eventually gone "$PID"
	ok delete c1
	config '.linux.resources.pids.limit = 10'
	fails 1 --cgroup-manager disabled create c2
	has "$ERR" linux.resources.pids.limit
	missing "$STATE/c2"
}
it no_groups '--cgroup-manager disabled leaves the container in the group of its caller'

systemd_groups() {
	[ ! -e /run/systemd/private ] || skip 'systemd is running: tests/vm/systemd.sh'
	path system.slice:hull:c1
	for option in --systemd-cgroup --cgroup-manager=systemd; do
		fails 1 $option create c1
		has "$ERR" systemd
		missing "$STATE/c1"
	done
}
it systemd_groups 'without systemd its driver is refused, and nothing is left'

no_such_driver() {
	fails 1 --cgroup-manager nonsense create c1
	has "$ERR" nonsense
}
it no_such_driver 'a driver that does not exist is refused by name'

finish
