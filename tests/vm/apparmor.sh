#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# AppArmor profiles: applied, unknown, and on top of one that confines hull itself.
# guest: full
# limit: 240
. "$(dirname "$0")/../lib/harness.sh"

# profile NAME [RULE...]: loaded; it allows everything but what the rules say.
profile() {
	name=$1
	shift
	apparmor_parser --replace --skip-cache <<- END
		profile $name flags=(attach_disconnected,mediate_deleted) {
			file,
			capability,
			network,
			mount,
			umount,
			pivot_root,
			ptrace,
			signal,
			unix,
			$*
		}
	END
}

test_begin() {
	harness_make_bundle "$WORK"
	[ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ] || skip 'no AppArmor here'
	[ -e "$HARNESS_TMP/profiles" ] || {
		profile hull-test-box 'deny /**/secret rw,'
		profile hull-test-other
		profile hull-test-itself 'change_profile -> **,'
		touch "$HARNESS_TMP/profiles"
	}
	config '.process.apparmorProfile = "hull-test-box" | .process.noNewPrivileges = false'
}

profile_holds() {
	echo hidden > "$ROOTFS/root/secret"
	started c1
	equal "$(cat "/proc/$PID/attr/current")" 'hull-test-box (enforce)'
	ok exec c1 cat /proc/self/attr/current
	equal "$OUT" 'hull-test-box (enforce)'
	fails 1 exec c1 cat /root/secret
	has "$ERR" 'Permission denied'
	ok exec --apparmor hull-test-other c1 cat /root/secret /proc/self/attr/current
	has "$OUT" hidden
	has "$OUT" 'hull-test-other (enforce)'
}
it profile_holds 'apparmorProfile confines the program and exec, --apparmor is for one exec'

no_new_privileges() {
	config '.process.noNewPrivileges = true'
	inside 'cat /proc/self/attr/current'
	equal "$OUT" 'hull-test-box (enforce)'
}
it no_new_privileges 'a profile goes together with noNewPrivileges'

user_namespace() {
	config "$USER_NAMESPACE"
	chown -R 100000:100000 "$ROOTFS"
	chmod 755 "$HARNESS_TMP" "$WORK" "$BUNDLE"
	inside 'cat /proc/self/attr/current'
	equal "$OUT" 'hull-test-box (enforce)'
}
it user_namespace 'a profile holds in a user namespace'

unknown_profile() {
	config '.process.apparmorProfile = "hull-test-nosuch"'
	fails 1 create c1
	has "$ERR" 'process.apparmorProfile: AppArmor profile hull-test-nosuch is not loaded'
	missing "$STATE/c1"
	config '.process.apparmorProfile = "hull-test-box"'
	started c1
	fails 255 exec --apparmor hull-test-nosuch c1 true
	has "$ERR" 'hull-test-nosuch is not loaded'
}
it unknown_profile 'a profile that is not loaded is an error of create and of exec'

unconfined() {
	config '.process.apparmorProfile = "unconfined"'
	inside 'cat /proc/self/attr/current'
	equal "$OUT" unconfined
}
it unconfined 'unconfined is no profile'

# confined ARG...: like hull, by a hull that is confined itself.
confined() {
	(cd "$BUNDLE" && exec aa-exec -p hull-test-itself -- "$HULL" --root "$STATE" "$@") \
		> "$WORK/out" 2> "$WORK/err" < /dev/null || die "confined hull $*: $(cat "$WORK/err")"
	OUT=$(cat "$WORK/out")
}

hull_is_confined() {
	config '.process.args = ["cat", "/proc/self/attr/current"]'
	confined run c1
	equal "$OUT" 'hull-test-box (enforce)'
	config '.process.noNewPrivileges = true'
	confined run c1
	has "$OUT" hull-test-box
	has "$OUT" '//&'
	has "$OUT" hull-test-itself
}
it hull_is_confined 'with noNewPrivileges a confined hull puts the profile on top of its own'

selinux_is_missing() {
	config 'del(.process.apparmorProfile) | .process.selinuxLabel = "u:r:box_t:s0"'
	fails 1 create c1
	has "$ERR" 'process.selinuxLabel: SELinux is not enabled on this host'
}
it selinux_is_missing 'an SELinux label is an error where AppArmor is what there is'

finish
