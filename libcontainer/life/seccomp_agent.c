/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp listeners on their way to the agent. */
#include "life/seccomp_agent.h"

#include "base/cleanup.h"
#include "base/fd.h"
#include "life/unix_socket.h"
#include "plan/sync.h"
#include "spec/spec.h"

static void write_state(struct json_writer *w, const struct record *rec, enum lc_status status)
{
	json_open_object(w);
	json_key(w, "ociVersion");
	json_str(w, rec->oci_version);
	json_key(w, "id");
	json_str(w, rec->id);
	json_key(w, "status");
	json_str(w, lc_status_name(status));
	json_key(w, "pid");
	json_i64(w, rec->init.pid);
	json_key(w, "bundle");
	json_str(w, rec->bundle);
	json_key(w, "annotations");
	json_pairs(w, rec->annotations.items, rec->annotations.n);
	json_close_object(w);
}

static int write_process_state(const struct record *rec, enum lc_status status, pid_t pid,
			       const char *metadata, struct buf *out, struct err *e)
{
	struct json_writer *w = json_writer_new(0);

	if (!w)
		return err_nomem(e);
	json_open_object(w);
	json_key(w, "ociVersion");
	json_str(w, rec->oci_version);
	json_key(w, "fds");
	json_open_array(w);
	json_str(w, "seccompFd");
	json_close_array(w);
	json_key(w, "pid");
	json_i64(w, pid);
	if (metadata) {
		json_key(w, "metadata");
		json_str(w, metadata);
	}
	json_key(w, "state");
	write_state(w, rec, status);
	json_close_object(w);
	return json_writer_finish(w, out, e);
}

static int send_to(const char *path, const struct buf *state, int listener, struct err *e)
{
	_cleanup_close_ int agent = unix_socket_connect(path, "seccomp agent", e);

	if (agent < 0)
		return agent;
	if (fd_send(agent, state->data, state->len, &listener, 1, e) < 0)
		return err_wrap(e, "to the seccomp agent %s", path);
	return 0;
}

int seccomp_agent_serve(const struct statedir *d, const struct record *rec, enum lc_status status,
			pid_t pid, int listener, int sync, struct err *e)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf state = {};
	struct spec *s;
	int r;

	if (!arena)
		return err_nomem(e);
	r = spec_load_config(d->dir_fd, STATEDIR_CONFIG, arena, &s, NULL, e);
	if (r == 0 && (!s->linux_.seccomp || !s->linux_.seccomp->listener_path))
		r = err_bad(e, "linux.seccomp.listenerPath", "is gone since create");
	if (r == 0)
		r = write_process_state(rec, status, pid, s->linux_.seccomp->listener_metadata,
					&state, e);
	if (r == 0)
		r = send_to(s->linux_.seccomp->listener_path, &state, listener, e);
	return r == 0 ? sync_send(sync, SYNC_LISTENER_TAKEN, 0, -EBADF, e) : r;
}
