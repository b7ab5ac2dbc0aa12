#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes table.md, goals.md and chart.svg from figures.tsv:  tests/bench/report.sh DIR
# Times are the tenth percentile: what a command takes when nothing else disturbs it.
set -euo pipefail
cd "${1:?usage: tests/bench/report.sh DIR}"

# What the awk programs below share: p10[], median[], rss[], calls[] by scenario and runtime, and
# about[] from the header. A scenario that was not run has no figures.
# shellcheck disable=SC2016
figures='
	BEGIN { FS = "\t" }
	/^# / { split(substr($0, 3), half, ": "); about[half[1]] = half[2]; next }
	$1 == "scenario" { next }
	{
		median[$1, $2] = $3; p10[$1, $2] = $4; rss[$1, $2] = $7; calls[$1, $2] = $8
		ran[$1] = 1
	}
	function name(runtime) {
		return runtime in about ? runtime " " first(about[runtime]) : runtime
	}
	function first(text) { sub(/ .*/, "", text); return text }
'

# ---- the table ----------------------------------------------------------------------------------

# shellcheck disable=SC2016
table='
	function cell(runtime, value, base, format) {
		if (value == 0)
			return " | –"
		if (runtime == "hull")
			return sprintf(" | **" format "**", value)
		return sprintf(" | " format " (%.1f ×)", value, value / base)
	}
	function row(what, figure, scenario, scale, format,    i, line) {
		if (!(scenario in ran))
			return
		line = "| " what
		for (i = 1; i <= n; i++)
			line = line cell(columns[i], figure[scenario, columns[i]] / scale,
					 figure[scenario, "hull"] / scale, format)
		print line " |"
	}
	function ms(what, scenario) { row(what ", ms", p10, scenario, 1000, "%.2f") }
	END {
		n = split("hull crun runc floor", columns, " ")
		line = "| "
		for (i = 1; i <= n; i++)
			line = line " | " name(columns[i])
		print line " |\n|---|--:|--:|--:|--:|"
		many = about["containers"]
		ms("`run` of `true`", "plain")
		ms("`run` with the config and seccomp profile of podman", "podman-warm")
		ms("the same, caches emptied", "podman-cold")
		ms("`exec` of `true`", "exec")
		ms("`state`", "state")
		ms("`create`, `start`, `delete`", "cycle")
		ms("`list` of 10 containers", "list-10")
		ms("`list` of " many " containers", "list-" many)
		ms("`state` beside " many " containers", "state-" many)
		ms("`delete` beside " many " containers", "delete-" many)
		row("memory of `run`, MB (largest process)", rss, "plain", 1024, "%.1f")
		row("system calls of `run`", calls, "plain", 1, "%d")
		printf "\n%s, %s, %s; the tenth percentile of %s runs in turns. ", about["kernel"],
			about["cpus"], about["date"], about["rounds"]
		print "The floor is a bare C program that does the same kernel work."
	}
'

# ---- the goals ----------------------------------------------------------------------------------

# shellcheck disable=SC2016
goals='
	function ratio(what, value, base, limit) {
		if (value == "" || base == "" || base == 0)
			return
		printf "| %s | %.2f | %.2f | %s |\n", what, value / base, limit,
			value / base <= limit ? "met" : "missed"
	}
	function against(what, scenario, peer, limit) {
		ratio("`" what "`: time against " name(peer), p10[scenario, "hull"], p10[scenario, peer],
		      limit)
	}
	function beside(command, per, limit,    many) {
		many = about["containers"]
		ratio("`" command "`: cost with " many " containers against 10",
		      p10[command "-" many, "hull"] / (per ? many / 10 : 1), p10[command "-10", "hull"],
		      limit)
	}
	END {
		print "| what | hull | at most | |\n|---|--:|--:|---|"
		against("run", "plain", "crun", 0.50)
		against("run", "plain", "runc", 0.15)
		against("run", "plain", "floor", 1.4)
		against("run, podman, warm", "podman-warm", "crun", 0.45)
		against("run, podman, cold", "podman-cold", "crun", 0.15)
		against("exec", "exec", "crun", 0.4)
		against("state", "state", "crun", 0.4)
		against("create, start, delete", "cycle", "crun", 0.50)
		ratio("`run`: max RSS in MB", rss["plain", "hull"], 1024, 1.6)
		beside("list", 1, 1.0)
		beside("state", 0, 1.1)
		beside("delete", 0, 1.1)
	}
'

# ---- the chart ----------------------------------------------------------------------------------

# shellcheck disable=SC2016
bars='
	function bar(what, scenario,    i) {
		if (!(scenario in ran))
			return
		printf "\"%s\"", what
		for (i = 1; i <= n; i++)
			printf "\t%.2f", p10[scenario, columns[i]] / 1000
		print ""
	}
	END {
		n = split("hull crun runc", columns, " ")
		printf "\"\""
		for (i = 1; i <= n; i++)
			printf "\t\"%s\"", name(columns[i])
		print ""
		bar("run", "plain")
		bar("run, config\\nof podman", "podman-warm")
		bar("exec", "exec")
		bar("state", "state")
		bar("create, start,\\ndelete", "cycle")
	}
'

chart() { # DATA
	gnuplot <<-EOF
		set terminal svg size 860,400 dynamic font "sans-serif,13" background "#ffffff"
		set output "chart.svg"
		set title "Milliseconds for one command (less is better)" font ",15"
		set style data histogram
		set style histogram clustered gap 1.2
		set style fill solid noborder
		set boxwidth 0.92 relative
		set border 1 lc rgb "#888888"
		set xtics scale 0 textcolor rgb "#222222"
		set grid ytics lc rgb "#dddddd" lt 1
		set ytics scale 0 textcolor rgb "#666666"
		set yrange [0:*]
		set offsets graph 0, 0, graph 0.06, 0
		set key outside top center horizontal reverse Left samplen 1.2
		set bmargin 3.5
		colors = "#1b6ca8 #f0a202 #a8a8a8"
		plot for [i=2:4] "$1" using i:xtic(1) title columnheader(i) lc rgb word(colors, i - 1), \\
			for [i=2:4] "$1" using (\$0 - 1 + (i - 3) / 4.2):i:(sprintf("%.1f", column(i))) \\
				with labels offset 0,0.6 font ",10" textcolor rgb "#444444" notitle
	EOF
}

awk "$figures $table" figures.tsv >table.md
awk "$figures $goals" figures.tsv >goals.md
data=$(mktemp)
trap 'rm -f "$data"' EXIT
awk "$figures $bars" figures.tsv >"$data"
[ "$(wc -l <"$data")" -lt 2 ] || chart "$data"
cat table.md
echo
cat goals.md
