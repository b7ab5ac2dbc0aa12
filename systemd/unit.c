/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, changing and stopping a unit. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define UNIT_EXISTS SYSTEMD ".UnitExists"
#define NO_SUCH_UNIT SYSTEMD ".NoSuchUnit"
#define UNIT_OBJECTS SYSTEMD_PATH "/unit"

/* A job of ours: systemd answers a request with the job's name and tells later how it ended. */
struct job {
	const char *path, *systemd; /* of the reply, once that is there: its object, its sender */
	char result[32];	    /* "" while it runs */
};

const char *words_next(struct words *w)
{
	const char *word = w->at;

	if (word == w->end)
		return NULL;
	w->at += strlen(word) + 1;
	return word;
}

/* Anybody may send us a signal. */
static bool is_from_systemd(sd_bus_message *m, const struct job *job)
{
	const char *sender = sd_bus_message_get_sender(m);

	return !job->systemd || (sender && strcmp(sender, job->systemd) == 0);
}

static int on_message(sd_bus_message *m, void *data, sd_bus_error *error)
{
	struct job *job = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error; /* there is nothing to answer */
	if (job->path && sd_bus_message_is_signal(m, SYSTEMD_MANAGER, "JobRemoved") > 0 &&
	    is_from_systemd(m, job) &&
	    sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) >= 0 &&
	    strcmp(path, job->path) == 0)
		snprintf(job->result, sizeof(job->result), "%s", result);
	return 0;
}

/* The jobs of other units stay with the bus: libsystemd's own matches cannot tell units apart here,
 * because they end at the first argument that is no string. A backslash in a rule means different
 * things to different buses: then all jobs come. */
static int watch_jobs(struct bus *b, const char *unit, struct job *job, sd_bus_slot **ret)
{
	bool whole = !strchr(unit, '\\');
	char rule[512];
	int r = sd_bus_add_filter(b->sd, ret, on_message, job);

	if (r < 0 || b->direct)
		return r; /* systemd tells its direct peers everything */
	snprintf(rule, sizeof(rule),
		 "type='signal',sender='" SYSTEMD "',path='" SYSTEMD_PATH
		 "',interface='" SYSTEMD_MANAGER "',member='JobRemoved'%s%s%s",
		 whole ? ",arg2='" : "", whole ? unit : "", whole ? "'" : "");
	return sd_bus_call_method(b->sd, "org.freedesktop.DBus", "/org/freedesktop/DBus",
				  "org.freedesktop.DBus", "AddMatch", NULL, NULL, "s", rule);
}

static int await_job(struct bus *b, const char *unit, struct job *job, const char *op,
		     struct err *e)
{
	int r = 0;

	while (r >= 0 && !job->result[0])
		r = bus_wait(b);
	if (r < 0)
		return bus_error(r, NULL, op, unit, e);
	if (strcmp(job->result, "done") != 0)
		return err_sys(e, 0, op, "%s: systemd's job ended as \"%s\"", unit, job->result);
	return 0;
}

static int new_call(struct bus *b, const char *method, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(b->sd, ret, SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER,
					      method);
}

/* Sends m, whose answer is a job, and waits for its end. error: of the call. */
static int run_job(struct bus *b, sd_bus_message *m, const char *unit, const char *op,
		   sd_bus_error *error, struct err *e)
{
	sd_bus_message *reply = NULL;
	sd_bus_slot *slot = NULL;
	struct job job = {};
	int r = watch_jobs(b, unit, &job, &slot);

	if (r >= 0)
		r = bus_call(b, m, error, &reply);
	if (r >= 0)
		r = sd_bus_message_read(reply, "o", &job.path);
	job.systemd = r < 0 ? NULL : sd_bus_message_get_sender(reply);
	r = r < 0 ? bus_error(r, error, op, unit, e) : await_job(b, unit, &job, op, e);
	sd_bus_slot_unref(slot);
	sd_bus_message_unref(reply);
	return r;
}

static int read_pid(struct words *w, uint32_t *ret, struct err *e)
{
	const char *word = words_next(w);

	if (!word || num_parse_u32(word, ret) < 0 || *ret == 0)
		return err_kind(e, ERR_BUG, "malformed request: no pid");
	return 0;
}

/* ---- stop ---- */

/* What has failed keeps its name until somebody forgets it. */
static int forget(struct bus *b, const char *unit, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = new_call(b, "ResetFailedUnit", &m);

	if (r >= 0)
		r = sd_bus_message_append(m, "s", unit);
	if (r >= 0)
		r = bus_call(b, m, &error, NULL);
	if (r < 0)
		r = sd_bus_error_has_name(&error, NO_SUCH_UNIT)
			    ? 0
			    : bus_error(r, &error, "reset", unit, e);
	sd_bus_error_free(&error);
	sd_bus_message_unref(m);
	return r;
}

/* 1, 0 or what bus_error() returns; a unit that is not there belongs to nobody. */
static int is_owned(struct bus *b, const char *unit, const char *owner, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *object = NULL, **urls = NULL;
	int r = sd_bus_path_encode(UNIT_OBJECTS, unit, &object), owned = 0;

	if (r >= 0)
		r = sd_bus_get_property_strv(b->sd, SYSTEMD, object, SYSTEMD ".Unit",
					     "Documentation", &error, &urls);
	r = r < 0 ? bus_error(r, &error, "stop", unit, e) : 0;
	for (size_t i = 0; urls && urls[i]; i++) {
		owned |= strcmp(urls[i], owner) == 0;
		free(urls[i]);
	}
	free(urls);
	free(object);
	sd_bus_error_free(&error);
	return r < 0 ? r : owned;
}

static int stop(struct bus *b, const char *unit, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = new_call(b, "StopUnit", &m);

	if (r >= 0)
		r = sd_bus_message_append(m, "ss", unit, "replace");
	r = r < 0 ? err_sys(e, r, "stop", "%s", unit) : run_job(b, m, unit, "stop", &error, e);
	if (sd_bus_error_has_name(&error, NO_SUCH_UNIT))
		r = 0;
	sd_bus_error_free(&error);
	sd_bus_message_unref(m);
	return r;
}

int unit_stop(struct bus *b, const char *unit, struct words *w, struct err *e)
{
	const char *owner = words_next(w);
	int r = owner && owner[0] ? is_owned(b, unit, owner, e) : 1;

	if (r > 0)
		r = stop(b, unit, e);
	return r < 0 ? r : forget(b, unit, e);
}

/* ---- start ---- */

static int start_once(struct bus *b, const char *unit, struct words w, sd_bus_error *error,
		      struct err *e)
{
	sd_bus_message *m = NULL;
	uint32_t pid;
	int r = read_pid(&w, &pid, e);

	if (r < 0)
		return r;
	r = new_call(b, "StartTransientUnit", &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", unit, "replace");
	if (r < 0)
		err_sys(e, r, "start", "%s", unit);
	if (r >= 0)
		r = property_append_all(b, m, pid, &w, e);
	if (r >= 0) {
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
		r = r < 0 ? err_sys(e, r, "start", "%s", unit)
			  : run_job(b, m, unit, "start", error, e);
	}
	sd_bus_message_unref(m);
	return r;
}

static int start(struct bus *b, const char *unit, const struct words *w, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	struct err ignored;
	int r = start_once(b, unit, *w, &error, e);

	if (r < 0 && sd_bus_error_has_name(&error, UNIT_EXISTS)) {
		sd_bus_error_free(&error);
		(void)forget(b, unit, &ignored); /* the next try tells */
		r = start_once(b, unit, *w, &error, e);
	}
	if (r < 0 && sd_bus_error_has_name(&error, UNIT_EXISTS))
		r = err_kind(e, ERR_EXISTS,
			     "unit %s is there already: is another container of that name running? "
			     "`systemctl stop` removes it",
			     unit);
	sd_bus_error_free(&error);
	return r;
}

/* The path is for hull, on our standard output. */
static int tell_group(struct bus *b, const char *unit, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *object = NULL, *group = NULL;
	int r = sd_bus_path_encode(UNIT_OBJECTS, unit, &object);

	if (r >= 0)
		r = sd_bus_get_property_string(b->sd, SYSTEMD, object, SYSTEMD ".Scope",
					       "ControlGroup", &error, &group);
	if (r < 0)
		r = bus_error(r, &error, "start", unit, e);
	else
		printf("%s\n", group);
	free(group);
	free(object);
	sd_bus_error_free(&error);
	return r;
}

int unit_start(struct bus *b, const char *unit, struct words *w, struct err *e)
{
	int r = start(b, unit, w, e);

	return r < 0 ? r : tell_group(b, unit, e);
}

/* ---- the others ---- */

/* Sends m, of which only success is wanted. */
static int call(struct bus *b, sd_bus_message *m, const char *op, const char *unit, struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = bus_call(b, m, &error, NULL);

	if (r < 0)
		r = bus_error(r, &error, op, unit, e);
	sd_bus_error_free(&error);
	return r;
}

int unit_set(struct bus *b, const char *unit, struct words *w, struct err *e)
{
	sd_bus_message *m = NULL;
	int r = new_call(b, "SetUnitProperties", &m);

	if (r >= 0)
		r = sd_bus_message_append(m, "sb", unit, 1);
	r = r < 0 ? err_sys(e, r, "set", "%s", unit) : property_append_all(b, m, 0, w, e);
	if (r >= 0)
		r = call(b, m, "set", unit, e);
	sd_bus_message_unref(m);
	return r;
}

int unit_attach(struct bus *b, const char *unit, struct words *w, struct err *e)
{
	sd_bus_message *m = NULL;
	const char *sub;
	uint32_t pid;
	int r = read_pid(w, &pid, e);

	if (r < 0)
		return r;
	sub = words_next(w);
	r = new_call(b, "AttachProcessesToUnit", &m);
	if (r >= 0)
		r = sd_bus_message_append(m, "ssau", unit, sub ? sub : "", 1, pid);
	r = r < 0 ? err_sys(e, r, "attach", "%s", unit) : call(b, m, "attach", unit, e);
	sd_bus_message_unref(m);
	return r;
}
