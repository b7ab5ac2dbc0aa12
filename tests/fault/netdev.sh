#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every system call of a create that moves a network device fails once: the device is in the container
# or back where it was, as it was. Needs a build with --enable-fault-injection (HULL names its hull).

# A network namespace of our own stands for the host's.
if [ -z "${FAULT_NETNS:-}" ] && [ "$(id -u)" = 0 ]; then
	FAULT_NETNS=1 exec unshare --net sh "$0" "$@"
fi
. "$(dirname "$0")/../lib/harness.sh"

STEP=${STEP:-1} # every STEPth call only

look() { ip -o addr show h0 2> /dev/null | grep -v fe80 | sed 's/ *\\.*//'; }

# A new pair of devices; the other end goes with the one that is gone.
new_device() {
	ip link del peer 2> /dev/null || true
	ip link add h0 index 1000 type veth peer name peer || skip 'no veth devices here'
	ip link set h0 up
	ip addr add 192.0.2.1/24 dev h0
	ip -6 addr add 2001:db8::1/64 dev h0 nodad
}

comes_back() { # ERRNO
	config '.process.args = ["sleep", "1000"] | .linux.netDevices = {"h0": {"name": "net0"}}'
	new_device
	before=$(look)
	HULL_FAULT_LOG=$WORK/calls ok create f1
	ok delete --force f1
	grep -q netlink_send "$WORK/calls" || die 'no call to netlink was counted'
	calls=$(wc -l < "$WORK/calls") n=1
	while [ "$n" -le "$calls" ]; do
		new_device
		HULL_FAULT=$n:$1 HULL_TIMEOUT=20 hull create f1
		if [ "$RC" = 0 ]; then
			equal "$(look)" ''
			ok delete --force f1
		else
			[ "$(look)" = "$before" ] || die "call $n fails: $(look), not $before: $ERR"
			missing "$STATE/f1"
		fi
		n=$((n + STEP))
	done
}

comes_back_eio() { comes_back 5; }
it comes_back_eio 'create: each call fails once with EIO, and the network device is back'

comes_back_ebusy() { comes_back 16; }
it comes_back_ebusy 'create: each call fails once with EBUSY, and the network device is back'

finish
