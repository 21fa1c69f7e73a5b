#include "engine/people/navigation.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>

/* None of these was fitted: there are no recorded sessions of real people to fit them on. */
#define PRIOR        4.0  /* steps that weigh as much as people in general */
#define PEOPLE_DWELL 2.7  /* ln of 15 s */
#define PEOPLE_APART 1.0  /* mean deviation of log dwell times between pages and people */
#define SPREAD_FIRST 0.5  /* of a page that was seen once */
#define SPREAD_MIN   0.15 /* how exactly anybody keeps a time */
#define DWELL_MIN_S  0.05

enum {
    COUNT_FULL = 1024,
    DWELLS_KEPT = 20, /* that the mean is over, the newest counting most */
    DWELLS_MIN = 5,
    VISITS_MIN = 10 /* below nothing is said */
};

uint64_t navigation_page(const canara_event_t *event)
{
    const canara_text_t page = event->of.navigation.current_page;
    if (event->kind != CANARA_NAVIGATION_PATTERN ||
        (event->has & (uint32_t)CANARA_F_CURRENT_PAGE) == 0 || page.len == 0) {
        return 0;
    }
    return fnv_add(FNV_START, page.ptr, page.len) | UINT64_C(1);
}

double navigation_dwell(const canara_event_t *event)
{
    if (event->kind != CANARA_NAVIGATION_PATTERN ||
        (event->has & (uint32_t)CANARA_F_TIME_ON_PAGE) == 0) {
        return NAN;
    }
    return log(fmax(event->of.navigation.time_on_page_s, DWELL_MIN_S));
}

static size_t find(const struct navigation *n, uint64_t hash)
{
    size_t i = 0;
    while (i < n->pages && n->page[i].hash != hash) {
        i++;
    }
    return i;
}

/* ---- evidence ---- */

/* How likely anybody is to go to this page. */
static double popularity(const struct navigation *n, const struct navigation_people *people,
                         uint64_t hash)
{
    if (people == NULL || people->pages == 0) {
        return 1.0 / ((double)n->pages + 1.0); /* one for all pages that are not known */
    }
    for (size_t i = 0; i < people->pages; i++) {
        if (people->hash[i] == hash) {
            return (double)people->share[i];
        }
    }
    return 1.0 / ((double)people->pages + 1.0);
}

/* ln of people's share over the owner's, both of going there from here. 0 where he never was. */
static double step_ratio(const struct navigation *n, const struct navigation_people *people,
                         uint64_t from, uint64_t to)
{
    const size_t a = find(n, from);
    const size_t b = find(n, to);
    double left = 0.0;
    double went = 0.0;
    for (size_t i = 0; i < n->moves; i++) {
        if (n->move[i].from == a) {
            left += n->move[i].times;
            went += n->move[i].to == b ? n->move[i].times : 0;
        }
    }
    if (left < 1.0) {
        return 0.0;
    }
    const double q = popularity(n, people, to);
    return log(q * (left + PRIOR) / (went + PRIOR * q));
}

/* ln of Student's t with two degrees of freedom, without its constant. */
static double t_log(double x, double middle, double spread)
{
    const double z = (x - middle) / spread;
    return -1.5 * log1p(0.5 * z * z) - log(spread);
}

bool navigation_usual_dwell(const struct navigation *n, uint64_t page, double *dwell,
                            double *spread)
{
    const size_t i = find(n, page);
    if (i == n->pages || n->page[i].dwells < DWELLS_MIN) {
        return false;
    }
    *dwell = (double)n->page[i].dwell;
    *spread = fmax((double)n->page[i].spread, SPREAD_MIN);
    return true;
}

static double dwell_ratio(const struct navigation_people *people, double x, double usual,
                          double spread)
{
    const double middle = people == NULL ? PEOPLE_DWELL : people->dwell;
    const double apart = people == NULL ? PEOPLE_APART : people->spread;
    return t_log(x, middle, apart) - t_log(x, usual, spread);
}

double navigation_ratio(const struct navigation *n, const struct navigation_people *people,
                        uint64_t from, uint64_t to, double dwell)
{
    double nats = 0.0;
    if (from != 0 && from != to) {
        nats += step_ratio(n, people, from, to);
    }
    double usual = 0.0;
    double spread = 0.0;
    if (!isnan(dwell) && navigation_usual_dwell(n, to, &usual, &spread)) {
        nats += dwell_ratio(people, dwell, usual, spread);
    }
    return clip(nats, -NAVIGATION_LIMIT, NAVIGATION_LIMIT);
}

/* ---- counting ---- */

static void halve(struct navigation *n)
{
    for (size_t i = 0; i < n->pages; i++) {
        n->page[i].visits = (uint16_t)((n->page[i].visits + 1U) / 2U);
    }
    for (size_t i = 0; i < n->moves; i++) {
        n->move[i].times = (uint16_t)((n->move[i].times + 1U) / 2U);
    }
}

static void forget_moves_of(struct navigation *n, size_t page)
{
    size_t kept = 0;
    for (size_t i = 0; i < n->moves; i++) {
        if (n->move[i].from != page && n->move[i].to != page) {
            n->move[kept++] = n->move[i];
        }
    }
    n->moves = (uint16_t)kept;
}

/* `keep` is the page that is being left: it must not make room for the one it leads to. */
static size_t page_for(struct navigation *n, uint64_t hash, size_t keep)
{
    size_t at = find(n, hash);
    if (at < n->pages) {
        return at;
    }
    if (n->pages < NAVIGATION_PAGES) {
        n->pages = (uint16_t)(n->pages + 1U);
    } else {
        at = keep == 0 ? 1 : 0;
        for (size_t i = 0; i < n->pages; i++) {
            at = i != keep && n->page[i].visits < n->page[at].visits ? i : at;
        }
        forget_moves_of(n, at);
    }
    n->page[at] = (struct page){.hash = hash, .spread = (float)SPREAD_FIRST};
    return at;
}

static void count_move(struct navigation *n, size_t from, size_t to)
{
    size_t least = 0;
    for (size_t i = 0; i < n->moves; i++) {
        if (n->move[i].from == from && n->move[i].to == to) {
            n->move[i].times = (uint16_t)(n->move[i].times + 1U);
            if (n->move[i].times >= COUNT_FULL) {
                halve(n);
            }
            return;
        }
        least = n->move[i].times < n->move[least].times ? i : least;
    }
    if (n->moves < NAVIGATION_MOVES) {
        least = n->moves;
        n->moves = (uint16_t)(n->moves + 1U);
    }
    n->move[least] = (struct move){.from = (uint8_t)from, .to = (uint8_t)to, .times = 1};
}

static void count_dwell(struct page *p, double x)
{
    p->dwells = (uint16_t)(p->dwells + (p->dwells < DWELLS_KEPT ? 1U : 0U));
    const double gap = x - (double)p->dwell;
    if (p->dwells == 1) {
        p->dwell = (float)x;
        return;
    }
    p->dwell = (float)((double)p->dwell + gap / p->dwells);
    p->spread = (float)((double)p->spread + (fabs(gap) - (double)p->spread) / p->dwells);
}

void navigation_learn(struct navigation *n, uint64_t from, uint64_t to, double dwell)
{
    const size_t a = from == 0 ? NAVIGATION_PAGES : find(n, from);
    const size_t b = page_for(n, to, a);
    n->page[b].visits = (uint16_t)(n->page[b].visits + 1U);
    if (n->page[b].visits >= COUNT_FULL) {
        halve(n);
    }
    if (a != b && a < n->pages && n->page[a].hash == from) {
        count_move(n, a, b);
    }
    if (!isnan(dwell)) {
        count_dwell(&n->page[b], dwell);
    }
}

bool navigation_knows_enough(const struct navigation *n)
{
    size_t visits = 0;
    for (size_t i = 0; i < n->pages; i++) {
        visits += n->page[i].visits;
    }
    return visits >= VISITS_MIN;
}

/* ---- bytes ---- */

void navigation_write(struct byte_writer *w, const struct navigation *n)
{
    write_u16(w, n->pages);
    write_u16(w, n->moves);
    for (size_t i = 0; i < n->pages; i++) {
        write_u64(w, n->page[i].hash);
        write_f32(w, n->page[i].dwell);
        write_f32(w, n->page[i].spread);
        write_u16(w, n->page[i].visits);
        write_u16(w, n->page[i].dwells);
    }
    for (size_t i = 0; i < n->moves; i++) {
        write_u8(w, n->move[i].from);
        write_u8(w, n->move[i].to);
        write_u16(w, n->move[i].times);
    }
}

static bool read_page(struct byte_reader *r, struct page *p)
{
    p->hash = read_u64(r);
    p->dwell = read_f32(r);
    p->spread = read_f32(r);
    p->visits = read_u16(r);
    p->dwells = read_u16(r);
    return p->hash != 0 && fabsf(p->dwell) <= 20.0F && p->spread >= 0.0F && p->spread <= 40.0F &&
           p->visits >= 1 && p->visits < COUNT_FULL && p->dwells <= DWELLS_KEPT;
}

static bool read_move(struct byte_reader *r, struct move *m, size_t pages)
{
    m->from = read_u8(r);
    m->to = read_u8(r);
    m->times = read_u16(r);
    return m->from < pages && m->to < pages && m->from != m->to && m->times >= 1 &&
           m->times < COUNT_FULL;
}

bool navigation_read(struct byte_reader *r, struct navigation *n)
{
    n->pages = read_u16(r);
    n->moves = read_u16(r);
    if (r->failed || n->pages > NAVIGATION_PAGES || n->moves > NAVIGATION_MOVES) {
        return false;
    }
    for (size_t i = 0; i < n->pages; i++) {
        if (!read_page(r, &n->page[i]) || find(n, n->page[i].hash) != i) {
            return false;
        }
    }
    for (size_t i = 0; i < n->moves; i++) {
        if (!read_move(r, &n->move[i], n->pages)) {
            return false;
        }
    }
    return !r->failed;
}
