#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How runtimes were broken out of, as tests: hostile images, hostile configurations, hostile programs;
# and all that protects a container as one fingerprint.
. "$(dirname "$0")/../lib/harness.sh"

LIB=$(cd "$(dirname "$0")/../lib" && pwd)
FIXTURES=$(cd "$(dirname "$0")/../fixtures" && pwd)

mounts() { config '.mounts += $new' --argjson new "$1"; }
drop_mounts() { config '.mounts |= map(select(.destination | startswith($at) | not))' --arg at "$1"; }
drop_namespace() { config '.linux.namespaces |= map(select(.type != $type))' --arg type "$1"; }
userns() {
	config "$USER_NAMESPACE"
	chown -R 100000:100000 "$ROOTFS"
}
# Every capability that there is, so that nothing but the defence under test says no.
all_capable() {
	ok features
	config '.process.capabilities |= map_values($all) | .process.noNewPrivileges = false' \
		--argjson all "$(echo "$OUT" | jq .linux.capabilities)"
}
compile() {
	command -v cc > /dev/null || skip 'no compiler'
	cc "$@"
}
listing() { find "$1" -printf '%P %y %m %U:%G %s %l\n' | sort; }

# ---- hostile images -----------------------------------------------------------------------------

# A directory of the host that an image points its links to.
decoy() {
	mkdir "$WORK/decoy"
	echo mine > "$WORK/decoy/ptmx"
	echo mine > "$WORK/decoy/null"
	listing "$WORK/decoy" > "$WORK/decoy.before"
}
decoy_is_untouched() { equal "$(listing "$WORK/decoy")" "$(cat "$WORK/decoy.before")"; }

dev_is_a_symlink() {
	decoy
	drop_mounts /dev
	rmdir "$ROOTFS/dev"
	mkdir -p "$ROOTFS$WORK/decoy"
	for target in "$WORK/decoy" "../../../../../../../..$WORK/decoy"; do
		ln -sfn "$target" "$ROOTFS/dev"
		inside 'ls /dev/'
		has "$OUT" urandom
		decoy_is_untouched
		exists "$ROOTFS$WORK/decoy/urandom"
	done
}
it dev_is_a_symlink 'devices and links go where /dev leads inside the image, never on the host (CVE-2026-41579)'

bound_dev_has_a_forged_null() {
	mkdir "$BUNDLE/dev"
	ln -s /proc/sys/kernel/ostype "$BUNDLE/dev/null"
	mknod "$BUNDLE/dev/zero" c 1 5
	mknod "$BUNDLE/dev/real-null" c 1 3
	drop_mounts /dev
	mounts '[{"destination": "/dev", "source": "dev", "options": ["bind"]}]'
	config '.linux.maskedPaths = ["/proc/cpuinfo", "/proc/keys"]'
	inside 'cat /proc/cpuinfo /proc/keys; echo x > /proc/cpuinfo; cat /proc/sys/kernel/ostype'
	equal "$OUT" Linux
}
it bound_dev_has_a_forged_null 'masked files read as empty although /dev/null is a symlink (CVE-2025-31133)'

on_a_terminal() {
	config '.process.terminal = true'
	(cd "$BUNDLE" && timeout 20 script -qec "'$HULL' --root '$STATE' run c1" /dev/null) \
		< /dev/null > "$WORK/out" 2>&1 || RC=$?
	OUT=$(cat "$WORK/out")
}

console_is_a_symlink() {
	command -v script > /dev/null || skip 'no script(1)'
	config '.process.args = ["sh", "-c", "cat /etc/target; stat -c %F /etc/target; ls -l /dev/console"]'
	echo untouched > "$ROOTFS/etc/target"
	mkdir "$BUNDLE/dev" "$BUNDLE/dev/pts"
	mknod "$BUNDLE/dev/null" c 1 3
	ln -s pts/ptmx "$BUNDLE/dev/ptmx"
	for target in /etc/target ../etc/target; do
		ln -sfn "$target" "$BUNDLE/dev/console"
		config '.mounts |= map(if .destination == "/dev" then
			{"destination": "/dev", "source": "dev", "options": ["bind"]} else . end
			| select(.destination != "/dev/shm" and .destination != "/dev/mqueue"))'
		RC=0
		on_a_terminal
		[ "$RC" != 0 ] || has "$OUT" 'regular file'
		equal "$(cat "$ROOTFS/etc/target")" untouched
		lacks "$OUT" 'character special'
	done
	rm "$BUNDLE/dev/console"
	RC=0
	on_a_terminal
	equal "$RC" 0
	has "$OUT" untouched
}
it console_is_a_symlink 'the terminal is never put over what /dev/console links to (CVE-2025-52565)'

pts_is_forged() {
	command -v script > /dev/null || skip 'no script(1)'
	drop_mounts /dev
	mkdir -p "$ROOTFS/dev/pts"
	mknod "$ROOTFS/dev/pts/ptmx" c 5 2
	RC=0
	on_a_terminal
	differ "$RC" 0
	has "$OUT" 'not devpts'
}
it pts_is_forged 'a terminal is taken from devpts only'

proc_or_sys_is_a_symlink() {
	mkdir "$ROOTFS/elsewhere"
	for name in proc sys; do
		for target in elsewhere /elsewhere ../../../../tmp self-made; do
			rmdir "$ROOTFS/$name" && ln -s "$target" "$ROOTFS/$name"
			fails 1 run c1
			has "$ERR" "/$name"
			rm "$ROOTFS/$name" && mkdir "$ROOTFS/$name"
		done
	done
	equal "$(ls -A "$ROOTFS/elsewhere")" ''
	inside 'echo fine'
	equal "$OUT" fine
}
it proc_or_sys_is_a_symlink 'an image whose /proc or /sys is a symlink is refused (CVE-2019-19921, CVE-2023-27561)'

targets_are_symlinks() {
	decoy
	mkdir -p "$BUNDLE/data" "$ROOTFS$WORK/decoy"
	touch "$BUNDLE/data/mark"
	ln -s "$WORK/decoy" "$ROOTFS/absolute"
	ln -s "../../../../../../../..$WORK/decoy" "$ROOTFS/relative"
	ln -s /proc/self/root/absolute "$ROOTFS/magic"
	mounts '[{"destination": "/absolute/a", "source": "data", "options": ["bind"]},
		{"destination": "/relative/b/c", "type": "tmpfs"},
		{"destination": "/relative/../../../../../../d", "source": "data/mark", "options": ["bind"]}]'
	config '.linux.devices = [{"path": "/absolute/null", "type": "c", "major": 1, "minor": 3}]
		| .linux.maskedPaths += ["/absolute/null"] | .linux.readonlyPaths += ["/relative/b"]
		| .process.cwd = "/relative/cwd"'
	inside 'ls /absolute/a /relative/; ls -d /d'
	has "$OUT" mark
	has "$OUT" cwd
	decoy_is_untouched
	mounts '[{"destination": "/magic/x", "type": "tmpfs"}]'
	hull run c2
	decoy_is_untouched
}
it targets_are_symlinks 'mounts, devices, masks and cwd below symlinks stay inside (CVE-2021-30465)'

exchanged_while_mounting() {
	compile -O2 -D_GNU_SOURCE -o "$WORK/racer" "$LIB/racer.c"
	decoy
	mkdir -p "$ROOTFS/vol/name" "$ROOTFS$WORK/decoy" "$BUNDLE/data"
	touch "$BUNDLE/file"
	ln -s "../../../../../../../..$WORK/decoy" "$ROOTFS/vol/other"
	mounts '[{"destination": "/vol/name/new/dir", "type": "tmpfs"},
		{"destination": "/vol/name/made", "source": "data", "options": ["bind"]},
		{"destination": "/vol/name/file", "source": "file", "options": ["bind"]}]'
	config '.linux.devices = [{"path": "/vol/name/sub/fifo", "type": "p"}]
		| .linux.maskedPaths += ["/vol/name/null"]'
	mkdir "$WORK/real" # the directory under a name that stays
	mount --bind "$ROOTFS/vol/name" "$WORK/real"
	"$WORK/racer" "$ROOTFS/vol/name" "$ROOTFS/vol/other" 2> /dev/null &
	racer=$!
	tries=0 good=0 end=$(($(date +%s) + 5))
	while [ "$(date +%s)" -lt "$end" ]; do
		rm -rf "$WORK"/real/* "$ROOTFS$WORK"/decoy/*
		hull run race
		tries=$((tries + 1))
		[ "$RC" != 0 ] || good=$((good + 1))
	done
	kill "$racer"
	wait "$racer" 2> /dev/null || true
	umount "$WORK/real"
	echo "$tries containers, $good of them ran"
	decoy_is_untouched
	[ "$good" -gt 0 ] || die "none of $tries containers ran: $ERR"
}
it exchanged_while_mounting 'a directory exchanged with a symlink all the time leads no mount astray (CVE-2024-45310)'

# ---- hostile configurations ---------------------------------------------------------------------

covering_proc() {
	mkdir -p "$BUNDLE/fake/self/attr" "$BUNDLE/fake/sys/kernel"
	for mount in '{"destination": "/proc/self/attr", "type": "tmpfs"}' \
		'{"destination": "/proc/self/attr", "source": "fake", "options": ["bind"]}' \
		'{"destination": "/proc/sys/kernel/shmmax", "source": "config.json", "options": ["bind"]}' \
		'{"destination": "/proc/sysrq-trigger", "source": "config.json", "options": ["bind"]}' \
		'{"destination": "/proc", "source": "fake", "options": ["rbind"]}' \
		'{"destination": "/proc", "type": "tmpfs"}'; do
		config '.mounts |= [.[:7][], $new]' --argjson new "$mount"
		fails 1 run c1
		has "$ERR" 'mounts[7]'
	done
}
it covering_proc 'neither /proc nor what lies in it can be replaced by something else (CVE-2025-52881)'

sysctl_is_redirected() {
	echo 0 > "$BUNDLE/fake"
	ln -s /proc/sys/kernel "$ROOTFS/way"
	mounts '[{"destination": "/way/shmmax", "source": "fake", "options": ["bind"]}]'
	config '.linux.sysctl = {"kernel.shmmax": "123456", "kernel.shmmni": "321"}'
	config '.process.args = ["sh", "-c", "umount /proc/sys/kernel/shmmax 2> /dev/null
		umount /proc/sys; umount /proc/sys/kernel/shmmax; cat /proc/sys/kernel/shmmni /proc/sys/kernel/shmmax"]'
	all_capable
	hull run c1
	equal "$(cat "$BUNDLE/fake")" 0
	[ "$RC" != 0 ] || equal "$OUT" '321
123456'
}
it sysctl_is_redirected 'sysctls are written to the kernel, whatever is mounted over them (CVE-2025-52881)'

# From wherever it is, $MARK is reached only by somebody who can leave the container.
escape='up=.; for i in 1 2 3 4 5 6 7 8 9; do up=$up/..; [ ! -e "$up$MARK" ] || echo escaped; done; '

working_directory_is_a_descriptor() {
	all_capable
	touch "$WORK/mark"
	equal "$(cd "$WORK" && MARK=$WORK/mark sh -c "$escape" | sort -u)" escaped
	config '.process.env += ["MARK=" + $mark] | .process.args = ["sh", "-c", $script]' \
		--arg mark "$WORK/mark" --arg script "$escape"
	for n in $(seq 3 23); do
		for below in '' /1/root "/$$/cwd"; do
			config '.process.cwd = $cwd' --arg cwd "/proc/self/fd/$n$below"
			hull run c1 9< /
			equal "$OUT" ''
		done
	done
	config '.process.cwd = "/"'
	started c1
	for n in $(seq 3 23); do
		for below in '' /1/root "/$$/cwd"; do
			hull exec --cwd "/proc/self/fd/$n$below" --env "MARK=$WORK/mark" c1 sh -c "$escape" 9< /
			equal "$OUT" ''
		done
	done
}
it working_directory_is_a_descriptor 'cwd cannot be a descriptor of the runtime or its caller (CVE-2024-21626)'

program_is_behind_a_descriptor() {
	cp "$(command -v busybox)" "$WORK/echo"
	all_capable
	for n in $(seq 3 23); do
		for root in "$n" "$n/self/root" "$n/$$/root" "$n/1/root"; do
			config '.process.args = [$program, "escaped"]' --arg program "/proc/self/fd/$root$WORK/echo"
			hull run c1 9< /
			lacks "$OUT" escaped
			differ "$RC" 0
		done
	done
	started c1
	for n in $(seq 3 23); do
		for root in "$n" "$n/self/root" "$n/$$/root" "$n/1/root"; do
			hull exec c1 "/proc/self/fd/$root$WORK/echo" escaped 9< /
			lacks "$OUT" escaped
			differ "$RC" 0
		done
	done
}
it program_is_behind_a_descriptor 'the program cannot be reached through a descriptor of the runtime or its caller'

uids_overflow() {
	cp "$BUNDLE/config.json" "$WORK/config"
	for key in uid gid; do
		for id in 4294967295 4294967296 18446744073709551616 -1 0.5 1e3 '"0"' null; do
			jq ".process.user.$key = \"ID\"" "$WORK/config" | sed "s/\"ID\"/$id/" > "$BUNDLE/config.json"
			hull run c1
			[ "$id" = null ] || differ "$key $id: $RC" "$key $id: 0"
		done
	done
	for id in 4294967295 4294967296 -1; do
		jq ".process.user.additionalGids = [1, $id]" "$WORK/config" > "$BUNDLE/config.json"
		fails 1 run c1
		has "$ERR" 'additionalGids'
	done
	jq '.process.user = {"uid": 4294967294, "gid": 4294967294}
		| .process.args = ["id", "-u"]' "$WORK/config" > "$BUNDLE/config.json"
	ok run c1
	equal "$OUT" 4294967294
}
it uids_overflow 'user and group ids that do not fit are refused, none of them becomes 0 (CVE-2024-40635)'

many_id_maps() {
	userns
	maps='[range($n) | {"containerID": ., "hostID": (. + 1000), "size": 1}]'
	config ".linux.uidMappings = $maps | .linux.gidMappings = $maps" --argjson n 340
	chown -R 1000:1000 "$ROOTFS"
	inside 'wc -l < /proc/self/uid_map; id -u'
	equal "$OUT" '340
0'
	for n in 341 5000; do
		config ".linux.uidMappings = $maps" --argjson n "$n"
		fails 1 run c1
		has "$ERR" uidMappings
	done
}
it many_id_maps '340 id mappings work, more are an error and never the namespaces of the host (CVE-2021-43784)'

id_maps_that_the_kernel_cannot_read() {
	userns
	config '.linux.uidMappings = [range(340) | {"containerID": (. + 1000000000 * (if . > 0 then 1 else 0 end)),
		"hostID": (. + 2000000000), "size": 1}]'
	fails 1 run c1
	differ "$ERR" ''
	missing "$STATE/c1"
}
it id_maps_that_the_kernel_cannot_read 'id mappings longer than the kernel reads are an error'

# ---- hostile programs ---------------------------------------------------------------------------

descriptors_of_the_caller() {
	mkdir "$WORK/host"
	config '.process.args = ["sleep", "1000"]'
	hull create --pid-file "$WORK/pid" c1 7< "$WORK/host" 9< / 8> "$WORK/file"
	hull start c1 9< /
	equal "$RC" 0
	equal "$(ls "/proc/$(cat "$WORK/pid")/fd" | tr '\n' ' ')" '0 1 2 '
	hull exec c1 ls /proc/self/fd 7< "$WORK/host" 9< / 8> "$WORK/file"
	equal "$(echo "$OUT" | tr '\n' ' ')" '0 1 2 3 '
}
it descriptors_of_the_caller 'no descriptor of the caller or of the runtime reaches init or an exec'

waiting_init_has_nothing_to_give() {
	userns
	all_capable
	ok create c1
	ok exec c1 sh -c 'cd /proc/1/fd || exit 0; for fd in *; do ls -d "$fd/1/root" "$fd/etc" "$fd/.."; done 2> /dev/null'
	equal "$OUT" ''
}
it waiting_init_has_nothing_to_give 'what init has open before start is out of reach for an exec in the same user namespace'

inheritable_is_empty() {
	config '.process.args = ["grep", "Cap[IA]", "/proc/self/status"]'
	ok run c1
	has "$OUT" "CapInh:	0000000000000000"
	started c2
	ok exec c2 grep CapInh /proc/self/status
	equal "$OUT" "CapInh:	0000000000000000"
	ok exec --cap CAP_NET_RAW --cap CAP_SYS_ADMIN c2 grep CapInh /proc/self/status
	equal "$OUT" "CapInh:	0000000000000000"
	ok exec --cap CAP_NET_RAW --user 1000 c2 grep CapInh /proc/self/status
	lacks "$OUT" "CapInh:	0000000000202000"
}
it inheritable_is_empty 'nothing is inheritable that config.json does not say, with exec --cap neither (CVE-2022-29162)'

exec_as_nobody_knows_who() {
	started c1
	for user in -1 4294967295 4294967296 99999999999 18446744073709551616 ' 1' '1 ' +1 0x1 1e3 : :1 1: 1:: \
		1:-1 1:4294967295 1:4294967296 1:1:1 '1: 1' root 'ro ot' 1.0 '1,2' "$(printf '1\n')x"; do
		hull exec --user "$user" c1 id -u
		differ "$user: $RC" "$user: 0"
		equal "$OUT" ''
		has "$ERR" user
	done
	ok exec --user 12:34 c1 sh -c 'id -u; id -g'
	equal "$OUT" '12
34'
}
it exec_as_nobody_knows_who 'exec --user takes numbers in range and nothing that looks like them (CVE-2026-30892)'

# A copy, since it is attacked: nobody else's executable is at stake.
copy_of_hull() {
	mkdir -p "$WORK/bin/libexec"
	cp "$HULL" "$WORK/bin/hull"
	cp "$(dirname "$HULL")/libexec/hull" "$WORK/bin/libexec/hull"
	HULL=$WORK/bin/hull
	sums > "$WORK/sum"
}
sums() { sha256sum "$HULL" "$(dirname "$HULL")/libexec/hull"; }
# Names by which a container executes hull: it is what executes them.
ways_to_executable() {
	ln -s /proc/self/exe "$ROOTFS/link"
	printf '#!/proc/self/exe\n' > "$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
}
copy_is_intact() { equal "$(sums)" "$(cat "$WORK/sum")"; }

# What the attack by LD_PRELOAD comes to: a static hull does not load anything, it tells what it takes.
fate_of_preload() {
	if readelf -lW "$(dirname "$HULL")/libexec/hull" | grep -q INTERP; then
		echo 'Read-only file system'
	else
		echo '--help' # as hull says it, to no arguments and to bad ones
	fi
}

executable_is_hijacked() {
	compile -shared -fPIC -o "$ROOTFS/hijack.so" "$LIB/hijack.c"
	copy_of_hull
	all_capable
	cat > "$ROOTFS/hijacked" <<- 'END'
		sleep 0.3
		for i in $(seq 20); do echo evil >> /proc/self/fd/3 && echo written; done
		for i in $(seq 20); do echo evil > /proc/self/fd/3 && echo written; done
	END
	for lib in lib lib64 usr/lib; do
		mounts "[{\"destination\": \"/$lib\", \"source\": \"/$lib\", \"options\": [\"rbind\", \"ro\"]}]"
	done
	ways_to_executable
	fate=$(fate_of_preload)
	# a build with the address sanitizer wants to be the first library
	config '.process.env += ["ASAN_OPTIONS=verify_asan_link_order=0", "LD_PRELOAD=/hijack.so"]'
	for program in /proc/self/exe /link /script; do
		config '.process.args = [$program]' --arg program "$program"
		hull run c1
		has "$ERR$OUT" "$fate"
		equal "$(echo "$OUT" | grep -cx written)" 0
		copy_is_intact
	done
	config '.process.args = ["sleep", "1000"] | .process.env |= .[:-1]'
	ok create c1
	ok start c1
	for program in /proc/self/exe /link /script; do
		hull exec --env LD_PRELOAD=/hijack.so c1 "$program"
		has "$ERR$OUT" "$fate"
		equal "$(echo "$OUT" | grep -cx written)" 0
		copy_is_intact
	done
}
it executable_is_hijacked 'a program that gets hold of the executable of hull cannot write to it (CVE-2019-5736)'

executable_is_held_from_outside() {
	copy_of_hull
	all_capable
	cat > "$ROOTFS/attack" <<- 'END'
		hold() {
			exec 3< $1/exe && echo $1 >> /tmp/held
			until [ -e /tmp/stop ]; do sleep 0.1; done
			echo evil >> /proc/self/fd/3 && echo $1 >> /tmp/written
		}
		until [ -e /tmp/stop ]; do
			for p in /proc/[0-9]*; do
				{ read -r comm < $p/comm; } 2> /dev/null && case $comm in hull | exe | link | script) ;; *) continue ;; esac
				(hold $p) 2>> /tmp/refused &
			done
		done
		wait
		touch /tmp/ended
	END
	config '.process.args = ["sh", "/attack"]'
	ok create c1
	ok start c1
	touch "$ROOTFS/tmp/held"
	ways_to_executable
	for _ in $(seq 100); do
		for program in true /proc/self/exe /link /script; do
			hull exec c1 "$program"
		done
		[ "$(wc -l < "$ROOTFS/tmp/held")" -lt 5 ] || break
	done
	touch "$ROOTFS/tmp/stop"
	eventually test -e "$ROOTFS/tmp/ended"
	missing "$ROOTFS/tmp/written"
	has "$(cat "$ROOTFS/tmp/refused")" 'Read-only file system'
	copy_is_intact
}
it executable_is_held_from_outside 'a process that keeps the executable of an exec open cannot write to it'

joining_process_is_watched() {
	userns
	all_capable
	cat > "$ROOTFS/attack" <<- 'END'
		while [ ! -e /tmp/stop ]; do
			for p in /proc/[0-9]*; do
				{ read -r comm < $p/comm; } 2> /dev/null && case $comm in hull | exe | link | script) ;; *) continue ;; esac
				for it in $p/fd/[3-9]* $p/cwd/rootfs $p/root/usr; do
					[ ! -L $it ] && [ ! -e $it ] || echo $it >> /tmp/seen
				done
				echo $p >> /tmp/met
			done
		done
	END
	config '.process.args = ["sh", "/attack"]'
	ok create c1
	ok start c1
	touch "$ROOTFS/tmp/met"
	chmod 666 "$ROOTFS/tmp/met"
	ways_to_executable
	for _ in $(seq 100); do
		for program in true /proc/self/exe /link /script; do
			hull exec c1 "$program"
		done
		[ "$(wc -l < "$ROOTFS/tmp/met")" -lt 5 ] || break
	done
	touch "$ROOTFS/tmp/stop"
	differ "$(cat "$ROOTFS/tmp/met")" ''
	equal "$(cat "$ROOTFS/tmp/seen" 2> /dev/null)" ''
}
it joining_process_is_watched 'an exec on its way in shows nothing to root of the container (CVE-2016-9962)'

cgroup_of_an_exec() {
	started c1
	for path in .. ../.. /.. /../.. a/../.. ./../.. a/../../.. //..; do
		hull exec --cgroup "$path" c1 true
		differ "$path: $RC" "$path: 0"
		has "$ERR" cgroup
	done
	missing "$(cgroup_tree)/../a"
}
it cgroup_of_an_exec 'exec --cgroup does not leave the cgroup of the container'

cgroups_without_a_namespace() {
	userns
	drop_namespace cgroup
	all_capable
	for options in '["rw", "nosuid"]' '["nosuid"]' '["ro"]'; do
		config '(.mounts[] | select(.type == "cgroup")).options = $options' --argjson options "$options"
		inside 'cd /sys/fs/cgroup; mkdir own 2> /dev/null && echo made
			for file in cgroup.procs cgroup.freeze cgroup.subtree_control cgroup.max.depth; do
				{ echo 1 > $file; } 2> /dev/null && echo "wrote $file"
			done
			mount -o remount,bind,rw /sys/fs/cgroup 2> /dev/null
			mkdir own 2> /dev/null && echo made after remount; true'
		equal "$OUT" ''
	done
}
it cgroups_without_a_namespace 'in a user namespace without a cgroup namespace no cgroup can be written (CVE-2023-25809)'

# ---- all that protects --------------------------------------------------------------------------

# What differs from kernel to kernel is told only when it is wrong.
fingerprint='
	mounted() { awk -v at="$1" "\$5 == at { print \$6, \$(NF - 2) }" /proc/self/mountinfo; }
	for path in $(awk "{ print \$5 }" /proc/self/mountinfo | sort); do
		case " $MASKED $READONLY / " in *" $path "*) ;; *) echo $path $(mounted $path) ;; esac
	done
	for path in $MASKED; do
		if [ -d $path ]; then ls -A $path; elif [ -e $path ]; then head -c 1 $path; fi
	done
	for path in $READONLY; do
		[ ! -e $path ] || case $(mounted $path) in ro,*) ;; *) echo writable: $path ;; esac
	done
	for ns in pid net ipc uts mnt cgroup user; do
		case $HOST in *"$(readlink /proc/self/ns/$ns)"*) echo shared: $ns ;; esac
	done
	grep -e Cap -e NoNewPrivs -e Seccomp: /proc/self/status | tr "\t" " "
	echo descriptors: $(ls /proc/self/fd)
	echo devices: $(ls /dev)
	echo ids: $(id -u) $(id -g) $(id -G), umask $(umask)
	mount -t tmpfs none /tmp
	mknod /tmp/fuse c 10 229 && true < /tmp/fuse
	echo host > /proc/sys/kernel/hostname
	hostname other
	mkdir /sys/fs/cgroup/own
	kill -0 2; true'

expected_fingerprint='/dev rw,nosuid,noexec tmpfs
/dev/mqueue rw,nosuid,nodev,noexec,relatime mqueue
/dev/pts rw,nosuid,noexec,relatime devpts
/proc rw,nosuid,nodev,noexec,relatime proc
/sys ro,nosuid,nodev,noexec,relatime sysfs
/sys/fs/cgroup ro,nosuid,nodev,noexec,relatime cgroup2
shared: user
CapInh: 0000000000000000
CapPrm: 00000000a80425fb
CapEff: 00000000a80425fb
CapBnd: 00000000a80425fb
CapAmb: 0000000000000000
NoNewPrivs: 0
Seccomp: 2
descriptors: 0 1 2 3
devices: fd full mqueue null ptmx pts random stderr stdin stdout tty urandom zero
ids: 0 0 0, umask 0022
mount: permission denied (are you root?)
sh: can'\''t open /tmp/fuse: Operation not permitted
sh: can'\''t create /proc/sys/kernel/hostname: Read-only file system
hostname: sethostname: Operation not permitted
mkdir: can'\''t create directory '\''/sys/fs/cgroup/own'\'': Read-only file system
sh: can'\''t kill pid 2: No such process'

podman_fingerprint() {
	cp "$FIXTURES/clients/podman/run-echo/001-create/config.json" "$BUNDLE/config.json"
	config '.root.path = "rootfs" | .mounts |= map(select(.type != "bind")) | del(.linux.cgroupsPath)
		| del(.process.rlimits, .linux.resources.pids)
		| .process.env += ["HOST=" + $host, "MASKED=" + (.linux.maskedPaths | join(" ")),
			"READONLY=" + (.linux.readonlyPaths | join(" "))]' \
		--arg host "$(readlink /proc/self/ns/*)"
	inside "exec 2>&1; $fingerprint"
	equal "$OUT" "$expected_fingerprint"
}
it podman_fingerprint 'mounts, masks, capabilities, seccomp, descriptors and devices of a podman container are as ever'

finish
