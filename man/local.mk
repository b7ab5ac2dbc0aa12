# SPDX-License-Identifier: Apache-2.0
# The manual.

dist_man_MANS += \
	man/hull-annotations.7 \
	man/hull-check.8 \
	man/hull-checkpoint.8 \
	man/hull-create.8 \
	man/hull-delete.8 \
	man/hull-events.8 \
	man/hull-exec.8 \
	man/hull-features.8 \
	man/hull-kill.8 \
	man/hull-list.8 \
	man/hull-mounts.8 \
	man/hull-pause.8 \
	man/hull-ps.8 \
	man/hull-restore.8 \
	man/hull-resume.8 \
	man/hull-run.8 \
	man/hull-spec.8 \
	man/hull-start.8 \
	man/hull-state.8 \
	man/hull-top.8 \
	man/hull-update.8 \
	man/containerd-shim-hull-v2.8 \
	man/hull.8
