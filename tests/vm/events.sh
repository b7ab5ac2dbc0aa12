#!/bin/sh
# shellcheck disable=SC2317
# SPDX-License-Identifier: Apache-2.0
# events and top on real controllers, with a kill for lack of memory; the real journald.
# guest: full
# limit: 240
. "$(dirname "$0")/../lib/harness.sh"

# stat FILTER: of the statistics of container c1.
stat() { "$HULL" --root "$STATE" events --stats c1 | jq -r "$1"; }

figures() {
	config '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 50},
		"cpu": {"quota": 20000, "period": 100000}}'
	config '.process.args = ["sh", "-c", "dd if=/dev/zero of=/tmp/file bs=1M count=20; sync; exec sleep 1000"]'
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
	ok run --detach c1
	eventually grows
	ok events --stats c1
	equal "$(echo "$OUT" | jq -r '.data.memory.usage.limit')" 67108864
	equal "$(echo "$OUT" | jq -r '.data.memory.raw.shmem >= 20971520')" true
	equal "$(echo "$OUT" | jq -r '.data.pids | [.current, .limit] | join(" ")')" '1 50'
	equal "$(echo "$OUT" | jq -r '.data.cpu | .usage.total >= 100000000 and .usage.total < 60000000000')" true
	equal "$(echo "$OUT" | jq -r '.data.cpu.throttling.throttledPeriods > 0')" true
	equal "$(echo "$OUT" | jq -r '.data.cpuset.cpus | length > 0')" true
	equal "$(echo "$OUT" | jq -r '.data.memory.psi.some | has("avg10")')" true
	ok events --stats --format table c1
	has "$OUT" ' of 64.0M, at most'
	has "$OUT" 'pids      1 of 50'
}
grows() { [ "$(stat .data.memory.usage.usage)" -gt 20971520 ]; }
it figures 'events --stats tells what the controllers count'

swap_counts_with_memory() {
	config '.linux.resources = {"memory": {"limit": 67108864, "swap": 134217728}}'
	started c1
	equal "$(stat '.data.memory.swap.limit')" 134217728
	ok update --memory-swap -1 c1
	equal "$(stat '.data.memory.swap.limit == 18446744073709551615')" true
}
it swap_counts_with_memory 'swap is told together with memory, as ever'

oom_killed() {
	config '.linux.resources = {"memory": {"limit": 16777216, "swap": 16777216}}'
	config '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
	config '.process.args = ["sh", "-c", "dd if=/dev/zero of=/tmp/file bs=1M count=64; sleep 2; dd if=/dev/zero of=/tmp/file2 bs=1M count=64"]'
	ok create c1
	"$HULL" --root "$STATE" events --interval 1h c1 > "$WORK/events" &
	json=$!
	"$HULL" --root "$STATE" events --format table --interval 1h c1 > "$WORK/table" &
	table=$!
	eventually test -s "$WORK/events" -a -s "$WORK/table"
	ok start c1
	wait "$json" || die "events ended with status $?"
	wait "$table"
	equal "$(jq -c 'select(.type == "oom")' "$WORK/events" | sort -u)" '{"type":"oom","id":"c1"}'
	has "$(cat "$WORK/table")" 'out of memory: the kernel has killed a process'
}
it oom_killed 'a kill for lack of memory is an event'

top_figures() {
	config '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 50}}'
	started c1
	config '.process.args = ["sh", "-c", "while :; do :; done"]'
	ok run --detach c2
	ok top
	equal "$(echo "$OUT" | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" 'c2 c1 '
	equal "$(echo "$OUT" | awk '$1 == "c1" { print $4, $5, $6 }')" '64.0M 1 50'
	equal "$(echo "$OUT" | awk '$1 == "c2" { print ($2 > 20 && $2 < 120) }')" 1
	ok top --sort id
	equal "$(echo "$OUT" | awk 'NR > 1 { print $1 }' | tr '\n' ' ')" 'c1 c2 '
}
it top_figures 'top tells what each container uses'

added_mounts() {
	started c1
	echo '[{"destination": "/added", "type": "tmpfs", "options": ["size=1m"]},
		{"destination": "/srv", "source": "/usr", "options": ["rbind", "ro"]}]' > "$WORK/mounts"
	ok mounts add c1 "$WORK/mounts"
	ok exec c1 sh -c 'ls /srv/bin > /added/list && wc -l < /added/list'
	[ "$OUT" -gt 10 ] || die "$OUT"
	ok mounts remove c1 "$WORK/mounts"
	ok exec c1 ls /added /srv
	lacks "$OUT" list
}
it added_mounts 'mounts come to a running container and go'

journal() {
	fails 1 --log journald:hull-test state nobody
	eventually in_journal hull-test
	fails 1 --log syslog:hull-syslog state nobody
	eventually in_journal hull-syslog
	equal "$(journalctl --quiet --output json SYSLOG_IDENTIFIER=hull-test | jq -r .PRIORITY | head -n 1)" 3
}
in_journal() { journalctl --quiet SYSLOG_IDENTIFIER="$1" | grep -q 'state nobody: container does not exist'; }
it journal 'journald takes the log, also by way of syslog'

finish
