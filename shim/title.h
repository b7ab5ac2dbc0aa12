/* SPDX-License-Identifier: Apache-2.0 */
/* What this process is called in the lists that people look at (ps). */
#pragma once

/* Where the words of the command line are. */
void title_prepare(int argc, char **argv);
/* The name, of which the kernel keeps 15 characters as the short one, and further words, one a line.
 * They go where those of the command line are, cut to that room. */
void title_set(const char *name, const char *words);
