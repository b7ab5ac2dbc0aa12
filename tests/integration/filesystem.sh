#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a container sees of files: the root, mounts, devices, masked and read-only paths (rows A21, C,
# F6, F7, F28-F31), and the tricks of hostile images.
. "$(dirname "$0")/../lib/harness.sh"

mounts() { config '.mounts += $new' --argjson new "$1"; }
drop_mounts() { config '.mounts |= map(select(.destination | startswith($at) | not))' --arg at "$1"; }
userns() {
	config "$USER_NAMESPACE"
	chown -R 100000:100000 "$ROOTFS"
}
# The mount at a path as mountinfo tells it: attributes and type.
mounted='mounted() { awk -v at="$1" "\$5 == at { print \$6, \$(NF - 2) }" /proc/self/mountinfo; }; '

# ---- the root ---------------------------------------------------------------------------------

readonly_root() {
	config '.root.readonly = true'
	inside 'touch /x 2>&1 || true'
	has "$OUT" 'Read-only file system'
	missing "$ROOTFS/x"
}
it readonly_root 'root.readonly makes the root file system read-only'

host_is_out_of_sight() {
	inside 'awk "{ print \$5 }" /proc/self/mountinfo'
	has "$OUT" /proc/sys
	jq -r '"/", .mounts[].destination, .linux.readonlyPaths[], .linux.maskedPaths[]' \
		"$BUNDLE/config.json" > "$WORK/known"
	equal "$(echo "$OUT" | grep -vxF -f "$WORK/known")" ''
}
it host_is_out_of_sight 'none of the mounts of the host is left in the container'

no_pivot() {
	config '.process.args = ["sh", "-c", "ls /; ls /../.."]'
	ok run --no-pivot c1
	lacks "$OUT" "$(basename "$HARNESS_TMP")"
	has "$OUT" proc
}
it no_pivot 'run --no-pivot changes the root without pivot_root'

root_propagation() {
	for kind in shared private unbindable; do
		config '.linux.rootfsPropagation = $kind' --arg kind "$kind"
		inside 'awk "\$5 == \"/\" { print \$7 }" /proc/self/mountinfo'
		case $kind in
		private) equal "$OUT" - ;;
		*) has "$OUT" "$kind" ;;
		esac
	done
}
it root_propagation 'rootfsPropagation is that of / in the container'

# ---- mounts -----------------------------------------------------------------------------------

in_order() {
	mkdir "$BUNDLE/a" "$BUNDLE/b"
	touch "$BUNDLE/a/first" "$BUNDLE/b/second"
	mounts '[{"destination": "m", "source": "a", "options": ["bind"]},
		{"destination": "/m", "source": "b", "options": ["bind"]}]'
	inside 'ls /m'
	equal "$OUT" second
}
it in_order 'mounts come in their order, relative paths start at / and at the bundle'

bind_attributes() {
	mkdir -p "$BUNDLE/data"
	mounts '[{"destination": "/d", "type": "none", "source": "data",
		"options": ["rbind", "ro", "nosuid", "nodev", "noexec", "noatime"]}]'
	inside "$mounted"'mounted /d; touch /d/x 2>&1 || true'
	has "$OUT" 'ro,nosuid,nodev,noexec,noatime'
	has "$OUT" 'Read-only file system'
}
it bind_attributes 'options of a bind mount are attributes of it'

bind_of_a_file() {
	echo hosts > "$BUNDLE/hosts"
	mounts '[{"destination": "/etc/new/hosts", "source": "hosts", "options": ["bind", "ro"]}]'
	inside 'cat /etc/new/hosts'
	equal "$OUT" hosts
}
it bind_of_a_file 'a file is bound, its target and the directories above are made'

kind_mismatch() {
	mkdir "$BUNDLE/data"
	mounts '[{"destination": "/etc/passwd", "source": "data", "options": ["bind"]}]'
	fails 1 run c1
	has "$ERR" 'not a directory'
}
it kind_mismatch 'a directory cannot be bound over a file'

recursive_attributes() {
	mkdir -p "$BUNDLE/data/sub"
	mounts '[{"destination": "/d", "source": "data", "options": ["rbind", "rro", "rnosuid"]}]'
	config '.process.args = ["cat", "/proc/self/mountinfo"]'
	unshare -m sh -c 'mount -t tmpfs none "$1/data/sub"; cd "$1"; "$2" --root "$3" run c1' \
		sh "$BUNDLE" "$HULL" "$STATE" > "$WORK/info"
	equal "$(awk '$5 ~ "^/d(/|$)" { print $5, $6 }' "$WORK/info")" '/d ro,nosuid,relatime
/d/sub ro,nosuid,relatime'
}
it recursive_attributes 'rro and rnosuid reach what is mounted below a bind mount'

rw_lifts_nothing() {
	mkdir -p "$BUNDLE/data"
	mounts '[{"destination": "/d", "source": "data", "options": ["bind", "rw"]}]'
	config '.process.args = ["sh", "-c", "touch /d/x || echo refused"]'
	unshare -m sh -c 'mount --bind "$1/data" "$1/data"; mount -o remount,bind,ro "$1/data"
		cd "$1"; "$2" --root "$3" run c1' sh "$BUNDLE" "$HULL" "$STATE" > "$WORK/said" 2>&1
	has "$(cat "$WORK/said")" refused
	missing "$BUNDLE/data/x"
}
it rw_lifts_nothing 'a bind mount of a read-only mount stays read-only'

unknown_bind_option() {
	mounts '[{"destination": "/d", "source": "/etc", "options": ["bind", "size=1m"]}]'
	fails 1 run c1
	has "$ERR" '.options[1]'
}
it unknown_bind_option 'an option that only a file system can know is refused for a bind mount'

data_reaches_the_file_system() {
	mounts '[{"destination": "/t", "type": "tmpfs", "source": "mine",
		"options": ["size=64k,nr_inodes=7", "mode=0750"]}]'
	inside 'grep " /t " /proc/mounts; stat -c %a /t'
	has "$OUT" 'mine /t tmpfs'
	has "$OUT" size=64k
	has "$OUT" nr_inodes=7
	has "$OUT" 750
}
it data_reaches_the_file_system 'options that are not of mount(8) go to the file system'

kernel_s_words() {
	mounts '[{"destination": "/t", "type": "tmpfs", "options": ["size=many"]}]'
	fails 1 run c1
	has "$ERR" "Bad value for 'size'"
}
it kernel_s_words 'an error of a file system comes with the words of the kernel'

remount() {
	mounts '[{"destination": "/t", "type": "tmpfs"},
		{"destination": "/t", "options": ["remount", "ro", "noexec"]}]'
	inside "$mounted"'mounted /t'
	has "$OUT" 'ro,noexec'
	mounts '[{"destination": "/etc", "options": ["remount", "ro"]}]'
	fails 1 run c1
	has "$ERR" 'not a mount point'
}
it remount 'remount changes what is mounted, and nothing else'

tmpfs_mode() {
	mkdir -m 1700 "$ROOTFS/covered"
	mounts '[{"destination": "/covered", "type": "tmpfs"}, {"destination": "/fresh", "type": "tmpfs"}]'
	inside 'stat -c %a /covered /fresh'
	equal "$OUT" '1700
1777'
}
it tmpfs_mode 'a tmpfs without mode takes that of the directory it covers'

copy_up() {
	mkdir -p "$ROOTFS/full/sub"
	echo text > "$ROOTFS/full/sub/file"
	chmod 4751 "$ROOTFS/full/sub/file"
	chown 12:34 "$ROOTFS/full/sub"
	ln -s sub/file "$ROOTFS/full/link"
	mkfifo "$ROOTFS/full/pipe"
	touch -d @1000000000 "$ROOTFS/full/sub/file" "$ROOTFS/full/sub"
	head -c 3000000 /dev/urandom > "$ROOTFS/full/big"
	mounts '[{"destination": "/full", "type": "tmpfs", "options": ["tmpcopyup", "ro"]}]'
	inside 'cd /full; stat -c "%a %u:%g %Y %F" sub/file; stat -c "%u:%g %Y" sub; cat link
		readlink link; stat -c %F pipe; md5sum < big; touch x 2>&1 || true'
	equal "$OUT" "4751 0:0 1000000000 regular file
12:34 1000000000
text
sub/file
fifo
$(md5sum < "$ROOTFS/full/big")
touch: x: Read-only file system"
}
it copy_up 'tmpcopyup fills a tmpfs with what it covers: contents, owners, modes, times, links'

readonly_tmpfs_with_mounts_inside() {
	mounts '[{"destination": "/t", "type": "tmpfs", "options": ["ro"]},
		{"destination": "/t/a/b", "type": "tmpfs"}]'
	inside 'touch /t/a/b/x && touch /t/x 2>&1 || true'
	has "$OUT" 'Read-only file system'
}
it readonly_tmpfs_with_mounts_inside 'a read-only tmpfs becomes so after the mounts inside it'

shared_bind_reaches_the_host() {
	mkdir "$BUNDLE/data"
	mounts '[{"destination": "/d", "source": "data", "options": ["rbind", "rshared"]}]'
	config '.linux.rootfsPropagation = "shared" | .process.args = ["sh", "-c",
		"mkdir -p /d/m && mount -t tmpfs none /d/m && echo mounted"]
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	# shellcheck disable=SC2016
	script='mount --bind "$1/data" "$1/data"; mount --make-rshared "$1/data"
		cd "$1"; "$2" --root "$3" run c1; grep -c "$1/data/m" /proc/self/mountinfo'
	unshare -m sh -c "$script" sh "$BUNDLE" "$HULL" "$STATE" > "$WORK/said" || true
	equal "$(cat "$WORK/said")" 'mounted
1'
	config '.linux.rootfsPropagation = "slave"'
	unshare -m sh -c "$script" sh "$BUNDLE" "$HULL" "$STATE" > "$WORK/said" || true
	equal "$(cat "$WORK/said")" 'mounted
0'
}
it shared_bind_reaches_the_host 'mounts reach the host only when rootfsPropagation is shared, too'

idmap() {
	mkdir "$BUNDLE/data"
	touch "$BUNDLE/data/f"
	chown 5:6 "$BUNDLE/data/f"
	mounts '[{"destination": "/d", "source": "data", "options": ["bind", "idmap"],
		"uidMappings": [{"containerID": 5, "hostID": 1005, "size": 1}],
		"gidMappings": [{"containerID": 6, "hostID": 1006, "size": 1}]}]'
	inside 'stat -c %u:%g /d/f'
	equal "$OUT" 1005:1006
}
it idmap 'idmap shows the owners of a mount by its mappings'

idmap_of_the_container() {
	userns
	mkdir "$BUNDLE/data"
	mounts '[{"destination": "/d", "source": "data", "options": ["rbind", "idmap"]}]'
	inside 'touch /d/f; stat -c %u:%g /d/f'
	equal "$OUT" 0:0
	equal "$(stat -c %u:%g "$BUNDLE/data/f")" 0:0
}
it idmap_of_the_container 'idmap without mappings takes those of the user namespace'

cgroup_mounts() {
	mounts '[{"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["nosuid", "ro"]}]'
	inside "$mounted"'mounted /sys/fs/cgroup; cat /proc/self/cgroup | tail -n 1; ls /sys/fs/cgroup'
	has "$OUT" cgroup2
	has "$OUT" 0::/
	has "$OUT" cgroup.procs
}
it cgroup_mounts 'a mount of type cgroup is the cgroup2 tree below its own group'

cgroup_without_namespace() {
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .linux.cgroupsPath = "/hull-fs-test"'
	drop_mounts /sys/fs/cgroup
	mounts '[{"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["nosuid"]}]'
	inside 'cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x 2>&1 || true'
	has "$OUT" 'Read-only file system'
	equal "$(echo "$OUT" | head -n 1)" 1
}
it cgroup_without_namespace 'without a cgroup namespace the container sees its group, read-only'

# ---- devices ----------------------------------------------------------------------------------

default_devices() {
	inside 'for d in null zero full random urandom tty; do stat -c "%n %F %a %t:%T %u:%g" /dev/$d; done'
	equal "$OUT" '/dev/null character special file 666 1:3 0:0
/dev/zero character special file 666 1:5 0:0
/dev/full character special file 666 1:7 0:0
/dev/random character special file 666 1:8 0:0
/dev/urandom character special file 666 1:9 0:0
/dev/tty character special file 666 5:0 0:0'
}
it default_devices 'the devices of the specification are there'

dev_links() {
	inside 'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done'
	equal "$OUT" '/proc/self/fd
/proc/self/fd/0
/proc/self/fd/1
/proc/self/fd/2
pts/ptmx'
}
it dev_links '/dev has fd, stdin, stdout, stderr and ptmx'

no_links_without_proc() {
	drop_mounts /proc
	config '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	inside 'ls /dev'
	lacks "$OUT" stdin
	has "$OUT" ptmx
}
it no_links_without_proc 'links whose source does not exist are not made'

given_devices() {
	config '.linux.devices = [
		{"path": "/dev/mine", "type": "c", "major": 1, "minor": 3, "fileMode": 8608,
			"uid": 7, "gid": 8},
		{"path": "/run/deep/pipe", "type": "p", "fileMode": 384}]'
	inside 'stat -c "%F %a %t:%T %u:%g" /dev/mine; stat -c "%F %a" /run/deep/pipe'
	equal "$OUT" 'character special file 640 1:3 7:8
fifo 600'
}
it given_devices 'devices of config.json have their type, mode and owner, wherever they are'

wrong_device() {
	touch "$ROOTFS/etc/node"
	config '.linux.devices = [{"path": "/etc/node", "type": "c", "major": 1, "minor": 3}]'
	fails 1 run c1
	has "$ERR" '/etc/node exists'
}
it wrong_device 'something else in the place of a device is an error'

devices_of_a_user_namespace() {
	userns
	inside 'echo x > /dev/null; head -c 3 /dev/zero | od -c | head -n 1; id -u'
	has "$OUT" '\0  \0  \0'
}
it devices_of_a_user_namespace 'devices work in a user namespace'

# ---- masked and read-only paths ---------------------------------------------------------------

masked() {
	mkdir "$ROOTFS/secret"
	echo key > "$ROOTFS/secret/key"
	echo word > "$ROOTFS/password"
	config '.linux.maskedPaths = ["/secret", "/password", "/nowhere", "/password/below", "/proc/keys"]'
	inside 'ls -A /secret; cat /password /proc/keys; touch /secret/x 2>&1 || true; stat -c %F /password'
	equal "$OUT" 'touch: /secret/x: Read-only file system
character special file'
}
it masked 'masked files are empty, masked directories empty and read-only, missing ones skipped'

readonly_paths() {
	mkdir "$ROOTFS/kept" "$ROOTFS/kept/scratch"
	config '.linux.readonlyPaths = ["/kept", "/proc/sys", "/nowhere"]'
	mounts '[{"destination": "/kept/scratch", "type": "tmpfs"}]'
	inside 'touch /kept/x 2>&1 || touch /kept/scratch/x && echo fine
		echo x 2>&1 > /proc/sys/kernel/hostname || echo refused'
	has "$OUT" 'Read-only file system'
	has "$OUT" fine
	has "$OUT" refused
}
it readonly_paths 'read-only paths are so, mounts inside them stay as config.json has them'

# ---- hostile images ---------------------------------------------------------------------------

dev_is_a_link() {
	drop_mounts /dev
	mkdir "$WORK/decoy"
	rmdir "$ROOTFS/dev"
	ln -s "$WORK/decoy" "$ROOTFS/dev"
	mkdir -p "$ROOTFS$WORK/decoy"
	inside 'ls /dev/'
	has "$OUT" null
	equal "$(ls -A "$WORK/decoy")" ''
}
it dev_is_a_link 'a /dev that links to a directory of the host stays inside (CVE-2026-41579)'

proc_is_a_link() {
	for name in proc sys; do
		rmdir "$ROOTFS/$name"
		ln -s tmp "$ROOTFS/$name"
		fails 1 run c1
		has "$ERR" 'without symlinks'
		rm "$ROOTFS/$name"
		mkdir "$ROOTFS/$name"
	done
}
it proc_is_a_link 'procfs and sysfs are mounted on real directories only (CVE-2019-19921)'

target_is_a_link() {
	mkdir "$WORK/decoy" "$BUNDLE/data"
	touch "$BUNDLE/data/mark"
	ln -s "../../../../../../..$WORK/decoy" "$ROOTFS/out"
	mkdir -p "$ROOTFS$WORK/decoy"
	mounts '[{"destination": "/out/sub", "source": "data", "options": ["bind"]}]'
	inside 'ls /out/sub/'
	equal "$OUT" mark
	equal "$(ls -A "$WORK/decoy")" ''
}
it target_is_a_link 'a mount target that links upwards ends at the root (CVE-2021-30465)'

null_is_a_link() {
	mkdir "$BUNDLE/dev"
	ln -s /proc/sys/kernel/ostype "$BUNDLE/dev/null"
	drop_mounts /dev
	mounts '[{"destination": "/dev", "source": "dev", "options": ["bind"]}]'
	echo secret > "$ROOTFS/secret"
	config '.linux.maskedPaths = ["/secret"]'
	inside 'cat /secret'
	equal "$OUT" ''
}
it null_is_a_link "masks come from the host's null device, never from the image's (CVE-2025-31133)"

proc_is_not_proc() {
	drop_mounts /proc
	mounts '[{"destination": "/proc", "source": "/etc", "options": ["bind"]}]'
	fails 1 run c1
	has "$ERR" 'not procfs'
	drop_mounts /proc
	mounts '[{"destination": "/proc", "type": "tmpfs"}]'
	fails 1 run c1
	has "$ERR" /proc
}
it proc_is_not_proc 'nothing but procfs covers /proc (CVE-2019-16884)'

mount_label_needs_selinux() {
	[ ! -e /sys/fs/selinux/enforce ] || skip 'SELinux is enabled here'
	config '.linux.mountLabel = "system_u:object_r:container_file_t:s0"'
	fails 1 run c1
	has "$ERR" linux.mountLabel
}
it mount_label_needs_selinux 'mountLabel without SELinux is an error'

finish
