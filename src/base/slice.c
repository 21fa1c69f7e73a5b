#include "base/slice.h"

#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool read_attr(struct sched_attr *out)
{
    *out = (struct sched_attr){0};
    return syscall(SYS_sched_getattr, 0, out, sizeof *out, 0) == 0;
}

bool slice_ask(uint64_t ns)
{
    struct sched_attr attr;
    if (!read_attr(&attr)) {
        return false;
    }
    attr.size = sizeof attr;
    attr.sched_runtime = ns;
    return syscall(SYS_sched_setattr, 0, &attr, 0) == 0;
}

uint64_t slice_of_thread(void)
{
    struct sched_attr attr;
    return read_attr(&attr) ? attr.sched_runtime : 0;
}
