#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* A library that stands between a program and its system has nowhere else to keep what it knows:
 * these are set once, before main(). */
static struct disk_control *control;
static _Atomic uint32_t sync_dice;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("CANARA_DISK_CONTROL");
    if (path == NULL) {
        return;
    }
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    void *page = fd < 0 ? MAP_FAILED
                        : (void *)syscall(SYS_mmap, NULL, sizeof *control, PROT_READ | PROT_WRITE,
                                          MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        abort();
    }
    (void)syscall(SYS_close, fd);
    control = page;
}

static size_t put(size_t at, const char *text)
{
    for (; *text != '\0' && at + 1 < DISK_WHAT; at++, text++) {
        control->what[at] = *text;
    }
    control->what[at] = '\0';
    return at;
}

bool disk_fails(enum disk_kind kind, const char *verb, const char *path)
{
    if (control == NULL || (atomic_load(&control->kinds) & kind) == 0) {
        return false;
    }
    (void)atomic_fetch_add(&control->each[__builtin_ctz(kind)], 1);
    const uint64_t call = atomic_fetch_add(&control->calls, 1) + 1;
    const uint64_t at = atomic_load(&control->fail_at);
    if (at == 0 || call < at || (call > at && atomic_load(&control->stays) == 0)) {
        return false;
    }
    if (atomic_fetch_add(&control->fired, 1) == 0) {
        const size_t end = put(put(0, verb), " ");
        (void)put(end, path);
    }
    errno = (int)atomic_load(&control->number);
    return true;
}

bool disk_full(void)
{
    if (control == NULL || atomic_load(&control->full) == 0) {
        return false;
    }
    atomic_fetch_add(&control->refused, 1);
    errno = ENOSPC;
    return true;
}

void disk_sync_time(void)
{
    const uint32_t most = control == NULL ? 0 : atomic_load(&control->sync_us);
    if (most == 0) {
        return;
    }
    /* Any spread will do: neighbours in the sequence get far from each other. */
    const uint64_t turn = atomic_fetch_add(&sync_dice, 1) & 0xffff;
    const uint64_t us = (turn * 40503) % most;
    const struct timespec rest = {.tv_sec = (time_t)(us / 1000000),
                                  .tv_nsec = (long)(us % 1000000) * 1000};
    (void)nanosleep(&rest, NULL);
}
