#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts results/table.md into README.md, between <!-- bench --> and <!-- /bench -->.
set -euo pipefail
cd "$(dirname "$0")/../.."

table=tests/bench/results/table.md
if ! sed -n '/^<!-- bench -->$/,/^<!-- \/bench -->$/p' README.md | grep -qx '<!-- /bench -->'; then
	echo "README.md has no lines <!-- bench --> and <!-- /bench -->" >&2
	exit 1
fi
sed -i -e '/^<!-- bench -->$/,/^<!-- \/bench -->$/{//!d}' \
	-e "/^<!-- bench -->\$/r $table" README.md
