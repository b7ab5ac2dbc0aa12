#!/bin/sh
# shellcheck disable=SC2317
# SPDX-License-Identifier: Apache-2.0
# The manual: complete, without mistakes of layout, and its examples work: each is run.
. "$(dirname "$0")/../lib/harness.sh"

MAN=$(cd "$(dirname "$0")/../../man" && pwd)

all_commands() { "$HULL" --help | sed -n -E '/^Commands:/,/^$/s/^  ([a-z-]+) .*/\1/p'; }

every_command() {
	for command in $(all_commands); do
		exists "$MAN/hull-$command.8"
		grep -q "hull.-$command" "$MAN/hull.8" || die "hull.8 does not name $command"
		grep -q "man/hull-$command.8" "$MAN/local.mk" || die "$command is not installed"
	done
}
it every_command 'each command has a page'

# The long options of a page, and those of --help.
page_options() { sed 's/\\-/-/g' "$1" | grep -oE -- '--[a-z0-9-]+' | sort -u; }
help_options() { "$HULL" "$@" --help | sed -n -E 's/^ {2,}(-[a-z], )?(--[a-z0-9-]+).*/\2/p' | sort -u; }

every_option() {
	for command in $(all_commands); do
		help_options "$command" | grep -vx -- --help > "$WORK/help" || true
		page_options "$MAN/hull-$command.8" > "$WORK/page"
		lost=$(comm -23 "$WORK/help" "$WORK/page" | tr '\n' ' ')
		equal "$command: $lost" "$command: "
	done
	help_options > "$WORK/help"
	page_options "$MAN/hull.8" > "$WORK/page"
	equal "$(comm -23 "$WORK/help" "$WORK/page" | tr '\n' ' ')" ''
}
it every_option 'each option stands in the page of its command'

layout() {
	command -v groff > /dev/null || skip 'groff is not installed'
	for page in "$MAN"/*.8; do
		equal "$(groff -man -Tutf8 -ww -z "$page" 2>&1)" ''
	done
}
it layout 'the pages have no mistakes of layout'

# ---- examples -----------------------------------------------------------------------------------

# Containers that examples speak of, in a folder of their own: bundle demo, container demo1.
test_begin() {
	mkdir "$WORK/bin" "$WORK/examples"
	STATE=$WORK/state
	printf '#!/bin/sh\nexec "%s" --root "%s" "$@"\n' "$HULL" "$STATE" > "$WORK/bin/hull"
	chmod +x "$WORK/bin/hull"
	PATH=$WORK/bin:$PATH
	cd "$WORK/examples" || exit
}

# The examples of a page: a script for each block, $WORK/PAGE.N.
extract() {
	sed -n '/^\.SH EXAMPLES/,/^\.SH [^E]/p' "$MAN/$1.8" |
		sed -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\e/\\/g' |
		awk -v name="$WORK/$1" '/^\.nf/ { n++; inside = 1; next } /^\.fi/ { inside = 0 }
			inside { print > (name "." n) }'
	exists "$WORK/$1.1"
}

demo_bundle() { # PROGRAM [ARGUMENT]
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
	hull | hull-spec) ;;
	hull-check | hull-create | hull-run | hull-start)
		command hull delete --force demo1
		demo_bundle true ;;
	hull-delete)
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

# Controllers and programs that this machine may lack; the same lines run in tests/vm.
is_possible() {
	case $1 in
	*'update --memory'*) has_controller memory ;;
	*'"cpu": '*) has_controller cpu ;;
	*podman* | '{ "runtimes"'*) false ;;
	*checkpoint* | *restore*) criu check > /dev/null 2>&1 ;;
	*) true ;;
	esac
}

# A shell in a terminal is left as people do it.
type_ahead() {
	case $1 in
	*--tty* | 'hull run --bundle demo demo1') sleep 1 && echo exit ;;
	esac
}

run_line() { # PAGE SCRIPT
	if is_possible "$2"; then
		printf '%s\n' "$2" > "$WORK/line"
		touch "$WORK/ran"
		prepare "$1"
		case $2 in *' --interval '*) (sleep 1 && command hull kill demo1 KILL) & ;; esac
		type_ahead "$2" |
			timeout -k 5 30 bash -e -o pipefail "$WORK/line" > "$WORK/out" 2> "$WORK/err" ||
			die "$1: $2: $(cat "$WORK/err")"
	fi
}

# A story is run as a whole: a here-document, a create before its start.
run_block() { # PAGE FILE
	case $(cat "$2") in
	*'<<'* | *'hull create'*'hull start'* | *'hull checkpoint'*'hull restore'*) run_line "$1" "$(cat "$2")" ;;
	*)
		while IFS= read -r line <&3; do
			run_line "$1" "$line"
		done 3< "$2" ;;
	esac
}

examples() {
	extract "$1"
	for block in "$WORK/$1".[0-9]*; do
		run_block "$1" "$block"
	done
	rm -rf "$WORK/examples"
	[ -e "$WORK/ran" ] || skip 'this machine lacks what they need'
}

for page in "$MAN"/hull*.8; do
	page=$(basename "$page" .8)
	function=examples_of_$(echo "$page" | tr - _)
	eval "$function() { examples $page; }"
	it "$function" "the examples of $page(8) work"
done

finish
