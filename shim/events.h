/* SPDX-License-Identifier: Apache-2.0 */
/* What containerd is told of, in the order of the calls. */
#pragma once

#include "task.h"

void events_created(const struct task *t);
void events_started(const struct proc *p); /* of an exec: exec-started */
void events_exec_added(const struct proc *p);
void events_exited(const struct proc *p);
void events_deleted(const struct task *t);
void events_paused(const struct task *t);
void events_resumed(const struct task *t);
/* The task may be gone already. */
void events_checkpointed(struct shim *s, const char *id, const char *path);
void events_oom(const struct task *t);
