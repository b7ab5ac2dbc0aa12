# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Test Anything Protocol for scripts: sourced.

tap_number=0
tap_status=0

# tap_check SENTENCE FINDINGS: passes when nothing was found; else shows what.
tap_check() {
	tap_number=$((tap_number + 1))
	if [ -z "$2" ]; then
		echo "ok $tap_number - $1"
		return
	fi
	tap_status=1
	echo "not ok $tap_number - $1"
	printf '%s\n' "$2" | sed 's/^/# /'
}

tap_skip() { # SENTENCE REASON
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $1 # SKIP $2"
}

# tap_note TEXT: for the reader, not counted.
tap_note() {
	printf '%s\n' "$1" | sed 's/^/# /'
}

tap_end() {
	echo "1..$tap_number"
	exit "$tap_status"
}
