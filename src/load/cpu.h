/*
 * cpu.h - what a process has spent, from /proc.
 *
 * Floor      load
 * Source     proc(5): task/TID/schedstat, first number (ns on a CPU, exact, unlike the ticks of stat);
 *            status, RssAnon.
 * Units      nanoseconds; bytes.
 * Errors     ERR_IO when there is no such process, or it is somebody else's.
 * Threads    any.
 */
#ifndef LOAD_CPU_H
#define LOAD_CPU_H

#include "base/err.h"

#include <stdint.h>

/* CPU time of all threads that live now; one that ended takes its share with it. */
NODISCARD err_t cpu_of_process(int64_t pid, int64_t *ns);

/* Resident memory of its own: heap and stacks, no files. */
NODISCARD err_t memory_of_process(int64_t pid, int64_t *bytes);

/* CPU time of this process. */
int64_t cpu_own(void);

#endif
