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

# scoped ID: a container in a scope, running.
scoped() {
	config '.process.args = ["sleep", "1000"]'
	ok --systemd-cgroup create "$1"
	ok start "$1"
	SCOPE=$TREE/system.slice/hull-$1.scope
}

limits_of() {
	(cd "$1" && cat memory.max memory.low memory.swap.max memory.high cpu.weight cpu.max \
		cpu.max.burst cpuset.cpus pids.max) | tr '\n' ' '
}

limits_are_known_to_both() {
	config '.linux.resources = {
		"memory": {"limit": 67108864, "reservation": 33554432, "swap": 100663296},
		"cpu": {"shares": 512, "quota": 50000, "period": 100000, "burst": 10000, "cpus": "0", "mems": "0"},
		"blockIO": {"weight": 100}, "pids": {"limit": 40},
		"unified": {"memory.high": "50331648"}}'
	scoped limits
	equal "$(systemctl show -p MemoryMax -p MemoryLow -p MemorySwapMax -p MemoryHigh -p CPUWeight \
		-p CPUQuotaPerSecUSec -p CPUQuotaPeriodUSec -p AllowedCPUs -p AllowedMemoryNodes \
		-p IOWeight -p TasksMax hull-limits.scope | sort | tr '\n' ' ')" \
		"AllowedCPUs=0 AllowedMemoryNodes=0 CPUQuotaPerSecUSec=500ms CPUQuotaPeriodUSec=100ms \
CPUWeight=59 IOWeight=910 MemoryHigh=50331648 MemoryLow=33554432 MemoryMax=67108864 \
MemorySwapMax=33554432 TasksMax=40 "
	written='67108864 33554432 33554432 50331648 59 50000 100000 10000 0 40 '
	equal "$(limits_of "$SCOPE")" "$written"
	systemctl daemon-reload
	equal "$(limits_of "$SCOPE")" "$written"
}
it limits_are_known_to_both 'limits are properties of the unit and are in its files, also after daemon-reload'

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

fifty_at_once() {
	config '.process.args = ["sleep", "1000"]'
	i=0
	while [ $i -lt 50 ]; do
		"$HULL" --root "$STATE" --systemd-cgroup create -b "$BUNDLE" many$i > /dev/null 2>> "$WORK/many" &
		i=$((i + 1))
	done
	answers=0
	while [ "$(find $TREE/system.slice -maxdepth 1 -name 'hull-many*.scope' | wc -l)" -lt 50 ]; do
		timeout 10 systemctl is-active --quiet dbus.service || die 'systemd does not answer'
		answers=$((answers + 1))
		[ $answers -lt 200 ] || die "not all were made: $(cat "$WORK/many")"
		sleep 0.3
	done
	wait
	equal "$(cat "$WORK/many")" ''
	ok list -q
	equal "$(echo "$OUT" | wc -l)" 50
	i=0
	while [ $i -lt 50 ]; do
		"$HULL" --root "$STATE" delete --force many$i 2>> "$WORK/many" &
		i=$((i + 1))
	done
	wait
	equal "$(cat "$WORK/many")" ''
	is_forgotten 'hull-many*' || die 'units are left'
}
it fifty_at_once 'while fifty containers start at once, and go at once, systemd answers others'

restored_into_a_scope() {
	command -v criu > /dev/null || skip 'no criu'
	scoped saved
	ok checkpoint --image-path "$WORK/images" saved
	eventually is_forgotten hull-saved.scope
	ok --systemd-cgroup restore --detach --image-path "$WORK/images" --pid-file "$WORK/pid" saved
	equal "$(cat "$SCOPE/cgroup.procs")" "$(cat "$WORK/pid")"
	ok delete --force saved
	is_forgotten hull-saved.scope || die 'the unit is still there'
}
it restored_into_a_scope 'a checkpoint leaves no unit, and a restore makes one again'

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
		| .mounts |= map(if .options then .options -= ["gid=5"] else . end)
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
	equal "$(as_tester "systemctl --user list-units --all --no-legend 'hull-*'")" ''
}
it by_an_ordinary_user 'an ordinary user has the scope of the user manager, also from outside of it'

finish
