#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs tests in virtual machines, whose cgroups, systemd and clients are their own:
#
#	tests/vm/run.sh [TEST...]		tests/vm/TEST.sh, or with a slash tests/TEST.sh
#	tests/vm/run.sh --command CMD [GUEST]	a command of your own instead; its status is ours
#
# Without TEST all of tests/vm run. The head of a script may say in which guest (# guest: full) and
# for how many seconds at most (# limit: 60); README.md tells about guests. Environment: BUILD (a
# folder with a build; without, build/ is made), SUITE (bookworm, trixie), TEST (functions whose name
# contains it), LONG=1 (the integration tier, too, and what takes long), VM_LIMIT (seconds for all
# guests, 720), VM_IMAGES (where images are kept), KEEP=1 (keeps the results of a success too). The
# last line is the sum.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
. tests/setup.sh

SUITE=${SUITE:-bookworm}
IMAGE=$(realpath -m "${VM_IMAGES:-build/vm}")/$SUITE
LIMIT=${VM_LIMIT:-720}
BOOT=35 # seconds of that for a boot and an end
SLACK=60 # seconds more before a guest is ended: on a slow machine it boots as slowly
PER_BOOT=3 # scripts
FAST_TOOLS="awk basename cat cp cut dirname grep head id ln mkdir mv rm rmdir sed seq sleep sort tail
	touch tr wc xargs"
work=$(mktemp -d "${TMPDIR:-/tmp}/hull-vm.XXXXXX")
trap 'jobs_end; rm -rf "$work"' EXIT

# Nothing can be run, and that is no failure.
skip_all() { # REASON
	echo "ok - tests in virtual machines # SKIP $1"
	echo "0 passed, 0 failed, 1 skipped"
	exit 0
}

# ---- what is needed ------------------------------------------------------------------------------

prepare() {
	local missing

	packages_install vm >&2
	missing=$(packages_missing vm | paste -sd ' ')
	[ -z "$missing" ] || skip_all "missing packages: apt-get install $missing"
	if [ -z "${BUILD-}" ]; then
		source_clean >&2
		run_job build_tree build all >"$work/build.log" 2>&1 || {
			tail -n 40 "$work/build.log"
			echo "not ok - build builds"
			exit 1
		}
		BUILD=$PWD/build
	fi
	run_job tests/vm/image.sh "$SUITE" "$IMAGE" >&2 ||
		skip_all "no image of $SUITE could be made, see above; it takes root and Debian's packages"
	make_payload >"$work/install.log" 2>&1 || {
		tail -n 40 "$work/install.log"
		echo "not ok - $BUILD is installed"
		exit 1
	}
	make_initrd >"$work/initrd"
}

# What every guest unpacks in its /: hull, as it is installed, and the tests with what they read.
make_payload() {
	make -C "$BUILD" install DESTDIR="$work/root" || return
	mkdir -p "$work/root/job"
	cp -r tests man contrib "$work/root/job/"
	cc -D_GNU_SOURCE -O1 -static -o "$work/root/job/tests/lib/probe" tests/lib/probe.c
}

# The image's own, and guest/. An emulated processor takes ten times as long to start a program with
# shared libraries: busybox stands for what scripts call all the time.
make_initrd() {
	local tool

	cp -r tests/vm/guest "$work/guest"
	mkdir "$work/guest/run/vm/bin"
	for tool in $FAST_TOOLS; do
		ln -s /bin/busybox "$work/guest/run/vm/bin/$tool"
	done
	cat "$IMAGE/initrd"
	(cd "$work/guest" && find . | cpio --quiet --create --format newc --owner 0:0)
}

# ---- the machine ---------------------------------------------------------------------------------

# qemu SECONDS KERNEL-ARGUMENTS ARGUMENT...
qemu() {
	local seconds=$1 append=$2
	shift 2

	timeout --foreground -k 5 "$seconds" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-machine q35,sata=off,smbus=off,i8042=off,vmport=off -smp 2 -m 2048 \
		-object memory-backend-ram,id=m0,size=1G -numa node,cpus=0,memdev=m0 \
		-object memory-backend-ram,id=m1,size=1G -numa node,cpus=1,memdev=m1 \
		-kernel "$IMAGE/vmlinux" -initrd "$work/initrd" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off audit=0 nowatchdog $append" \
		"$@" </dev/null
}

# How processors are made, and which: by KVM, if a guest gets anywhere with it here. Asked once for each
# start of this machine. Emulated processors share one thread: on threads of their own, one now and then
# executes the int3 of a kernel patching itself when the other has ended that already, and panics. What a
# newer processor has besides costs its emulation more than it gains the guest: a tenth, for Go programs.
processors() {
	local known

	known=$IMAGE/processors-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -s "$known" ]; then
		[ -w /dev/kvm ] && qemu 10 probe -accel kvm -cpu host -serial "file:$work/probe" 2>/dev/null
		if grep -qs 'the guest starts' "$work/probe"; then
			echo -accel kvm -cpu host
		else
			echo -accel tcg,thread=single,tb-size=512 -cpu Nehalem
		fi >"$known"
	fi
	cat "$known"
}

# boot FOLDER SECONDS GUEST: does FOLDER/job; what it says is our output. What is left: FOLDER/console,
# FOLDER/qemu, and what the job has put in its out/, with the job's exit status in out/status.
boot() {
	local dir=$1 append=
	read -r flavour append <<<"$3"

	case $flavour in
	mini) append+=" init=/run/vm/mini" ;;
	full)
		append+=" systemd.unit=basic.target systemd.wants=vm-agent.service"
		append+=" systemd.mask=timers.target systemd.mask=apparmor.service"
		;;
	*) die_usage "there is no guest called $flavour" ;;
	esac
	chmod +x "$dir/job"
	tar -c -f "$dir/job.tar" -C "$work/root" --owner 0 --group 0 . -C "$dir" --transform 's|^job$|job/job|' job
	truncate -s 256M "$dir/result.tar"
	mkdir "$dir/out"
	# without append=on its output would be truncated at the start
	# shellcheck disable=SC2046 # words
	qemu "$2" "$append" $(processors) \
		-drive if=virtio,file="$IMAGE/root.ext4",format=raw,snapshot=on,cache=unsafe \
		-drive if=virtio,file="$dir/job.tar",format=raw,read-only=on \
		-drive if=virtio,file="$dir/result.tar",format=raw,cache=unsafe \
		-device virtio-serial-pci -device virtserialport,chardev=said \
		-chardev file,id=said,path=/dev/stdout,append=on \
		-serial "file:$dir/console" 2>"$dir/qemu"
	tar -x -C "$dir/out" -f "$dir/result.tar" 2>>"$dir/qemu"
	rm "$dir/job.tar" "$dir/result.tar"
}

# ---- tests ---------------------------------------------------------------------------------------

# LONG=1: those of the integration tier, too, on these cgroups.
all_tests() {
	basename -a -s .sh tests/vm/*.sh | grep -vx 'run\|image'
	[ -z "${LONG-}" ] || (cd tests && printf '%s\n' integration/*.sh | sed 's/\.sh$//')
}

# setting NAME SCRIPT DEFAULT: what the head of the script says of itself: "# NAME: VALUE".
setting() {
	local value

	value=$(sed -n "1,20s/^# $1: *//p" "tests/$2.sh")
	echo "${value:-$3}"
}

# results: reads what run-tests says; writes TAP, in which each sentence bears its script's name.
results() {
	local line name='' told=0 bad=0 done=0

	while IFS= read -r line; do
		case $line in
		'# begin '*) name=${line#\# begin } told=0 bad=0 ;;
		'# end '*)
			read -r _ _ status seconds <<<"$line"
			if [ "$status" = 124 ]; then
				echo "not ok - $name: ends in time (stopped after $seconds s)"
			elif [ "$status" != 0 ] && [ $bad = 0 ]; then
				echo "not ok - $name: ends with status 0 (it was $status)"
			elif [ $told = 0 ] && [ -z "${TEST-}" ]; then
				echo "not ok - $name: tells a result"
			fi
			echo "# $name took $seconds s"
			;;
		'# done') done=1 ;;
		'ok '* | 'not ok '*)
			told=1
			[[ $line == ok* ]] || bad=1
			sed "s|ok[ 0-9]*-* *|ok - $name: |" <<<"$line"
			;;
		'1..0 # SKIP'*)
			told=1
			echo "ok - $name: all # SKIP ${line#* SKIP }"
			;;
		1..*) ;;
		'Bail out!'*)
			bad=1
			echo "not ok - $name: ${line#Bail out! }"
			;;
		*) printf '%s\n' "$line" ;;
		esac
	done
	[ $done = 1 ] || echo "not ok - the guest gets to its end${name:+ (it was at $name)}"
}

# run_guest NUMBER GUEST TEST...: one boot for all tests that want this guest.
run_guest() {
	local dir=$work/$1 guest=$2 left=$((LIMIT - SECONDS))
	shift 2

	mkdir "$dir"
	if [ $left -le $BOOT ]; then
		printf 'ok - %s: all # SKIP no time is left for it (VM_LIMIT)\n' "$@" | tee "$dir/tap"
		return
	fi
	printf '#!/bin/sh\nexport TEST=%q LONG=%q\nexec /run/vm/run-tests %d %s\n' \
		"${TEST-}" "${LONG-}" $((left - BOOT)) "$*" >"$dir/job"
	boot "$dir" "$((left + SLACK))" "$guest" | results | tee "$dir/tap"
	if grep -q '^not ok - the guest' "$dir/tap"; then
		tail -n 20 "$dir/console" "$dir/qemu" | sed 's/^/# | /'
	fi
}

# boots TEST...: what is to be booted, a line each: the guest, a bar, the scripts. What may take longest
# comes first, so that all processors have work until the end.
boots() {
	local test

	for test; do
		echo "$(setting guest "$test" mini)|$test|$(setting limit "$test" 240)"
	done | sort | awk -F '|' -v most=$PER_BOOT '
		function put() { if (n) print limits "|" guest "|" scripts; n = limits = 0; scripts = "" }
		$1 != guest || n == most { put(); guest = $1 }
		{ scripts = scripts " " $2; limits += $3; n++ }
		END { put() }' | sort -t '|' -k 1,1nr | cut -d '|' -f 2-
}

# As many guests at a time as there are processors: each keeps one busy.
run_tests() { # TEST...
	local test tests guest number=0 paths=()

	for test; do
		[[ $test == */* ]] || test=vm/$test
		[ -e "tests/$test.sh" ] || die_usage "there is no tests/$test.sh"
		paths+=("$test")
	done
	prepare
	SECONDS=0 # an image is made once
	while IFS='|' read -r guest tests; do
		[ "$(jobs -r -p | wc -l)" -lt "$(nproc)" ] || wait -n
		number=$((number + 1))
		set -m # see run_job
		# shellcheck disable=SC2086 # a list of words
		run_guest $number "$guest" $tests </dev/null &
		set +m
	done < <(boots "${paths[@]}")
	wait
	sum
}

# keep_results: where a developer looks next.
keep_results() {
	local kept=${TMPDIR:-/tmp}/hull-vm-results.$$

	rm -rf "$work/root" "$work/guest" "$work/initrd"
	cp -r "$work" "$kept"
	echo "# consoles and logs: $kept"
}

sum() {
	local passed failed skipped

	skipped=$(cat "$work"/*/tap | grep -c '^ok.*# SKIP')
	passed=$(($(cat "$work"/*/tap | grep -c '^ok') - skipped))
	failed=$(cat "$work"/*/tap | grep -c '^not ok')
	if [ "$failed" != 0 ] || [ -n "${KEEP-}" ]; then keep_results; fi
	echo "$passed passed, $failed failed$([ "$skipped" = 0 ] || echo ", $skipped skipped")"
	[ "$failed" = 0 ]
}

# qemu opens its output anew: a pipe stays what it is
piped() { "$@" | cat; }

# run_command COMMAND GUEST
run_command() {
	prepare
	mkdir "$work/1"
	printf '#!/bin/bash\nHULL=$(command -v hull)\nexport HULL BUILD=${HULL%%/*}\n%s\n' "$1" >"$work/1/job"
	run_job piped boot "$work/1" "$LIMIT" "$2"
	[ -z "${KEEP-}" ] || keep_results
	if [ ! -e "$work/1/out/status" ]; then
		tail -n 15 "$work/1/console" "$work/1/qemu" >&2
		exit 125
	fi
	exit "$(cat "$work/1/out/status")"
}

die_usage() {
	[ -z "${1-}" ] || echo "run.sh: $1" >&2
	sed -n '3,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
	exit 2
}

main() {
	local tests

	case ${1-} in
	--command) run_command "${2:?}" "${3:-mini}" ;;
	-*) die_usage ;;
	'') mapfile -t tests < <(all_tests) && run_tests "${tests[@]}" ;;
	*) run_tests "$@" ;;
	esac
}

main "$@"; exit # one line: it may be edited while it runs
