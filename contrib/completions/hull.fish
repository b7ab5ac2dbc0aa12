# SPDX-License-Identifier: Apache-2.0
# fish completion for hull

set -l commands create start run exec state kill delete list ps pause resume update spec features check help

# The containers below the --root of the command line, if it names one.
function __hull_ids
    set -l words (commandline -opc)
    set -l root
    if set -l i (contains -i -- --root $words)
        set root --root $words[(math $i + 1)]
    end
    for word in (string match -- '--root=*' $words)
        set root $word
    end
    hull $root list --quiet 2>/dev/null
end

# True when the command is one of the arguments.
function __hull_command
    __fish_seen_subcommand_from $argv
end

complete -c hull -f
set -l none "not __fish_seen_subcommand_from $commands"

complete -c hull -n $none -l root -r -a '(__fish_complete_directories)' -d 'Where containers are remembered'
complete -c hull -n $none -l log -r -F -d 'Append the log to a file'
complete -c hull -n $none -l log-format -x -a 'text json' -d 'How the log is written'
complete -c hull -n $none -l log-level -x -a 'error warning info debug' -d 'The least important of what is logged'
complete -c hull -n $none -l debug -d 'The same as --log-level debug'
complete -c hull -n $none -l systemd-cgroup -d 'The same as --cgroup-manager systemd'
complete -c hull -n $none -l cgroup-manager -x -a 'cgroupfs systemd disabled' -d 'Who makes cgroups'
complete -c hull -n $none -l rootless -x -a 'true false auto' -d 'Do without what only root may do'
complete -c hull -n $none -s v -l version -d 'Show the version'
complete -c hull -s h -l help -d 'Show help'

complete -c hull -n $none -a create -d 'Create a container; its program waits for start'
complete -c hull -n $none -a start -d 'Run the program of a created container'
complete -c hull -n $none -a run -d 'Create and start a container, wait for it and delete it'
complete -c hull -n $none -a exec -d 'Run one more process in a running container'
complete -c hull -n $none -a state -d 'Tell the state of a container as JSON'
complete -c hull -n $none -a kill -d "Send a signal to a container's first process"
complete -c hull -n $none -a delete -d 'Remove a stopped container'
complete -c hull -n $none -a list -d 'List the containers below --root'
complete -c hull -n $none -a ps -d 'Show the processes of a container'
complete -c hull -n $none -a pause -d 'Suspend all processes of a container'
complete -c hull -n $none -a resume -d 'Let a paused container go on'
complete -c hull -n $none -a update -d 'Change the resource limits of a container'
complete -c hull -n $none -a spec -d 'Write a config.json to start from'
complete -c hull -n $none -a features -d 'Tell what is implemented, as JSON'
complete -c hull -n $none -a check -d 'Find every problem of a bundle without starting it'
complete -c hull -n $none -a help -d 'Show help'

complete -c hull -n '__hull_command start exec state kill delete ps pause resume update' -a '(__hull_ids)' -d Container
complete -c hull -n '__hull_command kill' -a 'TERM KILL HUP INT QUIT USR1 USR2 STOP CONT' -d Signal
complete -c hull -n '__hull_command help' -a "$commands"

complete -c hull -n '__hull_command create run spec check' -s b -l bundle -r -a '(__fish_complete_directories)' -d 'Directory of the bundle'
complete -c hull -n '__hull_command create run exec' -l console-socket -r -F -d 'Socket that receives the terminal'
complete -c hull -n '__hull_command create run exec' -l pidfd-socket -r -F -d 'Socket that receives a pidfd'
complete -c hull -n '__hull_command create run exec' -l pid-file -r -F -d 'Write the process id to a file'
complete -c hull -n '__hull_command create run exec' -l preserve-fds -x -d 'Hand down more descriptors'
complete -c hull -n '__hull_command create run' -l no-pivot -d 'Move the root file system instead of pivot_root'
complete -c hull -n '__hull_command create run' -l no-new-keyring -d "Keep the caller's session keyring"
complete -c hull -n '__hull_command create run' -l dry-run -d 'Print what would be done and do nothing'
complete -c hull -n '__hull_command run exec' -s d -l detach -d 'Leave it running in the background'
complete -c hull -n '__hull_command run' -l keep -d 'Do not delete the container when it exits'
complete -c hull -n '__hull_command run' -l no-subreaper -d "Do not take over the container's orphans"

complete -c hull -n '__hull_command exec check' -s p -l process -r -F -d 'Take the process from a file'
complete -c hull -n '__hull_command exec' -s t -l tty -d 'Give it a terminal'
complete -c hull -n '__hull_command exec' -s e -l env -x -d 'One more environment variable'
complete -c hull -n '__hull_command exec' -s u -l user -x -d 'Run as this user and group'
complete -c hull -n '__hull_command exec' -s g -l additional-gids -x -d 'One more group'
complete -c hull -n '__hull_command exec' -s c -l cap -x -d 'One more capability'
complete -c hull -n '__hull_command exec' -l cwd -x -d 'Working directory in the container'
complete -c hull -n '__hull_command exec' -l cgroup -x -d "Cgroup below the container's"
complete -c hull -n '__hull_command exec' -l ignore-paused -d 'Do it even if the container is paused'
complete -c hull -n '__hull_command exec' -l process-label -x -d 'SELinux label of the process'
complete -c hull -n '__hull_command exec' -l apparmor -x -d 'AppArmor profile of the process'
complete -c hull -n '__hull_command exec' -l no-new-privs -d 'Set no_new_privs for the process'

complete -c hull -n '__hull_command kill' -s a -l all -d 'Every process of the container'
complete -c hull -n '__hull_command delete' -s f -l force -d 'Kill it first if need be'
complete -c hull -n '__hull_command list' -s q -l quiet -d 'Print only the ids'
complete -c hull -n '__hull_command list ps' -s f -l format -x -a 'table json' -d 'How to print'
complete -c hull -n '__hull_command check' -s f -l format -x -a 'text json' -d 'How to print'
complete -c hull -n '__hull_command spec' -l rootless -d 'For a container that is run without root'

complete -c hull -n '__hull_command update' -s r -l resources -r -F -d 'Take the limits from a file'
complete -c hull -n '__hull_command update' -l memory -x -d Memory
complete -c hull -n '__hull_command update' -l memory-reservation -x -d 'Memory that is kept'
complete -c hull -n '__hull_command update' -l memory-swap -x -d 'Memory and swap together'
complete -c hull -n '__hull_command update' -l cpu-period -x -d 'Period of the CPU quota'
complete -c hull -n '__hull_command update' -l cpu-quota -x -d 'CPU time in each period'
complete -c hull -n '__hull_command update' -l cpu-burst -x -d 'Unused quota that may be saved'
complete -c hull -n '__hull_command update' -l cpu-share -x -d 'Relative weight of the CPU'
complete -c hull -n '__hull_command update' -l cpu-rt-period -x -d 'Realtime period'
complete -c hull -n '__hull_command update' -l cpu-rt-runtime -x -d 'Realtime quota'
complete -c hull -n '__hull_command update' -l cpu-idle -x -a '0 1' -d 'Run only when others do not'
complete -c hull -n '__hull_command update' -l cpuset-cpus -x -d 'CPUs to use'
complete -c hull -n '__hull_command update' -l cpuset-mems -x -d 'Memory nodes to use'
complete -c hull -n '__hull_command update' -l pids-limit -x -d 'Number of tasks'
complete -c hull -n '__hull_command update' -l blkio-weight -x -d 'Relative weight of I/O'
