#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The recorded conversations of tests/fixtures/ttrpc, between containerd and the Go shim, with our
# shim in its place. Needs no containerd.
#
# Environment: BUILD (where containerd-shim-hull-v2 and hull are).
TESTS=$(cd "$(dirname "$0")/.." && pwd)
BUILD=${BUILD:-$TESTS/../build}
HULL=${HULL:-$BUILD/hull}
. "$TESTS/lib/harness.sh"

NS=hull-test-$$

replays() {
	config '.process.args = ["sh", "-c", "read line"] | .linux.cgroupsPath = $path' --arg path "/$NS"
	timeout 60 python3 "$TESTS/containerd/replay.py" "$BUILD/containerd-shim-hull-v2" "$NS" "$frames" \
		"$BUNDLE" "$WORK" > "$WORK/why" || die "$(cat "$WORK/why")"
}

for frames in "$TESTS"/fixtures/ttrpc/*.frames; do
	it replays "$(basename "$frames" .frames): each answer and the events are those of the recording"
done

finish
