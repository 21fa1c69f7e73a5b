#include "lab/sets/text_join.h"

#include "base/util.h"
#include "engine/arithmetic/numbers.h"
#include "engine/samples/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENTRY_KEYS = 3,            /* fewer keys are no entry by themselves */
    PAUSE_MS = 2001,           /* longer than typing: what is longer still counts the same */
    ROLLOVER_MS = 300,         /* a key comes so much before the last one is let go, at most */
    SPAN_MS = 600 * 1000,      /* of the keys of one event (canara.h) */
    KEYS_MOST = 512,           /* likewise */
    TEXT_KEYS = 4 * TEXT_CHUNK /* of a text that is put together */
};

/* ---- pieces ---- */

static bool is_piece(const canara_event_t *e)
{
    return e->kind == CANARA_KEYSTROKES && (e->has & (uint32_t)CANARA_F_KEYS) != 0 &&
           e->of.keystrokes.count > 0 && e->of.keystrokes.count < TEXT_KEYS_MIN;
}

static uint64_t field_of(const canara_event_t *e)
{
    const canara_text_t field = e->of.keystrokes.field;
    const bool named = (e->has & (uint32_t)CANARA_F_FIELD) != 0;
    return named ? fnv_add(FNV_START, field.ptr, field.len) : 0;
}

/* Of the classes of the keys: entries of one thing have the same, texts hardly ever. */
static uint64_t pattern_of(const canara_event_t *e)
{
    uint64_t hash = FNV_START;
    for (size_t i = 0; i < e->of.keystrokes.count; i++) {
        hash = fnv_add(hash, &e->of.keystrokes.keys[i].key_class, 1);
    }
    return hash;
}

/* ---- which fields hold free text ---- */

struct field {
    uint64_t name;
    size_t free, alike; /* sessions that say so */
};

/* Pieces of the session at hand, for sorting. */
struct piece {
    uint64_t field, pattern;
};

struct verdict {
    struct field *field; /* TEXT_JOIN_FIELDS of them */
    size_t fields;
    struct piece *piece;
    size_t pieces, cap;
    /* neighbours that do not overlap, if a time says the end of an event, and if it says its begin */
    size_t apart, apart_if_begun;
};

static void verdict_deinit(struct verdict *v)
{
    free(v->field);
    free(v->piece);
}

static struct field *find_field(const struct verdict *v, uint64_t name)
{
    for (size_t i = 0; i < v->fields; i++) {
        if (v->field[i].name == name) {
            return &v->field[i];
        }
    }
    return NULL;
}

static int by_field_and_pattern(const void *a, const void *b)
{
    const struct piece *const x = a;
    const struct piece *const y = b;
    if (x->field != y->field) {
        return x->field < y->field ? -1 : 1;
    }
    return x->pattern == y->pattern ? 0 : (x->pattern < y->pattern ? -1 : 1);
}

/* The pieces [from, to) of one field, sorted: is there an entry among them that comes again and again? */
static void judge_field(struct verdict *v, size_t from, size_t to)
{
    struct field *f = find_field(v, v->piece[from].field);
    if (to - from < TEXT_JOIN_PIECES || (f == NULL && v->fields == TEXT_JOIN_FIELDS)) {
        return;
    }
    if (f == NULL) {
        f = &v->field[v->fields++];
        *f = (struct field){.name = v->piece[from].field};
    }
    size_t most = 0;
    size_t run = 0;
    for (size_t i = from; i < to; i++) {
        const uint64_t pattern = v->piece[i].pattern;
        run = i > from && pattern == v->piece[i - 1].pattern ? run + 1 : 1;
        most = pattern != 0 ? size_max(most, run) : most; /* 0: too short for an entry */
    }
    const bool alike = most * 100 >= (to - from) * TEXT_JOIN_ALIKE;
    f->alike += alike;
    f->free += !alike;
}

static err_t judge_session(struct verdict *v, const struct dataset_event *events, size_t count)
{
    v->pieces = 0;
    for (size_t i = 0; i < count; i++) {
        const canara_event_t *const e = &events[i].event;
        if (is_piece(e)) {
            struct piece *const grown = array_grow(v->piece, &v->cap, v->pieces, sizeof *grown);
            if (grown == NULL) {
                return err_new(ERR_NOMEM);
            }
            v->piece = grown;
            const bool entry = e->of.keystrokes.count >= ENTRY_KEYS;
            v->piece[v->pieces++] =
                (struct piece){.field = field_of(e), .pattern = entry ? pattern_of(e) : 0};
        }
    }
    if (v->pieces > 0) {
        qsort(v->piece, v->pieces, sizeof *v->piece, by_field_and_pattern);
    }
    for (size_t from = 0, to = 0; from < v->pieces; from = to) {
        while (to < v->pieces && v->piece[to].field == v->piece[from].field) {
            to++;
        }
        judge_field(v, from, to);
    }
    return ERR_OK;
}

static bool is_text(const struct verdict *v, const canara_event_t *e)
{
    if (!is_piece(e)) {
        return false;
    }
    const struct field *const f = find_field(v, field_of(e));
    return f != NULL && f->free > f->alike;
}

/* ---- runs of pieces ---- */

/* Neighbours among the keystrokes of a session: what else happens between them does not part them. */
struct run {
    size_t begin, end; /* events; the first is a piece, and so is the one before `end` */
    size_t pieces, keys;
};

static struct run next_run(const struct verdict *v, const struct dataset_event *events, size_t at,
                           size_t count)
{
    while (at < count && !is_text(v, &events[at].event)) {
        at++;
    }
    struct run run = {.begin = at, .end = at};
    for (; at < count; at++) {
        const canara_event_t *const e = &events[at].event;
        if (e->kind != CANARA_KEYSTROKES) {
            continue;
        }
        if (!is_text(v, e) || field_of(e) != field_of(&events[run.begin].event)) {
            break;
        }
        run.end = at + 1;
        run.pieces++;
        run.keys += e->of.keystrokes.count;
    }
    return run;
}

/* ---- time ---- */

static double length_of(const canara_event_t *e)
{
    double end = 0.0;
    for (size_t i = 0; i < e->of.keystrokes.count; i++) {
        end = fmax(end, e->of.keystrokes.keys[i].up_ms);
    }
    return end;
}

/* From the last key's release to the next one's press, if times say when an event was over, or when it began. */
static double gap_between(const struct dataset_event *a, const struct dataset_event *b, bool begun)
{
    const double passed = (double)(b->at.ms - a->at.ms);
    return passed - length_of(begun ? &a->event : &b->event);
}

/* A set says when an event came, which is when it was over; but not every set has been told so. */
static void look_at_times(struct verdict *v, const struct dataset_event *events, size_t count)
{
    for (size_t at = 0; at < count;) {
        const struct run run = next_run(v, events, at, count);
        const struct dataset_event *before = NULL;
        for (size_t i = run.begin; i < run.end; i++) {
            if (events[i].event.kind != CANARA_KEYSTROKES) {
                continue;
            }
            if (before != NULL) {
                v->apart += gap_between(before, &events[i], false) >= -ROLLOVER_MS;
                v->apart_if_begun += gap_between(before, &events[i], true) >= -ROLLOVER_MS;
            }
            before = &events[i];
        }
        at = size_max(run.end, at + 1);
    }
}

/* ---- putting together ---- */

struct joint {
    canara_key_t key[KEYS_MOST];
    size_t count;
    double end; /* release of the newest key */
    struct dataset_event last;
};

static bool joint_takes(const struct joint *j, const struct dataset_event *e)
{
    return j->count + e->event.of.keystrokes.count <= KEYS_MOST &&
           j->end + PAUSE_MS + length_of(&e->event) <= SPAN_MS;
}

static void joint_add(struct joint *j, const struct dataset_event *e, bool begun)
{
    double offset = 0.0;
    if (j->count > 0) {
        const double gap = gap_between(&j->last, e, begun);
        const bool told = gap >= -ROLLOVER_MS && gap < PAUSE_MS;
        offset = fmax(j->end + (told ? gap : PAUSE_MS), j->key[j->count - 1].down_ms);
    }
    for (size_t i = 0; i < e->event.of.keystrokes.count; i++) {
        canara_key_t *const key = &j->key[j->count++];
        *key = e->event.of.keystrokes.keys[i];
        key->down_ms += offset;
        key->up_ms += offset;
    }
    j->end = offset + length_of(&e->event);
    j->last = *e;
}

/* The text so far, in place of its last piece. */
static err_t joint_give(struct joint *j, struct pool *pool, struct dataset_event *out)
{
    canara_event_t *const e = &j->last.event;
    e->of.keystrokes.keys = pool_copy(pool, j->key, j->count, sizeof *j->key);
    if (e->of.keystrokes.keys == NULL) {
        return err_new(ERR_NOMEM);
    }
    e->of.keystrokes.count = j->count;
    *out = j->last;
    j->count = 0;
    j->end = 0.0;
    return ERR_OK;
}

struct moving {
    struct pool *pool;
    const struct verdict *verdict;
    struct joint *joint;
    struct dataset_event *out; /* where the next event goes */
    size_t joined;
    bool begun;
};

/* A run becomes texts of TEXT_KEYS at most, more or less, of the same size as nearly as its pieces allow: the engine
 * cuts them into samples of the same size again. */
static err_t join_run(struct moving *m, const struct dataset_event *events, struct run run)
{
    const size_t texts = (run.keys + TEXT_KEYS - 1) / TEXT_KEYS;
    size_t keys = 0;
    size_t given = 0;
    for (size_t i = run.begin; i < run.end; i++) {
        const struct dataset_event e = events[i]; /* `out` may be there by now */
        if (e.event.kind != CANARA_KEYSTROKES) {
            *m->out++ = e;
            continue;
        }
        if (m->joint->count > 0 && !joint_takes(m->joint, &e)) {
            TRY(joint_give(m->joint, m->pool, m->out++));
        }
        m->joined += m->joint->count > 0;
        joint_add(m->joint, &e, m->begun);
        keys += e.event.of.keystrokes.count;
        if (keys * texts >= (given + 1) * run.keys || i + 1 == run.end) {
            TRY(joint_give(m->joint, m->pool, m->out++));
            given++;
        }
    }
    return ERR_OK;
}

static err_t join_session(struct moving *m, const struct dataset_event *events, size_t count)
{
    for (size_t at = 0; at < count;) {
        const struct run run = next_run(m->verdict, events, at, count);
        for (; at < run.begin; at++) {
            *m->out++ = events[at];
        }
        if (run.pieces > 0) {
            TRY(join_run(m, events, run));
        }
        at = run.end;
    }
    return ERR_OK;
}

static void free_joint(struct joint **joint)
{
    free(*joint);
}

err_t text_join(struct pool *pool, struct dataset_session *sessions, size_t sessions_count,
                struct dataset_event *events, size_t *events_count, size_t *joined)
{
    CLEANUP(verdict_deinit)
    struct verdict v = {.field = calloc(TEXT_JOIN_FIELDS, sizeof(struct field))};
    CLEANUP(free_joint) struct joint *joint = calloc(1, sizeof *joint);
    *joined = 0;
    if (v.field == NULL || joint == NULL) {
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
        return err_new(ERR_NOMEM);
    }
    for (size_t s = 0; s < sessions_count; s++) {
        TRY(judge_session(&v, events + sessions[s].first, sessions[s].count));
    }
    for (size_t s = 0; s < sessions_count; s++) {
        look_at_times(&v, events + sessions[s].first, sessions[s].count);
    }
    struct moving m = {.pool = pool,
                       .verdict = &v,
                       .joint = joint,
                       .out = events,
                       .begun = v.apart_if_begun > v.apart};
    for (size_t s = 0; s < sessions_count; s++) {
        const struct dataset_event *const from = events + sessions[s].first;
        const size_t count = sessions[s].count;
        sessions[s].first = (uint32_t)(m.out - events);
        TRY(join_session(&m, from, count));
        sessions[s].count = (uint32_t)(m.out - events) - sessions[s].first;
    }
    *events_count = (size_t)(m.out - events);
    *joined = m.joined;
    return ERR_OK;
}
