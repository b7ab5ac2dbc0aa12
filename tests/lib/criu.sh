# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the tests of checkpoint and restore have in common, and fake_criu.py in the place of CRIU.
# Sourced on top of lib/harness.sh.

# with_criu: from now on it is the criu in PATH.
with_criu() {
	command -v python3 > /dev/null || skip 'no python3'
	FAKE_CRIU=$WORK/criu
	export FAKE_CRIU
	mkdir "$FAKE_CRIU" "$WORK/bin"
	ln -s "$HARNESS_LIB/fake_criu.py" "$WORK/bin/criu"
	PATH=$WORK/bin:$PATH
}

# asked LINE: the last request had that option; not_asked PATTERN.
asked() { grep -qxF -e "$1" "$FAKE_CRIU/asked" || die "'$1' was not asked for: $(cat "$FAKE_CRIU/asked")"; }
not_asked() { ! grep -q -e "$1" "$FAKE_CRIU/asked" || die "$(grep -e "$1" "$FAKE_CRIU/asked")"; }

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
