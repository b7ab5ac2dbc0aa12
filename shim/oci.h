/* SPDX-License-Identifier: Apache-2.0 */
/* What may wait, done in a worker: by our library, or by another OCI runtime (BinaryName). All are
 * worker functions; their argument is the struct proc concerned. */
#pragma once

#include "libcontainer.h"
#include "options.h"
#include "worker.h"

/* The program that BinaryName says is to be driven; NULL: the library. Called anywhere. */
const char *oci_other_runtime(const struct options *o);

int oci_create(void *init, int terminal, pid_t *ret_pid, struct err *e); /* the mounts, too */
/* From a checkpoint: the mounts; later, from them and the images, the container. */
int oci_prepare(void *init, int terminal, pid_t *ret_pid, struct err *e);
int oci_restore(void *init, int terminal, pid_t *ret_pid, struct err *e);
int oci_start(void *init, int terminal, pid_t *ret_pid, struct err *e);
int oci_exec(void *exec, int terminal, pid_t *ret_pid, struct err *e);
int oci_pause(void *init, int terminal, pid_t *ret_pid, struct err *e);
int oci_resume(void *init, int terminal, pid_t *ret_pid, struct err *e);
/* Kills what is left of it. Nothing to delete is fine. The mounts go, too, whatever else fails. */
int oci_delete(void *init, int terminal, pid_t *ret_pid, struct err *e);

struct task;
/* Like these, with arguments of their own: see struct oci_call. */
struct oci_call {
	struct task *task;
	const char *resources; /* JSON */
	const struct lc_checkpoint_opts *checkpoint;
	int signal;
};
int oci_checkpoint(void *call, int terminal, pid_t *ret_pid, struct err *e);
int oci_update(void *call, int terminal, pid_t *ret_pid, struct err *e);
int oci_kill_all(void *call, int terminal, pid_t *ret_pid, struct err *e);
