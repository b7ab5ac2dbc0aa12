#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Who may include whom, and which file may use which library (doc/ARCHITECTURE.md).
set -u
cd "$(dirname "$0")/../.." || exit
. tests/tap.sh

# folder, and what its files may include: folders, or single headers
layers='
libcontainer/base	base
libcontainer/sys	base sys
libcontainer/spec	base spec config.h
libcontainer/plan	base sys spec plan
libcontainer/host	base sys spec plan host libcontainer/host/proto libcontainer.h config.h
libcontainer/init	base/err.h base/fmt.h base/fd.h base/cleanup.h base/file.h base/path.h base/num.h sys plan init
libcontainer/life	base sys spec plan host init life libcontainer.h config.h
runtime			base runtime libcontainer.h config.h
shim			base shim libcontainer.h config.h
systemd			base systemd plan/systemd_request.h
'

# header of a library or of the kernel interface, and the only files that may include it
quarantine='
yajl/			libcontainer/base/json_*.c
seccomp.h		libcontainer/host/seccomp_lib.c
sys/capability.h	libcontainer/host/creds.c
systemd/		systemd/*.[ch]
sys/syscall.h		libcontainer/sys/*.c libcontainer/base/ev.c libcontainer/base/path.c libcontainer/base/fd.c runtime/launch.c
protobuf-c/		shim/proto.[ch]
'

# includes FOLDER PATTERN: "file header" for each #include that matches.
includes() {
	find "$1" -name '*.[ch]' ! -name '*.pb-c.[ch]' -exec grep -HEo "^#include $2" {} + |
		sed -E 's/:#include ./ /; s/.$//'
}

may_include() { # FOLDER HEADER ALLOWED...
	local folder=$1 header=$2 allowed
	shift 2

	[[ $header == */* || ! -f $folder/$header ]] || return 0
	for allowed; do
		[[ $header != "$allowed" && $header != "$allowed"/* ]] || return 0
	done
	return 1
}

layer_findings() { # FOLDER ALLOWED...
	local folder=$1 file header
	shift

	includes "$folder" '"[^"]*"' | while read -r file header; do
		may_include "$folder" "$header" "$@" || echo "$file includes $header"
	done
}

quarantine_findings() { # HEADER FILE-PATTERN...
	local header=$1 file found pattern folder
	shift

	for folder in libcontainer runtime shim systemd; do
		includes "$folder" "[<\"]${header}[^\">]*[\">]"
	done | while read -r file found; do
		for pattern; do
			# shellcheck disable=SC2053
			[[ $file != $pattern ]] || continue 2
		done
		echo "$file includes $found"
	done
}

while read -r folder allowed; do
	[ -n "$folder" ] || continue
	# shellcheck disable=SC2086
	tap_check "$folder includes only its own and lower layers" \
		"$(layer_findings "$folder" $allowed)"
done <<<"$layers"

while read -r header files; do
	[ -n "$header" ] || continue
	# shellcheck disable=SC2086
	tap_check "<$header> is used only in $files" "$(set -f; quarantine_findings "$header" $files)"
done <<<"$quarantine"
tap_end
