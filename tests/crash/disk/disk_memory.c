/* Memory that runs out once: the allocations of the program itself and of SQLite can be made to
 * fail; those of other libraries, who end the process by their own choice, are left alone. */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { RANGES_MAX = 2 };

struct range {
    const char *name;
    enum disk_kind kind;
    uintptr_t base, begin, end;
};

/* Set once before main(). */
static struct range ranges[RANGES_MAX];
static int trace_fd = -1; /* gets a line for each allocation that could have failed */

/* The C library's own, under the names it keeps for those who stand in its place. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static int look_at(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    const bool is_program = info->dlpi_name[0] == '\0' && ranges[0].end == 0;
    if (!is_program && strstr(info->dlpi_name, "/libsqlite3.so") == NULL) {
        return 0;
    }
    struct range *range = &ranges[is_program ? 0 : 1];
    *range = (struct range){.name = is_program ? "program" : "sqlite",
                            .kind = is_program ? DISK_KIND_MEMORY : DISK_KIND_SQLITE,
                            .base = info->dlpi_addr,
                            .begin = UINTPTR_MAX};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type == PT_LOAD) {
            const uintptr_t begin = info->dlpi_addr + part->p_vaddr;
            const uintptr_t end = begin + part->p_memsz;
            range->begin = begin < range->begin ? begin : range->begin;
            range->end = end > range->end ? end : range->end;
        }
    }
    return 0;
}

__attribute__((constructor)) static void begin(void)
{
    const char *trace = getenv("CANARA_DISK_TRACE");
    if (trace != NULL) {
        trace_fd = (int)syscall(SYS_openat, AT_FDCWD, trace,
                                O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    (void)dl_iterate_phdr(look_at, NULL);
}

static bool runs_out(const char *verb, const void *caller)
{
    const uintptr_t at = (uintptr_t)caller;
    for (int i = 0; i < RANGES_MAX; i++) {
        if (at >= ranges[i].begin && at < ranges[i].end) {
            char where[64];
            const int len = snprintf(where, sizeof where, "%s+0x%zx\n", ranges[i].name,
                                     (size_t)(at - ranges[i].base));
            if (trace_fd >= 0 && len > 0) {
                (void)syscall(SYS_write, trace_fd, where, (size_t)len);
            }
            return disk_fails(ranges[i].kind, verb, where);
        }
    }
    return false;
}

EXPORT void *malloc(size_t size)
{
    return runs_out("malloc", __builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t count, size_t size)
{
    return runs_out("calloc", __builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

EXPORT void *realloc(void *old, size_t size)
{
    return runs_out("realloc", __builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return runs_out("reallocarray", __builtin_return_address(0)) ? NULL
                                                                 : __libc_realloc(old, bytes);
}

EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    return runs_out("aligned_alloc", __builtin_return_address(0))
               ? NULL
               : __libc_memalign(alignment, size);
}

EXPORT int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *got = runs_out("posix_memalign", __builtin_return_address(0))
                    ? NULL
                    : __libc_memalign(alignment, size);
    if (got == NULL) {
        return ENOMEM;
    }
    *out = got;
    return 0;
}

EXPORT char *strdup(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = runs_out("strdup", __builtin_return_address(0)) ? NULL : __libc_malloc(size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}
