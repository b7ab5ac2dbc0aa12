#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# BinaryName: the shim drives another runtime by its command line.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/shim.sh"

# unified: from now on shims of this test see a machine with cgroup2 alone: crun refuses the hybrid tree.
unified() {
	printf '#!/bin/sh\nexec unshare --mount --propagation private sh -c %s "%s" "$@"\n' \
		"'umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec \"\$0\" \"\$@\"'" \
		"$SHIM" > "$WORK/shim"
	chmod +x "$WORK/shim"
	SHIM=$WORK/shim
}

is_hybrid() { [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; }

# What another runtime would do to the hybrid tree of this machine is not asked of it.
leave_cgroups_alone() {
	config 'del(.linux.resources) | del(.linux.cgroupsPath) | .linux.namespaces |= map(select(.type != "cgroup"))
		| .mounts |= map(select(.type != "cgroup" and .type != "cgroup2"))'
}

# with_runtime BINARY: a whole life with an exec, and a failure.
with_runtime() {
	program 'echo out $INJECTED; while [ ! -e /go ]; do sleep 0.1; done; exit 3'
	listen_for_events
	config '.ociVersion = "1.0.2"'
	! is_hybrid || leave_cgroups_alone
	shim c1
	options="Options {\"root\": \"$WORK/root\", \"binary_name\": \"$1\"}"
	call Create id=c1 "bundle=$BUNDLE" "stdout=file://$WORK/out" "options=$options"
	call Start id=c1
	exec_ c1 e1 'echo from exec; exit 5' "stdout=file://$WORK/e1.out"
	call Start id=c1 exec_id=e1
	call Wait id=c1 exec_id=e1
	equal "$(get .exit_status)" 5
	call Delete id=c1 exec_id=e1
	touch "$ROOTFS/go"
	call Wait id=c1
	equal "$(get .exit_status)" 3
	call Delete id=c1
	equal "$(cat "$WORK/out" "$WORK/e1.out")" "${2:-out}
from exec"
	eventually told_is 'create: start: exec-added:e1 exec-started:e1 exit:e1 exit:c1 delete: '
	config '.process.args = ["/no/such/program"]'
	refused '2 OCI runtime create failed: ' Create id=c1 "bundle=$BUNDLE" "options=$options"
	has "$(echo "$OUT" | tr N n)" 'no such file or directory'
}

# Pause, resume, a terminal, kill of all and deletion by force, through the command line.
verbs_of() {
	config '.process.terminal = true | .process.args = ["sh", "-c", "tty; sleep 1000"]'
	options="Options {\"root\": \"$WORK/root\", \"binary_name\": \"$1\"}"
	call Create id=c2 "bundle=$BUNDLE" terminal=true "stdout=file://$WORK/tty" "options=$options"
	call Start id=c2
	eventually grep -q /dev/pts/0 "$WORK/tty"
	if ! is_hybrid || [ "$SHIM" = "$WORK/shim" ]; then
		call Pause id=c2
		status_is c2 4
		call Resume id=c2
		status_is c2 2
	fi
	call Kill id=c2 signal=9 all=true
	call Wait id=c2
	equal "$(get .exit_status)" 137
	call Delete id=c2
}

needs() { command -v "$1" > /dev/null || skip "$1 is not installed"; }

with_crun() {
	needs crun
	! is_hybrid || unified
	with_runtime crun
	verbs_of crun
}
it with_crun 'BinaryName crun: the shim drives crun'

with_runc() {
	needs runc
	with_runtime runc
	verbs_of runc
}
it with_runc 'BinaryName runc: the shim drives runc'

# What wrappers such as nvidia-container-runtime do: on create they edit the bundle, then they become
# the runtime, with the same words.
wrapper() { # RUNTIME
	cat > "$WORK/wrapper-runtime" <<-SCRIPT
		#!/bin/sh
		for word; do
			case \$last in --bundle | -b) bundle=\$word ;; esac
			last=\$word
			case \$word in --bundle=*) bundle=\${word#*=} ;; create) create=yes ;; esac
		done
		if [ -n "\$create" ]; then
			jq '.process.env += ["INJECTED=by the wrapper"]' "\$bundle/config.json" > "\$bundle/edited" &&
				cat "\$bundle/edited" > "\$bundle/config.json" || exit
		fi
		exec $1 "\$@"
	SCRIPT
	chmod +x "$WORK/wrapper-runtime"
}

wrapped_hull() {
	wrapper "$HULL"
	with_runtime "$WORK/wrapper-runtime" 'out by the wrapper'
	verbs_of "$WORK/wrapper-runtime"
}
it wrapped_hull 'a wrapper that edits the bundle and becomes hull'

wrapped_runc() {
	needs runc
	wrapper runc
	with_runtime "$WORK/wrapper-runtime" 'out by the wrapper'
}
it wrapped_runc 'a wrapper that edits the bundle and becomes runc'

missing_runtime() {
	shim c1
	refused '2 OCI runtime create failed: cannot execute the runtime /no/such/runtime' \
		Create id=c1 "bundle=$BUNDLE" \
		"options=Options {\"root\": \"$WORK/root\", \"binary_name\": \"/no/such/runtime\"}"
}
it missing_runtime 'a runtime that is not there is told by its name'

# with_script: a runtime of this test; its words go to $WORK/words, then it does what standard input says.
with_script() {
	{
		printf '#!/bin/sh\necho "$@" >> %s\nbundle=%s\n' "$WORK/words" "$BUNDLE"
		cat
	} > "$WORK/runtime"
	chmod +x "$WORK/runtime"
	options="\"root\": \"$WORK/root\", \"binary_name\": \"$WORK/runtime\""
}

# called_as VERB: the last call of it.
called_as() { grep " $1 " "$WORK/words" | tail -n 1; }

options_are_passed_on() {
	with_script <<- END
		exec "$HULL" \$(echo "\$@" | sed 's/--systemd-cgroup//')
	END
	shim c1
	call Create id=c1 "bundle=$BUNDLE" "options=Options {$options, \"systemd_cgroup\": true,
		\"no_pivot_root\": true, \"no_new_keyring\": true}"
	equal "$(called_as create)" "--root $WORK/root/$NS --log $BUNDLE/log.json --log-format json --systemd-cgroup \
create --no-new-keyring --bundle $BUNDLE --pid-file $BUNDLE/init.pid --no-pivot c1"
	call Delete id=c1
	call Create id=c1 "bundle=$BUNDLE" "options=Options {$options}"
	equal "$(called_as create)" "--root $WORK/root/$NS --log $BUNDLE/log.json --log-format json \
create --bundle $BUNDLE --pid-file $BUNDLE/init.pid c1"
}
it options_are_passed_on 'the options of the task are those of the runtime: driver, pivot_root, keyring'

limits_are_passed_on() {
	with_script <<- END
		case " \$* " in *' update '*) exec cat > $WORK/limits ;; esac
		exec "$HULL" "\$@"
	END
	shim c1
	program 'exec sleep 1000'
	call Create id=c1 "bundle=$BUNDLE" "options=Options {$options}"
	call Start id=c1
	call Update id=c1 'resources={"pids": {"limit": 7}}'
	equal "$(cat "$WORK/limits")" '{"pids": {"limit": 7}}'
	has "$(called_as update)" ' update --resources - c1'
}
it limits_are_passed_on 'Update: the runtime reads the limits from its standard input'

errors_are_one_line() {
	with_script <<- 'END'
		printf '{"level": "error", "msg": "first\\nsecond", "time": "2026-01-01T00:00:00Z"}\n' > "$bundle/log.json"
		exit 1
	END
	shim c1
	refused '2 OCI runtime create failed: first' Create id=c1 "bundle=$BUNDLE" "options=Options {$options}"
	case $OUT in *second*) die "$OUT" ;; esac
}
it errors_are_one_line 'of an error that goes over lines the first one is told'

# It sees where the socket is, and that it is gone afterwards.
sockets_of_terminals() {
	with_script <<- END
		for word; do [ "\$last" != --console-socket ] || ls "$BUNDLE/\$word" >> $WORK/sockets; last=\$word; done
		exec "$HULL" "\$@"
	END
	shim c1
	config '.process.terminal = true'
	program 'exec sleep 1000'
	call Create id=c1 "bundle=$BUNDLE" terminal=true "stdout=file://$WORK/out" "options=Options {$options}"
	call Start id=c1
	call Exec id=c1 exec_id=e1 terminal=true "stdout=file://$WORK/e1.out" \
		'spec={"args": ["tty"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}, "terminal": true}'
	call Start id=c1 exec_id=e1
	call Wait id=c1 exec_id=e1
	equal "$(cat "$WORK/sockets")" "$BUNDLE/c1.pty
$BUNDLE/e1.pty"
	equal "$(find "$BUNDLE" -name '*.pty')" ''
}
it sockets_of_terminals 'the socket for a terminal is in the bundle, and goes when it was used'

finish
