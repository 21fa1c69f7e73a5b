/*
 * files.h - the file operations of the journal as a table, so that tests can make each one fail.
 *
 * Floor      journal
 * Errors     every operation answers as its system call does: -1 and errno; room() UINT64_MAX for what is not known.
 * Threads    called from the writer and its helper at the same time.
 */
#ifndef JOURNAL_FILES_H
#define JOURNAL_FILES_H

#include "base/span.h"

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/* Where the bytes on disk are wrong, or what could not be done. */
struct journal_fault {
    char file[64];      /* name inside the directory; empty: the directory itself */
    uint64_t offset;    /* of the frame, in bytes */
    const char *reason; /* static text */
    uint64_t next;      /* JOURNAL_ENDS_EARLY: all frames below are there */
};

struct journal_files {
    int (*open)(const struct journal_files *self, int dir, const char *name, int flags,
                mode_t mode);
    ssize_t (*pwritev)(const struct journal_files *self, int fd, const struct iovec *parts,
                       int count, off_t offset);
    int (*fdatasync)(const struct journal_files *self, int fd);
    int (*fsync)(const struct journal_files *self, int fd);
    int (*ftruncate)(const struct journal_files *self, int fd, off_t length);
    int (*rename)(const struct journal_files *self, int dir, const char *from, const char *to);
    int (*unlink)(const struct journal_files *self, int dir, const char *name);
    uint64_t (*room)(const struct journal_files *self,
                     int dir); /* bytes that its disk still takes */
};

/* A part to write. An iovec has no const, but writing only reads. */
static inline struct iovec iovec_of(span_t bytes)
{
    const union {
        const void *in;
        void *out;
    } pointer = {.in = bytes.ptr};

    return (struct iovec){.iov_base = pointer.out, .iov_len = bytes.len};
}

/* The operating system's. */
const struct journal_files *journal_files_system(void);

#endif
