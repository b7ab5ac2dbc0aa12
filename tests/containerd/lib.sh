# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# A containerd of our own for the tests of the shim: its root, state, sockets and images live below
# one temporary directory and go with it. Sourced by tests/containerd/*.sh; on top of
# lib/sentences.sh.
#
# Environment: BUILD (where containerd-shim-hull-v2 and hull are), CONTAINERD (the daemon), RUNTIME
# (another runtime type: io.containerd.runc.v2 holds the tests themselves against the Go shim).

. "$(dirname "$0")/../lib/sentences.sh"

srcdir=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$srcdir/build}
CONTAINERD=${CONTAINERD:-containerd}
RUNTIME=${RUNTIME:-io.containerd.hull.v2}
IMAGE=test/busybox:1
C=$HARNESS_TMP/c
PATH=$BUILD:$PATH
# a namespace of containerd, and so a parent of cgroups, that no other run has
export CONTAINERD_NAMESPACE=hull-test-$$
containerd_pid=

if ! command -v "$CONTAINERD" > /dev/null; then
	echo "1..0 # SKIP containerd is not installed"
	exit 0
fi
if [ "$RUNTIME" = io.containerd.hull.v2 ] && [ ! -x "$BUILD/containerd-shim-hull-v2" ]; then
	echo "Bail out! $BUILD/containerd-shim-hull-v2 is not there: build it, or name its folder with BUILD"
	exit 1
fi
mkdir -p "$C"

# containerd_config [CRI-SECTION]: CRI is off unless its configuration is given.
containerd_config() {
	harness_cri='disabled_plugins = ["io.containerd.grpc.v1.cri"]'
	[ $# = 0 ] || harness_cri=$1
	cat > "$C/config.toml" <<-TOML
		version = 2
		root = "$C/root"
		state = "$C/state"
		$harness_cri
		[grpc]
		address = "$C/containerd.sock"
		[ttrpc]
		address = "$C/containerd.sock.ttrpc"
		[debug]
		level = "debug"
	TOML
}

containerd_start() {
	"$CONTAINERD" -c "$C/config.toml" >> "$C/log" 2>&1 &
	containerd_pid=$!
	for _ in $(seq 100); do
		kill -0 "$containerd_pid" 2> /dev/null || break
		[ ! -S "$C/containerd.sock" ] || ! ctr version > /dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "Bail out! containerd does not start: $(tail -n 3 "$C/log")"
	exit 1
}

# containerd_stop [SIGNAL]
# shellcheck disable=SC2120 # the signal may be left out
containerd_stop() {
	[ -n "$containerd_pid" ] || return 0
	kill -s "${1:-TERM}" "$containerd_pid" 2> /dev/null || true
	wait "$containerd_pid" 2> /dev/null || true
	containerd_pid=
}

# Never reads the test's standard input; a hang is a failure.
ctr() {
	timeout -k 5 "${CTR_TIMEOUT:-60}" ctr -a "$C/containerd.sock" "$@"
}

# run ARG...: ctr run with our runtime and the state directory of this test.
run() {
	ctr run --runtime "$RUNTIME" "$@"
}

image_import() {
	"$srcdir/tests/containerd/image.sh" "$IMAGE" "$C/image.tar"
	ctr images import "$C/image.tar" > /dev/null
}

# Shims of this containerd: they name its socket on their command line.
shims() {
	pgrep -f "containerd-shim-.*-address $C/containerd.sock" || true
}

# ctr names the parent of each cgroup after its namespace; who makes it there leaves it there.
cgroup_parent() { echo "$(cgroup_tree)/$CONTAINERD_NAMESPACE"; }

# containerd_begin [CONFIG]: the daemon with the image, for all tests of a file.
containerd_begin() {
	[ -d "$(cgroup_parent)" ] || mkdir "$(cgroup_parent)"
	containerd_config "$@"
	containerd_start
	image_import
}

# To be called instead of finish.
containerd_end() {
	containerd_stop
	for pid in $(shims); do
		kill -9 "$pid" 2> /dev/null || true
	done
	awk -v top="$C/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r at; do umount -l "$at"; done
	rmdir "$(cgroup_parent)" 2> /dev/null || true
	finish
}

test_begin() { :; }

# Containers of the test go, with their tasks.
test_end() {
	for id in $(ctr containers ls -q); do
		ctr task rm -f "$id"
		ctr containers rm "$id"
	done
}
