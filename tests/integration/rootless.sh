#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# hull as a user without privileges: everything but what root prepares here is done by uid $USER_ID, who
# is in no group but its own. Below that, hull as root of a user namespace.
. "$(dirname "$0")/../lib/harness.sh"

USER_ID=23456

# as COMMAND...: as that user.
as() {
	setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps=-all \
		env -u HOME XDG_RUNTIME_DIR="$RUNTIME" "$@"
}

# The harness's, but by that user, with its own default for --root.
hull() {
	RC=0
	(cd "$BUNDLE" && as timeout -k 5 "${HULL_TIMEOUT:-30}" "$HULL" "$@") \
		> "$WORK/out" 2> "$WORK/err" < "${STDIN:-/dev/null}" || RC=$?
	OUT=$(cat "$WORK/out") ERR=$(cat "$WORK/err")
}

test_begin() {
	harness_make_bundle "$WORK"
	RUNTIME=$WORK/runtime STATE=$WORK/runtime/hull
	mkdir -m 700 "$RUNTIME"
	chmod 711 "$HARNESS_TMP"
	chown "$USER_ID:$USER_ID" "$WORK" "$BUNDLE" "$RUNTIME"
	as test -x "$HULL" || skip "$HULL is out of reach for a user"
	as unshare --user true 2> /dev/null || skip 'users may not make user namespaces here'
	rm "$BUNDLE/config.json"
	ok spec --rootless
	config '.process.terminal = false | .process.args = ["true"] | .root.readonly = false'
}

test_end() {
	RUNTIME=$WORK/runtime
	harness_status=0
	for harness_dir in "$WORK"/runtime/hull/[!,]*/; do
		[ -d "$harness_dir" ] || continue
		as "$HULL" delete --force "$(basename "$harness_dir")" || {
			echo "state $harness_dir"
			harness_status=1
		}
	done
	return $harness_status
}

has_stopped() { as "$HULL" state "$1" | grep -q '"stopped"'; }

# delegated: a group of the cgroup2 tree that is the user's, and this test in a group below it; its
# path is $GROUP. With hugetlb, where there is the controller.
delegated() {
	CGROUPS=$(cgroup_tree)
	GROUP=/hull-test-$$
	mkdir "$CGROUPS$GROUP" "$CGROUPS$GROUP/session" || skip 'no cgroup2 tree to make groups in'
	GROUP_BEFORE=$(sed -n 's/^0:://p' /proc/self/cgroup)
	trap leave_delegated EXIT
	for file in . cgroup.procs cgroup.threads cgroup.subtree_control session session/cgroup.procs; do
		chown "$USER_ID" "$CGROUPS$GROUP/$file"
	done
	sh -c 'echo $PPID > "$0"' "$CGROUPS$GROUP/session/cgroup.procs"
}

leave_delegated() {
	as "$HULL" delete --force c1
	sh -c 'echo $PPID > "$0"' "$CGROUPS$GROUP_BEFORE/cgroup.procs"
	find "$CGROUPS$GROUP" -depth -type d -exec rmdir {} +
}

# ---- one id -------------------------------------------------------------------------------------

spec_runs_as_it_is() {
	inside 'id -u; id -g; cat /proc/self/setgroups; hostname; tr -s " " < /proc/self/uid_map'
	equal "$OUT" "$(printf '0\n0\ndeny\nhull\n 0 %s 1' "$USER_ID")"
}
it spec_runs_as_it_is 'what spec --rootless writes runs: the caller is root in it, and nobody else is there'

file_systems_are_there() {
	inside 'awk "{ print \$2, \$3 }" /proc/mounts | grep -e ^/proc -e ^/dev/pts -e ^/dev/mqueue -e "^/sys "'
	for mount in '/proc proc' '/dev/pts devpts' '/dev/mqueue mqueue' '/sys sysfs'; do
		has "$OUT" "$mount"
	done
	inside 'echo gone > /dev/null && head -c 3 /dev/zero | od -An -tx1 && ls /dev/ptmx'
	has "$OUT" '00 00 00'
}
it file_systems_are_there 'proc, sysfs, devpts, mqueue and the default devices are there'

sysfs_of_the_host_is_borrowed() {
	config '(.mounts[] | select(.destination == "/sys")) |= {destination: "/sys", type: "sysfs",
		source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]}
		| .mounts |= map(select(.type != "cgroup"))'
	inside 'awk "\$2 ~ \"^/sys\" { print \$4 }" /proc/mounts | cut -d, -f1 | sort -u'
	equal "$OUT" ro
	config '.linux.namespaces += [{"type": "network"}]'
	inside 'ls /sys/class/net'
	equal "$OUT" lo
}
it sysfs_of_the_host_is_borrowed 'a sysfs in the network namespace of the host is the host'\''s, read-only all through'

host_cgroups_are_out_of_reach() {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	inside 'mkdir /sys/fs/cgroup/x 2>&1; test -d /sys/fs/cgroup/x || echo none'
	has "$OUT" none
}
it host_cgroups_are_out_of_reach 'without a cgroup namespace the tree of the host cannot be changed'

devices_are_bound() {
	config '.linux.devices = [{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}]'
	inside 'stat -c %t:%T /dev/kmsg'
	equal "$OUT" 1:b
	config '.linux.devices[0].minor = 3'
	fails 1 run c1
	has "$ERR" 'linux.devices[0]: /dev/kmsg of the host is not the device asked for'
}
it devices_are_bound 'devices are those of the host, and must be what is asked for'

binds_keep_what_the_host_forbids() {
	mkdir "$WORK/tree" "$ROOTFS/tree"
	mount -t tmpfs -o ro,nosuid none "$WORK/tree"
	config '.mounts += [{"destination": "/tree", "source": $tree, "options": ["rbind", "rw"]}]' \
		--arg tree "$WORK/tree"
	inside 'touch /tree/x 2>&1 || echo refused'
	umount "$WORK/tree"
	has "$OUT" refused
}
it binds_keep_what_the_host_forbids 'a bind mount is no more writable than its source'

state_is_in_the_runtime_directory() {
	ok create c1
	equal "$(stat -c '%a %u' "$STATE")" "1700 $USER_ID"
	ok list -q
	equal "$OUT" c1
}
it state_is_in_the_runtime_directory 'containers are remembered in $XDG_RUNTIME_DIR/hull, which is sticky'

no_runtime_directory() {
	RUNTIME=''
	fails 1 create c1
	has "$ERR" 'set XDG_RUNTIME_DIR, or give --root'
	ok --root "$WORK/runtime/mine" run c1
}
it no_runtime_directory 'without it --root is asked for'

lifecycle() {
	started c1
	ok state c1
	equal "$(echo "$OUT" | jq -r '.status + " " + .owner')" "running $USER_ID"
	ok ps --format json c1
	equal "$OUT" "[$PID]"
	ok exec c1 sh -c 'id -u; hostname; readlink /proc/1/exe'
	equal "$OUT" "$(printf '0\nhull\n/bin/sleep')"
	equal "$(stat -Lc %i "/proc/$PID/ns/user")" \
		"$(as "$HULL" exec c1 stat -Lc %i /proc/self/ns/user)"
	ok kill c1 KILL
	eventually has_stopped c1
	ok delete c1
	missing "$STATE/c1"
}
it lifecycle 'create, start, state, ps, exec, kill and delete work without a cgroup'

init_is_out_of_the_users_hands() {
	inside 'echo x > /proc/1/root/../x 2> /dev/null; cat /proc/self/cgroup > /dev/null; ls /'
	lacks "$OUT" work
	config '.linux.namespaces |= map(select(.type != "pid"))
		| .mounts |= map(select(.type != "proc"))
		| .mounts = [{"destination": "/proc", "source": "/proc", "options": ["rbind"]}] + .mounts'
	inside 'for f in /proc/[0-9]*; do readlink $f/exe; done 2> /dev/null | sort | uniq'
	lacks "$OUT" memfd
}
it init_is_out_of_the_users_hands 'hull itself is out of reach from inside, also where its processes are seen'

terminal() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "tty; test -c /dev/console && echo console"]'
	(cd "$BUNDLE" && as script --quiet --return --command "'$HULL' run c1" /dev/null) \
		< /dev/null > "$WORK/screen" 2>&1 || die "$(cat "$WORK/screen")"
	has "$(cat "$WORK/screen")" /dev/pts/0
	has "$(cat "$WORK/screen")" console
	config '.process.terminal = false'
	started c2
	(cd "$BUNDLE" && as script --quiet --return --command "'$HULL' exec -t c2 tty" /dev/null) \
		< /dev/null > "$WORK/screen" 2>&1 || die "$(cat "$WORK/screen")"
	has "$(cat "$WORK/screen")" /dev/pts/0
}
it terminal 'run and exec give the program a terminal'

hooks_run() {
	cat > "$WORK/hook" <<- 'END'
		#!/bin/sh
		cat > /dev/null
		echo "$1 $(id -u)" >> "$2"
	END
	chmod 755 "$WORK/hook"
	touch "$WORK/ran"
	chown "$USER_ID" "$WORK/ran"
	config '.hooks = ({createRuntime: 1, createContainer: 1, poststart: 1, poststop: 1}
		| with_entries(.value = [{path: $hook, args: ["hook", .key, $ran]}]))' \
		--arg hook "$WORK/hook" --arg ran "$WORK/ran"
	ok run c1
	equal "$(sort "$WORK/ran" | xargs)" \
		"createContainer 0 createRuntime $USER_ID poststart $USER_ID poststop $USER_ID"
}
it hooks_run 'hooks of the runtime run as the caller, those of the container as its root'

set_uid_hooks() {
	cp /usr/bin/id "$WORK/id" # busybox would drop what it does not need
	chmod 4755 "$WORK/id"
	[ "$(as "$WORK/id" -u)" = 0 ] || skip 'no set-uid programs here'
	touch "$WORK/ran"
	chown "$USER_ID" "$WORK/ran"
	config '.hooks = (["prestart", "createRuntime", "poststart", "poststop"]
			| map({(.): [{path: $id, args: ["id", "-u"]}]}) | add)
		| .annotations["run.oci.hooks.stdout"] = $ran' --arg id "$WORK/id" --arg ran "$WORK/ran"
	ok run c1
	equal "$(xargs < "$WORK/ran")" '0 0 0 0'
	ok create c1
	ok start c1
	ok delete --force c1
	equal "$(xargs < "$WORK/ran")" '0 0 0 0 0 0 0 0'
	config '.hooks.createRuntime[0].args = ["id", "nobody is called that"]'
	fails 1 run c1
	has "$ERR" "$WORK/id (createRuntime[0]): exit status 1"
	missing "$STATE/c1"
}
it set_uid_hooks 'hooks of the runtime can be set-uid programs'

# ---- mounts of a running container --------------------------------------------------------------

# adds_mounts: container c1 gets a tmpfs and a folder, and loses them again.
adds_mounts() {
	mkdir -p "$WORK/data"
	echo hello > "$WORK/data/file"
	printf '[{"destination": "/tmp", "type": "tmpfs"},
		{"destination": "/root", "source": "%s", "options": ["rbind", "ro"]}]' "$WORK/data" \
		> "$WORK/mounts.json"
	ok mounts add c1 "$WORK/mounts.json"
	ok exec c1 sh -c 'cat /root/file; stat -c %u /tmp; touch /tmp/x; touch /root/x 2>&1 || true'
	has "$OUT" 'hello
0
'
	has "$OUT" 'Read-only file system'
	ok mounts remove c1 "$WORK/mounts.json"
	ok exec c1 sh -c 'cat /proc/mounts'
	lacks "$OUT" ' /tmp '
	lacks "$OUT" ' /root '
}

mounts_come_and_go() {
	started c1
	adds_mounts
	mkdir -m 700 "$WORK/closed"
	printf '[{"destination": "/root", "source": "%s", "options": ["rbind"]}]' "$WORK/closed/x" \
		> "$WORK/mounts.json"
	fails 1 mounts add c1 "$WORK/mounts.json"
	has "$ERR" "mounts[0].source: open_tree: $WORK/closed/x: Permission denied"
	echo '[{"destination": "/proc"}]' > "$WORK/mounts.json"
	fails 1 mounts remove c1 "$WORK/mounts.json"
	has "$ERR" 'was not added by'
}
it mounts_come_and_go 'mounts are added to a running container, and removed, with the rights of the caller'

mounts_in_a_shared_namespace() {
	started other
	config '(.linux.namespaces[] | select(.type == "user")).path = "/proc/" + $pid + "/ns/user"
		| del(.linux.uidMappings, .linux.gidMappings)' --arg pid "$PID"
	started c1
	adds_mounts
}
it mounts_in_a_shared_namespace 'also where the user namespace is that of another container'

seccomp_filters() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}'
	inside 'mkdir /tmp/x 2>&1 || grep Seccomp: /proc/self/status | tr -s "[:space:]" " "'
	has "$OUT" 'not implemented'
	has "$OUT" 'Seccomp: 2'
}
it seccomp_filters 'seccomp filters are in force'

oom_score_is_raised() {
	config '.process.oomScoreAdj = 500'
	inside 'cat /proc/self/oom_score_adj'
	equal "$OUT" 500
	started c1
	ok exec c1 cat /proc/self/oom_score_adj
	equal "$OUT" 500
}
it oom_score_is_raised 'the OOM score can be raised, also for exec'

groups_cannot_be_had() {
	config '.process.user.additionalGids = [0]'
	fails 1 run c1
	has "$ERR" 'setgroups'
}
it groups_cannot_be_had 'additional groups are refused where the map has one id only'

needs_a_user_namespace() {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	fails 1 run c1
	has "$ERR" 'linux.namespaces: without privileges a container needs a user namespace'
	missing "$STATE/c1"
}
it needs_a_user_namespace 'a configuration without user namespace is refused, with what to do'

users_share_a_namespace() {
	started c1
	config '(.linux.namespaces[] | select(.type | IN("user", "ipc", "uts"))) |=
			(.path = "/proc/" + $pid + "/ns/" + .type)
		| del(.hostname, .linux.uidMappings, .linux.gidMappings)' --arg pid "$PID"
	config '.process.args = ["sh", "-c", "id -u; hostname; readlink /proc/self/ns/user"]'
	ok run c2
	equal "$OUT" "$(printf '0\nhull\n%s' "$(readlink "/proc/$PID/ns/user")")"
	config '.process.args = ["sleep", "1000"]'
	ok create c3
	ok start c3
	ok exec c3 readlink /proc/self/ns/user
	equal "$OUT" "$(readlink "/proc/$PID/ns/user")"
}
it users_share_a_namespace 'a container joins the user namespace of another one of the caller'\''s'

# ---- several ids --------------------------------------------------------------------------------

ranges() {
	config '.linux.uidMappings += [{"containerID": 1, "hostID": $from, "size": 1000}]
		| .linux.gidMappings += [{"containerID": 1, "hostID": $from, "size": 1000}]' --argjson from "$1"
}

# with_subids: in this test's mount namespace alone the user has a name and ids 300000 to 300999.
with_subids() {
	command -v newuidmap > /dev/null || skip 'no newuidmap (package uidmap)'
	cp /etc/passwd "$WORK/passwd"
	echo "hulltest:x:$USER_ID:$USER_ID::/:/bin/sh" >> "$WORK/passwd"
	cp /etc/group "$WORK/group"
	echo "hulltest:x:$USER_ID:" >> "$WORK/group"
	echo "hulltest:300000:1000" > "$WORK/subids"
	for file in passwd group subuid subgid; do
		[ -e /etc/$file ] || skip "no /etc/$file"
		from=$WORK/$file
		[ -e "$from" ] || from=$WORK/subids
		mount --bind "$from" /etc/$file
		MOUNTED="${MOUNTED:-} /etc/$file"
	done
	# shellcheck disable=SC2086
	trap 'umount $MOUNTED' EXIT
}

ranges_need_newuidmap() {
	! command -v newuidmap > /dev/null || skip 'newuidmap is here'
	ranges 300000
	fails 1 run c1
	has "$ERR" 'linux.gidMappings: newgidmap is needed to map more than the own id: install the package uidmap'
	missing "$STATE/c1"
}
it ranges_need_newuidmap 'more ids need newuidmap, and the error names its package'

ranges_are_mapped() {
	with_subids
	ranges 300000
	config '.process.user = {"uid": 5, "gid": 6, "additionalGids": [7]}'
	inside 'id -u; id -G; cat /proc/self/setgroups; tr -s " " < /proc/self/uid_map'
	equal "$OUT" "$(printf '5\n6 7\nallow\n 0 %s 1\n 1 300000 1000' "$USER_ID")"
	config 'del(.process.user)'
	started c1
	ok exec --user 3 c1 id -u
	equal "$OUT" 3
}
it ranges_are_mapped 'ranges of /etc/subuid and /etc/subgid are mapped by newuidmap and newgidmap'

foreign_ranges_are_refused() {
	with_subids
	ranges 400000
	fails 1 run c1
	has "$ERR" 'newgidmap refused the map (see /etc/subuid and /etc/subgid): newgidmap: gid range'
	missing "$STATE/c1"
}
it foreign_ranges_are_refused 'ranges that are not the user'\''s are refused in the words of newgidmap'

# ---- cgroups ------------------------------------------------------------------------------------

limits_need_a_cgroup() {
	config '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
	fails 1 run c1
	has "$ERR" "is not delegated to uid $USER_ID"
	has "$ERR" 'linux.resources.hugepageLimits[0]'
	missing "$STATE/c1"
	config 'del(.linux.resources)'
	started c1
	fails 1 pause c1
	has "$ERR" 'the container has no cgroup of its own'
}
it limits_need_a_cgroup 'limits without a delegated cgroup are refused; without limits none is needed'

delegated_cgroup() {
	delegated
	started c1
	equal "$(sed -n 's/^0:://p' "/proc/$PID/cgroup")" "$GROUP/hull-c1"
	ok pause c1
	ok state c1
	equal "$(echo "$OUT" | jq -r .status)" paused
	ok resume c1
	ok exec c1 cat /proc/self/cgroup
	has "$OUT" '0::/'
	ok exec --detach --pid-file "$WORK/runtime/pid" c1 sleep 1000
	ok ps --format json c1
	equal "$(echo "$OUT" | jq length)" 2
	ok delete --force c1
	missing "$CGROUPS$GROUP/hull-c1"
	exists "$CGROUPS$GROUP"
}
it delegated_cgroup 'a container goes beside the caller in a cgroup that is the caller'\''s'

delegated_by_path() {
	delegated
	config '.linux.cgroupsPath = $path' --arg path "$GROUP/a/b"
	started c1
	equal "$(sed -n 's/^0:://p' "/proc/$PID/cgroup")" "$GROUP/a/b"
	ok delete --force c1
	rmdir "$CGROUPS$GROUP/a" 2> /dev/null || true
	config '.linux.cgroupsPath = "/elsewhere"'
	started c1
	equal "$(sed -n 's/^0:://p' "/proc/$PID/cgroup")" "$GROUP/session"
}
it delegated_by_path 'a cgroup given by its path is used when it is delegated'

# ---- root of a user namespace -------------------------------------------------------------------

# within OPTION... -- ARG...: hull ARG... as root of a user namespace of the user's.
within() {
	within_options=''
	while [ "$1" != -- ]; do
		within_options="$within_options $1"
		shift
	done
	shift
	RC=0
	# shellcheck disable=SC2086
	(cd "$BUNDLE" && as timeout -k 5 30 unshare --map-root-user $within_options "$HULL" "$@") \
		> "$WORK/out" 2> "$WORK/err" < /dev/null || RC=$?
	OUT=$(cat "$WORK/out") ERR=$(cat "$WORK/err")
	[ "$RC" = 0 ] || die "exit status $RC: $ERR"
}

root_of_a_user_namespace() {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)
		| .process.args = ["sh", "-c", "id -u; hostname"]'
	within --mount -- run c1
	equal "$OUT" "$(printf '0\nhull')"
	within -- run c1
	equal "$OUT" "$(printf '0\nhull')"
	config '.process.args = ["sleep", "1000"]'
	within -- run --detach --pid-file "$WORK/runtime/pid" c1
	adds_mounts
	within -- delete --force c1
}
it root_of_a_user_namespace 'root of a user namespace runs containers in it'

nested_user_namespace() {
	config '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0
		| .process.args = ["sleep", "1000"]'
	within --mount -- run --detach --pid-file "$WORK/runtime/pid" c1
	ok exec c1 id -u
	equal "$OUT" 0
	adds_mounts
	ok delete --force c1
}
it nested_user_namespace 'root of a user namespace makes another one, and the user enters it from outside'

root_without_what_root_may() {
	RC=0
	config '.process.args = ["id", "-u"] | .linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	OUT=$(cd "$BUNDLE" && "$HULL" --root "$WORK/state" --rootless=true run "$(basename "$HARNESS_TMP")")
	equal "$OUT" 0
	fails 1 --rootless=false run c2
	has "$ERR" 'Operation not permitted'
	missing "$STATE/c2"
}
it root_without_what_root_may '--rootless says what --rootless=auto finds out'

finish
