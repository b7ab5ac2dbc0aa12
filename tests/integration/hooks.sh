#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Hooks (config.md, "POSIX-platform hooks"; rows E1-E5, and what A10-A14 and A18 say of them).
. "$(dirname "$0")/../lib/harness.sh"

# In the order in which they run.
KINDS='prestart createRuntime createContainer startContainer poststart poststop'

# hook KIND BODY [FILTER]: one more hook, a shell script; FILTER changes its entry. It can write to
# $LOG, which is /log in the container.
hook() {
	LOG=$ROOTFS/log
	hook_number=$((${hook_number:-0} + 1))
	if [ "$1" = startContainer ]; then
		hook_path=/hook.$hook_number hook_file=$ROOTFS/hook.$hook_number hook_log=/log
	else
		hook_path=$WORK/hook.$hook_number hook_file=$hook_path hook_log=$LOG
	fi
	printf '#!/bin/sh\nPATH=/bin:/usr/bin LOG=%s\n%s\n' "$hook_log" "$2" > "$hook_file"
	chmod +x "$hook_file"
	config ".hooks[\$kind] += [{\"path\": \$path} | ${3:-.}]" --arg kind "$1" --arg path "$hook_path"
}

# hook_of KIND: the path of its first hook.
hook_of() { jq -r --arg kind "$1" '.hooks[$kind][0].path' "$BUNDLE/config.json"; }

logged() { tr '\n' ' ' < "$LOG"; }
state_of() { "$HULL" --root "$STATE" state "$1" | jq -r "$2"; }
namespace() { readlink "/proc/$1/ns/$2"; }

# ---- when and where -----------------------------------------------------------------------------

order() {
	for n in 1 2; do
		for kind in $KINDS; do hook "$kind" "echo $kind$n >> \$LOG"; done
	done
	config '.process.args = ["sleep", "1000"]'
	ok create c1
	equal "$(logged)" \
		'prestart1 prestart2 createRuntime1 createRuntime2 createContainer1 createContainer2 '
	rm "$LOG"
	ok start c1
	equal "$(logged)" 'startContainer1 startContainer2 poststart1 poststart2 '
	rm "$LOG"
	ok kill c1 KILL
	eventually eval '[ "$(state_of c1 .status)" = stopped ]'
	missing "$LOG"
	ok delete c1
	equal "$(logged)" 'poststop1 poststop2 '
}
it order 'hooks run in their order: in create, in start, after the program started, after delete'

order_of_run() {
	for kind in $KINDS; do hook "$kind" "echo $kind >> \$LOG"; done
	config '.process.args = ["sleep", "0.3"]'
	ok run c1
	equal "$(logged | xargs)" "$(echo "$KINDS" | xargs)"
}
it order_of_run 'run runs all six kinds, too'

namespaces_of_hooks() {
	for kind in $KINDS; do
		hook "$kind" "echo $kind \$(for file in mnt net uts pid; do
			readlink /proc/self/ns/\$file; done) >> \$LOG"
	done
	started c1
	theirs=$(for file in mnt net uts pid; do namespace "$PID" $file; done | xargs)
	ours=$(for file in mnt net uts pid; do namespace self $file; done | xargs)
	ok delete --force c1
	for kind in createContainer startContainer; do
		equal "$(grep "^$kind" "$LOG")" "$kind $theirs"
	done
	for kind in prestart createRuntime poststart poststop; do
		equal "$(grep "^$kind" "$LOG")" "$kind $ours"
	done
}
it namespaces_of_hooks 'createContainer and startContainer run in the container, the others outside'

root_of_hooks() {
	hook createContainer "test -d $BUNDLE && echo host; test -e $ROOTFS/proc/self/exe && echo mounted
		grep -c ' $ROOTFS' /proc/self/mounts | grep -q -v '^0' && echo visible
		hostname" '.'
	sed -i "s|^PATH.*|&; exec >> \$LOG|" "$(hook_of createContainer)"
	hook startContainer "test ! -e $BUNDLE && echo container >> \$LOG"
	ok run c1
	equal "$(logged)" 'host mounted visible hull container '
}
it root_of_hooks 'createContainer runs before the root is changed and after the mounts, startContainer after'

devices_of_hooks() {
	hook createRuntime "pid=\$(sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/')
		nsenter --target \$pid --net sh -c 'echo 77 > /proc/sys/net/ipv4/ip_default_ttl'
		nsenter --target \$pid --mount touch $ROOTFS/dev/from-hook"
	inside 'ls /dev/from-hook; cat /proc/sys/net/ipv4/ip_default_ttl'
	equal "$(echo "$OUT" | xargs)" '/dev/from-hook 77'
}
it devices_of_hooks 'a createRuntime hook can reach into the namespaces before the program runs'

poststart_comes_after_the_program() {
	hook poststart 'pid=$(sed "s/.*\"pid\": *\([0-9]*\).*/\1/"); tr "\0" " " < /proc/$pid/cmdline > $LOG'
	started c1
	equal "$(cat "$LOG")" 'sleep 1000 '
}
it poststart_comes_after_the_program 'poststart hooks run when the program has been executed'

# ---- what they are told -------------------------------------------------------------------------

states() {
	for kind in $KINDS; do hook "$kind" "tr -d '\\n' >> \$LOG; echo >> \$LOG"; done
	config '.annotations = {"a.b": "quote \" and ü", "c": ""} | .ociVersion = "1.2.0"'
	started c1
	ok delete --force c1
	equal "$(wc -l < "$LOG")" 6
	jq -e -s --arg bundle "$BUNDLE" 'all(.ociVersion == "1.2.0" and .id == "c1"
		and .bundle == $bundle and .annotations == {"a.b": "quote \" and ü", "c": ""})' \
		"$LOG" > /dev/null || die "$(cat "$LOG")"
	equal "$(jq -r '[.status, .pid // 0 | tostring] | join(" ")' "$LOG" | tr '\n' ',')" \
		"creating $PID,creating $PID,creating 1,created 1,running $PID,stopped 0,"
}
it states 'every hook gets the state with its status, and the pid as it is seen from there'

pid_in_a_shared_namespace() {
	config '.linux.namespaces |= map(select(.type != "pid"))'
	for kind in createContainer startContainer; do hook "$kind" "cat >> \$LOG"; done
	started c1
	equal "$(jq .pid "$LOG" | xargs)" "$PID $PID"
}
it pid_in_a_shared_namespace 'without a pid namespace of its own the pid is the same everywhere'

state_need_not_be_read() {
	config '.annotations = {"big": ("x" * 300000)}'
	for kind in $KINDS; do hook "$kind" 'exec < /dev/null'; done
	hook prestart 'wc -c > $LOG'
	ok run c1
	[ "$(cat "$LOG")" -gt 300000 ] || die "only $(cat "$LOG") bytes"
}
it state_need_not_be_read 'a long state reaches those who read it and does not hinder the others'

arguments_and_environment() {
	for kind in prestart createRuntime createContainer poststart poststop; do
		config '.hooks[$kind] = [{"path": "/bin/sh", "args": ["name", "-c",
			"printf \"$0|$1|$2|\" >> $OUT; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= >> $OUT", "a", "b c", ""],
			"env": ["PATH=/bin:/usr/bin", "OUT=\($out)"]}]' --arg kind $kind --arg out "$WORK/$kind"
	done
	LEAK=1
	export LEAK
	config '.process.args = ["sleep", "1000"]'
	started c1
	ok delete --force c1
	for kind in prestart createRuntime createContainer poststart poststop; do
		equal "$kind $(sort "$WORK/$kind" | tr '\n' ' ')" \
			"$kind OUT=$WORK/$kind a|b c||PATH=/bin:/usr/bin "
	done
}
it arguments_and_environment 'hooks get exactly their arguments and environment'

no_environment() {
	LEAK=1
	export LEAK
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook "$kind" "tr '\\0' '\\n' < /proc/self/environ | grep -c -e LEAK -e PATH=/usr/local >> \$LOG; true"
	done
	config '.process.env = ["PATH=/usr/local:/bin", "OWN=1"]'
	started c1
	ok delete --force c1
	equal "$(logged)" '0 0 0 0 0 '
}
it no_environment "hooks without an environment get none, not the caller's"

environment_of_start_container() {
	config '.process.env = ["PATH=/bin", "OWN=1"]'
	hook startContainer 'echo "$OWN $GIVEN" >> $LOG'
	hook startContainer 'echo "$OWN $GIVEN" >> $LOG' '.env = ["GIVEN=2"]'
	ok run c1
	equal "$(cat "$LOG")" "$(printf '1 \n 2')"
}
it environment_of_start_container "a startContainer hook without an environment gets the program's"

descriptors_of_hooks() {
	for kind in prestart startContainer poststart poststop; do
		hook "$kind" 'ls /proc/self/fd | tr "\n" " " >> $LOG; echo >> $LOG'
	done
	# a script would find itself among them, opened for its interpreter
	config '.hooks.createContainer = [{"path": "/bin/sh", "args": ["sh", "-c",
		"ls /proc/self/fd | tr \"\\n\" \" \" >> \($log); echo >> \($log)"],
		"env": ["PATH=/bin:/usr/bin"]}]' --arg log "$LOG"
	config '.process.args = ["sleep", "0.3"]'
	(cd "$BUNDLE" && "$HULL" --root "$STATE" run c1 9< /)
	equal "$(uniq -c "$LOG" | xargs)" '5 0 1 2 3'
}
it descriptors_of_hooks 'hooks get no descriptors but the standard ones'

any_executable() {
	sleep 1000 &
	pid=$!
	config '.hooks.prestart = [{"path": "/proc/\($pid)/exe", "args": ["sleep", "0"]}]' --arg pid $pid
	ok run c1
	kill $pid
}
it any_executable 'a hook can be named as /proc/PID/exe, as Docker does'

# ---- when they fail -----------------------------------------------------------------------------

failures_within_create() {
	for kind in prestart createRuntime createContainer; do
		config 'del(.hooks)'
		rm -f "$ROOTFS/log"
		hook $kind 'exit 3'
		hook $kind 'echo next >> $LOG'
		hook startContainer 'echo next >> $LOG'
		hook poststop 'grep -o "\"status\": *\"[a-z]*\"" >> $LOG'
		config '.process.args = ["touch", "/ran"]'
		fails 1 create c1
		has "$ERR" "$(hook_of $kind) (${kind}[0])"
		has "$ERR" 'exit status 3'
		missing "$STATE/c1"
		equal "$kind $(logged | tr -d ' ')" "$kind \"status\":\"stopped\""
		missing "$ROOTFS/ran"
		fails 1 run c1
		missing "$STATE/c1"
	done
}
it failures_within_create 'a failing hook fails create; the container is destroyed and poststop runs'

failure_within_start() {
	hook startContainer 'exit 3'
	hook poststart 'echo poststart >> $LOG'
	hook poststop 'echo poststop >> $LOG'
	config '.process.args = ["touch", "/ran"]'
	ok create --pid-file "$WORK/pid" c1
	fails 1 start c1
	has "$ERR" '/hook.1 (startContainer[0])'
	has "$ERR" 'exit status 3'
	missing "$STATE/c1"
	missing "$ROOTFS/ran"
	gone "$(cat "$WORK/pid")"
	equal "$(logged)" 'poststop '
}
it failure_within_start 'a failing startContainer hook fails start before the program runs'

failure_after_start() {
	hook poststart 'exit 3'
	hook poststart 'echo next >> $LOG'
	hook poststop 'echo poststop >> $LOG'
	config '.process.args = ["sleep", "1000"]'
	ok create --pid-file "$WORK/pid" c1
	fails 1 start c1
	has "$ERR" "$(hook_of poststart) (poststart[0])"
	missing "$STATE/c1"
	eventually eval "( gone $(cat "$WORK/pid") )"
	equal "$(logged)" 'poststop '
	fails 1 run c1
	missing "$STATE/c1"
}
it failure_after_start 'a failing poststart hook fails start and ends the container (1.3)'

failure_after_the_end() {
	hook poststop 'exit 3'
	hook poststop 'echo next >> $LOG'
	ok create c1
	ok --log "$WORK/log.json" --log-format json delete --force c1
	missing "$STATE/c1"
	equal "$(logged)" 'next '
	equal "$(jq -r .level "$WORK/log.json")" warning
	has "$(jq -r .msg "$WORK/log.json")" "$(hook_of poststop) (poststop[0])"
}
it failure_after_the_end 'a failing poststop hook is worth a warning; the next ones run'

timeouts() {
	config '.process.args = ["sleep", "1000"]'
	for kind in createRuntime createContainer startContainer; do
		config 'del(.hooks)'
		rm -f "$ROOTFS/log"
		hook $kind 'sleep 777 & echo sleeping >> $LOG; wait' '.timeout = 1'
		begin=$(date +%s)
		fails 1 run c1
		[ $(($(date +%s) - begin)) -le 4 ] || die "took $(($(date +%s) - begin)) seconds"
		has "$ERR" "(${kind}[0])"
		has "$ERR" timeout
		equal "$(logged)" 'sleeping '
		missing "$STATE/c1"
		equal "$(pgrep -f '^sleep 777$' || true)" ''
	done
}
it timeouts 'a hook that takes too long is killed with its children, and has failed'

in_time() {
	hook createRuntime 'sleep 0.2' '.timeout = 5'
	begin=$(date +%s)
	ok run c1
	[ $(($(date +%s) - begin)) -le 3 ] || die 'waited for the timeout'
}
it in_time 'a timeout does not make a hook take longer'

hooks_that_cannot_run() {
	for kind in prestart createContainer startContainer; do
		config '.hooks = {($kind): [{"path": "/no/such/hook"}]}' --arg kind $kind
		fails 1 run c1
		has "$ERR" /no/such/hook
		has "$ERR" "${kind}[0]"
		missing "$STATE/c1"
	done
	echo data > "$WORK/data"
	config '.hooks = {"prestart": [{"path": $path}]}' --arg path "$WORK/data"
	fails 1 run c1
	has "$ERR" 'ermission denied'
}
it hooks_that_cannot_run 'a hook that cannot be run is an error with its name'

killed_hook() {
	hook createRuntime 'kill -KILL $$'
	fails 1 run c1
	has "$ERR" 'signal 9'
}
it killed_hook 'a hook that is killed has failed'

finish
