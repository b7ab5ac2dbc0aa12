#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Conditional code only where kernels, C libraries and test builds differ: base/ and sys/.
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

findings=$(find libcontainer runtime shim systemd -name '*.[ch]' ! -name '*.pb-c.[ch]' \
	! -path 'libcontainer/base/*' ! -path 'libcontainer/sys/*' \
	-exec grep -HnE '^[[:space:]]*#[[:space:]]*(if|ifdef|ifndef|elif)\b' {} +)

tap_check "#if stands only in base/ and sys/" "$findings"
tap_end
