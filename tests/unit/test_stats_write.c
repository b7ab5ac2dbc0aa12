/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics as programs read them: the JSON of `events`; network counters. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "host/intelrdt_stats.h"
#include "host/network_stats.h"
#include "libcontainer.h"
#include "tempdir.h"

static const char *json(const struct lc_stats *s)
{
	static struct buf out;
	struct err e;

	out.len = 0;
	cr_assert_eq(lc_stats_write("box", s, &out, &e), 0);
	return out.data;
}

#define HAS(s, text) cr_assert(strstr(json(s), (text)), "%s", json(s))

Test(stats_write, is_one_line_with_type_id_and_data)
{
	const struct lc_stats s = {};

	cr_assert_eq(strncmp(json(&s), "{\"type\":\"stats\",\"id\":\"box\",\"data\":{\"cpu\":", 40),
		     0);
	cr_assert_null(strchr(json(&s), '\n'));
	HAS(&s, "\"intel_rdt\":{},\"network_interfaces\":[]}}");
}

Test(stats_write, cpu_times_are_nanoseconds)
{
	const struct lc_stats s = { .cpu = { .usage_usec = 3,
					     .user_usec = 2,
					     .system_usec = 1,
					     .nr_throttled = 4,
					     .throttled_usec = 5 } };

	HAS(&s, "\"usage\":{\"total\":3000,\"kernel\":1000,\"user\":2000}");
	HAS(&s, "\"throttledPeriods\":4,\"throttledTime\":5000}");
}

Test(stats_write, lists_of_cpus_are_arrays)
{
	const struct lc_stats s = { .cpu = { .cpus = "0-2,7", .mems = "0" } };

	HAS(&s, "\"cpuset\":{\"cpus\":[0,1,2,7],\"mems\":[0]}");
}

Test(stats_write, swap_includes_memory)
{
	struct lc_stats s = { .memory = { .usage = { 100, 1000, 200 }, .swap = { 10, 50, 20 } } };

	HAS(&s, "\"swap\":{\"limit\":1050,\"usage\":110,\"max\":0,\"failcnt\":0}");
	s.memory.usage.max = LC_UNLIMITED;
	HAS(&s, "\"swap\":{\"limit\":18446744073709551615,\"usage\":110,");
}

Test(stats_write, every_counter_of_memory_stat_is_there)
{
	struct lc_counter counters[] = { { "file", 7 }, { "sock", 8 }, { "brand_new", 9 } };
	const struct lc_stats s = { .memory = { .stat = { counters, 3 },
						.has_events = true,
						.events = { .max = 4, .oom_kill = 2 } } };

	HAS(&s, "\"raw\":{\"file\":7,\"sock\":8,\"brand_new\":9}");
	HAS(&s, "\"cache\":7,");
	HAS(&s, "\"kernelTCP\":{\"limit\":0,\"usage\":8,");
	HAS(&s, "\"failcnt\":4");
	HAS(&s, "\"oom_kill\":2,");
}

Test(stats_write, pids_without_limit_have_the_limit_0)
{
	struct lc_stats s = { .pids = { .current = 3, .max = LC_UNLIMITED } };

	HAS(&s, "\"pids\":{\"current\":3,\"limit\":0}");
	s.pids.max = 10;
	HAS(&s, "\"pids\":{\"current\":3,\"limit\":10}");
}

Test(stats_write, devices_have_an_entry_for_each_operation)
{
	struct lc_io_device d = { .major = 8, .minor = 16, .rbytes = 1, .wbytes = 2, .dios = 3 };
	const struct lc_stats s = { .io = { .devices = &d, .n_devices = 1 } };

	HAS(&s,
	    "\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":1},"
	    "{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":2},");
	HAS(&s, "\"op\":\"Discard\",\"value\":3}]");
}

Test(stats_write, pressure_is_in_percent)
{
	const struct lc_stats s = { .io.pressure = { .measured = true,
						     .some = { 150, 5, 10000, 9 } } };

	HAS(&s, "\"psi\":{\"some\":{\"avg10\":1.50,\"avg60\":0.05,\"avg300\":100.00,\"total\":9}");
}

Test(stats_write, hugetlb_and_rdma_are_told_by_name)
{
	struct lc_rdma_usage rdma = { "mlx4_0", 2, 3 };
	const struct lc_stats s = { .hugetlb = { .sizes = { { "2MB", 1, 2, 3 } }, .n = 1 },
				    .rdma = { .current = &rdma, .n_current = 1 } };

	HAS(&s, "\"hugetlb\":{\"2MB\":{\"usage\":1,\"max\":2,\"failcnt\":3}}");
	HAS(&s,
	    "\"rdma\":{\"current\":[{\"device\":\"mlx4_0\",\"hcaHandles\":2,\"hcaObjects\":3}]");
}

Test(network_stats, are_those_of_the_process)
{
	struct arena *arena = arena_new();
	struct lc_stats s = {};
	bool loopback = false;

	cr_assert_eq(network_stats_read(getpid(), arena, &s), 0);
	for (size_t i = 0; i < s.networks.n; i++)
		loopback |= strcmp(s.networks.items[i].name, "lo") == 0;
	cr_assert(loopback);
	HAS(&s, "{\"Name\":\"lo\",\"RxBytes\":");
	arena_free(arena);
}

Test(network_stats, of_a_process_that_is_gone_are_an_error)
{
	struct arena *arena = arena_new();
	struct lc_stats s = {};

	cr_assert_lt(network_stats_read(0, arena, &s), 0);
	cr_assert_eq(s.networks.n, 0);
	arena_free(arena);
}

TestSuite(intelrdt_stats, .init = tempdir_enter, .fini = tempdir_leave);

static void put(const char *name, const char *text)
{
	struct err e;

	cr_assert_eq(file_write_new_at(AT_FDCWD, name, text, strlen(text), 0600, &e), 0);
}

static int open_here(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

Test(intelrdt_stats, are_the_schemata_and_what_was_measured)
{
	struct arena *arena = arena_new();
	struct lc_stats s = {};

	put("schemata", "    L3:0=ff;1=f\n    MB:0=100;1=50\n");
	mkdir("mon_data", 0700);
	mkdir("mon_data/mon_L3_01", 0700);
	mkdir("mon_data/mon_L3_00", 0700);
	put("mon_data/mon_L3_00/llc_occupancy", "4096\n");
	put("mon_data/mon_L3_01/mbm_total_bytes", "Unavailable\n");
	put("mon_data/mon_L3_01/mbm_local_bytes", "7\n");
	cr_assert_eq(intelrdt_stats_read(open_here("."), -EBADF, arena, &s), 0);
	HAS(&s,
	    "\"intel_rdt\":{\"l3_cache_schema\":\"L3:0=ff;1=f\",\"mem_bw_schema\":\"MB:0=100;1=50\","
	    "\"mbm_stats\":[{\"mbm_total_bytes\":0,\"mbm_local_bytes\":0},"
	    "{\"mbm_total_bytes\":0,\"mbm_local_bytes\":7}],"
	    "\"cmt_stats\":[{\"llc_occupancy\":4096},{\"llc_occupancy\":0}]}");
	arena_free(arena);
}

Test(intelrdt_stats, without_resctrl_there_are_none)
{
	struct lc_stats s = {};

	cr_assert_eq(intelrdt_stats_read(-EBADF, -EBADF, NULL, &s), 0);
	HAS(&s, "\"intel_rdt\":{}");
}
