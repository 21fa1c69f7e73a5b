#include "store/store_scripted.h"

#include "base/util.h"
#include "store/scripted_state.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct rows {
    size_t refs;
    size_t count;
    size_t cap;
    _Alignas(max_align_t) uint8_t data[];
};

struct seat_in_memory {
    struct rows *table[TABLES]; /* NULL: empty */
};

struct scripted {
    struct store head;
    pthread_mutex_t lock;    /* guards all below and every `refs` */
    pthread_mutex_t writing; /* held by the one WRITE */
    struct rows *table[TABLES];
    uint64_t operations;
    uint64_t fail_operation; /* 0: none */
    err_t fail_with;
    uint64_t fail_commits;
    uint64_t fail_begins;
    uint32_t delay_ms;
};

static const size_t widths[TABLES] = {
    [T_ACCOUNTS] = sizeof(struct account_row),
    [T_MPIN] = sizeof(struct mpin_entry),
    [T_HAD_DEVICE] = sizeof(struct had_device_entry),
    [T_DEVICES] = sizeof(struct device_entry),
    [T_SESSIONS] = sizeof(struct session_row),
    [T_REFRESH] = sizeof(struct refresh_row),
    [T_AUDIT] = sizeof(struct audit_row),
    [T_DECISIONS] = sizeof(struct decision_row),
    [T_PROFILES] = sizeof(struct profile_entry),
    [T_PARTS] = sizeof(struct part_entry),
    [T_META] = sizeof(struct meta_entry),
};

static struct scripted *self(struct store *st)
{
    return CONTAINER_OF(st, struct scripted, head);
}

static struct seat_in_memory *seat_of(const struct store_tx *tx)
{
    return tx->seat;
}

static void lock(struct scripted *s)
{
    MUST(pthread_mutex_lock(&s->lock) == 0);
}

static void unlock(struct scripted *s)
{
    MUST(pthread_mutex_unlock(&s->lock) == 0);
}

/* ---- tables */

static void drop(struct rows *rows)
{
    if (rows != NULL && --rows->refs == 0) {
        free(rows);
    }
}

/* A copy with room for at least one more. */
static struct rows *copy(const struct rows *from, size_t width)
{
    const size_t count = from == NULL ? 0 : from->count;
    const size_t cap = count + count / 2 + 4;
    size_t bytes = 0;
    if (!size_mul(cap, width, &bytes) || !size_add(bytes, sizeof(struct rows), &bytes)) {
        return NULL;
    }
    struct rows *to = malloc(bytes);
    if (to == NULL) {
        return NULL;
    }
    *to = (struct rows){.refs = 1, .count = count, .cap = cap};
    if (from != NULL && count > 0) {
        memcpy(to->data, from->data, count * width);
    }
    return to;
}

/* Make the table the transaction's own, with room for one more row. */
static err_t own(struct store_tx *tx, enum scripted_table table, struct rows **out)
{
    struct scripted *s = self(tx->store);
    struct rows **place = &seat_of(tx)->table[table];
    lock(s);
    struct rows *rows = *place;
    if (rows == NULL || rows->refs > 1 || rows->count == rows->cap) {
        rows = copy(*place, widths[table]);
        if (rows != NULL) {
            drop(*place);
            *place = rows;
        }
    }
    unlock(s);
    *out = rows;
    return rows != NULL ? ERR_OK : err_new(ERR_NOMEM);
}

size_t scripted_count(const struct store_tx *tx, enum scripted_table table)
{
    const struct rows *rows = seat_of(tx)->table[table];
    return rows == NULL ? 0 : rows->count;
}

const void *scripted_row(const struct store_tx *tx, enum scripted_table table, size_t index)
{
    const struct rows *rows = seat_of(tx)->table[table];
    MUST(rows != NULL && index < rows->count);
    return rows->data + index * widths[table];
}

size_t scripted_find(const struct store_tx *tx, struct member where, const void *value)
{
    const size_t count = scripted_count(tx, where.table);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *row = scripted_row(tx, where.table, i);
        if (memcmp(row + where.offset, value, where.len) == 0) {
            return i;
        }
    }
    return count;
}

bool scripted_has(const struct store_tx *tx, struct member where, const void *value)
{
    return scripted_find(tx, where, value) < scripted_count(tx, where.table);
}

err_t scripted_edit(struct store_tx *tx, enum scripted_table table, size_t index, void **out)
{
    struct rows *rows = NULL;
    TRY(own(tx, table, &rows));
    MUST(index < rows->count);
    *out = rows->data + index * widths[table];
    return ERR_OK;
}

err_t scripted_add(struct store_tx *tx, enum scripted_table table, const void *row)
{
    struct rows *rows = NULL;
    TRY(own(tx, table, &rows));
    memcpy(rows->data + rows->count * widths[table], row, widths[table]);
    rows->count++;
    return ERR_OK;
}

err_t scripted_remove(struct store_tx *tx, enum scripted_table table, size_t index)
{
    struct rows *rows = NULL;
    TRY(own(tx, table, &rows));
    MUST(index < rows->count);
    uint8_t *gap = rows->data + index * widths[table];
    rows->count--;
    memmove(gap, gap + widths[table], (rows->count - index) * widths[table]);
    return ERR_OK;
}

err_t scripted_remove_all(struct store_tx *tx, struct member where, const void *value)
{
    for (;;) {
        const size_t at = scripted_find(tx, where, value);
        if (at == scripted_count(tx, where.table)) {
            return ERR_OK;
        }
        TRY(scripted_remove(tx, where.table, at));
    }
}

void *scripted_sorted(const struct store_tx *tx, enum scripted_table table,
                      int (*compare)(const void *, const void *))
{
    const size_t count = scripted_count(tx, table);
    uint8_t *rows = calloc(count + 1, widths[table]);
    if (rows != NULL && count > 0) {
        memcpy(rows, scripted_row(tx, table, 0), count * widths[table]);
        qsort(rows, count, widths[table], compare);
    }
    return rows;
}

/* ---- transactions */

static void wait_as_told(struct scripted *s)
{
    lock(s);
    const uint32_t ms = s->delay_ms;
    unlock(s);
    if (ms > 0) {
        const struct timespec pause = {.tv_sec = ms / 1000,
                                       .tv_nsec = (long)(ms % 1000) * (long)NS_PER_MS};
        (void)nanosleep(&pause, NULL);
    }
}

err_t scripted_gate(struct store_tx *tx)
{
    struct scripted *s = self(tx->store);
    wait_as_told(s);
    lock(s);
    s->operations++;
    const bool fails = s->fail_operation != 0 && --s->fail_operation == 0;
    const err_t e = fails ? s->fail_with : ERR_OK;
    unlock(s);
    return e;
}

static bool spend(uint64_t *cue)
{
    if (*cue == 0) {
        return false;
    }
    *cue -= *cue == UINT64_MAX ? 0 : 1;
    return true;
}

/* Give every table and the seat back; the lock is held. */
static void release(struct store_tx *tx)
{
    for (size_t t = 0; t < TABLES; t++) {
        drop(seat_of(tx)->table[t]);
    }
    free(tx->seat);
    tx->seat = NULL;
}

err_t scripted_begin(struct store *st, struct store_tx *tx)
{
    struct scripted *s = self(st);
    struct seat_in_memory *seat = calloc(1, sizeof *seat);
    if (seat == NULL) {
        return err_new(ERR_NOMEM);
    }
    if (tx->mode == STORE_WRITE) {
        MUST(pthread_mutex_lock(&s->writing) == 0);
    }
    lock(s);
    const bool fails = spend(&s->fail_begins);
    for (size_t t = 0; t < TABLES && !fails; t++) {
        seat->table[t] = s->table[t];
        if (seat->table[t] != NULL) {
            seat->table[t]->refs++;
        }
    }
    unlock(s);
    if (fails) {
        if (tx->mode == STORE_WRITE) {
            MUST(pthread_mutex_unlock(&s->writing) == 0);
        }
        free(seat);
        return err_new(ERR_STORAGE);
    }
    tx->seat = seat;
    return ERR_OK;
}

static void finish(struct store_tx *tx)
{
    struct scripted *s = self(tx->store);
    lock(s);
    release(tx);
    unlock(s);
    if (tx->mode == STORE_WRITE) {
        MUST(pthread_mutex_unlock(&s->writing) == 0);
    }
}

err_t scripted_commit(struct store_tx *tx)
{
    struct scripted *s = self(tx->store);
    wait_as_told(s);
    lock(s);
    const bool fails = tx->mode == STORE_WRITE && spend(&s->fail_commits);
    for (size_t t = 0; t < TABLES && tx->mode == STORE_WRITE && !fails; t++) {
        struct rows *old = s->table[t];
        s->table[t] = seat_of(tx)->table[t];
        seat_of(tx)->table[t] = old;
    }
    unlock(s);
    finish(tx);
    return fails ? err_new(ERR_STORAGE) : ERR_OK;
}

void scripted_rollback(struct store_tx *tx)
{
    finish(tx);
}

/* ---- the store and its cues */

void scripted_close(struct store *st)
{
    struct scripted *s = self(st);
    for (size_t t = 0; t < TABLES; t++) {
        drop(s->table[t]);
    }
    MUST(pthread_mutex_destroy(&s->writing) == 0);
    MUST(pthread_mutex_destroy(&s->lock) == 0);
    free(s);
}

err_t store_scripted_new(struct store **out)
{
    struct scripted *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->head.ops = &scripted_ops;
    MUST(pthread_mutex_init(&s->lock, NULL) == 0);
    MUST(pthread_mutex_init(&s->writing, NULL) == 0);
    *out = &s->head;
    return ERR_OK;
}

void store_scripted_fail_operation(struct store *st, uint64_t n, err_t with)
{
    struct scripted *s = self(st);
    lock(s);
    s->fail_operation = n;
    s->fail_with = with;
    unlock(s);
}

void store_scripted_fail_commits(struct store *st, uint64_t n)
{
    lock(self(st));
    self(st)->fail_commits = n;
    unlock(self(st));
}

void store_scripted_fail_begins(struct store *st, uint64_t n)
{
    lock(self(st));
    self(st)->fail_begins = n;
    unlock(self(st));
}

void store_scripted_delay(struct store *st, uint32_t ms)
{
    lock(self(st));
    self(st)->delay_ms = ms;
    unlock(self(st));
}

uint64_t store_scripted_operations(struct store *st)
{
    lock(self(st));
    const uint64_t operations = self(st)->operations;
    unlock(self(st));
    return operations;
}
