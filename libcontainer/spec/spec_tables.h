/* SPDX-License-Identifier: Apache-2.0 */
/* Shorthand for the rows of the descriptor tables, and the tables that others nest. */
#pragma once

#include "spec/spec.h"

/* A row says: struct tag, property, type, member. What an optional property leaves out when it is
 * written again is its zero value; SPEC_HAS is for those whose zero means something. */
#define SPEC_OPT(tag, n, t, member) JSON_FIELD(n, t, struct tag, member, .flags = JSON_OMIT_EMPTY)
#define SPEC_REQ(tag, n, t, member) JSON_FIELD(n, t, struct tag, member, .flags = JSON_REQUIRED)
#define SPEC_HAS(tag, n, t, member, ...)                                                       \
	JSON_FIELD(n, t, struct tag, member, .has_offset = offsetof(struct tag, has_##member), \
		   ##__VA_ARGS__)

/* A string that must be there and not be empty. */
#define SPEC_NAME(tag, n, member) \
	JSON_FIELD(n, J_STRING, struct tag, member, .flags = JSON_REQUIRED | JSON_NONEMPTY)
/* An enum by the tables of spec_names.c: table##_names and table##_n. */
#define SPEC_ENUM(tag, n, member, table, f)                                             \
	JSON_FIELD(n, J_ENUM, struct tag, member, .flags = (f), .names = table##_names, \
		   .n_names = table##_n)

#define SPEC_ELEM_SIZE(tag, member) sizeof(*((struct tag *)NULL)->member.items)
#define SPEC_LIST(tag, n, member, t)                                                      \
	JSON_FIELD(n, J_ARRAY, struct tag, member, .flags = JSON_OMIT_EMPTY, .elem = (t), \
		   .size = SPEC_ELEM_SIZE(tag, member))
#define SPEC_OBJECTS(tag, n, member, table)                                                    \
	JSON_FIELD(n, J_ARRAY, struct tag, member, .flags = JSON_OMIT_EMPTY, .elem = J_OBJECT, \
		   .size = SPEC_ELEM_SIZE(tag, member), .fields = (table))
#define SPEC_ENUMS(tag, n, member, table)                                                    \
	JSON_FIELD(n, J_ARRAY, struct tag, member, .flags = JSON_OMIT_EMPTY, .elem = J_ENUM, \
		   .size = SPEC_ELEM_SIZE(tag, member), .names = table##_names,              \
		   .n_names = table##_n)
#define SPEC_KEYED(tag, n, member, table)                                    \
	JSON_FIELD(n, J_KEYED, struct tag, member, .flags = JSON_OMIT_EMPTY, \
		   .size = SPEC_ELEM_SIZE(tag, member), .fields = (table))
/* An object of its own, absent when the pointer is NULL. */
#define SPEC_PTR(tag, n, member, table)                                                  \
	JSON_FIELD(n, J_OBJECT, struct tag, member, .flags = JSON_PTR | JSON_OMIT_EMPTY, \
		   .size = sizeof(*((struct tag *)NULL)->member), .fields = (table))
/* An object that is always there in the struct. */
#define SPEC_IN(tag, n, member, table) \
	JSON_FIELD(n, J_OBJECT, struct tag, member, .flags = JSON_OMIT_EMPTY, .fields = (table))
/* An object of the document without a struct of its own: its table's offsets are the parent's. */
#define SPEC_FLAT(n, table)                                                                \
	{                                                                                  \
		.name = (n), .type = J_OBJECT, .flags = JSON_OMIT_EMPTY, .fields = (table) \
	}

extern const struct json_field spec_id_map_fields[];
extern const struct json_field spec_linux_fields[];
