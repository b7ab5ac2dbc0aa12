#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Seccomp filters as programs meet them, compiled and taken from the cache.
. "$(dirname "$0")/../lib/harness.sh"

# rules JSON [FILTER]: the container may do anything but what these rules say. Sixty names that no
# kernel has make it a profile worth keeping.
rules() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": ($rules + [{
		"names": [range(60) | "no_such_call_\(.)"], "action": "SCMP_ACT_KILL_PROCESS"}])}
		| '"${2:-.}" --argjson rules "$1"
}
# no_mkdir ERRNO: mkdir(1) fails with it.
no_mkdir() {
	rules "[{\"names\": [\"mkdir\", \"mkdirat\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": $1}]"
}
no_sync() { rules "[{\"names\": [\"sync\"], \"action\": \"SCMP_ACT_$1\"}]"; }

# Any container makes the root for state, and the cache with it.
a_container_before() { ok run before; }

bites='grep ^Seccomp: /proc/self/status | tr -d "\t"; mkdir /tmp/x 2>&1; true'

# bitten TEXT: the output of $bites, with the text of the errno.
bitten() {
	equal "$OUT" "Seccomp:2
mkdir: can't create directory '/tmp/x': $1"
}

# is_from_cache yes|no: for the last run, with --debug.
is_from_cache() {
	case $ERR in
	*"the filter is the one in $STATE/,seccomp/"*) equal yes "$1" ;;
	*) equal no "$1" ;;
	esac
}

# ---- what filters do ------------------------------------------------------------------------------

errno_of_a_rule() {
	no_mkdir 42
	inside "$bites"
	bitten 'No message of desired type'
}
it errno_of_a_rule 'a call that the profile blocks fails with the errno of its rule, in mode 2'

errno_by_default() {
	rules '[{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}]'
	inside "$bites"
	bitten 'Operation not permitted'
}
it errno_by_default 'without an errno in the rule it is EPERM'

default_action() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [{
		"names": $names, "action": "SCMP_ACT_ALLOW"}]}' --argjson names "$(
		jq '[.linux.seccomp.syscalls[] | select(.action == "SCMP_ACT_ALLOW") | .names[]]
			- ["mkdir", "mkdirat"]' \
			"$HARNESS_LIB/../fixtures/clients/podman/run-echo/001-create/config.json"
	)"
	inside "$bites"
	bitten 'Function not implemented'
}
it default_action 'a call that no rule names gets the default action and its errno'

killed_by_a_rule() {
	for action in KILL_PROCESS KILL_THREAD KILL TRAP; do
		no_sync "$action"
		inside 'sync; echo $?'
		equal "$action $OUT" "$action 159"
	done
}
it killed_by_a_rule 'a rule that kills ends the program with SIGSYS'

logged_by_a_rule() {
	no_sync LOG
	inside 'sync; echo $?'
	equal "$OUT" 0
}
it logged_by_a_rule 'a rule that logs lets the call through'

arguments_count() {
	rules '[{"names": ["sethostname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 42,
		"args": [{"index": 1, "value": 4, "op": "SCMP_CMP_GE"}]}]' \
		'.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	inside 'hostname box && hostname; hostname other 2>&1; hostname'
	equal "$OUT" "box
hostname: sethostname: No message of desired type
box"
}
it arguments_count 'a rule with arguments blocks the calls that have them and no others'

unknown_names() {
	rules '[{"names": ["no_such_call", "mkdir", "nor_this", "mkdirat"],
		"action": "SCMP_ACT_ERRNO", "errnoRet": 42}]'
	inside "$bites"
	bitten 'No message of desired type'
}
it unknown_names 'names of system calls that nobody knows are skipped, the rest of their rule counts'

# The flags of the filter that a run loads, as strace shows them.
loaded_flags() {
	# LeakSanitizer, in a build with it, cannot be traced
	(cd "$BUNDLE" && ASAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=seccomp -o "$WORK/trace" "$HULL" --root "$STATE" run c1)
	sed -n 's/.*seccomp(SECCOMP_SET_MODE_FILTER, \([^,]*\),.*/\1/p' "$WORK/trace"
}

flags() {
	command -v strace > /dev/null || skip 'no strace'
	a_container_before
	for _ in cold warm; do
		no_mkdir 42
		equal "$(loaded_flags)" SECCOMP_FILTER_FLAG_SPEC_ALLOW
		config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]'
		equal "$(loaded_flags)" 'SECCOMP_FILTER_FLAG_TSYNC|SECCOMP_FILTER_FLAG_LOG'
		config '.linux.seccomp.flags = []'
		equal "$(loaded_flags)" 0
	done
}
it flags 'the filter is loaded with the flags of the profile, and with SPEC_ALLOW when it has none'

with_and_without_new_privileges() {
	config '.process.user = {"uid": 1000, "gid": 1000} | del(.process.capabilities)'
	no_mkdir 42
	for value in true false; do
		config '.process.noNewPrivileges = $value' --argjson value "$value"
		inside "$bites"
		bitten 'No message of desired type'
	done
}
it with_and_without_new_privileges 'filters bite with and without noNewPrivileges, for an ordinary user too'

loaded_last() {
	rules '[{"names": ["capset", "setresuid", "setresgid", "setgroups", "chdir",
		"fchdir", "mount", "umount2", "pivot_root", "keyctl", "sethostname"],
		"action": "SCMP_ACT_KILL_PROCESS"}]' \
		'.process.noNewPrivileges = true | .process.user = {"uid": 1000, "gid": 1000}'
	inside 'id -u; umount /proc 2> /dev/null; echo $?'
	equal "$OUT" '1000
159'
}
it loaded_last 'with noNewPrivileges the filter may forbid everything that only the runtime had to do'

exec_is_filtered() {
	no_mkdir 42
	started c1
	ok exec c1 sh -c "$bites"
	bitten 'No message of desired type'
	ok exec --user 1000:1000 c1 sh -c "$bites"
	bitten 'No message of desired type'
}
it exec_is_filtered 'exec has the filter of its container'

# ---- the cache ------------------------------------------------------------------------------------

cold_and_warm() {
	a_container_before
	no_mkdir 42
	config '.process.args = ["sh", "-c", $script]' --arg script "$bites"
	ok --debug run c1
	is_from_cache no
	bitten 'No message of desired type'
	ok --debug run c1
	is_from_cache yes
	bitten 'No message of desired type'
	equal "$(stat -c %A:%u "$STATE/,seccomp" "$STATE/,seccomp"/* | xargs)" \
		"drwx------:$(id -u) -rw-------:$(id -u)"
}
it cold_and_warm 'a filter from the cache does what it does when it is compiled'

nearly_the_same() {
	a_container_before
	no_mkdir 42
	inside "$bites"
	no_mkdir 43
	config '.process.args = ["sh", "-c", $script]' --arg script "$bites"
	ok --debug run c1
	is_from_cache no
	bitten 'Identifier removed'
	rules '[{"names": ["sync"], "action": "SCMP_ACT_ERRNO", "errnoRet": 43}]'
	inside "$bites"
	equal "$OUT" Seccomp:2
}
it nearly_the_same 'a profile that differs in one errno or in one name never gets the filter of the other'

exec_is_filtered_from_the_cache() {
	no_mkdir 42
	started c1
	ok exec c1 true
	ok --debug exec c1 sh -c "$bites"
	is_from_cache yes
	bitten 'No message of desired type'
}
it exec_is_filtered_from_the_cache 'exec takes the filter from the cache'

cache_is_spoilt() {
	a_container_before
	no_mkdir 42
	inside true
	size=$(stat -c %s "$STATE/,seccomp"/*)
	config '.process.args = ["sh", "-c", $script]' --arg script "$bites"
	for _ in 1 2; do
		for i in 0 1 2 3; do
			for k in 0 1 2 3 4 5 6 7 8 9 a b c d e f; do
				head -c "$size" /dev/zero > "$STATE/,seccomp/$i$k"
				chmod 600 "$STATE/,seccomp/$i$k"
			done
		done
		ok --debug run c1
		is_from_cache no
		bitten 'No message of desired type'
	done
	rm -r "$STATE/,seccomp"
	echo > "$STATE/,seccomp"
	ok run c1
	bitten 'No message of desired type'
}
it cache_is_spoilt 'garbage in the cache keeps nobody from starting, nor from being filtered'

cache_is_no_container() {
	a_container_before
	no_mkdir 42
	inside true
	exists "$STATE/,seccomp"
	ok list -q
	equal "$OUT" ''
	ok list --format json
	equal "$(echo "$OUT" | jq length)" 0
	for verb in state 'delete --force' 'create' 'kill'; do
		# shellcheck disable=SC2086
		fails 1 $verb ,seccomp
	done
	exists "$STATE/,seccomp"
}
it cache_is_no_container 'the cache is never listed nor taken for a container'

dry_run_keeps_nothing() {
	a_container_before
	no_mkdir 42
	ok create --dry-run c1
	ok check
	missing "$STATE/,seccomp"
}
it dry_run_keeps_nothing 'neither a dry run nor a check touches the cache'

finish
