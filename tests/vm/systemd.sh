#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The systemd driver: scopes instead of groups of our own making.
# guest: full
# limit: 600
. "$(dirname "$0")/../lib/harness.sh"

TREE=/sys/fs/cgroup

# shown UNIT PROPERTY: what systemd says.
shown() { systemctl show --value --property "$2" "$1"; }

# is_loaded UNIT: systemd remembers it, in whatever state.
is_loaded() { [ -n "$(systemctl list-units --all --plain --no-legend "$1")" ]; }
is_forgotten() { ! is_loaded "$1"; }

# scoped ID [SCRIPT]: a container in a scope, running.
scoped() {
	config '.process.args = ["sh", "-c", $script]' --arg script "${2:-exec sleep 1000}"
	ok --systemd-cgroup create "$1"
	ok start "$1"
	SCOPE=$TREE/system.slice/hull-$1.scope
}

# centiseconds: since the start of the machine.
centiseconds() { sed 's/ .*//; s/\.//' /proc/uptime; }

annotate() { config '.annotations[$key] = $value' --arg key "$1" --arg value "$2"; }

# group_of PID: as it is seen from here.
group_of() { sed -n 's/^0:://p' "/proc/$1/cgroup"; }

limits_of() {
	(cd "$1" && cat memory.max memory.low memory.swap.max memory.high cpu.weight cpu.max \
		cpu.max.burst cpuset.cpus pids.max) | tr '\n' ' '
}

# limits_known UNIT: the same, as systemd knows them.
limits_known() {
	systemctl show -p MemoryMax -p MemoryLow -p MemorySwapMax -p MemoryHigh -p CPUWeight \
		-p CPUQuotaPerSecUSec -p CPUQuotaPeriodUSec -p AllowedCPUs -p AllowedMemoryNodes \
		-p IOWeight -p TasksMax "$1" | sort | tr '\n' ' '
}

limits_are_known_to_both() {
	config '.linux.resources = {
		"memory": {"limit": 67108864, "reservation": 33554432, "swap": 100663296},
		"cpu": {"shares": 512, "quota": 50000, "period": 100000, "burst": 10000, "cpus": "0", "mems": "0"},
		"blockIO": {"weight": 100}, "pids": {"limit": 40},
		"unified": {"memory.high": "50331648"}}'
	scoped limits
	equal "$(limits_known hull-limits.scope)" \
		"AllowedCPUs=0 AllowedMemoryNodes=0 CPUQuotaPerSecUSec=500ms CPUQuotaPeriodUSec=100ms \
CPUWeight=59 IOWeight=910 MemoryHigh=50331648 MemoryLow=33554432 MemoryMax=67108864 \
MemorySwapMax=33554432 TasksMax=40 "
	written='67108864 33554432 33554432 50331648 59 50000 100000 10000 0 40 '
	equal "$(limits_of "$SCOPE")" "$written"
	systemctl daemon-reload
	equal "$(limits_of "$SCOPE")" "$written"
}
it limits_are_known_to_both 'limits are properties of the unit and are in its files, also after daemon-reload'

limits_of_a_device() {
	disk=$(cat /sys/block/vda/dev)
	rate='[{"major": ($disk | split(":")[0] | tonumber), "minor": ($disk | split(":")[1] | tonumber), "rate": $rate}]'
	config ".linux.resources.blockIO = {\"weight\": 100, \"throttleReadBpsDevice\": $rate}" \
		--arg disk "$disk" --argjson rate 1048576
	scoped disk
	written="$disk rbps=1048576 wbps=max riops=max wiops=max"
	equal "$(cat "$SCOPE/io.max")" "$written"
	systemctl daemon-reload
	equal "$(cat "$SCOPE/io.max" "$SCOPE/io.weight")" "$written
default 910"
	ok update --blkio-weight 500 --memory 64M disk
	equal "$(cat "$SCOPE/io.max" "$SCOPE/io.weight")" "$written
default 4950"
	jq -n "{blockIO: {throttleReadBpsDevice: $rate}}" --arg disk "$disk" --argjson rate 2097152 > "$WORK/faster"
	ok update --resources "$WORK/faster" disk
	written="$disk rbps=2097152 wbps=max riops=max wiops=max"
	equal "$(cat "$SCOPE/io.max")" "$written"
	systemctl daemon-reload
	systemctl set-property --runtime hull-disk.scope IOWeight=300
	equal "$(cat "$SCOPE/io.max" "$SCOPE/io.weight")" "$written
default 300"
}
it limits_of_a_device 'rates of a device, of which systemd knows nothing, survive daemon-reload and update'

finer_than_percents() {
	scoped fine
	for quota in 12345 23456 34567; do
		ok update --cpu-quota $quota --cpu-period 100000 fine
		equal "$(cat "$SCOPE/cpu.max")" "$quota 100000"
	done
	equal "$(shown hull-fine.scope CPUQuotaPerSecUSec)" 350ms
}
it finer_than_percents 'a quota is in force as it was asked for, although systemd knows whole percents only'

# update_refused JSON TEXT: nothing is changed, neither in files nor at systemd.
update_refused() {
	printf '%s\n' "$1" > "$WORK/resources.json"
	fails 1 update --resources "$WORK/resources.json" whole
	has "$ERR" "$2"
	equal "$(limits_of "$SCOPE")" "$files"
	equal "$(limits_known hull-whole.scope)" "$properties"
	systemctl daemon-reload
	equal "$(limits_of "$SCOPE")" "$files"
}

update_all_or_nothing() {
	config '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 40}}'
	scoped whole
	files=$(limits_of "$SCOPE")
	properties=$(limits_known hull-whole.scope)
	others='"memory": {"limit": 33554432, "reservation": 16777216}, "pids": {"limit": 20},
		"cpu": {"shares": 2048, "quota": 50000}'
	update_refused "{$others, \"unified\": {\"cpuset.cpus\": \"77\"}}" cpuset.cpus
	# the kernel would take it
	update_refused "{$others, \"unified\": {\"pids.max\": \"0\"}}" TasksMax
}
it update_all_or_nothing 'an update that the kernel or systemd refuses leaves files and properties as they were'

no_second_process() {
	config '.linux.resources.pids.limit = 1'
	scoped alone
	equal "$(cat "$SCOPE/pids.max")" 1
	equal "$(shown hull-alone.scope TasksMax)" 1
}
it no_second_process 'a limit of one task is one, although it takes two to make the scope'

the_driver_is_remembered() {
	scoped verbs
	ok exec verbs cat /proc/self/cgroup
	has "$OUT" 0::/
	grep -q '"systemdUnit":"hull-verbs.scope"' "$STATE/verbs/state.json"
	ok ps -f json verbs
	equal "$OUT" "[$(cat "$SCOPE/cgroup.procs")]"
	ok pause verbs
	ok state verbs
	has "$OUT" '"status": "paused"'
	ok resume verbs
	ok update --memory 83886080 --pids-limit 50 --cpu-share 1024 --cpu-period 50000 verbs
	equal "$(cat "$SCOPE/memory.max" "$SCOPE/pids.max" "$SCOPE/cpu.weight" | tr '\n' ' ')" \
		'83886080 50 100 '
	equal "$(systemctl show -p MemoryMax -p TasksMax -p CPUWeight hull-verbs.scope | sort | tr '\n' ' ')" \
		'CPUWeight=100 MemoryMax=83886080 TasksMax=50 '
	ok update --cpu-idle 1 verbs
	equal "$(cat "$SCOPE/cpu.idle")" 1
	systemctl daemon-reload
	equal "$(cat "$SCOPE/cpu.idle" "$SCOPE/memory.max" | tr '\n' ' ')" '1 83886080 '
	ok kill verbs KILL
	eventually is_forgotten hull-verbs.scope
	ok delete verbs
}
it the_driver_is_remembered 'exec, ps, pause, update, kill and delete need not be told of the driver'

delete_leaves_no_unit() {
	scoped going
	ok delete --force going
	is_forgotten hull-going.scope || die 'the unit is still there'
	missing "$SCOPE"
	config '.process.args = ["true"]'
	ok --cgroup-manager=systemd run foreground
	is_forgotten hull-foreground.scope || die 'the unit of run is still there'
}
it delete_leaves_no_unit 'delete leaves no unit and no group'

the_name_is_free_at_once() {
	config '.process.args = ["sh", "-c", "sleep 1000 & sleep 1000"]'
	for _ in $(seq 5); do
		ok --systemd-cgroup create again
		ok start again
		ok delete --force again
	done
	config '.process.args = ["true"]'
	for _ in $(seq 5); do
		ok --systemd-cgroup run again
	done
}
it the_name_is_free_at_once 'a container can follow one of the same name at once'

oom_is_no_obstacle() {
	config '.linux.resources.memory = {"limit": 20971520, "swap": 20971520}
		| .process.args = ["sh", "-c", "x=1; while :; do x=$x$x; done"]'
	fails 137 --systemd-cgroup run eater
	is_forgotten hull-eater.scope || die 'the unit is still there'
}
it oom_is_no_obstacle 'a container that the kernel kills for its memory leaves no failed unit'

slice_prefix_name() {
	config '.linux.cgroupsPath = "hulltest-inner.slice:pre:na+me"'
	config '.process.args = ["sleep", "1000"]'
	ok --systemd-cgroup create named
	exists "$TREE/hulltest.slice/hulltest-inner.slice/pre-na\\x2bme.scope/cgroup.procs"
	equal "$(shown 'pre-na\x2bme.scope' Slice)" hulltest-inner.slice
	ok delete --force named
	systemctl stop hulltest.slice hulltest-inner.slice
}
it slice_prefix_name 'cgroupsPath says slice, prefix and name'

properties_of_the_configuration() {
	config '.annotations = {
		"org.systemd.property.TimeoutStopSec": "2.5",
		"org.systemd.property.SendSIGHUP": "true",
		"org.systemd.property.KillSignal": "int32 10",
		"org.systemd.property.Description": "'"'my own'"'",
		"org.systemd.property.MemoryHigh": "uint64 50331648",
		"org.systemd.property.Wants": "['"'-.slice'"']"}'
	scoped annotated
	equal "$(systemctl show -p TimeoutStopUSec -p SendSIGHUP -p KillSignal -p Description \
		-p MemoryHigh hull-annotated.scope | sort | tr '\n' ' ')" \
		'Description=my own KillSignal=10 MemoryHigh=50331648 SendSIGHUP=yes TimeoutStopUSec=2.500000s '
	config '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	fails 1 --systemd-cgroup create unknown
	has "$ERR" NoSuchThing
	missing "$STATE/unknown"
}
it properties_of_the_configuration 'annotations org.systemd.property.* are properties of the unit'

a_group_in_the_scope() {
	annotate run.oci.systemd.subgroup container
	config '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 1}}'
	scoped inner
	equal "$(cat "$SCOPE/cgroup.procs")" ''
	equal "$(cat "$SCOPE/container/memory.max" "$SCOPE/container/pids.max" | xargs)" '67108864 1'
	equal "$(shown hull-inner.scope MemoryMax)" 67108864
	# what the root of the namespace of init is to us; with a second process there is none to ask
	ok update --pids-limit 9 --memory 83886080 inner
	ok exec inner cat /proc/self/cgroup
	equal "$OUT" 0::/
	equal "$(cat "$SCOPE/container/memory.max" "$SCOPE/memory.max" | xargs)" '83886080 83886080'
	ok ps -f json inner
	equal "$OUT" "[$(cat "$SCOPE/container/cgroup.procs")]"
	ok events --stats inner
	equal "$(echo "$OUT" | jq .data.pids.limit)" 9
	ok pause inner
	ok resume inner
	ok kill inner KILL
	eventually is_forgotten hull-inner.scope
	ok delete inner
	missing "$SCOPE"
	annotate run.oci.systemd.subgroup ''
	scoped none
	equal "$(group_of "$(cat "$SCOPE/cgroup.procs")")" /system.slice/hull-none.scope
	annotate run.oci.systemd.subgroup a/../..
	fails 1 --systemd-cgroup create outside
	has "$ERR" 'annotations["run.oci.systemd.subgroup"]: "a/../.." is no name of a group'
	missing "$STATE/outside"
}
it a_group_in_the_scope 'run.oci.systemd.subgroup: the container is in that group of the scope'

WRITABLE_CGROUPS='.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'

a_group_for_the_program() {
	config "$USER_NAMESPACE | $WRITABLE_CGROUPS"
	chown -R 100000:100000 "$ROOTFS"
	chmod 755 "$HARNESS_TMP" "$WORK" "$BUNDLE"
	annotate run.oci.systemd.subgroup a
	annotate run.oci.delegate-cgroup b/c
	config '.linux.resources.pids.limit = 30'
	scoped given
	group=$SCOPE/a/b/c
	equal "$(cat "$SCOPE/a/pids.max" "$group/pids.max" | xargs)" '30 max'
	equal "$(stat -c %u "$group" "$group/cgroup.procs" "$group/pids.max" | xargs)" '100000 100000 0'
	for controller in cpu io memory pids; do
		has "$(cat "$group/cgroup.controllers")" $controller
	done
	ok exec given sh -c 'cat /proc/self/cgroup; cd /sys/fs/cgroup/b/c && mkdir x y && echo 0 > x/cgroup.procs &&
		echo 1 > y/cgroup.procs && echo +pids > cgroup.subtree_control && echo 5 > x/pids.max && cat x/pids.max'
	equal "$(echo "$OUT" | xargs)" '0::/b/c 5'
	ok exec given cat /proc/self/cgroup
	equal "$OUT" 0::/b/c/y
	fails 1 exec given sh -c 'echo max > /sys/fs/cgroup/pids.max'
	ok delete --force given
	missing "$SCOPE"
	eventually is_forgotten hull-given.scope
}
it a_group_for_the_program 'run.oci.delegate-cgroup: the program manages that group, below what limits it'

a_failed_unit_of_that_name() {
	systemd-run --scope --unit hull-left -p RuntimeMaxSec=1 sleep 100 2> /dev/null || true
	eventually systemctl is-failed --quiet hull-left.scope
	scoped left
	equal "$(shown hull-left.scope ActiveState)" active
}
it a_failed_unit_of_that_name 'a failed unit that was left behind under that name is no obstacle'

a_unit_that_is_in_use() {
	systemd-run --scope --unit hull-taken sleep 1000 2> /dev/null &
	eventually systemctl is-active --quiet hull-taken.scope
	config '.process.args = ["true"]'
	fails 1 --systemd-cgroup create taken
	has "$ERR" 'is there already'
	missing "$STATE/taken"
	equal "$(shown hull-taken.scope ActiveState)" active
	systemctl stop hull-taken.scope
}
it a_unit_that_is_in_use "another's unit of that name is refused and not touched"

killed_at_any_moment() {
	config '.process.args = ["sleep", "1000"]'
	for moment in 0.05 0.3 0.6 0.9 1.2 1.6 2.2; do
		"$HULL" --root "$STATE" --systemd-cgroup create -b "$BUNDLE" killed > /dev/null 2>&1 &
		creator=$!
		sleep $moment
		kill -9 $creator 2> /dev/null || true
		wait $creator || true
		ok delete --force killed
		missing "$STATE/killed"
		eventually is_forgotten hull-killed.scope
		missing "$TREE/system.slice/hull-killed.scope"
	done
	ok --systemd-cgroup create killed
}
it killed_at_any_moment 'whenever create is killed, delete --force leaves no unit, and the id is free'

# freezable: a slice with a process, and the ways to freeze it and to thaw it.
freezable() {
	systemd-run --quiet --slice hulltest.slice --unit hulltest-other sleep 1000
	trap 'thawed_again; systemctl stop hulltest.slice' EXIT
}
by_systemd() { systemctl freeze hulltest.slice; }
by_file() { echo 1 > $TREE/hulltest.slice/cgroup.freeze; }
thawed_again() {
	systemctl thaw hulltest.slice
	echo 0 > $TREE/hulltest.slice/cgroup.freeze
}

# refused_as_frozen ID HULL-ARG...: at once, and nothing of it is left.
refused_as_frozen() {
	id=$1
	shift
	begin=$(centiseconds)
	fails 1 --systemd-cgroup "$@"
	echo "refused after $(($(centiseconds) - begin)) centiseconds"
	[ $(($(centiseconds) - begin)) -lt 1000 ] || die "it took $(($(centiseconds) - begin)) centiseconds"
	has "$ERR" 'cgroup /hulltest.slice is frozen: thaw it first'
	missing "$STATE/$id"
	is_forgotten "hull-$id.scope" || die 'there is a unit'
	equal "$(find $TREE/hulltest.slice -name '*.scope')" ''
}

a_frozen_slice() {
	config '.linux.cgroupsPath = "hulltest-inner.slice:hull:cold"'
	freezable
	for freeze in by_systemd by_file; do
		$freeze
		refused_as_frozen cold run cold
		thawed_again
		ok --systemd-cgroup run cold
	done
}
it a_frozen_slice 'a slice that is frozen, by systemd or by its file, is refused at once, and nothing is left'

device_access_survives() {
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 251, "minor": 7, "access": "rw"}]
		| .linux.devices = [{"type": "c", "path": "/dev/gpu", "major": 251, "minor": 7},
		{"type": "c", "path": "/dev/other", "major": 251, "minor": 7}]
		| .process.capabilities.bounding += ["CAP_MKNOD"]
		| .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]'
	scoped gpu
	# there is no such driver: whoever is let through is told so, others that they may not
	probe='mknod /dev/denied c 251 8; for d in /dev/gpu /dev/denied; do cat $d 2>&1; done; rm /dev/denied'
	expected="cat: can't open '/dev/gpu': No such device or address
cat: can't open '/dev/denied': Operation not permitted"
	hull exec gpu sh -c "$probe"
	equal "$OUT" "$expected"
	systemctl daemon-reload
	hull exec gpu sh -c "$probe"
	equal "$OUT" "$expected"
	systemctl set-property --runtime hull-gpu.scope CPUWeight=50
	hull exec gpu sh -c "$probe"
	equal "$OUT" "$expected"
}
it device_access_survives 'access to devices, also those without a link in /dev/char, survives daemon-reload'

without_a_bus() {
	config '.process.args = ["sleep", "1000"]'
	export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$WORK/no-bus"
	ok --systemd-cgroup create direct
	ok update --pids-limit 9 direct
	ok delete --force direct
	unset DBUS_SYSTEM_BUS_ADDRESS
	is_forgotten hull-direct.scope || die 'the unit is still there'
}
it without_a_bus "without a bus systemd's private socket is used"

a_bus_that_never_answers() {
	takes_long
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
time.sleep(100)' "$WORK/dead" &
	listener=$!
	eventually test -S "$WORK/dead"
	export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$WORK/dead" HULL_TIMEOUT=40
	fails 1 --systemd-cgroup create hung
	kill $listener
	has "$ERR" 'does not answer'
	missing "$STATE/hung"
	is_forgotten hull-hung.scope || die 'there is a unit'
}
it a_bus_that_never_answers 'a bus that does not answer is given up in half a minute, and nothing is left'

# by_slow_bus ID WHAT: create with a bus that holds back WHAT (lib/slow_bus.py, whose pid is SLOW_BUS)
# until hull, $CREATOR, gives up.
by_slow_bus() {
	python3 "$HARNESS_LIB/slow_bus.py" "$WORK/$1" "$2" 2> "$WORK/$1.bus" &
	SLOW_BUS=$!
	eventually test -S "$WORK/$1"
	DBUS_SYSTEM_BUS_ADDRESS="unix:path=$WORK/$1" \
		"$HULL" --root "$STATE" --systemd-cgroup create -b "$BUNDLE" "$1" > /dev/null 2> "$WORK/$1.err" &
	CREATOR=$!
}

a_bus_that_is_too_late() {
	takes_long
	config '.process.args = ["true"]'
	by_slow_bus answers answers
	answers=$CREATOR buses=$SLOW_BUS
	by_slow_bus requests requests
	trap 'kill $buses $SLOW_BUS' EXIT
	eventually is_loaded hull-answers.scope
	! wait $answers || die 'a container without an answer'
	! wait "$CREATOR" || die 'a container without a unit'
	for id in answers requests; do
		has "$(cat "$WORK/$id.err")" 'does not answer'
		missing "$STATE/$id"
	done
	eventually is_forgotten hull-answers.scope
	missing "$TREE/system.slice/hull-answers.scope"
	kill -USR1 "$SLOW_BUS"
	eventually test -s "$WORK/requests.bus"
	has "$(cat "$WORK/requests.bus")" refused
	is_forgotten hull-requests.scope || die 'there is a unit'
}
it a_bus_that_is_too_late 'what systemd hears or answers after hull has given up leaves no unit'

# many AT-ONCE HULL-ARG...: hull with those arguments, fifty times: {} in them are the numbers up to that.
many() {
	at_once=$1
	shift
	seq 50 | xargs -P "$at_once" -I{} "$HULL" --root "$STATE" "$@" > /dev/null 2>> "$WORK/many" || true
}

# Who waits for systemd has half a minute: as many are made at a time as this machine makes in a third of
# that, but not less than ten. An emulated one, beside others, does not get to fifty.
fifty_containers() {
	config '.process.args = ["sleep", "1000"]'
	begin=$(centiseconds)
	ok --systemd-cgroup create one
	count=$((1000 / ($(centiseconds) - begin)))
	ok delete --force one
	[ $count -lt 50 ] || count=50
	[ $count -gt 10 ] || count=10
	begin=$(centiseconds)
	many $count --systemd-cgroup create -b "$BUNDLE" many{} &
	creators=$!
	answers=0
	while kill -0 $creators 2> /dev/null; do
		timeout 30 systemctl is-active --quiet dbus.service || die 'systemd does not answer'
		answers=$((answers + 1))
		sleep 0.3
	done
	equal "$(cat "$WORK/many")" ''
	ok list -q
	equal "$(echo "$OUT" | wc -l)" 50
	equal "$(find $TREE/system.slice -maxdepth 1 -name 'hull-many*.scope' | wc -l)" 50
	echo "# $count at once, 50 in $(($(centiseconds) - begin)) centiseconds; $answers answers meanwhile" >&3
	many $count delete --force many{}
	equal "$(cat "$WORK/many")" ''
	is_forgotten 'hull-many*' || die 'units are left'
}
exec 3>&1
it fifty_containers 'while fifty containers start, and go, many at once, systemd answers others'
exec 3>&-

# Some sleep wakes up in it.
CHECKPOINT='while :; do sleep 1000; done'

restored_into_a_scope() {
	command -v criu > /dev/null || skip 'no criu'
	scoped saved "$CHECKPOINT"
	ok checkpoint --image-path "$WORK/images" saved
	eventually is_forgotten hull-saved.scope
	ok --systemd-cgroup restore --detach --image-path "$WORK/images" --pid-file "$WORK/pid" saved
	equal "$(group_of "$(cat "$WORK/pid")")" /system.slice/hull-saved.scope
	ok delete --force saved
	is_forgotten hull-saved.scope || die 'the unit is still there'
}
it restored_into_a_scope 'a checkpoint leaves no unit, and a restore makes one again'

restored_into_its_group() {
	command -v criu > /dev/null || skip 'no criu'
	annotate run.oci.systemd.subgroup a
	annotate run.oci.delegate-cgroup b
	scoped moved "$CHECKPOINT"
	ok checkpoint --image-path "$WORK/images" moved
	ok --systemd-cgroup restore --detach --image-path "$WORK/images" --pid-file "$WORK/pid" moved
	equal "$(group_of "$(cat "$WORK/pid")")" /system.slice/hull-moved.scope/a/b
	has "$(cat "$SCOPE/a/b/cgroup.controllers")" memory
	ok exec moved cat /proc/self/cgroup
	equal "$OUT" 0::/b
	ok delete --force moved
	is_forgotten hull-moved.scope || die 'the unit is still there'
}
it restored_into_its_group 'a restored container is in the group that was delegated to it'

restored_into_a_frozen_slice() {
	command -v criu > /dev/null || skip 'no criu'
	config '.linux.cgroupsPath = "hulltest.slice:hull:thawed"'
	freezable
	scoped thawed "$CHECKPOINT"
	ok checkpoint --image-path "$WORK/images" thawed
	for freeze in by_systemd by_file; do
		$freeze
		refused_as_frozen thawed restore --detach --image-path "$WORK/images" thawed
		thawed_again
	done
	ok --systemd-cgroup restore --detach --image-path "$WORK/images" --pid-file "$WORK/pid" thawed
	equal "$(group_of "$(cat "$WORK/pid")")" /hulltest.slice/hull-thawed.scope
	ok delete --force thawed
}
it restored_into_a_frozen_slice 'likewise a restore, which works when the slice is thawed'

# as_tester COMMAND: outside the user's manager, as in a session; /run/user/1000 is of all mounts.
as_tester() {
	nsenter --target 1 --mount su tester -c \
		"cd $BUNDLE; export XDG_RUNTIME_DIR=/run/user/1000; $1"
}

by_an_ordinary_user() {
	systemctl start user@1000
	config '.process.args = ["sleep", "1000"]
		| .linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 1000, "size": 1}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(if .options then .options -= ["gid=5", "ro"] else . end)
		| .linux.resources.pids.limit = 30'
	chmod 755 "$HARNESS_TMP" "$WORK"
	chown -R tester "$BUNDLE"
	state=/run/user/1000/hull-test
	as_tester "$HULL --root $state --systemd-cgroup create mine && $HULL --root $state start mine"
	scope=$TREE/user.slice/user-1000.slice/user@1000.service/user.slice/hull-mine.scope
	equal "$(cat "$scope/pids.max")" 30
	equal "$(as_tester "$HULL --root $state exec mine echo inside")" inside
	as_tester "$HULL --root $state update --pids-limit 31 mine"
	equal "$(cat "$scope/pids.max")" 31
	equal "$(as_tester 'systemctl --user show --value -p TasksMax hull-mine.scope')" 31
	as_tester "$HULL --root $state delete --force mine"
	missing "$scope"
	annotate run.oci.systemd.subgroup a
	annotate run.oci.delegate-cgroup b
	as_tester "$HULL --root $state --systemd-cgroup create mine && $HULL --root $state start mine"
	equal "$(cat "$scope/a/b/cgroup.procs" | wc -l)" 1
	equal "$(as_tester "$HULL --root $state exec mine cat /proc/self/cgroup")" 0::/b
	as_tester "$HULL --root $state exec mine mkdir /sys/fs/cgroup/b/c"
	equal "$(as_tester "$HULL --root $state exec --cgroup b/c mine cat /proc/self/cgroup")" 0::/b/c
	as_tester "$HULL --root $state delete --force mine"
	missing "$scope"
	equal "$(as_tester "systemctl --user list-units --all --no-legend 'hull-*'")" ''
}
it by_an_ordinary_user 'an ordinary user has the scope of the user manager, also from outside of it'

finish
