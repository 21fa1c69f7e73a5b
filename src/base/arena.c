#include "base/arena.h"

#include "base/util.h"

void arena_init(struct arena *a, void *mem, size_t len)
{
    MUST(mem != NULL || len == 0);
    *a = (struct arena){.mem = mem, .size = len};
}

void *arena_alloc(struct arena *a, size_t size, size_t align)
{
    MUST(align > 0 && (align & (align - 1)) == 0);
    const uintptr_t misfit = ((uintptr_t)a->mem + a->used) & (align - 1);
    const size_t padding = misfit == 0 ? 0 : align - misfit;
    size_t start = 0;
    size_t end = 0;
    if (a->mem == NULL || !size_add(a->used, padding, &start) || !size_add(start, size, &end) ||
        end > a->size) {
        return NULL;
    }
    a->used = end;
    return a->mem + start;
}
