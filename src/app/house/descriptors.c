#include "app/house/descriptors.h"

#include <sys/resource.h>

/* More than this nobody has, and it fits whatever counts connections. */
#define LIMIT_MOST (UINT64_C(1) << 24)

void descriptors_raise(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

uint64_t descriptors_limit(void)
{
    struct rlimit files = {.rlim_cur = 1024};
    (void)getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur < LIMIT_MOST ? files.rlim_cur : LIMIT_MOST;
}

uint64_t descriptors_least(unsigned loops)
{
    return (uint64_t)loops * (DESCRIPTORS_KEPT + DESCRIPTORS_LEAST);
}

uint32_t descriptors_for_connections(uint64_t limit, unsigned loops)
{
    const uint64_t most = limit < LIMIT_MOST ? limit : LIMIT_MOST;
    return most < descriptors_least(loops) ? 0 : (uint32_t)(most / loops - DESCRIPTORS_KEPT);
}

bool descriptors_let_one_fill(uint64_t limit, unsigned loops, uint32_t per_address)
{
    return per_address > 0 &&
           (uint64_t)descriptors_for_connections(limit, loops) * loops <= per_address;
}
