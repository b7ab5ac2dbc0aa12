# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Shared by the scripts that run tests: packages, builds, jobs. Sourced, with the source tree as the
# working directory.

# packages_missing USE...: the packages of tests/packages.txt for these uses that are not there.
packages_missing() {
	local use package

	while read -r use package _; do
		case " $* " in *" $use "*) ;; *) continue ;; esac
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
			echo "$package"
	done < <(grep -v '^#' tests/packages.txt) | sort -u
}

# packages_install USE...: installs what is missing where that is ours to do.
packages_install() {
	local missing

	command -v dpkg-query >/dev/null || return 0
	mapfile -t missing < <(packages_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "# not installed, and only root can: ${missing[*]}"
		return 0
	fi
	echo "# installing ${missing[*]}"
	apt-get update -q >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
		"${missing[@]}" </dev/null >/dev/null
}

# run_job COMMAND...: in a process group of its own, and waits for it. A signal ends us at once: then
# jobs_end, as a trap on EXIT, ends what still runs in such groups.
run_job() {
	set -m
	"$@" &
	set +m
	wait $!
}

jobs_end() {
	local group

	for group in $(jobs -p); do
		kill -- "-$group" 2>/dev/null
	done
}

# source_clean: undoes a build in the source tree itself, beside which no other can be configured.
source_clean() {
	[ -f config.status ] || return 0
	echo "# make distclean: the source tree itself was configured"
	make -s distclean
}

# build_tree DIR TARGET [CONFIGURE-ARGUMENT...]: configures DIR when it is new, and makes TARGET.
build_tree() {
	local dir=$1 target=$2
	shift 2

	[ configure -nt configure.ac ] || ./autogen.sh || return
	mkdir -p "$dir"
	(
		cd "$dir" || exit
		[ -f config.status ] || ../configure "$@" || exit
		make -j"$(nproc)" "$target"
	)
}
