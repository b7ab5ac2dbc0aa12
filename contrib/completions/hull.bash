# SPDX-License-Identifier: Apache-2.0
# bash completion for hull. Commands, options and what their values may be come from its own help.

# _hull_value HELP OPTION: what stands for its value there; nothing when it takes none.
_hull_value() {
	local option="(-., )?$2"
	[[ $2 == --* ]] || option="($2, )--[a-z0-9-]+"
	sed -n -E "s/^ {2,}($option) ([^ ]+)( .*)?$/\3/p" <<<"$1"
}

_hull_options() { # HELP
	sed -n -E 's/^ {2,}(-[a-z], )?(--[a-z0-9-]+).*/\2/p' <<<"$1"
}

_hull_commands() { # HELP
	sed -n -E '/^Commands:/,/^$/s/^  ([a-z-]+) .*/\1/p' <<<"$1"
	echo help
}

# _hull_argument HELP N: the N-th argument as the usage line names it.
_hull_argument() {
	local usage=${1%%$'\n'*}
	local -a names
	read -r -a names <<<"${usage#*\[options\]}"
	echo "${names[$2]}"
}

_hull_ids() { # the options of the root directory
	hull "$@" list --quiet 2>/dev/null
}

# _hull_choices KIND CURRENT: completions for what the help calls KIND.
_hull_choices() {
	case $1 in
	DIR) compgen -d -- "$2" ;;
	FILE | PATH | TARGET | '<file>') compgen -f -- "$2" ;;
	'[signal]') compgen -A signal -- "$2" ;;
	*[A-Z]* | [[:punct:]]*) ;;
	*) compgen -W "${1//|/ }" -- "$2" ;;
	esac
}

_hull() {
	local word words=() root=() command='' arguments=0 i current help kind
	# "--name=value" arrives as three words
	for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
		[[ $word == '=' ]] || words+=("$word")
	done
	[[ ${COMP_WORDS[COMP_CWORD]} != '=' ]] || words+=('')
	current=${words[-1]}

	COMPREPLY=()
	help=$(hull --help 2>/dev/null)
	for ((i = 0; i + 1 < ${#words[@]}; i++)); do
		word=${words[i]}
		if [[ $word == -* ]]; then
			kind=$(_hull_value "$help" "$word")
			[[ $kind ]] || continue
			((++i + 1 < ${#words[@]})) || {
				mapfile -t COMPREPLY < <(_hull_choices "$kind" "$current")
				return
			}
			[[ $word != --root ]] || root=(--root "${words[i]}")
		elif [[ $command ]]; then
			((++arguments))
		else
			command=$word
			[[ $command == help ]] || help=$(hull "$command" --help 2>/dev/null)
		fi
	done

	if [[ $current == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_hull_options "$help")" -- "$current")
	elif [[ -z $command || $command == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_hull_commands "$help")" -- "$current")
	else
		kind=$(_hull_argument "$help" "$arguments")
		case $command:$kind in
		create:* | run:* | restore:*) ;; # a new name
		*:'<container-id>')
			mapfile -t COMPREPLY < <(compgen -W "$(_hull_ids "${root[@]}")" -- "$current") ;;
		*) mapfile -t COMPREPLY < <(_hull_choices "$kind" "$current") ;;
		esac
	fi
}

complete -F _hull hull
