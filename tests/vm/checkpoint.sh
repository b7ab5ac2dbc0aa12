#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checkpoint and restore with a real CRIU.
# guest: mini
# limit: 240
. "$(dirname "$0")/../lib/harness.sh"

command -v criu > /dev/null || skip_all 'no criu'

# counting [ID]: a container that writes numbers to /tmp/n, one each tenth of a second.
COUNT='i=0; while :; do i=$((i+1)); echo $i > /tmp/n; sleep 0.1; done'
counting() {
	config '.process.args = ["sh", "-c", $script]' --arg script "$COUNT"
	ok create "${1:-c1}"
	ok start "${1:-c1}"
	eventually counts_beyond 3
}
counted() { cat "$ROOTFS/tmp/n" 2> /dev/null; }
counts_beyond() { [ "$(counted)" -gt "$1" ] 2> /dev/null; }
status_of() {
	ok state "$1"
	echo "$OUT" | jq -r .status
}

goes_on() {
	counting
	ok checkpoint --image-path "$WORK/images" c1
	before=$(counted)
	fails 1 state c1
	has "$ERR" 'container does not exist'
	ok restore --detach --image-path "$WORK/images" c1
	eventually counts_beyond $((before + 2))
	equal "$(status_of c1)" running
	[ "$(counted)" -lt $((before + 1000)) ] || die "it began anew: $before, $(counted)"
	ok kill c1 KILL
}
it goes_on 'a container goes on counting where its checkpoint ended'
finish
