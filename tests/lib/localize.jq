# SPDX-License-Identifier: Apache-2.0
# A recorded config.json or process.json made to run on this machine. What belonged to the machine of
# the recording is replaced, everything else is left as the client wrote it:
#
#   root.path, absolute       $rootfs; a relative one is left: the bundle has such a directory
#   sources of bind mounts    $place/tree (a directory), $place/init (a program that runs its
#                             arguments) or $place/file
#   namespaces[].path         the same namespace of process $sandbox
#   hooks of dockerd          dropped: their program was /proc/PID/exe
#   cgroupsPath               below $cgroup
#   resources                 dropped where the cgroup2 tree lacks the controller ($controllers),
#                             unless they say nothing or what is so anyway
#   memory.swappiness         dropped: cgroup v2 has no such thing, and hull says so
#   rlimits                   no higher than $hard
#   oomScoreAdj               dropped when lower than $oom, ours: that takes CAP_SYS_RESOURCE

def lower($max): if $max != null and . > $max then $max else . end;

def process:
	if .rlimits then
		.rlimits |= map($hard[.type] as $max | .hard |= lower($max) | .soft |= lower($max))
	else . end
	| if .oomScoreAdj and .oomScoreAdj < $oom then del(.oomScoreAdj) else . end;

def source:
	if IN("/dev/shm", "/v", "/run/secrets", "/run/notify") then $place + "/tree"
	elif IN("/run/podman-init", "/sbin/docker-init") then $place + "/init"
	else $place + "/file" end;

def mount:
	if .options // [] | any(. == "bind" or . == "rbind") then .source = (.destination | source)
	else . end;

def namespace:
	if .path then
		.path = "/proc/\($sandbox)/ns/" + (if .type == "network" then "net" else .type end)
	else . end;

def is_here($controller): $controllers | index($controller) != null;

def says_nothing: . == {"shares": 1024} or ([.. | numbers, strings] | all(. == 0));

def without($controller; $key):
	if is_here($controller) or (.[$key] | says_nothing) then . else del(.[$key]) end;

def resources:
	if .memory then del(.memory.swappiness) else . end
	| if .cpu and (is_here("cpuset") | not) then del(.cpu.cpus, .cpu.mems) else . end
	| without("memory"; "memory") | without("cpu"; "cpu") | without("pids"; "pids")
	| without("io"; "blockIO")
	| if .unified then .unified |= with_entries(select(is_here(.key | split(".")[0]))) else . end;

def config:
	if .root.path | startswith("/") then .root.path = $rootfs else . end
	| .process |= process
	| .mounts |= map(mount)
	| if .hooks then
		.hooks[] |= map(select(.path | test("^/proc/[0-9]+/exe$") | not))
	else . end
	| .linux.namespaces |= map(namespace)
	| if .linux.cgroupsPath // "" | startswith("/") then
		.linux.cgroupsPath |= $cgroup + .
	else . end
	| if .linux.resources then .linux.resources |= resources else . end;

if has("ociVersion") then config else process end
