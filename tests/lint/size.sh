#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Functions and files stay small.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

FUNCTION_LINES=80
FILE_LINES=700
FILE_LINES_AIM=400

sources() {
	find libcontainer runtime shim systemd tests -name '*.[ch]' ! -name '*.pb-c.[ch]' ! -path '*/fixtures/*'
}

# In this layout a function body is what stands between { and } in the first column.
long_functions() {
	# shellcheck disable=SC2016
	sources | xargs awk -v most="$FUNCTION_LINES" '
		/^[a-z].*\(/ { name = $0 }
		/^\{/ { start = FNR }
		/^\}/ && start {
			if (FNR - start - 1 > most)
				print FILENAME ":" start ": " FNR - start - 1 " lines: " name
			start = 0
		}'
}

long_files() { # LINES
	sources | xargs wc -l | awk -v most="$1" '$2 != "total" && $1 > most { print $2 ": " $1 " lines" }'
}

tap_check "no function is longer than $FUNCTION_LINES lines" "$(long_functions)"
tap_check "no file is longer than $FILE_LINES lines" "$(long_files "$FILE_LINES")"
aim=$(long_files "$FILE_LINES_AIM")
[ -z "$aim" ] || tap_note "longer than the $FILE_LINES_AIM lines to aim for:
$aim"
tap_end
