/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a cgroup, read from a directory that stands for it; kills for lack of memory, too. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "libcontainer.h"
#include "shim/proto.h"
#include "shim/proto/cgroups.pb-c.h"
#include "shim/stats.h"
#include "tempdir.h"

static struct arena *arena;
static struct err e;

static void put(const char *name, const char *text)
{
	cr_assert_eq(file_write_new_at(AT_FDCWD, name, text, strlen(text), 0600, &e), 0);
}

static void set_up(void)
{
	arena = arena_new();
	tempdir_enter();
	put("cgroup.procs", "");
}

TestSuite(stats, .init = set_up, .fini = tempdir_leave);

static const Io__Containerd__Cgroups__V2__Metrics *read_all(void)
{
	struct buf out = {};

	cr_assert_eq(stats_encode(AT_FDCWD, arena, &out, &e), 0, "%s", e.msg);
	return proto_decode(&io__containerd__cgroups__v2__metrics__descriptor, out.data, out.len,
			    arena);
}

Test(stats, of_a_group_without_controllers_are_zero)
{
	const Io__Containerd__Cgroups__V2__Metrics *m = read_all();

	cr_assert_eq(m->pids->current, 0);
	cr_assert_eq(m->memory->usage, 0);
	cr_assert_null(m->memory_events);
	cr_assert_null(m->memory->psi);
	cr_assert_null(m->rdma);
	cr_assert_eq(m->n_hugetlb, 0);
}

Test(stats, of_a_group_that_is_gone_are_not_found)
{
	struct buf out = {};

	cr_assert_eq(unlink("cgroup.procs"), 0);
	cr_assert_lt(stats_encode(AT_FDCWD, arena, &out, &e), 0);
	cr_assert_eq(e.kind, ERR_NOTFOUND);
	cr_assert_str_eq(e.msg, "cgroup does not exist");
}

Test(stats, max_is_the_largest_number)
{
	put("pids.current", "3\n");
	put("pids.max", "max\n");
	put("memory.max", "max\n");
	put("memory.current", "4096\n");
	cr_assert_eq(read_all()->pids->current, 3);
	cr_assert_eq(read_all()->pids->limit, UINT64_MAX);
	cr_assert_eq(read_all()->memory->usage_limit, UINT64_MAX);
	cr_assert_eq(read_all()->memory->usage, 4096);
}

Test(stats, of_cpu_and_its_pressure)
{
	put("cpu.stat", "usage_usec 10\nuser_usec 6\nsystem_usec 4\nunknown 1\nnr_periods 5\n"
			"nr_throttled 2\nthrottled_usec 7\nnr_bursts 8\nburst_usec 9\n");
	put("cpu.pressure", "some avg10=1.50 avg60=0.25 avg300=0.00 total=123\n"
			    "full avg10=0.00 avg60=0.00 avg300=0.10 total=4\n");
	const Io__Containerd__Cgroups__V2__CPUStat *s = read_all()->cpu;

	cr_assert_eq(s->usage_usec, 10);
	cr_assert_eq(s->user_usec, 6);
	cr_assert_eq(s->system_usec, 4);
	cr_assert_eq(s->nr_periods, 5);
	cr_assert_eq(s->nr_throttled, 2);
	cr_assert_eq(s->throttled_usec, 7);
	cr_assert_eq(s->nr_bursts, 8);
	cr_assert_eq(s->burst_usec, 9);
	cr_assert_eq(s->psi->some->avg10, 1.5);
	cr_assert_eq(s->psi->some->avg60, 0.25);
	cr_assert_eq(s->psi->some->total, 123);
	cr_assert_eq(s->psi->full->avg300, 0.1);
}

Test(stats, of_memory)
{
	put("memory.stat", "anon 1\nfile 2\nslab_reclaimable 3\nworkingset_refault_anon 4\n");
	put("memory.events", "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n");
	put("memory.swap.max", "100\n");
	put("memory.peak", "8192\n");
	const Io__Containerd__Cgroups__V2__Metrics *m = read_all();

	cr_assert_eq(m->memory->anon, 1);
	cr_assert_eq(m->memory->file, 2);
	cr_assert_eq(m->memory->slab_reclaimable, 3);
	cr_assert_eq(m->memory->workingset_refault_anon, 4);
	cr_assert_eq(m->memory->swap_limit, 100);
	cr_assert_eq(m->memory->max_usage, 8192);
	cr_assert_eq(m->memory_events->max, 3);
	cr_assert_eq(m->memory_events->oom_group_kill, 6);
}

Test(stats, of_devices)
{
	put("io.stat", "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5\n259:0 \n253:1 rbytes=9\n");
	put("rdma.current", "mlx4_0 hca_handle=2 hca_object=2000\n");
	put("rdma.max", "mlx4_0 hca_handle=3 hca_object=max\n");
	const Io__Containerd__Cgroups__V2__Metrics *m = read_all();

	cr_assert_eq(m->io->n_usage, 3);
	cr_assert_eq(m->io->usage[0]->major, 8);
	cr_assert_eq(m->io->usage[0]->minor, 16);
	cr_assert_eq(m->io->usage[0]->wios, 4);
	cr_assert_eq(m->io->usage[2]->rbytes, 9);
	cr_assert_str_eq(m->rdma->current[0]->device, "mlx4_0");
	cr_assert_eq(m->rdma->current[0]->hca_objects, 2000);
	cr_assert_eq(m->rdma->limit[0]->hca_handles, 3);
	cr_assert_eq(m->rdma->limit[0]->hca_objects, UINT32_MAX);
}

Test(stats, of_huge_pages_of_each_size)
{
	put("hugetlb.2MB.current", "2097152\n");
	put("hugetlb.2MB.max", "max\n");
	put("hugetlb.2MB.events", "max 3\n");
	put("hugetlb.2MB.rsvd.current", "1\n");
	const Io__Containerd__Cgroups__V2__Metrics *m = read_all();

	cr_assert_eq(m->n_hugetlb, 1);
	cr_assert_str_eq(m->hugetlb[0]->pagesize, "2MB");
	cr_assert_eq(m->hugetlb[0]->current, 2097152);
	cr_assert_eq(m->hugetlb[0]->max, UINT64_MAX);
	cr_assert_eq(m->hugetlb[0]->failcnt, 3);
}

/* ---- out of memory ---- */

static struct ev_loop *loop;
static int told, group;

static void start_watching(void)
{
	tempdir_enter();
	loop = ev_new();
	group = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

TestSuite(oom, .init = start_watching, .fini = tempdir_leave, .timeout = 10);

static void on_oom(struct lc_oom_watch *w)
{
	(void)w; /* there is one */
	told++;
}

static void rewrite(const char *text)
{
	int fd = open("memory.events", O_WRONLY | O_CLOEXEC);

	cr_assert_eq(pwrite(fd, text, strlen(text), 0), (ssize_t)strlen(text));
	close(fd);
}

Test(oom, of_a_limit_above_is_none_of_ours)
{
	struct lc_oom_watch w = {};

	put("memory.events", "oom 0\noom_kill 0\n");
	lc_oom_add(loop, &w, group, on_oom);
	rewrite("oom 9\noom_kill 0\n");
	lc_oom_check(&w);
	cr_assert_eq(told, 0);
}

Test(oom, is_found_by_looking_before_it_is_told)
{
	struct lc_oom_watch w = {};

	put("memory.events", "oom_kill 2\n");
	lc_oom_add(loop, &w, group, on_oom);
	lc_oom_check(&w);
	cr_assert_eq(told, 0, "what was before counts for nothing");
	rewrite("oom_kill 3\n");
	lc_oom_check(&w);
	lc_oom_check(&w);
	cr_assert_eq(told, 1, "once");
}

/* memory.events of the group above, and of a group in it that is then removed: did a change come first?
 * No file here wakes who polls it, as that of a cgroup does. */
static void remove_group(const char *above, bool changed)
{
	struct lc_oom_watch w = {};
	int child;

	put("memory.events", "oom_kill 5\n");
	cr_assert_eq(mkdir("child", 0755), 0);
	put("child/memory.events", "max 0\noom_kill 0\n");
	child = open("child", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	lc_oom_add(loop, &w, child, on_oom);
	if (changed)
		w.changed_ms = fd_now_ms();
	rewrite(above);
	cr_assert(unlink("child/memory.events") == 0 && rmdir("child") == 0);
	lc_oom_check(&w);
	lc_oom_check(&w);
	lc_oom_remove(&w);
	close(child);
}

Test(oom, of_a_group_that_is_gone_already_is_told_by_the_one_above)
{
	remove_group("oom_kill 6\n", true);
	cr_assert_eq(told, 1, "once");
}

Test(oom, of_another_group_is_not_that_of_one_that_has_gone)
{
	remove_group("oom_kill 6\n", false);
	cr_assert_eq(told, 0);
}

Test(oom, a_group_that_has_gone_after_its_limit_was_hit_was_not_killed_for_that)
{
	remove_group("oom_kill 5\n", true);
	cr_assert_eq(told, 0);
}

Test(oom, a_group_without_memory_controller_is_never_told_of)
{
	struct lc_oom_watch w = {};

	lc_oom_add(loop, &w, group, on_oom);
	lc_oom_check(&w);
	lc_oom_remove(&w);
	lc_oom_check(&w);
	lc_oom_remove(&w);
	cr_assert_eq(told, 0);
	ev_free(loop);
}
