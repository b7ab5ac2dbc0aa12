#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Checkpoint and restore with CRIU itself. What hull tells CRIU, and what it does when CRIU says no, is
# tested without it: tests/integration/checkpoint.sh.
# guest: mini
# limit: 400
# shellcheck disable=SC2016
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/criu.sh"
. "$(dirname "$0")/../lib/resctrl.sh"

IMAGES=images

# program SCRIPT: what runs in the container; COUNT is one that counts, a line each in /tmp/n, from a
# number that no other run begins with.
program() { config '.process.args = ["sh", "-c", $script]' --arg script "$1"; }
BEGIN='i=$(($(od -An -N2 -tu2 /dev/urandom) * 10000))'
COUNT=$BEGIN'; while :; do i=$((i+1)); echo $i >> /tmp/n; sleep 0.1; done'
counted() {
	number=$(tail -n 1 "$ROOTFS/tmp/n" 2> /dev/null) || :
	echo "${number:-0}"
}
counts_beyond() { [ "$(counted)" -gt "$1" ]; }
# counting: c1 runs and counts.
counting() {
	program "$COUNT"
	ok create c1
	ok start c1
	eventually counts_beyond 0
}
# saved [OPTION...] and restored [OPTION...]: c1, with images of this test.
saved() { ok checkpoint --image-path "$WORK/$IMAGES" "$@" c1; }
restored() { ok restore --detach --image-path "$WORK/$IMAGES" --pid-file "$WORK/pid" "$@" c1; }
status_is() {
	ok state c1
	equal "$(echo "$OUT" | jq -r .status)" "$1"
}
# goes_on: it counts on from $1, having lost nothing.
goes_on() {
	: > "$ROOTFS/tmp/n"
	eventually counts_beyond $(($1 + 1))
	[ "$(counted)" -lt $(($1 + 1000)) ] || die "$(counted) is not $1 and a little more"
}

a_counter() {
	counting
	saved
	before=$(counted)
	hull state c1
	has "$ERR" 'container does not exist'
	restored
	status_is running
	goes_on "$before"
	ok state c1
	equal "$(echo "$OUT" | jq .pid)" "$(cat "$WORK/pid")"
	ok exec c1 cat /proc/1/comm
	equal "$OUT" sh
	ok kill c1 KILL
	eventually hull_says_stopped
	ok delete c1
}
hull_says_stopped() {
	ok state c1
	[ "$(echo "$OUT" | jq -r .status)" = stopped ]
}
it a_counter 'a container is gone after its checkpoint, and its restore counts on, with pid, exec, kill and delete'

leave_running() {
	counting
	saved --leave-running
	before=$(counted)
	status_is running
	goes_on "$before"
	ok delete --force c1
	restored
	goes_on "$before"
}
it leave_running '--leave-running: the container goes on, and can be restored from that moment later'

paused() {
	counting
	ok pause c1
	before=$(counted)
	saved --leave-running
	status_is paused
	ok resume c1
	ok delete --force c1
	restored
	status_is running
	goes_on "$before"
}
it paused 'a paused container can be saved and stays paused; its restore runs'

parents() {
	counting
	IMAGES=first saved --pre-dump
	status_is running
	ahead=$(memory_in first)
	IMAGES=second saved --pre-dump --parent-path ../first
	exists "$WORK/second/parent"
	equal "$(memory_in first)" "$ahead"
	before=$(counted)
	IMAGES=third saved --parent-path ../second --auto-dedup
	[ "$(memory_in first)" -lt "$ahead" ] || die "$ahead KiB of memory are in two images"
	ahead=$(memory_in third)
	IMAGES=third restored --auto-dedup
	[ "$(memory_in third)" -lt "$ahead" ] || die "$ahead KiB of images stay"
	goes_on "$before"
}
# memory_in IMAGES: in KiB.
memory_in() { du -ck "$WORK/$1"/pages-*.img | tail -n 1 | cut -f 1; }
it parents '--pre-dump saves memory ahead, --parent-path builds on it, --auto-dedup frees what it replaces'

# What criu has to be able to do for it: criu(8), check.
needs() { criu check --feature "$1" > /dev/null 2>&1 || skip "criu or this kernel has no $1"; }

page_server() {
	counting
	mkdir "$WORK/$IMAGES"
	criu page-server --address 127.0.0.1 --port 2779 --images-dir "$WORK/$IMAGES" -v4 -o "$WORK/server.log" &
	server=$!
	eventually listens 2779
	saved --page-server 127.0.0.1:2779
	before=$(counted)
	wait $server
	has "$(cat "$WORK/server.log")" 'Session over'
	ls "$WORK/$IMAGES"/pages-*.img
	restored
	goes_on "$before"
}
# listens PORT [ADDRESS]: somebody does, and on that address; as /proc/net/tcp writes them.
listens() { grep -qi " ${2:-[0-9A-F]*}:$(printf %04X "$1") 0*:0000 0A " /proc/net/tcp; }
it page_server '--page-server: the memory goes to a page server of CRIU, and restore finds it there'

lazy_pages() {
	needs uffd-noncoop
	counting
	serve_lazily
	before=$(counted)
	mkdir "$WORK/lazy"
	criu lazy-pages --page-server --address 127.0.0.1 --port 2780 --images-dir "$WORK/$IMAGES" \
		--work-dir "$WORK/lazy" -v4 -o "$WORK/lazy.log" &
	daemon=$!
	eventually test -S "$WORK/lazy/lazy-pages.socket"
	ok restore --detach --lazy-pages --image-path "$WORK/$IMAGES" --work-path "$WORK/lazy" c2
	goes_on "$before"
	wait $daemon
	has "$(cat "$WORK/lazy.log")" 'UFFD transferred pages'
	wait $source
	fails 1 state c1
}
# serve_lazily: c1 is being saved, and its memory can be fetched; the pid of that hull in $source.
serve_lazily() {
	mkfifo "$WORK/status"
	(cd "$BUNDLE" && exec "$HULL" --root "$STATE" checkpoint --image-path "$WORK/$IMAGES" --lazy-pages \
		--page-server 127.0.0.1:2780 --status-fd 3 c1 3> "$WORK/status") &
	source=$!
	equal "$(timeout 60 head -c 1 "$WORK/status" | od -An -tx1)" ' 00'
	listens 2780 0100007F || die "it does not listen on that address: $(cat /proc/net/tcp)"
}
it lazy_pages '--lazy-pages: memory stays where it was, on the address that was given, until the restored container uses it'

lazy_killed() {
	needs uffd-noncoop
	counting
	serve_lazily
	kill -9 $source
	eventually no_criu
	ok delete --force c1
}
no_criu() { ! pgrep -x criu > /dev/null; }
it lazy_killed 'kill -9 of hull while memory can be fetched: nobody can any more, and delete --force works'

streams() {
	program 'i=0; while read line; do i=$((i+1)); echo "$i $line"; done; exit 7'
	mkfifo "$WORK/in"
	exec 8<> "$WORK/in"
	(cd "$BUNDLE" && exec "$HULL" --root "$STATE" run c1) < "$WORK/in" > "$WORK/one" 2> "$WORK/one.err" 8>&- &
	run=$!
	echo a >&8
	eventually grep -q '1 a' "$WORK/one"
	saved
	rc=0
	wait $run || rc=$?
	equal "$rc" 137
	{ (cd "$BUNDLE" && exec "$HULL" --root "$STATE" restore --image-path "$WORK/$IMAGES" c1) \
		< "$WORK/in" 2> "$WORK/two.err" | cat > "$WORK/two"; } 8>&- &
	run=$!
	echo b >&8
	eventually grep -q '2 b' "$WORK/two"
	exec 8>&-
	wait $run
	equal "$(cat "$WORK/two")" '2 b'
	eventually is_forgotten
}
is_forgotten() {
	hull state c1
	[ "$RC" = 1 ]
}
it streams 'in the foreground, the restored program reads and writes the streams of restore, and is deleted at its end'

mounts() {
	mkdir -p "$WORK/data" "$ROOTFS/real"
	echo one > "$WORK/data/file"
	echo host > "$WORK/name"
	ln -s real "$ROOTFS/alias"
	mkdir -p "$WORK/tree/sub"
	mount -t tmpfs sub "$WORK/tree/sub"
	echo sub > "$WORK/tree/sub/file"
	config '.mounts += [
		{destination: "/alias/data", type: "bind", source: ($work + "/data"), options: ["bind", "ro"]},
		{destination: "/etc/name", type: "bind", source: ($work + "/name"), options: ["bind"]},
		{destination: "/tree", type: "bind", source: ($work + "/tree"), options: ["rbind"]},
		{destination: "/scratch", type: "tmpfs", source: "tmpfs"}]' --arg work "$WORK"
	program "echo kept > /scratch/file; $COUNT"
	ok create c1
	ok start c1
	eventually counts_beyond 0
	saved
	echo two > "$WORK/data/file"
	rm -r "$ROOTFS/real/data" "$ROOTFS/scratch" "$ROOTFS/tree" # as in a fresh root file system
	restored
	ok exec c1 cat /alias/data/file /etc/name /scratch/file /tree/sub/file
	equal "$(echo "$OUT" | xargs)" 'two host kept sub'
	fails 1 exec c1 touch /alias/data/new
	ok exec c1 sh -c 'head -c1 /proc/kcore | wc -c; ls /proc/scsi | wc -l'
	equal "$(echo "$OUT" | xargs)" '0 0'
	ok delete --force c1
	umount "$WORK/tree/sub"
}
it mounts 'bind mounts are those of the host, with their flags and below symlinks; tmpfs keeps its files; masks stay'

limits() {
	config '.linux.resources.pids.limit = 50 | .linux.resources.memory.limit = 67108864'
	counting
	ok update --pids-limit 40 c1
	saved
	config '.linux.cgroupsPath = "/moved"'
	restored
	group=/sys/fs/cgroup/moved
	equal "$(cat $group/pids.max) $(cat $group/memory.max)" '50 67108864'
	has "$(cat $group/cgroup.procs)" "$(cat "$WORK/pid")"
	equal "$(cat /proc/"$(cat "$WORK/pid")"/cgroup)" 0::/moved
	ok pause c1
	status_is paused
	ok resume c1
	ok delete --force c1
	missing $group
}
it limits 'the cgroup and its limits are those of the configuration at restore'

groups_and_profile() {
	with_profiles
	config '.linux.cgroupsPath = "/groups" | .process.apparmorProfile = "hull-test-one"'
	below=/sys/fs/cgroup/groups/below
	counting
	mkdir $below
	head -n 1 ${below%/*}/cgroup.procs > $below/cgroup.procs
	IMAGES=without saved --leave-running --manage-cgroups-mode ignore
	saved
	! grep -q '[^/]groups/below' "$WORK/without/cgroup.img" || die 'the cgroup is in the images'
	grep -q '[^/]groups/below' "$WORK/$IMAGES/cgroup.img" # with a slash that of a process
	before=$(counted)
	restored --manage-cgroups-mode strict
	is_in /groups/below hull-test-one
	ok delete --force c1
	fails 1 restore --detach --lsm-profile apparmor:hull-test-none --image-path "$WORK/$IMAGES" c1
	has "$ERR" 'AppArmor profile hull-test-none is not loaded'
	restored --manage-cgroups-mode full --lsm-profile apparmor:hull-test-two
	is_in /groups/below hull-test-two
	ok delete --force c1
	restored --manage-cgroups-mode ignore
	is_in /groups hull-test-one
	goes_on "$before"
}
is_in() { # CGROUP PROFILE: the first process
	equal "$(cat "/proc/$(cat "$WORK/pid")/cgroup")" "0::$1"
	equal "$(cat "/proc/$(cat "$WORK/pid")/attr/current")" "$2 (complain)"
}
# with_profiles: hull-test-one and hull-test-two; what denies nothing is compiled at once.
with_profiles() {
	[ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ] || skip 'no AppArmor here'
	for profile in one two; do
		echo "profile hull-test-$profile flags=(attach_disconnected,mediate_deleted,complain) {}"
	done | apparmor_parser --replace --skip-cache
}
it groups_and_profile 'cgroups below are made anew, but not with --manage-cgroups-mode ignore; AppArmor profiles are kept, or replaced with --lsm-profile'

terminal() {
	with_terminal_program
	receive "$WORK/first.sock" "$WORK/first"
	ok create --console-socket "$WORK/first.sock" c1
	ok start c1
	eventually grep -q 'ready' "$WORK/first"
	saved
	receive "$WORK/second.sock" "$WORK/second"
	restored --console-socket "$WORK/second.sock"
	touch "$ROOTFS/tmp/go"
	eventually grep -q 'again on /dev/pts/0' "$WORK/second"
}
with_terminal_program() {
	program 'echo ready; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo again on $(tty); sleep 1000'
	config '.process.terminal = true'
}
# receive SOCKET FILE: what the terminal that comes there shows goes to the file.
receive() {
	python3 - "$1" > "$2" <<- 'PY' &
		import array, os, socket, sys
		listener = socket.socket(socket.AF_UNIX)
		listener.bind(sys.argv[1])
		listener.listen()
		peer, _ = listener.accept()
		_, passed, _, _ = peer.recvmsg(100, socket.CMSG_SPACE(4))
		master = array.array("i", passed[0][2])[0]
		try:
		    while data := os.read(master, 1000):
		        os.write(1, data)
		except OSError:
		    pass
	PY
	eventually test -S "$1"
}
it terminal 'a terminal is made anew, and its master goes to the console socket of restore'

tcp() {
	program "$BEGIN"'; ip link set lo up; httpd -f -p 127.0.0.1:8 & nc -l -p 7 -e cat & sleep 0.5
		(while sleep 0.2; do i=$((i+1)); echo $i; done) | nc 127.0.0.1 7 | while read n; do echo $n >> /tmp/n; done
		echo closed > /tmp/closed; sleep 1000'
	for name in nc httpd; do
		ln "$ROOTFS/bin/busybox" "$ROOTFS/bin/$name"
	done
	ok create --pid-file "$WORK/pid" c1
	ok start c1
	eventually counts_beyond 0
	call_unanswered
	tcp_refused 'In-flight connection' --tcp-established
	tcp_refused 'consider using' --tcp-skip-in-flight
	saved --tcp-established --tcp-skip-in-flight
	kill $caller
	before=$(counted)
	fails 1 restore --detach --image-path "$WORK/$IMAGES" c1
	has "$ERR" 'TCP'
	restored --tcp-established
	goes_on "$before"
	grep -q "$PORT_8 0*:0000 0A " "/proc/$(cat "$WORK/pid")/net/tcp"
	ok delete --force c1
	restored --tcp-close
	eventually test -e "$ROOTFS/tmp/closed"
}
# call_unanswered: somebody else has connected to port 8, and the container does not accept it; his pid
# in $caller.
call_unanswered() {
	pkill -STOP -x httpd
	sleep 1000 | nsenter --net="/proc/$(cat "$WORK/pid")/ns/net" busybox nc 127.0.0.1 8 &
	caller=$!
	eventually grep -q "$PORT_8 [0-9A-F]*:[0-9A-F]* 01 " "/proc/$(cat "$WORK/pid")/net/tcp"
}
PORT_8=' [0-9A-F]*:0008'
tcp_refused() { # TEXT [OPTION...]: by CRIU, with this text
	text=$1
	shift
	before=$(counted)
	fails 1 checkpoint --image-path "$WORK/refused" "$@" c1
	has "$ERR" "$text"
	has "$ERR" "$WORK/refused/dump.log"
	goes_on "$before"
}
it tcp 'open TCP connections are refused with what CRIU says, kept with --tcp-established, closed with --tcp-close; --tcp-skip-in-flight forgets those that are not accepted'

held() {
	python_program <<- 'PY'
		import fcntl, os, socket, sys, time
		lock = open("/tmp/lock", "w")
		fcntl.flock(lock, fcntl.LOCK_EX)
		file = open("/tmp/name", "w")
		os.link("/tmp/name", "/tmp/other")
		os.unlink("/tmp/name")
		log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		log.connect(sys.argv[1])
		open("/tmp/ready", "w").close()
		while not os.path.exists("/tmp/go"):
		    time.sleep(0.1)
		print("again", file=file, flush=True)
		log.send(b"again")
		time.sleep(1000)
	PY
	hear "$WORK/outside/socket"
	ok create c1
	ok start c1
	eventually test -e "$ROOTFS/tmp/ready"
	refused_without --file-locks --link-remap --ext-unix-sk
	refused_without --link-remap --ext-unix-sk --file-locks
	refused_without --ext-unix-sk --file-locks --link-remap
	lacks "$(ls "$ROOTFS/tmp")" link_remap
	saved --file-locks --link-remap --ext-unix-sk
	flock -n "$ROOTFS/tmp/lock" true
	restored --file-locks --ext-unix-sk
	! flock -n "$ROOTFS/tmp/lock" true || die 'the lock is not held'
	lacks "$(ls "$ROOTFS/tmp")" link_remap
	touch "$ROOTFS/tmp/go"
	eventually test -s "$WORK/heard"
	equal "$(cat "$WORK/heard" "$ROOTFS/tmp/other" | xargs)" 'again again'
}
# python_program: from standard input, run with python of this machine.
python_program() {
	cat > "$ROOTFS/program.py"
	ln -s usr/lib usr/lib64 "$ROOTFS"
	config '.process.args = ["/usr/bin/python3", "-IS", "/program.py"]
		| .mounts += [{destination: "/usr", type: "bind", source: "/usr", options: ["bind", "ro"]}]'
}
# hear SOCKET: what comes to this socket goes to the file heard; the container is told where it is.
hear() {
	mkdir "$(dirname "$1")"
	python3 -IS -c 'import socket, sys
heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
heard.bind(sys.argv[1])
print(heard.recv(100).decode())' "$1" > "$WORK/heard" &
	config '.process.args += [$path] | .linux.namespaces |= map(select(.type != "network"))
		| .mounts += [{destination: $dir, type: "bind", source: $dir, options: ["bind"]}]' \
		--arg path "$1" --arg dir "$(dirname "$1")"
	eventually test -S "$1"
}
# refused_without MISSING OPTION...: CRIU says that it misses that one.
refused_without() {
	missing=${1#--}
	shift
	fails 1 checkpoint --image-path "$WORK/refused" "$@" c1
	has "$ERR" "$missing"
}
it held 'a file lock, an open file without its name, a unix socket to the outside: each only with its option, and all are there again'

outer_terminal() {
	program 'echo ready; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo again; sleep 1000'
	on_terminal "$WORK/first" run --detach c1
	eventually grep -q ready "$WORK/first"
	fails 1 checkpoint --image-path "$WORK/refused" c1
	has "$ERR" 'an open terminal of the outside takes --shell-job'
	saved --shell-job
	kill $terminal
	on_terminal "$WORK/second" restore --detach --shell-job --image-path "$WORK/$IMAGES" c1
	touch "$ROOTFS/tmp/go"
	eventually grep -q again "$WORK/second"
	lacks "$(cat "$WORK/second")" ready
	kill $terminal
}
# on_terminal FILE ARG...: hull ARG... on a terminal that shows what comes in the file, and stays; $terminal.
on_terminal() {
	: > "$1"
	shown=$1
	shift
	(cd "$BUNDLE" && exec script -qfc "$HULL --root $STATE $*; sleep 1000" "$shown") > /dev/null 2>&1 < /dev/null &
	terminal=$!
}
it outer_terminal 'a terminal of the outside is refused, with --shell-job replaced by that of restore'

joined() {
	unshare --net --ipc --uts sleep 1000 &
	holder=$!
	eventually test -e /proc/$holder/ns/net
	sleep 0.5
	config '.linux.namespaces |= map(if (.type | IN("network", "ipc", "uts"))
		then .path = "/proc/\($pid)/ns/\({network: "net", ipc: "ipc", uts: "uts"}[.type])" else . end)
		| del(.hostname)' --arg pid $holder
	counting
	saved
	before=$(counted)
	restored
	goes_on "$before"
	for ns in net ipc uts; do
		equal "$(readlink "/proc/$(cat "$WORK/pid")/ns/$ns")" "$(readlink /proc/$holder/ns/$ns)"
	done
	kill $holder
}
it joined 'namespaces joined by path are joined again'

devices() {
	ip link add d0 type dummy
	ip addr add 192.0.2.1/24 dev d0
	config '.linux.netDevices = {d0: {name: "eth0"}}'
	counting
	fails 1 checkpoint --image-path "$WORK/$IMAGES" c1
	has "$ERR" 'linux.netDevices: CRIU cannot save'
	saved --empty-ns network
	eventually test ! -e /sys/class/net/d0
	before=$(counted)
	ip link add d0 type dummy
	ip addr add 192.0.2.2/24 dev d0
	restored --empty-ns network
	goes_on "$before"
	ok exec c1 ip addr show eth0
	has "$OUT" 192.0.2.2/24
	has "$OUT" ',UP'
	missing /sys/class/net/d0
}
it devices 'linux.netDevices: with --empty-ns network they stay out of the images, and restore moves in what the host has'

class_of_service() {
	with_resctrl
	counting
	saved
	restored
	in_class "$(cat "$WORK/pid")"
}
it class_of_service 'linux.intelRdt: the restored container is in its class (a directory stands for resctrl)'

userns() {
	config "$USER_NAMESPACE"
	chmod 755 "$WORK" "$HARNESS_TMP" "$BUNDLE"
	chmod 777 "$ROOTFS/tmp"
	counting
	saved
	before=$(counted)
	restored
	goes_on "$before"
	equal "$(stat -c %u "/proc/$(cat "$WORK/pid")")" 100000
}
it userns 'a container with a user namespace of its own'

nothing_left() {
	counting
	saved
	config '.mounts |= map(select(.destination != "/dev/shm"))'
	rm "$WORK/$IMAGES"/mountpoints-*.img
	fails 1 restore --detach --image-path "$WORK/$IMAGES" c1
	has "$ERR" 'criu cannot restore'
	has "$ERR" "$WORK/$IMAGES/restore.log"
	fails 1 state c1
}
it nothing_left 'a restore that fails leaves nothing'

killed() {
	counting
	saved
	config '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "sleep 1000"]}]'
	(cd "$BUNDLE" && exec "$HULL" --root "$STATE" restore --detach --image-path "$WORK/$IMAGES" c1) &
	eventually has_hook
	kill -9 $!
	pkill -f 'sleep 1000' -n
	ok delete --force c1
	eventually no_criu
}
has_hook() { pgrep -f 'sleep 1000' > /dev/null; }
it killed 'kill -9 of hull in the midst of a restore: delete --force takes away the rest'

finish
