#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What needs a kernel and a machine of its own: two memory nodes, cpusets, id-mapped mounts of a disk's
# file system, network devices that cannot be moved.
# guest: mini
# limit: 300
. "$(dirname "$0")/../lib/harness.sh"

mounts() { config '.mounts += $new' --argjson new "$1"; }
userns() {
	config "$USER_NAMESPACE"
	chown -R 100000:100000 "$ROOTFS"
	chmod 755 "$HARNESS_TMP" "$WORK" "$BUNDLE"
}

# ---- scheduling, clocks, personality --------------------------------------------------------------

scheduler() {
	with_probe
	config '.process.args = ["probe", "sched"]'
	while read -r setting; do
		config '.process.scheduler = $s' --argjson s "${setting%% = *}"
		ok run c1
		has "$OUT" "${setting##* = }"
	done <<- 'END'
		{"policy": "SCHED_FIFO", "priority": 10} = policy 1 nice 0 priority 10
		{"policy": "SCHED_IDLE"} = policy 5
		{"policy": "SCHED_DEADLINE", "runtime": 2000000, "deadline": 20000000, "period": 30000000} = runtime 2000000 deadline 20000000 period 30000000
	END
	config '.linux.resources.cpu.cpus = "1"'
	fails 1 create c1
	has "$ERR" process.scheduler
	missing "$STATE/c1"
}
it scheduler 'scheduler: realtime, idle, deadline; deadline in a cpuset is an error, as the kernel has it'

affinity_of_exec() {
	config '.linux.resources.cpu.cpus = "1"
		| .process.execCPUAffinity = {"initial": "0", "final": "1"}'
	started c1
	ok exec c1 grep '^Cpus_allowed_list' /proc/self/status
	equal "$OUT" "$(printf 'Cpus_allowed_list:\t1')"
	jq '.process | .args = ["true"] | .execCPUAffinity.final = "0"' "$BUNDLE/config.json" \
		> "$WORK/process.json"
	fails 255 exec --process "$WORK/process.json" c1
	has "$ERR" execCPUAffinity.final
}
it affinity_of_exec 'execCPUAffinity: the first one holds before the cpuset, the last one within it'

clocks_and_class() {
	with_probe
	config '.linux.namespaces += [{"type": "time"}]
		| .linux.timeOffsets = {"monotonic": {"secs": 864000}, "boottime": {"secs": 1728000}}
		| .linux.personality = {"domain": "LINUX32"}
		| .process.ioPriority = {"class": "IOPRIO_CLASS_RT", "priority": 3}'
	inside 'probe clocks; uname -m; probe ioprio'
	echo "$OUT" | awk 'NR == 1 { exit !($1 > 864000 && $1 < 868000 && $2 > 1728000) }' || die "$OUT"
	has "$OUT" i686
	has "$OUT" 'class 1 priority 3'
}
it clocks_and_class 'time offsets, personality and ioPriority hold together'

# ---- memory policy --------------------------------------------------------------------------------

memory_policy() {
	[ -e /sys/devices/system/node/node1 ] || skip 'one memory node only'
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "1"}'
	inside 'cat /proc/self/numa_maps'
	has "$OUT" ' bind:1'
	lacks "$OUT" ' default '
	config '.linux.memoryPolicy = {"mode": "MPOL_INTERLEAVE", "nodes": "0-1"}'
	inside 'cat /proc/self/numa_maps'
	has "$OUT" ' interleave:0-1'
}
it memory_policy 'memoryPolicy: the pages of the program are where the policy says'

memory_policy_in_a_cpuset() {
	[ -e /sys/devices/system/node/node1 ] || skip 'one memory node only'
	config '.linux.resources.cpu.mems = "1"
		| .linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "1"}'
	inside 'cat /proc/self/numa_maps'
	has "$OUT" ' bind:1'
	config '.linux.memoryPolicy.nodes = "0"'
	fails 1 run c1
	has "$ERR" linux.memoryPolicy
}
it memory_policy_in_a_cpuset 'memoryPolicy names nodes of the machine; one outside of the cpuset is an error'

# ---- id-mapped mounts -----------------------------------------------------------------------------

# What is on the disk belongs to 0:0 and 5:6.
source_tree() {
	mkdir -p "$BUNDLE/source/below"
	echo text > "$BUNDLE/source/zero"
	echo text > "$BUNDLE/source/five"
	chown 5:6 "$BUNDLE/source/five"
	chmod 777 "$BUNDLE/source"
}

maps_of_the_mount() {
	source_tree
	mounts '[{"destination": "/d", "source": "source", "options": ["bind", "idmap"],
		"uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
		"gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]}]'
	config '.process.user = {"uid": 1005, "gid": 2006}'
	inside 'stat -c %u:%g /d/zero /d/five; echo mine > /d/new'
	equal "$OUT" "$(printf '1000:2000\n1005:2006')"
	equal "$(stat -c %u:%g "$BUNDLE/source/new")" 5:6
}
it maps_of_the_mount 'idmap: the mappings of the mount, from a relative source, for reading and writing'

maps_of_the_container() {
	source_tree
	userns
	mounts '[{"destination": "/d", "source": "source", "options": ["bind", "idmap"]}]'
	inside 'stat -c %u:%g /d/zero /d/five; echo mine > /d/new'
	equal "$OUT" "$(printf '0:0\n5:6')"
	equal "$(stat -c %u:%g "$BUNDLE/source/new")" 0:0
}
it maps_of_the_container 'idmap without mappings: those of the container'"'"'s user namespace'

maps_of_a_joined_namespace() {
	source_tree
	userns
	started c1
	config 'del(.linux.uidMappings, .linux.gidMappings)
		| (.linux.namespaces[] | select(.type == "user")).path = $p' --arg p "/proc/$PID/ns/user"
	mounts '[{"destination": "/d", "source": "source", "options": ["bind", "idmap"]}]'
	inside 'stat -c %u:%g /d/zero /d/five'
	equal "$OUT" "$(printf '0:0\n5:6')"
}
it maps_of_a_joined_namespace 'idmap without mappings: those of a user namespace given by path'

below_the_mount() {
	source_tree
	mount -t tmpfs tmpfs "$BUNDLE/source/below"
	touch "$BUNDLE/source/below/file"
	for kind in idmap ridmap; do
		mounts "$(printf '[{"destination": "/%s", "source": "source", "options": ["rbind", "%s"],
			"uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
			"gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]}]' $kind $kind)"
	done
	inside 'stat -c %u:%g /idmap/zero /idmap/below/file /ridmap/zero /ridmap/below/file'
	umount "$BUNDLE/source/below"
	equal "$OUT" "$(printf '1000:2000\n0:0\n1000:2000\n1000:2000')"
}
it below_the_mount 'idmap is for the mount alone, ridmap for what is mounted below, too'

file_system_without() {
	mounts '[{"destination": "/d", "source": "/proc", "options": ["bind", "idmap"],
		"uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}],
		"gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]}]'
	fails 1 create c1
	has "$ERR" 'id map on /proc'
	missing "$STATE/c1"
}
it file_system_without 'a file system that cannot be id-mapped is an error'

# ---- network devices ------------------------------------------------------------------------------

device_moves() {
	ip link add d0 type dummy
	ip addr add 192.0.2.1/24 dev d0
	config '.linux.netDevices = {"d0": {"name": "eth0"}}'
	inside 'ip addr show eth0'
	has "$OUT" 192.0.2.1/24
	has "$OUT" ',UP'
}
it device_moves 'netDevices: a device moves with its addresses'

device_is_tied() {
	ip link add d0 type dummy
	ip link add b0 type bridge
	config '.linux.netDevices = {"d0": {}, "b0": {}}'
	fails 1 create c1
	has "$ERR" linux.netDevices
	has "$ERR" b0
	missing "$STATE/c1"
	ip link del d0
	ip link del b0
}
it device_is_tied 'netDevices: one that is tied to its namespace is an error, and the others come back'

finish
