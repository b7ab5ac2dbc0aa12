#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pods: containerd's CRI plugin with the runtime handler `hull`, driven as a kubelet drives it.
# There is no CNI here: pods live in the network of the host.
. "$(dirname "$0")/lib.sh"

if ! /usr/bin/python3 -c 'import grpc' 2> /dev/null; then
	echo "1..0 # SKIP python3-grpcio is not installed"
	exit 0
fi
if ! command -v protoc-c > /dev/null; then
	echo "1..0 # SKIP protobuf-c-compiler is not installed"
	exit 0
fi

here=$(dirname "$0")
protoc-c --proto_path="$here" --descriptor_set_out="$C/cri.desc" "$here/cri.proto"

# CRI has one namespace for everything it makes, and takes names of images as Docker does. Parent of
# its cgroups stays what this run alone has.
eval "cgroup_parent() { echo '$(cgroup_parent)'; }"
POD_CGROUP=/$CONTAINERD_NAMESPACE
CONTAINERD_NAMESPACE=k8s.io
IMAGE=localhost/hull-test:1

# Every pod gets a share of the CPU, unless CRI is to leave cgroups alone.
disable_cgroup=true
! has_controller cpu || disable_cgroup=false

containerd_begin "
	[plugins.'io.containerd.grpc.v1.cri']
		sandbox_image = '$IMAGE'
		disable_apparmor = true
		disable_cgroup = $disable_cgroup
		restrict_oom_score_adj = true
	[plugins.'io.containerd.grpc.v1.cri'.cni]
		bin_dir = '$C/cni/bin'
		conf_dir = '$C/cni/net.d'
	[plugins.'io.containerd.grpc.v1.cri'.containerd]
		default_runtime_name = 'hull'
	[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.hull]
		runtime_type = '$RUNTIME'
"
