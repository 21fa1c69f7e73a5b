#include "crypto/hash_memory.h"

#include "base/util.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

struct kept {
    struct hash_piece piece;
    bool used; /* since the last look */
};

struct hash_memory {
    pthread_mutex_t mutex;
    size_t most, count;
    struct kept kept[]; /* the one used last is the last */
};

static void unmap(struct hash_piece piece)
{
    MUST(munmap(piece.at, piece.bytes) == 0);
}

static err_t map(size_t bytes, struct hash_piece *out)
{
    void *const at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
        return err_new(ERR_NOMEM);
    }
    (void)madvise(at, bytes, MADV_DONTDUMP);
    *out = (struct hash_piece){.at = at, .bytes = bytes};
    return ERR_OK;
}

err_t hash_memory_new(size_t kept, struct hash_memory **out)
{
    MUST(kept <= HASH_PIECES_MAX);
    struct hash_memory *m = calloc(1, sizeof *m + kept * sizeof m->kept[0]);
    if (m == NULL) {
        return err_new(ERR_NOMEM);
    }
    MUST(pthread_mutex_init(&m->mutex, NULL) == 0);
    m->most = kept;
    *out = m;
    return ERR_OK;
}

void hash_memory_free(struct hash_memory **m)
{
    if (*m == NULL) {
        return;
    }
    for (size_t i = 0; i < (*m)->count; i++) {
        unmap((*m)->kept[i].piece);
    }
    (void)pthread_mutex_destroy(&(*m)->mutex);
    free(*m);
    *m = NULL;
}

static struct hash_piece remove_kept(struct hash_memory *m, size_t i)
{
    const struct hash_piece piece = m->kept[i].piece;
    m->count -= 1;
    for (; i < m->count; i++) {
        m->kept[i] = m->kept[i + 1];
    }
    return piece;
}

/* The newest that is large enough. */
static bool take_kept(struct hash_memory *m, size_t bytes, struct hash_piece *out)
{
    for (size_t i = m->count; i > 0; i--) {
        if (m->kept[i - 1].piece.bytes >= bytes) {
            *out = remove_kept(m, i - 1);
            return true;
        }
    }
    return false;
}

err_t hash_memory_take(struct hash_memory *m, size_t bytes, struct hash_piece *out)
{
    bool taken = false;
    if (m != NULL) {
        (void)pthread_mutex_lock(&m->mutex);
        taken = take_kept(m, bytes, out);
        (void)pthread_mutex_unlock(&m->mutex);
    }
    return taken ? ERR_OK : map(bytes, out);
}

void hash_memory_give(struct hash_memory *m, struct hash_piece piece)
{
    bool kept = false;
    if (m != NULL) {
        (void)pthread_mutex_lock(&m->mutex);
        kept = m->count < m->most;
        if (kept) {
            m->kept[m->count++] = (struct kept){.piece = piece, .used = true};
        }
        (void)pthread_mutex_unlock(&m->mutex);
    }
    if (!kept) {
        unmap(piece);
    }
}

/* The oldest that was not used since the last look; when there is none, the next look begins. */
static bool take_idle(struct hash_memory *m, struct hash_piece *out)
{
    for (size_t i = 0; i < m->count; i++) {
        if (!m->kept[i].used) {
            *out = remove_kept(m, i);
            return true;
        }
    }
    for (size_t i = 0; i < m->count; i++) {
        m->kept[i].used = false;
    }
    return false;
}

void hash_memory_rest(struct hash_memory *m)
{
    bool found = m != NULL;
    while (found) {
        struct hash_piece idle = {0};
        (void)pthread_mutex_lock(&m->mutex);
        found = take_idle(m, &idle);
        (void)pthread_mutex_unlock(&m->mutex);
        if (found) {
            unmap(idle); /* takes a millisecond: nobody waits for it */
        }
    }
}
