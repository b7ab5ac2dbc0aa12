#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Golden plans: config.json in, the text of `hull create --dry-run` out. No root, nothing runs.
#
#	tests/golden/run.sh [NAME]	compares; NAME is a case (time-offsets, podman/run)
#	tests/golden/run.sh --update	writes the plans anew: read the difference before it is committed
#
# cases/NAME: one concept each, options of the command line in `args` and global ones in `globals` (one
# a line).
# clients/CLIENT/CASE[-FOLDER...].txt: what clients asked for, see tests/fixtures.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

HULL=${HULL:-build/hull}
golden=tests/golden
fixtures=tests/fixtures/clients

# plan_of BUNDLE: the plan, or the error; the same in every checkout and for every user.
plan_of() {
	local options=() globals=()

	[ ! -e "$1/args" ] || mapfile -t options <"$1/args"
	[ ! -e "$1/globals" ] || mapfile -t globals <"$1/globals"
	"$HULL" --rootless=false --log-level=error "${globals[@]}" create --dry-run --bundle "$1" \
		"${options[@]}" golden 2>&1 |
		sed "s|^  take $PWD/$1/|  take BUNDLE/|"
}

# each FUNCTION: for every plan FUNCTION NAME BUNDLE FILE.
each() {
	local config bundle name file

	for config in "$golden"/cases/*/config.json; do
		bundle=${config%/*}
		"$1" "${bundle##*/}" "$bundle" "$bundle/plan.txt"
	done
	while read -r config; do
		bundle=${config%/*} name=${bundle#"$fixtures"/}
		# the folder is part of the name where a case has several config.json
		[ "$(find "$fixtures/$(cut -d/ -f1,2 <<<"$name")" -name config.json | wc -l)" -gt 1 ] ||
			name=$(cut -d/ -f1,2 <<<"$name")
		file=$golden/clients/${name%%/*}/$(cut -d/ -f2- <<<"$name" | tr / -).txt
		"$1" "$name" "$bundle" "$file"
	done < <(find "$fixtures" -name config.json | sort)
}

update() { # NAME BUNDLE FILE
	mkdir -p "${3%/*}"
	plan_of "$2" >"$3"
}

compare() { # NAME BUNDLE FILE
	[ -z "$chosen" ] || [ "$1" = "$chosen" ] || return 0
	tap_check "the plan of $1 is as it was" "$(diff -u "$3" <(plan_of "$2") 2>&1)"
}

# A plan whose config.json is gone would never fail.
orphans() {
	each list | sort | comm -13 - <(find "$golden" -name '*.txt' | sort)
}

list() {
	echo "$3"
}

if [ ! -x "$HULL" ]; then
	echo "Bail out! $HULL is not there: build it, or name it with HULL=PATH"
	exit 1
fi
if [ "${1-}" = --update ]; then
	rm -rf "$golden/clients"
	each update
	exit
fi
chosen=${1-}
each compare
[ -n "$chosen" ] || tap_check "every plan has its config.json" "$(orphans)"
tap_end
