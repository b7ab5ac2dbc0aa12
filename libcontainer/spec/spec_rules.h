/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of spec_check: a tree of tables with the shape of the document. */
#pragma once

#include "spec/spec.h"

/* How a row reaches what it speaks of, from the object that its table belongs to. */
enum rule_over {
	RULE_MEMBER, /* .ok or .ok_in judges the member at .offset */
	RULE_STRUCT, /* .rules hold for the struct at .offset */
	RULE_PTR,    /* .rules hold for the struct that the pointer at .offset leads to, if any */
	RULE_EACH,   /* .rules hold for every element of the array at .offset */
	RULE_KEYED,  /* the same, elements are called by their key, the first member */
};

/* A row either judges (ok, message) or descends (rules). Tables end with an all-zero row. */
struct rule {
	const char *where; /* the property, as seen from the object; "" = the object itself */
	/* Absent values are fine to every predicate: the decoder has reported the required ones. */
	bool (*ok)(const void *value);
	bool (*ok_in)(const struct spec *s, const void *value); /* needs the whole document, too */
	const char *message;
	enum err_kind kind; /* ERR_NONE stands for ERR_INVALID */
	enum rule_over over;
	const struct rule *rules;
	size_t offset, size;
};

/* The rule judges the object as a whole. */
#define RULE(w, predicate, text)                                   \
	{                                                          \
		.where = (w), .ok = (predicate), .message = (text) \
	}
#define RULE_OF(w, type, member, predicate, text)                   \
	{                                                           \
		.where = (w), .ok = (predicate), .message = (text), \
		.offset = offsetof(type, member)                    \
	}
/* The same, in the light of the whole document. */
#define RULE_IN(w, predicate, text)                                   \
	{                                                             \
		.where = (w), .ok_in = (predicate), .message = (text) \
	}
/* What cgroup v2 has no word for. */
#define RULE_V1_ONLY(w, predicate, text)                                                    \
	{                                                                                   \
		.where = (w), .ok = (predicate), .message = (text), .kind = ERR_UNSUPPORTED \
	}

#define RULES_IN(w, type, member, table)                             \
	{                                                            \
		.where = (w), .over = RULE_STRUCT, .rules = (table), \
		.offset = offsetof(type, member)                     \
	}
#define RULES_PTR(w, type, member, table)                                                          \
	{                                                                                          \
		.where = (w), .over = RULE_PTR, .rules = (table), .offset = offsetof(type, member) \
	}
#define RULES_EACH(w, type, member, table)                                                      \
	{                                                                                       \
		.where = (w), .over = RULE_EACH, .rules = (table),                              \
		.offset = offsetof(type, member), .size = sizeof(*((type *)NULL)->member.items) \
	}
#define RULES_KEYED(w, type, member, table)                                                     \
	{                                                                                       \
		.where = (w), .over = RULE_KEYED, .rules = (table),                             \
		.offset = offsetof(type, member), .size = sizeof(*((type *)NULL)->member.items) \
	}

extern const struct rule spec_process_rules[];	 /* struct spec_process */
extern const struct rule spec_linux_rules[];	 /* struct spec_linux */
extern const struct rule spec_seccomp_rules[];	 /* struct spec_seccomp */
extern const struct rule spec_resources_rules[]; /* struct spec_resources */
extern const struct rule spec_sysctl_rules[];	 /* struct json_pair */
extern const struct rule spec_id_maps_rules[];	 /* spec_id_maps */
extern const struct rule spec_env_rules[];	 /* one entry of an environment */

/* Predicates of several tables; the comment names the value's type. */
bool rule_is_absolute(const void *value); /* const char * */
bool rule_is_id(const void *value);	  /* uint32_t: a uid or gid */
bool rule_is_cpu_list(const void *value); /* const char *: "0-3,7" */
bool rule_is_major(const void *value);	  /* int64_t */
bool rule_is_minor(const void *value);	  /* int64_t */

#define RULE_TEXT_ABSOLUTE "must be an absolute path"
#define RULE_TEXT_ID "4294967295 means \"no change\" to the kernel and is nobody's id"
#define RULE_TEXT_LIST "must be a list of numbers and ranges, such as 0-3,7"
#define RULE_TEXT_MAJOR "must be a major number, 0 to 4095"
#define RULE_TEXT_MINOR "must be a minor number, 0 to 1048575"
