#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# exec: one more process in a container.
. "$(dirname "$0")/../lib/harness.sh"

# process JSON: a process.json from the container's own process with changes.
process() { jq ".process | .terminal = false | $1" "$BUNDLE/config.json" > "$WORK/process.json"; }
state_of() { "$HULL" --root "$STATE" state "$1" | jq -r "$2"; }
status_line() { sed -n "s/^$1:[ \t]*//p"; }
from_bundle() { (cd "$BUNDLE" && "$@"); }

# ---- what runs ------------------------------------------------------------------------------------

in_all_namespaces() {
	config '.linux.namespaces += [{"type": "time"}]'
	started c1
	for file in cgroup ipc mnt net pid time uts user; do
		ok exec c1 readlink /proc/self/ns/$file
		equal "$OUT" "$(readlink "/proc/$PID/ns/$file")"
	done
	ok exec c1 grep ^0: /proc/self/cgroup
	equal "$OUT" '0::/'
}
it in_all_namespaces 'the process is in all namespaces and the cgroup of the container'

arguments_are_exact() {
	started c1
	ok exec c1 printf '[%s]' '' 'a  b' '$HOME' -n --help
	equal "$OUT" '[][a  b][$HOME][-n][--help]'
	echo input > "$WORK/input"
	equal "$(from_bundle "$HULL" --root "$STATE" exec c1 cat < "$WORK/input")" input
}
it arguments_are_exact 'arguments and standard input reach the process unchanged'

exit_statuses() {
	started c1
	for status in 0 1 7 255; do fails $status exec c1 sh -c "exit $status"; done
	fails 137 exec c1 sh -c 'kill -KILL $$'
	fails 143 exec c1 sh -c 'kill -TERM $$'
	equal "$(state_of c1 .status)" running
}
it exit_statuses 'exec ends with the status of the process, or 128 plus the signal that ended it'

own_errors() {
	started c1
	mkdir "$ROOTFS/dir"
	echo data > "$ROOTFS/data"
	while read -r program text; do
		fails 255 exec c1 "$program"
		has "$ERR" "exec: \"$program\": $text"
		equal "$(printf '%s\n' "$ERR" | wc -l)" 1
	done <<- 'END'
		nosuch executable file not found in $PATH
		/nosuch stat /nosuch: no such file or directory
		/data/x stat /data/x: not a directory
		/data permission denied
		/dir is a directory
	END
	fails 255 exec nobody true
	has "$ERR" 'container does not exist'
	fails 255 exec c1
	fails 255 exec --cwd /no/such c1 true
	has "$ERR" 'chdir to cwd ("/no/such") set in config.json failed: no such file or directory'
	fails 255 exec --cwd /data c1 true
	has "$ERR" 'not a directory'
	fails 255 exec --user nobody c1 true
	has "$ERR" nobody
	fails 255 exec --user 4294967295 c1 true
	fails 255 exec --env NOVALUE c1 true
	fails 255 exec --env =x c1 true
}
it own_errors "exec's own errors end with 255 and the texts that clients know"

stopped_container() {
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	eventually eval '[ "$(state_of c1 .status)" = stopped ]'
	fails 255 exec c1 true
	has "$ERR" 'container not running'
}
it stopped_container 'exec into a stopped container is refused'

created_container() {
	config '.process.args = ["false"]'
	ok create c1
	ok exec c1 echo here
	equal "$OUT" here
	equal "$(state_of c1 .status)" created
}
it created_container 'exec works in a container that is created and not started'

paused_container() {
	started c1
	ok pause c1
	fails 255 exec c1 true
	has "$ERR" paused
	(sleep 0.5; "$HULL" --root "$STATE" resume c1) &
	ok exec --ignore-paused c1 echo thawed
	equal "$OUT" thawed
	wait
}
it paused_container 'exec into a paused container is refused, unless --ignore-paused'

# ---- options --------------------------------------------------------------------------------------

options_change_the_process() {
	config '.process.user = {"uid": 0, "gid": 0, "additionalGids": [3]}
		| .process.env = ["PATH=/bin", "A=1", "B=1"] | .process.cwd = "/tmp"'
	started c1
	ok exec c1 sh -c 'pwd; echo $A $B'
	equal "$(echo "$OUT" | xargs)" '/tmp 1 1'
	ok exec --cwd /etc --env A=2 -e C=3 --env A=4 c1 sh -c 'pwd; echo $A $B $C'
	equal "$(echo "$OUT" | xargs)" '/etc 4 1 3'
	ok exec --user 1000:1001 --additional-gids 44 -g 45 c1 cat /proc/self/status
	equal "$(echo "$OUT" | status_line Uid | xargs)" '1000 1000 1000 1000'
	equal "$(echo "$OUT" | status_line Gid | xargs)" '1001 1001 1001 1001'
	equal "$(echo "$OUT" | status_line Groups | xargs)" '3 44 45'
	ok exec --user 1000 c1 sh -c 'id -u; id -g; echo $HOME; umask'
	equal "$(echo "$OUT" | xargs)" '1000 0 /home/user 0022'
}
it options_change_the_process 'user, groups, environment and directory are taken from the options'

capabilities() {
	config '.process.noNewPrivileges = false | .process.capabilities |= map_values(["CAP_KILL"])'
	started c1
	ok exec c1 cat /proc/self/status
	for set in Prm Eff Bnd; do
		equal "$(echo "$OUT" | status_line Cap$set)" 0000000000000020
	done
	ok exec --cap CAP_CHOWN -c CAP_FOWNER c1 cat /proc/self/status
	for set in Prm Eff Bnd; do
		equal "$(echo "$OUT" | status_line Cap$set)" 0000000000000029
	done
	for set in Inh Amb; do
		equal "$(echo "$OUT" | status_line Cap$set)" 0000000000000000
	done
	ok exec --user 1000 c1 cat /proc/self/status
	equal "$(echo "$OUT" | status_line CapEff)" 0000000000000000
	equal "$(echo "$OUT" | status_line NoNewPrivs)" 0
	ok exec --no-new-privs c1 cat /proc/self/status
	equal "$(echo "$OUT" | status_line NoNewPrivs)" 1
}
it capabilities "the process has the container's capabilities, and those of --cap, never inheritable"

limits_and_filter() {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 99}]
		| .process.oomScoreAdj = 600
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
			{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}'
	started c1
	ok exec c1 sh -c 'ulimit -n; cat /proc/self/oom_score_adj
		grep ^Seccomp: /proc/self/status | tr -d "\t"; mkdir /tmp/x 2>&1; true'
	equal "$(echo "$OUT" | head -n 3 | xargs)" '77 600 Seccomp:2'
	has "$OUT" 'not supported'
	missing "$ROOTFS/tmp/x"
}
it limits_and_filter "limits, OOM score and system call filter of the container hold for exec"

process_file() {
	started c1
	process '.args = ["sh", "-c", "echo $X $(pwd) $(id -u) $(umask)"] | .env += ["X=1"]
		| .cwd = "/tmp" | .user = {"uid": 5, "gid": 6, "umask": 63}'
	ok exec --process "$WORK/process.json" c1
	equal "$OUT" '1 /tmp 5 0077'
	ok exec -p "$WORK/process.json" c1
	process '.args = ["false"]'
	fails 1 exec --process "$WORK/process.json" c1
	fails 255 exec --process "$WORK/process.json" c1 true
	process '.cwd = "relative"'
	fails 255 exec --process "$WORK/process.json" c1
	has "$ERR" cwd
	process '.args = []'
	fails 255 exec --process "$WORK/process.json" c1
	echo '{' > "$WORK/process.json"
	fails 255 exec --process "$WORK/process.json" c1
	fails 255 exec --process "$WORK/nosuch.json" c1
	has "$ERR" nosuch.json
}
it process_file '--process takes everything from a file; a wrong one is refused'

detached() {
	config '.process.args = ["sh", "-c", "while :; do sleep 0.05; done"]'
	ok create c1
	ok start c1
	ok exec --detach --pid-file "$WORK/exec.pid" c1 sh -c 'echo $$ > /tmp/inside; exec sleep 1000'
	pid=$(cat "$WORK/exec.pid")
	equal "$(wc -l < "$WORK/exec.pid")" 0
	equal "$(tr '\0' ' ' < "/proc/$pid/cmdline")" 'sleep 1000 '
	equal "$(awk '/^NSpid:/ { print $3 }' "/proc/$pid/status")" "$(cat "$ROOTFS/tmp/inside")"
	fails 255 exec --detach c1 nosuch
	has "$ERR" 'executable file not found in $PATH'
	ok delete --force c1
	eventually eval "( gone $pid )"
}
it detached 'a detached process goes on; its pid is in the pid file; errors are told all the same'

sub_cgroup() {
	config '.linux.cgroupsPath = "/exec-sub/c"'
	started c1
	mkdir "$(cgroup_tree)/exec-sub/c/probe"
	ok exec --cgroup /probe c1 grep ^0: /proc/self/cgroup
	equal "$OUT" '0::/probe'
	ok exec --cgroup probe c1 grep ^0: /proc/self/cgroup
	equal "$OUT" '0::/probe'
	fails 255 exec --cgroup nosuch c1 true
	has "$ERR" exec-sub/c/nosuch
	fails 255 exec --cgroup ../c c1 true
	fails 255 exec --cgroup /probe/../.. c1 true
	ok delete --force c1
	missing "$(cgroup_tree)/exec-sub"
}
it sub_cgroup '--cgroup runs it in a cgroup below that of the container, and nowhere else'

descriptors() {
	started c1
	equal "$(from_bundle "$HULL" --root "$STATE" exec c1 ls /proc/self/fd 9< / | xargs)" '0 1 2 3'
	echo three > "$WORK/three"
	echo four > "$WORK/four"
	equal "$(from_bundle "$HULL" --root "$STATE" exec --preserve-fds 2 c1 \
		sh -c 'cat <&3; cat <&4; ls /proc/self/fd' 3< "$WORK/three" 4< "$WORK/four" 5< / | xargs)" \
		'three four 0 1 2 3 4 5'
}
it descriptors 'the process has the standard descriptors, and those of --preserve-fds'

signals_are_sent_on() {
	started c1
	"$HULL" --root "$STATE" exec c1 \
		sh -c 'trap "exit 9" USR1; echo up > /tmp/up; while :; do sleep 0.05; done' &
	hull=$!
	eventually test -e "$ROOTFS/tmp/up"
	kill -USR1 $hull
	rc=0
	wait $hull || rc=$?
	equal "$rc" 9
}
it signals_are_sent_on 'signals that exec receives are sent on to the process'

# ---- user namespaces ------------------------------------------------------------------------------

in_a_user_namespace() {
	config "$USER_NAMESPACE"
	mkdir -m 777 "$ROOTFS/open"
	started c1
	ok exec c1 sh -c 'id -u; id -g; readlink /proc/self/ns/user; touch /open/root'
	equal "$(echo "$OUT" | xargs)" "0 0 $(readlink "/proc/$PID/ns/user")"
	equal "$(stat -c %u "$ROOTFS/open/root")" 100000
	ok exec --user 7:8 --additional-gids 9 c1 sh -c 'touch /open/user; id -G'
	equal "$OUT" '8 9'
	equal "$(stat -c %u:%g "$ROOTFS/open/user")" 100007:100008
	fails 255 exec --user 70000 c1 true
	ok exec --cap CAP_SYS_ADMIN c1 cat /proc/self/status
	equal "$(($(echo "$OUT" | status_line CapEff | sed 's/^/0x/') & 0x200000))" $((0x200000))
}
it in_a_user_namespace 'exec enters the user namespace and has its ids'

# ---- nothing is left ------------------------------------------------------------------------------

many() {
	started c1
	ls "/proc/$PID/fd" > "$WORK/fds"
	find "$STATE" > "$WORK/files"
	seq 50 | while read -r i; do
		"$HULL" --root "$STATE" exec c1 sh -c "exit $((i % 5))" || equal $? $((i % 5))
	done
	for i in 1 2 3 4 5 6 7 8; do "$HULL" --root "$STATE" exec c1 true & done
	wait
	ok ps --format json c1
	equal "$(echo "$OUT" | jq -c .)" "[$PID]"
	equal "$(find "$STATE")" "$(cat "$WORK/files")"
	equal "$(ls "/proc/$PID/fd")" "$(cat "$WORK/fds")"
	equal "$(find "$(cgroup_tree)/hull-c1" -mindepth 1 -type d)" ''
}
it many 'fifty processes one after the other, and eight at once, leave nothing'

container_dies() {
	started c1
	"$HULL" --root "$STATE" exec c1 sh -c 'echo up > /tmp/up; exec sleep 1000' &
	eventually test -e "$ROOTFS/tmp/up"
	ok kill c1 KILL
	rc=0
	wait $! || rc=$?
	equal "$rc" 137
}
it container_dies 'a process ends with its container, and exec says so'

finish
