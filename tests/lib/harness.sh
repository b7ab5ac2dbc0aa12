# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# The ground integration tests stand on: a busybox bundle per test, on top of lib/sentences.sh.
# Sourced by tests/integration/*.sh:
#
#	. "$(dirname "$0")/../lib/harness.sh"
#	hostname_is_set() {
#		config '.hostname = "box" | .process.args = ["hostname"]'
#		hull run c1
#		equal "$OUT" box
#	}
#	it hostname_is_set 'sets the host name in a UTS namespace of its own'
#	finish
#
# Environment: HULL (the binary), and what lib/sentences.sh reads.

. "$(dirname "$0")/../lib/sentences.sh"

HULL=${HULL:-$(cd "$(dirname "$0")/../.." && pwd)/build/hull}
if [ ! -x "$HULL" ]; then
	echo "Bail out! $HULL is not there: build it, or name it with HULL=PATH"
	exit 1
fi
HARNESS_LIB=$(cd "$(dirname "$0")/../lib" && pwd)

# ---- the bundle -----------------------------------------------------------------------------

# One root file system is made; each test gets its own tree of hard links.
harness_make_rootfs() {
	harness_bin=$HARNESS_TMP/template/bin
	mkdir -p "$harness_bin" "$HARNESS_TMP"/template/dev "$HARNESS_TMP"/template/proc \
		"$HARNESS_TMP"/template/sys "$HARNESS_TMP"/template/tmp "$HARNESS_TMP"/template/etc \
		"$HARNESS_TMP"/template/root
	cp "$(command -v busybox)" "$harness_bin/busybox"
	for applet in sh ls cat echo id true false sleep env pwd mount umount grep hostname mkdir \
		touch rm ps kill stat readlink head tail wc ip tty stty test dd mknod chmod chown \
		ln sed awk sync date uname find sort cut tr printf seq od df; do
		ln "$harness_bin/busybox" "$harness_bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' \
		> "$HARNESS_TMP/template/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' > "$HARNESS_TMP/template/etc/group"
	chmod 1777 "$HARNESS_TMP/template/tmp"
}

# $BUNDLE, $ROOTFS and $STATE of the running test; config.json is hull's own, without a terminal.
harness_make_bundle() {
	BUNDLE=$1/bundle ROOTFS=$1/bundle/rootfs STATE=$1/state
	mkdir -p "$BUNDLE" "$1/run"
	cp -al "$HARNESS_TMP/template" "$ROOTFS"
	[ -e "$HARNESS_TMP/config.json" ] || harness_make_config
	cp "$HARNESS_TMP/config.json" "$BUNDLE/config.json"
}

harness_make_config() {
	"$HULL" spec -b "$BUNDLE" > /dev/null
	config '.process.terminal = false | .process.args = ["true"] | .root.readonly = false'
	mv "$BUNDLE/config.json" "$HARNESS_TMP/config.json"
}

# config FILTER [JQ-OPTION...]: edits config.json with jq.
config() {
	harness_filter=$1
	shift
	jq "$@" "$harness_filter" "$BUNDLE/config.json" > "$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# For config: a user namespace, whose root is 100000 outside.
USER_NAMESPACE='.linux.namespaces += [{"type": "user"}]
	| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
	| .linux.gidMappings = .linux.uidMappings'

# ---- running hull ---------------------------------------------------------------------------

# hull ARG...: runs it in the bundle with the test's own state directory; $RC, $OUT, $ERR tell. A
# hang is a failure.
hull() { out harness_hull "$@"; }
harness_hull() (cd "$BUNDLE" && exec timeout -k 5 "${HULL_TIMEOUT:-30}" "$HULL" --root "$STATE" "$@")

# ok ARG...: hull ARG... and it must succeed.
ok() { fails 0 "$@"; }

# fails RC ARG...: it must end with that status.
fails() {
	harness_expected=$1
	shift
	hull "$@"
	ended_with "$harness_expected" hull "$@"
}

# inside SCRIPT: the output of a shell script in a container made from the bundle.
inside() {
	config '.process.args = ["sh", "-c", $script]' --arg script "$1"
	ok run inside
}

# started ID: a container made from the bundle that sleeps; its pid in $PID.
started() {
	config '.process.args = ["sleep", "1000"]'
	ok create --pid-file "$WORK/pid" "$1"
	ok start "$1"
	PID=$(cat "$WORK/pid")
}

# with_probe: /bin/probe, built of probe.c, is in the container; outside it is $PROBE.
with_probe() {
	PROBE=$HARNESS_TMP/probe
	if [ ! -e "$PROBE" ] && [ -x "$HARNESS_LIB/probe" ]; then
		cp "$HARNESS_LIB/probe" "$PROBE" # virtual machines have it, and no compiler
	elif [ ! -e "$PROBE" ]; then
		command -v cc > /dev/null || skip 'no compiler'
		cc -D_GNU_SOURCE -O1 -static -o "$PROBE" "$HARNESS_LIB/probe.c"
	fi
	ln "$PROBE" "$ROOTFS/bin/probe"
}

# ---- around each test -------------------------------------------------------------------------

test_begin() { harness_make_bundle "$WORK"; }

# Containers of the test go.
test_end() {
	harness_status=0
	for harness_dir in "$WORK"/state/[!,]*/; do
		[ -d "$harness_dir" ] || continue
		"$HULL" --root "$WORK/state" delete --force "$(basename "$harness_dir")" || {
			echo "state $harness_dir"
			harness_status=1
		}
	done
	return $harness_status
}

harness_make_rootfs
