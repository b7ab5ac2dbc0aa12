#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# cppcheck finds nothing in the library, the command and the shim. (It cannot parse a compound literal in a
# conditional expression: internalAstError.)
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

findings() {
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
		--suppress=missingInclude --suppress=internalAstError -j 2 -D_GNU_SOURCE -I libcontainer -I shim -I . \
		--template='{file}:{line}: {id}: {message}' libcontainer runtime shim systemd 2>&1
}

if command -v cppcheck >/dev/null; then
	tap_check "cppcheck finds nothing" "$(findings)"
else
	tap_skip "cppcheck finds nothing" "cppcheck is missing"
fi
tap_end
