# SPDX-License-Identifier: Apache-2.0
# bash completion for hull

_hull_options() {
	case $1 in
	'')
		echo --root --log --log-format --log-level --debug --systemd-cgroup \
			--cgroup-manager --rootless --version ;;
	create | run)
		echo --bundle --console-socket --pidfd-socket --pid-file --no-pivot \
			--no-new-keyring --preserve-fds --dry-run
		test "$1" = create || echo --detach --keep --no-subreaper ;;
	exec)
		echo --process --tty --detach --env --user --additional-gids --cap --cwd --cgroup \
			--ignore-paused --preserve-fds --pid-file --console-socket \
			--pidfd-socket --process-label --apparmor --no-new-privs ;;
	kill) echo --all ;;
	delete) echo --force ;;
	list) echo --format --quiet ;;
	ps) echo --format ;;
	update)
		echo --resources --memory --memory-reservation --memory-swap --cpu-period \
			--cpu-quota --cpu-burst --cpu-share --cpu-rt-period --cpu-rt-runtime \
			--cpu-idle --cpuset-cpus --cpuset-mems --pids-limit --blkio-weight ;;
	spec) echo --bundle --rootless ;;
	check) echo --bundle --process --format ;;
	esac
	echo --help
}

# What an option's value may be; fails when the option takes none.
_hull_values() {
	case $1:$2 in
	*:--bundle | *:-b | *:--root | *:--cwd) compgen -d -- "$3" ;;
	*:--log | *:--pid-file | *:--console-socket | *:--pidfd-socket | *:--process | *:-p | *:--resources | *:-r)
		compgen -f -- "$3" ;;
	*:--log-format) compgen -W 'text json' -- "$3" ;;
	*:--log-level) compgen -W 'error warning info debug' -- "$3" ;;
	*:--cgroup-manager) compgen -W 'cgroupfs systemd disabled' -- "$3" ;;
	*:--rootless) test -z "$1" && compgen -W 'true false auto' -- "$3" ;;
	check:--format | check:-f) compgen -W 'text json' -- "$3" ;;
	list:--format | list:-f | ps:--format | ps:-f) compgen -W 'table json' -- "$3" ;;
	*:--preserve-fds | update:--memory* | update:--cpu* | update:--pids-limit | \
		update:--blkio-weight | exec:--env | exec:-e | exec:--user | exec:-u | \
		exec:--additional-gids | exec:-g | exec:--cap | exec:-c | exec:--cgroup | \
		exec:--process-label | exec:--apparmor) ;;
	*) return 1 ;;
	esac
	return 0
}

_hull_ids() {
	hull "$@" list --quiet 2>/dev/null
}

_hull() {
	local word words=() root=() command='' arguments=0 i current
	# "--name=value" arrives as three words
	for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
		[[ $word == '=' ]] || words+=("$word")
	done
	[[ ${COMP_WORDS[COMP_CWORD]} != '=' ]] || words+=('')
	current=${words[-1]}

	COMPREPLY=()
	for ((i = 0; i + 1 < ${#words[@]}; i++)); do
		word=${words[i]}
		if [[ $word != -* ]]; then
			[[ $command ]] && ((++arguments)) || command=$word
		elif _hull_values "$command" "$word" '' >/dev/null; then
			((++i + 1 < ${#words[@]})) || {
				mapfile -t COMPREPLY < <(_hull_values "$command" "$word" "$current")
				return
			}
			[[ $word != --root ]] || root=(--root "${words[i]}")
		fi
	done

	local choices=''
	case $command:$arguments in
	:*) choices='create start run exec state kill delete list ps pause resume update spec
		features check help' ;;
	start:0 | exec:0 | state:0 | kill:0 | delete:0 | ps:0 | pause:0 | resume:0 | update:0)
		choices=$(_hull_ids "${root[@]}") ;;
	kill:1) choices=$(compgen -A signal) ;;
	esac
	[[ $current != -* ]] || choices=$(_hull_options "$command")
	mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
}

complete -F _hull hull
