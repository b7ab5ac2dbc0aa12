/* SPDX-License-Identifier: Apache-2.0 */
/* From files and text to spec structs, and the questions that everybody asks of a spec. */
#include "spec/spec.h"

#include <linux/sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

static int decode(const struct json_field *fields, void *object, const char *text, size_t len,
		  struct arena *arena, const struct json_options *options, struct err *e)
{
	if (!object)
		return err_nomem(e);
	return json_decode(fields, object, text, len, arena, options, e);
}

/* Older than the property of the specification that means the same. */
static void take_annotations(struct spec *s)
{
	struct spec_seccomp *seccomp = s->linux_.seccomp;

	if (seccomp && !seccomp->listener_path)
		seccomp->listener_path = spec_annotation(s, "run.oci.seccomp.receiver");
}

static bool is_before_1_3(const char *version)
{
	return strncmp(version, "1.", 2) == 0 && version[2] >= '0' && version[2] <= '2' &&
	       version[3] == '.';
}

void spec_resources_as_of(struct spec_resources *r, const char *oci_version)
{
	if (r->has_pids_limit && r->pids_limit == 0 && is_before_1_3(oci_version))
		r->pids_limit = -1;
}

int spec_parse_config(const char *text, size_t len, struct arena *arena,
		      const struct json_options *options, struct spec **ret, struct err *e)
{
	struct spec *s = arena_new_of(arena, struct spec);
	int r = decode(spec_fields, s, text, len, arena, options, e);

	if (r < 0)
		return r;
	take_annotations(s);
	if (s->linux_.resources && s->oci_version)
		spec_resources_as_of(s->linux_.resources, s->oci_version);
	*ret = s;
	return 0;
}

int spec_parse_process(const char *text, size_t len, struct arena *arena,
		       const struct json_options *options, struct spec_process **ret, struct err *e)
{
	struct spec_process *p = arena_new_of(arena, struct spec_process);
	int r = decode(spec_process_fields, p, text, len, arena, options, e);

	if (r == 0)
		*ret = p;
	return r;
}

int spec_parse_resources(const char *text, size_t len, struct arena *arena,
			 struct spec_resources **ret, struct err *e)
{
	struct spec_resources *resources = arena_new_of(arena, struct spec_resources);
	int r = decode(spec_resources_fields, resources, text, len, arena, NULL, e);

	if (r == 0)
		*ret = resources;
	return r;
}

/* An error with a place names it; the others (syntax, size) need the file's name. */
static int in_file(struct err *e, const char *path)
{
	return e->where[0] ? err_errno(e) : err_wrap(e, "%s", path);
}

int spec_load_config(int dirfd, const char *path, struct arena *arena, struct spec **ret,
		     const char **ret_text, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	const char *kept = NULL;
	struct spec *s = NULL;
	size_t len;

	if (file_read_at(dirfd, path, JSON_MAX_SIZE, &text, &len, e) < 0)
		return err_errno(e);
	if (ret_text) {
		kept = arena_strndup(arena, text, len);
		if (!kept)
			return err_nomem(e);
	}
	if (spec_parse_config(text, len, arena, NULL, &s, e) < 0)
		return in_file(e, path);
	if (ret_text)
		*ret_text = kept;
	*ret = s;
	return 0;
}

int spec_load_process(int dirfd, const char *path, struct arena *arena, struct spec_process **ret,
		      struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct spec_process *p = NULL;
	size_t len;

	if (file_read_at(dirfd, path, JSON_MAX_SIZE, &text, &len, e) < 0)
		return err_errno(e);
	if (spec_parse_process(text, len, arena, NULL, &p, e) < 0)
		return in_file(e, path);
	*ret = p;
	return 0;
}

const struct spec_namespace *spec_find_namespace(const struct spec *s, uint64_t type)
{
	for (size_t i = 0; i < s->linux_.namespaces.n; i++)
		if (s->linux_.namespaces.items[i].type == type)
			return &s->linux_.namespaces.items[i];
	return NULL;
}

bool spec_has_userns(const struct spec *s)
{
	return spec_find_namespace(s, CLONE_NEWUSER) != NULL;
}

int spec_annotation_path(const struct spec *s, const char *key, const char **ret, struct err *e)
{
	const char *value = spec_annotation(s, key);

	if (value && value[0] != '/') {
		err_bad(e, "", "must be an absolute path");
		return err_at(e, "annotations[\"%s\"]", key);
	}
	*ret = value;
	return 0;
}

const char *spec_annotation(const struct spec *s, const char *key)
{
	for (size_t i = 0; i < s->annotations.n; i++)
		if (strcmp(s->annotations.items[i].key, key) == 0)
			return s->annotations.items[i].value;
	return NULL;
}
