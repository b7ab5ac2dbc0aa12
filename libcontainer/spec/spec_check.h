/* SPDX-License-Identifier: Apache-2.0 */
/* The cross-field rules of the specification and of this host, as one table of rules. */
#pragma once

#include "spec/spec.h"

/* Runs every rule. problem (see base/json.h) is called for each violation with where = the place in
 * config.json; NULL stops at the first. Returns 0 when all hold, else the errno of the first. Looks
 * at nothing but the struct. */
int spec_check(const struct spec *s, const struct json_options *options, struct err *e);
/* The rules of one object alone; `at` is its place ("process", "linux.resources" or "") and is put
 * in front of `where`. */
int spec_check_process(const struct spec_process *p, const char *at,
		       const struct json_options *options, struct err *e);
int spec_check_resources(const struct spec_resources *r, const char *at,
			 const struct json_options *options, struct err *e);
/* A container id: [A-Za-z0-9_+.-]+, not "." or "..", at most 1024 bytes; else ERR_INVALID. */
int spec_check_id(const char *id, struct err *e);
