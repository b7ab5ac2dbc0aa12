# SPDX-License-Identifier: Apache-2.0
# zsh completions.zsh DIR LINES: for each line of the file LINES, what zsh with the completion functions
# of DIR would complete at its end: a word a line, and "=" after those of each line.
zmodload zsh/zpty

hits=$(mktemp)
zpty shell "PS1= HITS=$hits zsh -f -i"
zpty -w shell "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' verbose no"
zpty -w shell 'compadd() {
	local -a found
	if [[ ${@[1,(i)--]} == *(-[OAD]\ *|-[OAD]) ]]; then
		builtin compadd "$@"
	else
		builtin compadd -O found "$@"
		print -rl -- $found >> $HITS
		builtin compadd "$@"
	fi
}
capture() { _main_complete; print = >> $HITS }
zle -C capture list-choices capture
bindkey "^X" capture
print ready >> $HITS'
until grep -qs ready $hits; do zpty -rt shell chunk; sleep 0.1; done
: > $hits
count=0
while IFS= read -r line; do
	((++count))
	zpty -n -w shell "$line"$'\x18'
	for try in {1..200}; do
		zpty -rt shell chunk
		[[ $(grep -c '^=$' $hits) == $count ]] && break
		sleep 0.05
	done
	zpty -n -w shell $'\x15'
done < $2
zpty -d shell
cat $hits
rm $hits
