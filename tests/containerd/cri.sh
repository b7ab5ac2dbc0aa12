#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pods: containerd's CRI plugin with the runtime handler `hull`, driven as a kubelet drives it.
# There is no CNI here: pods live in the network of the host. With LONG=1 there are more of them.
# shellcheck disable=SC2034,SC2154 # srcdir: lib/containerd.sh; what lib/cri.sh reads
. "$(dirname "$0")/../lib/containerd.sh"
. "$srcdir/tests/lib/cri.sh"

PODS=4
[ -z "${LONG:-}" ] || PODS=30

# The parent of cgroups stays one that no other run has.
eval "cgroup_parent() { echo '$(cgroup_parent)'; }"
POD_CGROUP=/$CONTAINERD_NAMESPACE
CONTAINERD_NAMESPACE=$CRI_NAMESPACE
# hull reads its options from the file; Root itself is for the Go shim.
echo "Root = '$C/runtime'" > "$CRI_OPTIONS"

# Where the cpu controller is bound to cgroup v1: CRI is to leave cgroups alone.
disable_cgroup=true
! has_controller cpu || disable_cgroup=false

# without_limits: containerd 2 gives every pod a share of the CPU all the same. A runtime of our own takes
# that out of the bundle, and becomes hull.
without_limits() {
	cat > "$C/without-limits" <<-SCRIPT
		#!/bin/sh
		for word; do
			case \$last in --bundle) bundle=\$word ;; esac
			last=\$word
		done
		if [ -n "\$bundle" ]; then
			spec=\$(jq 'del(.linux.resources)' "\$bundle/config.json") || exit
			printf %s "\$spec" > "\$bundle/config.json"
		fi
		exec "$BUILD/hull" "\$@"
	SCRIPT
	chmod +x "$C/without-limits"
	echo "BinaryName = '$C/without-limits'" >> "$CRI_OPTIONS"
}
case $disable_cgroup$("$CONTAINERD" --version) in
true*/containerd/v2*) without_limits ;;
esac

containerd_begin "$(cri_config "$disable_cgroup")"

# ---- kinds of pods -----------------------------------------------------------------------------

POD_PIDS='{"namespace_options":{"network":"NODE","pid":"POD"}}'
HOST_PIDS='{"namespace_options":{"network":"NODE","pid":"NODE"}}'
PRIVILEGED='{"privileged":true,"namespace_options":{"network":"NODE","pid":"CONTAINER"}}'

# What the pause program or a container runs as, on the host.
pid_of() { ctr task ls | awk -v id="$1" '$1 == id { print $2 }'; }
namespace_of() { readlink "/proc/$(pid_of "$1")/ns/$2"; }

test_end() { pods_end; }

# ---- the tests -----------------------------------------------------------------------------------

shares_a_shim() {
	pod two
	start first sleep 1000
	first=$ID
	start second sleep 1000
	equal "$(shims | wc -l)" 1
	equal "$(namespace_of "$first" ipc)" "$(namespace_of "$POD" ipc)"
	equal "$(namespace_of "$ID" ipc)" "$(namespace_of "$POD" ipc)"
	differ "$(namespace_of "$ID" pid)" "$(namespace_of "$first" pid)"
	differ "$(namespace_of "$ID" mnt)" "$(namespace_of "$first" mnt)"
	exec_in "$ID" cat /proc/1/cmdline
	has "$OUT" sleep
}
it shares_a_shim 'a pod and its two containers live in one shim and share what a pod shares'

keeps_pods_apart() {
	pod one
	pod other
	equal "$(shims | wc -l)" 2
	cri StopPodSandbox "$(as_pod "$POD")"
	eventually eval '[ "$(shims | wc -l)" = 1 ]'
}
it keeps_pods_apart 'two pods have two shims, and one goes with its pod'

shares_pids() {
	pod pids "$POD_PIDS"
	start one sleep 1234
	equal "$(namespace_of "$ID" pid)" "$(namespace_of "$POD" pid)"
	exec_in "$ID" ps -o pid,args
	has "$OUT" '1 sleep 1000000'
	has "$OUT" 'sleep 1234'
	stop "$ID" 0
	cri PodSandboxStatus "$(as_pod "$POD")"
	equal "$(answer .status.state)" SANDBOX_READY
}
it shares_pids 'one namespace of processes for the pod: a container that stops leaves the pod running'

executes() {
	pod exec
	start one sleep 1000
	exec_in "$ID" sh -c 'echo out; echo err >&2; exit 3'
	equal "$OUT" out
	equal "$ERR" err
	equal "$RC" 3
	refused ExecSync "{\"container_id\":\"$ID\",\"cmd\":[\"nosuchprogram\"]}"
	has "$ERR" 'executable file not found in $PATH'
	has_state "$ID" RUNNING || die 'the container ended'
}
it executes 'exec sync: both streams, the exit status, one clear error for a missing program'

ends_slow_execs() {
	pod slow
	start one sleep 1000
	refused ExecSync "{\"container_id\":\"$ID\",\"cmd\":[\"sleep\",\"4321\"],\"timeout\":1}"
	has "$ERR" DEADLINE_EXCEEDED
	exec_in "$ID" ps -o args
	lacks "$OUT" 4321
}
it ends_slow_execs 'exec sync with a timeout: the process is killed'

carries_bytes() {
	pod bytes
	start one sleep 1000
	exec_in "$ID" sh -c 'head -c 1000000 /dev/zero | tr "\0" x'
	equal "${#OUT}" 1000000
}
it carries_bytes 'exec sync brings a million bytes'

logs() {
	pod logs
	start one sh -c 'echo to stdout; echo to stderr >&2; sleep 1000'
	eventually grep -qxE '[^ ]+Z stdout F to stdout' "$WORK/logs/one"
	eventually grep -qxE '[^ ]+Z stderr F to stderr' "$WORK/logs/one"
}
it logs 'both streams are in the log of the container'

reopens_logs() {
	pod rotate
	start one sh -c 'while sleep 0.1; do echo tick; done'
	eventually grep -q tick "$WORK/logs/one"
	mv "$WORK/logs/one" "$WORK/logs/one.old"
	cri ReopenContainerLog "$(as_container "$ID")"
	eventually grep -q tick "$WORK/logs/one"
}
it reopens_logs 'a log that was rotated goes on'

has_a_terminal() {
	pod tty
	TTY=true start one sh -c 'tty; stty size; exit 4'
	eventually has_state "$ID" EXITED
	equal "$(container_has "$ID" exit_code)" 4
	eventually grep -q 'stdout F /dev/pts/0' "$WORK/logs/one"
}
it has_a_terminal 'a container with a terminal'

stats() {
	pod stats
	start one sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; sleep 1000'
	eventually eval 'ask ContainerStats "$(as_container "$ID")" |
		jq -e ".stats.cpu.usage_core_nano_seconds.value // 0 | tonumber > 1000000" > /dev/null'
	has_controller memory || return 0
	cri ContainerStats "$(as_container "$ID")"
	differ "$(answer '.stats.memory.working_set_bytes.value // 0')" 0
}
it stats 'stats of a container'

stops_with_grace() {
	pod grace
	start kind sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done'
	eventually grep -q ready "$WORK/logs/kind"
	before=$(date +%s)
	stop "$ID" 30
	[ $(($(date +%s) - before)) -lt 15 ] || die 'the grace was used up'
	equal "$(container_has "$ID" state)" CONTAINER_EXITED
	equal "$(container_has "$ID" exit_code)" 5
	equal "$(container_has "$ID" reason)" Error
}
it stops_with_grace 'stop: SIGTERM first, and the exit status of who obeys'

stops_by_force() {
	pod force
	start stubborn sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	eventually grep -q ready "$WORK/logs/stubborn"
	stop "$ID" 1
	equal "$(container_has "$ID" state)" CONTAINER_EXITED
	equal "$(container_has "$ID" exit_code)" 137
}
it stops_by_force 'stop: SIGKILL when the grace is over'

tells_of_exits() {
	pod exits
	start fine true
	fine=$ID
	start failed sh -c 'exit 9'
	eventually has_state "$fine" EXITED
	equal "$(container_has "$fine" exit_code)" 0
	equal "$(container_has "$fine" reason)" Completed
	eventually has_state "$ID" EXITED
	equal "$(container_has "$ID" exit_code)" 9
}
it tells_of_exits 'a container that ends at once has its exit status'

refuses() {
	pod refuse
	create bad nosuchprogram
	refused StartContainer "$(as_container "$ID")"
	has "$ERR" 'executable file not found in $PATH'
	equal "$(container_has "$ID" state)" CONTAINER_EXITED
	has "$(container_has "$ID" message)" 'executable file not found in $PATH'
	start good true
	eventually has_state "$ID" EXITED
	equal "$(shims | wc -l)" 1
}
it refuses 'a program that is not there fails its container with one clear error, not its pod'

removes() {
	pod remove
	start one sleep 1000
	pid=$(pid_of "$ID") pause=$(pid_of "$POD")
	stop "$ID" 0
	cri RemoveContainer "$(as_container "$ID")"
	gone "$pid"
	cri ListContainers
	equal "$(answer '.containers | length')" 0
	cri StopPodSandbox "$(as_pod "$POD")"
	gone "$pause"
	cri RemovePodSandbox "$(as_pod "$POD")"
	cri ListPodSandbox
	equal "$(answer '.items | length')" 0
	eventually eval '[ -z "$(shims)" ]'
	equal "$(find "$C/state" "$C/runtime" -name "*$POD*" -o -name "*$ID*")" ''
	equal "$(ctr snapshots ls | grep -e "$POD" -e "$ID")" ''
}
it removes 'remove: the container and the pod go, and their processes, bundles, records and snapshots'

removes_by_force() {
	pod rude
	start one sleep 1000
	pid=$(pid_of "$ID")
	cri StopPodSandbox "$(as_pod "$POD")"
	gone "$pid"
	cri StopPodSandbox "$(as_pod "$POD")"
	cri RemovePodSandbox "$(as_pod "$POD")"
	cri RemovePodSandbox "$(as_pod "$POD")"
}
it removes_by_force 'stopping a pod stops its containers; stop and remove may be repeated'

host_pids() {
	pod host "$HOST_PIDS"
	start one sh -c 'sleep 5678 & wait'
	equal "$(namespace_of "$ID" pid)" "$(readlink /proc/self/ns/pid)"
	exec_in "$ID" sh -c 'echo $$'
	[ "$OUT" -gt 100 ] || die "a process of the host has the id $OUT"
	child=$(pgrep -P "$(pid_of "$ID")")
	stop "$ID" 0
	gone "$child"
}
it host_pids 'host pid: the processes of the host are seen; stop ends every process of the container'

privileged() {
	pod power "$PRIVILEGED"
	start strong sleep 1000
	exec_in "$ID" sh -c 'mount -t tmpfs none /tmp && echo mounted; grep CapEff /proc/self/status'
	has "$OUT" mounted
	has "$OUT" "$(grep CapEff /proc/self/status)"
	SECURITY=$OWN_PIDS
	start weak sleep 1000
	exec_in "$ID" mount -t tmpfs none /tmp
	differ "$RC" 0
}
it privileged 'a privileged container has every capability and may mount; its neighbour may not'

hides_paths() {
	pod paths
	SECURITY='{"masked_paths":["/proc/version"],"readonly_paths":["/proc/sys"],
		"namespace_options":{"network":"NODE","pid":"CONTAINER"}}'
	start one sleep 1000
	exec_in "$ID" cat /proc/version
	equal "$OUT" ''
	exec_in "$ID" sh -c ': >> /proc/sys/kernel/hostname'
	differ "$RC" 0
	has "$ERR" 'Read-only file system'
}
it hides_paths 'masked and read-only paths of a request'

survives_containerd() {
	pod restart
	start alive sh -c 'while sleep 0.1; do echo tick; done'
	alive=$ID
	start ends sh -c 'while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 6'
	root=/proc/$(pid_of "$ID")/root
	containerd_stop KILL
	touch "$root/tmp/go"
	eventually eval '[ ! -e "$root/tmp" ]'
	containerd_start
	eventually cri_answers
	has_state "$alive" RUNNING || die "it is $(container_has "$alive" state)"
	eventually has_state "$ID" EXITED
	# since 1.7 containerd forgets, when it starts, how a container has ended meanwhile: with
	# RUNTIME=io.containerd.runc.v2 as well
	case $("$CONTAINERD" --version) in
	*' 1.6.'*) equal "$(container_has "$ID" exit_code)" 6 ;;
	*) equal "$(container_has "$ID" exit_code)" 255 ;;
	esac
	exec_in "$alive" echo here
	equal "$OUT" here
	: > "$WORK/logs/alive"
	eventually grep -q tick "$WORK/logs/alive"
	start later sleep 1000
	equal "$(shims | wc -l)" 1
	stop "$alive" 0
	equal "$(container_has "$alive" exit_code)" 137
}
it survives_containerd 'containerd killed and started again: the pod runs on, exits are told, logs go on'

many_pods() {
	for i in $(seq "$PODS"); do
		(
			WORK=$WORK/$i
			mkdir -p "$WORK"
			pod "pod$i"
			start one sh -c 'echo up; sleep 1000'
			start two sh -c 'echo up; sleep 1000'
			eventually grep -q up "$WORK/logs/one"
			eventually grep -q up "$WORK/logs/two"
			touch "$WORK/up"
		) &
	done
	wait
	equal "$(find "$WORK" -name up | wc -l)" "$PODS"
	equal "$(shims | wc -l)" "$PODS"
	for id in $(ask ListPodSandbox | jq -r '.items[].id'); do
		(ask StopPodSandbox "$(as_pod "$id")" && ask RemovePodSandbox "$(as_pod "$id")") &
	done
	wait
	equal "$(find "$C/runtime" -mindepth 2)" ''
	eventually eval '[ -z "$(shims)" ]'
}
it many_pods "$PODS pods with two containers each come and go at the same time"

containerd_end
