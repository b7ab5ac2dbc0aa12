#!/bin/sh
# shellcheck disable=SC2317
# SPDX-License-Identifier: Apache-2.0
# The manual: complete, without mistakes of layout, and its examples work: each is run.
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/manual.sh"

test_begin() { test_begin_examples; }

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
	for page in "$MAN"/*.[78]; do
		equal "$(groff -man -Tutf8 -ww -z "$page" 2>&1)" ''
	done
}
it layout 'the pages have no mistakes of layout'

# ---- examples -----------------------------------------------------------------------------------

# is_here NEED: has this machine what it takes?
is_here() {
	case $1 in
	nothing) ;;
	controllers) has_controller memory && has_controller cpu && has_controller pids ;;
	criu) criu check > /dev/null 2>&1 ;;
	*) false ;; # clients run theirs in their own scripts
	esac
}

# Those of $page that need $need.
these_examples() {
	is_here "$need" || skip "tests/vm runs them: $(cat "$EXAMPLES/$page"/*."$need" | tr '\n' ';')"
	examples "$page" "$need"
}

for page in "$MAN"/hull*.[78]; do
	page=$(basename "$page")
	extract "$page"
	for need in $(needs "$page"); do
		function=examples_of_$(echo "$page" | tr '.-' _)_$need
		eval "$function() { these_examples; }"
		case $need in
		nothing) it "$function" "the examples of $page work" ;;
		*) it "$function" "the examples of $page that need $need work" ;;
		esac
	done
done

finish
