#include "journal/view_sessions.h"

#include "base/rng.h"
#include "base/util.h"
#include "journal/view_line.h"

#include <stdlib.h>

enum { FIRST_CAP = 64, TAIL_MAX = 2048 };

void view_sessions_init(struct view_sessions *table)
{
    uint64_t seed = 0;
    rng_fill(&seed, sizeof seed);
    *table = (struct view_sessions){
        .recent = VIEW_NONE, .free = VIEW_NONE, .oldest = VIEW_NONE, .newest = VIEW_NONE};
    map_init(&table->by_id, seed);
    view_seen_init(&table->seen, seed);
}

static uint32_t index_of(const struct view_sessions *table, const struct view_session *session)
{
    return (uint32_t)(session - table->items);
}

static void entry_clear(struct view_session *session)
{
    buf_deinit(&session->lines);
    buf_deinit(&session->tail);
}

void view_sessions_deinit(struct view_sessions *table)
{
    for (uint32_t i = 0; i < table->cap; i++) {
        entry_clear(&table->items[i]);
    }
    free(table->items);
    map_deinit(&table->by_id);
    view_seen_deinit(&table->seen);
    *table = (struct view_sessions){0};
}

struct view_session *view_sessions_get(struct view_sessions *table, uuid_t id)
{
    if (table->recent != VIEW_NONE && uuid_eq(table->items[table->recent].id, id)) {
        return &table->items[table->recent];
    }
    uint32_t index = 0;
    if (!map_get(&table->by_id, id, &index)) {
        return NULL;
    }
    table->recent = index;
    return &table->items[index];
}

struct view_session *view_sessions_oldest(struct view_sessions *table)
{
    return table->oldest == VIEW_NONE ? NULL : &table->items[table->oldest];
}

static err_t grow(struct view_sessions *table)
{
    const uint32_t cap = table->cap == 0 ? FIRST_CAP : table->cap * 2;
    struct view_session *grown = reallocarray(table->items, cap, sizeof *grown);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (uint32_t i = cap; i > table->cap; i--) {
        grown[i - 1] = (struct view_session){.next = table->free, .prev = VIEW_NONE};
        table->free = i - 1;
    }
    table->items = grown;
    table->cap = cap;
    return ERR_OK;
}

err_t view_sessions_add(struct view_sessions *table, uuid_t id, const char *email,
                        struct view_session **out)
{
    if (table->free == VIEW_NONE) {
        TRY(grow(table));
    }
    struct buf tail;
    buf_init(&tail, TAIL_MAX);
    const uint32_t index = table->free;
    err_t e = view_render_tail(id, email, &tail);
    if (!failed(e)) {
        e = map_put(&table->by_id, id, index);
    }
    if (failed(e)) {
        buf_deinit(&tail);
        return e;
    }
    struct view_session *session = &table->items[index];
    table->free = session->next;
    *session = (struct view_session){.id = id, .tail = tail, .prev = VIEW_NONE, .next = VIEW_NONE};
    buf_init(&session->lines, SIZE_MAX / 4); /* bounded by the sum over all */
    *out = session;
    return ERR_OK;
}

static void list_append(struct view_sessions *table, struct view_session *session)
{
    const uint32_t index = index_of(table, session);
    session->prev = table->newest;
    session->next = VIEW_NONE;
    if (table->newest != VIEW_NONE) {
        table->items[table->newest].next = index;
    } else {
        table->oldest = index;
    }
    table->newest = index;
    table->waiting++;
}

static void list_remove(struct view_sessions *table, struct view_session *session)
{
    if (session->prev != VIEW_NONE) {
        table->items[session->prev].next = session->next;
    } else {
        table->oldest = session->next;
    }
    if (session->next != VIEW_NONE) {
        table->items[session->next].prev = session->prev;
    } else {
        table->newest = session->prev;
    }
    session->prev = VIEW_NONE;
    session->next = VIEW_NONE;
    table->waiting--;
}

void view_sessions_pended(struct view_sessions *table, struct view_session *session, size_t more,
                          uint64_t sequence, mono_t now)
{
    if (session->pending == 0) {
        session->sequence = sequence;
        session->since = now;
        list_append(table, session);
    }
    session->pending++;
    table->bytes += more;
}

void view_sessions_written(struct view_sessions *table, struct view_session *session)
{
    if (session->pending == 0) {
        return;
    }
    table->bytes -= session->lines.len;
    session->pending = 0;
    buf_deinit(&session->lines); /* an idle session holds no buffer */
    list_remove(table, session);
}

void view_sessions_drop(struct view_sessions *table, struct view_session *session)
{
    MUST(session->pending == 0);
    MUST(map_remove(&table->by_id, session->id));
    table->recent = VIEW_NONE;
    entry_clear(session);
    session->next = table->free;
    table->free = index_of(table, session);
}

void view_sessions_sweep(struct view_sessions *table)
{
    for (uint32_t i = 0; i < table->cap; i++) {
        struct view_session *session = &table->items[i];
        if (session->tail.ptr != NULL && session->pending == 0) {
            if (!session->barred) {
                view_seen_note(&table->seen, session->id, session->last_line, session->size);
            }
            view_sessions_drop(table, session);
        }
    }
}
