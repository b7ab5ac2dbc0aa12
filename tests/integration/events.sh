#!/bin/sh
# shellcheck disable=SC2317
# SPDX-License-Identifier: Apache-2.0
# What hull tells about running containers: events and top; and about several at once: --regex.
# Figures on real controllers, and kills for lack of memory: tests/vm/events.sh.
. "$(dirname "$0")/../lib/harness.sh"

# in_terminal SIZE KEYS ARG...: hull ARG... in a terminal; what was drawn is in $OUT.
in_terminal() {
	terminal_size=$1 terminal_keys=$2
	shift 2
	OUT=$(cd "$BUNDLE" && exec timeout 60 python3 "$HARNESS_LIB/in_terminal.py" "$terminal_size" \
		"$terminal_keys" "$HULL" --root "$STATE" "$@")
}

# What in_terminal has seen, without control sequences.
lines_drawn() {
	echo "$OUT" | sed 's/\x1b\[H\|</\n&/g' | tr '\r' '\n' | sed 's/\x1b\[[?0-9]*[A-Za-z]//g'
}

# ---- events -----------------------------------------------------------------------------------

stats_once() {
	started e1
	ok events --stats e1
	equal "$(echo "$OUT" | wc -l)" 1
	equal "$(echo "$OUT" | jq -r '.type + " " + .id')" 'stats e1'
	equal "$(echo "$OUT" | jq -c '.data | keys')" \
		'["blkio","cpu","cpuset","hugetlb","intel_rdt","memory","network_interfaces","pids"]'
	equal "$(echo "$OUT" | jq -c '.data.cpu.usage | keys')" '["kernel","total","user"]'
	equal "$(echo "$OUT" | jq -r '.data.cpu.usage.total > 0')" true
	equal "$(echo "$OUT" | jq -c '.data.memory | [.usage, .swap, .kernel, .kernelTCP] | map(keys) | unique')" \
		'[["failcnt","limit","max","usage"]]'
	equal "$(echo "$OUT" | jq -r '.data.network_interfaces[].Name')" lo
}
it stats_once 'events --stats tells statistics once, as runc does'

at_intervals() {
	config '.process.args = ["sleep", "1"]'
	ok create e1
	"$HULL" --root "$STATE" events --interval 200ms e1 > "$WORK/events" &
	events=$!
	eventually test -s "$WORK/events"
	ok start e1
	wait "$events" || die "events ended with status $?"
	lines=$(wc -l < "$WORK/events")
	[ "$lines" -ge 4 ] || die "only $lines lines"
	equal "$(jq -r .type "$WORK/events" | sort -u)" stats
}
it at_intervals 'events tells statistics at intervals and ends when the container does'

events_for_people() {
	started e1
	ok events --stats --format table e1
	has "$OUT" 'cpu       0.'
	has "$OUT" 'network   lo: received 0B'
	ok kill e1 KILL
	config '.process.args = ["sleep", "1"]'
	ok create e2
	"$HULL" --root "$STATE" events -f table --interval 300ms e2 > "$WORK/events" &
	events=$!
	eventually test -s "$WORK/events"
	ok start e2
	wait "$events"
	has "$(head -n 1 "$WORK/events")" 'CPU%'
	[ "$(grep -c '^[0-9][0-9]:' "$WORK/events")" -ge 3 ] || die 'too few lines'
}
it events_for_people 'people get a table'

events_refused() {
	started e1
	for interval in 0 -1 soon ''; do
		fails 1 events --interval "$interval" e1
		has "$ERR" --interval
	done
	fails 1 events e2
	has "$ERR" 'container does not exist'
	ok kill e1 KILL
	eventually gone "$PID"
	fails 1 events --stats e1
	has "$ERR" 'container not running'
}
it events_refused 'an interval that is none and a container that is not there are errors'

closed_pipe() {
	started e1
	timeout 20 "$HULL" --root "$STATE" events --interval 100ms e1 | head -n 1 > "$WORK/first"
	equal "$(jq -r .type "$WORK/first")" stats
}
it closed_pipe 'events ends when nobody reads it any more'

# ---- top --------------------------------------------------------------------------------------

three_containers() {
	for id in one two three; do started "$id"; done
}

top_piped() {
	three_containers
	ok kill two KILL
	eventually gone "$(jq .init.pid "$STATE/two/state.json")"
	ok top --sort id
	equal "$(echo "$OUT" | awk '{ print $1 }' | tr '\n' ' ')" 'ID one three '
	has "$(echo "$OUT" | head -n 1)" 'CPU%  MEMORY'
}
it top_piped 'top prints the running containers once when piped'

top_sorted() {
	started idle
	config '.process.args = ["sh", "-c", "while :; do :; done"]'
	ok run --detach busy
	ok top
	equal "$(echo "$OUT" | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" 'busy idle '
	equal "$(echo "$OUT" | awk '$1 == "busy" { print ($2 > 1) }')" 1
}
it top_sorted 'the busiest comes first'

top_empty() {
	ok top
	equal "$(echo "$OUT" | wc -l)" 1
	fails 1 top --interval 1ms
	has "$ERR" '--interval'
	fails 1 top --sort beauty
}
it top_empty 'without containers there is only the title'

top_in_terminal() {
	three_containers
	in_terminal 24x80 'n resize q' top --interval 200ms
	has "$OUT" "$(printf '\033[?1049h')"
	has "$OUT" '3 running, by cpu'
	has "$OUT" '3 running, by id'
	has "$OUT" "$(printf '\033[?1049l')"
	has "$OUT" 'status 0'
	has "$OUT" 'mode same'
	equal "$(lines_drawn | sed '/<resize>/,$d' | awk 'length > 80')" ''
	has "$(lines_drawn | sed '1,/<resize>/d')" 'IO-P%'
}
it top_in_terminal 'in a terminal it is redrawn to its size, and q gives the terminal back'

top_interrupted() {
	started e1
	in_terminal 24x80 '^C' top
	has "$OUT" "$(printf '\033[?1049l')"
	has "$OUT" 'mode same'
	in_terminal 24x80 '^Z q' top
	has "$OUT" "$(printf '\033[?1049l')<stopped><mode same>"
	has "${OUT#*<stopped>}" "$(printf '\033[?1049h')"
	has "$OUT" 'status 0'
}
it top_interrupted 'Ctrl-C and Ctrl-Z give the terminal back as it was'

top_small() {
	three_containers
	in_terminal 3x20 q top
	has "$OUT" 'status 0'
	lacks "$OUT" three
}
it top_small 'what does not fit is cut'

# ---- ps -----------------------------------------------------------------------------------------

created_has_a_name() {
	ok create e1
	ok ps e1 -o pid,comm
	equal "$(echo "$OUT" | awk 'NR > 1 { print $2 }')" hull:init
	ok start e1
}
it created_has_a_name 'the init of a created container has a name of its own'

# ---- several at once ----------------------------------------------------------------------------

kill_regex() {
	for id in web-1 web-2 db; do started "$id"; done
	ok kill --regex '^web-[0-9]+$' KILL
	for id in web-1 web-2; do eventually gone "$(jq .init.pid "$STATE/$id/state.json")"; done
	ok state db
	has "$OUT" running
	fails 1 kill --regex '^web-[0-9' KILL
	has "$ERR" 'regular expression "^web-[0-9"'
	fails 1 kill --regex . NONSENSE
	has "$ERR" NONSENSE
}
it kill_regex 'kill --regex signals every container that matches'

delete_regex() {
	for id in web-1 web-2 db; do started "$id"; done
	ok kill web-1 KILL
	eventually gone "$(jq .init.pid "$STATE/web-1/state.json")"
	fails 1 delete --regex web
	equal "$(echo "$ERR" | wc -l)" 1
	has "$ERR" 'delete web-2: '
	missing "$STATE/web-1"
	ok delete --force --regex web
	ok list --quiet
	equal "$OUT" db
	ok delete --regex nobody
}
it delete_regex 'delete --regex deletes every one that matches and can be deleted'

finish
