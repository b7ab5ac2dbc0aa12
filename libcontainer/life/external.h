/* SPDX-License-Identifier: Apache-2.0 */
/* What of a container comes from outside, and is therefore in no image: CRIU has to be told of each
 * bind mount, masked file, device of the host and joined namespace, by the same name when a container
 * is dumped and when it is restored. What a name stands for is decided by the configuration and by
 * this host, never by the images. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "host/criu.h"
#include "life/images.h"
#include "plan/plan.h"
#include "spec/spec.h"

/* Fills j->external for j->pid; a plan made with dry_run is enough. ERR_UNSUPPORTED for what CRIU
 * cannot restore as it was. */
int external_dump(const struct plan *p, const struct spec *s, const struct images_stdio *stdio,
		  struct criu_job *j, struct arena *arena, struct err *e);
/* Fills j->external and j->join, and adds the joined network and pid namespaces to the inherited
 * descriptors, for which there is room. cgroup: the container's directory. */
int external_restore(const struct plan *p, const struct spec *s, const char *cgroup,
		     struct criu_job *j, struct criu_inherit *inherit, struct arena *arena,
		     struct err *e);
/* So many may be added. */
#define EXTERNAL_INHERIT_MAX 2
