# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# The examples of the manual, a script each, told apart by what it takes to run them. Sourced on top of
# lib/sentences.sh; what runs them needs lib/harness.sh.

MAN=$(cd "$(dirname "$0")/../../man" && pwd)
EXAMPLES=$HARNESS_TMP/manual

# extract PAGE: its examples are $EXAMPLES/PAGE/NUMBER.NEED, where NEED is what not every machine has. A
# line is one; so is a whole block that is a story (a here-document, a create before its start) or no
# command at all.
extract() {
	mkdir -p "$EXAMPLES/$1"
	sed -e '1,/^\.SH EXAMPLES/d' -e '/^\.SH/,$d' -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\e/\\/g' "$MAN/$1" |
		awk -v dir="$EXAMPLES/$1" '
			function need(text) {
				if (text ~ /^[{] "runtimes"/) return "docker"
				if (text ~ /^podman/) return "podman"
				if (text ~ /hull update/) return "controllers"
				return text ~ /hull (checkpoint|restore)/ ? "criu" : "nothing"
			}
			function example(text) {
				printf "%s", text > sprintf("%s/%02d.%s", dir, ++n, need(text))
			}
			/^\.nf/ { block = ""; inside = 1; next }
			/^\.fi/ {
				inside = 0
				is_story = block ~ /^["{]|<<|hull create.*hull start|hull checkpoint.*hull restore/
				lines = is_story ? 0 : split(block, line, "\n") - 1
				for (i = 1; i <= lines; i++) example(line[i] "\n")
				if (is_story) example(block)
			}
			inside { block = block $0 "\n" }'
}

# needs PAGE: what its examples take, a line each.
needs() {
	for example in "$EXAMPLES/$1"/*; do echo "${example##*.}"; done | sort -u
}

# ---- running them ----------------------------------------------------------------------------------

# Containers that examples speak of, in a folder of their own: bundle demo, container demo1.
test_begin_examples() {
	mkdir "$WORK/bin" "$WORK/examples"
	STATE=$WORK/state
	printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$HULL" "$STATE" > "$WORK/bin/hull"
	chmod +x "$WORK/bin/hull"
	PATH=$WORK/bin:$PATH
	cd "$WORK/examples" || exit
}

# demo_bundle PROGRAM [ARGUMENT]: demo runs it.
demo_bundle() {
	if [ ! -e demo/config.json ]; then
		harness_make_bundle "$WORK/made"
		rm -rf demo
		mv "$WORK/made/bundle" demo
	fi
	# shellcheck disable=SC2034
	BUNDLE=$WORK/examples/demo STATE=$WORK/state
	# shellcheck disable=SC2016
	config '.process.args = ($words | split(" "))' --arg words "$*"
}

# What has to be there before a line of a page.
prepare() {
	case $1 in
	hull.8 | hull-spec.8) ;;
	hull-check.8 | hull-create.8 | hull-run.8 | hull-start.8 | *.7)
		command hull delete --force demo1
		demo_bundle true ;;
	hull-delete.8)
		if [ ! -e "$STATE/demo1" ]; then
			demo_bundle true
			command hull run --keep --bundle demo demo1
		fi ;;
	*)
		demo_bundle sleep 1000
		case $(command hull state demo1 2> /dev/null) in
		*'"running"'* | *'"paused"'*) ;;
		*)
			command hull delete --force demo1
			command hull run --detach --bundle demo demo1 ;;
		esac ;;
	esac
}

# A shell in a terminal is left as people do it.
type_ahead() {
	case $1 in
	*--tty* | 'hull run --bundle demo demo1') sleep 1 && echo exit ;;
	esac
}

# as_script TEXT: the commands of an example; of a piece of config.json, to run a container with it.
# shellcheck disable=SC2016 # jq's
as_script() {
	case $1 in
	'"'*)
		echo "{ $1 }" > "$WORK/piece.json"
		config '.annotations = $piece[0].annotations | .mounts += $piece[0].mounts' \
			--slurpfile piece "$WORK/piece.json"
		echo 'hull run --bundle demo demo1' ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# run_example PAGE FILE
run_example() {
	text=$(cat "$2")
	prepare "$1"
	as_script "$text" > "$WORK/script"
	case $text in *' --interval '*) (sleep 1 && command hull kill demo1 KILL) & ;; esac
	type_ahead "$text" |
		timeout -k 5 30 bash -e -o pipefail "$WORK/script" > "$WORK/out" 2> "$WORK/err" ||
		die "$1: $text: $(cat "$WORK/err")"
}

# examples PAGE NEED: those that take it, in their order.
examples() {
	for example in "$EXAMPLES/$1"/*."$2"; do
		run_example "$1" "$example"
	done
	rm -rf "$WORK/examples"
}
