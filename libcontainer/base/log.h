/* SPDX-License-Identifier: Apache-2.0 */
/* Where a program speaks: to a stream as text or JSON, or to a log daemon. The library itself only ever
 * logs at LOG_DEBUG; errors are reported once, by the program. Host side only. */
#pragma once

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_config {
	/* NULL: stderr. "journald:ID" and "syslog:ID": the system's log daemons, with ID as the name of
	 * the records. "file:PATH", or just a path: opened O_APPEND|O_CREAT 0644. */
	const char *target;
	enum log_format format; /* of streams */
	enum log_level level;	/* what is more talkative is dropped */
};

/* Opens the sink. 0 or -errno (-EINVAL: an ID is empty, too long or not printable); nothing changes
 * on failure. Text: `time="RFC3339" level=error
 * msg="..."`; JSON: one object a line {"level":"error","msg":"...","time":"..."}. */
int log_open(const struct log_config *config);
void log_close(void);
bool log_enabled(enum log_level level);
/* True when the sink is not stderr (then programs repeat errors there in plain words). */
bool log_is_elsewhere(void);
/* One record, one write(2). printf formats of fmt_str. */
void log_at(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
