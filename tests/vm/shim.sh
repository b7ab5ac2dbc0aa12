#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The shim on real controllers: limits, what grows over them, figures, updates.
# guest: full
# limit: 400
# shellcheck disable=SC2034,SC2154 # srcdir: lib/containerd.sh; what lib/cri.sh reads
. "$(dirname "$0")/../lib/containerd.sh"
. "$srcdir/tests/lib/cri.sh"

containerd_begin "$(cri_config false)"

MIB=1048576
HOG='x=x; while :; do x=$x$x; done'
cgroup_of() { echo "$(cgroup_parent)/$1"; }

# ctr has no word for it: a client of our own talks to the shim of a task that containerd has started.
call() { # ID METHOD FIELD=VALUE...
	socket=$(printf '%s/%s/%s' "$C/containerd.sock" "$CONTAINERD_NAMESPACE" "$1" | sha256sum)
	call_id=$1 call_method=$2
	shift 2
	python3 "$srcdir/tests/lib/ttrpc_client.py" call "/run/containerd/s/${socket%% *}" "$call_method" \
		"id=$call_id" "$@"
}

tells_of_oom() {
	watch
	works run -d --null-io --memory-limit $((16 * MIB)) "$IMAGE" o1 sh -c "$HOG"
	eventually has_status o1 STOPPED
	eventually eval '[ "$(told exit o1)" = 1 ]'
	unwatch
	equal "$(told oom o1)" 1
	equal "$(grep -o ' /tasks/[a-z]*' "$EVENTS" | tr -d '\n')" \
		' /tasks/create /tasks/start /tasks/oom /tasks/exit'
	has "$(grep /tasks/exit "$EVENTS")" '"exit_status":137'
}
it tells_of_oom 'a container over its memory limit is killed: TaskOOM, with its id, comes before its exit'

exec_over_the_limit() {
	watch
	works run -d --null-io --memory-limit $((16 * MIB)) "$IMAGE" o2 sleep 1000
	out ctr task exec --exec-id x1 o2 sh -c "$HOG"
	differ "$RC" 0
	eventually eval '[ "$(told oom o2)" = 1 ]'
	unwatch
	equal "$(status_of o2)" RUNNING
}
it exec_over_the_limit 'an exec over the memory limit is told as well, and the container lives on'

metrics() {
	works run -d --null-io --memory-limit $((32 * MIB)) "$IMAGE" m1 sh -c \
		'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; sleep 1000'
	eventually eval '[ "$(cut -d" " -f2 "$(cgroup_of m1)/cpu.stat" | head -n 1)" -gt 10000 ]'
	works call m1 Update 'resources={"pids":{"limit":50}}'
	works ctr task metrics --format json m1
	equal "$(echo "$OUT" | jq -r '.memory.usage_limit // .memory.usageLimit')" $((32 * MIB))
	[ "$(echo "$OUT" | jq -r '.memory.usage')" -gt 0 ] || die "no memory in use: $OUT"
	[ "$(echo "$OUT" | jq -r '.cpu.usage_usec // .cpu.usageUsec')" -gt 10000 ] || die "no time: $OUT"
	equal "$(echo "$OUT" | jq -c '[.pids.current, .pids.limit]')" '[1,50]'
}
it metrics 'task metrics: the limit, memory, CPU time and processes of the container'

metrics_of_a_delegated_group() {
	works run -d --null-io --memory-limit $((32 * MIB)) --annotation run.oci.delegate-cgroup=mine \
		"$IMAGE" d1 sleep 1000
	works ctr task metrics --format json d1
	equal "$(echo "$OUT" | jq -r '.memory.usage_limit // .memory.usageLimit')" $((32 * MIB))
	equal "$(echo "$OUT" | jq .pids.current)" 1
}
it metrics_of_a_delegated_group 'they are those of the container, not of the group below that it manages'

updates() {
	works run -d --null-io "$IMAGE" u1 sleep 1000
	dir=$(cgroup_of u1)
	equal "$(cat "$dir/memory.max")" max
	works call u1 Update 'resources={"memory":{"limit":33554432,"reservation":16777216},"pids":{"limit":7},
		"cpu":{"quota":20000,"period":50000,"shares":512,"cpus":"0"}}'
	equal "$(cat "$dir/memory.max" "$dir/memory.low" "$dir/pids.max" "$dir/cpu.max" "$dir/cpuset.cpus" |
		tr '\n' ' ')" '33554432 16777216 7 20000 50000 0 '
	differ "$(cat "$dir/cpu.weight")" 100
	out call u1 Update 'resources={"cpu":{"cpus":"999"}}'
	differ "$RC" 0
	has "$OUT" '2 OCI runtime update failed: '
	equal "$(cat "$dir/memory.max")" 33554432
}
it updates 'Update changes limits of a running container, and says what the kernel refuses'

pauses() {
	works run -d --null-io "$IMAGE" p1 sleep 1000
	works ctr task pause p1
	equal "$(cat "$(cgroup_of p1)/cgroup.freeze")" 1
	equal "$(status_of p1)" PAUSED
	works ctr task kill -s KILL p1
	eventually has_status p1 STOPPED
}
it pauses 'pause freezes the cgroup; a paused container can be killed'

shim_cgroup() {
	mkdir "$(cgroup_tree)/shims.$$"
	trap 'eventually rmdir "$(cgroup_tree)/shims.$$"' EXIT
	printf 'ShimCgroup = "/shims.%s"\n' $$ > "$C/shim.toml"
	works run -d --null-io --runtime-config-path "$C/shim.toml" "$IMAGE" g1 sleep 1000
	has "$(cat "/proc/$(shim_of g1)/cgroup")" "/shims.$$"
	equal "$(wc -l < "$(cgroup_of g1)/cgroup.procs")" 1
	works ctr task kill -s KILL g1
	eventually has_status g1 STOPPED
	works ctr task rm -f g1
	eventually eval '[ -z "$(shims)" ]'
}
it shim_cgroup 'ShimCgroup in a file of options: the shim lives in that cgroup'

systemd_cgroup() {
	group=$(cgroup_tree)/system.slice/hull-s1.scope
	echo 'SystemdCgroup = true' > "$C/shim.toml"
	works run -d --null-io --runtime-config-path "$C/shim.toml" --cgroup system.slice:hull:s1 \
		--memory-limit $((16 * MIB)) "$IMAGE" s1 sleep 1000
	equal "$(cat "$group/memory.max")" $((16 * MIB))
	equal "$(systemctl show --property MemoryMax --value hull-s1.scope)" $((16 * MIB))
	works call s1 Update 'resources={"memory":{"limit":33554432}}'
	equal "$(systemctl show --property MemoryMax --value hull-s1.scope)" 33554432
	watch
	out ctr task exec --exec-id x2 s1 sh -c "$HOG"
	eventually eval '[ "$(told oom s1)" = 1 ]'
	unwatch
	works ctr task kill -s KILL s1
	eventually has_status s1 STOPPED
	works ctr task rm -f s1
	eventually test ! -e "$group"
	equal "$(systemctl list-units --all --plain --no-legend 'hull-s1.scope' | wc -l)" 0
}
it systemd_cgroup 'SystemdCgroup: a scope of systemd with its limits, TaskOOM and figures, gone with the task'

# systemd removes the scope of a process that has died while we are about to look at it.
oom_in_scopes() {
	echo 'SystemdCgroup = true' > "$C/shim.toml"
	watch
	for i in $(seq 5); do
		works run -d --null-io --runtime-config-path "$C/shim.toml" --cgroup "system.slice:hull:k$i" \
			--memory-limit $((4 * MIB)) "$IMAGE" "k$i" sh -c "$HOG"
	done
	for i in $(seq 5); do
		eventually eval "[ \"\$(told exit k$i)\" = 1 ]"
		equal "$i: $(told oom "k$i")" "$i: 1"
		works ctr task rm -f "k$i"
	done
	unwatch
}
it oom_in_scopes 'SystemdCgroup: TaskOOM is told even when systemd has removed the scope meanwhile'

# memory_max ID: by the kernel, and by systemd.
memory_max() {
	cat "$slice/cri-containerd-$1.scope/memory.max"
	systemctl show --property MemoryMax --value "cri-containerd-$1.scope"
}

systemd_pods() {
	CONTAINERD_NAMESPACE=$CRI_NAMESPACE ctr images import "$C/image.tar"
	echo 'SystemdCgroup = true' > "$CRI_OPTIONS"
	POD_CGROUP=/kubepods.slice/kubepods-pod1.slice
	slice=$(cgroup_tree)$POD_CGROUP
	trap 'pods_end; systemctl stop kubepods.slice' EXIT
	pod one
	RESOURCES="{\"memory_limit_in_bytes\":$((16 * MIB))}"
	start greedy sh -c "$HOG"
	greedy=$ID
	start modest sleep 1000
	equal "$(memory_max "$ID" | uniq)" $((16 * MIB))
	cri UpdateContainerResources "{\"container_id\":\"$ID\",\"linux\":{\"memory_limit_in_bytes\":$((32 * MIB))}}"
	equal "$(memory_max "$ID" | uniq)" $((32 * MIB))
	cri ContainerStats "$(as_container "$ID")"
	differ "$(answer '.stats.memory.working_set_bytes.value // 0')" 0
	eventually has_reason "$greedy" OOMKilled
	eventually test ! -e "$slice/cri-containerd-$greedy.scope"
	equal "$(scopes)" "$(printf "cri-containerd-%s.scope\n" "$POD" "$ID" | sort)"
	stop "$ID" 0
	eventually test ! -e "$slice/cri-containerd-$ID.scope"
	cri RemoveContainer "$(as_container "$ID")"
	pods_end
	eventually eval '[ -z "$(scopes)" ]'
	eventually eval '[ -z "$(shims)" ]'
	equal "$(systemctl list-units --all --plain --no-legend 'cri-containerd-*' | wc -l)" 0
}
has_reason() { [ "$(container_has "$1" reason)" = "$2" ]; }
scopes() { find "$slice" -mindepth 1 -type d -printf "%f\n" | sort; }
it systemd_pods 'a pod by CRI with SystemdCgroup: scopes with limits, OOMKilled, update, stats, and nothing is left'

containerd_end
