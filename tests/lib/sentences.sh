# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# Tests as sentences: TAP, assertions, and the check that a test leaves nothing behind. Who sources it
# defines test_begin, run at the start of each test in its own shell, and test_end, run after it; it may
# define test_tells, which prints what else there is to know about a failure.
#
# Environment: TEST (run only the functions whose name contains it), KEEP=1 (keep the temporary
# directories). HARNESS_FOREIGN_MOUNT may name a mount that comes and goes without us. A test runs in a
# subshell with `set -eu`; the first failed assertion ends it. skip REASON ends it without failing.

if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP needs root"
	exit 0
fi
# A mount namespace of our own: what tests mount goes with it, what others mount is not seen.
if [ -z "${HARNESS_PRIVATE:-}" ]; then
	HARNESS_PRIVATE=1 exec unshare --mount --propagation private sh "$0" "$@"
fi

HARNESS_TMP=$(mktemp -d "${TMPDIR:-/tmp}/hull-test.XXXXXX")
export HARNESS_TMP
harness_count=0
harness_failed=0
test_tells() { :; }

# ---- assertions -----------------------------------------------------------------------------

die() {
	echo "$*" > "$WORK/why"
	exit 1
}

skip() {
	echo "$*" > "$WORK/skip"
	exit 0
}

# takes_long: what others show in part, and takes a guest long, waits for LONG=1.
takes_long() { [ -n "${LONG:-}" ] || skip 'LONG=1 runs it'; }

equal() { [ "$1" = "$2" ] || die "got '$1', expected '$2'"; }
differ() { [ "$1" != "$2" ] || die "got '$1' twice"; }
has() { case $1 in *"$2"*) ;; *) die "'$1' does not contain '$2'" ;; esac; }
lacks() { case $1 in *"$2"*) die "'$1' contains '$2'" ;; *) ;; esac; }
exists() { [ -e "$1" ] || die "$1 does not exist"; }
missing() { [ ! -e "$1" ] || die "$1 exists"; }
# A zombie is gone: whoever is its parent by now may take its time.
gone() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2> /dev/null) in
	'' | Z* | X*) ;;
	*) die "process $1 is still alive" ;;
	esac
}

# eventually COMMAND...: within five seconds it succeeds.
eventually() {
	for _ in $(seq 100); do
		if "$@"; then return 0; fi
		sleep 0.05
	done
	die "never became true: $*"
}

# ---- commands -------------------------------------------------------------------------------

# out COMMAND...: its output in $OUT, its errors in $ERR, its status in $RC. It reads $STDIN.
out() {
	RC=0
	"$@" > "$WORK/out" 2> "$WORK/err" < "${STDIN:-/dev/null}" || RC=$?
	OUT=$(cat "$WORK/out") ERR=$(cat "$WORK/err")
}

# ended_with RC COMMAND...: what out has run must have ended with that status.
ended_with() {
	harness_rc=$1
	shift
	[ "$RC" = "$harness_rc" ] || die "$*: exit status $RC instead of $harness_rc: $ERR"
}

# ---- where cgroups are ------------------------------------------------------------------------

# The cgroup2 tree of this machine.
cgroup_tree() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }

has_controller() { grep -qw "$1" "$(cgroup_tree)/cgroup.controllers"; }

# ---- what must not be left --------------------------------------------------------------------

# Cgroups that may be ours: empty ones, and those with a process that lives in one of our bundles. What
# is below hull-test-PID is that script's.
harness_cgroups() {
	find "$(cgroup_tree)" -mindepth 1 -type d ! -path '*.slice*' ! -path '*.scope*' \
		\( ! -path '*/hull-test-*' -o -path "*/hull-test-$$" -o -path "*/hull-test-$$/*" \) 2> /dev/null |
		while read -r harness_dir; do
			if ! grep -qsx 'populated 1' "$harness_dir/cgroup.events"; then
				echo "$harness_dir"
				continue
			fi
			for harness_pid in $(cat "$harness_dir/cgroup.procs" 2> /dev/null); do
				grep -qsF "$HARNESS_TMP/" "/proc/$harness_pid/mountinfo" || continue
				echo "$harness_dir"
				break
			done
		done
}

# Everything a container could leave on this machine, one a line.
harness_traces() {
	harness_cgroups
	awk -v foreign="${HARNESS_FOREIGN_MOUNT:-}" \
		'$5 != foreign { print "mount " $5 }' /proc/self/mountinfo
	find /tmp /run /dev/shm -maxdepth 1 -name '*hull*' ! -name 'hull-test[.-]*' \
		! -name 'hull-vm[.-]*' 2> /dev/null || true
	for harness_pid in $(pgrep -r R,S,D,T -x 'hull(:init)?'); do
		grep -qzsxF "HARNESS_TMP=$HARNESS_TMP" "/proc/$harness_pid/environ" &&
			echo "process $harness_pid $(tr '\0' ' ' < "/proc/$harness_pid/cmdline")"
	done || true
}

# ---- TAP ------------------------------------------------------------------------------------

# it FUNCTION 'sentence': runs one test.
it() {
	case $1 in *"${TEST:-}"*) ;; *) return 0 ;; esac
	harness_count=$((harness_count + 1))
	WORK=$HARNESS_TMP/$harness_count
	mkdir -p "$WORK"
	harness_traces > "$WORK/before"
	(
		set -eu
		test_begin
		"$1"
	) > "$WORK/log" 2>&1
	harness_rc=$? # not in an || list: there the shell would ignore set -e
	harness_clean_up
	if [ -s "$WORK/skip" ]; then
		echo "ok $harness_count - $2 # SKIP $(cat "$WORK/skip")"
	elif [ "$harness_rc" = 0 ] && [ ! -s "$WORK/left" ]; then
		echo "ok $harness_count - $2"
	else
		harness_report "$1" "$2"
	fi
	[ -n "${KEEP:-}" ] || rm -rf "$WORK"
}

harness_report() {
	harness_failed=$((harness_failed + 1))
	echo "not ok $harness_count - $2"
	{
		echo "$1: $(cat "$WORK/why" 2> /dev/null || echo "ended with status $harness_rc")"
		[ ! -s "$WORK/left" ] || sed 's/^/left behind: /' "$WORK/left"
		tail -n 20 "$WORK/log"
		[ ! -s "$WORK/err" ] || sed 's/^/stderr: /' "$WORK/err"
		test_tells
	} | sed 's/^/# /'
}

# What the test made goes; whatever else it left is its failure.
harness_clean_up() {
	test_end > "$WORK/log.end" 2>&1 || cat "$WORK/log.end" >> "$WORK/left"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		harness_traces | grep -vxF -f "$WORK/before" > "$WORK/left.now" || break
		sleep 0.1
	done
	cat "$WORK/left.now" >> "$WORK/left"
	sed -n "s|^mount $WORK/|$WORK/|p" "$WORK/left" | sort -r | xargs -r umount --lazy
}

finish() {
	echo "1..$harness_count"
	[ -n "${KEEP:-}" ] || rm -rf "$HARNESS_TMP"
	[ "$harness_failed" = 0 ]
}
