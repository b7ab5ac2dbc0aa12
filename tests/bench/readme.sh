#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts results/table.md and the chart into README.md between <!-- bench --> and <!-- /bench -->, and
# results/shim.md between <!-- shim --> and <!-- /shim -->.
set -euo pipefail
cd "$(dirname "$0")/../.."

# put NAME FILE
put() {
	if ! sed -n "/^<!-- $1 -->\$/,/^<!-- \/$1 -->\$/p" README.md | grep -qx "<!-- /$1 -->"; then
		echo "README.md has no lines <!-- $1 --> and <!-- /$1 -->" >&2
		exit 1
	fi
	sed -i -e "/^<!-- $1 -->\$/,/^<!-- \/$1 -->\$/{//!d}" -e "/^<!-- $1 -->\$/r $2" README.md
}

put bench tests/bench/results/table.md
put shim tests/bench/results/shim.md
