#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad input: one clear error with its place, within a second, in less than 32 MB, and nothing is left
# behind. `check` tells all of them at once. Large input takes time in proportion.
. "$(dirname "$0")/../lib/harness.sh"

LIB=$(cd "$(dirname "$0")/../lib" && pwd)
HULL_ITSELF=$HULL

# Every further call of hull is measured: $MS milliseconds, $KIB of memory.
measured() {
	printf '#!/bin/sh\nexec python3 %s %s %s "$@"\n' "$LIB/cost.py" "$WORK/cost" "$HULL_ITSELF" \
		> "$WORK/hull.sh"
	chmod +x "$WORK/hull.sh"
	HULL=$WORK/hull.sh
	hull "$@"
	HULL=$HULL_ITSELF
	read -r MS KIB < "$WORK/cost"
}

# one_error TEXT ARG...: refused with one line that has the text, quickly, without a trace.
one_error() {
	text=$1
	shift
	measured "$@"
	equal "$RC" 1
	has "$ERR" "$text"
	equal "$(printf '%s\n' "$ERR" | wc -l)" 1
	equal "$OUT" ''
	[ "$MS" -lt 1000 ] || die "$* took $MS ms"
	[ "$KIB" -lt 32768 ] || die "$* took $KIB KiB"
	equal "$(find "$STATE" -mindepth 1 2> /dev/null | grep -v /,)" '' # , begins what is hull's own
}

# checked TEXT: check says the same, on its standard output, with line and column.
checked() {
	measured check
	equal "$RC" 1
	has "$OUT" "$1"
	[ "$MS" -lt 1000 ] || die "check took $MS ms"
}

# refused PLACE TEXT: by create and by check.
refused() {
	one_error "$1: $2" create c1
	checked "$1: $2"
}

# raw: config.json from standard input.
raw() { cat > "$BUNDLE/config.json"; }
# edit SED: config.json on one line, edited as text, for what jq would repair.
edit() {
	jq -c . "$BUNDLE/config.json" | sed "$1" > "$BUNDLE/config.json.new"
	cmp -s "$BUNDLE/config.json" "$BUNDLE/config.json.new" && die "$1 changes nothing"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# ---- the text -------------------------------------------------------------------------------

duplicate_key() {
	edit 's/"cwd":/"cwd":"\/tmp","cwd":/'
	refused process.cwd 'duplicate property'
}
it duplicate_key 'a key that is given twice is refused, with its place'

duplicate_unknown_key() {
	edit 's/"cwd":/"new":{"a":1,"\\u0061":2},"cwd":/'
	one_error 'duplicate property' create c1
}
it duplicate_unknown_key 'so is one that is unknown, or spelled in two ways'

nul() {
	edit 's/"cwd":"\/"/"cwd":"\/\\u0000"/'
	refused process.cwd 'contains a NUL character'
	printf '{"ociVersion": "1.0.2\000"}' | raw
	one_error 'line 1, column 21: invalid character inside string' create c1
	checked 'config.json:1:21: invalid character inside string'
}
it nul 'a NUL is refused, written out or as an escape'

utf8() {
	for bytes in '\377' '\300\200' '\355\240\200' '\364\220\200\200' '\303'; do
		printf '{"ociVersion": "1.0.2",\n "x": "%b"}' "$(echo "$bytes" | sed 's/\\/\\0/g')" | raw
		one_error 'line 2, column 8: invalid UTF-8' create c1
		checked 'config.json:2:8: invalid UTF-8'
	done
	printf '{"hostname": "\\ud800"}' | raw
	one_error 'half a surrogate pair' create c1
}
it utf8 'invalid UTF-8 is refused, with its line and column, where nobody reads it too'

not_json() {
	for text in '{' '{"a": 1,}' '{"a": 01}' '{// why
		}' "{'a': 1}" '{"a": NaN}' '{"a" 1}'; do
		printf '%s' "$text" | raw
		one_error 'config.json: line ' create c1
		checked config.json:
	done
	"$HULL" spec -b "$WORK" && echo x >> "$WORK/config.json"
	raw < "$WORK/config.json"
	one_error 'trailing garbage' create c1
}
it not_json 'what is not JSON is refused, with its line and column'

not_an_object() {
	for text in '' ' ' '[]' null 17 '"x"'; do
		printf '%s' "$text" | raw
		one_error 'config.json: expected object, found' create c1
		checked 'expected object, found'
	done
}
it not_an_object 'a document that is no object is refused'

depth() {
	nested() { python3 -c "print('{\"x\":' + '[' * $1 + ']' * $1 + '}')"; }
	nested 64 | raw
	one_error 'nested deeper than 64 levels' create c1
	nested 1000000 | raw
	one_error 'nested deeper than 64 levels' create c1
	nested 63 | raw
	one_error 'ociVersion: required, but missing' create c1
}
it depth 'more than 64 levels are refused'

size() {
	# one byte too many, all of them blanks: nothing else is wrong
	jq -c . "$BUNDLE/config.json" | head -c -1 > "$WORK/small"
	printf "%*s" "$((4194305 - $(wc -c < "$WORK/small")))" '' | cat "$WORK/small" - | raw
	one_error 'config.json: larger than 4194304 bytes' create c1
	truncate -s 10G "$BUNDLE/config.json"
	one_error 'config.json: larger than 4194304 bytes' create c1
	printf "%*s" "$((4194304 - $(wc -c < "$WORK/small")))" '' | cat "$WORK/small" - | raw
	ok create c1
}
it size 'more than 4 MiB are refused, 4 MiB are not'

# ---- the file -------------------------------------------------------------------------------

special_files() {
	rm "$BUNDLE/config.json"
	mkfifo "$BUNDLE/config.json"
	one_error 'config.json: not a regular file' create c1
	rm "$BUNDLE/config.json"
	mknod "$BUNDLE/config.json" c 1 5
	one_error 'config.json: not a regular file' create c1
	ln -sf /dev/zero "$BUNDLE/config.json"
	one_error 'config.json: not a regular file' create c1
	rm "$BUNDLE/config.json"
	mkdir "$BUNDLE/config.json"
	one_error 'config.json: not a regular file' create c1
}
it special_files 'a FIFO, a device or a directory as config.json is refused at once'

missing_files() {
	rm "$BUNDLE/config.json"
	one_error 'config.json: No such file or directory' create c1
	one_error '/no/such/bundle: No such file or directory' create --bundle /no/such/bundle c1
}
it missing_files 'a missing config.json or bundle is named'

process_json() {
	started c1
	mkfifo "$WORK/process.json"
	fails 255 exec --process "$WORK/process.json" c1
	has "$ERR" 'not a regular file'
	echo '{"args": ["true"], "cwd": 5}' > "$WORK/process.json.2"
	fails 255 exec --process "$WORK/process.json.2" c1
	has "$ERR" 'cwd: expected string, found number'
	fails 1 check --process "$WORK/process.json.2"
	has "$OUT" process.json.2:1:
}
it process_json 'a process.json is read with the same care'

# ---- values ---------------------------------------------------------------------------------

# wrong FILTER PLACE TEXT: after the change, on a configuration that was right.
wrong() {
	cp "$BUNDLE/config.json" "$WORK/right.json"
	config "$1"
	refused "$2" "$3"
	cp "$WORK/right.json" "$BUNDLE/config.json"
}

types() {
	wrong '.process = []' process 'expected object, found array'
	wrong '.process.args = "sh"' process.args 'expected array, found string'
	wrong '.process.args[0] = 1' 'process.args[0]' 'expected string, found number'
	wrong '.process.terminal = "yes"' process.terminal 'expected boolean, found string'
	wrong '.process.cwd = {}' process.cwd 'expected string, found object'
	wrong '.process.user.uid = "root"' process.user.uid 'expected integer, found string'
	wrong '.mounts = {}' mounts 'expected array, found object'
	wrong '.mounts[1] = "x"' 'mounts[1]' 'expected object, found string'
	wrong '.annotations = {"a.b": 1}' 'annotations["a.b"]' 'expected string, found number'
	wrong '.linux.sysctl = {"kernel.msgmax": 1}' 'linux.sysctl["kernel.msgmax"]' \
		'expected string, found number'
}
it types 'values of a wrong type are refused, with place, expectation and find'

ranges() {
	wrong '.process.user.uid = -1' process.user.uid '-1 is not in the range'
	wrong '.process.user.gid = 4294967296' process.user.gid '4294967296 is not in the range'
	wrong '.linux.resources.memory.limit = 1.5' linux.resources.memory.limit 'expected integer'
	wrong '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": -1}]' \
		'process.rlimits[0].hard' '-1 is not in the range 0 to 18446744073709551615'
	cp "$BUNDLE/config.json" "$WORK/right.json"
	edit 's/"cwd":/"oomScoreAdj":99999999999999999999,"cwd":/'
	refused process.oomScoreAdj '99999999999999999999 is not in the range'
	cp "$WORK/right.json" "$BUNDLE/config.json"
	edit 's/"cwd":/"oomScoreAdj":1e400,"cwd":/'
	refused process.oomScoreAdj 'expected integer, found 1e400'
}
it ranges 'integers out of range are refused, with the range'

nobody() {
	for place in process.user.uid process.user.gid 'process.user.additionalGids[0]'; do
		wrong '.process.user.additionalGids = [5] | .'"$place"' = 4294967295' "$place" 4294967295
	done
	wrong '.linux.namespaces += [{"type": "user"}] | .linux.gidMappings = [{"containerID": 0,
		"hostID": 0, "size": 1}] | .linux.uidMappings = [{"containerID": 0,
		"hostID": 4294967295, "size": 1}]' 'linux.uidMappings[0].size' \
		'goes beyond the last id, 4294967294'
}
it nobody 'the id 4294967295, which means no change to the kernel, is refused'

ids() {
	for id in '' . .. a/b 'a b' ../x "$(printf 'a\nb')" ä 'a*' "$(printf %01025d 0)"; do
		measured create -- "$id"
		[ "$RC" != 0 ] || die "$id is taken"
		[ "$MS" -lt 1000 ] || die "$id took $MS ms"
		equal "$(find "$STATE" -mindepth 1 2> /dev/null | grep -v /,)" ''
	done
	one_error 'a/b' create a/b
}
it ids 'ids outside of [A-Za-z0-9_+.-], and those of more than 1024 bytes, are refused'

nothing_is_made() {
	config '.process.args = ["true"] | .root.path = "nowhere"'
	one_error nowhere create c1
	config '.root.path = "rootfs" | .mounts += [{"destination": "/x", "source": "/no/such/source",
		"options": ["bind"]}]'
	one_error /no/such/source create c1
	missing "$ROOTFS/x"
}
it nothing_is_made 'what the host lacks is found before anything is made'

# ---- check ----------------------------------------------------------------------------------

# Types and rules, wrong in every way: these are told even where the host cannot be asked yet.
many_problems() {
	cat <<- 'END' | raw
	{
		"ociVersion": "1.0.2",
		"root": {"path": "rootfs", "readonly": 1},
		"process": {
			"cwd": "relative",
			"args": [],
			"user": {"uid": 4294967295, "gid": 0},
			"rlimits": [
				{"type": "RLIMIT_NOFILE", "soft": 2, "hard": 1},
				{"type": "RLIMIT_NONE", "soft": 1, "hard": 1}
			]
		},
		"mounts": [
			{"destination": "/proc", "type": "proc", "source": "proc"},
			{"destination": "/x", "source": "/no/such/source", "options": ["bind"]},
			{"destination": "/y", "type": "tmpfs", "options": ["ro", 5]}
		],
		"linux": {"namespaces": [{"type": "mount"}, {"type": "mount"}, {"type": "nope"}]}
	}
	END
}

check_lists_all() {
	many_problems
	fails 1 check
	for problem in '3:40: root.readonly: ' '5:8: process.cwd: ' '6:9: process.args: ' \
		'7:17: process.user.uid: ' '9:35: process.rlimits[0].soft: ' \
		'10:10: process.rlimits[1].type: ' '16:58: mounts[2].options[1]: ' \
		'18:73: linux.namespaces[2].type: '; do
		has "$OUT" "config.json:$problem"
	done
	equal "$(printf '%s\n' "$OUT" | tail -n 1)" \
		"config.json: $(printf '%s\n' "$OUT" | grep -c '^config.json:[0-9]') problems"
}
it check_lists_all 'check lists every problem with line, column and path, and their number'

check_json() {
	many_problems
	fails 1 check
	text=$(printf '%s\n' "$OUT" | sed -n 's/^config.json:\([0-9]*\):\([0-9]*\): .*/\1 \2/p')
	fails 1 check --format json
	equal "$(printf '%s' "$OUT" | jq -r '.problems[] | "\(.line) \(.column)"')" "$text"
	printf '%s' "$OUT" | jq -e '.valid == false and .file == "config.json"
		and all(.problems[]; .message != "" and .kind != "" and .path != "")' > /dev/null
}
it check_json 'check --format json tells the same for programs'

check_of_the_host() {
	config '.mounts += [{"destination": "/x", "source": "/no/such/a", "options": ["bind"]},
		{"destination": "/y", "source": "/no/such/b", "options": ["bind"]}]
		| .linux.namespaces += [{"type": "network", "path": "/no/such/ns"}]
		| .linux.namespaces |= map(select(.type != "network" or .path)) | .root.path = "nowhere"'
	fails 1 check
	for place in '/no/such/a' '/no/such/b' '/no/such/ns' nowhere; do
		has "$OUT" "$place"
	done
	has "$OUT" 'config.json: 4 problems'
}
it check_of_the_host 'check names what this host lacks too, one problem does not hide another'

check_of_a_good_bundle() {
	ok check
	equal "$OUT" 'config.json: no problems'
	ok check --format json
	printf '%s' "$OUT" | jq -e '.valid and .problems == []' > /dev/null
	ok check --bundle "$BUNDLE"
	missing "$STATE"
}
it check_of_a_good_bundle 'check of a good bundle ends with status 0 and makes nothing'

# ---- much input -----------------------------------------------------------------------------

# linear N FILTER: create --dry-run of a quarter of N elements and of N; the latter takes at most
# eight times as long (it should take four times) and two seconds.
linear() {
	cp "$BUNDLE/config.json" "$WORK/base.json"
	for n in "$(($1 / 4))" "$1"; do
		quarter=${MS:-}
		jq -c --argjson n "$n" "$2" "$WORK/base.json" | raw
		measured create --dry-run c1
		[ "$RC" = 0 ] || die "$n elements: $ERR"
	done
	[ "$MS" -lt 2000 ] || die "$1 elements took $MS ms"
	[ "$quarter" -gt 50 ] || quarter=50 # less is noise
	[ "$MS" -le "$((quarter * 8))" ] || die "$1 elements took $MS ms, a quarter of them $quarter ms"
}

much_environment() {
	linear 200000 '.process.env = ["PATH=/bin"] + [range($n) | "V\(.)=\(.)"]'
}
it much_environment '200,000 environment entries take time in proportion'

many_rules() {
	linear 20000 '["getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "gettid"] as $names
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [range($n) |
		{"names": [$names[. % 7]], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
		"args": [{"index": (. % 6), "value": (. % 50), "op": "SCMP_CMP_EQ"}]}]}'
}
it many_rules '20,000 seccomp rules take time in proportion'

too_many_rules() {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [range(5000) |
		{"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
		"args": [{"index": 0, "value": ., "op": "SCMP_CMP_EQ"}]}]}'
	measured create c1
	equal "$RC" 1
	has "$ERR" 'linux.seccomp.syscalls: '
	has "$ERR" 4096
	[ "$MS" -lt 2000 ] || die "took $MS ms"
	missing "$STATE/c1"
}
it too_many_rules 'a filter that is longer than the kernel takes is refused, with the limit'

finish
