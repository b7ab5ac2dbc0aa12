#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Measures containerd-shim-hull-v2 beside the Go shim for runc, in turns, under one containerd of its
# own (root; containerd, runc and busybox-static installed):
#
#	BUILD=DIR tests/bench/shim.sh [ROUNDS]
#
# Prints a Markdown table and writes it to tests/bench/results/shim.md: `ctr run --rm` as the client
# sees it and with the client's own time (`ctr version`) taken off, `ctr task exec`, 20 starts and
# removals in parallel (likewise), once with containerd's root on a tmpfs and once on the disk; the life of a
# container in the shim alone, without the time of client and containerd (shim_life.py); what client and
# containerd take with a shim that does nothing, the floor (floor_shim.c), and its ratio; the memory of
# an idle shim alone and of each of 50, the shim's CPU time for 1 GiB of output to the fifos of ctr and
# to a file.
# shellcheck disable=SC2154 # srcdir, containerd_pid: lib/containerd.sh
export CONTAINERD_LEVEL=info # its own default
. "$(dirname "$0")/../lib/containerd.sh"
set -eu

rounds=${1:-30}
hull=io.containerd.hull.v2 runc=io.containerd.runc.v2 floor=io.containerd.floor.v2
results=$srcdir/tests/bench/results
listener=
ctr="$(env which ctr) -a $C/containerd.sock"

trap 'kill $listener 2> /dev/null || :; containerd_end > /dev/null 2>&1' EXIT
cc -O2 -D_GNU_SOURCE -o "$C/measure" "$srcdir/tests/bench/measure.c"
mkdir "$C/bin"
cc -O2 -D_GNU_SOURCE -o "$C/bin/containerd-shim-floor-v2" "$srcdir/tests/bench/floor_shim.c"
PATH=$C/bin:$PATH
cgroup_tree > /dev/null
containerd_begin

# row WHAT HULL RUNC UNIT [FLOOR]
row() { awk -v w="$1" -v h="$2" -v r="$3" -v u="$4" -v f="${5-}" \
	'BEGIN { printf "| %s | **%.1f %s** | %.1f %s | %.2f | %s |\n", w, h, u, r, u, h / r,
		f == "" ? "–" : sprintf("%.1f %s, %.2f", f, u, f / r) }'; }

# median NAME FILE, in ms
median() { awk -v n="$1" '$1 == n { print $2 / 1000 }' "$2"; }
minus() { awk -v a="$1" -v b="$2" 'BEGIN { print a - b }'; }
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

# In a subshell, whose only children are these: ms for 20 times FIRST, then THEN, in parallel.
twenty() { # FIRST THEN
	begin=$(now)
	for i in $(seq 20); do $1 "p$i" & done
	wait
	for i in $(seq 20); do $2 "p$i" & done
	wait
	echo $((($(now) - begin) / 1000000))
	no_shims
}

many() { twenty "idle $1" gone; } # RUNTIME: starts and removals

# What the clients of these take for themselves: one to start, two to remove.
asked() { ctr version > /dev/null; }
asked_twice() { asked && asked; }
many_clients() { twenty asked asked_twice; }

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

middle() { sort -n | sed -n 3p; } # of five

# of_five FUNCTION RUNTIME: the median of five
of_five() {
	for _ in 1 2 3 4 5; do "$@"; done | middle
}

# The same program, driven by a client of our own: no containerd.
life() {
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
		"$BUILD/containerd-shim-hull-v2" "$(command -v containerd-shim-runc-v2)" 2> "$C/life/log" || {
		cat "$C/life/log" >&2
		return 1
	}
	kill "$listener"
	listener=
}

# clients WHERE: what they see, into $C/WHERE.*
clients() {
	"$C/measure" 3 "$rounds" version "$ctr version" \
		hull "$ctr run --rm --runtime $hull $IMAGE h true" \
		runc "$ctr run --rm --runtime $runc $IMAGE r true" \
		floor "$ctr run --rm --runtime $floor $IMAGE f true" > "$C/$1.run"
	idle $hull h
	idle $runc r
	"$C/measure" 3 "$rounds" hull "$ctr task exec --exec-id x h true" \
		runc "$ctr task exec --exec-id x r true" > "$C/$1.exec"
	gone h r
	no_shims
	rm -f "$C"/many.*
	for _ in 1 2 3 4 5; do
		(many $hull) >> "$C/many.hull"
		(many $runc) >> "$C/many.runc"
		(many $floor) >> "$C/many.floor"
		(many_clients) >> "$C/many.clients"
	done
	for who in hull runc floor clients; do middle < "$C/many.$who" > "$C/$1.many.$who"; done
}

# What containerd writes to its databases it has the disk confirm: that takes as long as the disk does.
databases_in_memory() {
	containerd_stop
	mount -t tmpfs tmpfs "$C/root"
	containerd_start
	image_import
}

client_rows() { # WHERE
	version=$(median version "$C/$1.run")
	row '`ctr run --rm … true`' "$(median hull "$C/$1.run")" "$(median runc "$C/$1.run")" ms \
		"$(median floor "$C/$1.run")"
	row "the same without the client's own $version ms" \
		"$(minus "$(median hull "$C/$1.run")" "$version")" \
		"$(minus "$(median runc "$C/$1.run")" "$version")" ms \
		"$(minus "$(median floor "$C/$1.run")" "$version")"
	row '`ctr task exec … true`' "$(median hull "$C/$1.exec")" "$(median runc "$C/$1.exec")" ms
	many_rows "$1" "$(cat "$C/$1.many.clients")"
}

many_rows() { # WHERE CLIENTS
	row '20 starts and removals in parallel' "$(cat "$C/$1.many.hull")" "$(cat "$C/$1.many.runc")" ms \
		"$(cat "$C/$1.many.floor")"
	row "the same without the clients' own $2 ms" "$(($(cat "$C/$1.many.hull") - $2))" \
		"$(($(cat "$C/$1.many.runc") - $2))" ms "$(($(cat "$C/$1.many.floor") - $2))"
}

clients disk
databases_in_memory
clients memory
life > "$C/life.tsv"

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
		sleep 1
		pss_of_shims > "$C/one.$runtime"
		gone one
		no_shims
		for i in $(seq 50); do idle $runtime "m$i"; done
		sleep 1
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
