# SPDX-License-Identifier: Apache-2.0
# Completions of the command line.

bashcompletiondir = $(datadir)/bash-completion/completions
bashcompletion_DATA = contrib/completions/hull
EXTRA_DIST += contrib/completions/hull.bash
CLEANFILES += contrib/completions/hull
contrib/completions/hull: contrib/completions/hull.bash
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)cp $< $@

zshcompletiondir = $(datadir)/zsh/site-functions
dist_zshcompletion_DATA = contrib/completions/_hull

fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_fishcompletion_DATA = contrib/completions/hull.fish

EXTRA_DIST += \
	doc/ARCHITECTURE.md \
	doc/CONFORMANCE.md \
	doc/HACKING.md \
	doc/parts.svg
