# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the tests of checkpoint and restore have in common, and fake_criu.py in the place of CRIU.
# Sourced on top of lib/harness.sh.

# with_criu: from now on it is the criu in PATH.
with_criu() {
	command -v python3 > /dev/null || skip 'no python3'
	FAKE_CRIU=$WORK/criu
	export FAKE_CRIU
	mkdir "$FAKE_CRIU" "$WORK/bin"
	ln -s "$HARNESS_LIB/fake_criu.py" "$WORK/bin/criu"
	PATH=$WORK/bin:$PATH
}

# asked LINE: the last request had that option; not_asked PATTERN.
asked() { grep -qxF -e "$1" "$FAKE_CRIU/asked" || die "'$1' was not asked for: $(cat "$FAKE_CRIU/asked")"; }
not_asked() { ! grep -q -e "$1" "$FAKE_CRIU/asked" || die "$(grep -e "$1" "$FAKE_CRIU/asked")"; }
