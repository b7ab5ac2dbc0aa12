#!/bin/sh
# shellcheck disable=SC2317
# SPDX-License-Identifier: Apache-2.0
# Completions of bash, zsh and fish: each shell is asked what it would complete.
. "$(dirname "$0")/../lib/harness.sh"

COMPLETIONS=$(cd "$(dirname "$0")/../../contrib/completions" && pwd)

# `hull` is the program, with the containers of the test.
test_begin() {
	harness_make_bundle "$WORK"
	mkdir "$WORK/bin"
	ln -s "$HULL" "$WORK/bin/hull"
	PATH=$WORK/bin:$PATH
	export HOME="$WORK"
}

in_bash() {
	while IFS= read -r line; do
		# shellcheck disable=SC2016
		bash --norc -c '. "$1"; line=$2; COMP_LINE=$line COMP_POINT=${#line}
			read -r -a COMP_WORDS <<<"${line//=/ = }"
			[[ $line != *[\ =] ]] || COMP_WORDS+=("")
			COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) _hull
			printf "%s\n" "${COMPREPLY[@]}"; echo =' bash "$COMPLETIONS/hull.bash" "$line"
	done
}

in_zsh() {
	cat > "$WORK/lines"
	zsh -f "$HARNESS_LIB/completions.zsh" "$COMPLETIONS" "$WORK/lines"
}

in_fish() {
	while IFS= read -r line; do
		# shellcheck disable=SC2016
		printf 'complete -C "%s"; echo =\n' "$line"
	done > "$WORK/script"
	fish --no-config -c "source $COMPLETIONS/hull.fish; source $WORK/script" | cut -f 1
}

# completed SHELL LINE...: the words that it offers for each line, sorted, and "=" behind.
completed() {
	completed_shell=$1
	command -v "$completed_shell" > /dev/null || skip "$completed_shell is not installed"
	shift
	printf '%s\n' "$@" | "in_$completed_shell" > "$WORK/completed" 2> "$WORK/err"
	awk '/^=$/ { close("sort -u"); print; fflush(); next } { print | "sort -u" }' \
		"$WORK/completed" | sed 's/ *$//; /^$/d'
}

all_commands() { "$HULL" --help | sed -n -E '/^Commands:/,/^$/s/^  ([a-z-]+) .*/\1/p'; }
all_options() { "$HULL" "$@" --help | sed -n -E 's/^ {2,}(-[a-z], )?(--[a-z0-9-]+).*/\2/p' | sort -u; }

commands() {
	equal "$(completed "$1" 'hull ')" "$({ all_commands; echo help; } | sort -u)
="
	equal "$(completed "$1" 'hull --debug st')" "start
state
="
}

options() {
	all_options > "$WORK/wanted"
	echo '=' >> "$WORK/wanted"
	for command in $(all_commands); do
		all_options "$command" >> "$WORK/wanted"
		echo '=' >> "$WORK/wanted"
	done
	equal "$(completed "$1" "$(echo 'hull --' && all_commands | sed 's/.*/hull & --/')")" \
		"$(cat "$WORK/wanted")"
}

containers() {
	for id in first second; do ok create "$id"; done
	equal "$(completed "$1" "hull --root $STATE delete " "hull --root=$STATE exec f" \
		"hull --root $STATE kill -a s" "hull --root $STATE mounts add " \
		"hull --root $STATE create ")" "first
second
=
first
=
second
=
first
second
=
="
}

values() {
	touch "$WORK/some-file"
	equal "$(cd "$WORK" && completed "$1" 'hull --log-level ' 'hull list --format ' \
		'hull events -f t' 'hull --log some' 'hull mounts ')" "debug
error
info
warning
=
json
table
=
table
=
some-file
=
add
remove
="
}

for shell in bash zsh fish; do
	eval "
	commands_in_$shell() { commands $shell; }
	options_in_$shell() { options $shell; }
	containers_in_$shell() { containers $shell; }
	values_in_$shell() { values $shell; }"
	it "commands_in_$shell" "$shell completes commands"
	it "options_in_$shell" "$shell completes the options of each command"
	it "containers_in_$shell" "$shell completes containers"
	it "values_in_$shell" "$shell completes values"
done

finish
