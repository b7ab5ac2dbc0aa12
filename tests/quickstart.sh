#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From a fresh Debian to a running container:  sudo tests/quickstart.sh
# Installs what the build needs, builds in build/, makes a bundle from busybox and takes it through
# its life with hull, showing each command. Leaves nothing but build/ behind.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/setup.sh

ID=quickstart-$$

say() {
	if [ -t 1 ]; then
		printf '\n\033[1m%s\033[0m\n' "$*"
	else
		printf '\n%s\n' "$*"
	fi
}

# show COMMAND...: prints it as one would type it, and runs it.
show() {
	echo "\$ $*"
	"$@"
}

clean_up() {
	hull delete --force "$ID" 2>/dev/null || true
	rm -rf "$work"
}

# edit_config SED-EXPRESSION...: changes config.json where a user would take an editor.
edit_config() {
	local expression

	for expression; do
		echo "\$ sed -i '$expression' config.json"
		sed -i "$expression" config.json
	done
}

# expect STATUS: what `hull state` must say now.
expect() {
	hull state "$ID" | grep -q "\"status\": *\"$1\"" || {
		echo "quickstart: the container is not $1" >&2
		exit 1
	}
}

# Until the container says so itself; a second is plenty.
await() { # STATUS
	for _ in {1..50}; do
		! hull state "$ID" | grep -q "\"status\": *\"$1\"" || return 0
		sleep 0.05
	done
	expect "$1"
}

if [ "$(id -u)" -ne 0 ]; then
	echo "quickstart: needs root:  sudo tests/quickstart.sh" >&2
	exit 1
fi

say "1. Packages and build"
packages_install build quickstart
work=$(mktemp -d)
trap clean_up EXIT
source_clean
build_tree build all >"$work/build.log" 2>&1 || {
	tail -n 40 "$work/build.log"
	exit 1
}
PATH=$PWD/build:$PATH
show hull --version

say "2. A bundle: busybox as the root file system, and a config.json"
cd "$work"
show mkdir -p rootfs/bin
show cp /bin/busybox rootfs/bin/
show ln -s busybox rootfs/bin/sh
show hull spec
edit_config 's/"terminal": true/"terminal": false/'
cp config.json config.template
edit_config 's|"sh"|"sh", "-c", "while :; do /bin/busybox sleep 1; done"|'
show hull check

say "3. Its life, step by step"
show hull create "$ID"
show hull state "$ID"
expect created
show hull start "$ID"
expect running
show hull exec "$ID" /bin/busybox echo "hello from inside"
show hull exec "$ID" /bin/busybox ps
show hull list
show hull kill "$ID" KILL
await stopped
show hull state "$ID"
show hull delete "$ID"

say "4. All in one"
cp config.template config.json
edit_config 's|"sh"|"sh", "-c", "echo hello from hull run; exit 7"|'
status=0
show hull run "$ID" || status=$?
show echo "exit status $status"
[ "$status" -eq 7 ]

say "It works."
