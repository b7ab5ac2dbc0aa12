#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The smallest memory limit in which each runtime starts a static true three times out of three. Needs
# the memory controller of cgroup v2, as in the guest of tests/vm:
#
#	tests/vm/run.sh --command /job/tests/bench/memory.sh
set -euo pipefail

STEP=$((16 * 1024)) # bytes: how exactly it is told
MOST=$((64 * 1024 * 1024 / STEP))
HULL=${HULL:-hull}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The config of `hull spec`; crun 1.8 takes no later version.
make_bundle() {
	mkdir -p "$work/rootfs/bin"
	cp "$(command -v busybox)" "$work/rootfs/bin/true"
	"$HULL" spec -b "$work" >/dev/null
	jq '.ociVersion = "1.0.2" | .process.terminal = false | .process.args = ["/bin/true"]' \
		"$work/config.json" >"$work/template.json"
}

# starts RUNTIME STEPS
starts() {
	local i

	jq --argjson limit $(($2 * STEP)) '.linux.resources.memory.limit = $limit' \
		"$work/template.json" >"$work/config.json"
	for i in 1 2 3; do
		timeout 30 "$1" run -b "$work" "memory-$$-$i" </dev/null &>"$work/log" || {
			"$1" delete --force "memory-$$-$i" &>/dev/null
			return 1
		}
	done
}

# smallest RUNTIME: by halves, between what is too little and what is enough.
smallest() {
	local little=0 enough=$MOST middle

	while [ $((enough - little)) -gt 1 ]; do
		middle=$(((little + enough) / 2))
		if starts "$1" $middle; then
			enough=$middle
		else
			little=$middle
		fi
	done
	echo $((enough * STEP / 1024))
}

make_bundle
printf '%-6s %s\n' runtime 'memory.max in KiB'
for runtime in "$HULL" crun runc; do
	printf '%-6s %s\n' "$(basename "$runtime")" "$(smallest "$runtime")"
done
