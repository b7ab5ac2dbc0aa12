#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The process (config.md, "process"; rows D1-D15) and the top level of config.json (B1-B9).
. "$(dirname "$0")/../lib/harness.sh"

# The value of a line of /proc/self/status in a container made from the bundle.
status_of_self() {
	config '.process.args = ["sed", "-n", $s, "/proc/self/status"]' --arg s "s/^$1:[ \t]*//p"
	ok run inside
}

# refused FILTER TEXT: config.json with this change is refused, the error contains TEXT, and nothing
# of the container is there.
refused() {
	cp "$BUNDLE/config.json" "$WORK/good.json"
	config "$1"
	hull create bad
	[ "$RC" = 1 ] || die "$1: exit status $RC instead of 1: $ERR"
	has "$ERR" "$2"
	missing "$STATE/bad"
	mv "$WORK/good.json" "$BUNDLE/config.json"
}

# without_resource_rights: hull runs without CAP_SYS_RESOURCE, whoever runs the tests.
without_resource_rights() {
	printf '#!/bin/sh\nexec setpriv --bounding-set -sys_resource --inh-caps -all %s "$@"\n' \
		"$HULL" > "$WORK/hull"
	chmod +x "$WORK/hull"
	HULL=$WORK/hull
}

# ---- arguments, environment, directory ----------------------------------------------------------

arguments_are_exact() {
	config '.process.args = ["printf", "[%s]", "", "a  b", "$HOME", "ü\n\t\"", "-n", "*"]'
	ok run c1
	equal "$OUT" "$(printf '[][a  b][$HOME][ü\n\t"][-n][*]')"
}
it arguments_are_exact 'arguments reach the program byte by byte'

program_comes_from_the_path() {
	mkdir "$ROOTFS/first" "$ROOTFS/second" "$ROOTFS/first/tool"
	printf '#!/bin/sh\necho second $0\n' > "$ROOTFS/second/tool"
	chmod +x "$ROOTFS/second/tool"
	config '.process.args = ["tool"] | .process.env = ["PATH=/nowhere:/first:/second"]'
	ok run c1
	equal "$OUT" 'second /second/tool'
	config '.process.env = ["PATH=:/nowhere"] | .process.cwd = "/second"'
	ok run c1
	equal "$OUT" 'second ./tool'
	config '.process.args = ["pwd"] | .process.env = []'
	ok run c1
	equal "$OUT" /second
}
it program_comes_from_the_path 'the program is looked up in PATH of process.env, else in /bin and /usr/bin'

program_that_cannot_run() {
	mkdir "$ROOTFS/dir"
	echo data > "$ROOTFS/data"
	while read -r program text; do
		config '.process.args = [$p] | .process.env = ["PATH=/bin:/"]' --arg p "$program"
		fails 1 create c1
		has "$ERR" "exec: \"$program\": $text"
		missing "$STATE/c1"
	done <<- 'END'
		nosuch executable file not found in $PATH
		dir executable file not found in $PATH
		data permission denied
		/nosuch stat /nosuch: no such file or directory
		/data/x stat /data/x: not a directory
		/data permission denied
		./dir is a directory
	END
}
it program_that_cannot_run 'a program that cannot be run fails create with the texts that clients know'

interpreter_is_missing() {
	printf '#!/no/such/shell\n' > "$ROOTFS/script"
	chmod +x "$ROOTFS/script"
	config '.process.args = ["/script"]'
	ok create c1
	fails 1 start c1
	has "$ERR" /script
	has "$(echo "$ERR" | tr '[:upper:]' '[:lower:]')" 'no such file or directory'
}
it interpreter_is_missing 'a script whose interpreter is missing fails start'

environment_is_exact() {
	config '.process.args = ["env"]
		| .process.env = ["PATH=/bin", "A=1", "HOME=/h", "A=2", "B=x=y z", "A=3", "EMPTY="]'
	LEAK=1
	export LEAK
	ok run c1
	equal "$(echo "$OUT" | sort | tr '\n' ',')" 'A=3,B=x=y z,EMPTY=,HOME=/h,PATH=/bin,'
}
it environment_is_exact 'the environment is that of config.json and no more; later entries win'

home_comes_from_passwd() {
	while read -r uid entry home; do
		config '.process.args = ["sh", "-c", "echo $HOME"] | .process.user.uid = $uid
			| .process.env = ["PATH=/bin", $entry]' --argjson uid "$uid" --arg entry "$entry"
		ok run c1
		equal "$uid $OUT" "$uid $home"
	done <<- 'END'
		0 A=1 /root
		1000 A=1 /home/user
		4711 A=1 /
		1000 HOME= /home/user
		1000 HOME=/given /given
	END
}
it home_comes_from_passwd "HOME is set from the container's passwd when it is not given"

missing_directory_is_made() {
	inside pwd
	equal "$OUT" /
	config '.process.cwd = "/a/b/c"'
	inside pwd
	equal "$OUT" /a/b/c
	mkdir "$ROOTFS/elsewhere"
	ln -s ../../../../elsewhere "$ROOTFS/link"
	config '.process.cwd = "/link/d"'
	inside 'pwd -P'
	equal "$OUT" /elsewhere/d
	exists "$ROOTFS/elsewhere/d"
	missing /elsewhere
}
it missing_directory_is_made 'the program starts in cwd, which is made when missing, within the root'

directory_that_is_none() {
	config '.process.cwd = "/etc/passwd"'
	fails 1 create c1
	has "$ERR" cwd
	refused '.process.cwd = "relative"' process.cwd
	refused 'del(.process.cwd)' process.cwd
}
it directory_that_is_none 'a cwd that is a file, relative or absent is refused'

# ---- user -----------------------------------------------------------------------------------------

ids_and_groups() {
	config '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [5, 44, 5]}'
	status_of_self Uid
	equal "$OUT" "$(printf '1000\t1000\t1000\t1000')"
	status_of_self Gid
	equal "$OUT" "$(printf '1001\t1001\t1001\t1001')"
	status_of_self Groups
	equal "$(echo "$OUT" | tr ' ' '\n' | sort -nu | xargs)" '5 44'
	config 'del(.process.user.additionalGids)'
	status_of_self Groups
	equal "$(echo "$OUT" | tr -d ' ')" ''
}
it ids_and_groups "the program has exactly the given ids and groups, none of the caller's"

ids_that_mean_nobody() {
	refused '.process.user.uid = 4294967295' process.user.uid
	refused '.process.user.gid = 4294967295' process.user.gid
	refused '.process.user.uid = -1' process.user.uid
	refused '.process.user.additionalGids = [4294967295]' 'process.user.additionalGids[0]'
	refused 'del(.process.user.uid)' process.user.uid
	refused 'del(.process.user.gid)' process.user.gid
}
it ids_that_mean_nobody 'ids that are absent, negative or 4294967295 are refused'

umask_is_set() {
	umask 077
	inside 'umask; touch /tmp/f; stat -c %a /tmp/f'
	equal "$OUT" "$(printf '0022\n644')"
	config '.process.user.umask = 7'
	inside umask
	equal "$OUT" 0007
	config '.process.user.umask = 0'
	inside umask
	equal "$OUT" 0000
	refused '.process.user.umask = 512' process.user.umask
}
it umask_is_set "umask is as given, and 0022, not the caller's, when it is not"

# ---- limits ---------------------------------------------------------------------------------------

# Every type with limits that no machine refuses.
RLIMITS='[
	["CORE", 0, 4096, "Max core file size"], ["CPU", 1000, 2000, "Max cpu time"],
	["DATA", 1073741824, 2147483648, "Max data size"], ["FSIZE", 1000000, 2000000, "Max file size"],
	["LOCKS", 10, 20, "Max file locks"], ["MEMLOCK", 4096, 8192, "Max locked memory"],
	["MSGQUEUE", 1000, 2000, "Max msgqueue size"], ["NICE", 0, 0, "Max nice priority"],
	["NOFILE", 200, 300, "Max open files"], ["NPROC", 400, 500, "Max processes"],
	["RSS", 1000000, 2000000, "Max resident set"], ["RTPRIO", 0, 0, "Max realtime priority"],
	["RTTIME", 1000, 2000, "Max realtime timeout"], ["SIGPENDING", 50, 60, "Max pending signals"],
	["STACK", 1048576, 2097152, "Max stack size"], ["AS", 1073741824, 2147483648, "Max address space"]
]'

limits_are_exact() {
	config '.process.args = ["cat", "/proc/self/limits"] | .process.rlimits =
		($all | map({"type": "RLIMIT_\(.[0])", "soft": .[1], "hard": .[2]}))' \
		--argjson all "$RLIMITS"
	ok run c1
	echo "$RLIMITS" | jq -r '.[] | "\(.[3])|\(.[1]) \(.[2])"' > "$WORK/expected"
	while IFS='|' read -r name values; do
		equal "$name: $(echo "$OUT" | sed -n "s/^$name  *//p" | awk '{ print $1, $2 }')" \
			"$name: $values"
	done < "$WORK/expected"
}
it limits_are_exact 'every resource limit is set, soft and hard, exactly'

limit_without_end() {
	config '.process.args = ["cat", "/proc/self/limits"] | .process.rlimits = []'
	printf '%s' "$(cat "$BUNDLE/config.json")" |
		sed 's/"rlimits": \[\]/"rlimits": [{"type": "RLIMIT_CPU", "soft": 18446744073709551615, "hard": 18446744073709551615}]/' \
			> "$WORK/json"
	cp "$WORK/json" "$BUNDLE/config.json"
	ok run c1
	equal "$(echo "$OUT" | awk '/^Max cpu time/ { print $4, $5 }')" 'unlimited unlimited'
}
it limit_without_end '18446744073709551615 is a limit without end'

limits_do_not_hinder_hull() {
	config '.process.args = ["cat", "/proc/self/limits"]
		| .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 16, "hard": 16},
			{"type": "RLIMIT_FSIZE", "soft": 0, "hard": 0}]'
	(cd "$BUNDLE" && "$HULL" --root "$STATE" run c1 | cat) > "$WORK/limits"
	equal "$(awk '/^Max open files/ { print $4, $5 }' "$WORK/limits")" '16 16'
}
it limits_do_not_hinder_hull 'limits too small for hull itself are in force for the program only'

limit_above_ours() {
	without_resource_rights
	prlimit --nofile=600 --pid "$(sh -c 'echo $PPID')"
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 601}]'
	fails 1 run c1
	has "$ERR" 'process.rlimits[0]: prlimit: RLIMIT_NOFILE to 601'
	has "$ERR" CAP_SYS_RESOURCE
	missing "$STATE/c1"
	config '.process.rlimits[0].hard = 600'
	ok run c1
}
it limit_above_ours 'a hard limit that we may not raise is an error that names the right needed'

limits_that_are_wrong() {
	refused '.process.rlimits = [{"type": "RLIMIT_TEST", "soft": 1, "hard": 1}]' \
		'process.rlimits[0].type'
	refused '.process.rlimits = [{"type": "RLIMIT_CPU", "soft": 2, "hard": 1}]' \
		'process.rlimits[0].soft'
	refused '.process.rlimits = [{"type": "RLIMIT_CPU", "soft": 1, "hard": 2},
		{"type": "RLIMIT_CORE", "soft": 1, "hard": 2},
		{"type": "RLIMIT_CPU", "soft": 1, "hard": 2}]' process.rlimits
	refused '.process.rlimits = [{"type": "RLIMIT_CPU", "hard": 1}]' process.rlimits
	refused '.process.rlimits = [{"type": "RLIMIT_CPU", "soft": -1, "hard": 1}]' process.rlimits
}
it limits_that_are_wrong 'limits that are unknown, incomplete, inverted or given twice are refused'

# ---- rights ---------------------------------------------------------------------------------------

# The sets of a program as "inheritable permitted effective bounding ambient".
cap_sets() {
	config '.process.args = ["sed", "-n", "s/^Cap.*:\t0*\\(.\\)/\\1/p", "/proc/self/status"]'
	ok run caps
	OUT=$(echo "$OUT" | tr '\n' ' ')
}

# CHOWN 1, DAC_OVERRIDE 2, FOWNER 8, KILL 20, NET_BIND_SERVICE 400
five_sets() {
	config '.process.user.uid = 1000 | .process.noNewPrivileges = false | .process.capabilities = {
		"bounding": ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL", "CAP_FOWNER"],
		"permitted": ["CAP_CHOWN", "CAP_KILL", "CAP_FOWNER"],
		"effective": ["CAP_CHOWN", "CAP_KILL"],
		"inheritable": ["CAP_CHOWN", "CAP_FOWNER"], "ambient": ["CAP_CHOWN"]}'
	cap_sets
	equal "$OUT" '9 1 1 2b 1 '
	config 'del(.process.capabilities.ambient)'
	cap_sets
	equal "$OUT" '9 0 0 2b 0 '
}
it five_sets 'a user has the five capability sets that the kernel makes of those given'

sets_of_root() {
	config '.process.noNewPrivileges = false | .process.capabilities = {"bounding": ["CAP_KILL"],
		"permitted": ["CAP_KILL"], "effective": ["CAP_KILL"]}'
	cap_sets
	equal "$OUT" '0 20 20 20 0 '
	config '.process.noNewPrivileges = true'
	cap_sets
	equal "$OUT" '0 20 20 20 0 '
	inside 'chown 7 /tmp 2> /dev/null || echo refused'
	equal "$OUT" refused
}
it sets_of_root 'root has the capabilities given and no others'

no_sets() {
	config '.process.noNewPrivileges = false | .process.capabilities = {}'
	cap_sets
	equal "$OUT" '0 0 0 0 0 '
	config 'del(.process.capabilities)'
	cap_sets
	equal "$OUT" '0 0 0 0 0 '
}
it no_sets 'without capabilities in config.json the program has none'

ambient_needs_the_others() {
	config '.process.user.uid = 1000 | .process.capabilities = {"bounding": ["CAP_KILL"],
		"permitted": ["CAP_KILL"], "ambient": ["CAP_KILL"]}'
	cap_sets
	equal "$OUT" '0 0 0 20 0 '
	has "$ERR" 'ambient CAP_KILL (not both permitted and inheritable)'
}
it ambient_needs_the_others 'an ambient capability that is not inheritable is ignored with a warning'

unknown_capability() {
	config '.process.capabilities |= map_values(["CAP_KILL", "CAP_TO_FLY"])'
	ok --log "$WORK/log.json" --log-format json run c1
	equal "$(jq -r .level "$WORK/log.json")" warning # one record: clients parse it as one object
	has "$(jq -r .msg "$WORK/log.json")" CAP_TO_FLY
	cap_sets
	equal "$OUT" '0 20 20 20 0 '
}
it unknown_capability 'an unknown capability is worth one warning and no more'

no_new_privileges() {
	status_of_self NoNewPrivs
	equal "$OUT" 1
	config 'del(.process.noNewPrivileges)'
	status_of_self NoNewPrivs
	equal "$OUT" 0
}
it no_new_privileges 'noNewPrivileges is set when asked for'

oom_score() {
	echo 300 > /proc/self/oom_score_adj
	inside 'cat /proc/self/oom_score_adj'
	equal "$OUT" 300
	config '.process.oomScoreAdj = 500'
	inside 'cat /proc/self/oom_score_adj'
	equal "$OUT" 500
	refused '.process.oomScoreAdj = 1001' process.oomScoreAdj
}
it oom_score 'oomScoreAdj is written exactly, and not touched when absent'

oom_score_below_ours() {
	without_resource_rights
	config '.process.oomScoreAdj = -500'
	fails 1 create c1
	has "$ERR" process.oomScoreAdj
	missing "$STATE/c1"
}
it oom_score_below_ours 'an oomScoreAdj that we may not set is an error'

# ---- scheduling -----------------------------------------------------------------------------------

# SCHED_OTHER 0 FIFO 1 RR 2 BATCH 3 IDLE 5
scheduler() {
	with_probe
	config '.process.args = ["probe", "sched"]'
	while read -r setting; do
		config '.process.scheduler = $s' --argjson s "${setting%% = *}"
		ok run c1
		has "$OUT" "${setting##* = }"
	done <<- 'END'
		{"policy": "SCHED_OTHER", "nice": 7} = policy 0 nice 7
		{"policy": "SCHED_OTHER", "nice": -3} = policy 0 nice -3
		{"policy": "SCHED_BATCH", "nice": 5, "flags": ["SCHED_FLAG_RESET_ON_FORK"]} = policy 3 nice 5 priority 0 flags 0x1
		{"policy": "SCHED_IDLE"} = policy 5
	END
	refused '.process.scheduler = {"policy": "SCHED_BEST"}' process.scheduler.policy
	refused '.process.scheduler = {"policy": "SCHED_OTHER", "nice": 20}' process.scheduler.nice
	refused '.process.scheduler = {"policy": "SCHED_RR"}' process.scheduler.priority
	refused '.process.scheduler = {"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_X"]}' \
		process.scheduler.flags
}
it scheduler 'scheduler sets policy, nice value and flags'

realtime_scheduler() {
	chrt --fifo 1 true 2> /dev/null || skip 'no realtime scheduling here'
	with_probe
	config '.process.args = ["probe", "sched"]
		| .process.scheduler = {"policy": "SCHED_FIFO", "priority": 10}'
	ok run c1
	has "$OUT" 'policy 1 nice 0 priority 10'
	config '.process.scheduler = {"policy": "SCHED_RR", "priority": 99}'
	ok run c1
	has "$OUT" 'policy 2 nice 0 priority 99'
}
it realtime_scheduler 'scheduler sets realtime policies with their priority'

deadline_scheduler() {
	chrt --deadline --sched-runtime 100000 --sched-period 1000000 0 true 2> /dev/null ||
		skip 'no deadline scheduling here'
	with_probe
	config '.process.args = ["probe", "sched"] | .process.scheduler = {"policy": "SCHED_DEADLINE",
		"runtime": 2000000, "deadline": 20000000, "period": 30000000}'
	ok run c1
	has "$OUT" 'policy 6'
	has "$OUT" 'runtime 2000000 deadline 20000000 period 30000000'
}
it deadline_scheduler 'scheduler sets the deadline policy with its times'

io_priority() {
	with_probe
	config '.process.args = ["probe", "ioprio"]'
	while read -r class priority values; do
		config '.process.ioPriority = {"class": $class, "priority": $p}' \
			--arg class "IOPRIO_CLASS_$class" --argjson p "$priority"
		ok run c1
		equal "$OUT" "$values"
	done <<- 'END'
		BE 7 class 2 priority 7
		BE 0 class 2 priority 0
		RT 3 class 1 priority 3
		IDLE 0 class 3 priority 0
	END
	refused '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 8}' \
		process.ioPriority.priority
	refused '.process.ioPriority = {"class": "IOPRIO_CLASS_X"}' process.ioPriority.class
}
it io_priority 'ioPriority sets class and priority'

affinity_of_exec() {
	[ "$(nproc)" -ge 2 ] || skip 'needs two processors'
	grep '^Cpus_allowed_list' /proc/self/status > "$WORK/ours"
	config '.process.execCPUAffinity = {"initial": "0", "final": "1"}'
	started c1
	equal "$(grep '^Cpus_allowed_list' "/proc/$PID/status")" "$(cat "$WORK/ours")"
	ok exec c1 grep '^Cpus_allowed_list' /proc/self/status
	equal "$OUT" "$(printf 'Cpus_allowed_list:\t1')"
	config '.process.execCPUAffinity = {"initial": "0"}'
	ok delete --force c1
	started c1
	ok exec c1 grep '^Cpus_allowed_list' /proc/self/status
	equal "$OUT" "$(printf 'Cpus_allowed_list:\t0')"
	refused '.process.execCPUAffinity = {"initial": "0-"}' process.execCPUAffinity.initial
}
it affinity_of_exec 'execCPUAffinity is for exec, not for the first process'

affinity_of_the_caller() {
	[ "$(nproc)" -ge 2 ] || skip 'needs two processors'
	free=$(grep '^Cpus_allowed_list' /proc/self/status)
	taskset --cpu-list --pid 0 "$(sh -c 'echo $PPID')" > "$WORK/taskset"
	started c1
	equal "$(grep '^Cpus_allowed_list' "/proc/$PID/status")" "$free"
	ok exec c1 grep '^Cpus_allowed_list' /proc/self/status
	equal "$OUT" "$free"
}
it affinity_of_the_caller 'a container may use all of its processors, whatever its caller is pinned to'

personality() {
	[ "$(uname -m)" = x86_64 ] || skip 'knows what x86_64 is called with 32 bits only'
	config '.process.args = ["uname", "-m"] | .linux.personality = {"domain": "LINUX32"}'
	ok run c1
	equal "$OUT" i686
	config '.linux.personality.domain = "LINUX"'
	ok run c1
	equal "$OUT" x86_64
	refused '.linux.personality.domain = "HPUX"' linux.personality.domain
	refused '.linux.personality.flags = ["X"]' linux.personality.flags
}
it personality 'personality LINUX32 makes a 32 bit machine of it'

# ---- what the caller hands down -----------------------------------------------------------------

# from_bundle COMMAND...: runs it where the bundle is, with the descriptors that are open here.
from_bundle() {
	(cd "$BUNDLE" && "$@")
}

sockets_are_handed_down() {
	echo three > "$WORK/three"
	echo four > "$WORK/four"
	config '.process.args = ["sh", "-c",
		"env | grep ^LISTEN | sort; cat <&3; test -e /proc/self/fd/4 && cat <&4; true"]'
	equal "$(LISTEN_FDS=1 LISTEN_FDNAMES=web from_bundle "$HULL" --root "$STATE" run c1 \
		3< "$WORK/three" 4< "$WORK/four")" \
		"$(printf 'LISTEN_FDNAMES=web\nLISTEN_FDS=1\nLISTEN_PID=1\nthree')"
	equal "$(LISTEN_FDS=1 from_bundle "$HULL" --root "$STATE" run --preserve-fds 1 c1 \
		3< "$WORK/three" 4< "$WORK/four")" \
		"$(printf 'LISTEN_FDS=1\nLISTEN_PID=1\nthree\nfour')"
	equal "$(from_bundle sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" --root "$1" run c1' \
		"$HULL" "$STATE" 3< "$WORK/three")" \
		"$(printf 'LISTEN_FDS=1\nLISTEN_PID=1\nthree')"
}
it sockets_are_handed_down 'LISTEN_FDS descriptors are handed down and announced to process 1'

sockets_of_somebody_else() {
	config '.process.args = ["sh", "-c", "env | grep ^LISTEN; ls /proc/self/fd"]'
	equal "$(LISTEN_FDS=1 LISTEN_PID=1 from_bundle "$HULL" --root "$STATE" run c1 3< / | xargs)" '0 1 2 3'
}
it sockets_of_somebody_else 'LISTEN_FDS meant for another process is ignored'

session_keyring() {
	with_probe
	"$PROBE" keyring > "$WORK/ours" 2> /dev/null || skip 'this kernel has no keyrings'
	config '.process.args = ["probe", "keyring"]'
	ok run c1
	has "$OUT" _ses.c1
	differ "$OUT" "$(cat "$WORK/ours")"
	ok run --no-new-keyring c1
	equal "$OUT" "$(cat "$WORK/ours")"
}
it session_keyring 'a container has a session keyring of its own, unless --no-new-keyring'

signals_are_as_new() {
	with_probe
	config '.process.args = ["grep", "-E", "^Sig(Blk|Ign|Cgt)", "/proc/self/status"]'
	for verb in 'run c1' 'run --detach c1'; do
		# shellcheck disable=SC2086
		from_bundle "$PROBE" deaf "$HULL" --root "$STATE" $verb > "$WORK/signals"
		eventually grep -q SigCgt "$WORK/signals"
		equal "$(sort -u "$WORK/signals" | awk '{ print $2 }' | sort -u)" 0000000000000000
		ok delete --force c1
	done
	started c2
	from_bundle "$PROBE" deaf "$HULL" --root "$STATE" exec c2 grep -E '^Sig(Blk|Ign|Cgt)' \
		/proc/self/status > "$WORK/signals"
	equal "$(awk '{ print $2 }' "$WORK/signals" | sort -u)" 0000000000000000
}
it signals_are_as_new 'signals that the caller ignores or blocks are not so for the program'

# ---- the top level --------------------------------------------------------------------------------

versions() {
	for version in 1.0.0 1.0.2-dev 1.1.0 1.2.1 1.3.0 1.3.1-rc.1+build.5 1.99.0; do
		config '.ociVersion = $v' --arg v "$version"
		ok run c1
	done
	for version in 2.0.0 0.9.0 1 1.0 1.x.0 '' '1.0.0 ' one; do
		refused ".ociVersion = \"$version\"" ociVersion
	done
	refused 'del(.ociVersion)' ociVersion
}
it versions 'every version 1.x.y of the specification is accepted, others are not'

unknown_properties() {
	config '.new = {"a": [1]} | .process.new = null | .root.new = 1 | .mounts[0].new = true
		| .linux.new = "x" | .linux.namespaces[0].new = 1 | .process.user.new = [[]]
		| .linux.resources.new = {} | .annotations = {"unknown.key": "x"}'
	ok run c1
	equal "$ERR" ''
}
it unknown_properties 'unknown properties are ignored wherever they are'

foreign_platforms() {
	config '.windows = {"layerFolders": 7} | .solaris = "x" | .vm = [] | .zos = {"namespaces": 1}
		| .freebsd = {"devices": {}}'
	ok run c1
	equal "$ERR" ''
}
it foreign_platforms 'objects of other platforms are ignored, whatever is in them'

names_of_the_host() {
	hostname > "$WORK/ours"
	config '.hostname = "box" | .domainname = "lan.example"'
	inside 'cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname'
	equal "$OUT" "$(printf 'box\nlan.example')"
	equal "$(hostname)" "$(cat "$WORK/ours")"
	refused ".hostname = \"$(printf '%065d' 1)\"" hostname
	refused '.linux.namespaces |= map(select(.type != "uts"))' hostname
	config 'del(.hostname)'
	refused '.linux.namespaces |= map(select(.type != "uts"))' domainname
}
it names_of_the_host 'hostname and domainname are set, and only in a UTS namespace of its own'

annotations() {
	config '.annotations = {"org.example.a": "b", "empty": ""}'
	ok create c1
	ok state c1
	equal "$(echo "$OUT" | jq -c .annotations)" '{"org.example.a":"b","empty":""}'
	refused '.annotations = {"": "x"}' annotations
	refused '.annotations = {"a": 1}' annotations.a
}
it annotations 'annotations are kept; one without a name or with another value than a text is refused'

root_file_system() {
	inside 'echo x > /made'
	exists "$ROOTFS/made"
	config '.root.path = $root' --arg root "$ROOTFS"
	inside 'ls /made'
	equal "$OUT" /made
	config '.root.readonly = true'
	inside 'echo x 2> /dev/null > /made2 || echo refused'
	equal "$OUT" refused
	refused '.root.path = "nosuch"' nosuch
	refused '.root.path = "config.json"' config.json
	refused 'del(.root.path)' root.path
	refused 'del(.root)' root
}
it root_file_system 'root.path is absolute or relative to the bundle, root.readonly guards it'

wrong_values() {
	while read -r filter; do
		refused "${filter%% # *}" "${filter##* # }"
	done <<- 'END'
		.process.args = [] # process.args
		.process.args = "sh" # process.args
		.process.args = [1] # process.args[0]
		.process.env = ["A=1", "NOVALUE"] # process.env[1]
		.process.env = ["=x"] # process.env[0]
		.process.terminal = "yes" # process.terminal
		.process.noNewPrivileges = 1 # process.noNewPrivileges
		.process.user = 0 # process.user
		.process = [] # process
		.hostname = 5 # hostname
		.mounts = {} # mounts
		.mounts[0].destination = null # mounts[0].destination
		.linux.namespaces[0].type = "vm" # linux.namespaces[0].type
		.linux.rootfsPropagation = "open" # linux.rootfsPropagation
		.linux.seccomp = {"defaultAction": "SCMP_ACT_X"} # linux.seccomp.defaultAction
		.linux.memoryPolicy = {"mode": "MPOL_X"} # linux.memoryPolicy.mode
		.linux.maskedPaths = ["proc"] # linux.maskedPaths[0]
		.linux.devices = [{"type": "x", "path": "/dev/x"}] # linux.devices[0].type
		.hooks.poststop = [{"path": "x"}] # hooks.poststop[0].path
		.hooks.poststop = [{"path": "/x", "timeout": 0}] # hooks.poststop[0].timeout
	END
}
it wrong_values 'a wrong value of a known property is refused with its place'

tiny_descriptor_limit() {
	config '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 4, "hard": 4}]'
	ok run c1
}
it tiny_descriptor_limit 'a tiny RLIMIT_NOFILE is the program'"'"'s, it does not break the set-up'

finish
