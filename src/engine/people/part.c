#include "engine/people/part.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/habit.h"
#include "engine/people/part_cells.h"

#include <math.h>
#include <string.h>

static void store_sample(struct part *p, size_t slot, const struct sample *s)
{
    for (size_t f = 0; f < p->features; f++) {
        part_cell_put(p, slot, f, s->x[f]);
    }
    p->bits |= PART_CHANGED;
}

void part_begin(struct part *p, const struct sample *s)
{
    memset(p, 0, sizeof *p);
    p->context = s->context;
    memcpy(p->name, s->name, sizeof p->name);
    p->kind = (uint8_t)s->kind;
    p->features = (uint16_t)s->count;
    p->bits = PART_CHANGED | (s->count >= PART_WIDE_FROM ? PART_NARROW : 0) |
              (s->kind == SAMPLE_FEATURES ? PART_VECTORS : 0);
    const size_t room = sizeof p->of.pool - part_habit_bytes(p) * s->count;
    const size_t slots = room / part_row_bytes(p);
    p->slots = (uint16_t)(slots < PART_RING + PART_HELD ? slots : PART_RING + PART_HELD);
    p->ring = (uint16_t)(p->slots - PART_HELD);
    part_cells_begin(p, s); /* nothing is known before the first part_refresh() */
}

size_t part_core_bytes(const struct part *p)
{
    return part_is_table(p) ? sizeof *p
                            : offsetof(struct part, of) + part_known_bytes(p) * p->features;
}

double part_middle(const struct part *p, size_t f)
{
    return part_number_get(p, PART_MIDDLE, f);
}

double part_spread(const struct part *p, size_t f)
{
    return part_number_get(p, PART_SPREAD, f);
}

double part_anchor_middle(const struct part *p, size_t f)
{
    return part_number_get(p, PART_ANCHOR_MIDDLE, f);
}

double part_anchor_spread(const struct part *p, size_t f)
{
    return part_number_get(p, PART_ANCHOR_SPREAD, f);
}

double part_shrunk(const struct part *p, size_t f)
{
    return part_number_get(p, PART_SHRUNK, f);
}

void part_shrink(struct part *p, const double *usual)
{
    const double n = p->count;
    const double own = n / (n + PART_SHRINK);
    for (size_t f = 0; f < p->features; f++) {
        const double spread = part_spread(p, f);
        const double shrunk = spread > 0.0 && usual[f] > 0.0
                                  ? exp(own * log(spread) + (1.0 - own) * log(usual[f]))
                                  : fmax(spread, usual[f]);
        part_number_put(p, PART_SHRUNK, f, fmax(shrunk, part_spread_least(p)));
    }
}

void part_row(const struct part *p, size_t slot, double cap, double *row)
{
    for (size_t f = 0; f < p->features; f++) {
        const double spread = part_spread(p, f);
        const double z = (part_cell(p, slot, f) - part_middle(p, f)) / spread;
        row[f] = spread > 0.0 ? clip(z, -cap, cap) : NAN;
    }
}

void part_begin_table(struct part *p, enum part_table kind)
{
    static const char *const names[] = {"navigation", "person:routine"};
    const char *const name = names[(unsigned)kind - PART_NAVIGATION];
    memset(p, 0, sizeof *p);
    memcpy(p->name, name, strlen(name));
    p->context = fnv_add(FNV_START, name, strlen(name));
    p->kind = (uint8_t)kind;
    p->bits = PART_CHANGED;
}

/* Mean distance a feature between two samples of the ring, in the user's deviations, cut at 4. */
static double distance(const struct part *p, size_t a, size_t b)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t f = 0; f < p->features; f++) {
        const double gap = fabs(part_cell(p, a, f) - part_cell(p, b, f)) / part_spread(p, f);
        if (isfinite(gap)) {
            sum += fmin(gap, 4.0);
            n++;
        }
    }
    return n == 0 ? 0.0 : sum / (double)n;
}

enum { NEAREST_OF = 12 }; /* newest samples looked at: enough for a median, cheap */

/* How near the user usually comes to himself: what is much nearer is a copy. */
static double usual_nearest(const struct part *p)
{
    const size_t n = p->count < NEAREST_OF ? p->count : NEAREST_OF;
    double sorted[NEAREST_OF];
    for (size_t i = 0; i < n; i++) {
        double nearest = INFINITY;
        for (size_t j = 0; j < p->count; j++) {
            if (j != i) {
                nearest = fmin(nearest, distance(p, p->order[i], p->order[j]));
            }
        }
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > nearest; at--) {
            sorted[at] = sorted[at - 1];
        }
        sorted[at] = nearest;
    }
    return n == 0 ? 0.0 : sorted[n / 2];
}

/* Half of the way, as a ratio, from the spread of the ring to that of enrolment: what passes the gate is the owner's
 * most typical, and its spread alone gets narrower and narrower. Without two spreads there is no way between them. */
static double followed_spread(const struct part *p, size_t f, double spread)
{
    const double anchor = (p->bits & PART_ANCHORED) != 0 ? part_anchor_spread(p, f) : NAN;
    return anchor > 0.0 && spread > 0.0 ? sqrt(spread * anchor) : spread;
}

void part_refresh(struct part *p, bool limited)
{
    struct habit_weights weights;
    double x[HABIT_SAMPLES_MAX];
    if (p->count == 0) {
        return;
    }
    habit_weights(weights.middle, p->count, PART_HALF_LIFE_MIDDLE);
    habit_weights(weights.spread, p->count, PART_HALF_LIFE_SPREAD);
    const double least = (p->bits & PART_VECTORS) != 0 ? 0.0 : HABIT_SPREAD_MIN;
    for (size_t f = 0; f < p->features; f++) {
        for (size_t i = 0; i < p->count; i++) {
            x[i] = part_cell(p, p->order[i], f);
        }
        habit_t h = habit_of(x, &weights, p->count, least);
        const double was = part_middle(p, f);
        const double step = PART_STEP * part_spread(p, f);
        if (limited && !isnan(was) && !isnan(h.middle)) {
            h.middle = clip(h.middle, was - step, was + step);
        }
        part_number_put(p, PART_MIDDLE, f, h.middle);
        part_number_put(p, PART_SPREAD, f, limited ? followed_spread(p, f, h.spread) : h.spread);
    }
    p->nearest = (float)(p->count >= 5 ? usual_nearest(p) : 0.0);
    p->bits |= PART_CHANGED;
}

void part_anchor(struct part *p)
{
    for (size_t f = 0; f < p->features; f++) {
        part_number_put(p, PART_ANCHOR_MIDDLE, f, part_middle(p, f));
        part_number_put(p, PART_ANCHOR_SPREAD, f, part_spread(p, f));
    }
    p->pressed = 0;
    p->bits |= PART_ANCHORED | PART_CHANGED;
}

double part_drift(const struct part *p)
{
    if ((p->bits & PART_ANCHORED) == 0) {
        return 0.0;
    }
    double sum = 0.0;
    size_t n = 0;
    for (size_t f = 0; f < p->features; f++) {
        const double gap =
            fabs(part_middle(p, f) - part_anchor_middle(p, f)) / part_anchor_spread(p, f);
        if (isfinite(gap)) {
            sum += gap;
            n++;
        }
    }
    return n == 0 ? 0.0 : sum / (double)n;
}

double part_from_anchor(const struct part *p, const struct sample *s)
{
    if ((p->bits & PART_ANCHORED) == 0) {
        return 0.0;
    }
    double sum = 0.0;
    size_t n = 0;
    for (size_t f = 0; f < p->features; f++) {
        const double gap = fabs(s->x[f] - part_anchor_middle(p, f)) / part_anchor_spread(p, f);
        if (isfinite(gap)) {
            sum += fmin(gap, PART_DRIFT_CUT);
            n++;
        }
    }
    return n == 0 ? 0.0 : sum / (double)n;
}

void part_note_score(struct part *p, double nats)
{
    p->scored += p->scored < UINT32_MAX ? 1U : 0U;
    const double gap = nats - (double)p->score_mean;
    const double mean = (double)p->score_mean + gap / (double)p->scored;
    p->score_m2 = (float)((double)p->score_m2 + gap * (nats - mean));
    p->score_mean = (float)mean;
    p->bits |= PART_CHANGED;
}

/* ---- slots ---- */

static bool is_used(const struct part *p, size_t slot)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->order[i] == slot) {
            return true;
        }
    }
    for (size_t i = 0; i < p->held; i++) {
        if (p->in_quarantine[i].slot == slot) {
            return true;
        }
    }
    return false;
}

static size_t free_slot(const struct part *p)
{
    for (size_t slot = 0; slot < p->slots; slot++) {
        if (!is_used(p, slot)) {
            return slot;
        }
    }
    return 0; /* not reached: the ring and the quarantine together have as many as there are */
}

/* Put a filled slot in front; the oldest leaves when the ring is full. */
static void into_ring(struct part *p, size_t slot)
{
    const size_t kept = p->count < p->ring ? p->count : (size_t)p->ring - 1U;
    memmove(p->order + 1, p->order, kept);
    p->order[0] = (uint8_t)slot;
    p->count = (uint16_t)(kept + 1);
    p->accepted += p->accepted < UINT32_MAX ? 1U : 0U;
}

void part_accept(struct part *p, const struct sample *s)
{
    if (p->count == p->ring) {
        p->count = (uint16_t)(p->count - 1U);
    }
    const size_t slot = free_slot(p);
    store_sample(p, slot, s);
    into_ring(p, slot);
}

static void drop_held(struct part *p, size_t at)
{
    memmove(&p->in_quarantine[at], &p->in_quarantine[at + 1],
            (p->held - at - 1U) * sizeof p->in_quarantine[0]);
    p->held = (uint16_t)(p->held - 1U);
}

static void winsorise(struct part *p, size_t slot)
{
    for (size_t f = 0; f < p->features; f++) {
        const double x = part_cell(p, slot, f);
        const double middle = part_middle(p, f);
        const double reach = PART_WINSOR * part_spread(p, f);
        if (!isnan(x) && !isnan(middle)) {
            part_cell_put(p, slot, f, clip(x, middle - reach, middle + reach));
        }
    }
}

static bool is_due(const struct held *h, uint32_t session, int64_t at_ms)
{
    return session - h->session >= PART_HELD_AFTER || at_ms - h->at_ms >= PART_HELD_MS;
}

size_t part_release(struct part *p, uint32_t session, int64_t at_ms)
{
    size_t released = 0;
    while (p->held > 0 && is_due(&p->in_quarantine[0], session, at_ms)) {
        const size_t slot = p->in_quarantine[0].slot;
        drop_held(p, 0);
        if (p->count >= 5) {
            winsorise(p, slot);
        }
        into_ring(p, slot);
        released++;
    }
    if (released > 0) {
        p->bits |= PART_CHANGED;
    }
    return released;
}

/* Samples that have waited long enough, oldest first. */
struct due {
    size_t n, unproved;
    bool proved[PART_HELD];
};

static struct due due_now(const struct part *p, uint32_t session, int64_t at_ms)
{
    struct due due = {.n = 0};
    while (due.n < p->held && is_due(&p->in_quarantine[due.n], session, at_ms)) {
        due.proved[due.n] = p->in_quarantine[due.n].proved != 0;
        due.unproved += due.proved[due.n] ? 0U : 1U;
        due.n++;
    }
    return due;
}

static void drop_unproved(struct part *p, const struct due *due)
{
    size_t at = 0;
    for (size_t i = 0; i < due->n; i++) {
        if (due->proved[i]) {
            at++;
        } else {
            drop_held(p, at);
        }
    }
    p->bits |= due->unproved > 0 ? PART_CHANGED : 0;
}

/* Behind the release of what was due: who brings a habit back, or keeps it there, does not push it. */
static void forget_a_press(struct part *p, const struct due *due)
{
    if (due->unproved > 0 && p->pressed > 0 && part_drift(p) <= PART_AT_EASE) {
        p->pressed = (uint8_t)(p->pressed - 1U);
    }
}

bool part_let_in(struct part *p, uint32_t session, int64_t at_ms)
{
    const struct part before = *p;
    const struct due due = due_now(p, session, at_ms);
    const bool fenced = due.n == 0 || due.unproved > 0;
    (void)part_release(p, session, at_ms);
    part_refresh(p, true);
    if (!fenced || part_drift(p) <= fmax(part_drift(&before), PART_FENCE)) {
        forget_a_press(p, &due);
        return false;
    }
    *p = before;
    drop_unproved(p, &due);
    if (due.unproved < due.n) {
        (void)part_let_in(p, session, at_ms); /* the rest, which was proved */
    }
    return due.unproved > 0;
}

/* A session holds a few samples and no more: many would push out what the sessions before it left
 * here, and nothing would ever wait long enough. The last one is then the one that changes. */
static bool replaces_its_own(struct part *p, const struct sample *s, const struct held *as)
{
    size_t own = 0;
    for (size_t i = 0; i < p->held; i++) {
        own += p->in_quarantine[i].session == as->session;
    }
    if (own < PART_HELD_A_SESSION) {
        return false;
    }
    struct held *last = &p->in_quarantine[p->held - 1U];
    const uint16_t slot = last->slot;
    *last = *as;
    last->slot = slot;
    store_sample(p, slot, s);
    return true;
}

void part_hold(struct part *p, const struct sample *s, uint32_t session, int64_t at_ms, bool proved)
{
    struct held as = {.at_ms = at_ms, .session = session, .proved = proved ? 1 : 0};
    if (replaces_its_own(p, s, &as)) {
        return;
    }
    const bool fenced = (p->bits & PART_ANCHORED) != 0; /* only part_let_in() lets in then */
    if (p->held == PART_HELD && (fenced || part_release(p, session, at_ms) == 0)) {
        drop_held(p, 0);
    }
    as.slot = (uint16_t)free_slot(p);
    store_sample(p, as.slot, s);
    p->in_quarantine[p->held] = as;
    p->held = (uint16_t)(p->held + 1U);
}
