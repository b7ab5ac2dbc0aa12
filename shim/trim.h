/* SPDX-License-Identifier: Apache-2.0 */
/* A shim sleeps for days after a second of work. */
#pragma once

/* Unmaps what is not needed while asleep; prepare comes first, once. The program goes on a few page
 * faults later. */
void trim_prepare(void);
void trim(void);
