#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How hull is linked: nothing to load when it starts, nothing left writable.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

launcher=${BUILD:-build}/hull
hull=${BUILD:-build}/libexec/hull
[ -x "$hull" ] || hull=$launcher

needed() {
	readelf -dW "$hull" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

lacks() { # WHAT READELF-OPTIONS PATTERN
	readelf -W "$2" "$hull" | grep -qE "$3" || echo "$hull is not $1"
}

if [ ! -x "$hull" ]; then
	tap_check "hull is built" "$hull is missing"
	tap_end
fi

if "${BUILD:-build}/config.status" --config | grep -q -- --with-shared-deps; then
	tap_skip "hull needs no library at run time" "configured --with-shared-deps"
else
	tap_check "hull needs no library at run time" "$(needed)"
	tap_check "hull needs no dynamic linker" "$(readelf -lW "$hull" | grep interpreter)"
fi
tap_check "hull is position independent" "$(lacks PIE -h 'Type: +DYN')"
tap_check "its relocations are read-only (RELRO)" "$(lacks RELRO -l '^ +GNU_RELRO')"
tap_check "its symbols are bound at start, so that all of them are" \
	"$(lacks BIND_NOW -d 'FLAGS_1.*NOW')"
[ "$hull" = "$launcher" ] || tap_check "its launcher needs nothing: no libc, no relocation" \
	"$(readelf -drW "$launcher" | grep -E 'NEEDED|R_X86_64')"
tap_check "its stack is not executable" "$(readelf -lW "$hull" | grep -E 'GNU_STACK.*RWE')"
tap_end
