/* SPDX-License-Identifier: Apache-2.0 */
/* Every cell of the tables of states and events: what may happen, and the words of refusal. */
#include <criterion/criterion.h>

#include "base/cleanup.h"
#include "shim/task.h"

/* One letter for each request or news, in the order of enum task_event: Start Exec Pause Resume
 * Checkpoint Update Kill Delete, Done Failed eXit. A dot: refused. */
static const char *const init_cells[PROC_N_STATES] = {
	[PROC_CREATING] = "........DF.", [PROC_CREATED] = "SE...UKD..X",
	[PROC_PREPARED] = "S......D...", [PROC_RESTORING] = "........DF.",
	[PROC_STARTING] = ".E...UK.DFX", [PROC_RUNNING] = ".EP.CUK...X",
	[PROC_PAUSING] = ".....UK.DFX",	 [PROC_PAUSED] = "...RCUK...X",
	[PROC_RESUMING] = ".....UK.DFX", [PROC_STOPPED] = ".......D...",
	[PROC_DELETING] = ".......DDFX",
};

static const char *const exec_cells[PROC_N_STATES] = {
	[PROC_CREATING] = "...........", [PROC_CREATED] = "S......D...",
	[PROC_PREPARED] = "...........", [PROC_RESTORING] = "...........",
	[PROC_STARTING] = "........DF.", [PROC_RUNNING] = "......K...X",
	[PROC_PAUSING] = "...........",	 [PROC_PAUSED] = "...........",
	[PROC_RESUMING] = "...........", [PROC_STOPPED] = ".......D...",
	[PROC_DELETING] = ".......D...",
};

static void check_table(bool exec, const char *const *cells)
{
	for (int s = 0; s < PROC_N_STATES; s++)
		for (int ev = 0; ev < TASK_N_EVENTS; ev++)
			cr_expect_eq(task_allows(exec, s, ev), cells[s][ev] != '.',
				     "%s, state %d, event %d", exec ? "exec" : "init", s, ev);
}

Test(task_table, of_containers)
{
	check_table(false, init_cells);
}

Test(task_table, of_execs)
{
	check_table(true, exec_cells);
}

struct refusal {
	bool exec;
	enum proc_state state;
	enum task_event event;
	enum ttrpc_status status;
	const char *text;
};

static const struct refusal refusals[] = {
	{ false, PROC_RUNNING, EV_START, TTRPC_UNKNOWN, "cannot start a running process" },
	{ false, PROC_STARTING, EV_START, TTRPC_UNKNOWN, "cannot start a running process" },
	{ false, PROC_PAUSED, EV_START, TTRPC_UNKNOWN, "cannot start a paused process" },
	{ false, PROC_STOPPED, EV_START, TTRPC_UNKNOWN, "cannot start a stopped process" },
	{ false, PROC_DELETING, EV_START, TTRPC_UNKNOWN, "cannot start a deleted process" },
	{ false, PROC_RUNNING, EV_DELETE, TTRPC_UNKNOWN, "cannot delete a running process" },
	{ false, PROC_PAUSED, EV_DELETE, TTRPC_UNKNOWN, "cannot delete a paused process" },
	{ false, PROC_PAUSED, EV_EXEC, TTRPC_UNKNOWN, "cannot exec in a paused state" },
	{ false, PROC_STOPPED, EV_EXEC, TTRPC_UNKNOWN, "cannot exec in a stopped state" },
	{ false, PROC_DELETING, EV_EXEC, TTRPC_UNKNOWN, "cannot exec in a deleted state" },
	{ false, PROC_CREATED, EV_PAUSE, TTRPC_UNKNOWN, "cannot pause task in created state" },
	{ false, PROC_STOPPED, EV_PAUSE, TTRPC_UNKNOWN, "cannot pause a stopped container" },
	{ false, PROC_CREATED, EV_RESUME, TTRPC_UNKNOWN, "cannot resume task in created state" },
	{ false, PROC_RUNNING, EV_RESUME, TTRPC_UNKNOWN, "cannot resume a running process" },
	{ false, PROC_CREATED, EV_CHECKPOINT, TTRPC_UNKNOWN,
	  "cannot checkpoint a task in created state" },
	{ false, PROC_STOPPED, EV_CHECKPOINT, TTRPC_UNKNOWN,
	  "cannot checkpoint a stopped container" },
	{ false, PROC_STOPPED, EV_UPDATE, TTRPC_UNKNOWN, "cannot update a stopped container" },
	{ false, PROC_STOPPED, EV_KILL, TTRPC_NOT_FOUND, "process already finished: not found" },
	{ true, PROC_RUNNING, EV_START, TTRPC_UNKNOWN, "cannot start a running process" },
	{ true, PROC_STOPPED, EV_START, TTRPC_UNKNOWN, "cannot start a stopped process" },
	{ true, PROC_RUNNING, EV_DELETE, TTRPC_UNKNOWN, "cannot delete a running process" },
	{ true, PROC_CREATED, EV_KILL, TTRPC_FAILED_PRECONDITION, "process not created" },
	{ true, PROC_STARTING, EV_KILL, TTRPC_FAILED_PRECONDITION, "process not created" },
	{ true, PROC_STOPPED, EV_KILL, TTRPC_NOT_FOUND, "process already finished: not found" },
};

Test(task_table, refusals_are_what_clients_know)
{
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];
		char text[128];

		cr_assert_not(task_allows(r->exec, r->state, r->event), "%s", r->text);
		cr_expect_eq(task_refusal(r->exec, r->state, r->event, text, sizeof(text)),
			     r->status, "%s", r->text);
		cr_expect_str_eq(text, r->text);
	}
}
