#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checkpoint and restore through containerd and the shim.
# guest: full
# shellcheck disable=SC2016
# limit: 400
. "$(dirname "$0")/../lib/containerd.sh"

containerd_begin

counted() { ctr task exec --exec-id "x$(date +%s%N)" "$1" tail -n 1 /tmp/n; }
counts_beyond() { [ "$(counted "$1")" -gt "$2" ]; }
# goes_on ID N
goes_on() {
	eventually counts_beyond "$1" "$2"
	[ "$(counted "$1")" -lt $(($2 + 1000)) ] || die 'it counts too fast to be true'
}
# From a number that no other run begins with. The specification of each container is one of its own: containerd 1.6 wants to keep none twice.
counting() { # [CTR-OPTION...]
	works run -d --null-io --env "TEST=$WORK" "$@" "$IMAGE" c1 \
		sh -c 'i=$(($(od -An -N2 -tu2 /dev/urandom) * 10000)); while :; do i=$((i+1)); echo $i >> /tmp/n; sleep 0.2; done'
	eventually counts_beyond c1 0
	before=$(counted c1)
}
has_stopped() { [ "$(status_of c1)" = STOPPED ]; }

leaves_running() {
	counting
	works ctr task checkpoint c1
	works ctr images ls -q
	has "$OUT" containerd.io/checkpoint/c1
	equal "$(status_of c1)" RUNNING
	goes_on c1 "$before"
}
it leaves_running 'ctr task checkpoint: the task goes on'

# restores [CTR-OPTION...]: which run has.
restores() {
	counting "$@"
	works ctr containers checkpoint --image --rw --task c1 "saved:$WORK"
	works ctr task kill -s KILL c1
	eventually has_stopped
	works ctr task delete c1
	works ctr containers rm c1
	works ctr containers restore --rw --live c2 "saved:$WORK"
	equal "$(status_of c2)" RUNNING
	goes_on c2 "$before"
	works ctr task pause c2
	works ctr task resume c2
	works ctr task kill -s KILL c2
}
it restores 'ctr containers restore --live: a task that goes on, with exec, pause and kill'

restores_by_runc() {
	takes_long
	command -v runc > /dev/null || skip 'no runc'
	echo "BinaryName = 'runc'" > "$WORK/options.toml"
	restores --runtime-config-path "$WORK/options.toml"
	works runc --root "/run/containerd/hull/$CONTAINERD_NAMESPACE" state c2
}
it restores_by_runc 'the same with BinaryName runc: the shim drives checkpoint and restore of runc'

containerd_end
