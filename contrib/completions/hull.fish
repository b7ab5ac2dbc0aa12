# SPDX-License-Identifier: Apache-2.0
# fish completion for hull. Commands, options and what their values may be come from its own help.

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

# __hull_at COMMAND N: the next word is the N-th argument of the command; N 0: it is any word of it.
function __hull_at
    set -l words (commandline -opc)
    set -l i (contains -i -- $argv[1] $words)
    or return
    test $argv[2] = 0; and return
    set -l arguments (string match -v -- '-*' $words[$i..-1])
    test (count $arguments) = $argv[2]
end

# __hull_options CONDITION LINE...: the options of a help text.
function __hull_options
    set -l text (string join \n -- $argv[2..-1] | string collect)
    string replace -ra '\n {34}' '  ' -- $text | string match -r '^ {2,}(?:-[a-z], )?--[a-z0-9-]+(?: [^ ]+)?  .*' | while read -l line
        string match -rq '^ +(?:-(?<letter>[a-z]), )?--(?<name>[a-z0-9-]+)(?: (?<value>[^ ]+))? {2,}(?<text>.*)' -- $line
        set -l flags -l $name -d $text
        test -n "$letter"; and set -a flags -s $letter
        switch "$value"
            case ''
            case DIR
                set -a flags -r -a '(__fish_complete_directories)'
            case FILE PATH TARGET
                set -a flags -r -F
            case '*[A-Z]*'
                set -a flags -x
            case '*'
                set -a flags -x -a (string replace -a '|' ' ' -- $value)
        end
        complete -c hull -n $argv[1] $flags
    end
end

# __hull_arguments COMMAND USAGE: what its arguments may be.
function __hull_arguments
    set -l n 0
    for argument in (string split -n ' ' -- (string replace -r '.*\[options\]' '' -- $argv[2]))
        set n (math $n + 1)
        set -l here "__hull_at $argv[1] $n"
        switch $argv[1]:$argument
            case 'create:*' 'run:*' 'restore:*'
            case '*:<container-id>'
                complete -c hull -n $here -a '(__hull_ids)' -d Container
            case '*:[signal]'
                complete -c hull -n $here -a 'TERM KILL HUP INT QUIT USR1 USR2 STOP CONT' -d Signal
            case '*:<file>'
                complete -c hull -n $here -F
            case '*:*|*'
                complete -c hull -n $here -a (string replace -a '|' ' ' -- $argument)
        end
    end
end

complete -c hull -f
set -l help (hull --help 2>/dev/null)
set -l commands (string match -r '^  [a-z-]+ .*' -- $help)
set -l names (string match -r '[a-z-]+' -- $commands) help
set -l none "not __fish_seen_subcommand_from $names"

__hull_options $none $help
complete -c hull -n $none -a help -d 'Show help'
complete -c hull -n '__hull_at help 1' -a "$names"
for line in $commands
    set -l parts (string match -r '^  ([a-z-]+) +(.*)' -- $line)
    set -l own (hull $parts[2] --help 2>/dev/null)
    complete -c hull -n $none -a $parts[2] -d $parts[3]
    __hull_options "__hull_at $parts[2] 0" $own
    __hull_arguments $parts[2] $own[1]
end
