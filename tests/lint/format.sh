#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The layout is what clang-format makes of it. Other versions differ in details.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

VERSION=14
sentence="the sources are laid out as .clang-format says"

# "FILE: N places", for each file that would change.
misformatted() {
	find libcontainer runtime shim systemd tests -name '*.[ch]' ! -name '*.pb-c.[ch]' -print0 |
		xargs -0 clang-format --dry-run -Werror 2>&1 |
		sed -n 's/^\([^:]*\):.*error:.*/\1/p' | sort | uniq -c |
		awk '{ print $2 ": " $1 " places, see clang-format -i" }'
}

if clang-format --version 2>/dev/null | grep -q "version $VERSION\."; then
	tap_check "$sentence" "$(misformatted)"
else
	tap_skip "$sentence" "clang-format $VERSION is missing"
fi
tap_end
