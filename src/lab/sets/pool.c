#include "lab/sets/pool.h"

#include "base/util.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20, ALIGN = 16, FIRST_ITEMS = 64 };

struct pool_chunk {
    struct pool_chunk *before;
    size_t used, size; /* of `bytes` */
    _Alignas(ALIGN) uint8_t bytes[];
};

void pool_init(struct pool *p)
{
    *p = (struct pool){0};
}

void pool_deinit(struct pool *p)
{
    while (p->last != NULL) {
        struct pool_chunk *const chunk = p->last;
        p->last = chunk->before;
        free(chunk);
    }
}

static bool add_chunk(struct pool *p, size_t size)
{
    size_t bytes = 0;
    if (!size_add(sizeof(struct pool_chunk), size, &bytes)) {
        return false;
    }
    struct pool_chunk *const chunk = malloc(bytes);
    if (chunk == NULL) {
        return false;
    }
    chunk->before = p->last;
    chunk->used = 0;
    chunk->size = size;
    p->last = chunk;
    return true;
}

void *pool_alloc(struct pool *p, size_t size)
{
    size_t need = 0;
    if (!size_add(size == 0 ? 1 : size, ALIGN - 1, &need)) {
        return NULL;
    }
    need = need / ALIGN * ALIGN;
    if ((p->last == NULL || p->last->size - p->last->used < need) &&
        !add_chunk(p, size_max(need, CHUNK_BYTES))) {
        return NULL;
    }
    void *const out = p->last->bytes + p->last->used;
    p->last->used += need;
    return out;
}

void *pool_copy(struct pool *p, const void *from, size_t count, size_t size)
{
    size_t bytes = 0;
    if (count == 0 || !size_mul(count, size, &bytes)) {
        return NULL;
    }
    void *const out = pool_alloc(p, bytes);
    if (out != NULL) {
        memcpy(out, from, bytes);
    }
    return out;
}

char *pool_text(struct pool *p, span_t text)
{
    size_t bytes = 0;
    char *const out = size_add(text.len, 1, &bytes) ? pool_alloc(p, bytes) : NULL;
    if (out == NULL) {
        return NULL;
    }
    if (text.len > 0) {
        memcpy(out, text.ptr, text.len);
    }
    out[text.len] = '\0';
    return out;
}

void *array_grow(void *items, size_t *cap, size_t len, size_t size)
{
    if (len < *cap) {
        return items;
    }
    size_t more = FIRST_ITEMS;
    if (*cap > 0 && !size_mul(*cap, 2, &more)) {
        return NULL;
    }
    void *const out = reallocarray(items, more, size);
    if (out != NULL) {
        *cap = more;
    }
    return out;
}

void names_init(struct names *n, struct pool *pool)
{
    *n = (struct names){.pool = pool};
    map64_init(&n->map, 0); /* files of the caller's choice, not of strangers */
}

void names_deinit(struct names *n)
{
    free(n->text);
    map64_deinit(&n->map);
    *n = (struct names){0};
}

/* Where `text` stands in the table: at its hash, or behind the other texts that have the same. */
static uint64_t place_of(const struct names *n, span_t text, bool *found, uint32_t *out)
{
    uint64_t at = hash_bytes(hash_key_of(1), text);
    uint32_t index = 0;
    *found = false;
    while (map64_get(&n->map, at, &index)) {
        if (strlen(n->text[index]) == text.len && memcmp(n->text[index], text.ptr, text.len) == 0) {
            *found = true;
            *out = index;
            break;
        }
        at = at == UINT64_MAX ? 0 : at + 1;
    }
    return at;
}

bool names_find(const struct names *n, span_t text, uint32_t *out)
{
    bool found = false;
    (void)place_of(n, text, &found, out);
    return found;
}

err_t names_add(struct names *n, span_t text, uint32_t *out, bool *is_new)
{
    bool found = false;
    uint32_t index = 0;
    const uint64_t at = place_of(n, text, &found, &index);
    if (found) {
        *out = index;
        *is_new = false;
        return ERR_OK;
    }
    const char **const grown = array_grow(n->text, &n->cap, n->count, sizeof *grown);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    n->text = grown;
    const char *const kept = pool_text(n->pool, text);
    if (kept == NULL) {
        return err_new(ERR_NOMEM);
    }
    TRY(map64_put(&n->map, at, (uint32_t)n->count));
    n->text[n->count] = kept;
    *out = (uint32_t)n->count++;
    *is_new = true;
    return ERR_OK;
}
