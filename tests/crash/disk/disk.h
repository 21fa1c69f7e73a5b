/*
 * disk.h - a disk that forgets what was not synced, and fails when it is told to: the inside of
 * the library that is loaded before the program under test (LD_PRELOAD).
 *
 * Source     the idea is ALICE's (Pillai et al., OSDI 2014) and dm-log-writes'.
 * Units      the log is little endian: a struct disk_record, then `len` bytes, and so on.
 * Ownership  the log and the control page belong to the test that starts the program; their paths
 *            and the folder that is watched come by the environment: CANARA_DISK_ROOT,
 *            CANARA_DISK_LOG, CANARA_DISK_CONTROL. Each may be missing.
 * Errors     as the system calls that it stands for: -1 and errno. What would make the log wrong
 *            ends the process.
 * Threads    any; one lock around each call and its record, so that the log has the order of
 *            effects. A sync is two records, and others may come between them.
 */
#ifndef TESTS_CRASH_DISK_H
#define TESTS_CRASH_DISK_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define DISK_MAGIC UINT32_C(0x4b534443)

enum disk_op {
    DISK_CREATE = 1, /* file; its path */
    DISK_WRITE,      /* file, at; the bytes */
    DISK_ZERO,       /* file, at, size: that many zeros were written */
    DISK_TRUNCATE,   /* file, size */
    DISK_SYNC,       /* file (0: all there is), size: number of this sync; path of a folder */
    DISK_SYNCED,     /* size: number of the sync: what came before its begin is durable */
    DISK_SYNC_LOST,  /* the same, but what came before will never be durable */
    DISK_RENAME,     /* from, NUL, to */
    DISK_UNLINK,     /* path */
    DISK_LINK,       /* from, NUL, to */
    DISK_MKDIR,      /* path */
    DISK_RMDIR,      /* path */
    DISK_MAPPED      /* file: may change without a record from now on */
};

struct disk_record {
    uint32_t magic;
    uint32_t op;
    uint64_t file; /* inode: names a file until DISK_CREATE names another one so */
    uint64_t at;
    uint64_t size;
    uint32_t len;
    uint32_t unused;
};

/* Kinds of calls that can be made to fail. */
enum disk_kind {
    DISK_KIND_OPEN = 1,
    DISK_KIND_WRITE = 2,
    DISK_KIND_SYNC = 4,
    DISK_KIND_RENAME = 8, /* and link */
    DISK_KIND_TRUNCATE = 16,
    DISK_KIND_ALLOCATE = 32,
    DISK_KIND_UNLINK = 64,
    DISK_KIND_MKDIR = 128,
    DISK_KIND_MEMORY = 256, /* allocations of the program itself */
    DISK_KIND_SQLITE = 512  /* and of SQLite */
};

#define DISK_WHAT  104
#define DISK_KINDS 10

/* Shared with the test. Written by it: fail_at, kinds, number, stays, full, sync_us. */
struct disk_control {
    _Atomic uint64_t calls;   /* of these kinds so far */
    _Atomic uint64_t fail_at; /* the number of the call that fails; 0: none */
    _Atomic uint64_t fired;   /* how many have failed */
    _Atomic uint32_t kinds;
    _Atomic uint32_t number;           /* errno of the failing call */
    _Atomic uint32_t stays;            /* not 0: all later ones fail, too */
    _Atomic uint32_t full;             /* not 0: no file can grow, none can be made */
    _Atomic uint32_t sync_us;          /* how long a sync takes at most; the real one is left out */
    _Atomic uint32_t refused;          /* calls that failed because of `full` */
    char what[DISK_WHAT];              /* the first call that failed */
    _Atomic uint64_t each[DISK_KINDS]; /* calls by the bit of their kind */
};

_Static_assert(sizeof(struct disk_record) == 40, "read by disk.py");
_Static_assert(sizeof(struct disk_control) == 232, "read by disk.py");

/* ---- disk_log.c: paths, descriptors, the log ---- */

/* Write the path that `name` means, without the root; false when it is not below it. */
bool disk_path(int dir, const char *name, char out[PATH_MAX]);

/* The descriptor was opened below the root. */
void disk_watch(int fd);

/* It stands for what `from` stands for. */
void disk_watch_as(int fd, int from);
void disk_forget(int fd);

/* Whether it is watched; its inode. */
bool disk_watches(int fd, uint64_t *file);

void disk_lock(void);
void disk_unlock(void);

/* Append one record; the lock is held. `bytes` may be NULL, then the payload is `len` long. */
void disk_record(enum disk_op op, uint64_t file, uint64_t at, uint64_t size);
void disk_record_bytes(enum disk_op op, uint64_t file, uint64_t at, const struct iovec *parts,
                       int count, size_t len);
void disk_record_path(enum disk_op op, uint64_t file, uint64_t size, const char *path);
void disk_record_paths(enum disk_op op, const char *from, const char *to);

/* ---- disk_fault.c: what fails ---- */

/* Count a call; true when it is the one to fail, errno is set then. */
bool disk_fails(enum disk_kind kind, const char *verb, const char *path);

/* Whether the disk is full; errno is set then. */
bool disk_full(void);

/* How long a sync takes this time. */
void disk_sync_time(void);

#endif
