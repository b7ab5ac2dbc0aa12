#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes what a guest boots from, out of Debian's packages:  tests/vm/image.sh SUITE DIR
#
#	DIR/root.ext4	the root file system; nothing of ours but the user tester
#	DIR/vmlinux	the kernel, unpacked: unpacking it takes an emulated processor seconds
#	DIR/initrd	busybox and the modules that reach the disk
#	DIR/key		what all that was made from: while it is the same, nothing is done
#
# The packages come from where this machine's packages come from.
set -euo pipefail
cd "$(dirname "$0")"
suite=$1 dir=$2

say() {
	echo "# image of $suite: $*"
}

packages() {
	awk -v suite="$suite" '$1 == suite || $1 == "all" { print $2 }' packages.txt
}

# The sources of this machine's own release, for the suite.
sources() {
	local own uri release component

	own=$(. /etc/os-release && echo "$VERSION_CODENAME")
	apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' | sort -u |
		while read -r uri release component; do
			[[ $release != "$own"* || $component != main ]] ||
				echo "deb $uri $suite${release#"$own"} $component"
		done
}

# debootstrap DIR: the packages, without what tests never read.
debootstrap() {
	INITRD=No mmdebstrap --quiet --format=directory --variant=minbase \
		--include="$(packages | paste -sd ,)" \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt=force-unsafe-io \
		--aptopt='APT::Install-Recommends "false"' \
		"$suite" "$1" <<<"$(sources)"
}

# add_tester DIR: an ordinary user, with ids of its own to give to containers.
add_tester() {
	chroot "$1" useradd --create-home --shell /bin/bash --uid 1000 tester
	echo tester:100000:65536 | tee "$1/etc/subuid" >"$1/etc/subgid"
	echo 'tester ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/tester"
	echo 127.0.0.1 localhost hull-test >"$1/etc/hosts"
	echo hull-test >"$1/etc/hostname"
}

# field FILE OFFSET SIZE: a little-endian number.
field() {
	od -A n -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '
}

# unpack_kernel BZIMAGE: the ELF file in it; where that is, its header says (Documentation/x86/boot).
unpack_kernel() {
	local start

	start=$((($(field "$1" 0x1f1 1) + 1) * 512 + $(field "$1" 0x248 4)))
	dd if="$1" of="$work/payload" bs=1M iflag=skip_bytes,count_bytes status=none \
		skip=$start count="$(field "$1" 0x24c 4)"
	case $(od -A n -t x1 -N 4 "$work/payload") in
	*'fd 37 7a 58') xz -dc ;;
	*'28 b5 2f fd') zstd -dc ;;
	*'1f 8b'*) gzip -dc ;;
	esac <"$work/payload" 2>/dev/null || true # behind it is a length, which is no error
}

# make_initrd ROOT: modules in the order of loading; those that the kernel has built in are no files.
make_initrd() {
	local version module file

	version=$(basename "$1"/usr/lib/modules/*)
	mkdir -p "$work"/initrd/{bin,dev,proc,modules,root}
	cp "$1/bin/busybox" "$work/initrd/bin/"
	depmod --basedir "$1" "$version"
	for module in virtio_pci virtio_blk virtio_console ext4; do
		modprobe --dirname "$1" --set-version "$version" --show-depends "$module"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		module=$(basename "${file%.xz}")
		if [[ $file == *.xz ]]; then xz -dc "$file"; else cat "$file"; fi \
			>"$work/initrd/modules/$module"
		echo "$module"
	done >"$work/initrd/modules/order"
	(cd "$work/initrd" && find . | cpio --quiet --create --format newc --owner 0:0)
}

# 3 GB, of which the files of a guest take a quarter; without what only matters after a crash.
make_disk() {
	mke2fs -q -t ext4 -O ^has_journal,^metadata_csum -E lazy_itable_init=1,nodiscard -m 0 \
		-d "$1" "$2" 3G >/dev/null
}

key=$(cat image.sh packages.txt <(sources) | sha256sum | cut -c 1-16)
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
[ "$key" != "$(cat "$dir/key" 2>/dev/null)" ] || exit 0

work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
say "installing $(packages | wc -l) packages and what they need"
debootstrap "$work/root"
add_tester "$work/root"
say "kernel and disk"
unpack_kernel "$work"/root/boot/vmlinuz-* >"$dir/vmlinux"
make_initrd "$work/root" >"$dir/initrd"
rm -rf "$work"/root/boot/* "$work"/root/var/cache/apt/* "$work"/root/var/lib/apt/lists/*
make_disk "$work/root" "$dir/root.ext4"
echo "$key" >"$dir/key"
say "made in $SECONDS s, $(du -m "$dir/root.ext4" | cut -f 1) MB"
