# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# The ground integration tests stand on: TAP, a busybox bundle per test, assertions, and the check
# that a test leaves nothing behind. Sourced by tests/integration/*.sh:
#
#	. "$(dirname "$0")/../lib/harness.sh"
#	hostname_is_set() {
#		config '.hostname = "box" | .process.args = ["hostname"]'
#		hull run c1
#		equal "$OUT" box
#	}
#	it hostname_is_set 'sets the host name in a UTS namespace of its own'
#	finish
#
# Environment: HULL (the binary), TEST (run only the functions whose name contains it), KEEP=1 (keep
# the temporary directories). A test runs in a subshell with `set -eu`; the first failed assertion
# ends it. skip REASON ends it without failing.

if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP needs root"
	exit 0
fi
# A mount namespace of our own: what tests mount goes with it, what others mount is not seen.
if [ -z "${HARNESS_PRIVATE:-}" ]; then
	HARNESS_PRIVATE=1 exec unshare --mount --propagation private sh "$0" "$@"
fi

HULL=${HULL:-$(cd "$(dirname "$0")/../.." && pwd)/build/hull}
if [ ! -x "$HULL" ]; then
	echo "Bail out! $HULL is not there: build it, or name it with HULL=PATH"
	exit 1
fi
HARNESS_TMP=$(mktemp -d "${TMPDIR:-/tmp}/hull-test.XXXXXX")
export HARNESS_TMP
harness_count=0
harness_failed=0

# ---- the bundle -----------------------------------------------------------------------------

# One root file system is made; each test gets its own tree of hard links.
harness_make_rootfs() {
	harness_bin=$HARNESS_TMP/template/bin
	mkdir -p "$harness_bin" "$HARNESS_TMP"/template/dev "$HARNESS_TMP"/template/proc \
		"$HARNESS_TMP"/template/sys "$HARNESS_TMP"/template/tmp "$HARNESS_TMP"/template/etc \
		"$HARNESS_TMP"/template/root
	cp "$(command -v busybox)" "$harness_bin/busybox"
	for applet in sh ls cat echo id true false sleep env pwd mount umount grep hostname mkdir \
		touch rm ps kill stat readlink head tail wc ip tty stty test dd mknod chmod chown \
		ln sed awk sync date uname find sort cut tr printf seq od df; do
		ln "$harness_bin/busybox" "$harness_bin/$applet"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' \
		> "$HARNESS_TMP/template/etc/passwd"
	printf 'root:x:0:\nuser:x:1000:\n' > "$HARNESS_TMP/template/etc/group"
	chmod 1777 "$HARNESS_TMP/template/tmp"
}

# $BUNDLE, $ROOTFS and $STATE of the running test; config.json is hull's own, without a terminal.
harness_make_bundle() {
	BUNDLE=$1/bundle ROOTFS=$1/bundle/rootfs STATE=$1/state
	mkdir -p "$BUNDLE" "$1/run"
	cp -al "$HARNESS_TMP/template" "$ROOTFS"
	"$HULL" spec -b "$BUNDLE" > /dev/null
	config '.process.terminal = false | .process.args = ["true"] | .root.readonly = false'
}

# config FILTER [JQ-OPTION...]: edits config.json with jq.
config() {
	harness_filter=$1
	shift
	jq "$@" "$harness_filter" "$BUNDLE/config.json" > "$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# ---- running hull ---------------------------------------------------------------------------

# hull ARG...: runs it in the bundle with the test's own state directory; $RC, $OUT, $ERR tell. A
# hang is a failure.
hull() {
	RC=0
	(cd "$BUNDLE" && exec timeout -k 5 "${HULL_TIMEOUT:-30}" "$HULL" --root "$STATE" "$@") \
		> "$WORK/out" 2> "$WORK/err" < "${STDIN:-/dev/null}" || RC=$?
	OUT=$(cat "$WORK/out") ERR=$(cat "$WORK/err")
}

# ok ARG...: hull ARG... and it must succeed.
ok() {
	hull "$@"
	[ "$RC" = 0 ] || die "hull $*: exit status $RC: $ERR"
}

# fails RC ARG...: it must end with that status.
fails() {
	harness_rc=$1
	shift
	hull "$@"
	[ "$RC" = "$harness_rc" ] || die "hull $*: exit status $RC instead of $harness_rc: $ERR"
}

# inside SCRIPT: the output of a shell script in a container made from the bundle.
inside() {
	config '.process.args = ["sh", "-c", $script]' --arg script "$1"
	ok run inside
}

# started ID: a container made from the bundle that sleeps; its pid in $PID.
started() {
	config '.process.args = ["sleep", "1000"]'
	ok create --pid-file "$WORK/pid" "$1"
	ok start "$1"
	PID=$(cat "$WORK/pid")
}

# ---- assertions -----------------------------------------------------------------------------

die() {
	echo "$*" > "$WORK/why"
	exit 1
}

skip() {
	echo "$*" > "$WORK/skip"
	exit 0
}

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

# ---- where cgroups are ------------------------------------------------------------------------

# The cgroup2 tree of this machine.
cgroup_tree() { awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts; }

has_controller() { grep -qw "$1" "$(cgroup_tree)/cgroup.controllers"; }

# ---- what must not be left --------------------------------------------------------------------

# Everything a container could leave on this machine, one a line.
harness_traces() {
	find "$(cgroup_tree)" -mindepth 1 -type d 2> /dev/null | grep -v -e '\.slice' -e '\.scope' || true
	awk '{ print "mount " $5 }' /proc/self/mountinfo
	find /tmp /run /dev/shm -maxdepth 1 -name '*hull*' ! -name 'hull-test.*' 2> /dev/null || true
	for harness_pid in $(pgrep -r R,S,D,T -x hull); do
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
	harness_rc=0
	(
		set -eu
		harness_make_bundle "$WORK"
		"$1"
	) > "$WORK/log" 2>&1 || harness_rc=$?
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
	} | sed 's/^/# /'
}

# Containers of the test go; whatever else it left is its failure.
harness_clean_up() {
	if [ -d "$WORK/state" ]; then
		for harness_dir in "$WORK"/state/*/; do
			[ -d "$harness_dir" ] || continue
			"$HULL" --root "$WORK/state" delete --force "$(basename "$harness_dir")" ||
				echo "state $harness_dir" >> "$WORK/left"
		done > "$WORK/log.delete" 2>&1
	fi
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		harness_traces | grep -vxF -f "$WORK/before" > "$WORK/left.now" || break
		sleep 0.1
	done
	cat "$WORK/left.now" >> "$WORK/left"
}

finish() {
	echo "1..$harness_count"
	rm -rf "$HARNESS_TMP/template"
	[ -n "${KEEP:-}" ] || rm -rf "$HARNESS_TMP"
	[ "$harness_failed" = 0 ]
}

harness_make_rootfs
