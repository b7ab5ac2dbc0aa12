#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checkpoint and restore as far as they are ours: what CRIU is asked for, and what becomes of its
# answers. fake_criu.py stands for CRIU; tests/vm/checkpoint.sh is about the real one.
# limit: 400

# A network namespace of our own stands for the host's.
if [ -z "${CHECKPOINT_NETNS:-}" ] && [ "$(id -u)" = 0 ]; then
	CHECKPOINT_NETNS=1 exec unshare --net sh "$0" "$@"
fi
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/criu.sh"
. "$(dirname "$0")/../lib/resctrl.sh"

# saved [OPTION...] and restored [OPTION...]: of c1.
saved() { ok checkpoint --image-path "$WORK/images" "$@" c1; }
restored() { ok restore --detach --image-path "$WORK/images" "$@" c1; }
status_is() {
	ok state c1
	equal "$(echo "$OUT" | jq -r .status)" "$1"
}
refused() {
	fails 1 checkpoint --image-path "$WORK/images" "$@" c1
	said=$ERR
	status_is running
	ERR=$said
}

# ---- what has to be there -------------------------------------------------------------------------

no_criu() {
	started c1
	mkdir "$WORK/empty" "$WORK/images"
	without_path checkpoint --image-path "$WORK/images" c1
	has "$ERR" 'install the package criu'
	status_is running
	without_path restore --detach --image-path "$WORK/images" c2
	has "$ERR" 'install the package criu'
	missing "$STATE/c2"
}
without_path() {
	RC=0
	(cd "$BUNDLE" && PATH=$WORK/empty exec "$HULL" --root "$STATE" "$@") 2> "$WORK/err" || RC=$?
	ERR=$(cat "$WORK/err")
	equal "$RC" 1
}
it no_criu 'without criu the error names the package, and nothing has happened'

old_criu() {
	with_criu
	started c1
	echo 3.11 > "$FAKE_CRIU/version"
	refused
	has "$ERR" 'version 3.11: install criu 3.15 or newer'
}
it old_criu 'a criu that is too old is refused by its version'

features() {
	with_criu
	started c1
	touch "$FAKE_CRIU/no-memory" "$FAKE_CRIU/no-lazy"
	refused --pre-dump
	has "$ERR" CONFIG_MEM_SOFT_DIRTY
	refused --lazy-pages --page-server 127.0.0.1:99
	has "$ERR" userfaultfd
	saved --leave-running
}
it features 'what the kernel cannot do is refused, and asked for only when it is needed'

# ---- checkpoint ------------------------------------------------------------------------------------

kept_or_not() {
	with_criu
	started c1
	saved --leave-running
	asked '3 1'
	status_is running
	saved --pre-dump
	asked 'type 13'
	asked '15 1'
	status_is running
	saved
	asked 'type 1'
	asked '3 0'
	fails 1 state c1
	gone "$PID"
}
it kept_or_not 'a container is deleted after its checkpoint, but not with --leave-running or --pre-dump'

basics() {
	with_criu
	started c1
	saved --leave-running
	asked "2 $PID"
	asked '4 0' # ext_unix_sk, and so on: nothing that was not asked for
	asked '5 0'
	asked '7 0'
	asked '8 0'
	asked '10 dump.log'
	asked '12 1'
	asked '34 3'
	asked '50 1'
	asked '51 /etc/criu/hull.conf'
	group=$(awk -F: '$1 == 0 { print $3 }' "/proc/$PID/cgroup")
	asked "44 $(cgroup_tree)$group"
	exists "$WORK/images/stdio.json"
	exists "$WORK/images/dump.log"
}
it basics 'CRIU is told the process, its cgroup and where the log goes'

# flag WORD... LINE: with these words, and only with them, that is asked for.
flag() {
	flag_line=$(eval "echo \"\${$#}\"")
	flag_words=$(echo "$*" | sed "s| $flag_line\$||")
	saved --leave-running
	! grep -qxF -e "$flag_line" "$FAKE_CRIU/asked" || die "$flag_line without $flag_words"
	# shellcheck disable=SC2086
	saved --leave-running $flag_words
	asked "$flag_line"
}
flags() {
	with_criu
	started c1
	mkdir -p "$WORK/parent"
	flag --tcp-established '5 1'
	flag --tcp-skip-in-flight '46 1'
	flag --link-remap '18 1'
	flag --ext-unix-sk '4 1'
	flag --shell-job '7 1'
	flag --lazy-pages --page-server=10.0.0.1:99 '48 1'
	flag --status-fd=1 '49 1'
	flag --page-server=10.0.0.1:99 '11 10.0.0.1 99'
	flag --page-server=::1:99 '11 ::1 99'
	flag --file-locks '8 1'
	flag --parent-path=../parent '14 ../parent'
	flag --empty-ns=network '38 1073741824'
	flag --auto-dedup '16 1'
	flag --manage-cgroups-mode=full '34 4'
	flag --manage-cgroups-mode=strict '34 5'
	flag --manage-cgroups-mode=ignore '34 0'
	saved --leave-running --work-path "$WORK/work"
	exists "$WORK/work/dump.log"
}
it flags 'each option of checkpoint becomes one of CRIU'"'"'s'

bad_flags() {
	with_criu
	started c1
	refused --empty-ns pid
	has "$ERR" 'option --empty-ns: "pid" is not network'
	refused --parent-path /parent
	has "$ERR" 'must be relative'
	refused --parent-path ../missing
	has "$ERR" '../missing: No such file'
	refused --page-server nowhere
	has "$ERR" '"nowhere" is no ADDRESS:PORT'
	refused --page-server 127.0.0.1:65536
	has "$ERR" '"127.0.0.1:65536" is no ADDRESS:PORT'
	refused --page-server localhost:99
	has "$ERR" 'page server: "localhost" is no IP address'
	refused --lazy-pages
	has "$ERR" 'option --lazy-pages: --page-server has to tell where'
	refused --status-fd 0
	has "$ERR" 'option --status-fd: descriptor 0 is not open for writing'
	refused --status-fd 99
	has "$ERR" 'descriptor 99'
	fails 1 checkpoint --manage-cgroups-mode none c1
	missing "$FAKE_CRIU/asked"
	missing "$WORK/images"
}
it bad_flags 'options that make no sense are refused before CRIU is asked'

# By the protocol it takes the port alone.
listens_where_told() {
	with_criu
	started c1
	saved --leave-running --page-server 10.0.0.1:99
	equal "$(cat "$FAKE_CRIU/words")" ''
	saved --leave-running --lazy-pages --page-server 10.0.0.1:99
	equal "$(cat "$FAKE_CRIU/words")" '--address 10.0.0.1'
}
it listens_where_told 'with --lazy-pages CRIU listens on the address of --page-server, and on no other'

lazy_and_killed() {
	with_criu
	started c1
	touch "$FAKE_CRIU/wait"
	(cd "$BUNDLE" && exec "$HULL" --root "$STATE" checkpoint --image-path "$WORK/images" --lazy-pages \
		--page-server 127.0.0.1:99 c1) &
	eventually test -s "$FAKE_CRIU/waits"
	kill -9 $!
	eventually gone "$(cat "$FAKE_CRIU/waits")"
	ok delete --force c1
}
it lazy_and_killed 'CRIU that waits for who fetches lazy pages ends with hull'

criu_config() {
	with_criu
	config '.annotations["org.criu.config"] = "/etc/criu/mine.conf"'
	started c1
	saved
	asked '51 /etc/criu/mine.conf'
	config '.annotations["org.criu.config"] = ""'
	started c1
	saved
	not_asked '^51 '
	config '.annotations["org.criu.config"] = "mine.conf"'
	started c1
	refused
	has "$ERR" 'annotations["org.criu.config"]: "mine.conf" is no absolute path'
}
it criu_config 'annotation org.criu.config names the configuration of CRIU, or none'

outside() {
	with_criu
	mkdir -p "$ROOTFS/real" "$WORK/data" "$WORK/tree/sub"
	ln -s real "$ROOTFS/alias"
	touch "$WORK/name"
	mount -t tmpfs sub "$WORK/tree/sub"
	config '.mounts += [
		{destination: "/alias/data", type: "bind", source: ($work + "/data"), options: ["bind"]},
		{destination: "/etc/name", type: "none", source: ($work + "/name"), options: ["rbind"]},
		{destination: "/tree", type: "bind", source: ($work + "/tree"), options: ["rbind"]}]
		| .linux.maskedPaths += ["/etc/group", "/root"]
		| .linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)
		' --arg work "$WORK"
	started c1
	saved
	asked '37 mnt[/real/data]:/alias/data'
	asked '37 mnt[/etc/name]:/etc/name'
	asked '37 mnt[/tree]:/tree'
	asked '37 mnt[/tree/sub]:/tree/sub'
	asked '37 mnt[/etc/group]:/etc/group'
	not_asked 'mnt./root' # a directory: what hides it is in the images
	asked "37 net[$(stat -Lc %i /proc/self/ns/net)]:extRootNetNS"
	restored
	asked "37 mnt[/alias/data]:$WORK/data"
	asked "37 mnt[/etc/name]:$WORK/name"
	asked "37 mnt[/tree]:$WORK/tree"
	asked "37 mnt[/tree/sub]:$WORK/tree/sub"
	asked '37 mnt[/etc/group]:/dev/null'
	grep -qx '27 extRootNetNS [0-9]*' "$FAKE_CRIU/asked" || die 'no network namespace'
	ok delete --force c1
	umount "$WORK/tree/sub"
}
it outside 'what comes from outside has the same name at checkpoint and restore'

idmapped() {
	with_criu
	config '.mounts += [{destination: "/data", type: "bind", source: "/tmp", options: ["bind", "idmap"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 1}],
		gidMappings: [{containerID: 0, hostID: 1000, size: 1}]}]
		| .process.args = ["sleep", "1000"]'
	hull create c1
	[ "$RC" = 0 ] || skip 'no idmapped mounts here'
	ok start c1
	fails 1 checkpoint --image-path "$WORK/images" c1
	has "$ERR" 'CRIU cannot restore an idmapped mount'
}
it idmapped 'an idmapped mount is refused: CRIU would restore it as a plain one'

not_running() {
	with_criu
	config '.process.args = ["sleep", "1000"]'
	ok create c1
	fails 1 checkpoint c1
	has "$ERR" 'cannot checkpoint a container that is created'
	ok kill c1 KILL
	eventually says_stopped
	fails 1 checkpoint c1
	has "$ERR" 'cannot checkpoint a container that is stopped'
	fails 1 checkpoint c2
	has "$ERR" 'container does not exist'
}
says_stopped() {
	ok state c1
	[ "$(echo "$OUT" | jq -r .status)" = stopped ]
}
it not_running 'only what runs can be saved'

failure() {
	with_criu
	started c1
	printf '%s\n' 'Warn  (x.c:1): not this' '(00.01)  12: Error (y.c:2): the cause' \
		'(00.02) Error (z.c:3): Dumping FAILED.' > "$FAKE_CRIU/fail"
	refused
	has "$ERR" "criu cannot dump: Error (y.c:2): the cause; Error (z.c:3): Dumping FAILED.; see $WORK/images/dump.log"
	lacks "$ERR" 'not this'
	for line in 'the cause' $(seq 9) FAILED; do echo "Error (z.c:3): $line"; done > "$FAKE_CRIU/fail"
	refused
	has "$ERR" "criu cannot dump: Error (z.c:3): the cause; Error (z.c:3): 8; Error (z.c:3): 9; Error (z.c:3): FAILED; see "
	for line in 'the cause' "$(printf '%0250d' 8)" FAILED; do echo "Error (z.c:3): $line"; done > "$FAKE_CRIU/fail"
	refused
	has "$ERR" 'criu cannot dump: Error (z.c:3): the cause; Error (z.c:3): FAILED; see '
	rm "$FAKE_CRIU/fail"
	touch "$FAKE_CRIU/die"
	refused
	has "$ERR" "criu ended without an answer: see $WORK/images/dump.log"
}
it failure 'a failure shows the first and the last errors of the log and where it is; the container goes on'

failure_leaves_nothing() {
	with_criu
	started c1
	echo 'Error (x.c:1): no such luck' > "$FAKE_CRIU/fail"
	refused
	equal "$(ls -A "$WORK/images")" dump.log
	mkdir "$WORK/old"
	touch "$WORK/old/inventory.img" "$WORK/old/notes"
	fails 1 checkpoint --image-path "$WORK/old" --work-path "$WORK/a/b//work" c1
	equal "$(ls -A "$WORK/old")" "$(printf 'inventory.img\nnotes')"
	equal "$(ls -A "$WORK/a/b/work")" dump.log
	fails 1 checkpoint --image-path "$WORK/x/y/" --work-path "$WORK/old" c1
	missing "$WORK/x"
	fails 1 checkpoint --image-path "$WORK/images2" --work-path "$WORK/x/y" --parent-path ../none c1
	missing "$WORK/images2"
	missing "$WORK/x"
	(cd "$WORK" && ! "$HULL" --root "$STATE" checkpoint --image-path z/z --work-path "$WORK/old" c1)
	missing "$WORK/z"
	rm "$FAKE_CRIU/fail" "$WORK/images/dump.log"
	rmdir "$WORK/images"
	saved
	exists "$WORK/images/inventory.img"
	equal "$(stat -c '%a %u:%g' "$WORK/images")" "710 $(id -u):$(id -g)"
}
it failure_leaves_nothing 'a checkpoint that fails takes its images and directories away, and leaves those of others and the log'

devices_of_the_host() {
	with_criu
	with_device
	started c1
	refused
	has "$ERR" 'linux.netDevices: CRIU cannot save network devices of the host: only with --empty-ns network'
	missing "$WORK/images"
	saved --empty-ns network
}
# with_device: the container gets h0 of ours, as net0.
with_device() {
	ip link add h0 type veth peer name peer-h0 || skip 'no veth devices here'
	ip addr add 192.0.2.1/24 dev h0
	config '.linux.netDevices = {h0: {name: "net0"}}'
}
it devices_of_the_host 'linux.netDevices is refused, unless the network stays out of the images'

# ---- restore ---------------------------------------------------------------------------------------

comes_back() {
	with_criu
	started c1
	saved
	restored --pid-file "$WORK/pid"
	pid=$(cat "$WORK/pid")
	asked 'type 2'
	asked '26 1'
	status_is running
	ok state c1
	equal "$(echo "$OUT" | jq .pid)" "$pid"
	equal "$(xargs < "$FAKE_CRIU/steps")" "pre-dump setup-namespaces $pid post-restore $pid"
	ok kill c1 KILL
	eventually says_stopped
	ok delete c1
}
it comes_back 'a restored container is there as a started one is'

place() {
	with_criu
	config '.linux.cgroupsPath = "/hull-restored"'
	started c1
	saved
	restored
	equal "$(grep '^0::' "$FAKE_CRIU/cgroup")" '0::/hull-restored'
	asked '25 /hull-restored'
	asked "13 $STATE/c1"
	has "$(xargs < "$FAKE_CRIU/root")" bin
	lacks "$(ls "$STATE/c1")" bin
}
it place 'CRIU works in the container'"'"'s cgroup, and sees its root file system where nobody else does'

streams() {
	with_criu
	config '.process.args = ["sleep", "1000"]'
	touch "$WORK/output"
	(cd "$BUNDLE" && "$HULL" --root "$STATE" run --detach c1) < /dev/null 2>&1 > "$WORK/output" | cat > "$WORK/log1" &
	eventually says_running
	saved
	grep -q '^37 file\[[0-9a-f]*:[0-9a-f]*\]$' "$FAKE_CRIU/asked" || die 'no file from outside'
	equal "$(jq -r .stderr "$WORK/images/stdio.json" | cut -c 1-6)" 'pipe:['
	restored
	inherits "$(jq -r '.stdin[1:]' "$WORK/images/stdio.json")" /dev/null
	inherits "$(jq -r '.stdout[1:]' "$WORK/images/stdio.json")" "$WORK/out"
	inherits "$(jq -r .stderr "$WORK/images/stdio.json")" "$WORK/err"
	not_asked '^27 .* [012]$'
}
# inherits KEY FILE: CRIU was handed the file under that name.
inherits() { grep -qxF -e "$1 $2" "$FAKE_CRIU/inherited" || die "$1 $2: $(cat "$FAKE_CRIU/inherited")"; }
says_running() {
	hull state c1
	[ "$RC" = 0 ] && [ "$(echo "$OUT" | jq -r .status)" = running ]
}
it streams 'streams from outside are those of restore, in copies: CRIU closes what it is handed'

outer_terminal() {
	with_criu
	config '.process.args = ["sleep", "1000"]'
	on_terminal run --detach c1
	saved --leave-running
	name=$(jq -r .stdin "$WORK/images/stdio.json")
	not_asked '^37 tty'
	echo 'Error (x.c:1): no mount' > "$FAKE_CRIU/fail"
	refused
	has "$ERR" 'an open terminal of the outside takes --shell-job: criu cannot dump: Error (x.c:1): no mount'
	refused --shell-job
	lacks "$ERR" takes
	rm "$FAKE_CRIU/fail"
	saved --shell-job
	asked "37 $name"
	on_terminal restore --detach --shell-job --image-path "$WORK/images" c1
	grep -qF "$name /dev/pts/" "$FAKE_CRIU/inherited" || die "no $name: $(cat "$FAKE_CRIU/inherited")"
	ok delete --force c1
	restored --shell-job
	not_asked '^27 tty'
}
on_terminal() {
	(cd "$BUNDLE" && timeout 20 script -qec "'$HULL' --root '$STATE' $*" /dev/null) < /dev/null > /dev/null
}
it outer_terminal 'a terminal of the outside is handed on with --shell-job, to one of restore'

moved_streams() {
	with_criu
	config '.process.args = ["sh", "-c", "exec 9>&1 > /tmp/inside; touch /tmp/moved; sleep 1000"]'
	touch "$WORK/output"
	(cd "$BUNDLE" && "$HULL" --root "$STATE" run --detach c1) < /dev/null 2>&1 > "$WORK/output" | cat > "$WORK/log1" &
	eventually test -e "$ROOTFS/tmp/moved"
	saved
	asked "37 $(jq -r .stdout "$WORK/images/stdio.json")"
	restored
	inherits "$(jq -r '.stdout[1:]' "$WORK/images/stdio.json")" "$WORK/out"
}
it moved_streams 'a stream from outside is the one that was given, wherever the program has it now'

strange_images() {
	with_criu
	started c1
	saved
	echo '{"stdin":"extRootNetNS","stdout":"","stderr":""}' > "$WORK/images/stdio.json"
	fails 1 restore --detach --image-path "$WORK/images" c1
	has "$ERR" '"extRootNetNS" is no name of a stream'
	missing "$STATE/c1"
	fails 1 restore --detach --image-path "$WORK/nowhere" c1
	has "$ERR" "$WORK/nowhere: No such file"
}
it strange_images 'images name streams, nothing else'

restore_flags() {
	with_criu
	started c1
	saved
	restored --tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --auto-dedup \
		--lazy-pages --empty-ns network --manage-cgroups-mode full --lsm-profile apparmor:unconfined \
		--lsm-mount-context y -no-subreaper --no-pivot --work-path "$WORK/work"
	for line in '5 1' '52 1' '4 1' '7 1' '8 1' '16 1' '48 1' '38 1073741824' '34 4' '53 apparmor:unconfined' '63 y'; do
		asked "$line"
	done
	exists "$WORK/work/restore.log"
}
it restore_flags 'each option of restore becomes one of CRIU'"'"'s'

strange_profile() {
	with_criu
	started c1
	saved
	fails 1 restore --detach --lsm-profile x --image-path "$WORK/images" c1
	has "$ERR" '--lsm-profile: "x" is neither apparmor:PROFILE nor selinux:LABEL'
	fails 1 restore --detach --lsm-profile selinux:x --image-path "$WORK/images" c1
	has "$ERR" '--lsm-profile: '
	missing "$STATE/c1"
}
it strange_profile 'a profile that this host does not have ends restore before it begins'

hooks() {
	with_criu
	for kind in prestart createRuntime poststart; do
		config '.hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' --arg kind $kind \
			--arg script "jq -r '\"$kind \\(.status) \\(.pid)\"' >> $WORK/hooks"
	done
	started c1
	saved
	: > "$WORK/hooks"
	restored --pid-file "$WORK/pid"
	pid=$(cat "$WORK/pid")
	equal "$(xargs < "$WORK/hooks")" "prestart creating $pid createRuntime creating $pid poststart running $pid"
}
it hooks 'restore runs the hooks of create and start'

hook_fails() {
	with_criu
	started c1
	saved
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	fails 1 restore --detach --image-path "$WORK/images" c1
	has "$ERR" /bin/false
	missing "$STATE/c1"
}
it hook_fails 'a hook that fails ends the restore, and nothing is left'

restore_fails() {
	with_criu
	started c1
	saved
	echo 'Error (a.c:1): no such thing' > "$FAKE_CRIU/fail"
	fails 1 restore --detach --image-path "$WORK/images" c1
	has "$ERR" "criu cannot restore: Error (a.c:1): no such thing; see $WORK/images/restore.log"
	missing "$STATE/c1"
}
it restore_fails 'a restore that fails says why, and leaves nothing'

fresh_rootfs() {
	with_criu
	mkdir "$WORK/data"
	config '.mounts += [{destination: "/a/b", type: "bind", source: ($work + "/data"), options: ["bind"]},
		{destination: "/c/file", type: "bind", source: "/etc/passwd", options: ["bind"]}]' --arg work "$WORK"
	started c1
	saved
	rm -r "$ROOTFS/a" "$ROOTFS/c"
	restored
	[ -d "$ROOTFS/a/b" ] || die 'no directory'
	[ -f "$ROOTFS/c/file" ] || die 'no file'
}
it fresh_rootfs 'mount points that a fresh root file system does not have are made'

devices_move() {
	with_criu
	with_device
	started c1
	saved --empty-ns network
	eventually is_gone h0
	fails 1 restore --detach --image-path "$WORK/images" --empty-ns network c1
	has "$ERR" 'linux.netDevices: h0: the host has no such network device'
	with_device
	touch "$FAKE_CRIU/network"
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' --arg script \
		"nsenter --net=/proc/\$(jq .pid)/ns/net ip -o addr show net0 > $WORK/seen"
	restored --empty-ns network --pid-file "$WORK/pid"
	has "$(cat "$WORK/seen")" 192.0.2.1/24
	has "$(nsenter --net="/proc/$(cat "$WORK/pid")/ns/net" ip -o link show net0)" ',UP'
	is_gone h0
	ok delete --force c1
	eventually is_gone peer-h0
	with_device
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	fails 1 restore --detach --image-path "$WORK/images" --empty-ns network c1
	has "$(ip -o addr show h0)" 192.0.2.1/24
	ip link del h0
}
is_gone() { ! ip link show "$1" > /dev/null 2>&1; }
it devices_move 'linux.netDevices move in before the hooks, and come back when the restore fails'

class_of_service() {
	with_criu
	with_resctrl
	started c1
	in_class "$PID"
	saved
	restored --pid-file "$WORK/pid"
	in_class "$(cat "$WORK/pid")"
}
it class_of_service 'linux.intelRdt: the restored container is in its class (a directory stands for resctrl)'

foreground() {
	with_criu
	started c1
	saved
	(cd "$BUNDLE" && exec "$HULL" --root "$STATE" restore --image-path "$WORK/images" c1) &
	run=$!
	eventually says_running
	ok kill c1 TERM
	rc=0
	wait $run || rc=$?
	equal "$rc" 143
	missing "$STATE/c1"
}
it foreground 'in the foreground restore waits, tells the exit status and deletes'

finish
