#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The sentences of ctr.sh and cri.sh again, under the containerd packages of newer Debian suites.
# Nothing is installed: apt works in a folder of its own, with the mirror and the proxies of this
# machine. What it unpacks stays in build/cache: remove that folder for what the mirror has by now.
#
# Environment: LONG=1 (without it the test is skipped: it downloads and takes minutes).
set -uo pipefail
cd "$(dirname "$0")" || exit
if [ -z "${LONG:-}" ]; then
	printf 'ok 1 - newer containerds # SKIP LONG=1 downloads and tries them\n1..1\n'
	exit 0
fi
export BUILD=${BUILD:-$PWD/../../build}
cache=$PWD/../../build/cache

SUITES="trixie sid"
SCRIPTS="ctr cri"
count=0 failed=0

# apt_config DIR SUITE: where apt looks and what it may touch, on standard output.
apt_config() {
	apt-config dump Acquire
	cat <<-CONFIG
		Acquire::Languages "none";
		APT::Sandbox::User "root";
		Dir::Cache "$1/cache/";
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::Etc::sourcelist "$1/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::State "$1/state/";
		Dir::State::status "$1/status";
	CONFIG
}

# The mirror this machine has its own suite from.
mirror() {
	. /etc/os-release
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v own="${VERSION_CODENAME:-}" '$1 == own { print $2; exit }'
}

# unpack DIR SUITE: containerd as that suite has it in DIR/root.
unpack() {
	local uri

	uri=$(mirror) && [ -n "$uri" ] || return
	mkdir -p "$1"/{state/lists,cache/archives}/partial || return
	: >"$1/status"
	echo "deb $uri $2 main" >"$1/sources.list"
	apt_config "$1" "$2" >"$1/apt.conf"
	(
		export APT_CONFIG=$1/apt.conf
		cd "$1" && timeout 120 apt-get -qq update && timeout 300 apt-get -qq download containerd
	) && dpkg-deb -x "$1"/containerd_*.deb "$1/root"
}

# fetch SUITE: makes $cache/containerd-SUITE, whole or not at all.
fetch() {
	local work status

	[ ! -d "$cache/containerd-$1" ] || return 0
	mkdir -p "$cache" && work=$(mktemp -d "$cache/new.XXXXXX") || return
	unpack "$work" "$1" && mv "$work/root" "$cache/containerd-$1"
	status=$?
	rm -rf "$work"
	return $status
}

# result LINE: one result of a script, numbered anew.
result() {
	count=$((count + 1))
	case $1 in "not ok"*) failed=$((failed + 1)) ;; esac
	echo "${1%% [0-9]*} $count - $2: ${1#* - }"
}

# under SUITE SCRIPT: its sentences; what it says about failures stays below them.
under() {
	local bin=$cache/containerd-$1/usr/bin line version before=$count

	version="containerd $("$bin/containerd" --version | awk '{ print $3 }')"
	while IFS= read -r line; do
		case $line in
		"ok "* | "not ok "*) result "$line" "$version" ;;
		"1..0 # SKIP "*) result "ok 0 - $2.sh # SKIP ${line#*SKIP }" "$version" ;;
		1..*) ;;
		*) echo "$line" ;;
		esac
	done < <(PATH=$bin:$PATH CONTAINERD=$bin/containerd "./$2.sh")
	[ -n "${TEST:-}" ] || [ "$count" -gt "$before" ] || result "not ok 0 - $2.sh says nothing" "$version"
}

if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP needs root"
	exit 0
fi
for suite in $SUITES; do
	if ! fetch "$suite" >&2; then
		result "ok 0 - containerd # SKIP its package cannot be fetched" "Debian $suite"
	elif ! "$cache/containerd-$suite/usr/bin/containerd" --version >&2; then
		result "ok 0 - containerd # SKIP it needs newer libraries than this machine has" "Debian $suite"
	else
		for script in $SCRIPTS; do
			under "$suite" "$script"
		done
	fi
done
echo "1..$count"
[ "$failed" = 0 ]
