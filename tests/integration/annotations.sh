#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What goes beyond the specification: annotations run.oci.* and mount options that crun knows, too.
# (run.oci.pidfd_receiver is in sockets.sh.)
. "$(dirname "$0")/../lib/harness.sh"

annotate() { config '.annotations[$key] = $value' --arg key "run.oci.$1" --arg value "$2"; }
mounts() { config '.mounts += $new' --argjson new "$1"; }

# refused KEY VALUE TEXT: create says so of the annotation, and leaves nothing.
refused() {
	annotate "$1" "$2"
	fails 1 create c1
	has "$ERR" "annotations[\"run.oci.$1\"]: $3"
	missing "$STATE/c1"
}

# ---- hooks ------------------------------------------------------------------------------------

talking_hooks() {
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		config '.hooks[$kind] = [{"path": "/bin/sh",
			"args": ["sh", "-c", "echo \($kind); echo \($kind) too >&2"]}]' --arg kind "$kind"
	done
}

output_of_hooks() {
	talking_hooks
	echo before > "$WORK/hooks.out"
	annotate hooks.stdout "$WORK/hooks.out"
	annotate hooks.stderr "$WORK/hooks.err"
	inside 'echo program'
	equal "$OUT" program
	equal "$ERR" ''
	equal "$(cat "$WORK/hooks.out")" 'before
prestart
createRuntime
createContainer
startContainer
poststart
poststop'
	equal "$(wc -l < "$WORK/hooks.err")" 6
	equal "$(stat -c %a "$WORK/hooks.err")" 600
}
it output_of_hooks 'run.oci.hooks.stdout and .stderr: hooks of all kinds write there, at the end'

output_of_some_hooks() {
	talking_hooks
	annotate hooks.stderr "$WORK/hooks.err"
	inside 'ls /proc/self/fd | xargs'
	has "$OUT" 'startContainer'
	has "$OUT" '0 1 2 3'
	equal "$(wc -l < "$WORK/hooks.err")" 6
}
it output_of_some_hooks 'the other one stays where it is, and the program has neither'

output_that_cannot_be() {
	talking_hooks
	refused hooks.stdout relative 'must be an absolute path'
	refused hooks.stdout "$WORK/no/file" "open: $WORK/no/file: No such file or directory"
	ok create --dry-run c1
	annotate hooks.stdout "$WORK/hooks.out"
	ok check
	missing "$WORK/hooks.out"
}
it output_that_cannot_be 'a file that cannot be opened stops the start; a check makes none'

# ---- cgroups ----------------------------------------------------------------------------------

# The hook leaves a process, which finds no program any more once the root is that of the container.
delegated_group() {
	TREE=$(cgroup_tree)
	mkfifo "$WORK/never"
	hook="grep ^0: /proc/self/cgroup > $WORK/hook; exec 3<> $WORK/never; read -r _ <&3 &"
	config '.hooks.createContainer = [{"path": "/bin/sh", "args": ["sh", "-c", $hook]}]' --arg hook "$hook"
	annotate delegate-cgroup sub//mine
	started c1
	equal "$(sed -n 's/^0:://p' "/proc/$PID/cgroup")" /hull-c1/sub/mine
	equal "$(cat "$WORK/hook")" 0::/sub/mine
	equal "$(cat "$TREE/hull-c1/cgroup.procs" "$TREE/hull-c1/sub/cgroup.procs")" ''
	ok exec c1 grep ^0: /proc/self/cgroup
	equal "$OUT" 0::/sub/mine
	ok ps --format json c1
	equal "$(echo "$OUT" | jq length)" 2
	ok pause c1
	ok resume c1
	ok kill --all c1 KILL
	ok delete --force c1
	missing "$TREE/hull-c1"
}
it delegated_group 'run.oci.delegate-cgroup: processes are in a group below that of the container'

delegated_to_root() {
	annotate delegate-cgroup mine
	config "$USER_NAMESPACE | .process.user.uid = 5"
	inside 'stat -c %u /sys/fs/cgroup /sys/fs/cgroup/mine /sys/fs/cgroup/mine/cgroup.procs'
	equal "$(echo "$OUT" | xargs)" '65534 0 0'
}
it delegated_to_root "it belongs to root of the container's user namespace"

no_delegated_group() {
	for name in '' / . .. ../x a/../b "$(printf '%0300d' 1)"; do
		refused delegate-cgroup "$name" "\"$name\" is no name of a group"
	done
	annotate delegate-cgroup cgroup.procs
	fails 1 create c1
	has "$ERR" '/hull-c1/cgroup.procs: Not a directory'
	missing "$(cgroup_tree)/hull-c1"
	annotate delegate-cgroup mine
	fails 1 --cgroup-manager disabled create c1
	has "$ERR" 'annotations["run.oci.delegate-cgroup"]: the container has no cgroup'
}
it no_delegated_group 'a name that leads nowhere or out of it is refused'

# ---- seccomp ----------------------------------------------------------------------------------

seccomp_receiver() {
	command -v python3 > /dev/null || skip 'no python3 for the agent'
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{
		"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_NOTIFY"}]}'
	annotate seccomp.receiver "$WORK/agent.sock"
	python3 "$HARNESS_LIB/seccomp_agent.py" "$WORK/agent.sock" "$WORK/agent.log" 42 &
	agent=$!
	trap 'kill "$agent"; wait "$agent" || true' EXIT
	eventually test -S "$WORK/agent.sock"
	inside 'mkdir /tmp/x 2>&1; true'
	has "$OUT" 'No message of desired type'
	config '.linux.seccomp.listenerPath = "/nowhere/agent"'
	fails 1 run c1
	has "$ERR" '/nowhere/agent'
	config 'del(.linux.seccomp.listenerPath)'
	annotate seccomp.receiver agent.sock
	fails 1 run c1
	has "$ERR" 'linux.seccomp.listenerPath: must be an absolute path'
}
it seccomp_receiver 'run.oci.seccomp.receiver stands for listenerPath where that is missing'

unknown_system_calls() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
		{"names": ["read", "arm_fadvise64_64"], "action": "SCMP_ACT_LOG"},
		{"names": ["mkdir", "no_such_call"], "action": "SCMP_ACT_ERRNO"}]}'
	ok run c1
	annotate seccomp_fail_unknown_syscall 1
	fails 1 run c1
	has "$ERR" 'linux.seccomp.syscalls[1].names[1]: no architecture has a system call no_such_call'
	config 'del(.linux.seccomp.syscalls[1].names[1])'
	ok run c1
}
it unknown_system_calls 'run.oci.seccomp_fail_unknown_syscall refuses names that would be skipped'

# ---- the process --------------------------------------------------------------------------------

original_groups() {
	command -v setpriv > /dev/null || skip 'no setpriv'
	cat > "$WORK/hull" <<-SCRIPT
		#!/bin/sh
		exec setpriv --groups 33,44 "$HULL" "\$@"
	SCRIPT
	chmod +x "$WORK/hull"
	config '.process.user = {"uid": 7, "gid": 8, "additionalGids": [9]}'
	groups='grep ^Groups: /proc/self/status | xargs'
	HULL=$WORK/hull inside "$groups"
	equal "$OUT" 'Groups: 9'
	annotate keep_original_groups 1
	HULL=$WORK/hull inside "$groups"
	equal "$OUT" 'Groups: 33 44'
	started c1
	HULL=$WORK/hull ok exec c1 sh -c "$groups"
	equal "$OUT" 'Groups: 33 44'
}
it original_groups 'run.oci.keep_original_groups leaves the groups of hull to the program'

# ---- mounts -----------------------------------------------------------------------------------

context_type() {
	config '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	annotate mount_context_type rootcontext
	ok create --dry-run c1
	has "$OUT" rootcontext=system_u:object_r:container_file_t:s0
	annotate mount_context_type label
	fails 1 create --dry-run c1
	has "$ERR" 'annotations["run.oci.mount_context_type"]: must be context, fscontext, '
}
it context_type 'run.oci.mount_context_type chooses which label of a file system mountLabel is'

copied_symlink() {
	ln -s /somewhere/else "$BUNDLE/link"
	echo file > "$BUNDLE/file"
	mounts '[{"destination": "/new/l", "source": "link", "options": ["bind", "copy-symlink"]},
		{"destination": "/tmp/l", "source": "link", "options": ["bind", "copy-symlink"]},
		{"destination": "/f", "source": "file", "options": ["bind", "copy-symlink"]}]'
	ln -s /somewhere/else "$ROOTFS/tmp/l"
	inside 'readlink /new/l; readlink /tmp/l; cat /f; grep -c somewhere /proc/self/mountinfo || true'
	equal "$OUT" '/somewhere/else
/somewhere/else
file
0'
	for what in 'ln -s /elsewhere' 'touch'; do
		rm -f "$ROOTFS/tmp/l"
		$what "$ROOTFS/tmp/l"
		fails 1 run c1
		has "$ERR" 'destination: /tmp/l is there, and is no symbolic link to /somewhere/else'
	done
}
it copied_symlink 'copy-symlink makes the same symbolic link in the container; it may be there already'

symlink_itself() {
	echo text > "$BUNDLE/file"
	ln -s file "$BUNDLE/link"
	mounts '[{"destination": "/a", "source": "link", "options": ["bind"]},
		{"destination": "/b", "source": "link", "options": ["bind", "src-nofollow"]}]'
	inside 'cat /a; readlink /b'
	equal "$OUT" 'text
file'
}
it symlink_itself 'src-nofollow binds a symbolic link itself'

on_a_symlink() {
	echo text > "$BUNDLE/file"
	echo target > "$ROOTFS/target"
	ln -s target "$ROOTFS/link"
	mounts '[{"destination": "/link", "source": "file", "options": ["bind", "dest-nofollow"]},
		{"destination": "/new", "source": "file", "options": ["bind", "dest-nofollow"]}]'
	inside 'cat /link /target /new'
	equal "$OUT" 'text
target
text'
	config '.mounts[-2:] |= map(.options -= ["dest-nofollow"])'
	inside 'cat /target'
	equal "$OUT" text
}
it on_a_symlink 'dest-nofollow covers a symbolic link itself, not where it leads'

only_for_binds() {
	for option in copy-symlink src-nofollow dest-nofollow; do
		config '.mounts += [{"destination": "/x", "type": "tmpfs", "options": [$o]}]' --arg o $option
		fails 1 create c1
		has "$ERR" 'options: copy-symlink, src-nofollow and dest-nofollow are for bind mounts'
		config 'del(.mounts[-1])'
	done
}
it only_for_binds 'these are refused where there is nothing bound'

owners() {
	mkdir "$BUNDLE/data"
	touch "$BUNDLE/data/f"
	chown 5:6 "$BUNDLE/data/f"
	mounts '[{"destination": "/d", "source": "data", "options": ["bind", "idmap=uids=5-1005-1;gids=6-1006-1"]}]'
	inside 'stat -c %u:%g /d/f'
	equal "$OUT" 1005:1006
	config '.mounts[-1].options[1] = "idmap=uids=5"'
	fails 1 create c1
	has "$ERR" 'options: idmap= takes uids=FILE-HOST-LENGTH#...;gids=...'
}
it owners 'idmap= has mappings of the mount'

owners_in_the_container() {
	config "$USER_NAMESPACE"
	chmod 755 "$HARNESS_TMP" "$WORK"
	mkdir "$BUNDLE/data" "$ROOTFS/d"
	touch "$BUNDLE/data/f"
	chown 5:6 "$BUNDLE/data/f"
	mounts '[{"destination": "/d", "source": "data",
		"options": ["bind", "idmap=uids=@5-1005-1;gids=@6-1006-1"]}]'
	inside 'stat -c %u:%g /d/f'
	equal "$OUT" 1005:1006
}
it owners_in_the_container 'with @ the mappings are those of the container'

finish
