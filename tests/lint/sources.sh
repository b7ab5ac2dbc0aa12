#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The lists of local.mk and the files on disk agree.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

on_disk() {
	find libcontainer runtime shim systemd tests/lib tests/unit tests/integration tests/fault tests/fuzz \
		-name '*.[ch]' 2>/dev/null
	find man -name '*.8'
	find contrib doc -type f ! -name '*.mk' ! -name '.*'
}

# A test program is listed by its name, without the .c of its one source file.
listed() {
	cat ./*/local.mk | grep -v '^#' | tr -s ' \t\\=' '\n' |
		grep -E '^(libcontainer|runtime|shim|systemd|tests|man|contrib|doc)/' |
		sed -E '/^tests\/[a-z]+\/(test|walk|fuzz)_[^.]*$/s/$/.c/' |
		grep -E '\.[ch8]$|^(contrib|doc)/[^:]*$' | grep -vxE 'contrib/completions/hull|(shim|libcontainer/host)/proto/%.*'
}

only_in() { # -23: in the first, -13: in the second
	comm "$1" <(on_disk | sort -u) <(listed | sort -u)
}

tap_check "every source file is listed in a local.mk" "$(only_in -23)"
tap_check "every file listed in a local.mk is there" "$(only_in -13)"
tap_end
