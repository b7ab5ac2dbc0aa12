#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The action `delete` of the shim: what a shim that was killed has left is cleaned from the disk alone.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/shim.sh"

# deletes PID [BUNDLE]: that process was killed, says the action; what it complains about is in $ERR.
deletes() {
	out action c1 "${2:-$BUNDLE}" delete
	answered "$1"
}

answered() {
	[ "$RC" = 0 ] || die "it failed: $ERR"
	python3 "$CLIENT" decode DeleteResponse < "$WORK/out" > "$WORK/answer"
	equal "$(jq -r '[.pid, .exit_status] | join(" ")' "$WORK/answer")" "$1 137"
}

# orphan [BINARY]: a running container, with a root file system that is mounted, another mount in that
# and a hook, whose shim is killed.
orphan() {
	mv "$ROOTFS" "$WORK/real"
	config '.hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' \
		--arg script "cat > $WORK/poststop"
	program 'sleep 1000'
	shim c1
	call Create id=c1 "bundle=$BUNDLE" "options=Options {\"root\": \"$WORK/root\", \"binary_name\": \"${1:-}\"}" \
		"rootfs=[{\"type\": \"bind\", \"source\": \"$WORK/real\", \"options\": [\"rbind\"]}]"
	PID=$(get .pid)
	mount -t tmpfs none "$ROOTFS/tmp"
	call Start id=c1
	kill -9 "$SHIM_PID"
	equal "$(mounted)" "$ROOTFS $ROOTFS/tmp"
	exists "$(cgroup_tree)/$NS"
}

# nothing_is_left [STATE-DIRECTORY]
nothing_is_left() {
	gone "$PID"
	equal "$(mounted)" ''
	missing "$(cgroup_tree)/$NS"
	missing "${1:-$WORK/root}/$NS/c1"
	missing "${ADDRESS#unix://}"
}

everything_goes() {
	orphan
	deletes "$PID"
	equal "$ERR" ''
	nothing_is_left
	equal "$(jq -r '[.id, .status] | join(" ")' "$WORK/poststop")" 'c1 stopped'
	deletes "$PID"
}
it everything_goes 'process, cgroup, state, hooks, socket and all mounts, of others below them, too; then again'

# other_runtime: $OTHER, which is hull by another name, and broken while $WORK/broken exists.
other_runtime() {
	OTHER=$WORK/other-runtime
	cat > "$OTHER" <<-SCRIPT
		#!/bin/sh
		[ ! -e $WORK/broken ] || exit 3
		exec $HULL "\$@"
	SCRIPT
	chmod +x "$OTHER"
}

of_another_runtime() {
	other_runtime
	orphan "$OTHER"
	deletes "$PID"
	equal "$ERR" ''
	nothing_is_left
	exists "$WORK/poststop"
}
it of_another_runtime 'BinaryName: the other runtime is asked to delete, the mounts go as well'

runtime_fails() {
	other_runtime
	orphan "$OTHER"
	trap 'rm -f "$WORK/broken"; shim_clean_up' EXIT
	touch "$WORK/broken"
	deletes "$PID"
	equal "$ERR" "$OTHER ended with status 3"
	equal "$(mounted)" ''
	missing "${ADDRESS#unix://}"
	rm "$WORK/broken"
	deletes "$PID"
	equal "$ERR" ''
	nothing_is_left
}
it runtime_fails 'a runtime that fails is told about, and does not keep the mounts'

# default_orphan: as orphan, without options, with nothing mounted; the state is where it is by default.
default_orphan() {
	DEFAULT=/run/containerd/hull
	trap 'shim_clean_up; rmdir "$DEFAULT/$NS" "$DEFAULT" 2> /dev/null || true' EXIT
	program 'sleep 1000'
	shim c1
	call Create id=c1 "bundle=$BUNDLE"
	PID=$(get .pid)
	call Start id=c1
	kill -9 "$SHIM_PID"
	exists "$DEFAULT/$NS/c1"
}

unreadable_options() {
	listen_for_events
	default_orphan
	echo '{"Root": ' > "$BUNDLE/shim-options.json"
	deletes "$PID"
	has "$ERR" shim-options.json
	nothing_is_left "$DEFAULT"
}
it unreadable_options 'options that cannot be read are told about, and taken for none'

empty_bundle() {
	listen_for_events
	default_orphan
	mkdir "$WORK/empty"
	deletes '' "$WORK/empty"
	equal "$ERR" ''
	nothing_is_left "$DEFAULT"
}
it empty_bundle 'of a bundle that has lost its files the container is found by its id'

in_removed() ( cd "$WORK/removed" && rmdir "$WORK/removed" && exec timeout 10 "$@" )

no_bundle() {
	listen_for_events
	default_orphan
	mkdir "$WORK/removed"
	out in_removed "$SHIM" -namespace "$NS" -address "$WORK/containerd.sock" -id c1 -bundle "$WORK/removed" delete
	answered ''
	equal "$ERR" ''
	nothing_is_left "$DEFAULT"
}
it no_bundle 'so it is when the bundle is gone'

finish
