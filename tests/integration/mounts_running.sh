#!/bin/sh
# shellcheck disable=SC2317
# SPDX-License-Identifier: Apache-2.0
# Mounts that come to a running container, and go.
. "$(dirname "$0")/../lib/harness.sh"

# mounts JSON: the file that `mounts` takes.
mounts() { printf '%s' "$1" > "$WORK/mounts.json"; }

# look SCRIPT: what a shell in container m1 prints.
look() { ok exec m1 sh -c "$1"; }

# The mount points of the container, one a line.
mount_points() { awk '{ print $5 }' "/proc/$PID/mountinfo" | sort; }

tmpfs='{"destination": "/added", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k", "mode=700"]}'

add_tmpfs() {
	started m1
	mounts "[$tmpfs]"
	ok mounts add m1 "$WORK/mounts.json"
	look 'grep " /added " /proc/mounts; stat -c %a /added'
	has "$OUT" 'tmpfs /added tmpfs'
	has "$OUT" size=64k
	has "$OUT" 700
}
it add_tmpfs 'a tmpfs is mounted in a running container'

add_bind() {
	mkdir "$WORK/data"
	echo hello > "$WORK/data/file"
	started m1
	mounts "[{\"destination\": \"/srv/data\", \"source\": \"$WORK/data\", \"options\": [\"rbind\", \"ro\", \"nosuid\"]}]"
	ok mounts add m1 "$WORK/mounts.json"
	look 'cat /srv/data/file; touch /srv/data/new 2>&1 || true; grep /srv/data /proc/mounts'
	has "$OUT" hello
	has "$OUT" 'Read-only file system'
	has "$OUT" nosuid
	lacks "$(cat /proc/self/mountinfo)" /srv/data
}
it add_bind 'a directory of the host is bound read-only'

add_file_from_bundle() {
	echo one > "$BUNDLE/file"
	started m1
	mounts '{"ociVersion": "1.0.0", "mounts": [{"destination": "/etc/app.conf", "source": "file", "options": ["bind"]}]}'
	hull mounts add m1 - < /dev/null
	STDIN=$WORK/mounts.json ok mounts add m1 -
	look 'cat /etc/app.conf'
	equal "$OUT" one
}
it add_file_from_bundle 'an object with mounts is taken from standard input; sources start at the bundle'

add_proc() {
	started m1
	mounts '[{"destination": "/p", "type": "proc", "source": "proc"}]'
	ok mounts add m1 "$WORK/mounts.json"
	look 'cat /p/1/cmdline | tr "\0" " "'
	equal "$OUT" 'sleep 1000 '
}
it add_proc "a procfs is that of the container's pid namespace"

add_symlink() {
	ln -s ../../../../../../../tmp "$ROOTFS/trap"
	ln -s "$WORK" "$ROOTFS/dangling"
	started m1
	mounts '[{"destination": "/trap/in", "type": "tmpfs"}]'
	ok mounts add m1 "$WORK/mounts.json"
	exists "$ROOTFS/tmp/in"
	missing /tmp/in
	has "$(mount_points)" /tmp/in
	mounts '[{"destination": "/dangling", "type": "tmpfs"}]'
	fails 1 mounts add m1 "$WORK/mounts.json"
	has "$ERR" /dangling
}
it add_symlink "a symlink of the container leads nowhere but into its own root"

all_or_none() {
	started m1
	mount_points > "$WORK/points"
	find "$ROOTFS" | sort > "$WORK/files"
	mounts "[$tmpfs, {\"destination\": \"/added/a/b\", \"type\": \"tmpfs\"},
		{\"destination\": \"/new/file\", \"source\": \"$BUNDLE/config.json\", \"options\": [\"bind\"]},
		{\"destination\": \"/bin/sh/x\", \"type\": \"tmpfs\"}]"
	fails 1 mounts add m1 "$WORK/mounts.json"
	has "$ERR" 'mounts[3]'
	has "$ERR" /bin/sh/x
	mount_points | cmp - "$WORK/points" || die 'mounts are left'
	find "$ROOTFS" | sort | cmp - "$WORK/files" || die 'mount points are left'
	mounts '[{"destination": "/t", "type": "tmpfs", "options": ["size=much"]}]'
	fails 1 mounts add m1 "$WORK/mounts.json"
	has "$ERR" 'size'
	missing "$ROOTFS/t"
}
it all_or_none 'when one of them fails no mount and no mount point is left'

missing_source() {
	started m1
	mounts "[{\"destination\": \"/a\", \"source\": \"$WORK/no\", \"options\": [\"bind\"]}]"
	fails 1 mounts add m1 "$WORK/mounts.json"
	has "$ERR" "mounts[0].source: open_tree: $WORK/no: No such file or directory"
	missing "$ROOTFS/a"
}
it missing_source 'a missing source is an error before anything has changed'

read_only_root() {
	config '.root.readonly = true'
	mkdir "$ROOTFS/here"
	started m1
	mounts '[{"destination": "/here", "type": "tmpfs", "options": ["ro", "tmpcopyup"]}]'
	ok mounts add m1 "$WORK/mounts.json"
	look 'touch /here/x 2>&1 || true'
	has "$OUT" 'Read-only'
	mounts '[{"destination": "/there", "type": "tmpfs"}]'
	fails 1 mounts add m1 "$WORK/mounts.json"
	has "$ERR" 'mkdir: /there: Read-only file system'
}
it read_only_root 'in a read-only root there must be a mount point'

remove_added() {
	started m1
	mount_points > "$WORK/points"
	mounts "[$tmpfs, {\"destination\": \"/added/more\", \"type\": \"tmpfs\"}]"
	ok mounts add m1 "$WORK/mounts.json"
	ok mounts remove m1 "$WORK/mounts.json"
	mount_points | cmp - "$WORK/points" || die 'mounts are left'
	fails 1 mounts remove m1 "$WORK/mounts.json"
	has "$ERR" 'mounts[0].destination: /added is not a mount point'
}
it remove_added 'what was added is removed, once'

remove_others() {
	config '.mounts += [{"destination": "/own", "type": "tmpfs"}]'
	started m1
	mount_points > "$WORK/points"
	for point in /proc /own /dev/shm; do
		mounts "[{\"destination\": \"$point\"}]"
		fails 1 mounts remove m1 "$WORK/mounts.json"
		has "$ERR" "was not added by"
	done
	mounts "[$tmpfs]"
	ok mounts add m1 "$WORK/mounts.json"
	mounts "[$tmpfs, {\"destination\": \"/own\", \"type\": \"tmpfs\"}]"
	fails 1 mounts remove m1 "$WORK/mounts.json"
	look 'grep -c " /added " /proc/mounts'
	equal "$OUT" 1
}
it remove_others "what came with config.json stays, and so does all when one of them must stay"

busy() {
	started m1
	mounts "[$tmpfs]"
	ok mounts add m1 "$WORK/mounts.json"
	ok exec --detach m1 sh -c 'exec sleep 100 > /added/open'
	ok mounts remove m1 "$WORK/mounts.json"
	lacks "$(mount_points)" /added
}
it busy 'a mount in use goes when its user does, out of sight at once'

bad_input() {
	started m1
	while IFS='|' read -r text message; do
		mounts "$text"
		hull mounts add m1 "$WORK/mounts.json"
		equal "$RC $text" "1 $text"
		has "$ERR" "$message"
	done <<- 'END'
		[]|mounts: there are none
		{}|mounts: there are none
		[{"type": "tmpfs"}]|mounts[0].destination
		[{"destination": "/", "type": "tmpfs"}]|mounts[0].destination
		[{"destination": "/proc", "type": "tmpfs"}]|mounts[0].destination
		[{"destination": "/a", "type": "nosuchfs"}]|nosuchfs
		[{"destination": "/tmp", "options": ["remount", "ro"]}]|only new mounts can be added
		nonsense|line 1
	END
	fails 1 mounts move m1 "$WORK/mounts.json"
	has "$ERR" 'unknown action "move"'
	fails 1 mounts add m1 "$WORK/none.json"
	has "$ERR" none.json
	fails 1 mounts add m2 "$WORK/mounts.json"
	has "$ERR" 'container does not exist'
}
it bad_input 'bad input is one clear error'

stopped() {
	started m1
	mounts "[$tmpfs]"
	ok kill m1 KILL
	eventually gone "$PID"
	fails 1 mounts add m1 "$WORK/mounts.json"
	has "$ERR" 'container not running'
}
it stopped 'a stopped container has no mounts'

user_namespace() {
	config "$USER_NAMESPACE"
	chown -R 100000:100000 "$ROOTFS"
	chmod 755 "$HARNESS_TMP" "$WORK" "$BUNDLE"
	started m1
	mounts "[$tmpfs]"
	ok mounts add m1 "$WORK/mounts.json"
	look 'stat -c %u /added; touch /added/file'
	equal "$OUT" 0
}
it user_namespace "in a user namespace a new file system belongs to the container's root"

from_paused() {
	started m1
	ok pause m1
	mounts "[$tmpfs]"
	ok mounts add m1 "$WORK/mounts.json"
	ok resume m1
	look 'grep -c " /added " /proc/mounts'
	equal "$OUT" 1
}
it from_paused 'a paused container gets its mounts, too'

finish
