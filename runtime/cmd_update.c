/* SPDX-License-Identifier: Apache-2.0 */
/* hull update: options become the JSON that lc_update takes. */
#include <errno.h>
#include <string.h>

#include "command.h"
#include "input.h"
#include "base/cleanup.h"

struct update_args {
	const char *resources;
	uint64_t weight, period, shares, burst, rt_period;
	int64_t quota, rt_runtime, idle, limit, reservation, swap, kernel, kernel_tcp, pids;
	const char *cpus, *mems;
	const char *l3_cache, *mem_bw; /* not of the resources object */
	bool has_weight, has_period, has_shares, has_burst, has_rt_period, has_quota,
		has_rt_runtime, has_idle, has_limit, has_reservation, has_swap, has_kernel,
		has_kernel_tcp, has_pids, has_cpus, has_mems;
};

#define ROW(member, t, n, ...)                                                                   \
	OPT(update_args, member, t, n, .has_offset = offsetof(struct update_args, has_##member), \
	    ##__VA_ARGS__)

static const struct opt options[] = {
	OPT(update_args, resources, OPT_STRING, "resources", .letter = 'r', .value = "FILE",
	    .help = "take the limits from FILE (JSON; - is stdin), ignore other options"),
	ROW(limit, OPT_BYTES, "memory", .value = "BYTES", .help = "memory, -1 for unlimited"),
	ROW(reservation, OPT_BYTES, "memory-reservation", .value = "BYTES",
	    .help = "memory that is kept when it gets scarce"),
	ROW(swap, OPT_BYTES, "memory-swap", .value = "BYTES",
	    .help = "memory and swap together, -1 for unlimited"),
	ROW(kernel, OPT_BYTES, "kernel-memory", .value = "BYTES", .help = "without effect"),
	ROW(kernel_tcp, OPT_BYTES, "kernel-memory-tcp", .value = "BYTES", .help = "the same"),
	ROW(period, OPT_U64, "cpu-period", .value = "USEC", .help = "period of the CPU quota"),
	ROW(quota, OPT_I64, "cpu-quota", .value = "USEC", .help = "CPU time in each period"),
	ROW(burst, OPT_U64, "cpu-burst", .value = "USEC", .help = "unused quota that may be saved"),
	ROW(shares, OPT_U64, "cpu-share", .value = "N", .help = "relative weight of the CPU"),
	ROW(rt_period, OPT_U64, "cpu-rt-period", .value = "USEC", .help = "realtime period"),
	ROW(rt_runtime, OPT_I64, "cpu-rt-runtime", .value = "USEC", .help = "realtime quota"),
	ROW(idle, OPT_I64, "cpu-idle", .value = "0|1", .help = "run only when others do not"),
	ROW(cpus, OPT_STRING, "cpuset-cpus", .value = "LIST", .help = "CPUs to use"),
	ROW(mems, OPT_STRING, "cpuset-mems", .value = "LIST", .help = "memory nodes to use"),
	ROW(pids, OPT_I64, "pids-limit", .value = "N", .help = "number of tasks, -1 for unlimited"),
	ROW(weight, OPT_U64, "blkio-weight", .value = "N", .help = "relative weight of I/O"),
	OPT(update_args, l3_cache, OPT_STRING, "l3-cache-schema", .value = "SCHEMA",
	    .help = "share of the L3 cache, such as L3:0=ff0 (resctrl)"),
	OPT(update_args, mem_bw, OPT_STRING, "mem-bw-schema", .value = "SCHEMA",
	    .help = "share of the memory bandwidth, such as MB:0=50 (resctrl)"),
	{},
};

#define PROPERTY(n, t, member)                       \
	JSON_FIELD(n, t, struct update_args, member, \
		   .has_offset = offsetof(struct update_args, has_##member))
#define PART(n, table)                                                                     \
	{                                                                                  \
		.name = (n), .type = J_OBJECT, .flags = JSON_OMIT_EMPTY, .fields = (table) \
	}

static const struct json_field memory_fields[] = {
	PROPERTY("limit", J_I64, limit),
	PROPERTY("reservation", J_I64, reservation),
	PROPERTY("swap", J_I64, swap),
	PROPERTY("kernel", J_I64, kernel),
	PROPERTY("kernelTCP", J_I64, kernel_tcp),
	{},
};

static const struct json_field cpu_fields[] = {
	PROPERTY("shares", J_U64, shares),
	PROPERTY("quota", J_I64, quota),
	PROPERTY("burst", J_U64, burst),
	PROPERTY("period", J_U64, period),
	PROPERTY("realtimeRuntime", J_I64, rt_runtime),
	PROPERTY("realtimePeriod", J_U64, rt_period),
	PROPERTY("idle", J_I64, idle),
	PROPERTY("cpus", J_STRING, cpus),
	PROPERTY("mems", J_STRING, mems),
	{},
};

static const struct json_field pids_fields[] = { PROPERTY("limit", J_I64, pids), {} };
static const struct json_field block_io_fields[] = { PROPERTY("weight", J_U64, weight), {} };

static const struct json_field resources_fields[] = {
	PART("memory", memory_fields),
	PART("cpu", cpu_fields),
	PART("pids", pids_fields),
	PART("blockIO", block_io_fields),
	{},
};

static int update_from_file(const struct call *call, const char *path, struct err *e)
{
	_cleanup_buf_ struct buf text = {};
	int r = input_read(path, &text, e);

	if (r < 0)
		return r;
	return lc_update(call->ctx, call->args[0],
			 &(struct lc_changes){ .resources = text.data, .len = text.len }, e);
}

static int update_from_options(const struct call *call, struct err *e)
{
	const struct update_args *a = call->options;
	struct lc_changes changes = { .l3_cache = a->l3_cache, .mem_bw = a->mem_bw };
	_cleanup_buf_ struct buf text = {};
	int r = json_encode(resources_fields, a, 0, &text, e);

	if (r < 0)
		return r;
	if (strcmp(text.data, "{}") != 0) {
		changes.resources = text.data;
		changes.len = text.len;
	} else if (!a->l3_cache && !a->mem_bw) {
		return err_bad(e, "", "nothing to change: no option says what (see --help)");
	}
	return lc_update(call->ctx, call->args[0], &changes, e);
}

static int run(const struct call *call, struct err *e)
{
	const struct update_args *a = call->options;

	if (!a->resources)
		return update_from_options(call, e);
	return update_from_file(call, a->resources, e);
}

const struct command cmd_update = {
	.name = "update",
	.args = "<container-id>",
	.summary = "change the resource limits of a container",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.options_size = sizeof(struct update_args),
	.run = run,
};
