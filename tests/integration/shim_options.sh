#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runtime options that containerd hands over, as the container sees them, and what the shim tells of itself.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/shim.sh"

# ---- in the container -----------------------------------------------------------------------------

# create_with JSON [FIELD=VALUE...]: a container c1 made with these options.
create_with() {
	echo c1 >> "$WORK/ids"
	create_options=$(jq -nc "$1 + {root: \$root}" --arg root "$WORK/root")
	shift
	call Create id=c1 "bundle=$BUNDLE" "options=Options $create_options" "$@"
	PID=$(get .pid)
}

ends() {
	call Start id=c1
	call Wait id=c1
	equal "$(get '.exit_status // 0')" 0
	call Delete id=c1
}

# Takes the root of the container c1 away: is the host's under it?
covers_the_host() {
	call Start id=c1
	nsenter -t "$PID" -m /bin/umount -l /
	nsenter -t "$PID" -m test -d "$WORK"
}

no_pivot_root() {
	program 'sleep 1000'
	shim c1
	create_with '{no_pivot_root: true}'
	covers_the_host || die 'the root was pivoted'
	call Kill id=c1 signal=9
	call Wait id=c1
	call Delete id=c1
	create_with '{}'
	if covers_the_host; then die 'the root was not pivoted'; fi
}
it no_pivot_root 'NoPivotRoot: the root of the container covers that of the host, which is not there otherwise'

no_new_keyring() {
	with_probe
	"$PROBE" keyring > "$WORK/ours" 2> /dev/null || skip 'this kernel has no keyrings'
	config '.process.args = ["probe", "keyring"]'
	shim c1
	create_with '{no_new_keyring: true}' "stdout=file://$WORK/same"
	ends
	equal "$(cat "$WORK/same")" "$(cat "$WORK/ours")"
	create_with '{}' "stdout=file://$WORK/another"
	ends
	has "$(cat "$WORK/another")" _ses.c1
}
it no_new_keyring "NoNewKeyring: the session keyring is that of the shim, and the container's own otherwise"

# owners [OPTION=VALUE...]: of the three streams of a container with these options.
owners() {
	mkfifo "$WORK/$1.in" "$WORK/$1.out" "$WORK/$1.err"
	cat "$WORK/$1.out" > "$WORK/$1" &
	cat "$WORK/$1.err" > "$WORK/$1.complaints" &
	create_with "$2" "stdin=$WORK/$1.in" "stdout=$WORK/$1.out" "stderr=$WORK/$1.err"
	ends
	wait $!
	equal "$(cat "$WORK/$1.complaints")" ''
	eventually test -s "$WORK/$1"
	tr '\n' ' ' < "$WORK/$1"
}

io_owner() {
	program 'for i in 0 1 2; do stat -L -c "%F %u:%g" /proc/self/fd/$i; done'
	shim c1
	equal "$(owners given '{io_uid: 1234, io_gid: 5678}')" 'fifo 1234:5678 fifo 1234:5678 fifo 1234:5678 '
	equal "$(owners default '{}')" 'fifo 0:0 fifo 0:0 fifo 0:0 '
}
it io_owner 'IoUid and IoGid own the streams of the container, root otherwise'

# ---- what the shim tells ---------------------------------------------------------------------------

# info [FIELD=VALUE...]: asks -info about a runtime with these options; info_has JQ-FILTER is what it says.
info() {
	: > "$WORK/options"
	[ "$#" = 0 ] || python3 "$CLIENT" any Options "$@" > "$WORK/options"
	"$SHIM" -info < "$WORK/options" | python3 "$CLIENT" decode RuntimeInfo > "$WORK/info"
}
info_has() { jq -r "$1" "$WORK/info"; }

tells_about_itself() {
	info
	equal "$(info_has '[.name, .version.version, .options, .annotations] | @json')" \
		"[\"io.containerd.hull.v2\",\"$("$HULL" --version | awk 'NR == 1 { print $NF }')\",null,[]]"
	equal "$(info_has .features.type_url)" types.containerd.io/opencontainers/runtime-spec/1/features/Features
	equal "$(info_has .features.value | jq -S .)" "$("$HULL" features | jq -S .)"
	equal "$(info_has .features.value.linux.mountExtensions.idmap.enabled)" true
	"$SHIM" -v < /dev/null > "$WORK/version"
	equal "$(head -n 1 "$WORK/version")" containerd-shim-hull-v2:
	equal "$(awk '$1 == "Version:" { print $2 }' "$WORK/version")" "$(info_has .version.version)"
	equal "$(awk '$1 == "Revision:" { print $2 }' "$WORK/version")" "$(info_has .version.revision)"
}
it tells_about_itself '-info tells name, version and the features of hull, -v the version'

tells_about_a_runtime() {
	printf '#!/bin/sh\n[ "$*" = features ] && echo '\''{"ociVersionMax": "9.9"}'\' > "$WORK/other-runtime"
	chmod +x "$WORK/other-runtime"
	info "binary_name=$WORK/other-runtime" systemd_cgroup=true
	equal "$(info_has '[.name, .features.value.ociVersionMax] | join(" ")')" 'io.containerd.hull.v2 9.9'
	equal "$(info_has '[.options.type_url, .options.value.binary_name, .options.value.systemd_cgroup] | join(" ")')" \
		"containerd.runc.v1.Options $WORK/other-runtime true"
	info "binary_name=$HULL"
	equal "$(info_has .features.value.ociVersionMax)" "$("$HULL" features | jq -r .ociVersionMax)"
}
it tells_about_a_runtime '-info with a BinaryName tells the features of that runtime, and the options'

# info_fails TEXT: -info prints nothing but this error.
info_fails() {
	out "$SHIM" -info
	[ ! -s "$WORK/out" ] || die 'it prints something'
	equal "$RC:$ERR" "1:containerd-shim-hull-v2: $1"
}

cannot_tell() {
	printf '\\377' > "$WORK/options"
	input_from "$WORK/options"
	info_fails 'standard input is no runtime options'
	python3 "$CLIENT" any Options binary_name=/no/such/runtime > "$WORK/options"
	info_fails 'posix_spawn: /no/such/runtime features: No such file or directory'
	python3 "$CLIENT" any Options binary_name=false > "$WORK/options"
	info_fails 'false features ended with status 1'
}
it cannot_tell '-info that cannot tell says why in one line'

finish
