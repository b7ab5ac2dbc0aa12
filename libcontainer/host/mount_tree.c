/* SPDX-License-Identifier: Apache-2.0 */
/* libmount is opened only when it is needed: linked, its dependencies would double the time that
 * every start of the program takes. */
#include "host/mount_tree.h"

#include <dlfcn.h>
#include <libmount/libmount.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fmt.h"

#define SONAME "libmount.so.1"
#define NOTE_JSON                                                                               \
	"[{\"feature\":\"mount\",\"description\":\"Find unusual cgroup2 mounts\",\"priority\":" \
	"\"suggested\",\"soname\":[\"" SONAME "\"]}]"

/* Tells packagers what is opened at run time (the freedesktop .note.dlopen convention). */
static const struct {
	uint32_t name_size, desc_size, type;
	char name[4];
	char desc[(sizeof(NOTE_JSON) + 3) & ~3u];
} dlopen_note __attribute__((used, aligned(4), section(".note.dlopen"))) = {
	.name_size = sizeof("FDO"),
	.desc_size = sizeof(NOTE_JSON),
	.type = 0x407c0c0a,
	.name = "FDO",
	.desc = NOTE_JSON,
};

struct libmount {
	__typeof__(&mnt_new_table_from_file) new_table_from_file;
	__typeof__(&mnt_unref_table) unref_table;
	__typeof__(&mnt_new_iter) new_iter;
	__typeof__(&mnt_free_iter) free_iter;
	__typeof__(&mnt_table_next_fs) table_next_fs;
	__typeof__(&mnt_fs_get_fstype) fs_get_fstype;
	__typeof__(&mnt_fs_get_target) fs_get_target;
};

/* The library stays loaded: it is needed at most once or twice in the life of a process. */
static int load(struct libmount *m, struct err *e)
{
	const struct {
		const char *name;
		void *fn;
	} symbols[] = {
		{ "mnt_new_table_from_file", &m->new_table_from_file },
		{ "mnt_unref_table", &m->unref_table },
		{ "mnt_new_iter", &m->new_iter },
		{ "mnt_free_iter", &m->free_iter },
		{ "mnt_table_next_fs", &m->table_next_fs },
		{ "mnt_fs_get_fstype", &m->fs_get_fstype },
		{ "mnt_fs_get_target", &m->fs_get_target },
	};
	void *library = dlopen(SONAME, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return err_kind(e, ERR_UNSUPPORTED,
				"%s is needed to read the mounts of this host: install the package "
				"libmount1",
				SONAME);
	for (size_t i = 0; i < ARRAY_SIZE(symbols); i++) {
		void *fn = dlsym(library, symbols[i].name);

		if (!fn)
			return err_kind(e, ERR_UNSUPPORTED,
					"%s has no %s: install libmount1 2.30 or newer", SONAME,
					symbols[i].name);
		memcpy(symbols[i].fn, &fn, sizeof(fn));
	}
	return 0;
}

int mount_tree_find_fstype(const char *fstype, char *ret_path, size_t size, struct err *e)
{
	struct libmount m;
	struct libmnt_table *table;
	struct libmnt_iter *iter;
	struct libmnt_fs *fs;
	bool found = false;
	int r = load(&m, e);

	if (r < 0)
		return r;
	table = m.new_table_from_file("/proc/self/mountinfo");
	iter = m.new_iter(MNT_ITER_FORWARD);
	while (table && iter && !found && m.table_next_fs(table, iter, &fs) == 0) {
		const char *type = m.fs_get_fstype(fs);

		found = type && strcmp(type, fstype) == 0;
		if (found)
			fmt_str(ret_path, size, "%s", m.fs_get_target(fs));
	}
	m.free_iter(iter);
	m.unref_table(table);
	return found ? 0 : err_kind(e, ERR_NOTFOUND, "no %s file system is mounted", fstype);
}
