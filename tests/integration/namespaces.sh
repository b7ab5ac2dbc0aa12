#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Namespaces (config-linux.md; rows F1-F5, F25): new, shared with the caller, joined by path.
. "$(dirname "$0")/../lib/harness.sh"


# kinds: a line "type file option..." for each kind but user.
kinds() {
	printf '%s\n' 'pid pid --fork --pid' 'network net --net' 'mount mnt --mount' 'ipc ipc --ipc' \
		'uts uts --uts' 'cgroup cgroup --cgroup' 'time time --fork --time'
}

namespace() { readlink "/proc/$1/ns/$2"; }
drop() { config '.linux.namespaces |= map(select(.type != $type))' --arg type "$1"; }
add() { config '.linux.namespaces += [$new]' --argjson new "$1"; }

# Joining is by path: {"type": $1, "path": $2} takes the place of the entry that is there.
join() {
	drop "$1"
	add "{\"type\": \"$1\", \"path\": \"$2\"}"
}

# A host name needs a UTS namespace of its own; the masked paths and /dev need nothing.
without_hostname() { config 'del(.hostname)'; }

# holder OPTION...: a process in namespaces made by unshare(1), until the test ends; in $HOLDER.
holder() {
	unshare --kill-child=KILL --propagation private "$@" \
		sh -c 'echo up > "$0"; exec sleep 1000' "$WORK/up" &
	HOLDERS="${HOLDERS:-} $!"
	HOLDER=$!
	trap 'kill -KILL $HOLDERS 2> /dev/null' EXIT
	eventually test -e "$WORK/up"
	rm "$WORK/up"
	# with --fork it is the child that is in there
	HOLDER=$(pgrep -P "$HOLDER" || echo "$HOLDER")
}

with_userns() {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 1000}]'
}

# refused FILTER TEXT [JQ-OPTION...]
refused() {
	refused_filter=$1 refused_text=$2
	shift 2
	cp "$BUNDLE/config.json" "$WORK/good.json"
	config "$refused_filter" "$@"
	hull create bad
	[ "$RC" = 1 ] || die "$refused_filter: exit status $RC instead of 1: $ERR"
	has "$ERR" "$refused_text"
	missing "$STATE/bad"
	mv "$WORK/good.json" "$BUNDLE/config.json"
}

# ---- new and shared -----------------------------------------------------------------------------

new_ones_are_new() {
	drop cgroup
	add '{"type": "cgroup"}'
	add '{"type": "time"}'
	with_userns
	started c1
	kinds > "$WORK/kinds"
	while read -r _ file _; do
		differ "$(namespace "$PID" "$file")" "$(namespace self "$file")"
	done < "$WORK/kinds"
	differ "$(namespace "$PID" user)" "$(namespace self user)"
}
it new_ones_are_new 'all eight kinds of namespaces are new when listed without a path'

absent_ones_are_ours() {
	without_hostname
	config '.linux.namespaces = [{"type": "mount"}]
		| .mounts |= map(select(.type != "mqueue" and .type != "sysfs"))'
	started c1
	for file in pid net ipc uts cgroup time user; do
		equal "$(namespace "$PID" "$file")" "$(namespace self "$file")"
	done
	differ "$(namespace "$PID" mnt)" "$(namespace self mnt)"
	refused '.linux.namespaces = []' linux.namespaces
}
it absent_ones_are_ours 'namespaces that are not listed are those of the caller'

init_has_number_one() {
	inside 'echo $$; ls -d /proc/[0-9]* | xargs'
	equal "$OUT" "$(printf '1\n/proc/1 /proc/2 /proc/3')"
}
it init_has_number_one 'the program is process 1 of its pid namespace and sees no others'

loopback_is_up() {
	inside 'ip -o addr'
	has "$OUT" '127.0.0.1/8'
	equal "$(echo "$OUT" | grep -c -v ' lo ')" 0
	has "$(inside 'ip -o link show lo' && echo "$OUT")" UP
}
it loopback_is_up 'a new network namespace has a loopback device that is up, and nothing else'

network_of_the_host() {
	drop network
	config '.mounts |= map(if .type == "sysfs" then
		{"destination": "/sys", "type": "bind", "source": "/sys", "options": ["rbind", "ro"]}
		else . end)'
	inside 'readlink /proc/self/ns/net; cd /sys/class/net && echo *'
	equal "$OUT" "$(printf '%s\n%s' "$(namespace self net)" "$(cd /sys/class/net && echo *)")"
}
it network_of_the_host 'without a network namespace the container uses that of the host'

# ---- joined ---------------------------------------------------------------------------------------

each_is_joined() {
	without_hostname
	kinds > "$WORK/kinds"
	cp "$BUNDLE/config.json" "$WORK/config.json"
	while read -r type file options; do
		[ "$type" != mount ] || continue # the next test
		# shellcheck disable=SC2086
		holder $options
		cp "$WORK/config.json" "$BUNDLE/config.json"
		join "$type" "/proc/$HOLDER/ns/$file"
		started "c-$type"
		equal "$type $(namespace "$PID" "$file")" "$type $(namespace "$HOLDER" "$file")"
		differ "$(namespace "$PID" "$file")" "$(namespace self "$file")"
		ok exec "c-$type" readlink "/proc/self/ns/$file"
		equal "$OUT" "$(namespace "$HOLDER" "$file")"
		ok delete --force "c-$type"
	done < "$WORK/kinds"
}
it each_is_joined 'namespaces are joined by path, of every kind, by exec as well'

mount_namespace_is_joined() {
	holder --mount
	join mount "/proc/$HOLDER/ns/mnt"
	config '.mounts = [] | .root.readonly = false | del(.linux.maskedPaths, .linux.readonlyPaths)'
	started c1
	equal "$(namespace "$PID" mnt)" "$(namespace "$HOLDER" mnt)"
	equal "$(readlink "/proc/$HOLDER/root")" /
	nsenter --mount="/proc/$HOLDER/ns/mnt" ls -d "$BUNDLE" > /dev/null
}
it mount_namespace_is_joined 'a mount namespace that is joined keeps its root for those in it'

pid_namespace_is_shared() {
	started c1
	first=$PID
	join pid "/proc/$first/ns/pid"
	inside 'echo $$; ps | grep -c "sleep 1000$"'
	differ "$(echo "$OUT" | head -n 1)" 1
	has "$OUT" 1
	ok kill c1 KILL
	eventually gone "$first"
}
it pid_namespace_is_shared 'containers can share a pid namespace'

pod_is_shared() {
	started infra
	for kind in network:net ipc:ipc uts:uts; do
		join "${kind%:*}" "/proc/$PID/ns/${kind#*:}"
	done
	without_hostname
	inside 'hostname; readlink /proc/self/ns/net'
	equal "$OUT" "$(printf 'hull\n%s' "$(namespace "$PID" net)")"
}
it pod_is_shared 'containers of a pod share network, ipc and uts namespaces'

named_namespace() {
	holder --net
	touch "$WORK/netns"
	mount --bind "/proc/$HOLDER/ns/net" "$WORK/netns"
	join network "$WORK/netns"
	inside 'readlink /proc/self/ns/net'
	umount "$WORK/netns"
	equal "$OUT" "$(namespace "$HOLDER" net)"
}
it named_namespace 'a namespace can be named by a bind mount, as ip netns does'

wrong_paths() {
	mkfifo "$WORK/fifo"
	while read -r type path text; do
		cp "$BUNDLE/config.json" "$WORK/before.json"
		join "$type" "$path"
		refused . "$text"
		has "$ERR" linux.namespaces
		cp "$WORK/before.json" "$BUNDLE/config.json"
	done <<- END
		network /proc/self/ns/ipc network namespace
		pid /proc/self/ns/user pid namespace
		user /proc/self/ns/net user namespace
		ipc /etc/passwd ipc namespace
		uts $WORK/fifo uts namespace
		network /no/such/path No such file
		network proc/self/ns/net must be an absolute path
	END
}
it wrong_paths 'a path that names no namespace of that kind is refused, at once'

doubles() {
	for type in pid network mount ipc uts cgroup; do
		refused ".linux.namespaces += [{\"type\": \"$type\"}]" linux.namespaces
	done
	refused '.linux.namespaces += [{"type": "user"}, {"type": "user"}]' linux.namespaces
	refused '.linux.namespaces += [{"type": "vm"}]' linux.namespaces
	refused '.linux.namespaces += [{"path": "/proc/self/ns/net"}]' linux.namespaces
}
it doubles 'a kind given twice, unknown or absent is refused'

# ---- clocks ---------------------------------------------------------------------------------------

# offset CLOCK-FIELD: the container's clock less ours, in days.
clocks_are_offset() {
	with_probe
	"$PROBE" clocks > "$WORK/ours"
	add '{"type": "time"}'
	config '.process.args = ["probe", "clocks"] | .linux.timeOffsets =
		{"monotonic": {"secs": 864000, "nanosecs": 5}, "boottime": {"secs": 1728000}}'
	ok run c1
	echo "$OUT" >> "$WORK/ours"
	awk 'NR == 1 { m = $1; b = $2 }
		END { exit !($1 - m >= 864000 && $1 - m < 864060 && $2 - b >= 1728000 && $2 - b < 1728060) }' \
		"$WORK/ours" || die "$(cat "$WORK/ours")"
	refused '.linux.timeOffsets.boottime.nanosecs = 1000000000' linux.timeOffsets.boottime.nanosecs
	drop time
	refused . linux.timeOffsets
	add '{"type": "time", "path": "/proc/self/ns/time"}'
	refused . linux.timeOffsets
}
it clocks_are_offset 'time offsets move the clocks of a new time namespace'

clocks_that_cannot_be() {
	add '{"type": "time"}'
	config '.linux.timeOffsets = {"boottime": {"secs": -4000000000}}'
	fails 1 create c1
	has "$ERR" timens_offsets
	missing "$STATE/c1"
}
it clocks_that_cannot_be 'a clock before the beginning of time is an error'

# ---- user namespaces ------------------------------------------------------------------------------

maps_are_exact() {
	with_userns
	config '.linux.uidMappings += [{"containerID": 70000, "hostID": 300000, "size": 1}]'
	started c1
	equal "$(awk '{ print $1, $2, $3 }' "/proc/$PID/uid_map" | xargs)" '0 100000 65536 70000 300000 1'
	equal "$(awk '{ print $1, $2, $3 }' "/proc/$PID/gid_map" | xargs)" '0 200000 1000'
	equal "$(awk '/^Uid:/ { print $2 }' "/proc/$PID/status")" 100000
	equal "$(awk '/^Gid:/ { print $2 }' "/proc/$PID/status")" 200000
	ok exec --user 70000:7 c1 sh -c 'id -u; id -g; cat /proc/self/setgroups'
	equal "$OUT" "$(printf '70000\n7\nallow')"
}
it maps_are_exact 'ids are mapped as given, for the program and for exec'

long_maps() {
	with_userns
	config '.linux.uidMappings = [range(340) | {"containerID": ., "hostID": (1000 + . * 2), "size": 1}]'
	inside 'wc -l < /proc/self/uid_map'
	equal "$OUT" 340
}
it long_maps 'a map may have the 340 entries that the kernel takes'

wrong_maps() {
	with_userns
	refused 'del(.linux.uidMappings)' Mappings
	refused '.linux.gidMappings[0].size = 0' 'linux.gidMappings[0].size'
	refused '.linux.uidMappings += [{"containerID": 5, "hostID": 1, "size": 1}]' linux.uidMappings
	refused '.linux.uidMappings[0].hostID = 4294967295' 'linux.uidMappings[0]'
	refused '.linux.namespaces |= map(select(.type != "user"))' linux.uidMappings
	refused '.linux.uidMappings[0].containerID = 1' 0
}
it wrong_maps 'maps that are missing, empty, overlapping or without a namespace are refused'

files_in_a_user_namespace() {
	with_userns
	mkdir -m 777 "$ROOTFS/open"
	inside 'touch /open/f /dev/shm/f; stat -c %u:%g /open/f /dev/shm/f /dev /dev/pts/ptmx /proc/1/
		stat -c %u:%g /bin/busybox; id -u'
	equal "$(echo "$OUT" | xargs)" '0:0 0:0 0:0 0:0 0:0 65534:65534 0'
	equal "$(stat -c %u:%g "$ROOTFS/open/f")" 100000:200000
	# files of the bundle keep their owner (F4)
	equal "$(stat -c %u:%g "$ROOTFS/bin/busybox")" 0:0
}
it files_in_a_user_namespace 'files made in a user namespace belong to mapped ids, no others are changed'

devices_in_a_user_namespace() {
	with_userns
	inside 'for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done
		echo x > /dev/null; head -c 3 /dev/zero | od -An -tx1'
	equal "$(echo "$OUT" | xargs)" '00 00 00'
	refused '.linux.devices = [{"type": "c", "path": "/dev/no-such", "major": 1, "minor": 3}]' \
		'linux.devices[0]'
}
it devices_in_a_user_namespace 'the devices are there in a user namespace, too, and work'

capabilities_in_a_user_namespace() {
	with_userns
	config '.process.noNewPrivileges = false | .process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_SETUID", "CAP_CHOWN"])'
	mkdir -m 777 "$ROOTFS/open"
	inside 'mount -t tmpfs x /tmp && echo mounted; hostname box 2> /dev/null && hostname
		touch /open/f; chown 5 /open/f; stat -c %u /open/f'
	equal "$(echo "$OUT" | xargs)" 'mounted box 5'
	equal "$(stat -c %u "$ROOTFS/open/f")" 100005
}
it capabilities_in_a_user_namespace 'capabilities are effective over what belongs to the user namespace'

user_namespace_is_joined() {
	holder --user
	echo '0 100000 65536' | tee "/proc/$HOLDER/uid_map" > "/proc/$HOLDER/gid_map"
	join user "/proc/$HOLDER/ns/user"
	inside 'readlink /proc/self/ns/user; id -u; cat /proc/self/uid_map | xargs; hostname
		touch /dev/shm/f; stat -c %u /dev/shm/f; echo x > /dev/null'
	equal "$(echo "$OUT" | xargs)" "$(namespace "$HOLDER" user) 0 0 100000 65536 hull 0"
}
it user_namespace_is_joined 'a user namespace is joined together with new namespaces of other kinds'

user_namespace_of_a_pod() {
	with_userns
	started infra
	infra=$PID
	config 'del(.linux.uidMappings, .linux.gidMappings, .hostname)'
	join user "/proc/$PID/ns/user"
	for kind in network:net ipc:ipc uts:uts; do
		join "${kind%:*}" "/proc/$PID/ns/${kind#*:}"
	done
	started member
	for file in user net ipc uts; do
		equal "$(namespace "$PID" "$file")" "$(namespace "$infra" "$file")"
	done
	ok exec member id -u
	equal "$OUT" 0
}
it user_namespace_of_a_pod 'the namespaces of a container in a user namespace can be joined by another'

own_user_namespace() {
	join user /proc/self/ns/user
	inside 'readlink /proc/self/ns/user'
	equal "$OUT" "$(namespace self user)"
}
it own_user_namespace "joining the caller's own user namespace changes nothing"

# ---- kernel parameters ----------------------------------------------------------------------------

parameters_are_set() {
	grep . /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax /proc/sys/fs/mqueue/msg_max \
		> "$WORK/ours"
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/conf/lo/forwarding": "1",
		"kernel.shmmax": "12345", "fs.mqueue.msg_max": "7", "kernel.domainname": "lan",
		"net.ipv4.ip_local_port_range": "3000 4000"}'
	inside 'cd /proc/sys; cat net/ipv4/ip_forward kernel/shmmax fs/mqueue/msg_max \
		kernel/domainname net/ipv4/ip_local_port_range; cat net/ipv4/conf/lo/forwarding'
	equal "$(echo "$OUT" | xargs)" '1 12345 7 lan 3000 4000 1'
	equal "$(grep . /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmax \
		/proc/sys/fs/mqueue/msg_max)" "$(cat "$WORK/ours")"
}
it parameters_are_set 'kernel parameters are set in the container and not on the host'

parameters_in_a_user_namespace() {
	with_userns
	config '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "9999"}'
	inside 'cd /proc/sys; cat net/ipv4/ip_forward kernel/msgmax'
	equal "$(echo "$OUT" | xargs)" '1 9999'
}
it parameters_in_a_user_namespace 'kernel parameters are set in a user namespace, too'

parameters_of_the_host() {
	for key in kernel.panic vm.swappiness fs.file-max kernel.core_pattern kernel.hostname \
		net..ipv4 ../x net.ipv4.../../../kernel/panic; do
		refused ".linux.sysctl = {\"$key\": \"1\"}" "$key"
	done
	refused '.linux.sysctl = {"net.ipv4.no_such": "1"}' net.ipv4.no_such
	refused '.linux.sysctl = {"net.ipv4.ip_forward": "many"}' net.ipv4.ip_forward
	for type in network:net.ipv4.ip_forward ipc:kernel.shmmax uts:kernel.domainname; do
		refused ".linux.sysctl = {\"${type#*:}\": \"1\"} | del(.hostname)
			| .linux.namespaces |= map(select(.type != \"${type%:*}\"))" "${type#*:}"
	done
	join network /proc/self/ns/net
	refused '.linux.sysctl = {"net.ipv4.ip_forward": $ours}' net.ipv4.ip_forward \
		--arg ours "$(cat /proc/sys/net/ipv4/ip_forward)"
}
it parameters_of_the_host 'parameters that would change the host are refused'

name_of_the_host() {
	join uts /proc/self/ns/uts
	refused '.hostname = $ours' hostname --arg ours "$(hostname)"
	config 'del(.hostname)'
	refused '.domainname = "lan"' domainname
	inside hostname
	equal "$OUT" "$(hostname)"
}
it name_of_the_host "the host's name is not set by way of its path"

# ---- orphans --------------------------------------------------------------------------------------

orphans_die_with_their_init() {
	config '.process.args = ["sh", "-c", "sleep 999 & sleep 998 & echo up > /tmp/up; exec sleep 1000"]'
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	eventually test -e "$ROOTFS/tmp/up"
	orphans=$(pgrep --ns "$(cat "$WORK/pid")" --nslist pid sleep)
	equal "$(echo "$orphans" | wc -l)" 3
	ok kill c1 KILL
	for pid in $orphans; do eventually eval "( gone $pid )"; done
}
it orphans_die_with_their_init 'with process 1 the others of its pid namespace end'

orphans_in_a_shared_pid_namespace() {
	drop pid
	config '.process.args = ["sh", "-c", "sleep 999 & echo $! > /tmp/orphan; exit 4"]'
	fails 4 run c1
	gone "$(cat "$ROOTFS/tmp/orphan")"
}
it orphans_in_a_shared_pid_namespace "orphans in the caller's pid namespace end when the container is deleted"

finish
