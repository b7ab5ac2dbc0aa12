# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# A processor whose cache and memory bandwidth can be shared out. Sourced on top of lib/harness.sh.

# with_resctrl: a directory stands for resctrl, $RESCTRL, and the container is in its class gold. Only
# hull itself is told that it is mounted.
with_resctrl() {
	RESCTRL=$WORK/resctrl
	mkdir -p "$RESCTRL/gold"
	echo 'L3:0=f' > "$RESCTRL/gold/schemata"
	: > "$RESCTRL/gold/tasks"
	config '.linux.intelRdt = {closID: "gold", l3CacheSchema: "L3:0=f"}'
	echo "resctrl $RESCTRL resctrl rw 0 0" > "$WORK/mounts"
	cat > "$WORK/hull-resctrl" <<- SH
		#!/bin/sh
		exec unshare --mount sh -c 'mount --bind $WORK/mounts /proc/\$\$/mounts && exec "\$@"' hull "$HULL" "\$@"
	SH
	chmod +x "$WORK/hull-resctrl"
	HULL=$WORK/hull-resctrl
}
in_class() { equal "$(cat "$RESCTRL/gold/tasks")" "$1"; }
