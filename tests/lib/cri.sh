# shellcheck shell=sh disable=SC2034,SC2154
# SPDX-License-Identifier: Apache-2.0
# What a kubelet does: pods and containers through containerd's CRI plugin, with the runtime handler
# `hull`. There is no CNI: pods live in the network of the host. Sourced after lib/containerd.sh:
#
#	containerd_begin "$(cri_config false)"
#	pod one
#	start first sleep 1000
#	exec_in "$ID" echo here
#	pods_end

# CRI has one namespace for all it makes, and takes names of images as Docker does.
CRI_NAMESPACE=k8s.io
IMAGE=localhost/hull-test:1
CRI_OPTIONS=$C/options.toml # options of the runtime

# cri_config DISABLE-CGROUP: the part of containerd's configuration.
cri_config() {
	cat <<-TOML
		[plugins.'io.containerd.grpc.v1.cri']
			sandbox_image = '$IMAGE'
			disable_apparmor = true
			disable_cgroup = $1
			restrict_oom_score_adj = true
		[plugins.'io.containerd.grpc.v1.cri'.cni]
			bin_dir = '$C/cni/bin'
			conf_dir = '$C/cni/net.d'
		[plugins.'io.containerd.grpc.v1.cri'.containerd]
			default_runtime_name = 'hull'
		[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.hull]
			runtime_type = '$RUNTIME'
		[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.hull.options]
			ConfigPath = '$CRI_OPTIONS'
			Root = '$C/runtime'
	TOML
}

# ---- calls ---------------------------------------------------------------------------------------

# ask METHOD [REQUEST]: one call; its answer.
ask() {
	timeout -k 5 90 "$srcdir/tests/containerd/cri_client.py" "$C/containerd.sock" "$@"
}

# cri METHOD [REQUEST]: a call that works; its answer in $ANSWER.
cri() {
	ANSWER=$(ask "$@" 2> "$WORK/err") || die "$*: $(cat "$WORK/err")"
}

# refused METHOD REQUEST: a call that does not work; its code and text in $ERR.
refused() {
	! ask "$@" > "$WORK/out" 2> "$WORK/err" || die "$*: works"
	ERR=$(cat "$WORK/err")
}

answer() { printf '%s' "$ANSWER" | jq -r "$1"; }

as_container() { echo "{\"container_id\":\"$1\"}"; }
as_pod() { echo "{\"pod_sandbox_id\":\"$1\"}"; }
words() { jq -cn '$ARGS.positional' --args -- "$@"; }

# ---- pods and containers -------------------------------------------------------------------------

OWN_PIDS='{"namespace_options":{"network":"NODE","pid":"CONTAINER"}}'

# pod NAME [SECURITY]: a pod in $POD, below $POD_CGROUP; how its containers are secured is remembered
# for them.
pod() {
	SECURITY=${2:-$OWN_PIDS}
	POD_CONFIG="{\"metadata\":{\"name\":\"$1\",\"uid\":\"$1\",\"namespace\":\"default\"},
		\"log_directory\":\"$WORK/logs\",
		\"linux\":{\"cgroup_parent\":\"$POD_CGROUP\",\"security_context\":$SECURITY}}"
	cri RunPodSandbox "{\"runtime_handler\":\"hull\",\"config\":$POD_CONFIG}"
	POD=$(answer .pod_sandbox_id)
}

# create NAME COMMAND...: a container of that pod in $ID, with $TTY and $RESOURCES.
create() {
	create_name=$1
	shift
	cri CreateContainer "{\"pod_sandbox_id\":\"$POD\",\"sandbox_config\":$POD_CONFIG,\"config\":{
		\"metadata\":{\"name\":\"$create_name\"},\"image\":{\"image\":\"$IMAGE\"},
		\"command\":$(words "$@"),\"log_path\":\"$create_name\",\"tty\":${TTY:-false},
		\"linux\":{${RESOURCES:+"\"resources\":$RESOURCES,"}\"security_context\":$SECURITY}}}"
	ID=$(answer .container_id)
}

start() {
	create "$@"
	cri StartContainer "$(as_container "$ID")"
}

# exec_in ID COMMAND...: exec sync; what it brings in $OUT, $ERR and $RC.
exec_in() {
	exec_id=$1
	shift
	cri ExecSync "{\"container_id\":\"$exec_id\",\"cmd\":$(words "$@")}"
	OUT=$(answer '.stdout | @base64d') ERR=$(answer '.stderr | @base64d') RC=$(answer .exit_code)
}

stop() { cri StopContainer "{\"container_id\":\"$1\",\"timeout\":$2}"; }

# container_has ID FIELD: one field of its status.
container_has() { ask ContainerStatus "$(as_container "$1")" | jq -r ".status.$2"; }
has_state() { [ "$(container_has "$1" state)" = "CONTAINER_$2" ]; }
cri_answers() { ask Status > "$WORK/status" 2>&1; }

pods_end() {
	for id in $(ask ListPodSandbox | jq -r '.items[].id'); do
		ask StopPodSandbox "$(as_pod "$id")"
		ask RemovePodSandbox "$(as_pod "$id")"
	done
}
