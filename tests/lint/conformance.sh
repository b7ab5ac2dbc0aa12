#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# doc/CONFORMANCE.md has every row of the specification's list, and the tests that it names are there.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

doc=doc/CONFORMANCE.md
last_rows='A21 B9 C13 D15 E5 F32 G6'

wanted_rows() {
	local last

	for last in $last_rows; do
		seq --format "${last%%[0-9]*}%g" "${last##*[A-Z]}"
	done
}

# The lines of the tables, as "ROW|REQUIREMENT|TESTS|HULL|NOTE".
rows() {
	sed -nE '/^\| [A-G][0-9]+ \|/ { s/ *\| */|/g; s/^\||\|$//g; p }' "$doc"
}

wrong_rows() {
	diff <(wanted_rows | sort) <(rows | cut -d '|' -f 1 | sort) |
		sed -n 's/^</missing:/p; s/^>/unknown, or there twice:/p'
}

# What hull does is one of three things; only what does not apply may be without a test.
vague_rows() {
	rows | awk -F '|' '
		$2 == "" { print $1 ": no requirement" }
		$4 !~ /^(passes|differs on purpose|not applicable)$/ { print $1 ": hull " $4 "?" }
		$4 != "not applicable" && $3 !~ /`/ { print $1 ": no test" }
		$4 != "passes" && $5 == "" { print $1 ": no word why" }'
}

# TIER/SCRIPT:FUNCTION, unit/SUITE:TEST, golden/CASE
named_tests() {
	grep -oE '`(golden/[a-z][^`]*|[a-z]+/[a-z_]+:[a-z][^`]*)`' "$doc" | tr -d '`' | sort -u
}

is_there() { # TEST
	local place=${1%%:*} name=${1#*:}

	case $1 in
	unit/*) grep -qE "^(Parameterized)?Test\((.*, )?${place#unit/}, ${name}[,)]" tests/unit/*.c ;;
	golden/*) [ -e "tests/golden/cases/${1#golden/}/config.json" ] ;;
	*) grep -qE "^[[:space:]]*it $name ['\"]" "tests/$place.sh" 2>/dev/null ;;
	esac
}

missing_tests() {
	local test

	named_tests | while read -r test; do
		is_there "$test" || echo "$test"
	done
}

tap_check "every row of the specification's list is there once" "$(wrong_rows)"
tap_check "every row says what hull does and which test shows it" "$(vague_rows)"
tap_check "every test that is named is there" "$(missing_tests)"
tap_end
