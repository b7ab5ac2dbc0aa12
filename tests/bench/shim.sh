#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures containerd-shim-hull-v2 beside the Go shim for runc, in turns, under one containerd of its
# own (root; containerd, runc and busybox-static installed):
#
#	BUILD=DIR tests/bench/shim.sh [ROUNDS]
#
# Prints a Markdown table and writes it to tests/bench/results/shim.md: `ctr run --rm` and `ctr task exec`,
# also without ctr's own time, in which none of its calls is with containerd (grpc_tap.c); the calls of
# `ctr run --rm` that make and remove the container, by a client of our own (containerd_life.py); 20 starts
# and removals in parallel, by ctr and by that client; all that once with containerd's root on a tmpfs and
# once on the disk; the life of a container in the shim alone, without the time of client and containerd
# (shim_life.py); what client and containerd take with a shim that does nothing, the floor (floor_shim.c),
# and its ratio; the memory of an idle shim alone and of each of 50; the shim's CPU time for 1 GiB of output
# to the fifos of ctr and to a file.
# shellcheck disable=SC2154 # srcdir, containerd_pid: lib/containerd.sh
export CONTAINERD_LEVEL=info # its own default
. "$(dirname "$0")/../lib/containerd.sh"
set -eu

rounds=${1:-30}
hull=io.containerd.hull.v2 runc=io.containerd.runc.v2 floor=io.containerd.floor.v2
results=$srcdir/tests/bench/results
listener=
taps=

trap 'kill $listener $taps 2> /dev/null || :; containerd_end > /dev/null 2>&1 || :; umount -l "$C"; rm -rf "$HARNESS_TMP"' EXIT
# States are on a tmpfs, as where /run is one; containerd's root is at first on the disk.
mkdir -p "$HARNESS_TMP/root" /run/containerd
mount -t tmpfs tmpfs "$C"
mount -t tmpfs tmpfs /run/containerd
mkdir "$C/root" "$C/fifos"
mount --bind "$HARNESS_TMP/root" "$C/root"
cc -O2 -D_GNU_SOURCE -o "$C/measure" "$srcdir/tests/bench/measure.c"
cc -O2 -D_GNU_SOURCE -o "$C/grpc_tap" "$srcdir/tests/bench/grpc_tap.c"
mkdir "$C/bin"
cc -O2 -D_GNU_SOURCE -o "$C/bin/containerd-shim-floor-v2" "$srcdir/tests/bench/floor_shim.c"
PATH=$C/bin:$PATH
containerd_begin
for who in hull runc floor; do
	"$C/grpc_tap" "$C/$who.sock" "$C/containerd.sock" > "$C/$who.us" &
	taps="$taps $!"
	while [ ! -S "$C/$who.sock" ]; do sleep 0.1; done
done

# row WHAT HULL RUNC UNIT [FLOOR]
row() { awk -v w="$1" -v h="$2" -v r="$3" -v u="$4" -v f="${5-}" \
	'BEGIN { printf "| %s | **%.1f %s** | %.1f %s | %.2f | %s |\n", w, h, u, r, u, h / r,
		f == "" ? "–" : sprintf("%.1f %s, %.2f", f, u, f / r) }'; }

# median NAME FILE, in ms
median() { awk -v n="$1" '$1 == n { print $2 / 1000 }' "$2"; }
now() { date +%s%N; }

idle() { # RUNTIME ID
	ctr run -d --runtime "$1" "$IMAGE" "$2" sleep 100000
}

gone() { # ID...
	for id; do
		ctr task rm -f "$id" > /dev/null 2>&1
		ctr containers rm "$id"
	done
}

pss_of_shims() {
	for pid in $(shims); do
		awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"
	done | awk '{ sum += $1 } END { print sum / NR }'
}

# many RUNTIME: ms for 20 starts, then removals, in parallel; in a subshell, whose only children these are
many() {
	begin=$(now)
	for i in $(seq 20); do idle "$1" "p$i" & done
	wait
	for i in $(seq 20); do gone "p$i" & done
	wait
	echo $((($(now) - begin) / 1000000))
	no_shims
}

no_shims() { while [ -n "$(shims)" ]; do sleep 0.1; done; }

# prints 1 GiB, and stays a while
print_much() { # RUN-ARGUMENT...
	ctr run "$@" "$IMAGE" out \
		sh -c 'dd if=/dev/zero bs=64k count=16384 2> /dev/null; touch /done; sleep 3'
}

cpu_of_shim() { # ms, that of who writes a file included; once all is printed
	until [ -e "$C/state/io.containerd.runtime.v2.task/$CONTAINERD_NAMESPACE/out/rootfs/done" ]; do
		sleep 0.1
	done
	sleep 0.5
	for pid in $(shims) $(pgrep -x -P "$(shims)" hull-file); do cat "/proc/$pid/stat"; done |
		awk -v tick="$(getconf CLK_TCK)" '{ sum += ($14 + $15) * 1000 / tick } END { print sum }'
}

cpu_of_fifo() { # RUNTIME
	print_much --runtime "$1" --rm > /dev/null &
	cpu_of_shim
	wait
	no_shims
}

cpu_of_file() { # RUNTIME
	print_much --runtime "$1" --log-uri file:///dev/null -d
	cpu_of_shim
	gone out
	no_shims
}

middle_of() { sort -n | sed -n "$((($1 + 1) / 2))p"; } # NUMBER of lines

# of_five FUNCTION RUNTIME: the median of five
of_five() {
	for _ in 1 2 3 4 5; do "$@"; done | middle_of 5
}

# The life of a program that ends at once, driven by clients of our own: of the shim, without containerd,
shim_life() {
	mkdir -p "$C/life/bundle/rootfs/bin" "$C/life/bundle/rootfs/dev" "$C/life/bundle/rootfs/proc" \
		"$C/life/bundle/rootfs/sys"
	cp "$(command -v busybox)" "$C/life/bundle/rootfs/bin/true"
	"$CTR" oci spec | jq --arg root "$C/life/bundle/rootfs" --arg cgroup "/$CONTAINERD_NAMESPACE/life" \
		'.process.terminal = false | .process.args = ["/bin/true"] | .root = {path: $root}
		| .linux.cgroupsPath = $cgroup' > "$C/life/bundle/config.json"
	python3 "$srcdir/tests/lib/ttrpc_client.py" events "$C/life/events.sock" /dev/null &
	listener=$!
	while [ ! -S "$C/life/events.sock" ]; do sleep 0.1; done
	python3 "$srcdir/tests/bench/shim_life.py" "$rounds" "$C/life" \
		"$BUILD/containerd-shim-hull-v2" "$(command -v containerd-shim-runc-v2)"
	kill "$listener"
	listener=
	rmdir "$(cgroup_parent)/life" # runc leaves it
}

# and of containerd, without ctr.
containerd_life() {
	ctr containers create "$IMAGE" template true
	python3 "$srcdir/tests/bench/containerd_life.py" "$rounds" "$C/containerd.sock" \
		"$CONTAINERD_NAMESPACE" template "$C/fifos" $hull $runc $floor
	ctr containers rm template
	no_shims
}

# by_ctr FILE HULL RUNC [FLOOR]: what these commands of ctr take, into FILE, and without its own time into
# FILE.calls
by_ctr() {
	ctr="$(env which ctr) -a $C"
	"$C/measure" 3 "$rounds" hull "$ctr/containerd.sock $2" tapped "$ctr/hull.sock $2" \
		runc "$ctr/containerd.sock $3" tapped "$ctr/runc.sock $3" \
		${4:+floor "$ctr/containerd.sock $4" tapped "$ctr/floor.sock $4"} > "$1"
	sleep 0.1 # the last tap prints
	for who in hull runc ${4:+floor}; do
		echo "$who $(tail -n "$rounds" "$C/$who.us" | middle_of "$rounds")"
	done > "$1.calls"
}

# clients WHERE: what they see, into $C/WHERE.*
clients() {
	by_ctr "$C/$1.run" "run --rm --runtime $hull $IMAGE h true" \
		"run --rm --runtime $runc $IMAGE r true" "run --rm --runtime $floor $IMAGE f true"
	idle $hull h
	idle $runc r
	by_ctr "$C/$1.exec" 'task exec --exec-id x h true' 'task exec --exec-id x r true'
	gone h r
	no_shims
	rm -f "$C"/many.*
	for _ in 1 2 3 4 5; do
		(many $hull) >> "$C/many.hull"
		(many $runc) >> "$C/many.runc"
		(many $floor) >> "$C/many.floor"
	done
	for who in hull runc floor; do middle_of 5 < "$C/many.$who" > "$C/$1.many.$who"; done
	containerd_life > "$C/$1.life"
}

# What containerd writes to its databases it has the disk confirm: that takes as long as the disk does.
databases_in_memory() {
	containerd_stop
	umount "$C/root"
	containerd_start
	image_import
}

# of_life WHERE COLUMN WHAT: a row of what containerd_life.py has measured
of_life() {
	# shellcheck disable=SC2046 # three numbers
	set -- "$3" $(cut -f "$2" "$C/$1.life")
	row "$1" "$2" "$3" ms "$4"
}

# of_ctr FILE WHAT: a row of what by_ctr has measured
of_ctr() {
	row "$2" "$(median hull "$C/$1")" "$(median runc "$C/$1")" ms "$(median floor "$C/$1")"
}

client_rows() { # WHERE
	of_ctr "$1.run" '`ctr run --rm … true`'
	of_ctr "$1.run.calls" "… without \`ctr\`'s own time"
	of_life "$1" 2 '… of its calls those for the container, by our client'
	of_ctr "$1.exec" '`ctr task exec … true`'
	of_ctr "$1.exec.calls" "… without \`ctr\`'s own time"
	row '20 starts and removals in parallel, by 40 `ctr`' "$(cat "$C/$1.many.hull")" \
		"$(cat "$C/$1.many.runc")" ms "$(cat "$C/$1.many.floor")"
	of_life "$1" 9 '20 at the same time, from start to removal, by our client'
}

clients disk
databases_in_memory
clients memory
shim_life > "$C/life.tsv"

{
	echo '|  | hull shim | runc shim | ratio | floor |'
	echo '|---|--:|--:|--:|--:|'
	client_rows memory
	echo "| *containerd's databases on the disk:* | | | | |"
	client_rows disk
	echo '| *without containerd:* | | | | |'
	i=1
	for part in 'the shim alone, from its start to its end' '… `start`' '… Create' '… Start' \
		'… Wait' '… Delete' '… Shutdown and `delete`' 'the shims of 20 lives at the same time'; do
		i=$((i + 1))
		row "$part" "$(cut -f $i "$C/life.tsv" | head -n 1)" "$(cut -f $i "$C/life.tsv" | tail -n 1)" ms
	done
	echo '| *sizes:* | | | | |'
	for runtime in $hull $runc; do
		idle $runtime one
		sleep 2
		pss_of_shims > "$C/one.$runtime"
		gone one
		no_shims
		for i in $(seq 50); do idle $runtime "m$i"; done
		sleep 2
		pss_of_shims > "$C/fifty.$runtime"
		for i in $(seq 50); do gone "m$i"; done
		no_shims
	done
	row 'memory of an idle shim (PSS)' "$(cat "$C/one.$hull")" "$(cat "$C/one.$runc")" kB
	row 'of each of 50' "$(cat "$C/fifty.$hull")" "$(cat "$C/fifty.$runc")" kB
	row "the shim's CPU time for 1 GiB of output to \`ctr\`" "$(of_five cpu_of_fifo $hull)" \
		"$(of_five cpu_of_fifo $runc)" ms
	row '… to a file:// (/dev/null)' "$(of_five cpu_of_file $hull)" "$(of_five cpu_of_file $runc)" ms
	printf '\n%s, %s, medians of %s runs in turns. The floor is a shim that answers at once and runs nothing.\n' "$(uname -sr)" \
		"$("$CONTAINERD" --version | awk '{ print $1, $3 }' | sed 's|.*/||')" "$rounds"
} | tee "$results/shim.md"
