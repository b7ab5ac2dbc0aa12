#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Root file systems that the shim mounts, as snapshotters ask for them.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/shim.sh"

overlay_rootfs() {
	mv "$ROOTFS" "$WORK/lower"
	mkdir "$WORK/upper" "$WORK/work"
	program 'echo written > /file; cat /extra 2> /dev/null; exit 6'
	shim c1
	create c1 "rootfs=[{\"type\": \"overlay\", \"source\": \"overlay\", \"options\": [\"index=off\",
		\"lowerdir=$WORK/lower\", \"upperdir=$WORK/upper\", \"workdir=$WORK/work\"]}]"
	grep -q " $ROOTFS .* - overlay " /proc/self/mountinfo || die 'no overlay is mounted'
	call Start id=c1
	call Wait id=c1
	equal "$(get .exit_status)" 6
	call Delete id=c1
	equal "$(cat "$WORK/upper/file")" written
	lacks "$(cat "/proc/$SHIM_PID/mountinfo")" "$ROOTFS"
}
it overlay_rootfs 'the root file system is mounted as asked and unmounted by Delete'

overlay_of_many_layers() {
	mv "$ROOTFS" "$WORK/lower"
	mkdir "$WORK/upper" "$WORK/work" "$WORK/layers"
	layers=$WORK/lower
	for i in $(seq 100); do
		mkdir "$WORK/layers/a-layer-with-a-rather-long-name-to-fill-the-page-$i"
		layers=$WORK/layers/a-layer-with-a-rather-long-name-to-fill-the-page-$i:$layers
	done
	echo found > "$WORK/layers/a-layer-with-a-rather-long-name-to-fill-the-page-50/extra"
	program 'cat /extra'
	shim c1
	create c1 "stdout=file://$WORK/out" "rootfs=[{\"type\": \"overlay\", \"source\": \"overlay\", \"options\":
		[\"lowerdir=$layers\", \"upperdir=$WORK/upper\", \"workdir=$WORK/work\"]}]"
	call Start id=c1
	call Wait id=c1
	call Delete id=c1
	equal "$(cat "$WORK/out")" found
}
it overlay_of_many_layers 'an overlay may have more layers than fit into a page'

bind_rootfs() {
	mv "$ROOTFS" "$WORK/real"
	program 'echo x > /file || exit 8'
	shim c1
	create c1 "rootfs=[{\"type\": \"bind\", \"source\": \"$WORK/real\", \"options\": [\"rbind\", \"ro\"]}]"
	call Start id=c1
	call Wait id=c1
	equal "$(get .exit_status)" 8
	call Delete id=c1
	missing "$WORK/real/file"
}
it bind_rootfs 'a read-only bind mount is one, and goes'

failed_mounts_are_undone() {
	mv "$ROOTFS" "$WORK/real"
	shim c1
	refused '2 OCI runtime create failed: rootfs[1]' Create id=c1 "bundle=$BUNDLE" \
		"rootfs=[{\"type\": \"bind\", \"source\": \"$WORK/real\", \"options\": [\"rbind\"]},
			{\"type\": \"nosuchfs\", \"source\": \"x\"}]"
	has "$OUT" nosuchfs
	equal "$(mounted)" ''
	mkdir "$ROOTFS/in"
	refused '2 OCI runtime create failed: rootfs[2]' Create id=c1 "bundle=$BUNDLE" 'rootfs=[
		{"type": "tmpfs", "source": "x", "target": "/in"}, {"type": "tmpfs", "source": "x", "target": "/in/deeper"},
		{"type": "nosuchfs", "source": "x"}]'
	equal "$(mounted)" ''
}
it failed_mounts_are_undone 'when one mount fails those before it are undone, wherever they are'

what_the_mount_manager_does() {
	shim c1
	refused '2 OCI runtime create failed: rootfs[0]: mounts of type format/mkdir/overlay are for containerd' \
		Create id=c1 "bundle=$BUNDLE" 'rootfs=[{"type": "format/mkdir/overlay", "source": "x"}]'
	refused '2 OCI runtime create failed: rootfs[0]: X-containerd.mkdir.path=/x is for containerd' \
		Create id=c1 "bundle=$BUNDLE" 'rootfs=[{"type": "tmpfs", "source": "x",
			"options": ["ro", "X-containerd.mkdir.path=/x"]}]'
	equal "$(mounted)" ''
}
it what_the_mount_manager_does "what only containerd's mount manager can do is refused: types with a slash, options X-containerd.*"

# ends_with STATUS [ROOTFS-JSON]: the container of the bundle, from create to delete; output in $WORK/out.
ends_with() {
	create c1 "stdout=file://$WORK/out" "rootfs=$2"
	call Start id=c1
	call Wait id=c1
	equal "$(get '.exit_status // 0')" "$1"
	call Delete id=c1
	lacks "$(cat "/proc/$SHIM_PID/mountinfo")" "$ROOTFS"
}

targets() {
	mkdir "$WORK/real"
	echo found > "$WORK/real/file"
	program 'stat -f -c %T /a; cat /a/"b c"/file; touch /a/"b c"/file 2>&1; ls -d /outside'
	shim c1
	create c1 "stdout=file://$WORK/out" "rootfs=[{\"type\": \"tmpfs\", \"source\": \"x\", \"target\": \"/a\"},
		{\"type\": \"bind\", \"source\": \"$WORK/real\", \"target\": \"a/b c\", \"options\": [\"rbind\", \"ro\"]},
		{\"type\": \"tmpfs\", \"source\": \"x\", \"target\": \"../../../outside\"}]"
	equal "$(mounted)" "$ROOTFS/a $ROOTFS/a/b040c $ROOTFS/outside" # xargs eats the backslash
	call Start id=c1
	call Wait id=c1
	equal "$(get '.exit_status // 0')" 0
	call Delete id=c1
	equal "$(cat "$WORK/out")" "tmpfs
found
touch: /a/b c/file: Read-only file system
/outside"
	equal "$(mounted)" ''
}
it targets 'a target is a place inside the root file system; Delete unmounts them all'

covered() {
	mkdir -p "$ROOTFS/a/b"
	mv "$ROOTFS" "$WORK/real"
	mkdir -p "$ROOTFS/a/b"
	program 'exit 3'
	shim c1
	create c1 "rootfs=[{\"type\": \"tmpfs\", \"source\": \"x\", \"target\": \"/a/b\"},
		{\"type\": \"tmpfs\", \"source\": \"x\", \"target\": \"/a\"},
		{\"type\": \"tmpfs\", \"source\": \"x\"},
		{\"type\": \"bind\", \"source\": \"$WORK/real\", \"options\": [\"rbind\"]}]"
	mount -t tmpfs x "$ROOTFS/tmp"
	equal "$(mounted)" "$ROOTFS/a/b $ROOTFS/a $ROOTFS $ROOTFS $ROOTFS/tmp"
	call Start id=c1
	call Wait id=c1
	equal "$(get .exit_status)" 3
	call Delete id=c1
	equal "$(mounted)" ''
	exists "$WORK/real/bin"
}
it covered 'mounts that cover each other go, those of others within them as well'

# Nothing below what a symlink leads to is ours.
linked() {
	mkdir "$WORK/real" "$WORK/mine"
	mount -t tmpfs x "$WORK/mine"
	mv "$ROOTFS" "$WORK/real/rootfs"
	ln -s "$WORK" "$ROOTFS"
	config '.root.path = $path' --arg path "$WORK/real/rootfs"
	program 'exit 3'
	shim c1
	ends_with 3 '[]'
	mountpoint -q "$WORK/mine" || die 'it was unmounted'
	umount "$WORK/mine"
	refused "2 OCI runtime create failed: rootfs[0]: open: $ROOTFS: Not a directory" Create id=c1 \
		"bundle=$BUNDLE" 'rootfs=[{"type": "tmpfs", "source": "x"}]'
}
it linked 'a rootfs that is a symlink is neither mounted on nor unmounted'

# The propagation of the mount at rootfs/NAME.
propagation() { awk -v at="$ROOTFS/$1" '$5 == at { sub(/:.*/, "", $7); print $7 }' /proc/self/mountinfo; }

propagations() {
	program 'exit 3'
	shim c1
	create c1 'rootfs=[{"type": "tmpfs", "source": "x", "target": "/s", "options": ["shared", "nosuid"]},
		{"type": "tmpfs", "source": "x", "target": "/p", "options": ["rprivate"]},
		{"type": "tmpfs", "source": "x", "target": "/u", "options": ["unbindable"]}]'
	equal "$(propagation s) $(propagation p) $(propagation u)" 'shared - unbindable'
	call Delete id=c1
	equal "$(mounted)" ''
}
it propagations 'propagation is an option like others'

long_paths() {
	deep=$WORK/$(printf '%0200d/%0200d' 0 1)
	mkdir -p "$deep"
	mv "$ROOTFS" "$deep/lower"
	mkdir "$deep/upper" "$deep/work"
	program 'grep -q " / / ro,nosuid,.*noatime.*overlay " /proc/self/mountinfo || cat /proc/self/mountinfo'
	shim c1
	ends_with 0 "[{\"type\": \"overlay\", \"source\": \"overlay\", \"options\": [\"ro\", \"nosuid\",
		\"noatime\", \"lowerdir=$deep/lower\", \"upperdir=$deep/upper\", \"workdir=$deep/work\"]}]"
	equal "$(cat "$WORK/out")" ''
	program 'echo written > /file'
	ends_with 0 "[{\"type\": \"overlay\", \"source\": \"overlay\", \"options\": [
		\"lowerdir=$deep/lower\", \"upperdir=$deep/upper\", \"workdir=$deep/work\"]}]"
	equal "$(cat "$deep/upper/file")" written
}
it long_paths 'paths of an overlay may be longer than a value of the new mount interface'

too_long() {
	deep=$WORK/$(printf '%0200d/%0200d' 0 1)
	shim c1
	refused '2 OCI runtime create failed: rootfs[0].options: ' Create id=c1 "bundle=$BUNDLE" \
		"rootfs=[{\"type\": \"tmpfs\", \"source\": \"x\", \"options\": [\"a=$(printf '%05000d' 0)\"]}]"
	has "$OUT" 'for a mount of type tmpfs: the kernel takes 4095'
	refused '2 OCI runtime create failed: rootfs[0].options: ' Create id=c1 "bundle=$BUNDLE" \
		"rootfs=[{\"type\": \"bind\", \"source\": \"/\", \"options\": [\"bind\", \"a=$(printf '%0300d' 0)\"]}]"
	has "$OUT" 'is no option of a bind mount'
}
it too_long 'options that no interface takes are one clear error'

mapped() {
	config "$USER_NAMESPACE"
}

mapped_overlay() {
	mv "$ROOTFS" "$WORK/lower"
	mkdir "$WORK/second" "$WORK/upper" "$WORK/work"
	touch "$WORK/second/user"
	chown 1000:1001 "$WORK/second/user"
	chown 100000:100000 "$WORK/upper" "$WORK/work"
	chmod 711 "$WORK" "$HARNESS_TMP" "$BUNDLE"
	mapped
	program 'stat -c %u:%g /bin /user && echo written > /file'
	shim c1
	ends_with 0 "[{\"type\": \"overlay\", \"source\": \"overlay\", \"options\": [
		\"uidmap=0:100000:65536\", \"gidmap=0:100000:1000,1000:101000:64536\",
		\"upperdir=$WORK/upper\", \"workdir=$WORK/work\", \"lowerdir=$WORK/second:$WORK/lower\"]}]"
	equal "$(cat "$WORK/out")" "0:0
1000:1001"
	equal "$(stat -c %u:%g "$WORK/upper/file")" 100000:100000
	equal "$(stat -c %u:%g "$WORK/lower/bin")" 0:0
}
it mapped_overlay 'an overlay with uidmap and gidmap: layers have the ids of the container, writes those of the host'

mapped_bind() {
	mv "$ROOTFS" "$WORK/real"
	chmod 711 "$WORK" "$HARNESS_TMP" "$BUNDLE"
	mapped
	program 'stat -c %u:%g /bin'
	shim c1
	ends_with 0 "[{\"type\": \"bind\", \"source\": \"$WORK/real\", \"options\": [\"rbind\",
		\"uidmap=0:100000:65536\", \"gidmap=0:100000:65536\"]}]"
	equal "$(cat "$WORK/out")" 0:0
}
it mapped_bind 'a bind mount with uidmap and gidmap has the ids of the container'

wrong_maps() {
	shim c1
	for options in '"uidmap=0:100000:65536"' '"uidmap=0:1", "gidmap=0:1:2"' '"uidmap=0:1:2:3", "gidmap=0:1:2"' \
		'"uidmap=", "gidmap="' '"uidmap=0:-1:2", "gidmap=0:1:2"'; do
		refused '2 OCI runtime create failed: rootfs[0].options' Create id=c1 "bundle=$BUNDLE" \
			"rootfs=[{\"type\": \"bind\", \"source\": \"/\", \"options\": [$options]}]"
	done
	refused '2 OCI runtime create failed: rootfs[0].options: a mount of type tmpfs cannot be id-mapped' \
		Create id=c1 "bundle=$BUNDLE" "rootfs=[{\"type\": \"tmpfs\", \"source\": \"x\",
			\"options\": [\"uidmap=0:1:2\", \"gidmap=0:1:2\"]}]"
}
it wrong_maps 'maps that are none, or only half, are refused'

loops() { losetup -l -n -O BACK-FILE | grep -c "$WORK/image"; }
no_loops() { [ "$(loops)" = 0 ]; }

loop_image() {
	command -v mkfs.ext4 > /dev/null || skip 'mkfs.ext4 is not installed'
	[ -w /dev/loop-control ] || skip 'there are no loop devices'
	truncate -s 16M "$WORK/image"
	mkfs.ext4 -q -d "$ROOTFS" "$WORK/image"
	rm -rf "$ROOTFS"
	program 'echo written > /file && cat /file'
	shim c1
	ends_with 0 "[{\"type\": \"ext4\", \"source\": \"$WORK/image\", \"options\": [\"loop\"]}]"
	eventually no_loops
	program 'cat /file; echo again > /file || exit 8'
	chmod 400 "$WORK/image"
	ends_with 8 "[{\"type\": \"ext4\", \"source\": \"$WORK/image\", \"options\": [\"ro\", \"loop\"]}]"
	eventually no_loops
	has "$(cat "$WORK/out")" written
	refused '2 OCI runtime create failed: rootfs[0]' Create id=c1 "bundle=$BUNDLE" \
		"rootfs=[{\"type\": \"xfs\", \"source\": \"$WORK/image\", \"options\": [\"loop\"]}]"
	eventually no_loops
	refused "2 OCI runtime create failed: rootfs[0]: open: $WORK/nowhere: No such file" Create id=c1 \
		"bundle=$BUNDLE" "rootfs=[{\"type\": \"ext4\", \"source\": \"$WORK/nowhere\", \"options\": [\"loop\"]}]"
}
it loop_image 'loop: a file is a block device for as long as it is mounted'

# A helper that stands for mount.fuse3: it tells its words and mounts a tmpfs.
fuse_helper() {
	mkdir "$WORK/bin"
	cat > "$WORK/bin/mount.fuse3" <<-SCRIPT
		#!/bin/sh
		[ "\$1" != bad ] || { echo "no such source" >&2; exit 3; }
		[ "\$1" != lazy ] || exit 0
		echo "\$*" > $WORK/words
		mount -t tmpfs none "\$2" && cp -a $WORK/real/. "\$2"
		echo nobody hears this
		sleep 1000 &
		echo \$! > $WORK/daemon
	SCRIPT
	chmod +x "$WORK/bin/mount.fuse3"
	mv "$ROOTFS" "$WORK/real"
}

fuse() {
	fuse_helper
	program 'echo from inside'
	PATH=$WORK/bin:$PATH shim c1
	mkfifo "$WORK/fifo"
	cat "$WORK/fifo" > "$WORK/out" &
	reader=$!
	create c1 "stdout=$WORK/fifo" "rootfs=[{\"type\": \"fuse3.some-fs\", \"source\": \"src\",
		\"options\": [\"lowerdir=/a:/b\", \"ro\"]}]"
	equal "$(cat "$WORK/words")" "src $ROOTFS -o lowerdir=/a:/b -o ro -t some-fs"
	call Start id=c1
	call Wait id=c1
	call Delete id=c1
	wait "$reader"
	kill "$(cat "$WORK/daemon")"
	equal "$(cat "$WORK/out")" 'from inside'
	lacks "$(cat "/proc/$SHIM_PID/mountinfo")" "$ROOTFS"
	refused '2 OCI runtime create failed: rootfs[0]: mount.fuse3 for a mount of type fuse3.some-fs ended with status 3: no such source' \
		Create id=c1 "bundle=$BUNDLE" 'rootfs=[{"type": "fuse3.some-fs", "source": "bad"}]'
	refused '2 OCI runtime create failed: rootfs[0]: mount.fuse3 has mounted nothing on ' \
		Create id=c1 "bundle=$BUNDLE" 'rootfs=[{"type": "fuse3.some-fs", "source": "lazy"}]'
}
it fuse 'fuse3.NAME is mounted by mount.fuse3, whose daemon does not hold the streams; its complaint is told'

fuse_without_helper() {
	shim c1
	refused '2 OCI runtime create failed: rootfs[0]: a mount of type fuse.some-fs needs mount.fuse: install fuse' \
		Create id=c1 "bundle=$BUNDLE" 'rootfs=[{"type": "fuse.some-fs", "source": "x"}]'
}
it fuse_without_helper 'without the helper the error names the package'

finish
