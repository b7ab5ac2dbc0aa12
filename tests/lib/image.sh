#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An OCI image of busybox as a tar that `ctr images import` takes, made without a registry:
#	image.sh NAME FILE
set -eu

name=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/root/bin" "$work/root/tmp" "$work/root/etc" "$work/oci/blobs/sha256"
cp "$(command -v busybox)" "$work/root/bin/busybox"
chroot "$work/root" /bin/busybox --install -s /bin
echo 'root:x:0:0:root:/root:/bin/sh' > "$work/root/etc/passwd"
echo 'root:x:0:' > "$work/root/etc/group"
chmod 1777 "$work/root/tmp"

# blob FILE: moves it among the blobs; prints digest and size.
blob() {
	digest=$(sha256sum "$1" | cut -d ' ' -f 1)
	size=$(stat -c %s "$1")
	mv "$1" "$work/oci/blobs/sha256/$digest"
	echo "$digest $size"
}

tar -C "$work/root" --sort=name --owner=0 --group=0 --mtime=@0 -cf "$work/layer" .
layer=$(blob "$work/layer")

cat > "$work/config" <<-JSON
	{"architecture":"amd64","os":"linux",
	 "config":{"Env":["PATH=/bin"],"Cmd":["sleep","1000000"]},
	 "rootfs":{"type":"layers","diff_ids":["sha256:${layer% *}"]}}
JSON
config=$(blob "$work/config")

cat > "$work/manifest" <<-JSON
	{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
	 "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:${config% *}","size":${config#* }},
	 "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"sha256:${layer% *}","size":${layer#* }}]}
JSON
manifest=$(blob "$work/manifest")

cat > "$work/oci/index.json" <<-JSON
	{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
	 "digest":"sha256:${manifest% *}","size":${manifest#* },
	 "annotations":{"io.containerd.image.name":"$name"},
	 "platform":{"architecture":"amd64","os":"linux"}}]}
JSON
echo '{"imageLayoutVersion":"1.0.0"}' > "$work/oci/oci-layout"
tar -C "$work/oci" -cf "$out" .
