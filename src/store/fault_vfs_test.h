/*
 * fault_vfs_test.h - a file system for SQLite whose n-th write fails.
 *
 * Floor      store (tests only)
 * Source     https://www.sqlite.org/vfs.html; only the methods that change a file are touched.
 * Ownership  the plan is the test's and outlives every connection opened through it.
 * Threads    one.
 */
#ifndef STORE_FAULT_VFS_TEST_H
#define STORE_FAULT_VFS_TEST_H

#include "base/err.h"

#include <sqlite3.h>

#include <stdbool.h>
#include <stdint.h>

struct fault_plan {
    sqlite3_vfs vfs; /* first: SQLite knows the plan by it */
    sqlite3_vfs *real;
    uint64_t calls;   /* writes, syncs, truncations and deletions since armed */
    uint64_t fail_at; /* 1: the next; 0: disarmed */
    uint64_t syncs;   /* since the beginning */
    bool stays;       /* all later ones fail too, as after a crash or on a dead disk */
    int code;         /* what a failing write says; a sync always says SQLITE_IOERR_FSYNC */
};

struct fault_file {
    sqlite3_file base;
    struct fault_plan *plan;
    sqlite3_file *real; /* behind this struct, in the same allocation */
};

static inline struct fault_file *fault_file_of(sqlite3_file *f)
{
    return (struct fault_file *)(void *)f;
}

static inline struct fault_plan *fault_plan_of(sqlite3_vfs *v)
{
    return (struct fault_plan *)(void *)v;
}

static inline void fault_arm(struct fault_plan *plan, uint64_t at, bool stays, int code)
{
    plan->calls = 0;
    plan->fail_at = at;
    plan->stays = stays;
    plan->code = code;
}

/* Whether the planned failure has happened. */
static inline bool fault_fired(const struct fault_plan *plan)
{
    return plan->fail_at != 0 && plan->calls >= plan->fail_at;
}

static inline bool fault_now(struct fault_plan *plan)
{
    plan->calls++;
    return plan->fail_at != 0 &&
           (plan->calls == plan->fail_at || (plan->stays && plan->calls > plan->fail_at));
}

/* Let the real file answer. Leaves the function. */
#define FAULT_PASS(f, method, ...)                          \
    do {                                                    \
        sqlite3_file *real_ = fault_file_of(f)->real;       \
        return real_->pMethods->method(real_, __VA_ARGS__); \
    } while (0)
#define FAULT_PASS_ALONE(f, method)                   \
    do {                                              \
        sqlite3_file *real_ = fault_file_of(f)->real; \
        return real_->pMethods->method(real_);        \
    } while (0)

static inline int fault_close(sqlite3_file *f)
{
    FAULT_PASS_ALONE(f, xClose);
}

static inline int fault_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    FAULT_PASS(f, xRead, to, n, at);
}

/* A failing write leaves the first half behind, as a torn page. */
static inline int fault_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    struct fault_plan *plan = fault_file_of(f)->plan;
    if (fault_now(plan)) {
        if (plan->calls == plan->fail_at && n > 1) {
            sqlite3_file *real = fault_file_of(f)->real;
            (void)real->pMethods->xWrite(real, from, n / 2, at);
        }
        return plan->code;
    }
    FAULT_PASS(f, xWrite, from, n, at);
}

static inline int fault_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    if (fault_now(fault_file_of(f)->plan)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    FAULT_PASS(f, xTruncate, size);
}

/* These tests fail calls, not the power: the real sync would only cost time. */
static inline int fault_sync(sqlite3_file *f, int flags)
{
    (void)flags;
    fault_file_of(f)->plan->syncs++;
    return fault_now(fault_file_of(f)->plan) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static inline int fault_size(sqlite3_file *f, sqlite3_int64 *size)
{
    FAULT_PASS(f, xFileSize, size);
}

static inline int fault_lock(sqlite3_file *f, int level)
{
    FAULT_PASS(f, xLock, level);
}

static inline int fault_unlock(sqlite3_file *f, int level)
{
    FAULT_PASS(f, xUnlock, level);
}

static inline int fault_reserved(sqlite3_file *f, int *out)
{
    FAULT_PASS(f, xCheckReservedLock, out);
}

static inline int fault_control(sqlite3_file *f, int op, void *arg)
{
    FAULT_PASS(f, xFileControl, op, arg);
}

static inline int fault_sector(sqlite3_file *f)
{
    FAULT_PASS_ALONE(f, xSectorSize);
}

static inline int fault_character(sqlite3_file *f)
{
    FAULT_PASS_ALONE(f, xDeviceCharacteristics);
}

static inline int fault_shm_map(sqlite3_file *f, int page, int size, int extend,
                                volatile void **out)
{
    FAULT_PASS(f, xShmMap, page, size, extend, out);
}

static inline int fault_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    FAULT_PASS(f, xShmLock, offset, n, flags);
}

static inline void fault_shm_barrier(sqlite3_file *f)
{
    sqlite3_file *real = fault_file_of(f)->real;
    real->pMethods->xShmBarrier(real);
}

static inline int fault_shm_unmap(sqlite3_file *f, int delete)
{
    FAULT_PASS(f, xShmUnmap, delete);
}

static inline int fault_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = fault_close,
        .xRead = fault_read,
        .xWrite = fault_write,
        .xTruncate = fault_truncate,
        .xSync = fault_sync,
        .xFileSize = fault_size,
        .xLock = fault_lock,
        .xUnlock = fault_unlock,
        .xCheckReservedLock = fault_reserved,
        .xFileControl = fault_control,
        .xSectorSize = fault_sector,
        .xDeviceCharacteristics = fault_character,
        .xShmMap = fault_shm_map,
        .xShmLock = fault_shm_lock,
        .xShmBarrier = fault_shm_barrier,
        .xShmUnmap = fault_shm_unmap,
    };
    struct fault_file *file = fault_file_of(f);
    *file = (struct fault_file){.plan = fault_plan_of(v)};
    file->real = (sqlite3_file *)(void *)(file + 1);
    sqlite3_vfs *real = file->plan->real;
    const int code = real->xOpen(real, name, file->real, flags, out);
    file->base.pMethods = code == SQLITE_OK ? &methods : NULL;
    return code;
}

static inline int fault_delete(sqlite3_vfs *v, const char *name, int sync)
{
    struct fault_plan *plan = fault_plan_of(v);
    return fault_now(plan) ? SQLITE_IOERR_DELETE : plan->real->xDelete(plan->real, name, sync);
}

/* Register it under the name "fault"; fault_end() before the plan goes. */
static inline void fault_begin(struct fault_plan *plan)
{
    *plan = (struct fault_plan){0};
    plan->real = sqlite3_vfs_find(NULL);
    MUST(plan->real != NULL);
    plan->vfs = *plan->real; /* what is not replaced asks the kernel itself */
    plan->vfs.zName = "fault";
    plan->vfs.szOsFile = (int)sizeof(struct fault_file) + plan->real->szOsFile;
    plan->vfs.xOpen = fault_open;
    plan->vfs.xDelete = fault_delete;
    MUST(sqlite3_vfs_register(&plan->vfs, 0) == SQLITE_OK);
}

static inline void fault_end(struct fault_plan *plan)
{
    MUST(sqlite3_vfs_unregister(&plan->vfs) == SQLITE_OK);
}

#endif
