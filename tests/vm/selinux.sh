#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SELinux labels: of programs, keys and mounts. The policy is one of our own that denies nothing: what
# is tested is which label arrives where.
# guest: mini lsm=landlock,lockdown,yama,selinux,bpf
# limit: 300
. "$(dirname "$0")/../lib/harness.sh"

LABEL=u:r:box_t:s0:c1,c2
MOUNT_LABEL=u:object_r:box_file_t:s0:c1,c2

policy() {
	cat <<- 'END'
		class security
		class process
		class process2
		class filesystem
		class file
		class dir
		class key
		sid kernel
		sid security
		sid unlabeled
		sid file
		sid devnull
		class process { fork transition dyntransition setexec setkeycreate }
		class process2 { nnp_transition nosuid_transition }
		class key { create }
		sensitivity s0;
		dominance { s0 }
		category c0;
		category c1;
		category c2;
		level s0:c0.c2;
		mlsconstrain process transition (h1 dom h2 or h1 domby h2);
		policycap nnp_nosuid_transition;
		type host_t;
		type box_t;
		type other_t;
		type box_file_t;
		role r;
		role r types { host_t box_t other_t box_file_t };
		allow host_t host_t : process fork;
		user u roles { r } level s0 range s0 - s0:c0.c2;
		sid kernel u:r:host_t:s0
		sid security u:object_r:host_t:s0
		sid unlabeled u:object_r:host_t:s0
		sid file u:object_r:host_t:s0
		sid devnull u:object_r:host_t:s0
		fs_use_xattr ext4 u:object_r:host_t:s0;
		genfscon proc / u:object_r:host_t:s0
	END
}

# For the whole machine, and it stays.
load_policy() {
	mountpoint -q /sys/fs/selinux || mount -t selinuxfs selinuxfs /sys/fs/selinux || return
	policy > "$HARNESS_TMP/policy.conf"
	checkpolicy -M -U allow -c 31 -o "$HARNESS_TMP/policy" "$HARNESS_TMP/policy.conf" &&
		cat "$HARNESS_TMP/policy" > /sys/fs/selinux/load
}
[ ! -e /sys/fs/selinux ] || load_policy || exit

# The bundle of a program with a label.
test_begin() {
	harness_make_bundle "$WORK"
	[ -e "$HARNESS_TMP/policy" ] || skip 'no SELinux in this kernel'
	config '.process.selinuxLabel = $l | .process.noNewPrivileges = false' --arg l "$LABEL"
}

label() { tr -d '\0\n' < "/proc/$1/attr/current"; }

program_is_labelled() {
	started c1
	equal "$(label "$PID")" "$LABEL"
	config '.process.noNewPrivileges = true'
	inside 'cat /proc/self/attr/current | tr -d "\0"'
	equal "$OUT" "$LABEL"
	equal "$(label self)" u:r:host_t:s0
}
it program_is_labelled 'selinuxLabel is that of the program, with noNewPrivileges, too'

exec_is_labelled() {
	started c1
	ok exec c1 cat /proc/self/attr/current
	equal "$(tr -d '\0' < "$WORK/out")" "$LABEL"
	ok exec --process-label u:r:other_t:s0 c1 cat /proc/self/attr/current
	equal "$(tr -d '\0' < "$WORK/out")" u:r:other_t:s0
}
it exec_is_labelled 'exec has the label of the container, or that of --process-label'

keyring_is_labelled() {
	with_probe
	config '.process.args = ["probe", "keylabel"]'
	ok run c1
	equal "$OUT" "$LABEL"
}
it keyring_is_labelled 'the session keyring has the label of the program'

mounts_are_labelled() {
	config '.linux.mountLabel = $l | .linux.maskedPaths = ["/proc/acpi", "/sys/firmware", "/root"]' \
		--arg l "$MOUNT_LABEL"
	inside 'cat /proc/self/mountinfo'
	for at in /dev /dev/pts /dev/shm /root; do
		has "$(echo "$OUT" | awk -v at="$at" '$5 == at')" "context=\"$MOUNT_LABEL\""
	done
	for at in /proc /sys /dev/mqueue /sys/fs/cgroup; do
		has "$(echo "$OUT" | awk -v at="$at" '$5 == at')" "$at"
		lacks "$(echo "$OUT" | awk -v at="$at" '$5 == at')" context=
	done
}
it mounts_are_labelled 'mountLabel is that of tmpfs and devpts and of masks, not of proc, sysfs, mqueue, cgroup'

own_context_stays() {
	config '.linux.mountLabel = $l
		| .mounts += [{"destination": "/t", "type": "tmpfs", "options": ["context=u:object_r:host_t:s0"]}]' \
		--arg l "$MOUNT_LABEL"
	inside 'cat /proc/self/mountinfo'
	has "$(echo "$OUT" | awk '$5 == "/t"')" 'context=u:object_r:host_t:s0'
}
it own_context_stays 'a mount that brings its own context keeps it'

# refused FILTER PLACE
refused() {
	cp "$BUNDLE/config.json" "$WORK/good.json"
	config "$1"
	fails 1 create c1
	has "$ERR" "$2"
	has "$ERR" 'no label of the SELinux policy'
	missing "$STATE/c1"
	cp "$WORK/good.json" "$BUNDLE/config.json"
}

unknown_labels() {
	refused '.process.selinuxLabel = "u:r:nosuch_t:s0"' process.selinuxLabel
	refused '.process.selinuxLabel = "u:r:box_t:s0:c9"' process.selinuxLabel
	refused '.linux.mountLabel = "nonsense"' linux.mountLabel
	started c1
	fails 255 exec --process-label u:r:nosuch_t:s0 c1 true
	has "$ERR" 'no label of the SELinux policy'
}
it unknown_labels 'a label that the policy does not know is an error of create and of exec'

apparmor_is_missing() {
	config 'del(.process.selinuxLabel) | .process.apparmorProfile = "box"'
	fails 1 create c1
	has "$ERR" 'process.apparmorProfile: AppArmor is not enabled on this host'
	config '.process.apparmorProfile = "unconfined"'
	ok run c1
}
it apparmor_is_missing 'a profile of AppArmor is an error where SELinux is what there is; unconfined is not'

saved_and_restored() {
	config '.process.selinuxLabel = "" | .linux.mountLabel = $l
		| .process.args = ["sh", "-c", "while :; do sleep 1; done"]' --arg l "$MOUNT_LABEL"
	ok create c1
	ok start c1
	ok checkpoint --image-path "$WORK/images" c1
	ok restore --detach --image-path "$WORK/images" --pid-file "$WORK/pid" \
		--lsm-mount-context u:object_r:box_file_t:s0 c1
	has "$(cat "/proc/$(cat "$WORK/pid")/mountinfo")" 'context=u:object_r:box_file_t:s0,'
	ok delete --force c1
	config '.process.selinuxLabel = $l' --arg l "$LABEL"
	fails 1 restore --detach --image-path "$WORK/images" c1
	has "$ERR" 'process.selinuxLabel: criu has restored "u:r:host_t:s0": it knows no SELinux'
	fails 1 state c1
}
it saved_and_restored '--lsm-mount-context is the label of restored mounts; a program that CRIU restores without its label does not run'

finish
