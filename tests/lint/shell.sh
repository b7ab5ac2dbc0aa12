#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Shell scripts are clean by shellcheck.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

scripts() {
	echo ./autogen.sh
	echo ./.ci/run
	echo tests/vm/guest/init
	find tests/vm/guest/run/vm -type f
	find tests contrib -name '*.sh' -o -name '*.bash'
}

if ! command -v shellcheck >/dev/null; then
	tap_skip "scripts are clean by shellcheck" "shellcheck is missing"
else
	tap_check "scripts are clean by shellcheck" \
		"$(scripts | xargs shellcheck --external-sources --severity=warning --format=gcc 2>&1)"
fi
tap_end
