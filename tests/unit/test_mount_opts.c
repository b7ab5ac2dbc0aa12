/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options: the table row by row, and what a list of them adds up to. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

#include "host/mounts.h"
#include "plans.h"

TestSuite(mount_opts, .init = plans_enter, .fini = plans_leave);

#define ATIME MOUNT_ATTR__ATIME

static int parse(spec_strings options, struct mount_opts *ret)
{
	return mount_opts_parse(&options, "mounts[3].options", ret, plan.arena, &error);
}

static struct mount_opts parsed(spec_strings options)
{
	struct mount_opts opts;

	cr_assert_eq(parse(options, &opts), 0, "%s", error.msg);
	return opts;
}

/* Everything that one option alone means. A name without an effect is one that the file system gets
 * as it is (data), or that is accepted and void (nothing). */
struct row {
	char name[16];
	uint64_t set, clr, rec_set, rec_clr, propagation;
	bool propagation_rec, bind, rbind, remount, idmap, ridmap, copy_up, data, nothing;
	bool copy_symlink, source_nofollow, target_nofollow;
};

static struct row rows[] = {
	{ "async", .data = true },
	{ "atime", .clr = ATIME },
	{ "bind", .bind = true },
	{ "copy-symlink", .copy_symlink = true },
	{ "defaults",
	  .clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	{ "dest-nofollow", .target_nofollow = true },
	{ "dev", .clr = MOUNT_ATTR_NODEV },
	{ "diratime", .clr = MOUNT_ATTR_NODIRATIME },
	{ "dirsync", .data = true },
	{ "exec", .clr = MOUNT_ATTR_NOEXEC },
	{ "idmap", .idmap = true },
	{ "iversion", .nothing = true },
	{ "lazytime", .data = true },
	{ "loud", .nothing = true },
	{ "mand", .data = true },
	{ "noatime", .set = MOUNT_ATTR_NOATIME, .clr = ATIME },
	{ "nodev", .set = MOUNT_ATTR_NODEV },
	{ "nodiratime", .set = MOUNT_ATTR_NODIRATIME },
	{ "noexec", .set = MOUNT_ATTR_NOEXEC },
	{ "noiversion", .nothing = true },
	{ "nolazytime", .data = true },
	{ "nomand", .data = true },
	{ "norelatime", .nothing = true },
	{ "nostrictatime", .clr = ATIME },
	{ "nosuid", .set = MOUNT_ATTR_NOSUID },
	{ "nosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW },
	{ "private", .propagation = MS_PRIVATE },
	{ "ratime", .rec_clr = ATIME },
	{ "rbind", .bind = true, .rbind = true },
	{ "rdev", .rec_clr = MOUNT_ATTR_NODEV },
	{ "rdiratime", .rec_clr = MOUNT_ATTR_NODIRATIME },
	{ "relatime", .clr = ATIME },
	{ "remount", .remount = true },
	{ "rexec", .rec_clr = MOUNT_ATTR_NOEXEC },
	{ "ridmap", .idmap = true, .ridmap = true },
	{ "rnoatime", .rec_set = MOUNT_ATTR_NOATIME, .rec_clr = ATIME },
	{ "rnodev", .rec_set = MOUNT_ATTR_NODEV },
	{ "rnodiratime", .rec_set = MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", .rec_set = MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", .nothing = true },
	{ "rnostrictatime", .rec_clr = ATIME },
	{ "rnosuid", .rec_set = MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", .rec_set = MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", .set = MOUNT_ATTR_RDONLY },
	{ "rprivate", .propagation = MS_PRIVATE, .propagation_rec = true },
	{ "rrelatime", .rec_clr = ATIME },
	{ "rro", .rec_set = MOUNT_ATTR_RDONLY },
	{ "rrw", .rec_clr = MOUNT_ATTR_RDONLY },
	{ "rshared", .propagation = MS_SHARED, .propagation_rec = true },
	{ "rslave", .propagation = MS_SLAVE, .propagation_rec = true },
	{ "rstrictatime", .rec_set = MOUNT_ATTR_STRICTATIME, .rec_clr = ATIME },
	{ "rsuid", .rec_clr = MOUNT_ATTR_NOSUID },
	{ "rsymfollow", .rec_clr = MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", .propagation = MS_UNBINDABLE, .propagation_rec = true },
	{ "rw", .clr = MOUNT_ATTR_RDONLY },
	{ "shared", .propagation = MS_SHARED },
	{ "silent", .nothing = true },
	{ "slave", .propagation = MS_SLAVE },
	{ "src-nofollow", .source_nofollow = true },
	{ "strictatime", .set = MOUNT_ATTR_STRICTATIME, .clr = ATIME },
	{ "suid", .clr = MOUNT_ATTR_NOSUID },
	{ "symfollow", .clr = MOUNT_ATTR_NOSYMFOLLOW },
	{ "sync", .data = true },
	{ "tmpcopyup", .copy_up = true },
	{ "unbindable", .propagation = MS_UNBINDABLE },
};

ParameterizedTestParameters(mount_opts, an_option_means_its_row)
{
	return cr_make_param_array(struct row, rows, ARRAY_SIZE(rows));
}

ParameterizedTest(struct row *row, mount_opts, an_option_means_its_row, .init = plans_enter,
		  .fini = plans_leave)
{
	struct mount_opts o = parsed((spec_strings)SPEC_STRINGS(row->name));

	cr_expect_eq(o.attr_set, row->set, "%s", row->name);
	cr_expect_eq(o.attr_clr, row->clr, "%s", row->name);
	cr_expect_eq(o.rec_attr_set, row->rec_set, "%s", row->name);
	cr_expect_eq(o.rec_attr_clr, row->rec_clr, "%s", row->name);
	cr_expect_eq(o.propagation, row->propagation, "%s", row->name);
	cr_expect_eq(o.propagation_rec, row->propagation_rec, "%s", row->name);
	cr_expect_eq(o.bind, row->bind, "%s", row->name);
	cr_expect_eq(o.recursive_bind, row->rbind, "%s", row->name);
	cr_expect_eq(o.remount, row->remount, "%s", row->name);
	cr_expect_eq(o.idmap, row->idmap, "%s", row->name);
	cr_expect_eq(o.ridmap, row->ridmap, "%s", row->name);
	cr_expect_eq(o.copy_up, row->copy_up, "%s", row->name);
	cr_expect_eq(o.copy_symlink, row->copy_symlink, "%s", row->name);
	cr_expect_eq(o.source_nofollow, row->source_nofollow, "%s", row->name);
	cr_expect_eq(o.target_nofollow, row->target_nofollow, "%s", row->name);
	cr_expect_eq(o.n_data, row->data ? 1 : 0, "%s", row->name);
}

Test(mount_opts, every_name_that_features_lists_has_a_row_here)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cr_assert(mount_opts_names[i], "%s is not listed", rows[i].name);
		cr_expect_str_eq(mount_opts_names[i], rows[i].name);
	}
	cr_expect_null(mount_opts_names[ARRAY_SIZE(rows)]);
}

Test(mount_opts, the_last_word_wins)
{
	struct mount_opts o = parsed(
		(spec_strings)SPEC_STRINGS("ro", "nosuid", "rw", "slave", "rshared", "rro", "rrw"));

	cr_expect_eq(o.attr_set, MOUNT_ATTR_NOSUID);
	cr_expect_eq(o.attr_clr, MOUNT_ATTR_RDONLY);
	cr_expect_eq(o.rec_attr_set, 0);
	cr_expect_eq(o.rec_attr_clr, MOUNT_ATTR_RDONLY);
	cr_expect_eq(o.propagation, MS_SHARED);
	cr_expect(o.propagation_rec);
	o = parsed((spec_strings)SPEC_STRINGS("rw", "ro"));
	cr_expect_eq(o.attr_set, MOUNT_ATTR_RDONLY);
	cr_expect_eq(o.attr_clr, 0);
	o = parsed((spec_strings)SPEC_STRINGS("ro", "nodev", "noexec", "nosuid", "defaults"));
	cr_expect_eq(o.attr_set, 0);
}

Test(mount_opts, access_times_have_one_value)
{
	static const struct {
		const char *first, *second;
		uint64_t value;
	} cases[] = {
		{ "noatime", "strictatime", MOUNT_ATTR_STRICTATIME },
		{ "strictatime", "noatime", MOUNT_ATTR_NOATIME },
		{ "noatime", "relatime", MOUNT_ATTR_RELATIME },
		{ "noatime", "atime", MOUNT_ATTR_RELATIME },
		{ "strictatime", "nostrictatime", MOUNT_ATTR_RELATIME },
		{ "strictatime", "atime", MOUNT_ATTR_STRICTATIME },
		{ "noatime", "nostrictatime", MOUNT_ATTR_NOATIME },
		{ "noatime", "norelatime", MOUNT_ATTR_NOATIME },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mount_opts o = parsed(
			(spec_strings)SPEC_STRINGS(cases[i].first, cases[i].second, "nodiratime"));

		cr_expect_eq(o.attr_set, cases[i].value | MOUNT_ATTR_NODIRATIME, "%s,%s",
			     cases[i].first, cases[i].second);
		cr_expect_eq(o.attr_clr, ATIME, "%s,%s", cases[i].first, cases[i].second);
	}
}

static void expect_data(const struct mount_opts *o, size_t i, const char *key, const char *value)
{
	cr_assert_lt(i, o->n_data);
	cr_expect_str_eq(o->data[i].key, key);
	if (value)
		cr_expect_str_eq(o->data[i].value, value);
	else
		cr_expect_null(o->data[i].value);
}

Test(mount_opts, what_is_unknown_belongs_to_the_file_system)
{
	struct mount_opts o = parsed((spec_strings)SPEC_STRINGS("size=64k", "nosuid", "newinstance",
								"sync", "gid=", ""));

	cr_expect_eq(o.n_data, 4);
	expect_data(&o, 0, "size", "64k");
	expect_data(&o, 1, "newinstance", NULL);
	expect_data(&o, 2, "sync", NULL);
	expect_data(&o, 3, "gid", "");
}

Test(mount_opts, one_string_may_hold_several_options)
{
	struct mount_opts o = parsed((spec_strings)SPEC_STRINGS(
		"size=1m,,noexec", "context=\"a:b:c0,c1\",lowerdir=/x\\,y:/z,mode=700"));

	cr_expect_eq(o.attr_set, MOUNT_ATTR_NOEXEC);
	cr_expect_eq(o.n_data, 4);
	expect_data(&o, 0, "size", "1m");
	expect_data(&o, 1, "context", "a:b:c0,c1");
	expect_data(&o, 2, "lowerdir", "/x\\,y:/z");
	expect_data(&o, 3, "mode", "700");
}

Test(mount_opts, a_bind_mount_has_no_data)
{
	struct mount_opts o;

	cr_expect_eq(parse((spec_strings)SPEC_STRINGS("ro", "size=1m", "x", "bind"), &o), -EINVAL);
	cr_expect_str_eq(error.where, "mounts[3].options[1]");
	cr_expect(strstr(error.msg, "size"), "%s", error.msg);
	cr_expect_eq(parse((spec_strings)SPEC_STRINGS("remount", "size=1m"), &o), -EINVAL);
	cr_expect_str_eq(error.where, "mounts[3].options[1]");
}

Test(mount_opts, superblock_flags_are_void_for_a_bind_mount)
{
	struct mount_opts o = parsed((spec_strings)SPEC_STRINGS("rbind", "sync", "lazytime", "ro"));

	cr_expect_eq(o.n_data, 0);
	cr_expect_eq(o.attr_set, MOUNT_ATTR_RDONLY);
}

Test(mount_opts, a_value_the_kernel_would_cut_is_refused)
{
	char option[5 + 256 + 1] = "size=";
	struct mount_opts o;

	memset(option + 5, '1', 256);
	cr_expect_eq(parse((spec_strings)SPEC_STRINGS("rw", option), &o), -EINVAL);
	cr_expect_str_eq(error.where, "mounts[3].options[1]");
	option[5 + 255] = '\0';
	cr_expect_eq(parse((spec_strings)SPEC_STRINGS("rw", option), &o), 0);
}
