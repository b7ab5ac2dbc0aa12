#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the linux object asks for beside namespaces, cgroups and mounts: memory policy, network devices,
# shares of cache and memory bandwidth.

# A network namespace of our own stands for the host's.
if [ -z "${LINUX_NETNS:-}" ] && [ "$(id -u)" = 0 ]; then
	LINUX_NETNS=1 exec unshare --net sh "$0" "$@"
fi
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/resctrl.sh"

# What a test leaves in our network namespace goes with the next one: pairs, so one end of each.
test_begin() {
	harness_make_bundle "$WORK"
	ip -o link | sed -n 's/^[0-9]*: \(peer-[^@:]*\).*/\1/p' | while read -r left; do
		ip link del "$left" 2> /dev/null || true
	done
}

# refused FILTER WORD: a config.json so edited is refused, naming WORD; nothing changes.
refused() {
	cp "$BUNDLE/config.json" "$WORK/good.json"
	config "$1"
	fails 1 create c1
	has "$ERR" "$2"
	missing "$STATE/c1"
	cp "$WORK/good.json" "$BUNDLE/config.json"
}

# ---- memory policy --------------------------------------------------------------------------------

# DEFAULT 0 PREFERRED 1 BIND 2 INTERLEAVE 3 LOCAL 4 PREFERRED_MANY 5 WEIGHTED_INTERLEAVE 6, flags
# NUMA_BALANCING 0x2000 RELATIVE_NODES 0x4000 STATIC_NODES 0x8000
memory_policy() {
	with_probe
	"$PROBE" mempolicy > /dev/null 2>&1 || skip 'no NUMA in this kernel'
	config '.process.args = ["probe", "mempolicy"]'
	while read -r policy; do
		config '.linux.memoryPolicy = $p' --argjson p "${policy%% = *}"
		ok run c1
		equal "$OUT" "${policy##* = }"
	done <<- 'END'
		{"mode": "MPOL_DEFAULT"} = mode 0 nodes 0
		{"mode": "MPOL_BIND", "nodes": "0"} = mode 0x2 nodes 0x1
		{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES"]} = mode 0x8002 nodes 0x1
		{"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_RELATIVE_NODES"]} = mode 0x4003 nodes 0x1
		{"mode": "MPOL_PREFERRED", "nodes": "0"} = mode 0x1 nodes 0x1
		{"mode": "MPOL_PREFERRED", "nodes": ""} = mode 0x4 nodes 0
		{"mode": "MPOL_PREFERRED_MANY", "nodes": "0"} = mode 0x5 nodes 0x1
		{"mode": "MPOL_LOCAL"} = mode 0x4 nodes 0
	END
}
it memory_policy 'memoryPolicy sets mode, flags and nodes'

weighted_interleave() {
	[ -d /sys/kernel/mm/mempolicy/weighted_interleave ] || skip 'needs Linux 6.9'
	with_probe
	config '.process.args = ["probe", "mempolicy"]
		| .linux.memoryPolicy = {"mode": "MPOL_WEIGHTED_INTERLEAVE", "nodes": "0"}'
	ok run c1
	equal "$OUT" 'mode 0x6 nodes 0x1'
}
it weighted_interleave 'memoryPolicy knows weighted interleaving'

policy_of_exec() {
	with_probe
	"$PROBE" mempolicy > /dev/null 2>&1 || skip 'no NUMA in this kernel'
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0"}'
	started c1
	ok exec c1 probe mempolicy
	equal "$OUT" 'mode 0x2 nodes 0x1'
}
it policy_of_exec 'the memory policy holds for exec, too'

wrong_policies() {
	refused '.linux.memoryPolicy = {"mode": "MPOL_NONE"}' linux.memoryPolicy.mode
	refused '.linux.memoryPolicy = {"mode": "MPOL_BIND"}' linux.memoryPolicy.nodes
	refused '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "0-"}' linux.memoryPolicy.nodes
	refused '.linux.memoryPolicy = {"mode": "MPOL_LOCAL", "nodes": "0"}' linux.memoryPolicy.nodes
	refused '.linux.memoryPolicy = {"mode": "MPOL_PREFERRED", "flags": ["MPOL_F_STATIC_NODES"]}' \
		linux.memoryPolicy.flags
	refused '.linux.memoryPolicy =
		{"mode": "MPOL_PREFERRED", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"]}' \
		linux.memoryPolicy.flags
}
it wrong_policies 'a mode without its nodes, or with what it does not take, is refused'

node_that_is_not_there() {
	with_probe
	"$PROBE" mempolicy > /dev/null 2>&1 || skip 'no NUMA in this kernel'
	config '.linux.memoryPolicy = {"mode": "MPOL_BIND", "nodes": "900"}'
	fails 1 run c1
	has "$ERR" linux.memoryPolicy
	has "$ERR" 'MPOL_BIND 900'
	missing "$STATE/c1"
}
it node_that_is_not_there 'a node that the machine lacks is an error that names it'

# ---- network devices ------------------------------------------------------------------------------

# netdevs JSON: the network devices that config.json asks for.
netdevs() { config '.linux.netDevices = $d' --argjson d "$1"; }

# host_device NAME: a device of the host.
host_device() {
	ip link add "$1" type veth peer name "peer-$1" || skip 'no veth devices here'
}
host_has() { ip -o link show "$1" > /dev/null 2>&1; }
index_of() { ip -o link show "$1" | cut -d: -f1; }
addresses() { ip -o addr show "$1" | grep -v fe80 | sed 's/.*inet6* //; s/ *\\.*//'; }

# A network namespace with a process in it: its path in $NETNS.
other_netns() {
	unshare --net sleep 1000 > /dev/null 2>&1 < /dev/null &
	HOLDER=$!
	NETNS=/proc/$HOLDER/ns/net
	for _ in $(seq 100); do
		[ "$(readlink "$NETNS")" = "$(readlink /proc/self/ns/net)" ] || break
		sleep 0.05
	done
	config '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "$NETNS"
}
in_other() { nsenter --net="$NETNS" "$@"; }

device_moves() {
	host_device h0
	ip link set h0 address 02:11:22:33:44:55 mtu 1400 up
	netdevs '{"h0": {}}'
	inside 'cat /sys/class/net/h0/address /sys/class/net/h0/mtu; ip -o link show h0'
	has "$OUT" 02:11:22:33:44:55
	has "$OUT" 1400
	has "$OUT" ',UP'
	! host_has h0 || die 'the host still has it'
}
it device_moves 'netDevices moves a device of the host, as it is, and brings it up'

device_is_renamed() {
	host_device h0
	netdevs '{"h0": {"name": "net1"}}'
	inside 'ls /sys/class/net'
	has "$OUT" net1
	lacks "$OUT" h0
}
it device_is_renamed 'netDevices renames'

names_by_template() {
	host_device h0
	host_device h1
	netdevs '{"h0": {"name": "lan%d"}, "h1": {"name": "lan%d"}}'
	inside 'ls /sys/class/net'
	has "$OUT" lan0
	has "$OUT" lan1
	refused '.linux.netDevices = {"h0": {"name": "lan%s"}}' linux.netDevices.h0.name
	refused '.linux.netDevices = {"h0": {"name": "lan%d%d"}}' linux.netDevices.h0.name
	refused '.linux.netDevices = {"h0": {"name": "a"}, "h1": {"name": "a"}}' linux.netDevices
}
it names_by_template 'a name with %d takes the first number that is free; no two get one name'

addresses_are_kept() {
	host_device h0
	ip link set h0 up
	ip addr add 192.0.2.1/24 brd + dev h0
	ip addr add 192.0.2.2/24 dev h0
	ip addr add 198.51.100.1 peer 198.51.100.9/32 dev h0 metric 7
	ip -6 addr add 2001:db8::1/64 dev h0 nodad noprefixroute
	ip addr add 203.0.113.1/24 scope link dev h0
	ip addr add 203.0.114.9/24 dev h0 valid_lft 1000 preferred_lft 500
	netdevs '{"h0": {"name": "net0"}}'
	config '.process.args = ["sleep", "1000"]'
	ok create --pid-file "$WORK/pid" c1
	nsenter --net="/proc/$(cat "$WORK/pid")/ns/net" ip -o addr show net0 > "$WORK/there"
	has "$(cat "$WORK/there")" 'inet 192.0.2.1/24 brd 192.0.2.255 scope global net0'
	has "$(cat "$WORK/there")" 'inet 192.0.2.2/24 scope global secondary net0'
	has "$(cat "$WORK/there")" 'inet 198.51.100.1 peer 198.51.100.9/32 metric 7 scope global net0'
	has "$(cat "$WORK/there")" 'inet6 2001:db8::1/64 scope global nodad noprefixroute'
	lacks "$(cat "$WORK/there")" 203.0.11
}
it addresses_are_kept 'a device keeps its permanent addresses of global scope, and no others'

parameters_of_a_device() {
	host_device h0
	netdevs '{"h0": {"name": "net0"}}'
	config '.linux.sysctl = {"net.ipv4.conf.net0.rp_filter": "2"}'
	inside 'cat /proc/sys/net/ipv4/conf/net0/rp_filter'
	equal "$OUT" 2
}
it parameters_of_a_device 'kernel parameters and hooks find the device under its new name'

device_of_a_user_namespace() {
	host_device h0
	netdevs '{"h0": {"name": "net0"}}'
	config "$USER_NAMESPACE"
	chown -R 100000:100000 "$ROOTFS"
	chmod 755 "$WORK" "$BUNDLE"
	inside 'ls /sys/class/net'
	has "$OUT" net0
}
it device_of_a_user_namespace 'a container in a user namespace gets devices, too'

device_joins_others() {
	host_device h0
	other_netns
	in_other ip link add h0 type veth peer name x1
	netdevs '{"h0": {"name": "net0"}}'
	config '.process.args = ["sleep", "1000"]'
	ok create c1
	in_other ip -o link show net0 > /dev/null
	ok delete --force c1
	in_other ip -o link show net0 > /dev/null
	! host_has h0 || die 'delete has taken it back'
	kill "$HOLDER"
}
it device_joins_others 'a device moves into a namespace given by path, where its old name may be taken, and stays'

same_index() {
	host_device h0
	other_netns
	index=$(index_of h0)
	in_other ip link add index "$index" name x0 type veth peer name x1
	ip addr add 192.0.2.1/24 dev h0
	netdevs '{"h0": {}}'
	config '.process.args = ["sleep", "1000"]'
	ok create c1
	has "$(in_other ip -o addr show h0)" 192.0.2.1/24
	lacks "$(in_other ip -o addr show x0)" 192.0.2.1/24
	kill "$HOLDER"
}
it same_index 'a device whose index is taken there gets another'

taken_name() {
	host_device h0
	host_device h1
	other_netns
	in_other ip link add net1 type veth peer name x1
	netdevs '{"h0": {}, "h1": {"name": "net1"}}'
	fails 1 create c1
	has "$ERR" linux.netDevices
	has "$ERR" net1
	missing "$STATE/c1"
	host_has h0 || die 'h0 has not come back'
	host_has h1 || die 'h1 has not come back'
	kill "$HOLDER"
}
it taken_name 'a name that is taken there is an error, and no device moves'

devices_that_cannot_move() {
	host_device h0
	netdevs '{"h0": {}, "nosuch": {}}'
	fails 1 create c1
	has "$ERR" 'nosuch: the host has no such network device'
	netdevs '{"lo": {}}'
	fails 1 create c1
	has "$ERR" 'lo: a loopback device cannot be moved'
	netdevs '{"h0": {}}'
	config '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/net"'
	fails 1 create c1
	has "$ERR" 'is that of the host'
	config 'del(.linux.namespaces[] | select(.type == "network"))'
	fails 1 create c1
	has "$ERR" linux.netDevices
	host_has h0 || die 'h0 is gone'
}
it devices_that_cannot_move 'a device that is not there, loopback, and the network of the host are errors'

failed_create_brings_back() {
	host_device h0
	ip link set h0 mtu 1400 up
	ip addr add 192.0.2.1/24 dev h0
	ip -6 addr add 2001:db8::1/64 dev h0 nodad
	before=$(addresses h0)
	index=$(index_of h0)
	netdevs '{"h0": {"name": "net0"}}'
	config '.hooks.createRuntime = [{"path": "/bin/false"}]'
	fails 1 create c1
	missing "$STATE/c1"
	equal "$(addresses h0)" "$before"
	equal "$(index_of h0)" "$index"
	has "$(ip -o link show h0)" 'UP'
	has "$(ip -o link show h0)" 'mtu 1400'
}
it failed_create_brings_back 'when create fails, the device comes back with name, index and addresses'

# ---- resctrl --------------------------------------------------------------------------------------

no_resctrl() {
	! grep -q ' resctrl ' /proc/mounts || skip 'this machine has resctrl'
	refused '.linux.intelRdt = {}' 'linux.intelRdt: no resctrl file system is mounted'
	refused '.linux.intelRdt = {"closID": "a/b"}' linux.intelRdt.closID
}
it no_resctrl 'intelRdt without resctrl is an error'

no_class() {
	started c1
	for option in --l3-cache-schema=L3:0=f --mem-bw-schema=MB:0=50; do
		fails 1 update "$option" c1
		has "$ERR" 'linux.intelRdt'
	done
}
it no_class 'update has no class of service to change where config.json has no intelRdt'

schemata() { equal "$(cat "$RESCTRL/gold/schemata")" "$1"; }

class_changes() {
	with_resctrl
	started c1
	ok update --mem-bw-schema MB:0=70 c1
	schemata MB:0=70
	ok update --l3-cache-schema L3:0=7 --mem-bw-schema MB:0=50 c1
	schemata "L3:0=7
MB:0=50"
}
it class_changes 'update changes the share of the cache and of the memory bandwidth (a directory stands for resctrl)'

class_changes_or_nothing_does() {
	with_resctrl
	started c1
	for other in --cpuset-cpus=4000 "--mem-bw-schema=MB:0=$(printf %01100d 5)"; do
		fails 1 update --l3-cache-schema L3:0=7 "$other" c1
		schemata L3:0=f
	done
}
it class_changes_or_nothing_does 'an update that fails half-way leaves the class of service as it was'

# ---- features -------------------------------------------------------------------------------------

features() {
	ok features
	echo "$OUT" | jq -e '.linux | .intelRdt.enabled and .intelRdt.schemata and .intelRdt.monitoring
		and .netDevices.enabled and .mountExtensions.idmap.enabled
		and (.memoryPolicy.modes | length) == 7 and (.memoryPolicy.flags | length) == 3' ||
		die "$OUT"
}
it features 'features tells of them'

# The document in $DOC.
features_document() {
	ok features
	DOC=$WORK/features.json
	cp "$WORK/out" "$DOC"
}

# taken_each NAMES FILTER: with each of the names, $name in the filter, config.json is compiled.
taken_each() {
	cp "$BUNDLE/config.json" "$WORK/before.json"
	name=
	for name in $(jq -r "$1" "$DOC"); do
		config "$2" --arg name "$name"
		hull create --dry-run c1
		[ "$RC" = 0 ] || die "$name: $ERR"
		equal "$name: $ERR" "$name: "
		cp "$WORK/before.json" "$BUNDLE/config.json"
	done
	[ -n "$name" ] || die "$1 is empty"
}

features_are_taken() {
	features_document
	taken_each '.ociVersionMin, .ociVersionMax' '.ociVersion = $name'
	taken_each '.hooks[]' '.hooks[$name] = [{"path": "/bin/true"}]'
	taken_each '.linux.namespaces[] | select(. != "user")' \
		'.linux.namespaces |= (map(select(.type != $name)) + [{"type": $name}])'
	taken_each '.linux.capabilities | join(",")' \
		'.process.capabilities.bounding = ($name | split(","))'
	taken_each '.linux.seccomp.archs[]' '.linux.seccomp =
		{"defaultAction": "SCMP_ACT_ALLOW", "architectures": [$name]}'
	taken_each '.linux.seccomp.supportedFlags[]' '.linux.seccomp =
		{"defaultAction": "SCMP_ACT_ALLOW", "flags": [$name]}'
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/agent",
		"syscalls": [{"names": ["mkdir"], "action": "SCMP_ACT_ERRNO"}]}'
	taken_each '.linux.seccomp.actions[]' '.linux.seccomp.syscalls[0].action = $name'
	taken_each '.linux.seccomp.operators[]' \
		'.linux.seccomp.syscalls[0].args = [{"index": 0, "value": 1, "valueTwo": 1, "op": $name}]'
}
it features_are_taken 'what features lists is accepted in config.json'

features_of_the_build() {
	features_document
	unshare --mount --user --map-root-user --pid --fork sh -c \
		'mount -t tmpfs none /sys; exec env -i "$0" --root "$1" features' "$HULL" "$STATE" \
		> "$WORK/elsewhere.json"
	cmp "$DOC" "$WORK/elsewhere.json"
}
it features_of_the_build 'features tells of the build, whatever the host'

finish
