#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# podman container checkpoint and restore, with hull as its runtime.
# guest: full
# shellcheck disable=SC2016,SC2034
# limit: 300
CLIENT='podman --log-level error'
. "$(dirname "$0")/../lib/clients.sh"

podman_begin

counted() { podman exec c1 tail -n 1 /tmp/n; }
counts_beyond() { [ "$(counted)" -gt "$1" ]; }
# goes_on: it counts on from $1, having lost nothing.
goes_on() {
	eventually counts_beyond "$1"
	[ "$(counted)" -lt $(($1 + 1000)) ] || die 'it counts too fast to be true'
}
# From 1000 on: a container that began anew would be far below.
counting() {
	does run -d --name c1 --network none box \
		sh -c 'i=1000; while :; do i=$((i+1)); echo $i >> /tmp/n; sleep 0.2; done'
	eventually counts_beyond 1000
	before=$(counted)
}

in_place() {
	counting
	does container checkpoint c1
	does inspect --format '{{.State.Status}} {{.State.Checkpointed}}' c1
	equal "$OUT" 'exited true'
	does container restore c1
	goes_on "$before"
	does stop --time 0 c1
}
it in_place 'checkpoint and restore of a container'

leave_running() {
	takes_long
	counting
	does container checkpoint --leave-running c1
	goes_on "$before"
}
it leave_running 'checkpoint --leave-running'

elsewhere() {
	counting
	does container checkpoint --export "$WORK/c1.tar.gz" c1
	does rm c1
	does container restore --import "$WORK/c1.tar.gz"
	goes_on "$before"
}
it elsewhere 'checkpoint --export and restore --import: into a container and a root file system that are new'

in_two_steps() {
	takes_long
	counting
	does container checkpoint --pre-checkpoint --compress none --export "$WORK/before.tar" c1
	has "$(tar -tf "$WORK/before.tar")" pre-checkpoint/pages-
	goes_on "$before"
	does container checkpoint --with-previous --compress none --export "$WORK/c1.tar" c1
	has "$(tar -tf "$WORK/c1.tar")" checkpoint/parent
	does rm c1
	does container restore --import-previous "$WORK/before.tar" --import "$WORK/c1.tar"
	goes_on "$before"
}
it in_two_steps 'checkpoint --pre-checkpoint, then --with-previous; restore --import-previous takes both'

at_a_terminal() {
	takes_long
	does run -dt --name c1 --network none box sh -c 'tty; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo again'
	does container checkpoint c1
	does container restore c1
	does exec c1 touch /tmp/go
	does wait c1
	does logs c1
	has "$OUT" again
}
it at_a_terminal 'a container with a terminal'

finish
