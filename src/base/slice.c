#include "base/slice.h"

#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

bool slice_ask(uint64_t ns)
{
    struct sched_attr attr = {0};
    if (syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0) != 0) {
        return false;
    }
    attr.size = sizeof attr;
    attr.sched_runtime = ns;
    return syscall(SYS_sched_setattr, 0, &attr, 0) == 0;
}
