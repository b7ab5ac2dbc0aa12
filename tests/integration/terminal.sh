#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Terminals (rows D2, D3): in the foreground, where hull connects the container's terminal with its
# own, and handed over through a console socket.
. "$(dirname "$0")/../lib/harness.sh"

# program SCRIPT: what runs in the container, on a terminal.
program() {
	config '.process.terminal = true | .process.args = ["sh", "-c", $script]' --arg script "$1"
}

# on_terminal COMMAND: a shell command, in the background, on a terminal of its own that is written to
# with `keys` and whose output is $SCREEN. hull is "$HULL" --root "$STATE" there.
on_terminal() {
	SCREEN=$WORK/screen
	mkfifo "$WORK/keys"
	# the terminal's name, so that it can be looked at from here
	(cd "$BUNDLE" && exec script --quiet --return --flush --command "tty > $WORK/tty; $1" /dev/null) \
		< "$WORK/keys" > "$SCREEN" 2>&1 &
	TERMINAL=$!
	exec 8> "$WORK/keys"
	eventually test -s "$WORK/tty"
}
# shellcheck disable=SC2059
keys() { printf "$@" >&8; }
shows() { eventually grep -q -e "$1" "$SCREEN"; }
# script shows the end of its own input, the keys, as ^@, whenever it comes.
screen() { sed 's/\^@//g' "$SCREEN" | tr -d '\r'; }
# ends STATUS: on_terminal's command ends with it.
ends() {
	exec 8>&-
	rc=0
	wait "$TERMINAL" || rc=$?
	equal "$rc" "$1"
}
export HULL STATE

# receiver SOCKET COMMAND...: listens there; the command's input is the terminal that arrives, its
# output goes to $SCREEN.
receiver() {
	with_probe
	SCREEN=$WORK/screen
	"$PROBE" receive "$@" > "$SCREEN" 2>&1 &
	RECEIVER=$!
	trap 'kill "$RECEIVER" 2> /dev/null || true' EXIT
	eventually test -S "$1"
}

# ---- in the foreground ----------------------------------------------------------------------------

all_three_are_the_terminal() {
	program 'for fd in 0 1 2; do test -t $fd && echo fd $fd; done; tty; read x; echo "got $x"; exit 4'
	on_terminal '"$HULL" --root "$STATE" run c1'
	shows /dev/pts/0
	keys 'hello\r'
	shows 'got hello'
	ends 4
	equal "$(screen | xargs)" 'fd 0 fd 1 fd 2 /dev/pts/0 hello got hello'
}
it all_three_are_the_terminal 'run connects the terminals: what is typed arrives once, and is echoed once'

size() {
	program 'stty size; trap "stty size" WINCH; echo ready; while [ ! -e /tmp/go ]; do sleep 0.05; done'
	on_terminal 'stty rows 33 cols 77; "$HULL" --root "$STATE" run c1'
	shows ready
	equal "$(screen | head -n 1)" '33 77'
	stty -F "$(cat "$WORK/tty")" rows 44 cols 99 # one after the other
	shows '44 99'
	touch "$ROOTFS/tmp/go"
	ends 0
}
it size "the size is that of the caller's terminal, at the start and when it changes"

modes() {
	program 'stty -a; read x'
	on_terminal 'stty -g > before; "$HULL" --root "$STATE" run c1; stty -g > after'
	shows onlcr
	stty -F "$(cat "$WORK/tty")" -a > "$WORK/meanwhile"
	for mode in -icanon -echo -isig -icrnl -ixon; do grep -qwe "$mode" "$WORK/meanwhile"; done
	has "$(screen)" ' -onlcr'
	has "$(screen)" ' icanon'
	keys '\r'
	ends 0
	equal "$(cat "$BUNDLE/after")" "$(cat "$BUNDLE/before")"
}
it modes "the caller's terminal is raw meanwhile and as it was thereafter; ONLCR is off inside"

modes_after_an_error() {
	program 'true'
	config '.process.args = ["nosuch"]'
	on_terminal 'stty -g > before; "$HULL" --root "$STATE" run c1; stty -g > after'
	shows 'executable file not found'
	ends 0
	equal "$(cat "$BUNDLE/after")" "$(cat "$BUNDLE/before")"
}
it modes_after_an_error "the caller's terminal is as it was after a run that failed"

interrupt() {
	program 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.05; done'
	on_terminal '"$HULL" --root "$STATE" run c1'
	shows ready
	keys '\003'
	shows interrupted
	ends 5
}
it interrupt 'Ctrl-C interrupts the program, not hull'

controlling_terminal() {
	program 'echo by name > /dev/tty'
	on_terminal '"$HULL" --root "$STATE" run c1'
	ends 0
	equal "$(screen)" 'by name'
}
it controlling_terminal 'the terminal is the controlling terminal of the program'

terminal_is_reopened() {
	program 'exec 0<&- 1>&- 2>&-; sleep 0.3; exec 0< /dev/tty 1> /dev/tty
		echo again; read x; echo "got $x"'
	on_terminal '"$HULL" --root "$STATE" run c1'
	shows again
	keys 'x\r'
	shows 'got x'
	ends 0
}
it terminal_is_reopened 'a program may close its terminal and open it again, as systemd does'

console() {
	program 'stat -c %t:%T "$(tty)"; stat -c %t:%T /dev/console; echo to the console > /dev/console'
	on_terminal '"$HULL" --root "$STATE" run c1'
	shows 'to the console'
	ends 0
	equal "$(screen | sed -n 1p)" "$(screen | sed -n 2p)"
}
it console '/dev/console is the terminal'

owner() {
	config '.process.user = {"uid": 1000, "gid": 1000}'
	program 'stat -c %u "$(tty)"; echo x > "$(tty)"'
	on_terminal '"$HULL" --root "$STATE" run c1'
	ends 0
	equal "$(screen | xargs)" '1000 x'
}
it owner 'the terminal belongs to the user of the program'

in_a_user_namespace() {
	config "$USER_NAMESPACE"
	program 'stat -c %u "$(tty)" /dev/console; read x; echo "got $x"'
	on_terminal '"$HULL" --root "$STATE" run c1'
	keys 'x\r'
	shows 'got x'
	ends 0
	equal "$(screen | grep -c '^0$')" 2
}
it in_a_user_namespace 'there is a terminal in a user namespace, too'

all_output() {
	program 'seq 20000; echo end'
	on_terminal '"$HULL" --root "$STATE" run c1'
	ends 0
	screen > "$WORK/shown"
	(seq 20000; echo end) | cmp - "$WORK/shown" || die 'output is missing'
}
it all_output 'all output arrives, however soon the program ends'

caller_without_a_terminal() {
	program 'cat; stty size'
	config '.process.consoleSize = {"height": 22, "width": 66}'
	printf 'one\ntwo' > "$WORK/input"
	(cd "$BUNDLE" && timeout 10 "$HULL" --root "$STATE" run c1 < "$WORK/input") > "$WORK/output"
	equal "$(grep -c -e one -e two "$WORK/output")" 3
	has "$(tail -n 1 "$WORK/output")" '22 66'
}
it caller_without_a_terminal 'a caller without a terminal is fine: end of file reaches the program'

exec_with_a_terminal() {
	started c1
	on_terminal 'stty rows 33 cols 77; "$HULL" --root "$STATE" exec -t c1 sh -c "tty; stty size
		stat -c %t:%T /dev/tty > /dev/null && echo controlling > /dev/tty; read x; exit \$x"'
	shows controlling
	equal "$(screen | xargs)" '/dev/pts/0 33 77 controlling'
	stty -F "$(cat "$WORK/tty")" -a > "$WORK/meanwhile"
	has "$(cat "$WORK/meanwhile")" ' -echo'
	keys '7\r'
	ends 7
	ok exec c1 sh -c 'ls /dev/pts'
	equal "$OUT" ptmx
}
it exec_with_a_terminal 'exec -t does the same'

exec_has_the_size_at_once() {
	started c1
	on_terminal 'stty rows 33 cols 77
		for i in $(seq 30); do "$HULL" --root "$STATE" exec -t c1 stty size; done; echo end'
	shows end
	ends 0
	equal "$(screen | sort | uniq -c | xargs)" '30 33 77 1 end'
}
it exec_has_the_size_at_once 'the first thing that a program of exec -t sees is the right size'

# ---- console sockets ------------------------------------------------------------------------------

handed_over() {
	receiver "$WORK/socket" cat
	program 'printf "a\nb\n"; stty size; read x'
	config '.process.consoleSize = {"height": 12, "width": 34}'
	ok create --console-socket "$WORK/socket" c1
	ok start c1
	shows '12 34'
	ok delete --force c1
	wait "$RECEIVER" || true
	equal "$(head -n 1 "$SCREEN")" '1 descriptors with /dev/ptmx'
	sed 1d "$SCREEN" | head -n 3 | od -An -c | xargs > "$WORK/bytes"
	equal "$(cat "$WORK/bytes")" "$(printf 'a\nb\n12 34\n' | od -An -c | xargs)"
}
it handed_over 'the terminal is sent through the console socket, with the size of config.json'

terminal_outlives_hull() {
	receiver "$WORK/socket" sh -c 'echo typed >&0; cat'
	program 'read x; echo "got $x"; sleep 1000'
	ok run --detach --console-socket "$WORK/socket" c1
	shows 'got typed'
}
it terminal_outlives_hull 'a detached container keeps its terminal'

exec_hands_over() {
	started c1
	receiver "$WORK/socket" cat
	ok exec --tty --detach --console-socket "$WORK/socket" --pid-file "$WORK/exec.pid" c1 \
		sh -c 'tty; exec sleep 1000'
	shows /dev/pts/0
	equal "$(readlink "/proc/$(cat "$WORK/exec.pid")/fd/0")" /dev/pts/0
}
it exec_hands_over 'exec --tty --detach sends its terminal, too'

long_path() {
	dir=$WORK/$(printf '%0100d' 0)
	mkdir "$dir"
	cd "$dir" || die "$dir"
	receiver socket cat
	program 'echo arrived; sleep 1000'
	ok run --detach --console-socket "$dir/socket" c1
	shows arrived
}
it long_path 'the path of a console socket may be longer than a socket address'

missing_socket() {
	program 'sleep 1000'
	fails 1 create c1
	has "$ERR" console-socket
	missing "$STATE/c1"
	fails 1 run --detach c1
	has "$ERR" console-socket
	fails 1 create --console-socket "$WORK/nosuch" c1
	has "$ERR" "$WORK/nosuch"
	missing "$STATE/c1"
	config '.process.terminal = false'
	started c1
	fails 255 exec --detach --tty c1 true
	has "$ERR" console-socket
}
it missing_socket 'a detached terminal without a console socket is refused'

socket_without_terminal() {
	config '.process.consoleSize = {"height": 1, "width": 2}'
	inside 'test -t 0 || echo none; test -e /dev/console || echo no console'
	equal "$OUT" "$(printf 'none\nno console')"
}
it socket_without_terminal 'without terminal there is none, and consoleSize means nothing'

terminal_needs_devpts() {
	program 'true'
	config '.mounts |= map(select(.destination != "/dev/pts"))'
	on_terminal '"$HULL" --root "$STATE" run c1'
	shows /dev/pts
	ends 1
	missing "$STATE/c1"
}
it terminal_needs_devpts 'a terminal without devpts is an error that says so'

finish
