#include "engine/profile/bag.h"

#include "engine/people/part.h"

#include <stdlib.h>
#include <string.h>

/* One new row to this many known ones makes it worth growing again. */
#define NEWS_SHARE UINT64_C(16)

void bag_begin(struct bag *b, const struct sample *s)
{
    memset(b, 0, sizeof *b);
    b->own.context = s->context;
    b->own.kind = (uint8_t)s->kind;
    b->own.features = (uint16_t)s->count;
    b->own.changed = 1;
}

void bag_deinit(struct bag *b)
{
    for (size_t i = 0; i < b->pages; i++) {
        free(b->page[i]);
    }
    b->pages = 0;
}

bool bag_is_like(const struct bag *b, const struct sample *s)
{
    return b->own.context == s->context && b->own.kind == (uint8_t)s->kind &&
           b->own.features == s->count;
}

/* ---- pages ---- */

static struct bag_page *newest(const struct bag *b)
{
    struct bag_page *best = NULL;
    for (size_t i = 0; i < b->pages; i++) {
        if (best == NULL || b->page[i]->ordinal > best->ordinal) {
            best = b->page[i];
        }
    }
    return best;
}

/* The page that was filled next after `ordinal`. */
static struct bag_page *after(const struct bag *b, uint32_t ordinal)
{
    struct bag_page *best = NULL;
    for (size_t i = 0; i < b->pages; i++) {
        struct bag_page *p = b->page[i];
        if (p->ordinal > ordinal && (best == NULL || p->ordinal < best->ordinal)) {
            best = p;
        }
    }
    return best;
}

static bool has_waiting(const struct bag_page *p)
{
    return p->trusted < p->count;
}

/* Make room: thin out two neighbours of one level, of the lowest there is and the oldest of those, so
 * that a long history stays whole but ever sparser. Gives the page that became free. */
static struct bag_page *thin_out(const struct bag *b)
{
    struct bag_page *first = after(b, 0);
    struct bag_page *best = NULL;
    for (struct bag_page *p = first; p != NULL; p = after(b, p->ordinal)) {
        const struct bag_page *next = after(b, p->ordinal);
        if (next != NULL && !has_waiting(p) && !has_waiting(next) && p->level == next->level &&
            (best == NULL || p->level < best->level)) {
            best = p;
        }
    }
    if (best == NULL) {
        return first;
    }
    struct bag_page *freed = after(b, best->ordinal);
    page_merge(best, freed);
    return freed;
}

static bool has_number(const struct bag *b, uint8_t number)
{
    for (size_t i = 0; i < b->pages; i++) {
        if (b->page[i] != NULL && b->page[i]->number == number) {
            return true;
        }
    }
    return false;
}

static struct bag_page *new_page(struct bag *b, const struct sample *s, uint32_t ordinal)
{
    struct bag_page *p = malloc(sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    uint8_t number = 0;
    while (has_number(b, number)) {
        number++;
    }
    page_begin(p, s, number, ordinal);
    b->page[b->pages++] = p;
    return p;
}

/* The page for the next row: the newest; a new one when it is full; one that thinning has freed when
 * there are as many as there may be. */
static struct bag_page *open_page(struct bag *b, const struct sample *s)
{
    struct bag_page *last = newest(b);
    if (last != NULL && last->count < page_rows(s->kind, s->count)) {
        return last;
    }
    const uint32_t ordinal = last == NULL ? 1 : last->ordinal + 1;
    if (ordinal == 0) {
        return NULL;
    }
    if (b->pages < BAG_PAGES) {
        return new_page(b, s, ordinal);
    }
    struct bag_page *again = thin_out(b);
    page_begin(again, s, again->number, ordinal);
    return again;
}

enum canara_status bag_take_page(struct bag *b, const struct bag_page *p)
{
    if (p->number >= BAG_PAGES) {
        return CANARA_BAD_FORMAT;
    }
    for (size_t i = 0; i < b->pages; i++) {
        if (b->page[i]->number == p->number) {
            *b->page[i] = *p;
            return CANARA_OK;
        }
    }
    struct bag_page *fresh = malloc(sizeof *fresh);
    if (fresh == NULL) {
        return CANARA_NO_MEMORY;
    }
    *fresh = *p;
    b->page[b->pages++] = fresh;
    return CANARA_OK;
}

/* ---- waiting ---- */

static size_t waiting(const struct own *o)
{
    size_t n = 0;
    for (size_t i = 0; i < o->helds; i++) {
        n += o->held[i].rows;
    }
    return n;
}

static bool wait_for(struct bag *b, const struct sample *s, int64_t at_ms)
{
    struct own *o = &b->own;
    if (waiting(o) >= page_rows(s->kind, s->count) / 2) {
        return false;
    }
    if (o->helds > 0 && o->held[o->helds - 1].session == o->sessions) {
        o->held[o->helds - 1].rows++;
        return true;
    }
    if (o->helds == OWN_HELD) {
        return false;
    }
    o->held[o->helds++] = (struct own_held){.at_ms = at_ms, .session = o->sessions, .rows = 1};
    return true;
}

enum canara_status bag_add(struct bag *b, const struct sample *s, bool at_once, int64_t at_ms)
{
    struct bag_page *p = open_page(b, s);
    if (p == NULL) {
        return CANARA_NO_MEMORY;
    }
    if (!b->touched) {
        b->touched = true;
        b->own.sessions += b->own.sessions < UINT32_MAX ? 1U : 0U;
    }
    const bool waits = !at_once || b->own.helds > 0;
    if (waits && !wait_for(b, s, at_ms)) {
        return CANARA_FULL;
    }
    page_add(p, s);
    if (!waits) {
        p->trusted = p->count;
        b->own.accepted += b->own.accepted < UINT32_MAX ? 1U : 0U;
    }
    b->own.changed = 1;
    return CANARA_OK;
}

/* The oldest page with rows that wait. */
static struct bag_page *next_waiting(const struct bag *b)
{
    struct bag_page *best = NULL;
    for (size_t i = 0; i < b->pages; i++) {
        struct bag_page *p = b->page[i];
        if (has_waiting(p) && (best == NULL || p->ordinal < best->ordinal)) {
            best = p;
        }
    }
    return best;
}

static void believe(struct bag *b, size_t rows)
{
    for (struct bag_page *p = next_waiting(b); rows > 0 && p != NULL; p = next_waiting(b)) {
        const size_t here = (size_t)p->count - p->trusted;
        const size_t n = here < rows ? here : rows;
        p->trusted = (uint16_t)(p->trusted + n);
        p->changed = 1;
        b->own.accepted += (uint32_t)n;
        rows -= n;
    }
}

void bag_release(struct bag *b, int64_t at_ms)
{
    struct own *o = &b->own;
    while (o->helds > 0) {
        const struct own_held h = o->held[0];
        if (o->sessions - h.session < PART_HELD_AFTER && at_ms - h.at_ms < PART_HELD_MS) {
            return;
        }
        believe(b, h.rows);
        o->helds--;
        memmove(&o->held[0], &o->held[1], o->helds * sizeof o->held[0]);
        o->changed = 1;
    }
}

/* ---- working it out ---- */

static size_t count_trusted(const struct bag *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->pages; i++) {
        n += b->page[i]->trusted;
    }
    return n;
}

/* The page that was filled before `ordinal`. */
static const struct bag_page *before(const struct bag *b, uint64_t ordinal)
{
    const struct bag_page *best = NULL;
    for (size_t i = 0; i < b->pages; i++) {
        const struct bag_page *p = b->page[i];
        if (p->ordinal < ordinal && (best == NULL || p->ordinal > best->ordinal)) {
            best = p;
        }
    }
    return best;
}

/* Called for each trusted row, the newest first, `at` counting from 0. */
typedef void row_fn(void *ctx, size_t at, const struct sample *s);

static void each_row(const struct bag *b, row_fn *fn, void *ctx)
{
    struct sample s;
    size_t at = 0;
    for (const struct bag_page *p = before(b, UINT64_MAX); p != NULL; p = before(b, p->ordinal)) {
        for (size_t i = p->trusted; i > 0; i--) {
            page_row(p, i - 1, &s);
            fn(ctx, at++, &s);
        }
    }
}

struct binning {
    const struct crowd *crowd;
    uint8_t *row;
};

static void bin_row(void *ctx, size_t at, const struct sample *s)
{
    const struct binning *b = ctx;
    uint8_t bins[CROWD_FEATURES_MAX];
    crowd_bins(b->crowd, s, bins);
    memcpy(b->row + at * b->crowd->features, bins, b->crowd->features);
}

static void copy_row(void *ctx, size_t at, const struct sample *s)
{
    float *value = ctx;
    for (size_t f = 0; f < s->count; f++) {
        value[at * s->count + f] = (float)s->x[f];
    }
}

static bool is_new(const struct own *o, const struct crowd *crowd)
{
    const uint64_t id = crowd == NULL ? 0 : crowd->id;
    if (o->form == OWN_NOTHING || o->crowd_id != id) {
        return true;
    }
    return (o->accepted - o->grown_at) * NEWS_SHARE >= o->known;
}

static enum canara_status work_out_alone(struct bag *b, size_t n, const struct crowd *crowd)
{
    const size_t features = b->own.features;
    float *value = malloc(n * features * sizeof *value);
    if (value == NULL) {
        return CANARA_NO_MEMORY;
    }
    each_row(b, copy_row, value);
    const struct self_rows rows = {.value = value,
                                   .count = n,
                                   .features = features,
                                   .vectors = b->own.kind == SAMPLE_FEATURES};
    const bool good = own_work_out_alone(&b->own, &rows, crowd);
    free(value);
    return good ? CANARA_OK : CANARA_NO_MEMORY;
}

static enum canara_status work_out_among(struct bag *b, size_t n, const struct crowd *crowd,
                                         bool simulated)
{
    uint8_t *row = malloc(n * crowd->features);
    if (row == NULL) {
        return CANARA_NO_MEMORY;
    }
    each_row(b, bin_row, &(struct binning){.crowd = crowd, .row = row});
    const struct own_rows rows = {.crowd = crowd, .row = row, .count = n};
    bool foreign = false;
    bool good = own_is_foreign(&rows, simulated, &foreign);
    if (good && !foreign) {
        good = own_work_out(&b->own, &rows);
    }
    free(row);
    if (good && foreign) {
        return work_out_alone(b, n, crowd);
    }
    return good ? CANARA_OK : CANARA_NO_MEMORY;
}

enum canara_status bag_work_out(struct bag *b, const struct crowd *crowd, bool simulated)
{
    const size_t n = count_trusted(b);
    if (n < EVIDENCE_SAMPLES_MIN || !is_new(&b->own, crowd)) {
        return CANARA_OK;
    }
    return crowd == NULL ? work_out_alone(b, n, NULL) : work_out_among(b, n, crowd, simulated);
}
