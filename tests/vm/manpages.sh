#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The examples of the manual that a machine without these controllers, or whose kernel CRIU does not
# know, cannot run. Those of docker and podman are in their scripts.
# guest: mini
. "$(dirname "$0")/../lib/harness.sh"
. "$(dirname "$0")/../lib/manual.sh"

test_begin() { test_begin_examples; }

these_examples() { examples "$page" "$need"; }

for page in "$MAN"/hull*.[78]; do
	page=${page##*/}
	extract "$page"
	for need in $(needs "$page"); do
		case $need in
		controllers | criu) it these_examples "the examples of $page that need $need work" ;;
		esac
	done
done

finish
