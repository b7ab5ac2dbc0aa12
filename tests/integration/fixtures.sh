#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What podman, docker, ctr and the CRI plugin handed to their runtime (tests/fixtures/clients) runs
# with hull: every config.json, process.json and update, with the recorded arguments in their order.
# tests/lib/localize.jq replaces what belonged to the machine of the recording.
. "$(dirname "$0")/../lib/harness.sh"

LIB=$(cd "$(dirname "$0")/../lib" && pwd)
FIXTURES=$(cd "$(dirname "$0")/../fixtures/clients" && pwd)
TREE=$(cgroup_tree)
GROUP=/hull-fixtures.$$

# ---- this machine ---------------------------------------------------------------------------

CONTROLLERS=$(jq -R 'split(" ")' "$TREE/cgroup.controllers")
HARD=$(prlimit --noheadings --raw -o RESOURCE,HARD |
	jq -Rn '[inputs / " " | select(.[1] != "unlimited") | {("RLIMIT_" + .[0]): .[1] | tonumber}] | add')
OOM=$(cat /proc/self/oom_score_adj)

# localize FILE: what it says, for this machine.
localize() {
	jq --arg rootfs "$ROOTFS" --arg place "$WORK/place" --arg cgroup "$GROUP" \
		--arg sandbox "${SANDBOX:-}" --argjson controllers "$CONTROLLERS" \
		--argjson hard "$HARD" --argjson oom "$OOM" -f "$LIB/localize.jq" "$1"
}

# Sources of bind mounts, and applets that only these tests use.
prepare() {
	mkdir -p "$WORK/place/tree"
	echo content > "$WORK/place/tree/f"
	echo content > "$WORK/place/file"
	printf '#!/bin/sh\nshift\nexec "$@"\n' > "$WORK/place/init"
	chmod 755 "$WORK/place" "$WORK/place/init"
	ln "$ROOTFS/bin/busybox" "$ROOTFS/bin/sysctl"
	trap forget EXIT
}

# The groups above the containers' own are nobody's: they go with the test.
forget() {
	for left in $("$HULL" --root "$STATE" list -q); do
		"$HULL" --root "$STATE" delete --force "$left"
	done
	[ ! -d "$TREE$GROUP" ] || find "$TREE$GROUP" -depth -type d -exec rmdir {} +
}

# The namespaces that a configuration joins are those of its pod's first container.
start_sandbox() { # FOLDER
	pod=$(dirname "$(dirname "$1")")/02-runpod/001-create/config.json
	[ -e "$pod" ] || pod=$FIXTURES/cri/runcwrap-basic/02-runpod/001-create/config.json
	localize "$pod" > "$BUNDLE/config.json"
	ok create --pid-file "$WORK/sandbox" sandbox
	ok start sandbox
	SANDBOX=$(cat "$WORK/sandbox")
}

# Clients give a container with a user namespace a root file system that belongs to its root. Only
# directories: files are links that other tests share.
give_rootfs() {
	owner=$(jq -r '.linux | "\(.uidMappings[0].hostID):\(.gidMappings[0].hostID)"' \
		"$BUNDLE/config.json")
	find "$ROOTFS" -type d -exec chown "$owner" {} +
}

# ---- replaying ------------------------------------------------------------------------------

# The last argument, but for kill, where a signal follows.
id_of() {
	tail -n 2 "$1/argv" | awk '{ id = last; last = $0 }
		END { print last ~ /^[0-9][0-9]?$/ ? id : last }'
}

# replay FOLDER: the recorded command line, with our paths in place of the recorded ones.
replay() {
	replay_folder=$1 replay_option=
	set --
	while IFS= read -r argument; do
		case $replay_option in
		--root) argument=$STATE ;;
		--log) argument=$WORK/log.json ;;
		--bundle) argument=$BUNDLE ;;
		--pid-file) argument=$WORK/pid ;;
		--process) argument=$WORK/process.json ;;
		--console-socket) argument=$WORK/console.sock ;;
		esac
		case $argument in --resources=/*) argument=--resources=$WORK/resources.json ;; esac
		replay_option=$argument
		set -- "$@" "$argument"
	done < "$replay_folder/argv"
	[ ! -e "$replay_folder/process.json" ] ||
		localize "$replay_folder/process.json" > "$WORK/process.json"
	rm -f "$WORK/log.json"
	hull "$@" 3< /etc/passwd 4< /etc/group
}

# replay_ok FOLDER [RC]: and it must end like that.
replay_ok() {
	replay "$1"
	[ "$RC" = "${2:-0}" ] || die "$(tr '\n' ' ' < "$1/argv"): exit status $RC: $ERR"
}

# Clients read the log as one JSON object.
error_is() { # FOLDER TEXT
	has "$ERR" "$2"
	grep -qx -e '--log' "$1/argv" || return 0
	equal "$(jq -s length "$WORK/log.json")" 1
	equal "$(jq -r .level "$WORK/log.json")" error
	has "$(jq -r .msg "$WORK/log.json")" "$2"
}

status_is() { # ID STATUS
	[ "$("$HULL" --root "$STATE" state "$1" | jq -r .status)" = "$2" ]
}

pid_file_is_right() { # [ID]
	equal "$(wc -l < "$WORK/pid")" 0
	[ -z "${1:-}" ] || equal "$("$HULL" --root "$STATE" state "$1" | jq .pid)" "$(cat "$WORK/pid")"
}

# A terminal needs somebody who takes it.
listen() { # FOLDER
	grep -qx -e '--console-socket' "$1/argv" || return 0
	python3 "$LIB/console.py" "$WORK/console.sock" > "$WORK/console" &
	LISTENER=$!
	eventually test -S "$WORK/console.sock"
}

heard() { # FOLDER
	grep -qx -e '--console-socket' "$1/argv" || return 0
	wait "$LISTENER"
	rm "$WORK/console.sock"
	[ "$2" != tty ] || has "$(cat "$WORK/console")" /dev/pts/0
}

# ---- config.json ----------------------------------------------------------------------------

# What is to be expected of a configuration, from its program.
expectation() { # FOLDER
	case $1 in
	*/docker/vol-badtype/*) echo 'fails not a directory' && return ;;
	*/ctr/systemd-cgroup/*) echo 'fails systemd' && return ;;
	esac
	case $(jq -r '.process.args | join(" ")' "$1/config.json") in
	/nonexistent) echo 'fails exec: "/nonexistent": stat /nonexistent: no such file or directory' ;;
	nonexistent) echo 'fails exec: "nonexistent": executable file not found in $PATH' ;;
	/catatonit*) echo 'fails exec: "/catatonit": stat /catatonit: no such file or directory' ;;
	/etc) echo 'fails exec: "/etc": is a directory' ;;
	/etc/passwd) echo 'fails exec: "/etc/passwd": permission denied' ;;
	sleep* | /bin/sleep* | sh) echo runs ;;
	*'exit 3') echo 'ends 3' ;;
	'touch /x') echo 'ends 1' ;;
	*) echo 'ends 0' ;;
	esac
}

# In the foreground the program's status is ours.
run_ends_with() { # STATUS
	if [ "$(jq .process.terminal "$BUNDLE/config.json")" = true ]; then
		(cd "$BUNDLE" && RC=0 && script -qec "'$HULL' --root '$STATE' run run" /dev/null) \
			> "$WORK/out" 2>&1 < /dev/null || RC=$?
		[ "$RC" = "$1" ] || die "run: exit status $RC: $(cat "$WORK/out")"
	else
		fails "$1" run run
	fi
	missing "$STATE/run"
}

# The rest of the case, up to the next container.
replay_rest() { # FOLDER
	follows=false
	for folder in "$(dirname "$1")"/*/; do
		folder=${folder%/}
		if ! $follows; then
			[ "$folder" != "$1" ] || follows=true
			continue
		fi
		case $folder in
		*-create) return 0 ;;
		*-start) replay_ok "$folder" ;;
		*-delete)
			grep -qx -e --force "$folder/argv" || eventually status_is "$(id_of "$folder")" stopped
			replay_ok "$folder" ;;
		*) replay_ok "$folder" ;;
		esac
	done
}

create() { # FOLDER
	listen "$1"
	replay_ok "$1"
	pid_file_is_right "$(id_of "$1")"
	status_is "$(id_of "$1")" created
}

config_ends() { # FOLDER STATUS
	run_ends_with "$2"
	create "$1"
	replay_rest "$1"
	heard "$1" "$(jq -r '.process.args[0]' "$BUNDLE/config.json")"
}

config_runs() { # FOLDER
	id=$(id_of "$1")
	create "$1"
	ok start "$id"
	status_is "$id" running
	ok kill "$id" KILL
	eventually status_is "$id" stopped
	ok delete "$id"
	heard "$1" ''
}

config_fails() { # FOLDER TEXT
	replay_ok "$1" 1
	error_is "$1" "$2"
	missing "$STATE/$(id_of "$1")"
}

config_json() { # FOLDER
	prepare
	[ "$(jq 'any(.linux.namespaces[]; .path)' "$1/config.json")" = false ] || start_sandbox "$1"
	localize "$1/config.json" > "$BUNDLE/config.json"
	[ "$(jq '.linux | has("uidMappings")' "$1/config.json")" = false ] || give_rootfs
	expected=$(expectation "$1")
	[ "$expected" = 'fails systemd' ] || ok check
	"config_${expected%% *}" "$1" "${expected#* }"
}

# ---- the rest of what was called --------------------------------------------------------------

exec_error() { # PROCESS
	case $(jq -r '.args[0]' "$1") in
	/nonexistent | /nope) echo 'no such file or directory' ;;
	/etc/passwd) echo 'permission denied' ;;
	/etc) echo 'is a directory' ;;
	*) echo 'chdir to cwd' ;;
	esac
}

# Detached, as clients do, and in the foreground, where the status is the program's.
process_json() { # FOLDER
	prepare
	started "$(id_of "$1")"
	listen "$1"
	replay_ok "$1" "$(cat "$1/rc")"
	if [ "$RC" != 0 ]; then
		error_is "$1" "$(exec_error "$1/process.json")"
		return
	fi
	pid_file_is_right
	heard "$1" "$(jq -r '.args[0]' "$1/process.json")"
	ok check --process "$WORK/process.json"
	case $(jq -r '[.terminal, .args[0], .args[2]] | join(" ")' "$1/process.json") in
	true* | *sleep*) ;;
	*'exit 7') fails 7 exec --process "$WORK/process.json" "$(id_of "$1")" ;;
	*) ok exec --process "$WORK/process.json" "$(id_of "$1")" ;;
	esac
}

update() { # FOLDER
	prepare
	started "$(id_of "$1")"
	# podman's file was not recorded: this is what --memory 64m --cpus 1 asks for
	echo '{"memory": {"limit": 67108864}, "cpu": {"quota": 100000, "period": 100000}}' \
		> "$WORK/resources.json"
	STDIN=$1/stdin
	[ -e "$STDIN" ] || STDIN=/dev/null
	replay "$1"
	if has_controller memory && has_controller cpu && has_controller cpuset; then
		equal "$RC" 0
	elif [ "$(jq '[.. | numbers] | all(. == 0)' "$STDIN")" = true ]; then
		equal "$RC" 0
	else
		equal "$RC" 1
		has "$ERR" controller
	fi
}

is_stopped_by() { # FOLDER: a program that is number 1 and catches nothing ends by KILL only
	case $1 in *-kill) [ "$(tail -n 1 "$1/argv")" = 9 ] ;; *) false ;; esac
}

# Everything else: the exit status is the recorded one.
commands() { # CASE
	prepare
	id=$(id_of "$1"/001-*)
	case $id in -*) ;; *) started "$id" ;; esac
	case $1 in
	*/kill-dead | */rm-task) ok kill "$id" KILL && eventually status_is "$id" stopped ;;
	*/resume | */unpause) ok pause "$id" ;;
	*/start) ok delete --force "$id" && ok create "$id" ;;
	esac
	for folder in "$1"/*/; do
		folder=${folder%/}
		case $folder in *-checkpoint) continue ;; esac
		replay_ok "$folder" "$(cat "$folder/rc")"
		! is_stopped_by "$folder" || eventually status_is "$id" stopped
	done
}

# ---- newer documents --------------------------------------------------------------------------

newer_version() {
	config '.ociVersion = "1.9.0" | .process.args = ["sh", "-c", "exit 3"]'
	ok check
	fails 3 run c1
}
it newer_version 'a config.json of a newer 1.x version of the specification runs'

unknown_keys() {
	config '.process.args = ["sh", "-c", "exit 3"] | .vm = {"kernel": {"path": "/k"}}
		| .news = [{"a": [1, null, "x"]}] | .linux.new = 1.5 | .process.user.new = {}
		| .mounts[0].new = true'
	ok check
	fails 3 run c1
}
it unknown_keys 'keys that are unknown are ignored, wherever they are and whatever they hold'

other_major_version() {
	config '.ociVersion = "2.0.0"'
	fails 1 run c1
	has "$ERR" ociVersion
}
it other_major_version 'a config.json of another major version is refused'

# ---- all fixtures -----------------------------------------------------------------------------

# fixture FUNCTION PATH SENTENCE: a function of its own, so that TEST chooses it.
fixture() {
	fixture_name=$1_$(echo "${2#"$FIXTURES"/}" | tr -c 'a-zA-Z0-9\n' _)
	eval "$fixture_name() { $1 '$2'; }"
	it "$fixture_name" "$3"
}

for file in $(find "$FIXTURES" -name config.json | sort); do
	folder=${file%/config.json} name=${folder#"$FIXTURES"/}
	fixture config_json "$folder" "$name $(expectation "$folder")"
done
for file in $(find "$FIXTURES" -name process.json | sort); do
	folder=${file%/process.json} name=${folder#"$FIXTURES"/}
	fixture process_json "$folder" "$name is executed"
done
for folder in $(find "$FIXTURES" -name '*-update' -path '*[0-9][0-9][0-9]-update' | sort); do
	fixture update "$folder" "${folder#"$FIXTURES"/} is done, or the controller that is missing is named"
done
for folder in $(find "$FIXTURES" -name '001-*' | sort); do
	case $folder in
	*-create | *-exec | *-update) ;;
	*)
		name=${folder#"$FIXTURES"/}
		[ -n "$(find "${folder%/*}" -name '*-create')" ] ||
			fixture commands "${folder%/*}" "${name%/*} is understood"
		;;
	esac
done

finish
