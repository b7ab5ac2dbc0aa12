#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The operations and the lifecycle (runtime.md): rows A1-A20 of the specification's list.
. "$(dirname "$0")/../lib/harness.sh"

status() {
	ok state "$1"
	echo "$OUT" | jq -r .status
}

run_gives_the_program_s_status() {
	config '.process.args = ["sh", "-c", "exit 3"]'
	fails 3 run c1
	missing "$STATE/c1"
}
it run_gives_the_program_s_status 'run ends with the exit status of the program and leaves no state'

run_reports_signals() {
	config '.process.args = ["sh", "-c", "kill -9 $$"]'
	config '.linux.namespaces |= map(select(.type != "pid"))'
	fails 137 run c1
}
it run_reports_signals 'run ends with 128 plus the number of the signal that killed the program'

program_waits_for_start() {
	config '.process.args = ["sh", "-c", "echo ran > /tmp/ran; exec sleep 1000"]'
	ok create c1
	equal "$(status c1)" created
	missing "$ROOTFS/tmp/ran"
	ok start c1
	eventually test -e "$ROOTFS/tmp/ran"
	equal "$(status c1)" running
}
it program_waits_for_start 'create does not run the program, start does'

state_tells_everything() {
	config '.annotations = {"a.b": "c"}'
	started c1
	ok state c1
	equal "$(echo "$OUT" | jq -r '[.id, .status, .bundle, .annotations["a.b"]] | join(" ")')" \
		"c1 running $BUNDLE c"
	equal "$(echo "$OUT" | jq .pid)" "$PID"
	echo "$OUT" | jq -e '.ociVersion and .rootfs and .created' > /dev/null
}
it state_tells_everything 'state tells id, status, bundle, pid and annotations'

state_of_a_stopped_container() {
	config '.process.args = ["true"]'
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	eventually eval '[ "$(status c1)" = stopped ]'
	ok state c1
	equal "$(echo "$OUT" | jq .pid)" 0
}
it state_of_a_stopped_container 'a container whose program has ended is stopped and has pid 0'

state_needs_a_container() {
	fails 1 state nobody
	has "$ERR" 'container does not exist'
}
it state_needs_a_container 'state of an unknown container is an error that says so'

an_id_is_needed() {
	for verb in state create start kill delete; do
		fails 1 "$verb"
		has "$ERR" "usage: hull $verb"
	done
	missing "$STATE"
}
it an_id_is_needed 'state, create, start, kill and delete without an id are errors'

verbs_need_a_container() {
	for verb in start kill delete; do
		fails 1 "$verb" nobody
		has "$ERR" 'container does not exist'
	done
}
it verbs_need_a_container 'start, kill and delete of a container that is not there are errors'

ids_are_unique() {
	ok create c1
	fails 1 create c1
	has "$ERR" 'container with given ID already exists'
	equal "$(status c1)" created
}
it ids_are_unique 'create refuses an id that is taken and leaves its owner alone'

ids_are_plain() {
	for id in '' . .. a/b 'a b' ../x "$(printf 'a\nb')" 'ä'; do
		fails 1 create "$id"
	done
	ok create 'A-z_0+9.x'
}
it ids_are_plain 'ids outside of [A-Za-z0-9_+.-] are refused'

start_only_once() {
	started c1
	fails 1 start c1
	has "$ERR" 'cannot start an already running container'
	equal "$(status c1)" running
}
it start_only_once 'start of a running container is an error without effect'

start_of_a_stopped_container() {
	ok create c1
	ok start c1
	eventually eval '[ "$(status c1)" = stopped ]'
	fails 1 start c1
	has "$ERR" 'cannot start a container that has stopped'
}
it start_of_a_stopped_container 'start of a stopped container is an error'

start_needs_a_process() {
	config 'del(.process)'
	ok create c1
	fails 1 start c1
	has "$ERR" process
}
it start_needs_a_process 'a config.json without process can be created, not started'

kill_sends_the_signal() {
	config '.process.args = ["sh", "-c", "trap \"exit 7\" TERM; echo up > /tmp/up; while :; do sleep 0.1; done"]'
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	eventually test -e "$ROOTFS/tmp/up"
	ok kill c1
	eventually eval '[ "$(status c1)" = stopped ]'
	fails 1 kill c1
	has "$ERR" 'container not running'
}
it kill_sends_the_signal 'kill sends SIGTERM by default; a stopped container cannot be killed'

kill_knows_signals() {
	for sig in KILL SIGKILL 9; do
		started "c$sig"
		ok kill "c$sig" "$sig"
		eventually eval '[ "$(status "c$sig")" = stopped ]'
	done
	started c1
	fails 1 kill c1 NOSUCH
}
it kill_knows_signals 'kill takes NAME, SIGNAME and numbers, and refuses others'

delete_needs_stopped() {
	started c1
	fails 1 delete c1
	has "$ERR" 'cannot delete container c1 that is not stopped: running'
	equal "$(status c1)" running
	ok kill c1 KILL
	eventually eval '[ "$(status c1)" = stopped ]'
	ok delete c1
	fails 1 state c1
	ok create c1
}
it delete_needs_stopped 'delete refuses a running container; after delete the id is free'

delete_of_a_created_container() {
	config '.process.args = ["touch", "/ran"]'
	ok create --pid-file "$WORK/pid" c1
	ok delete c1
	gone "$(cat "$WORK/pid")"
	missing "$STATE/c1"
	missing "$ROOTFS/ran"
}
it delete_of_a_created_container 'a container that was never started is deleted without --force'

delete_force() {
	started c1
	ok delete --force c1
	gone "$PID"
	ok delete --force c1
	equal "$OUT$ERR" ''
	fails 1 delete c1
}
it delete_force 'delete --force kills, and is content and silent when there is nothing'

config_is_kept() {
	config '.process.args = ["sleep", "1000"] | .process.env = ["PATH=/bin", "X=old"]'
	ok create c1
	config '.process.env = ["PATH=/bin", "X=new"] | .process.args = ["false"]'
	ok start c1
	equal "$(status c1)" running
	ok exec c1 sh -c 'echo $X'
	equal "$OUT" old
}
it config_is_kept 'changes to config.json after create have no effect, on exec neither'

only_stdio_is_open() {
	config '.process.args = ["sh", "-c", "ls /proc/self/fd"]'
	equal "$(cd "$BUNDLE" && "$HULL" --root "$STATE" run c1 9< / 2> /dev/null | tr '\n' ' ')" '0 1 2 3 '
}
it only_stdio_is_open 'the program gets descriptors 0, 1 and 2 only (3 is what ls itself opens)'

fds_are_preserved() {
	config '.process.args = ["sh", "-c", "cat <&3; cat <&4"]'
	echo three > "$WORK/three"
	echo four > "$WORK/four"
	equal "$(cd "$BUNDLE" && "$HULL" --root "$STATE" run --preserve-fds 2 c1 \
		3< "$WORK/three" 4< "$WORK/four" | tr '\n' ' ')" 'three four '
}
it fds_are_preserved '--preserve-fds N passes descriptors 3 to 2+N on'

failed_create_leaves_nothing() {
	config '.process.args = ["/no/such/program"]'
	fails 1 create c1
	has "$ERR" 'no such file or directory'
	missing "$STATE/c1"
	config '.process.args = ["nosuchprogram"]'
	fails 1 create c1
	has "$ERR" 'executable file not found in $PATH'
	config '.process.args = ["true"] | .mounts += [{"destination": "/x", "type": "nosuchfs"}]'
	fails 1 create c1
	has "$ERR" nosuchfs
	missing "$STATE/c1"
}
it failed_create_leaves_nothing 'a create that fails says why and leaves nothing behind'

pid_file_has_no_newline() {
	ok create --pid-file "$WORK/pid" c1
	equal "$(wc -l < "$WORK/pid")" 0
	ok state c1
	equal "$(echo "$OUT" | jq .pid)" "$(cat "$WORK/pid")"
}
it pid_file_has_no_newline 'the pid file holds the pid without a newline'

one_winner() {
	for round in 1 2 3 4 5; do
		for _ in 1 2 3 4 5 6; do
			(cd "$BUNDLE" && "$HULL" --root "$STATE" create race > /dev/null 2>&1 &&
				echo won >> "$WORK/won.$round") &
		done
		wait
		equal "$(wc -l < "$WORK/won.$round")" 1
		ok delete --force race
	done
}
it one_winner 'of several creates of one id exactly one wins'

list_shows_all() {
	ok list -q
	equal "$OUT" ''
	ok list -f json
	equal "$OUT" null
	started b
	ok create a
	ok list -q
	equal "$OUT" "$(printf 'a\nb')"
	ok list -f json
	equal "$(echo "$OUT" | jq -r 'map(.id + ":" + .status) | join(" ")')" 'a:created b:running'
	ok list
	has "$OUT" "$PID"
}
it list_shows_all 'list shows every container as a table, as ids, as JSON'

list_survives_damage() {
	started a
	ok create b
	echo '{' > "$STATE/b/state.json"
	ok list -q
	equal "$OUT" "$(printf 'a\nb')"
	ok delete --force b
	missing "$STATE/b"
}
it list_survives_damage 'a damaged record hides no other container and can be deleted by force'

a_root_of_any_depth() {
	STATE=$WORK/deep/a/b
	ok run c1
	equal "$(stat -c %a "$WORK/deep/a") $(stat -c %a "$STATE")" '700 1700'
}
it a_root_of_any_depth 'the state directory is made, with its parents'

finish
