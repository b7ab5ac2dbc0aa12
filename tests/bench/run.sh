#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures hull beside crun, runc and the floor (floor.c), in turns, on this machine (root):
#
#	tests/bench/run.sh [-q] [-n ROUNDS] [-N CONTAINERS] [-o DIR] [SCENARIO...]
#
#	plain         `run` of a static true, with the config of `hull spec`
#	podman-warm   the same with podman's config and its seccomp profile
#	podman-cold   and with whatever cache a runtime keeps emptied before each run
#	exec          `exec` of true in a running container
#	state         `state` of a running container
#	cycle         `create`, `start`, wait for true, `delete`
#	many          `list`, `state` and `delete` beside 10 containers and beside CONTAINERS
#
# -n: how often each is run (default 100). -N: default 1000. -q: smoke, 5 rounds and 20 containers.
# The first command that fails ends the run. With BUILD=DIR, DIR/hull is measured, else build/.
# A run of everything writes tests/bench/results/, any other run writes only where -o says. Relative
# paths start from the source tree.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. tests/setup.sh

SCENARIOS="plain podman-warm podman-cold exec state cycle many"
RUNTIMES="hull crun runc"
FEW=10
WARM_UPS=3
LIMIT=1800 # seconds for one scenario

say() {
	echo "# $*" >&2
}

die() {
	echo "tests/bench/run.sh: $*" >&2
	exit 1
}

# ---- what is there before the measurement -------------------------------------------------------

# Everything that can be missing: packages, hull. Before the namespace, whose mounts are private.
prepare() {
	[ "$(id -u)" -eq 0 ] || die "needs root"
	if [ -z "${BUILD-}" ]; then
		packages_install build bench || die "packages are not installed"
		source_clean
		build_tree build all >&2 || die "hull does not build"
		BUILD=$PWD/build
	else
		packages_install bench || die "packages are not installed"
	fi
	BUILD=$(realpath "$BUILD")
	[ -x "$BUILD/hull" ] || die "there is no $BUILD/hull"
	export BUILD
}

# Peers refuse hosts that mount cgroup v1 as well; state is on a tmpfs, as /run is.
mount_private() {
	mount -t cgroup2 none /sys/fs/cgroup && mkdir "$scratch/state" &&
		mount -t tmpfs -o mode=700 none "$scratch/state"
}

compile() { # NAME
	"${CC:-cc}" -O2 -std=gnu11 -D_GNU_SOURCE -static -o "$scratch/$1" "tests/bench/$1.c"
}

make_rootfs() {
	local rootfs=$scratch/rootfs applet

	mkdir -p "$rootfs"/{bin,dev,etc,proc,run,sys,tmp}
	cp "$(command -v busybox)" "$rootfs/bin/busybox"
	for applet in true sleep; do
		ln "$rootfs/bin/busybox" "$rootfs/bin/$applet"
	done
	touch "$rootfs"/etc/{hosts,hostname} "$rootfs/run/.containerenv"
}

# bundle NAME FROM FILTER: $scratch/NAME, whose config.json is FROM filtered by jq. crun 1.8.1
# refuses newer versions of the specification.
bundle() {
	mkdir "$scratch/$1"
	jq --arg rootfs "$scratch/rootfs" --arg here "$scratch/$1" --arg limits "$limits" \
		".ociVersion = \"1.0.2\" | .process.terminal = false | .root.path = \$rootfs | $3" \
		"$2" >"$scratch/$1/config.json"
}

make_bundles() {
	local idle='.process.args = ["sleep", "1000000"]'
	local limits=devices

	mkdir "$scratch/spec"
	"$BUILD/hull" spec -b "$scratch/spec" >/dev/null || return
	bundle plain "$scratch/spec/config.json" \
		'.process.args = ["true"] | del(.linux.resources)' || return
	bundle idle "$scratch/plain/config.json" "$idle" || return
	bundle many "$scratch/idle/config.json" \
		'.linux.namespaces |= map(select(.type != "network"))' || return
	# Limits that this machine cannot set are left out; crun needs locked memory for device rules
	(ulimit -l unlimited) 2>/dev/null || limits=
	limits+=" $(cat /sys/fs/cgroup/cgroup.controllers)"
	bundle podman tests/fixtures/clients/podman/run-echo/001-create/config.json '
		.process.args = ["true"]
		| del(.process.rlimits, .linux.cgroupsPath)
		| (.mounts[] | select(.type == "bind")) |= (.source = $here + .destination)
		| .linux.resources |= with_entries(select(.key as $kind
			| $limits | split(" ") | index($kind)))' || return
	mkdir -p "$scratch"/podman/{etc,run,dev/shm}
	touch "$scratch"/podman/etc/{hosts,hostname} "$scratch/podman/run/.containerenv"
}

# ---- running and cleaning up --------------------------------------------------------------------

# In the background, so that a signal is not kept waiting.
child=
interruptible() {
	local status

	"$@" &
	child=$!
	wait "$child"
	status=$?
	child=
	return "$status"
}

# The cgroup of every container of ours has our tag in its name, whoever made it.
our_cgroups() {
	find /sys/fs/cgroup -depth -type d -name "*$tag*" 2>/dev/null
}

sweep() {
	local i cgroup

	for i in $(seq 50); do
		[ -n "$(our_cgroups)" ] || break
		for cgroup in $(our_cgroups); do
			echo 1 >"$cgroup/cgroup.kill"
			rmdir "$cgroup"
		done 2>/dev/null
		[ "$i" -eq 1 ] || sleep 0.1
	done
	rm -rf "$scratch"/state/*
}

clean_up() {
	trap '' INT TERM HUP
	[ -z "$child" ] || kill "$child" 2>/dev/null
	wait
	sweep
	umount -l "$scratch/state" 2>/dev/null
	rm -rf "$scratch"
}

# runtime NAME: how it is called, with a state directory of its own.
runtime() {
	echo "${program[$1]} --root $scratch/state/$1"
}

# idle_containers BUNDLE FROM TO: for each runtime, containers that sleep.
idle_containers() {
	local name

	for name in $RUNTIMES; do
		# shellcheck disable=SC2046
		interruptible xargs -a <(seq "$2" "$3") -P "$(nproc)" -I{} \
			$(runtime "$name") run -d -b "$scratch/$1" "$tag-$name-{}" >/dev/null ||
			die "$name does not start containers $2 to $3"
	done
}

# ---- measuring ----------------------------------------------------------------------------------

# count_calls COMMAND: the system calls of its processes. measure itself is the first process.
count_calls() {
	case $1 in "~ "* | *" ~ "*)
		echo -
		return
		;;
	esac
	interruptible strace -f -qqq -e signal=none -o "$scratch/trace" \
		"$scratch/measure" 0 1 traced "$1" >/dev/null || return
	awk 'NR == 1 { own = $1 } $1 != own && !/ resumed>/ { n++ } END { print n }' "$scratch/trace"
}

# measure SCENARIO (RUNTIME COMMAND)...: adds lines to the figures.
measure() {
	local scenario=$1 calls line
	shift

	say "$scenario"
	interruptible timeout "$LIMIT" "$scratch/measure" "$WARM_UPS" "$rounds" "$@" \
		>"$scratch/times" || die "$scenario: a command failed"
	while read -r line; do
		count_calls "$2" >"$scratch/calls" || die "$scenario: $1 fails under strace"
		calls=$(cat "$scratch/calls")
		printf '%s\t%s\t%s\n' "$scenario" "$line" "$calls" | tee -a "$scratch/figures" >&2
		shift 2
	done <"$scratch/times"
}

# for_each SCENARIO COMMAND [NAME COMMAND]: the same for every runtime. In COMMAND, RT stands for the
# runtime with its state directory, STATE for that directory alone, ID for a container's id, PLAIN
# for the plain bundle.
for_each() {
	local scenario=$1 format=$2 name commands=()
	shift 2

	for name in $RUNTIMES; do
		commands+=("$name" "$(sed <<<"$format" \
			-e "s|\bRT\b|$(runtime "$name")|g" -e "s|\bSTATE\b|$scratch/state/$name|g" \
			-e "s|\bID\b|$tag-$name|g" -e "s|\bPLAIN\b|$scratch/plain|g")")
	done
	measure "$scenario" "$@" "${commands[@]}"
}

scenario_plain() {
	for_each plain "RT run -b PLAIN ID" \
		floor "$scratch/floor /sys/fs/cgroup/$tag-floor $scratch/rootfs /bin/true"
}

scenario_podman_warm() {
	for_each podman-warm "RT run -b $scratch/podman ID"
}

scenario_podman_cold() {
	for_each podman-cold "~ /bin/rm -rf STATE/.cache STATE/,seccomp ; RT run -b $scratch/podman ID"
}

scenario_exec() {
	idle_containers idle 1 1
	for_each exec "RT exec ID-1 true"
	sweep
}

scenario_state() {
	idle_containers idle 1 1
	for_each state "RT state ID-1"
	sweep
}

# A container that has run to its end.
ended="RT create -b PLAIN ID ; RT start ID ; @orphans"

scenario_cycle() {
	for_each cycle "$ended ; RT delete ID"
}

beside() { # CONTAINERS
	for_each "list-$1" "RT list"
	for_each "state-$1" "RT state ID-1"
	for_each "delete-$1" "~ ${ended// ; / ; \~ } ; RT delete ID"
}

scenario_many() {
	idle_containers many 1 "$FEW"
	beside "$FEW"
	say "$containers containers of each"
	idle_containers many $((FEW + 1)) "$containers"
	beside "$containers"
	sweep
}

# ---- main ---------------------------------------------------------------------------------------

version_of() { # RUNTIME
	"${program[$1]}" --version | awk 'NR == 1 { print $3 }'
}

header() {
	echo "# date: $(date -u +%Y-%m-%d)"
	echo "# kernel: $(uname -sr)"
	echo "# cpus: $(nproc) × $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
	echo "# hull: $(version_of hull) ($("$BUILD/hull" --version | sed -n 's/^commit: //p'))"
	echo "# crun: $(version_of crun)"
	echo "# runc: $(version_of runc)"
	echo "# rounds: $rounds"
	echo "# containers: $containers"
	printf '%s\t' scenario runtime median_us p10_us user_us sys_us max_rss_kb
	echo system_calls
}

usage() {
	sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
	exit 2
}

parse() {
	local option quick=

	rounds=100 containers=1000 results=
	while getopts qn:N:o:h option; do
		case $option in
		q) quick=1 rounds=5 containers=20 ;;
		n) rounds=$OPTARG ;;
		N) containers=$OPTARG ;;
		o) results=$OPTARG ;;
		*) usage ;;
		esac
	done
	shift $((OPTIND - 1))
	[ "$rounds" -gt 0 ] && [ "$containers" -gt "$FEW" ] || usage
	[ -n "$results$quick$*" ] || results=tests/bench/results
	read -r -a chosen <<<"${*:-$SCENARIOS}"
	for option in "${chosen[@]}"; do
		case " $SCENARIOS " in *" $option "*) ;; *) die "there is no scenario $option" ;; esac
	done
}

main() {
	local scenario

	compile measure && compile floor || die "measure and floor do not build"
	mount_private || die "cannot mount cgroup2 and a tmpfs"
	make_rootfs && make_bundles || die "cannot make the bundles"
	header >"$scratch/figures"
	for scenario in "${chosen[@]}"; do
		"scenario_${scenario//-/_}"
	done
	mkdir -p "${results:=$scratch/results}"
	cp "$scratch/figures" "$results/figures.tsv"
	tests/bench/report.sh "$results"
}

parse "$@"
if [ -z "${BENCH_PRIVATE-}" ]; then
	prepare
	BENCH_PRIVATE=1 exec unshare --mount --propagation private tests/bench/run.sh "$@"
fi
declare -A program=([hull]=$BUILD/hull [crun]=$(command -v crun) [runc]=$(command -v runc))
tag=hullbench-$$
scratch=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
main
