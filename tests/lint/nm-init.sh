#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Between clone and exec no malloc, no stdio, no locale, no NSS, no library: everything reachable
# from init/ is linked into one object, unreachable functions are dropped, and what then is still
# undefined must stand in nm-init.allow.
set -u
export LC_ALL=C
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

library=${BUILD:-build}/libcontainer
linked=$(mktemp)
trap 'rm -f "$linked"' EXIT

# The doors of init/: whatever others call.
entries() {
	nm -g --defined-only "$library"/init/libcontainer_a-*.o | awk 'NF == 3 { print "-u", $3 }'
}

# shellcheck disable=SC2046
link_reachable() {
	ld -r --gc-sections $(entries) -o "$linked" "$library"/init/libcontainer_a-*.o \
		--start-group "$library"/{base,sys,plan}/libcontainer_a-*.o --end-group
}

allowed() {
	sed 's/#.*//' tests/lint/nm-init.allow | tr -s ' \t' '\n' | sed '/^$/d' | sort -u
}

# "symbol section" for each reference from the code and data that is left.
references() {
	objdump -r "$linked" | awk '
		/^RELOCATION RECORDS FOR/ { section = substr($4, 2, length($4) - 3) }
		/^[0-9a-f]+ R_/ && section !~ /^\.(debug|eh_frame)/ {
			sub(/[-+]0x[0-9a-f]+$/, "", $3)
			print $3, section
		}'
}

# Undefined, referred to, and not allowed; with the functions that do.
forbidden() {
	join <(nm -u "$linked" | awk '{ print $2 }' | sort -u | comm -23 - <(allowed)) \
		<(references | sort -u) | sed 's/ / is used in /'
}

problem=$(link_reachable 2>&1)
tap_check "init links with base, sys and plan alone" "$problem"
[ -n "$problem" ] || tap_check "init reaches only system calls and memory functions" "$(forbidden)"
tap_end
