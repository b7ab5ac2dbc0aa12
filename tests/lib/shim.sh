# shellcheck shell=sh disable=SC2034
# SPDX-License-Identifier: Apache-2.0
# The containerd shim without containerd: a client of our own speaks its protocol, and takes events.
# Sourced by tests/integration/shim*.sh; on top of lib/harness.sh.

SHIM=${SHIM:-$(dirname "$HULL")/containerd-shim-hull-v2}
CLIENT=$(cd "$(dirname "$0")/../lib" && pwd)/ttrpc_client.py
NS=hull-test-$$

# The events server of the test. Whatever the test does, it and the shims end.
listen_for_events() {
	python3 "$CLIENT" events "$WORK/events.sock" "$WORK/events" &
	EVENTS=$!
	trap shim_clean_up EXIT
	config '.linux.cgroupsPath = $path' --arg path "/$NS"
	: > "$WORK/events"
	eventually test -S "$WORK/events.sock"
}

shim_clean_up() {
	kill -9 "$EVENTS" 2> /dev/null || true
	STDIN=/dev/null
	for shim_pid in $(cat "$WORK/shims" 2> /dev/null); do
		kill -9 "$shim_pid" 2> /dev/null || true
	done
	for shim_id in $(cat "$WORK/ids" 2> /dev/null); do
		action "$shim_id" "$BUNDLE" delete > /dev/null || true
	done
}

# action ID BUNDLE start|delete: as containerd calls it.
action() {
	(
		cd "$2" && TTRPC_ADDRESS=$WORK/events.sock exec timeout -k 1 10 "$SHIM" -namespace "$NS" \
			-address "$WORK/containerd.sock" -publish-binary /bin/false -id "$1" -bundle "$2" "$3"
	) < "${STDIN:-/dev/null}"
}

# input_from FILE: what the actions to come read.
input_from() { STDIN=$1; }

# shim ID [BUNDLE]: starts one, its address in $ADDRESS.
shim() {
	[ -n "${EVENTS:-}" ] || listen_for_events
	echo "$1" >> "$WORK/ids"
	ADDRESS=$(action "$1" "${2:-$BUNDLE}" start)
	call Connect "id=$1"
	get .shim_pid >> "$WORK/shims"
	SHIM_PID=$(get .shim_pid)
}

# call METHOD FIELD=VALUE...: it must succeed; the answer in $OUT.
call() {
	OUT=$(python3 "$CLIENT" call "$ADDRESS" "$@" 2>&1) || die "$*: $OUT"
}

# refused 'CODE TEXT' METHOD FIELD=VALUE...
refused() {
	refused_expected=$1
	shift
	if OUT=$(python3 "$CLIENT" call "$ADDRESS" "$@" 2>&1); then die "$*: succeeded: $OUT"; fi
	case $OUT in "$refused_expected"*) ;; *) die "$*: got '$OUT', expected '$refused_expected'" ;; esac
}

# Milliseconds that a call takes, the start of the client included.
took() {
	took_start=$(date +%s%3N)
	call "$@"
	echo $(($(date +%s%3N) - took_start))
}

get() { echo "$OUT" | jq -r "$1"; }

program() { config '.process.args = ["sh", "-c", $script]' --arg script "$1"; }

# create ID [FIELD=VALUE...]: a container of the bundle whose state is kept in this test's directory.
create() {
	create_id=$1
	echo "$1" >> "$WORK/ids"
	shift
	call Create "id=$create_id" "bundle=$BUNDLE" "options=Options {\"root\": \"$WORK/root\"}" "$@"
	PID=$(get .pid)
}

exec_() { # ID EXEC-ID SCRIPT [FIELD=VALUE...]
	exec_spec=$(jq -nc --arg script "$3" '{args: ["sh", "-c", $script], cwd: "/", env: ["PATH=/bin"], user: {uid: 0, gid: 0}}')
	exec_id=$1 exec_exec=$2
	shift 3
	call Exec "id=$exec_id" "exec_id=$exec_exec" "spec=$exec_spec" "$@"
}

status_is() {
	call State "id=$1" "exec_id=${3:-}"
	[ "$(get .status)" = "$2" ]
}

# Topics and processes of what was told so far, one line.
told() {
	jq -r '(.topic | sub("/tasks/"; "")) + ":" + (.event.value.id // .event.value.exec_id // "")' \
		"$WORK/events" | tr '\n' ' '
}

told_is() { [ "$(told)" = "$1" ]; }

# Mount points at and below the root file system, in one line.
mounted() { awk -v at="$ROOTFS" '$5 == at || index($5, at "/") == 1 { print $5 }' /proc/self/mountinfo | xargs; }

ended() { ! kill -0 "$1" 2> /dev/null; }
