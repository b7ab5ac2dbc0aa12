# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# A containerd of our own for the tests of the shim: its root, state, sockets and images live below
# one temporary directory and go with it. Sourced by tests/containerd/*.sh; on top of
# lib/sentences.sh.
#
# Environment: BUILD (where containerd-shim-hull-v2 and hull are), CONTAINERD (the daemon), RUNTIME
# (another runtime type: io.containerd.runc.v2 holds the tests themselves against the Go shim),
# CONTAINERD_LEVEL (of its log: debug).

srcdir=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$srcdir/build}
CONTAINERD=${CONTAINERD:-containerd}
RUNTIME=${RUNTIME:-io.containerd.hull.v2}
IMAGE=test/busybox:1
CTR=$(command -v ctr)
PATH=$BUILD:$PATH
# a namespace of containerd, and so a parent of cgroups, that no other run has
export CONTAINERD_NAMESPACE=hull-test-$$

if ! command -v "$CONTAINERD" > /dev/null; then
	echo "1..0 # SKIP containerd is not installed"
	exit 0
fi
if [ "$RUNTIME" = io.containerd.hull.v2 ] && [ ! -x "$BUILD/containerd-shim-hull-v2" ]; then
	echo "Bail out! $BUILD/containerd-shim-hull-v2 is not there: build it, or name its folder with BUILD"
	exit 1
fi

. "$srcdir/tests/lib/sentences.sh"
C=$HARNESS_TMP/c
mkdir "$C"

# containerd_config [CRI-SECTION]: CRI is off unless its configuration is given.
containerd_config() {
	harness_cri='disabled_plugins = ["io.containerd.grpc.v1.cri"]'
	[ $# = 0 ] || harness_cri=$1
	cat > "$C/config.toml" <<-TOML
		version = 2
		root = "$C/root"
		state = "$C/state"
		$harness_cri
		[grpc]
		address = "$C/containerd.sock"
		[ttrpc]
		address = "$C/containerd.sock.ttrpc"
		[plugins."io.containerd.internal.v1.opt"]
		path = "$C/opt"
		[plugins."io.containerd.nri.v1.nri"]
		disable = true
		[debug]
		level = "${CONTAINERD_LEVEL:-debug}"
	TOML
}

containerd_start() {
	"$CONTAINERD" -c "$C/config.toml" >> "$C/log" 2>&1 &
	echo $! > "$C/pid"
	for _ in $(seq 100); do
		kill -0 "$(cat "$C/pid")" 2> /dev/null || break
		[ ! -S "$C/containerd.sock" ] || ! ctr version > /dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "Bail out! containerd does not start: $(tail -n 3 "$C/log")"
	exit 1
}

# A zombie has ended: whoever is its parent by now may take its time.
ended() {
	case $(sed 's/.*) //' "/proc/$1/stat" 2> /dev/null) in
	'' | Z* | X*) return 0 ;;
	*) return 1 ;;
	esac
}

# containerd_stop [SIGNAL]: whichever shell has started it.
# shellcheck disable=SC2120 # the signal may be left out
containerd_stop() {
	containerd_pid=$(cat "$C/pid")
	kill -s "${1:-TERM}" "$containerd_pid" 2> /dev/null || true
	wait "$containerd_pid" 2> /dev/null || true
	until ended "$containerd_pid"; do sleep 0.05; done
}

# Never reads the test's standard input; a hang is a failure.
ctr() {
	timeout -k 5 "${CTR_TIMEOUT:-60}" ctr -a "$C/containerd.sock" "$@"
}

# run ARG...: ctr run with our runtime and the state directory of this test.
run() {
	ctr run --runtime "$RUNTIME" "$@"
}

works() {
	out "$@"
	ended_with 0 "$@"
}

status_of() { ctr task ls | awk -v id="$1" '$1 == id { print $3 }'; }
has_status() { [ "$(status_of "$1")" = "$2" ]; }

# watch: events go to $EVENTS from now on, over restarts of containerd too; unwatch ends it.
watch() {
	EVENTS=$WORK/events
	: > "$EVENTS"
	(
		trap 'kill "$listener"; exit' TERM
		while :; do
			"$CTR" -a "$C/containerd.sock" events >> "$EVENTS" 2> "$WORK/events.err" &
			listener=$!
			wait "$listener" || sleep 0.05
		done
	) &
	watcher=$!
	trap unwatch EXIT
	# whether it listens shows only by an event
	eventually eval 'ctr namespaces label "$CONTAINERD_NAMESPACE" watched=$$ && [ -s "$EVENTS" ]'
}
unwatch() { kill "$watcher" 2> /dev/null || true; }

# told TOPIC ID: how often an event of a task was told.
told() {
	awk -v topic="/tasks/$1" -v id="\"container_id\":\"$2\"" \
		'$6 == topic && index($0, id)' "$EVENTS" | wc -l
}

# What a test has written to $HARNESS_TMP/note, beside its line.
tell() {
	cat "$HARNESS_TMP/note" 2> /dev/null
	rm -f "$HARNESS_TMP/note"
}

image_import() {
	"$srcdir/tests/lib/image.sh" "$IMAGE" "$C/image.tar"
	ctr images import "$C/image.tar" > /dev/null
}

# Shims of this containerd: they name its socket on their command line.
shims() {
	pgrep -f "containerd-shim-.*-address $C/containerd.sock" || true
}

# The daemon of a container.
shim_of() { pgrep -f "containerd-shim-.* -id $1 -address $C/containerd.sock"; }

# ctr names the parent of each cgroup after its namespace; who makes it there leaves it there.
cgroup_parent() { echo "$(cgroup_tree)/$CONTAINERD_NAMESPACE"; }

# All that is made below a containerd of our own is there: nobody else's is looked at.
harness_cgroups() { find "$(cgroup_parent)" -mindepth 1 -type d 2> /dev/null || true; }

# containerd_begin [CONFIG]: the daemon with the image, for all tests of a file.
containerd_begin() {
	[ -d "$(cgroup_parent)" ] || mkdir "$(cgroup_parent)"
	containerd_config "$@"
	containerd_start
	image_import
}

# To be called instead of finish.
containerd_end() {
	containerd_stop
	for pid in $(shims); do
		kill -9 "$pid" 2> /dev/null || true
	done
	awk -v top="$C/" 'index($5, top) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
		while read -r at; do umount -l "$at"; done
	rmdir "$(cgroup_parent)" 2> /dev/null || true
	rm -rf "/run/containerd/hull/$CONTAINERD_NAMESPACE"
	finish
}

test_begin() { wc -l < "$C/log" > "$WORK/log.lines"; }

# How tasks have ended, and what containerd and the shims have complained of.
test_tells() {
	tail -n "+$(($(cat "$WORK/log.lines") + 1))" "$C/log" |
		grep -E 'level=(warning|error|fatal)|Task(Exit|OOM) event' |
		grep -v 'shim disconnected' | tail -n 20
}

# Containers of the test go, with their tasks.
test_end() {
	for id in $(ctr containers ls -q); do
		ctr task rm -f "$id"
		ctr containers rm "$id"
	done
}
