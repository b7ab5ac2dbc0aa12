#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests:  tests/run.sh [TIER...] [NAME]
#
#	lint            rules of the house: layers, sizes, layout, linkage
#	unit            tests/unit, one program per module
#	unit-sanitized  the same, built with ASan and UBSan
#	golden          config.json in, plan out
#	integration     real containers (root)
#	integration-sanitized  the same with ASan and UBSan (by name, or with LONG=1)
#	containerd      the shim under a containerd of the tests' own (root)
#	vm              cgroups, systemd and clients in virtual machines (root, QEMU)
#	fault           every system call fails once (root)
#	fuzz            10 seconds for each target (clang)
#
# Without a tier all others of them run. NAME chooses within a tier: SUITE/TEST of a program (patterns
# allowed), a function of a script, a lint script, a golden case, a fuzz target.
# As root on Debian, missing packages (tests/packages.txt) are installed. Builds go to build*/; with
# BUILD=DIR, DIR is taken as built. Programs find the sources in $srcdir, scripts the command in
# $HULL. The last line is the sum; the exit status is 0 only when nothing failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit
. tests/setup.sh
export srcdir=$PWD

TIERS="lint unit unit-sanitized golden integration containerd vm fault fuzz"
LONG_TIERS="integration-sanitized"
PROGRAM_LIMIT=900 # seconds
FUZZ_SECONDS=10
passed=0 failed=0 skipped=0
scratch=$(mktemp -d)
trap 'jobs_end; rm -rf "$scratch"' EXIT

# ---- counting ------------------------------------------------------------------------------------

count_pass() {
	passed=$((passed + 1))
}

count_fail() { # SENTENCE
	failed=$((failed + 1))
	echo "not ok - $1"
}

count_skip() { # SENTENCE REASON
	skipped=$((skipped + 1))
	echo "skipped - $1: $2"
}

# count_tap LABEL TAP STATUS: adds a program's results; shows failures and skips with their reason.
count_tap() {
	local label=$1 tap=$2 status=$3 ok bad skip

	# Criterion reports what a filter left out as skipped
	[ -z "$name" ] || sed -i '/^ok .*# SKIP test was skipped$/d' "$tap"
	skip=$(grep -c '^ok.*# SKIP' "$tap")
	ok=$(($(grep -c '^ok' "$tap") - skip))
	bad=$(grep -c '^not ok' "$tap")
	passed=$((passed + ok)) skipped=$((skipped + skip)) failed=$((failed + bad))
	[ "$((ok + bad + skip))" -eq 0 ] || echo "$label: $ok passed, $bad failed, $skip skipped"
	sed -n 's/^ok[ 0-9]*- \(.*[^ ]\) *# SKIP \(.*\)/  skipped - \1: \2/p' "$tap"
	sed -n '/^not ok/,/^ok/{/^ok\|^1\.\./!s/^/  /p}' "$tap"
	if [ "$bad" -eq 0 ] && [ "$status" -ne 0 ]; then
		count_fail "$label ended with status $status"
	elif [ -z "$name" ] && [ "$((ok + skip + bad))" -eq 0 ]; then
		count_fail "$label tells no result"
	fi
}

# ---- running -------------------------------------------------------------------------------------

# run_script LABEL COMMAND...: TAP comes on its standard output.
run_script() {
	local label=$1 status
	shift

	run_job timeout "$PROGRAM_LIMIT" "$@" </dev/null >"$scratch/tap" 2>"$scratch/log"
	status=$?
	count_tap "$label" "$scratch/tap" "$status"
	[ "$status" -eq 0 ] || sed 's/^/  | /' "$scratch/log" | tail -n 40
}

# run_criterion LABEL PROGRAM
run_criterion() {
	local label=$1 status filter=()

	[ -z "$name" ] || filter=(--filter "$name")
	: >"$scratch/tap"
	run_job timeout "$PROGRAM_LIMIT" "$2" --tap="$scratch/tap" --short-filename --ascii "${filter[@]}" \
		</dev/null >"$scratch/log" 2>&1
	status=$?
	count_tap "$label" "$scratch/tap" "$status"
	[ "$status" -eq 0 ] || grep -v '^\[\(PASS\|SKIP\|====\)\]' "$scratch/log" | sed 's/^/  | /' |
		tail -n 40
}

# run_suites TIER FOLDER: every suite in tests/FOLDER, with what is built in $BUILD: a script that
# prints TAP, or a Criterion program.
run_suites() {
	local source label

	for source in tests/"$2"/*.sh tests/"$2"/{test,walk}_*.c; do
		[ -f "$source" ] || continue
		label=$1/$(basename "${source%.*}")
		if [[ $source == *.sh ]]; then
			HULL=$BUILD/hull TEST=$name run_script "$label" "$source"
		elif [ -x "$BUILD/${source%.c}" ]; then
			run_criterion "$label" "$BUILD/${source%.c}"
		else
			count_skip "$label" "not built, see configure's table"
		fi
	done
}

# build DIR TARGET [CONFIGURE-ARGUMENT...]: quiet when it works; else the end of its log.
build() {
	echo "# building $1"
	source_clean
	run_job build_tree "$@" >"$scratch/build.log" 2>&1 && return
	tail -n 40 "$scratch/build.log" | sed 's/^/  | /'
	count_fail "$1 builds"
	return 1
}

# The build most tiers use: made once, unless the caller brought it.
build_main() {
	[ -z "${BUILD-}" ] || return 0
	build build build-tests --enable-werror || return
	export BUILD=$PWD/build
}

is_chosen() { # NAME
	[ -z "$name" ] || [ "$name" = "$1" ]
}

needs_root() { # TIER
	[ "$(id -u)" -ne 0 ] || return 0
	count_skip "$1" "needs root"
	return 1
}

# ---- the tiers -----------------------------------------------------------------------------------

tier_lint() {
	local script

	build_main || return
	for script in tests/lint/*.sh; do
		! is_chosen "$(basename "$script" .sh)" ||
			run_script "lint/$(basename "$script" .sh)" "$script"
	done
}

tier_unit() {
	build_main || return
	run_suites unit unit
}

tier_unit_sanitized() {
	build build-asan build-tests --enable-sanitizers || return
	BUILD=$PWD/build-asan run_suites unit-sanitized unit
}

tier_golden() {
	build_main || return
	HULL=$BUILD/hull run_script golden tests/golden/run.sh ${name:+"$name"}
}

tier_integration() {
	needs_root integration || return
	build_main || return
	run_suites integration integration
}

tier_integration_sanitized() {
	needs_root integration-sanitized || return
	build build-asan build-tests --enable-sanitizers || return
	BUILD=$PWD/build-asan run_suites integration-sanitized integration
}

tier_containerd() {
	needs_root containerd || return
	build_main || return
	run_suites containerd containerd
}

tier_vm() {
	local PROGRAM_LIMIT=1200 # an image may have to be made first

	needs_root vm || return
	build_main || return
	if [ -n "$name" ] && [ -e "tests/vm/$name.sh" ]; then
		run_script vm tests/vm/run.sh "$name"
	else
		TEST=$name run_script vm tests/vm/run.sh
	fi
}

tier_fault() {
	needs_root fault || return
	build build-fault build-tests --enable-fault-injection || return
	BUILD=$PWD/build-fault run_suites fault fault
}

# fuzz_findings FOLDER: the inputs that failed, as text, for whoever has only what was printed.
fuzz_findings() {
	local input

	for input in "$1"/*-*; do
		[ ! -f "$input" ] || printf '  | base64 -d > %s <<< %s\n' "${input##*/}" "$(base64 -w 0 "$input")"
	done
}

# fuzz_target NAME: new inputs go to a scratch folder, the corpus is only read.
fuzz_target() {
	local target=$1 corpus=tests/fuzz/corpus/${1#fuzz_} found=$scratch/$1
	local sentence="$target survives $FUZZ_SECONDS seconds"

	mkdir -p "$found"
	if run_job "build-fuzz/tests/fuzz/$target" -max_total_time="$FUZZ_SECONDS" -timeout=10 \
		-artifact_prefix="$found/" "$found" "$corpus" </dev/null >"$scratch/log" 2>&1; then
		echo "fuzz/$target: 1 passed, 0 failed, 0 skipped"
		count_pass
	else
		tail -n 40 "$scratch/log" | sed 's/^/  | /'
		fuzz_findings "$found"
		count_fail "$sentence"
	fi
}

tier_fuzz() {
	local source

	if ! command -v clang >/dev/null; then
		count_skip fuzz "clang is missing"
		return
	fi
	build build-fuzz build-tests CC=clang --enable-fuzzing || return
	for source in tests/fuzz/fuzz_*.c; do
		! is_chosen "$(basename "$source" .c)" || fuzz_target "$(basename "$source" .c)"
	done
}

# ---- nothing is left behind ----------------------------------------------------------------------

# What tests could leave on the machine, a line each: processes, mounts, cgroups, records. Cgroups
# that systemd makes for its own services and sessions come and go without us.
machine_state() {
	local cgroup2

	grep -lxE 'hull(:.*)?' /proc/[0-9]*/comm 2>/dev/null | sed 's|/proc/\(.*\)/comm|process \1|'
	awk '{ print "mount " $5 }' /proc/self/mountinfo
	cgroup2=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
	[ -z "$cgroup2" ] || find "$cgroup2" -mindepth 1 -type d -printf 'cgroup %p\n' 2>/dev/null |
		grep -vE '/user\.slice/|\.service(/|$)'
	# compiled filters are kept there on purpose
	find /run/hull -mindepth 1 -path '/run/hull/,seccomp' -prune -o \
		-printf 'file %p\n' 2>/dev/null
}

leftovers() {
	machine_state | sort | comm -13 "$scratch/before" -
}

# Killed processes may need a moment to be gone.
check_nothing_left() {
	local i

	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ -n "$(leftovers)" ] || break
		sleep "0.$i"
	done
	if [ -z "$(leftovers)" ]; then
		count_pass
	else
		count_fail "nothing is left behind"
		leftovers | sed 's/^/  left: /'
	fi
}

# ---- main ----------------------------------------------------------------------------------------

sum() {
	if [ "$skipped" -gt 0 ]; then
		echo "$passed passed, $failed failed, $skipped skipped"
	else
		echo "$passed passed, $failed failed"
	fi
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

run_tier() { # TIER
	local begin=$SECONDS

	"tier_${1//-/_}"
	echo "# $1 took $((SECONDS - begin)) s"
}

main() {
	local tiers=() tier

	name=
	while [ $# -gt 0 ]; do
		case " $TIERS $LONG_TIERS " in
		*" $1 "*) tiers+=("$1") ;;
		*) name=$1 ;;
		esac
		shift
	done
	if [[ $name == -* ]]; then
		sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0"
		exit 2
	fi
	[ ${#tiers[@]} -gt 0 ] || read -r -a tiers <<<"$TIERS${LONG:+ $LONG_TIERS}"

	[ -n "${BUILD-}" ] || packages_install build test || count_fail "packages are installed"
	machine_state | sort >"$scratch/before"
	for tier in "${tiers[@]}"; do
		run_tier "$tier"
	done
	[ $((passed + failed + skipped)) -gt 0 ] || count_fail "a test is called ${name:-anything}"
	check_nothing_left
	sum
}

main "$@"
