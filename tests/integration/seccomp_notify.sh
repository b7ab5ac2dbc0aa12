#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Filters that ask an agent: SCMP_ACT_NOTIFY, listenerPath, listenerMetadata.
. "$(dirname "$0")/../lib/harness.sh"

command -v python3 > /dev/null || {
	echo '1..0 # SKIP no python3 for the agent'
	exit 0
}

# notify NAMES [FILTER [JQ-OPTION...]]: these calls are the agent's.
notify() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": $path,
		"syscalls": [{"names": $names, "action": "SCMP_ACT_NOTIFY"}]}' \
		--argjson names "$1" --arg path "$WORK/agent.sock"
	shift
	[ $# = 0 ] || config "$@"
}
notify_mkdir() { notify '["mkdir", "mkdirat"]' "$@"; }

# agent ANSWER [SYSCALL=ANSWER...]: see lib/seccomp_agent.py. Another one before it goes.
agent() {
	[ -z "${AGENT:-}" ] || kill "$AGENT" 2> /dev/null || true
	rm -f "$WORK/agent.sock"
	python3 "$HARNESS_LIB/seccomp_agent.py" "$WORK/agent.sock" "$WORK/agent.log" "$@" &
	AGENT=$!
	trap 'kill "$AGENT" 2> /dev/null || true; wait "$AGENT" || true' EXIT
	eventually test -S "$WORK/agent.sock"
}

# states: how many processes the agent has got a listener of. state FILTER: of the last one's JSON.
states() { grep -c '^state 1 hung-up {' "$WORK/agent.log"; }
states_are() { [ "$(states)" = "$1" ]; }
told() { eventually states_are "$1"; }
state() { sed -n 's/^state 1 hung-up //p' "$WORK/agent.log" | tail -n 1 | jq -r "$1"; }
notified() { grep -c '^notified ' "$WORK/agent.log"; }

# makes TEXT...: what mkdir says in the container, and what became of it.
try='mkdir /tmp/x 2>&1; test -d /tmp/x && echo made'
refused() { equal "$OUT" "mkdir: can't create directory '/tmp/x': $1"; }

# ---- answers --------------------------------------------------------------------------------------

answered_with_an_errno() {
	notify_mkdir
	agent 42
	inside "$try; true"
	refused 'No message of desired type'
	told 1
	equal "$(notified)" 1
}
it answered_with_an_errno 'a call that the agent refuses fails with the errno of its answer'

answered_with_continue() {
	notify_mkdir
	agent continue
	inside "$try"
	equal "$OUT" made
	told 1
	equal "$(notified)" 1
}
it answered_with_continue 'a call that the agent lets through is made'

nothing_of_ours_is_asked_for() {
	notify '["open", "openat", "openat2", "newfstatat", "stat", "access", "faccessat", "faccessat2",
		"close", "close_range", "fcntl", "read", "poll", "ppoll", "clone", "clone3", "fork",
		"write", "sendmsg", "recvmsg", "mount", "chdir"]' '.process.args = ["true"]
		| .process.noNewPrivileges = true'
	agent 38
	ok create c1
	equal "$(wc -l < "$WORK/agent.log")" 0
	hull start c1
	[ "$RC" = 0 ] || die "$ERR"
	told 1
}
it nothing_of_ours_is_asked_for 'what the runtime itself calls is no matter for the agent'

waiting_is_asked_for() {
	notify '["futex", "execve"]' '.process.args = ["true"]'
	agent continue
	ok run c1
	agent 38 59=continue
	ok run c1
	told 1
}
it waiting_is_asked_for 'nobody waits for ever when the agent has to answer for waiting itself'

waiting_is_forbidden() {
	notify_mkdir '.linux.seccomp.syscalls += [{"names": ["futex"], "action": "SCMP_ACT_ERRNO"}]'
	agent 42
	inside "$try; true"
	refused 'No message of desired type'
}
it waiting_is_forbidden 'a profile that forbids to wait starts as well'

ids_are_asked_for() {
	notify '["setresuid", "setresgid", "setgroups", "capset", "prctl"]' \
		'.process.user = {"uid": 1000, "gid": 1000} | .process.noNewPrivileges = false'
	agent continue
	inside 'id -u'
	equal "$OUT" 1000
	[ "$(notified)" -ge 4 ] || die "only $(notified) calls"
}
it ids_are_asked_for 'without noNewPrivileges the agent answers for the change of ids, too'

with_and_without_new_privileges() {
	for value in true false; do
		notify_mkdir '.process.noNewPrivileges = $value | .process.user = {"uid": 1000, "gid": 1000}
			| del(.process.capabilities)' --argjson value "$value"
		agent 42
		inside "$try; true"
		refused 'No message of desired type'
	done
}
it with_and_without_new_privileges 'the agent is asked with and without noNewPrivileges'

in_a_user_namespace() {
	notify_mkdir "$USER_NAMESPACE"
	chmod 755 "$WORK" "$HARNESS_TMP"
	agent 42
	inside "$try; true"
	refused 'No message of desired type'
}
it in_a_user_namespace 'the agent is asked for a container in a user namespace'

flags() {
	for flag in TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV; do
		notify_mkdir '.linux.seccomp.flags = [$flag]' --arg flag "SECCOMP_FILTER_FLAG_$flag"
		agent 42
		inside "$try; true"
		refused 'No message of desired type'
	done
}
it flags 'each flag goes with a listener'

leaves_no_thread_or_descriptor() {
	notify_mkdir
	agent 42
	inside 'ls /proc/self/fd /proc/1/task; grep -E "^(Threads|Seccomp):" /proc/1/status | tr -d "\t"'
	equal "$OUT" '/proc/1/task:
1

/proc/self/fd:
0
1
2
3
Threads:1
Seccomp:2'
}
it leaves_no_thread_or_descriptor 'the program starts with one thread and without the listener'

tiny_limit_of_files() {
	notify_mkdir '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 6, "hard": 6}]
		| .process.args = ["mkdir", "/tmp/x"]'
	agent 42
	fails 1 run c1
	has "$ERR" 'No message of desired type'
}
it tiny_limit_of_files 'a tiny limit of open files does not matter'

# ---- what the agent is told --------------------------------------------------------------------

metadata_and_state() {
	notify_mkdir '.linux.seccomp.listenerMetadata = "ask=\"me\"" | .annotations = {"a": "b"}
		| .process.args = ["sleep", "1000"]'
	agent continue
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	told 1
	equal "$(state '.fds | tojson')" '["seccompFd"]'
	equal "$(state .ociVersion)" "$(jq -r .ociVersion "$BUNDLE/config.json")"
	equal "$(state .metadata)" 'ask="me"'
	equal "$(state .pid)" "$(cat "$WORK/pid")"
	equal "$(state '.state | .ociVersion = "" | tojson')" \
		"$(jq -nc --arg b "$BUNDLE" --argjson p "$(cat "$WORK/pid")" '{"ociVersion": "", "id": "c1",
		"status": "created", "pid": $p, "bundle": $b, "annotations": {"a": "b"}}')"
}
it metadata_and_state 'the agent gets one message: descriptor, metadata, pid and state of the container'

no_metadata() {
	notify_mkdir
	agent continue
	ok run c1
	told 1
	equal "$(state 'has("metadata")')" false
}
it no_metadata 'without listenerMetadata there is none'

each_process_once() {
	notify_mkdir '.process.args = ["sleep", "1000"]'
	agent 42
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	hull exec --pid-file "$WORK/pid2" c1 sh -c "$try; true"
	refused 'No message of desired type'
	told 2
	equal "$(state .pid)" "$(cat "$WORK/pid2")"
	equal "$(state .state.status) $(state .state.pid)" "running $(cat "$WORK/pid")"
	ok exec --user 1000:1000 c1 sh -c "$try; true"
	refused 'No message of desired type'
	ok exec --detach c1 true
	told 4
}
it each_process_once 'each exec has a listener of its own, which goes to the agent in a connection of its own'

listener_is_ignored() {
	notify_mkdir '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ERRNO"
		| .linux.seccomp.listenerMetadata = "x"'
	inside "$try; true"
	refused 'Operation not permitted'
}
it listener_is_ignored 'listenerPath without SCMP_ACT_NOTIFY is ignored: nobody need listen there'

long_path() {
	deep=$WORK/$(printf '%0100d' 0)
	mkdir "$deep"
	notify_mkdir '.linux.seccomp.listenerPath = $path' --arg path "$deep/agent.sock"
	agent 42
	mv "$WORK/agent.sock" "$deep/agent.sock"
	inside "$try; true"
	refused 'No message of desired type'
}
it long_path 'the path of the agent may be longer than a socket address'

# ---- failures ---------------------------------------------------------------------------------

no_trace() {
	missing "$STATE/c1"
	missing "$(cgroup_tree)/hull-c1"
}

no_agent() {
	notify_mkdir '.process.args = ["touch", "/tmp/ran"]'
	fails 1 run c1
	has "$ERR" "seccomp agent $WORK/agent.sock: No such file or directory"
	no_trace
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$WORK/agent.sock"
	fails 1 run c1
	has "$ERR" "seccomp agent $WORK/agent.sock: Connection refused"
	no_trace
	missing "$ROOTFS/tmp/ran"
}
it no_agent 'without an agent run fails, names the socket, and the program has not run'

no_agent_at_start() {
	notify_mkdir '.process.args = ["touch", "/tmp/ran"]'
	ok create --pid-file "$WORK/pid" c1
	fails 1 start c1
	has "$ERR" "seccomp agent $WORK/agent.sock: No such file or directory"
	gone "$(cat "$WORK/pid")"
	missing "$ROOTFS/tmp/ran"
	ok state c1
	equal "$(echo "$OUT" | jq -r .status)" stopped
	ok delete c1
	no_trace
}
it no_agent_at_start 'without an agent start fails and the container has stopped'

no_agent_at_exec() {
	notify_mkdir '.process.args = ["sleep", "1000"]'
	agent continue
	ok create c1
	ok start c1
	kill "$AGENT"
	rm "$WORK/agent.sock"
	fails 255 exec --pid-file "$WORK/pid2" c1 touch /tmp/ran
	has "$ERR" "seccomp agent $WORK/agent.sock: No such file or directory"
	missing "$ROOTFS/tmp/ran"
	gone "$(cat "$WORK/pid2")"
	ok state c1
	equal "$(echo "$OUT" | jq -r .status)" running
}
it no_agent_at_exec 'without an agent exec fails, and the container goes on'

full_agent() {
	notify_mkdir
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen(0)
c = socket.socket(socket.AF_UNIX)
c.connect(sys.argv[1])
open(sys.argv[1] + ".full", "w")
time.sleep(100)' "$WORK/agent.sock" &
	AGENT=$!
	trap 'kill "$AGENT" || true; wait "$AGENT" || true' EXIT
	eventually test -e "$WORK/agent.sock.full"
	fails 1 run c1
	has "$ERR" "nobody answers at seccomp agent $WORK/agent.sock"
	no_trace
}
it full_agent 'an agent that takes no connections is an error after a while'

agent_goes_away() {
	notify_mkdir
	agent gone
	inside "$try; true"
	refused 'Function not implemented'
}
it agent_goes_away 'once the agent is gone its calls fail with ENOSYS'

start_is_killed() {
	notify_mkdir '.process.args = ["sleep", "1000"] | .hooks.startContainer = [{"path": "/bin/sh",
		"args": ["sh", "-c", "echo up > /tmp/up; sleep 1"]}]'
	agent continue
	ok create --pid-file "$WORK/pid" c1
	(cd "$BUNDLE" && exec "$HULL" --root "$STATE" start c1) &
	start=$!
	eventually test -s "$ROOTFS/tmp/up"
	kill -9 "$start"
	eventually sh -c "! kill -0 $(cat "$WORK/pid") 2> /dev/null"
	ok delete --force c1
	no_trace
}
it start_is_killed 'when start is killed before the agent has the listener, the program does not run'

a_hook_fails_first() {
	notify_mkdir '.hooks.startContainer = [{"path": "/bin/false"}]'
	agent continue
	fails 1 run c1
	has "$ERR" '/bin/false'
	equal "$(wc -l < "$WORK/agent.log")" 0
	no_trace
}
it a_hook_fails_first 'a startContainer hook that fails is told as ever'

no_listener_path() {
	notify_mkdir 'del(.linux.seccomp.listenerPath)'
	fails 1 create c1
	has "$ERR" 'linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs it'
	no_trace
}
it no_listener_path 'SCMP_ACT_NOTIFY without listenerPath is refused'

finish
