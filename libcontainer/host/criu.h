/* SPDX-License-Identifier: Apache-2.0 */
/* CRIU, run as `criu swrk` and spoken to by its RPC protocol (https://criu.org/RPC). */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "libcontainer.h"
#include "spec/spec.h"

struct criu_inherit {
	const char *key; /* what the images call it */
	int fd;
};
struct criu_join {
	const char *ns, *path;
};

struct criu_job {
	const char *program; /* criu_find() */
	const struct lc_criu_opts *opts;
	const struct lc_checkpoint_opts *dump; /* NULL: a restore */
	const struct lc_restore_opts *restore; /* NULL: a dump */
	int images_fd, work_fd;
	const char *work_path;	 /* of work_fd */
	const char *config_file; /* of CRIU, which has the last word; NULL: none */
	const char **external;	 /* "mnt[KEY]:VALUE" and the like */
	size_t n_external;
	/* dump */
	pid_t pid;
	const char *freeze;	  /* directory of the cgroup, NULL: none */
	const char *page_address; /* of a page server, with lazy pages CRIU's own; NULL: none */
	int page_port;
	/* restore */
	int cgroup_fd;	    /* CRIU works, and restores, in this group; -EBADF: in ours */
	const char *cgroup; /* its path below the cgroup2 mount, or NULL */
	const char *rootfs; /* seen by CRIU alone at root, a directory that may be covered */
	const char *root;
	const char *keyring; /* name of the session keyring it makes for all, NULL: keeps ours */
	const struct criu_inherit *inherit;
	size_t n_inherit;
	const struct criu_join *join;
	size_t n_join;
	/* Called at CRIU's steps ("setup-namespaces", "post-restore"...; criu(8), --action-script),
	 * with the pid of the restored init and with a descriptor, borrowed, where the step has one
	 * (else 0, -EBADF). A failure ends the job. NULL: not called. */
	int (*step)(void *data, const char *name, pid_t pid, int fd, struct err *e);
	void *data;
};

/* The program, from PATH, into ret (PATH_MAX bytes); ERR_UNSUPPORTED names the package. */
int criu_find(char *ret, struct err *e);
/* CRIU's configuration for containers: what annotation org.criu.config names ("": none), else
 * /etc/criu/hull.conf. CRIU does without when there is no such file. */
int criu_config_file(const struct spec *s, const char **ret, struct err *e);
/* Does the job; a restored init is a child of the caller, *ret_pid (may be NULL) its pid. Failure
 * shows the last errors of CRIU's log and where it is. */
int criu_run(const struct criu_job *j, pid_t *ret_pid, struct err *e);

/* criu_process.c: CRIU as a child, with our end of the socket and, for a restore, the working
 * directory as it has it in its mount namespace. All are owned. */
struct criu_process {
	pid_t pid;
	int pidfd, sock;
	int work_fd;
};
#define CRIU_PROCESS_NONE                                          \
	{                                                          \
		.pidfd = -EBADF, .sock = -EBADF, .work_fd = -EBADF \
	}
int criu_process_start(const struct criu_job *j, struct criu_process *ret, struct err *e);
/* Hangs up and waits. */
void criu_process_end(struct criu_process *p);

/* criu_log.c: fills *e with what the log of a failed job says, `what` in front; returns its errno. */
const char *criu_log_name(const struct criu_job *j);
int criu_log_explain(const struct criu_job *j, const char *what, struct err *e);
