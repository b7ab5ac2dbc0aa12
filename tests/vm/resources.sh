#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Limits on real controllers (rows F12-F22): what config.json and update say is in force. How each
# value is converted is the matter of the unit tests; what needs no controller is in
# integration/cgroup.
# guest: mini cgroup_disable=rdma
# limit: 400
. "$(dirname "$0")/../lib/harness.sh"

TREE=$(cgroup_tree)

path() { config '.linux.cgroupsPath = $path' --arg path "$1"; }
resources() { config ".linux.resources = $1"; }
# value FILE...: what the group of c1 has, in one line.
value() { (cd "$TREE/hull-c1" && cat "$@" | xargs); }

# update JSON: it must succeed.
update() {
	printf '%s\n' "$1" > "$WORK/resources.json"
	ok update --resources "$WORK/resources.json" c1
}
# update_fails JSON TEXT
update_fails() {
	printf '%s\n' "$1" > "$WORK/resources.json"
	fails 1 update --resources "$WORK/resources.json" c1
	has "$ERR" "$2"
}

# ---- memory -------------------------------------------------------------------------------------

EAT='dd if=/dev/zero of=/dev/null bs=64M count=1'

memory_bites() {
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	config '.process.args = ($eat | split(" "))' --arg eat "$EAT"
	fails 137 run c1
	inside "$EAT 2> /dev/null; echo \$?"
	equal "$OUT" 137
}
it memory_bites 'what takes more memory than the limit is killed; the exit status of run tells'

memory_kill_is_counted() {
	resources '{"memory": {"limit": 33554432, "swap": 33554432}}'
	config '.process.args = ["sh", "-c", $script]' --arg script "$EAT; exec sleep 1000"
	ok run --detach c1
	eventually grep -q '^oom_kill 1' "$TREE/hull-c1/memory.events"
	ok state c1
	equal "$(echo "$OUT" | jq -r .status)" running
	ok exec c1 true
}
it memory_kill_is_counted 'the kernel counts the kill, and the rest of the container lives on'

memory_values() {
	resources '{"memory": {"limit": 67108864, "reservation": 33554432, "swap": 100663296}}'
	started c1
	equal "$(value memory.max memory.low memory.swap.max)" '67108864 33554432 33554432'
	update '{"memory": {"limit": 67108864, "swap": 67108864}}'
	equal "$(value memory.max memory.swap.max)" '67108864 0'
	update '{"memory": {"limit": 67108864, "swap": -1}}'
	equal "$(value memory.swap.max)" max
	update '{"memory": {"swap": 100663296, "limit": 50331648, "reservation": -1}}'
	equal "$(value memory.max memory.low memory.swap.max)" '50331648 max 50331648'
	update '{"memory": {"limit": -1}}'
	equal "$(value memory.max memory.swap.max)" 'max max'
	update_fails '{"memory": {"limit": 67108864, "swap": 33554432}}' memory.swap
	update_fails '{"memory": {"swap": 33554432}}' memory.swap
	equal "$(value memory.max memory.swap.max)" 'max max'
}
it memory_values 'swap is what is left of memory and swap together; less than the memory is an error'

memory_below_usage() {
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
	resources '{"memory": {"limit": 134217728}}'
	config '.process.args = ["sh", "-c", "head -c 33554432 /dev/zero > /tmp/file; exec sleep 1000"]'
	ok run --detach c1
	eventually eval '[ "$(value memory.current)" -gt 33554432 ]'
	update_fails '{"memory": {"limit": 16777216, "checkBeforeUpdate": true}}' 'in use'
	equal "$(value memory.max)" 134217728
	update '{"memory": {"limit": 67108864, "checkBeforeUpdate": true}}'
	equal "$(value memory.max)" 67108864
}
it memory_below_usage 'checkBeforeUpdate refuses a limit below the usage and changes nothing'

memory_used_before() {
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
	echo +memory > "$TREE/cgroup.subtree_control"
	mkdir "$TREE/hull-used" "$WORK/tmpfs"
	mount -t tmpfs none "$WORK/tmpfs"
	trap 'umount "$WORK/tmpfs"; rmdir "$TREE/hull-used" 2> /dev/null || true' EXIT
	sh -c 'echo $$ > "$0/cgroup.procs"; exec head -c 33554432 /dev/zero > "$1"' "$TREE/hull-used" \
		"$WORK/tmpfs/file"
	path /hull-used
	resources '{"memory": {"limit": 16777216, "checkBeforeUpdate": true}}'
	fails 1 create c1
	has "$ERR" 'linux.resources.memory.limit: 16777216 bytes is below'
	missing "$STATE/c1"
	equal "$(cat "$TREE/hull-used/memory.max")" max
	resources '{"memory": {"limit": 67108864, "checkBeforeUpdate": true}}'
	ok create c1
	equal "$(cat "$TREE/hull-used/memory.max")" 67108864
	ok delete --force c1
}
it memory_used_before 'in create likewise, where the group was there before and has memory in use'

memory_too_small() {
	resources '{"memory": {"limit": 4096}}'
	fails 1 run c1
	has "$ERR" memory
	missing "$STATE/c1"
	missing "$TREE/hull-c1"
}
it memory_too_small 'a limit that does not let the container start is an error that says so'

# ---- processes ------------------------------------------------------------------------------------


pids_bite() {
	resources '{"pids": {"limit": 5}}'
	config '.process.args = ["sh", "-c", "(for i in 1 2 3 4 5 6; do sleep 100 & done) & exec sleep 1000"]'
	ok create --pid-file "$WORK/pid" c1
	equal "$(value pids.max)" 5
	ok start c1
	eventually grep -q '^max [1-9]' "$TREE/hull-c1/pids.events"
	[ "$(value pids.current)" -le 5 ] || die "$(value pids.current) processes"
	ok update --pids-limit -1 c1
	equal "$(value pids.max)" max
	ok update --pids-limit 7 c1
	equal "$(value pids.max)" 7
}
it pids_bite 'a container makes as many processes as the limit says'

pids_zero() {
	resources '{"pids": {"limit": 0}}'
	config '.process.args = ["sh", "-c", "echo first; sleep 0; echo second"]'
	hull run c1
	equal "$OUT" first
	has "$ERR" fork
}
it pids_zero 'a limit of 0 leaves the container its first process'

pids_zero_of_old() {
	config '.ociVersion = "1.2.0"'
	resources '{"pids": {"limit": 0}}'
	started c1
	equal "$(value pids.max)" max
	ok update --pids-limit 7 c1
	equal "$(value pids.max)" 7
	ok update --pids-limit 0 c1
	equal "$(value pids.max)" max
}
it pids_zero_of_old 'where config.json is of a version before 1.3, 0 is no limit'

# ---- CPU --------------------------------------------------------------------------------------------

cpu_values() {
	resources '{"cpu": {"shares": 2048, "quota": 50000, "period": 200000, "burst": 10000,
		"cpus": "0", "mems": "0"}}'
	started c1
	equal "$(value cpu.weight cpu.max cpu.max.burst cpuset.cpus cpuset.mems)" '174 50000 200000 10000 0 0'
	has "$(tr '\t' ' ' < "/proc/$PID/status")" 'Cpus_allowed_list: 0'
	update '{"cpu": {"quota": 30000}}'
	equal "$(value cpu.max)" '30000 200000'
	update '{"cpu": {"period": 100000}}'
	equal "$(value cpu.max)" '30000 100000'
	update '{"cpu": {"burst": 0, "quota": -1}}'
	equal "$(value cpu.max cpu.max.burst)" 'max 100000 0'
	update '{"cpu": {"idle": 1}}'
	equal "$(value cpu.idle)" 1
	update '{"cpu": {"idle": 0, "shares": 1024}}'
	equal "$(value cpu.idle cpu.weight)" '0 100'
	update '{"cpu": {"cpus": "0-1"}}'
	equal "$(value cpuset.cpus)" 0-1
	update_fails '{"cpu": {"cpus": "0-1000"}}' cpu.cpus
	update_fails '{"cpu": {"quota": 10000, "burst": 20000}}' cpu.burst
	equal "$(value cpuset.cpus cpu.max)" '0-1 max 100000'
}
it cpu_values 'quota, period, burst, weight, idleness and CPUs are in force and can be changed'

cpu_bites() {
	resources '{"cpu": {"quota": 10000, "period": 100000}}'
	config '.process.args = ["sh", "-c", "while :; do :; done"]'
	ok run --detach c1
	eventually grep -q '^nr_throttled [1-9]' "$TREE/hull-c1/cpu.stat"
}
it cpu_bites 'who has used up its quota waits'

# ---- input and output ---------------------------------------------------------------------------------

# The disk of this guest.
DISK=$(cat /sys/block/vda/dev)

# disk RESOURCES: the container has /disk, a folder on it.
disk() {
	mkdir -p "/var/tmp/hull-test-disk"
	trap 'rm -rf /var/tmp/hull-test-disk' EXIT
	config '.mounts += [{"destination": "/disk", "type": "bind", "source": "/var/tmp/hull-test-disk",
		"options": ["bind"]}]'
	resources "$1"
}
rates() { echo '[{"major": '"${DISK%:*}"', "minor": '"${DISK#*:}"', "rate": '"$1"'}]'; }

io_values() {
	resources "{\"blockIO\": {\"throttleReadBpsDevice\": $(rates 1048576),
		\"throttleWriteBpsDevice\": $(rates 2097152), \"throttleReadIOPSDevice\": $(rates 100),
		\"throttleWriteIOPSDevice\": $(rates 200)}}"
	started c1
	equal "$(value io.max)" "$DISK rbps=1048576 wbps=2097152 riops=100 wiops=200"
	update "{\"blockIO\": {\"throttleWriteBpsDevice\": $(rates 0), \"throttleReadIOPSDevice\": $(rates 50)}}"
	equal "$(value io.max)" "$DISK rbps=1048576 wbps=max riops=50 wiops=200"
	update '{"unified": {"io.max": "'"$DISK"' rbps=max\n'"$DISK"' riops=max wiops=max"}}'
	equal "$(value io.max)" ''
}
it io_values 'rates of a device are in force and can be changed one by one'

io_weight() {
	modprobe bfq 2> /dev/null || true
	resources '{"blockIO": {"weight": 500}}'
	started c1
	if [ -e "$TREE/hull-c1/io.bfq.weight" ]; then
		equal "$(value io.bfq.weight)" 'default 500'
		ok update --blkio-weight 100 c1
		equal "$(value io.bfq.weight)" 'default 100'
	else
		equal "$(value io.weight)" 'default 4950'
		ok update --blkio-weight 100 c1
		equal "$(value io.weight)" 'default 910'
	fi
}
it io_weight 'the weight goes to the scheduler that has one'

# scheduler NAME, cost_model 0|1: what this disk is divided by.
scheduler() { echo "$1" > /sys/block/vda/queue/scheduler; }
cost_model() { echo "$DISK enable=$1" > "$TREE/io.cost.qos"; }
# disk_weight WEIGHT: in JSON.
disk_weight() { rates "$1" | sed 's/.*/{"blockIO": {"weightDevice": &}}/; s/rate/weight/'; }

io_weight_of_a_device() {
	trap 'scheduler none; cost_model 0; modprobe -r bfq' EXIT
	modprobe -r bfq
	resources "$(disk_weight 500)"
	fails 1 create c1
	has "$ERR" 'linux.resources.blockIO.weightDevice[0]: write: '
	missing "$STATE/c1"
	cost_model 1
	started c1
	equal "$(value io.weight)" "default 100 $DISK 4950"
	update "$(disk_weight 100)"
	equal "$(value io.weight)" "default 100 $DISK 910"
	modprobe bfq
	update "$(disk_weight 300)"
	equal "$(value io.weight io.bfq.weight)" "default 100 $DISK 2930 default 100"
	scheduler bfq
	update "$(disk_weight 200)"
	equal "$(value io.bfq.weight)" "default 100 $DISK 200"
	update_fails "$(disk_weight 400 | sed 's/}$/, "unified": {"memory.max": "much"}}/')" memory.max
	equal "$(value io.bfq.weight)" "default 100 $DISK 200"
	ok delete --force c1
	resources "$(disk_weight 700)"
	started c1
	equal "$(value io.bfq.weight)" "default 100 $DISK 700"
}
it io_weight_of_a_device 'the weight of a device goes to the scheduler of that device; without one it is an error'

io_bites() {
	disk "{\"blockIO\": {\"throttleWriteBpsDevice\": $(rates 1048576)}}"
	inside 'read start rest < /proc/uptime
		dd if=/dev/zero of=/disk/file bs=1M count=3 conv=fsync 2> /dev/null
		read end rest < /proc/uptime
		echo $((${end%.*} - ${start%.*}))'
	[ "$OUT" -ge 2 ] || die "3 MB in $OUT seconds"
}
it io_bites 'writing is not faster than its rate'

# ---- huge pages -----------------------------------------------------------------------------------------

hugepages() {
	pages=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
	echo 4 > $pages
	trap 'echo 0 > $pages' EXIT
	config '.mounts += [{"destination": "/huge", "type": "hugetlbfs", "source": "huge",
		"options": ["pagesize=2M"]}]'
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
	inside 'busybox fallocate -l 2097152 /huge/one && echo one
		busybox fallocate -l 4194304 /huge/two 2> /dev/null || echo not two'
	equal "$(echo "$OUT" | xargs)" 'one not two'
	started c1
	equal "$(value hugetlb.2MB.max hugetlb.2MB.rsvd.max)" '2097152 2097152'
	update '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	equal "$(value hugetlb.2MB.max hugetlb.2MB.rsvd.max)" '4194304 4194304'
	update_fails '{"hugepageLimits": [{"pageSize": "3MB", "limit": 0}]}' hugepageLimits
}
it hugepages 'more huge pages than the limit are not to be had'

# ---- the words of cgroup v2 ---------------------------------------------------------------------------

unified() {
	resources '{"memory": {"limit": 67108864}, "pids": {"limit": 100},
		"unified": {"memory.max": "33554432", "memory.high": "30M", "cpu.weight": "7",
		"cgroup.max.depth": "3"}}'
	started c1
	equal "$(value memory.max memory.high pids.max cpu.weight cgroup.max.depth)" '33554432 31457280 100 7 3'
	update '{"unified": {"memory.high": "max", "cpuset.cpus": "1"}}'
	equal "$(value memory.high cpuset.cpus)" 'max 1'
	update_fails '{"unified": {"memory.nosuch": "1"}}' unified.memory.nosuch
	update_fails '{"unified": {"memory.max": "much"}}' unified.memory.max
	update_fails '{"unified": {"../hull-c1/memory.max": "1"}}' unified
}
it unified 'unified values get their controllers and override what was converted'

missing_controller() {
	for limit in '"rdma": {"mlx5_1": {"hcaHandles": 3}}' '"unified": {"rdma.max": "mlx5_1 hca_handle=3"}'; do
		resources "{$limit}"
		fails 1 create c1
		has "$ERR" 'controller rdma is not available'
		has "$ERR" linux.resources.
		missing "$STATE/c1"
	done
	resources '{}'
	started c1
	update_fails '{"rdma": {"mlx5_1": {"hcaHandles": 3}}}' 'controller rdma is not available'
}
it missing_controller 'a controller that the kernel lacks is an error that names it'

# ---- update --------------------------------------------------------------------------------------------

update_options() {
	started c1
	while read -r file expected options; do
		# shellcheck disable=SC2086 # words
		ok update $options c1
		equal "$file $(value "$file")" "$file $(echo "$expected" | tr _ ' ')"
	done <<- 'END'
		memory.max 67108864 --memory 64M
		memory.low 33554432 --memory-reservation 32m
		memory.swap.max 67108864 --memory 67108864 --memory-swap 128M
		cpu.max 50000_100000 --cpu-quota 50000
		cpu.max 50000_200000 --cpu-period 200000
		cpu.max.burst 20000 --cpu-burst 20000
		cpu.weight 59 --cpu-share 512
		cpuset.cpus 1 --cpuset-cpus 1
		cpuset.mems 0 --cpuset-mems 0
		cpu.idle 1 --cpu-idle 1
		pids.max 50 --pids-limit 50
		memory.max max --memory -1
	END
	equal "$(value memory.max pids.max cpuset.cpus)" 'max 50 1'
}
it update_options 'every option of update changes its limit and no other'

update_all_or_nothing() {
	resources '{"memory": {"limit": 67108864}, "pids": {"limit": 10}}'
	started c1
	update_fails '{"memory": {"limit": 33554432}, "pids": {"limit": 20},
		"unified": {"cpuset.cpus": "77"}}' cpuset.cpus
	equal "$(value memory.max pids.max)" '67108864 10'
	fails 1 update --memory 32M --l3-cache-schema L3:0=f c1
	has "$ERR" linux.intelRdt
	equal "$(value memory.max pids.max)" '67108864 10'
}
it update_all_or_nothing 'an update that fails half-way leaves the limits as they were'

# ---- delegation -------------------------------------------------------------------------------------------

delegation() {
	config '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)
		| .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	resources '{"memory": {"limit": 67108864}, "pids": {"limit": 50}}'
	config '.process.args = ["sh", "-c", $script]' --arg script 'cd /sys/fs/cgroup
		mkdir me && echo 1 > me/cgroup.procs && echo "+memory +pids" > cgroup.subtree_control &&
		mkdir -p sub && echo 16777216 > sub/memory.max && echo delegated
		echo 1 > memory.max || echo kept
		exec sleep 1000'
	ok run --detach c1
	eventually test -d "$TREE/hull-c1/sub"
	eventually eval '[ "$(value sub/memory.max)" = 16777216 ]'
	equal "$(value memory.max cgroup.subtree_control)" '67108864 memory pids'
	equal "$(cd "$TREE/hull-c1" && stat -c %u . cgroup.procs cgroup.subtree_control memory.max | xargs)" \
		'100000 100000 100000 0'
	ok exec c1 true
	ok delete --force c1
	missing "$TREE/hull-c1"
}
it delegation 'a container manages the groups below its own, but not its own limits'

deep_path() {
	mkdir "$TREE/hull-kept"
	trap 'rmdir "$TREE/hull-kept"' EXIT
	resources '{"memory": {"limit": 67108864}, "cpu": {"shares": 512}}'
	path /hull-kept/made/c1
	started c1
	equal "$(cat "$TREE/hull-kept/made/c1/memory.max")" 67108864
	config '.linux.cgroupsPath = "/hull-kept/made/c2"'
	ok create c2
	ok delete --force c1
	exists "$TREE/hull-kept/made/c2"
	ok delete --force c2
	missing "$TREE/hull-kept/made"
}
it deep_path 'controllers are enabled all the way down; groups that were made for it go with the last'

finish
