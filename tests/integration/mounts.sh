#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every mount option by what the container's mountinfo tells, propagation between host and container,
# and the finer points of devices, masked and read-only paths (rows C, F6, F7, F28-F30, B3);
# filesystem.sh has the coarser ones.
. "$(dirname "$0")/../lib/harness.sh"

mounts() { config '.mounts += $new' --argjson new "$1"; }
drop_mounts() { config '.mounts |= map(select(.destination | startswith($at) | not))' --arg at "$1"; }
capable() { config '.process.capabilities |= map_values(. + $caps)' --argjson caps "[\"CAP_$1\"]"; }

# Run in the container, then ask of $OUT with the four below: the mount that is on top at a path.
mountinfo() { inside 'cat /proc/self/mountinfo'; }
line() { echo "$OUT" | awk -v at="$1" '$5 == at { line = $0 } END { print line }'; }
attributes() { line "$1" | awk '{ print $6 }'; }
superblock() { line "$1" | awk '{ print $NF }'; }
# The optional fields without the numbers of the peer groups: "shared master", "" for private.
propagation() {
	line "$1" | awk '{ for (i = 7; $i != "-"; i++) { sub(/:.*/, "", $i); printf "%s%s", s, $i; s = " " } }'
}

# A host directory with a mount below it; gone with the mount namespace of the test.
host_tree() {
	mkdir -p "$BUNDLE/tree"
	mount -t tmpfs none "$BUNDLE/tree"
	mkdir "$BUNDLE/tree/sub"
	mount -t tmpfs none "$BUNDLE/tree/sub"
}
drop_host_tree() { umount -R "$BUNDLE/tree"; }

# ---- options ------------------------------------------------------------------------------------

# words expected
attribute_table='ro ro,relatime
ro,rw rw,relatime
nosuid rw,nosuid,relatime
nosuid,suid rw,relatime
nodev rw,nodev,relatime
nodev,dev rw,relatime
noexec rw,noexec,relatime
noexec,exec rw,relatime
nosymfollow rw,relatime,nosymfollow
nosymfollow,symfollow rw,relatime
noatime rw,noatime
noatime,atime rw,relatime
noatime,relatime rw,relatime
strictatime rw
strictatime,nostrictatime rw,relatime
relatime,norelatime rw,relatime
nodiratime rw,nodiratime,relatime
nodiratime,diratime rw,relatime
ro,nosuid,nodev,noexec,defaults rw,relatime
suid,nosuid rw,nosuid,relatime
atime,noatime rw,noatime
ro,nosuid,nodev,noexec,noatime ro,nosuid,nodev,noexec,noatime'

# One mount at /m/WORDS for each row, all in one container.
options_by_table() {
	mkdir "$BUNDLE/source"
	for words in $(echo "$2" | cut -d ' ' -f 1); do
		mounts "[$1]" && config '.mounts[-1].destination = "/m/" + $words
			| .mounts[-1].options += ($words | split(","))' --arg words "$words"
	done
	mountinfo
	echo "$2" | while read -r words expected; do
		equal "$words $(attributes "/m/$words")" "$words $expected"
	done
}

attributes_of_a_new_file_system() {
	options_by_table '{"type": "tmpfs", "options": []}' "$attribute_table"
}
it attributes_of_a_new_file_system 'each attribute option and its contrary work for a new file system, the last word wins'

attributes_of_a_bind() {
	options_by_table '{"type": "dummy", "source": "source", "options": ["bind"]}' "$attribute_table"
}
it attributes_of_a_bind 'each attribute option and its contrary work for a bind mount, the last word wins'

superblock_options() {
	mounts '[{"destination": "/sync", "type": "tmpfs", "options": ["sync"]},
		{"destination": "/dirsync", "type": "tmpfs", "options": ["dirsync"]},
		{"destination": "/lazytime", "type": "tmpfs", "options": ["lazytime"]},
		{"destination": "/not", "type": "tmpfs",
			"options": ["sync", "async", "lazytime", "nolazytime"]}]'
	mountinfo
	for word in sync dirsync lazytime; do
		has ",$(superblock "/$word")," ",$word,"
	done
	lacks "$(superblock /not)" sync
	lacks "$(superblock /not)" lazytime
}
it superblock_options 'sync, dirsync and lazytime, and their contraries, reach the file system'

all_words='async atime bind defaults dev diratime dirsync exec iversion lazytime loud noatime nodev
nodiratime noexec noiversion nolazytime norelatime nostrictatime nosuid private rbind relatime ro
rprivate rshared rslave runbindable rw shared silent slave strictatime suid sync unbindable
nosymfollow symfollow mand nomand ratime rdev rdiratime rexec rnoatime rnodev rnodiratime rnoexec
rnorelatime rnostrictatime rnosuid rnosymfollow rrelatime rro rrw rstrictatime rsuid rsymfollow'

every_word_is_known() {
	mkdir "$BUNDLE/source"
	for word in $all_words; do
		mounts "[{\"destination\": \"/b/$word\", \"source\": \"source\", \"options\": [\"bind\", \"$word\"]}]"
		case $word in
		*bind) ;;
		*) mounts "[{\"destination\": \"/t/$word\", \"type\": \"tmpfs\", \"options\": [\"$word\"]}]" ;;
		esac
	done
	mounts '[{"destination": "/t", "options": ["remount"]}]'
	config '.mounts |= [{"destination": "/t", "type": "tmpfs"}] + .'
	mountinfo
	for word in $all_words; do
		differ "$(line "/b/$word")" ''
	done
}
it every_word_is_known 'every option of the specification is taken, by new file systems and by bind mounts'

foreign_data_is_refused() {
	mounts '[{"destination": "/t", "type": "tmpfs", "options": ["nosuchoption=1"]}]'
	fails 1 run c1
	has "$ERR" nosuchoption
	lacks "$(ls "$STATE" 2> /dev/null)" c1
}
it foreign_data_is_refused 'an option that nobody knows is an error that names it'

# ---- binds --------------------------------------------------------------------------------------

bind_is_what_the_options_say() {
	mkdir "$BUNDLE/source"
	touch "$BUNDLE/source/mark"
	mounts '[{"destination": "/none", "type": "none", "source": "source", "options": ["bind"]},
		{"destination": "/dummy", "type": "tmpfs", "source": "./source", "options": ["rbind"]},
		{"destination": "/untyped", "source": "../bundle/source", "options": ["bind"]},
		{"destination": "/fs", "type": "tmpfs", "source": "source"}]'
	inside 'ls /none /dummy /untyped /fs'
	equal "$(echo "$OUT" | grep -c mark)" 3
	config '.mounts[-1].type = "bind"'
	fails 1 run c1
	has "$ERR" "$(jq '.mounts | length - 1' "$BUNDLE/config.json" | sed 's/.*/mounts[&]/')"
}
it bind_is_what_the_options_say 'a mount is a bind mount by its options and not by its type'

relative_destination() {
	mounts '[{"destination": "rel//./x/../y", "type": "tmpfs"}]'
	mountinfo
	has "$(line /rel/y)" tmpfs
}
it relative_destination 'a relative destination starts at /'

missing_source() {
	mounts '[{"destination": "/x", "source": "nowhere", "options": ["bind"]}]'
	fails 1 run c1
	has "$ERR" nowhere
	has "$ERR" .source
	missing "$ROOTFS/x"
	config 'del(.mounts[-1].source)'
	fails 1 run c1
	has "$ERR" .source
}
it missing_source 'a bind mount without a source, or whose source is missing, is an error'

only_rbind_takes_submounts() {
	host_tree
	mounts '[{"destination": "/bind", "source": "tree", "options": ["bind"]},
		{"destination": "/rbind", "source": "tree", "options": ["rbind"]}]'
	mountinfo
	drop_host_tree
	equal "$(line /bind/sub)" ''
	has "$(line /rbind/sub)" tmpfs
}
it only_rbind_takes_submounts 'rbind takes what is mounted below its source along, bind does not'

only_the_top_changes() {
	host_tree
	mounts '[{"destination": "/d", "source": "tree", "options": ["rbind", "ro", "nosuid", "noexec"]}]'
	mountinfo
	drop_host_tree
	equal "$(attributes /d)" ro,nosuid,noexec,relatime
	equal "$(attributes /d/sub)" rw,relatime
}
it only_the_top_changes 'ro, nosuid and noexec change the mount itself and nothing below it'

recursive_by_table() {
	for words in $(echo "$1" | cut -d ' ' -f 1); do
		mounts '[{"source": "tree", "options": ["rbind"]}]'
		config '.mounts[-1].destination = "/m/" + $words
			| .mounts[-1].options += ($words | split(","))' --arg words "$words"
	done
	mountinfo
	drop_host_tree
	echo "$1" | while read -r words expected; do
		equal "$words $(attributes "/m/$words")" "$words $expected"
		equal "$words $(attributes "/m/$words/sub")" "$words $expected"
	done
}

recursive_table='rro ro,relatime
rnosuid rw,nosuid,relatime
rnodev rw,nodev,relatime
rnoexec rw,noexec,relatime
rnosymfollow rw,relatime,nosymfollow
rnodiratime rw,nodiratime,relatime
rnoatime rw,noatime
rstrictatime rw
rro,rnosuid,rnodev,rnoexec ro,nosuid,nodev,noexec,relatime
rro,rrw rw,relatime'

recursive_attributes_are_set() {
	host_tree
	recursive_by_table "$recursive_table"
}
it recursive_attributes_are_set 'each recursive attribute reaches everything below a bind mount'

recursive_attributes_are_cleared() {
	host_tree
	for at in tree tree/sub; do
		mount -o remount,bind,ro,nosuid,nodev,noexec,nodiratime,noatime,nosymfollow "$BUNDLE/$at"
	done
	recursive_by_table 'rrw rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow
rsuid ro,nodev,noexec,noatime,nodiratime,nosymfollow
rdev ro,nosuid,noexec,noatime,nodiratime,nosymfollow
rexec ro,nosuid,nodev,noatime,nodiratime,nosymfollow
rsymfollow ro,nosuid,nodev,noexec,noatime,nodiratime
rdiratime ro,nosuid,nodev,noexec,noatime,nosymfollow
ratime ro,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow
rrelatime ro,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow'
}
it recursive_attributes_are_cleared 'each recursive attribute that takes something back does so everywhere below'

mappings_come_in_pairs() {
	mkdir "$BUNDLE/source"
	mounts '[{"destination": "/d", "source": "source", "options": ["bind", "idmap"],
		"uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}]}]'
	fails 1 run c1
	has "$ERR" 'gidMappings'
}
it mappings_come_in_pairs 'uidMappings of a mount without gidMappings are an error'

mappings_alone_are_an_idmap() {
	mkdir "$BUNDLE/source"
	touch "$BUNDLE/source/f"
	mounts '[{"destination": "/d", "source": "source", "options": ["bind"],
		"uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}],
		"gidMappings": [{"containerID": 0, "hostID": 2000, "size": 1}]}]'
	inside 'stat -c %u:%g /d/f'
	equal "$OUT" 1000:2000
	config 'del(.mounts[-1].uidMappings, .mounts[-1].gidMappings) | .mounts[-1].options += ["idmap"]'
	fails 1 run c1
	has "$ERR" idmap
}
it mappings_alone_are_an_idmap 'mappings make an id-mapped mount without the word; the word alone is an error'

# ---- new file systems ---------------------------------------------------------------------------

default_file_systems() {
	mountinfo
	for want in '/proc proc' '/sys sysfs' '/dev tmpfs' '/dev/pts devpts' '/dev/shm tmpfs' \
		'/dev/mqueue mqueue' '/sys/fs/cgroup cgroup2'; do
		has "$(line "${want% *}")" " - ${want#* } "
	done
}
it default_file_systems 'proc, sysfs, devpts, shm, mqueue and cgroup of the default config.json are mounted'

mount_points_are_made() {
	echo text > "$BUNDLE/file"
	mkdir "$BUNDLE/source"
	mounts '[{"destination": "/new/a/b", "type": "tmpfs"},
		{"destination": "/new/c/dir", "source": "source", "options": ["bind"]},
		{"destination": "/new/d/file", "source": "file", "options": ["bind"]}]'
	(umask 077 && inside 'stat -c "%a %F" /new /new/a /new/c /new/d; cat /new/d/file')
	OUT=$(cat "$WORK/out")
	equal "$OUT" '755 directory
755 directory
755 directory
755 directory
text'
	equal "$(stat -c '%a %s %F' "$ROOTFS/new/d/file")" '644 0 regular empty file'
	equal "$(stat -c '%a %F' "$ROOTFS/new/c/dir")" '755 directory'
}
it mount_points_are_made 'missing mount points are made, directories or files, whatever the umask of the caller'

later_mounts_cover_earlier_ones() {
	mkdir "$BUNDLE/source"
	touch "$BUNDLE/source/mark"
	mounts '[{"destination": "/m", "type": "tmpfs"},
		{"destination": "/m/in", "source": "source", "options": ["bind"]},
		{"destination": "/n/in", "source": "source", "options": ["bind"]},
		{"destination": "/n", "type": "tmpfs"}]'
	inside 'ls /m/in; ls -A /n'
	equal "$OUT" mark
}
it later_mounts_cover_earlier_ones 'mounts are made in the order of config.json'

copy_up_of_links_and_owners() {
	mkdir -p "$ROOTFS/full/deep/deeper"
	chown 12:34 "$ROOTFS/full/deep"
	chmod 2751 "$ROOTFS/full/deep"
	ln -s /etc/passwd "$ROOTFS/full/absolute"
	ln -s nowhere "$ROOTFS/full/dangling"
	chown -h 5:6 "$ROOTFS/full/dangling"
	echo once > "$ROOTFS/full/deep/deeper/file"
	chmod 400 "$ROOTFS/full/deep/deeper/file"
	chmod 1770 "$ROOTFS/full"
	mounts '[{"destination": "/full", "type": "tmpfs", "options": ["tmpcopyup"]}]'
	inside 'cd /full; stat -c "%a %u:%g" . deep; readlink absolute; readlink dangling
		stat -c %u:%g dangling; stat -c %a deep/deeper/file; cat deep/deeper/file
		echo changed > new'
	equal "$OUT" '1770 0:0
2751 12:34
/etc/passwd
nowhere
5:6
400
once'
	missing "$ROOTFS/full/new"
}
it copy_up_of_links_and_owners 'tmpcopyup copies symlinks as they are, with owners and modes, and nothing goes back'

copy_up_is_for_tmpfs() {
	mkdir "$BUNDLE/source"
	mounts '[{"destination": "/d", "type": "proc", "options": ["tmpcopyup"]}]'
	fails 1 run c1
	has "$ERR" tmpcopyup
}
it copy_up_is_for_tmpfs 'tmpcopyup for another file system is an error'

given_mode_wins() {
	mkdir -m 750 "$ROOTFS/covered"
	chown 3:4 "$ROOTFS/covered"
	mounts '[{"destination": "/covered", "type": "tmpfs", "options": ["mode=711"]}]'
	inside 'stat -c %a /covered'
	equal "$OUT" 711
}
it given_mode_wins 'the mode of a tmpfs is the given one, whatever directory it covers'

readonly_dev() {
	config '(.mounts[] | select(.destination == "/dev")).options += ["ro"]'
	inside 'touch /dev/x 2>&1; echo x > /dev/null && ls /dev; touch /dev/shm/x'
	has "$OUT" 'Read-only file system'
	has "$OUT" urandom
	equal "$(inside 'cat /proc/self/mountinfo' && attributes /dev)" ro,nosuid
}
it readonly_dev 'a read-only /dev gets its devices and mounts before it becomes so'

nothing_inside_proc() {
	echo 'fake' > "$BUNDLE/file"
	mkdir "$BUNDLE/source"
	for at in /proc/self/attr /proc/sys/kernel/shmmax /proc/1 /proc/sys proc/./sys/../self; do
		config '.mounts += [{"destination": $at, "type": "tmpfs"}]' --arg at "$at"
		fails 1 run c1
		has "$ERR" /proc
		config '.mounts |= .[:-1]'
	done
	for at in cpuinfo diskstats meminfo stat swaps uptime loadavg; do
		mounts "[{\"destination\": \"/proc/$at\", \"source\": \"file\", \"options\": [\"bind\", \"ro\"]}]"
	done
	inside 'cat /proc/cpuinfo /proc/meminfo /proc/uptime; wc -l < /proc/stat'
	equal "$OUT" 'fake
fake
fake
1'
}
it nothing_inside_proc 'nothing can be mounted inside /proc but the files that lxcfs provides'

proc_elsewhere() {
	ln -s tmp "$ROOTFS/link"
	mounts '[{"destination": "/link/proc", "type": "proc"}]'
	fails 1 run c1
	has "$ERR" 'without symlinks'
	config '.mounts[-1].destination = "/second/proc"'
	inside 'cat /second/proc/self/comm'
	equal "$OUT" cat
}
it proc_elsewhere 'procfs can be mounted elsewhere too, never through a symlink'

# ---- cgroup -------------------------------------------------------------------------------------

cgroup_with_namespace() {
	config '.linux.cgroupsPath = "/hull-mounts-test"
		| (.mounts[] | select(.type == "cgroup")).options = ["rw", "nosuid", "nodev", "noexec"]'
	inside 'cat /proc/self/mountinfo; mkdir /sys/fs/cgroup/own && echo made; rmdir /sys/fs/cgroup/own'
	has "$OUT" made
	equal "$(line /sys/fs/cgroup | awk '{ print $4 }')" /
	equal "$(attributes /sys/fs/cgroup)" rw,nosuid,nodev,noexec,relatime
}
it cgroup_with_namespace 'with a cgroup namespace the container has a tree of its own, writable when config.json says rw'

cgroup_bound() {
	config '.linux.cgroupsPath = "/hull-mounts-test" | .linux.namespaces |= map(select(.type != "cgroup"))'
	inside 'cat /proc/self/mountinfo; ls -d /sys/fs/cgroup/hull-mounts-test 2>&1; ls /sys/fs/cgroup/..'
	equal "$(line /sys/fs/cgroup | awk '{ print $4 }')" /hull-mounts-test
	has "$(attributes /sys/fs/cgroup)" ro,nosuid,nodev,noexec
	has "$OUT" 'No such file'
	equal "$(propagation /sys/fs/cgroup)" ''
}
it cgroup_bound 'without a cgroup namespace the container sees its own group and no other'

# ---- propagation --------------------------------------------------------------------------------

# The runtime lives below a shared root, as systemd makes it.
shared_host() {
	mkdir -p "$BUNDLE/tree"
	mount -t tmpfs none "$BUNDLE/tree"
	mount --make-shared "$BUNDLE/tree"
	mkdir "$BUNDLE/tree/sub" "$BUNDLE/tree/later"
	mount -t tmpfs none "$BUNDLE/tree/sub"
	mount --make-shared "$BUNDLE/tree/sub"
}

propagation_of_binds() {
	shared_host
	for word in none shared slave private unbindable rshared rslave rprivate runbindable; do
		mounts "[{\"destination\": \"/m/$word\", \"source\": \"tree\", \"options\": [\"rbind\", \"$word\"]}]"
	done
	config '(.mounts[] | select(.destination == "/m/none")).options = ["rbind"]'
	mountinfo
	drop_host_tree
	equal "$(propagation /m/none)" master
	equal "$(propagation /m/shared)" 'shared master'
	equal "$(propagation /m/shared/sub)" master
	equal "$(propagation /m/slave)" master
	equal "$(propagation /m/private)" ''
	equal "$(propagation /m/private/sub)" master
	equal "$(propagation /m/unbindable)" unbindable
	equal "$(propagation /m/unbindable/sub)" master
	for word in rshared rslave rprivate runbindable; do
		equal "$word $(propagation "/m/$word")" "$word $(propagation "/m/$word/sub")"
	done
	equal "$(propagation /m/rslave)" master
	equal "$(propagation /m/rprivate)" ''
	equal "$(propagation /m/runbindable)" unbindable
	has "$(propagation /m/rshared)" shared
}
it propagation_of_binds 'each propagation option is that of the mount, with r of all below it too'

propagation_of_new_file_systems() {
	for word in none shared slave private unbindable; do
		mounts "[{\"destination\": \"/m/$word\", \"type\": \"tmpfs\", \"options\": [\"$word\"]}]"
	done
	config '(.mounts[] | select(.destination == "/m/none")).options = []'
	mountinfo
	equal "$(propagation /m/none)" ''
	equal "$(propagation /m/shared)" shared
	equal "$(propagation /m/private)" ''
	equal "$(propagation /m/unbindable)" unbindable
}
it propagation_of_new_file_systems 'a new file system is private unless config.json says otherwise'

host_mounts_arrive() {
	shared_host
	mounts '[{"destination": "/slave", "source": "tree", "options": ["rbind", "rslave"]},
		{"destination": "/private", "source": "tree", "options": ["rbind", "rprivate"]}]'
	started c1
	mount -t tmpfs none "$BUNDLE/tree/later"
	touch "$BUNDLE/tree/later/mark"
	ok exec c1 ls /slave/later /private/later
	echo "$OUT" > "$WORK/seen"
	umount "$BUNDLE/tree/later"
	ok exec c1 ls /slave/later
	drop_host_tree
	equal "$(cat "$WORK/seen")" '/private/later:

/slave/later:
mark'
	equal "$OUT" ''
}
it host_mounts_arrive 'mounts and unmounts of the host arrive in a slave and not in a private bind mount'

root_propagation_fields() {
	mount --bind "$ROOTFS" "$ROOTFS"
	mount --make-shared "$ROOTFS"
	seen=
	for kind in private rprivate slave rslave shared rshared unbindable runbindable; do
		config '.linux.rootfsPropagation = $kind' --arg kind "$kind"
		mountinfo
		seen="$seen$kind: $(propagation /)
"
	done
	umount "$ROOTFS"
	equal "$(echo "$seen" | sed 's/: shared master/: shared/; s/ $//')" 'private:
rprivate:
slave: master
rslave: master
shared: shared
rshared: shared
unbindable: unbindable
runbindable: unbindable'
}
it root_propagation_fields 'rootfsPropagation is what mountinfo tells of / in the container'

host_stays_clean() {
	mount --bind "$BUNDLE" "$BUNDLE"
	mount --make-rshared "$BUNDLE"
	before=$(wc -l < /proc/self/mountinfo)
	mounts '[{"destination": "/t", "type": "tmpfs"}]'
	for kind in '' private slave shared rshared; do
		config '.linux.rootfsPropagation = $kind' --arg kind "$kind"
		config '.process.args = ["sleep", "1000"]'
		hull create c1
		during=$(wc -l < /proc/self/mountinfo)
		hull delete --force c1
		[ "$during" = "$before" ] || echo "$kind" >> "$WORK/leaks"
	done
	umount "$BUNDLE"
	[ ! -e "$WORK/leaks" ] || die "mounts reach the host with rootfsPropagation $(cat "$WORK/leaks")"
}
it host_stays_clean 'no mount of the set-up reaches a shared host, whatever rootfsPropagation says'

# ---- the root -----------------------------------------------------------------------------------

readonly_root_alone() {
	config '.root.readonly = true'
	mounts '[{"destination": "/scratch", "type": "tmpfs"}]'
	inside 'cat /proc/self/mountinfo; touch /scratch/x /dev/x && echo writable'
	equal "$(attributes /)" ro,relatime
	equal "$(attributes /scratch)" rw,relatime
	has "$OUT" writable
	exists "$ROOTFS/scratch"
}
it readonly_root_alone 'root.readonly leaves the mounts below it writable and their mount points can be made'

root_keeps_attributes() {
	mount --bind "$ROOTFS" "$ROOTFS"
	mount -o remount,bind,nosuid,nodev,noatime "$ROOTFS"
	config '.root.readonly = true'
	mountinfo
	umount "$ROOTFS"
	equal "$(attributes /)" ro,nosuid,nodev,noatime
}
it root_keeps_attributes 'a read-only root keeps nosuid, nodev and noatime of its file system'

no_pivot_is_complete() {
	mounts '[{"destination": "/t", "type": "tmpfs", "options": ["ro"]}]'
	config '.root.readonly = true | .process.args = ["sh", "-c", $script]' --arg script '
		cat /proc/self/mountinfo; touch /x 2>&1; touch /t/x 2>&1; cat /proc/keys; ls -d /..$1/bundle'
	config '.process.args += ["sh", $work]' --arg work "$WORK"
	hull run --no-pivot c1
	equal "$(attributes /t)" ro,relatime
	equal "$(echo "$OUT" | tail -n 2)" 'touch: /x: Read-only file system
touch: /t/x: Read-only file system'
	has "$ERR" 'No such file or directory'
}
it no_pivot_is_complete '--no-pivot gives the same root, mounts and read-only root'

# ---- devices ------------------------------------------------------------------------------------

every_kind_of_device() {
	config '.linux.devices = [
		{"path": "/dev/char", "type": "c", "major": 10, "minor": 200, "fileMode": 416, "uid": 1, "gid": 2},
		{"path": "/dev/unbuffered", "type": "u", "major": 1, "minor": 5, "fileMode": 384},
		{"path": "/dev/block", "type": "b", "major": 7, "minor": 9, "uid": 3},
		{"path": "/dev/fifo", "type": "p", "fileMode": 420, "gid": 4},
		{"path": "/dev/numbered", "type": "p", "major": 1, "minor": 2},
		{"path": "/dev/deep/er/null", "type": "c", "major": 1, "minor": 3},
		{"path": "/opt/zero", "type": "c", "major": 1, "minor": 5, "fileMode": 511}]'
	inside 'cd /dev; stat -c "%n %F %a %t:%T %u:%g" char unbuffered block fifo numbered deep/er/null \
		/opt/zero; stat -c %a deep/er'
	equal "$OUT" 'char character special file 640 a:c8 1:2
unbuffered character special file 600 1:5 0:0
block block special file 666 7:9 3:0
fifo fifo 644 0:0 0:4
numbered fifo 666 0:0 0:0
deep/er/null character special file 666 1:3 0:0
/opt/zero character special file 777 1:5 0:0
755'
}
it every_kind_of_device 'devices of type c, u, b and p get number, mode and owner; directories are made for them'

given_default_device() {
	config '.linux.devices = [{"path": "/dev/null", "type": "c", "major": 1, "minor": 3,
		"fileMode": 384, "uid": 5, "gid": 6}]'
	inside 'stat -c "%a %t:%T %u:%g" /dev/null'
	equal "$OUT" '600 1:3 5:6'
}
it given_default_device 'a default device that config.json lists is made as listed'

existing_devices() {
	mkdir -p "$ROOTFS/nodes"
	mknod "$ROOTFS/nodes/null" c 1 3
	mkfifo "$ROOTFS/nodes/fifo"
	mknod "$ROOTFS/nodes/block" b 1 3
	config '.linux.devices = [{"path": "/nodes/null", "type": "c", "major": 1, "minor": 3},
		{"path": "/nodes/fifo", "type": "p"}]'
	inside 'stat -c %F /nodes/null /nodes/fifo'
	equal "$OUT" 'character special file
fifo'
	for wrong in '"/nodes/null", "type": "c", "major": 1, "minor": 5' \
		'"/nodes/block", "type": "c", "major": 1, "minor": 3' \
		'"/nodes/fifo", "type": "c", "major": 1, "minor": 3' \
		'"/nodes/null", "type": "p"' '"/nodes", "type": "p"'; do
		config '.linux.devices = [$device]' --argjson device "{\"path\": $wrong}"
		fails 1 run c1
		has "$ERR" exists
	done
	ln -s null "$ROOTFS/nodes/link"
	config '.linux.devices = [{"path": "/nodes/link", "type": "c", "major": 1, "minor": 3}]'
	fails 1 run c1
	has "$ERR" exists
}
it existing_devices 'the same device may be there already; anything else, a symlink included, is an error'

default_devices_work() {
	inside 'head -c 4 /dev/zero | od -An -tx1; head -c 8 /dev/urandom | wc -c; head -c 8 /dev/random | wc -c
		echo x > /dev/null; cat /dev/null; echo x 2>&1 > /dev/full
		{ echo to-stdout > /dev/stdout; } | cat; echo piped | cat /dev/stdin; ls /dev/fd/'
	has "$OUT" '00 00 00 00'
	has "$OUT" 'No space left on device'
	has "$OUT" to-stdout
	has "$OUT" piped
	equal "$(echo "$OUT" | grep -c '^8$')" 2
}
it default_devices_work 'the default devices and the links of /dev do what they are for'

ptmx_works() {
	inside 'exec 3<> /dev/ptmx; ls /dev/pts; stat -c "%a %t:%T" /dev/pts/ptmx'
	equal "$OUT" '0
ptmx
666 5:2'
}
it ptmx_works '/dev/ptmx makes terminals of the container, numbered from 0'

own_dev_is_left_alone() {
	drop_mounts /dev
	mkdir "$BUNDLE/dev"
	touch "$BUNDLE/dev/mine"
	mounts '[{"destination": "/dev", "source": "dev", "options": ["bind"]}]'
	config '.linux.devices = [{"path": "/dev/extra", "type": "c", "major": 1, "minor": 3}]'
	inside 'ls -A /dev'
	equal "$OUT" mine
}
it own_dev_is_left_alone 'nothing is made in a /dev that is a bind mount'

# ---- masked and read-only paths -----------------------------------------------------------------

masks_are_exact() {
	mkdir -p "$ROOTFS/one/two" "$ROOTFS/other"
	echo key > "$ROOTFS/one/key"
	echo key > "$ROOTFS/other/key"
	touch "$ROOTFS/empty"
	ln -s one "$ROOTFS/link"
	config '.linux.maskedPaths = ["/one", "/other", "/one", "/one/two", "/missing/x", "/empty", "/empty",
		"/proc/keys", "/proc/keys", "/proc/nosuch"]'
	inside 'cat /proc/self/mountinfo; ls -A /one /other; wc -c < /proc/keys; mkdir /one/x 2>&1; cat /link/key 2>&1 || true'
	equal "$(attributes /one)" ro,nosuid,nodev,noexec,relatime
	equal "$(attributes /other)" ro,nosuid,nodev,noexec,relatime
	has "$OUT" "mkdir: can't create directory '/one/x': Read-only file system"
	has "$OUT" "/link/key': No such file"
	equal "$(echo "$OUT" | grep -cx 0)" 1
	lacks "$OUT" '/one/two '
	missing "$ROOTFS/missing"
}
it masks_are_exact 'masked paths may be listed twice, be missing, lie below each other; nothing is left to see'

masks_cannot_be_filled() {
	mkdir "$ROOTFS/dir"
	capable SYS_ADMIN
	config '.linux.maskedPaths = ["/dir"]'
	inside 'mount -o remount,rw /dir; touch /dir/a; dd if=/dev/zero of=/dir/a bs=4096 count=4 2>&1; umount /dir/x 2>&1
		stat -c %s /dir/a'
	[ "$(echo "$OUT" | tail -n 1)" -le 4096 ]
}
it masks_cannot_be_filled 'a masked directory has no room, even for somebody who may remount it'

readonly_paths_are_exact() {
	mkdir -p "$ROOTFS/kept/sub"
	echo text > "$ROOTFS/file"
	mounts '[{"destination": "/noexec", "type": "tmpfs", "options": ["noexec", "nosuid", "nodev"]}]'
	config '.linux.readonlyPaths = ["/kept", "/kept", "/file", "/noexec", "/missing", "/proc/sys", "/kept/sub"]'
	inside 'cat /proc/self/mountinfo; touch /kept/x 2>&1; touch /kept/sub/x 2>&1; echo x 2>&1 >> /file
		touch /noexec/x 2>&1; echo box 2>&1 > /proc/sys/kernel/domainname; touch /fine && echo written'
	equal "$(attributes /noexec)" ro,nosuid,nodev,noexec,relatime
	equal "$(attributes /file)" ro,relatime
	equal "$(echo "$OUT" | grep -c 'Read-only file system')" 5
	has "$OUT" written
	equal "$(cat "$ROOTFS/file")" text
	missing "$ROOTFS/missing"
}
it readonly_paths_are_exact 'read-only paths keep nosuid, nodev and noexec; files and duplicates are fine, missing ones skipped'

finish
