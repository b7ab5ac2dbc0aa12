/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a bundle. */
#include "bundle.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#define CONFIG "config.json"
#define OPTIONS "shim-options.json"
#define EXIT "shim-exit.json"
#define FILE_MAX 65536

struct config {
	struct {
		struct json_pair *items;
		size_t n;
	} annotations;
};

static const struct json_field config_fields[] = {
	JSON_FIELD("annotations", J_MAP, struct config, annotations),
	{},
};

struct exit_record {
	int64_t pid, seconds;
	uint32_t status, nanoseconds;
};

static const struct json_field exit_fields[] = {
	JSON_FIELD("pid", J_I64, struct exit_record, pid),
	JSON_FIELD("status", J_U32, struct exit_record, status),
	JSON_FIELD("seconds", J_I64, struct exit_record, seconds),
	JSON_FIELD("nanoseconds", J_U32, struct exit_record, nanoseconds),
	{},
};

static int load(int dirfd, const char *name, size_t max, const struct json_field *fields,
		void *object, struct arena *arena, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read_at(dirfd, name, max, &text, &len, e);

	if (r < 0)
		return r;
	r = json_decode(fields, object, text, len, arena, NULL, e);
	return r < 0 ? err_wrap(e, "%s", name) : 0;
}

static int save(int dirfd, const char *name, const struct json_field *fields, const void *object,
		struct err *e)
{
	_cleanup_buf_ struct buf text = {};
	int r = json_encode(fields, object, 0, &text, e);

	return r < 0 ? r : file_write_atomic_at(dirfd, name, text.data, text.len, 0600, e);
}

/* The older name is containerd's own, the other the kubelet's. */
static const char *const group_annotations[] = {
	"io.containerd.runc.v2.group",
	"io.kubernetes.cri.sandbox-id",
};

int bundle_group(int dirfd, const char *id, struct arena *arena, const char **ret, struct err *e)
{
	struct config config = {};
	int r = load(dirfd, CONFIG, JSON_MAX_SIZE, config_fields, &config, arena, e);

	if (r < 0)
		return r;
	*ret = id;
	for (size_t i = 0; i < ARRAY_SIZE(group_annotations); i++)
		for (size_t k = 0; k < config.annotations.n; k++)
			if (strcmp(config.annotations.items[k].key, group_annotations[i]) == 0) {
				*ret = config.annotations.items[k].value;
				return 0;
			}
	return 0;
}

int bundle_write_text(int dirfd, const char *name, const char *text, struct err *e)
{
	return file_write_atomic_at(dirfd, name, text, strlen(text), 0600, e);
}

int bundle_save_options(int dirfd, const struct options *o, struct err *e)
{
	return save(dirfd, OPTIONS, options_fields, o, e);
}

int bundle_load_options(int dirfd, struct arena *arena, struct options *ret, struct err *e)
{
	struct options o = {};
	int r = load(dirfd, OPTIONS, FILE_MAX, options_fields, &o, arena, e);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret = o;
	return 0;
}

int bundle_save_exit(int dirfd, const struct bundle_exit *x, struct err *e)
{
	struct exit_record record = { .pid = x->pid,
				      .status = x->status,
				      .seconds = x->at.tv_sec,
				      .nanoseconds = (uint32_t)x->at.tv_nsec };

	return save(dirfd, EXIT, exit_fields, &record, e);
}

int bundle_load_exit(int dirfd, struct bundle_exit *ret, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct exit_record record = {};
	int r = arena ? load(dirfd, EXIT, FILE_MAX, exit_fields, &record, arena, e) : err_nomem(e);

	if (r < 0)
		return r;
	*ret = (struct bundle_exit){ .pid = (pid_t)record.pid,
				     .status = record.status,
				     .at = { record.seconds, record.nanoseconds } };
	return 0;
}
