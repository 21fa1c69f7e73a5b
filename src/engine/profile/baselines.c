/* baselines.c - an event beside the owner's habit, in words and units of everyday life. */
#include "canara.h"
#include "engine/arithmetic/numbers.h"
#include "engine/profile/profile.h"
#include "engine/profile/samples_of.h"
#include "engine/samples/event_check.h"
#include "engine/session/rules.h"

#include <math.h>
#include <string.h>

/* How a feature becomes a number that somebody can imagine. */
enum form {
    FORM_MS,      /* ln s */
    FORM_LOG,     /* ln(x + offset) */
    FORM_SIGNED,  /* sign(x) ln(1 + |x|) */
    FORM_LOG_ODDS /* of a share, shown in percent */
};

struct word {
    const char *what, *unit;
    enum form form;
    double offset;
};

enum word_number {
    WORD_HOLD,
    WORD_INTERVAL,
    WORD_PRESSURE,
    WORD_SIZE,
    WORD_ROLLOVER,
    WORD_CORRECTIONS,
    WORD_PAUSES,
    WORD_UNEVENNESS,
    WORD_TYPING_SPEED,
    WORD_TYPING_CORRECTIONS,
    WORD_POINTER_SPEED,
    WORD_IDLE,
    WORD_SCROLL_DISTANCE,
    WORD_SCROLL_SPEED,
    WORD_TILT,
    WORD_TURN,
    WORD_SHAKE,
    WORD_DWELL,
    WORDS /* no word: left out */
};

/* clang-format off */
static const struct word words[WORDS] = {
    [WORD_HOLD]               = {"hold time",         "ms",    FORM_MS,       0.0},
    [WORD_INTERVAL]           = {"key interval",      "ms",    FORM_MS,       0.0},
    [WORD_PRESSURE]           = {"pressure",          "",      FORM_LOG,      SAMPLE_PRESSURE_OFFSET},
    [WORD_SIZE]               = {"touch size",        "",      FORM_LOG,      SAMPLE_SIZE_OFFSET},
    [WORD_ROLLOVER]           = {"overlapping keys",  "%",     FORM_LOG_ODDS, 0.0},
    [WORD_CORRECTIONS]        = {"corrections",       "%",     FORM_LOG_ODDS, 0.0},
    [WORD_PAUSES]             = {"pauses",            "%",     FORM_LOG_ODDS, 0.0},
    [WORD_UNEVENNESS]         = {"unevenness",        "",      FORM_LOG,      0.05},
    [WORD_TYPING_SPEED]       = {"typing speed",      "wpm",   FORM_LOG,      5.0},
    [WORD_TYPING_CORRECTIONS] = {"corrections",       "share", FORM_LOG,      0.02},
    [WORD_POINTER_SPEED]      = {"pointer speed",     "px/s",  FORM_LOG,      10.0},
    [WORD_IDLE]               = {"idle time",         "s",     FORM_LOG,      0.2},
    [WORD_SCROLL_DISTANCE]    = {"scroll distance",   "px",    FORM_SIGNED,   0.0},
    [WORD_SCROLL_SPEED]       = {"scroll speed",      "px/s",  FORM_SIGNED,   0.0},
    [WORD_TILT]               = {"way of holding",    "m/s2",  FORM_SIGNED,   0.0},
    [WORD_TURN]               = {"turning",           "rad/s", FORM_SIGNED,   0.0},
    [WORD_SHAKE]              = {"unsteadiness",      "",      FORM_LOG,      0.01},
    [WORD_DWELL]              = {"dwell on page",     "s",     FORM_LOG,      0.0},
};

/* What the features of the fixed kinds mean, in the order that sample.c and sample_text.c put them. */
static const uint8_t typing[] = {WORD_INTERVAL, WORDS, WORDS, WORD_UNEVENNESS, WORD_TYPING_SPEED, WORD_TYPING_CORRECTIONS};
static const uint8_t mouse[]  = {WORD_POINTER_SPEED, WORD_IDLE};
static const uint8_t scroll[] = {WORD_SCROLL_DISTANCE, WORD_SCROLL_SPEED};
static const uint8_t motion[] = {WORD_TILT, WORD_TILT, WORD_TILT, WORD_TURN, WORD_TURN, WORD_TURN, WORD_SHAKE, WORD_SHAKE, WORD_SHAKE, WORD_SHAKE, WORD_SHAKE, WORD_SHAKE};
static const uint8_t shares[] = {WORD_ROLLOVER, WORD_CORRECTIONS, WORD_PAUSES, WORDS}; /* of free text, from SAMPLE_TEXT_SHARES on */

/* clang-format on */

static enum word_number word_of_key(const struct sample *s, size_t f)
{
    switch ((enum feature_type)s->type[f]) {
    case FEATURE_HOLD: return WORD_HOLD;
    case FEATURE_DOWN_DOWN: return WORD_INTERVAL;
    case FEATURE_PRESSURE: return WORD_PRESSURE;
    case FEATURE_SIZE: return WORD_SIZE;
    case FEATURE_UP_DOWN: /* said by the two before */
    case FEATURE_PLACE_X:
    case FEATURE_PLACE_Y:
    case FEATURE_PLAIN:
    case FEATURE_TYPES: return WORDS;
    }
    return WORDS;
}

static enum word_number at(const uint8_t *table, size_t size, size_t f)
{
    return f < size ? (enum word_number)table[f] : WORDS;
}

static enum word_number word_of(const struct sample *s, size_t f)
{
    switch (s->kind) {
    case SAMPLE_KEYS: return word_of_key(s, f);
    case SAMPLE_TEXT:
        return f >= SAMPLE_TEXT_SHARES && f < SAMPLE_TEXT_SHARES + sizeof shares
                   ? (enum word_number)shares[f - SAMPLE_TEXT_SHARES]
                   : word_of_key(s, f);
    case SAMPLE_TYPING: return at(typing, sizeof typing, f);
    case SAMPLE_MOUSE: return at(mouse, sizeof mouse, f);
    case SAMPLE_SCROLL: return at(scroll, sizeof scroll, f);
    case SAMPLE_MOTION: return at(motion, sizeof motion, f);
    case SAMPLE_STROKE:
    case SAMPLE_ACTION:
    case SAMPLE_FEATURES:
    case SAMPLE_KINDS: return WORDS;
    }
    return WORDS;
}

static double plain_of(const struct word *w, double x)
{
    switch (w->form) {
    case FORM_MS: return 1000.0 * exp(x);
    case FORM_LOG: return fmax(exp(x) - w->offset, 0.0);
    case FORM_SIGNED: return copysign(expm1(fabs(x)), x);
    case FORM_LOG_ODDS: return 100.0 / (1.0 + exp(-x));
    }
    return x;
}

/* Half the way between one deviation below and one above: right for every form. */
static double plain_spread(const struct word *w, double middle, double spread)
{
    return 0.5 * (plain_of(w, middle + spread) - plain_of(w, middle - spread));
}

/* ---- one sample, word by word ---- */

struct row {
    size_t n;
    double x[SAMPLE_FEATURES_MAX]; /* sorted */
};

static void row_add(struct row *r, double x)
{
    sorted_add(r->x, r->n++, x);
}

static double row_middle(const struct row *r)
{
    return r->x[(r->n - 1) / 2];
}

struct standing {
    size_t n;

    struct {
        canara_baseline_t shown;
        double out; /* deviations that it stands out */
    } best[CANARA_BASELINES_MAX];
    const struct canara_profile *profile;
};

/* Keep the strongest, each word of a reason once. */
static void keep(struct standing *s, canara_baseline_t b, double out)
{
    size_t i = 0;
    while (i < s->n && !(s->best[i].shown.what == b.what && s->best[i].shown.name == b.name)) {
        i++;
    }
    if (i < s->n && out <= s->best[i].out) {
        return;
    }
    if (i == s->n && s->n == CANARA_BASELINES_MAX) {
        i = s->n - 1;
        if (out <= s->best[i].out) {
            return;
        }
    }
    s->n = i == s->n ? i + 1 : s->n;
    for (; i > 0 && s->best[i - 1].out < out; i--) {
        s->best[i] = s->best[i - 1];
    }
    s->best[i].shown = b;
    s->best[i].out = out;
}

static void show(struct standing *s, enum share share, enum word_number number, const double row[4])
{
    const struct word *w = &words[number];
    const canara_baseline_t b = {.name = share_row(share)->name,
                                 .what = w->what,
                                 .unit = w->unit,
                                 .value = plain_of(w, row[0]),
                                 .usual = plain_of(w, row[1]),
                                 .spread = plain_spread(w, row[1], row[2])};
    if (isfinite(b.value) && isfinite(b.usual) && isfinite(b.spread)) {
        keep(s, b, row[3]);
    }
}

/* Medians over the features that one word stands for; how far it stands out is the mean of the
 * deviations with their signs, so that a slow key and a fast one are no slow typist. */
static void look_at_word(struct standing *s, const struct part *p, const struct sample *sample,
                         enum word_number number)
{
    struct row SCRATCH value;
    struct row SCRATCH usual;
    struct row SCRATCH spread;
    double out = 0.0;
    value.n = usual.n = spread.n = 0;
    for (size_t f = 0; f < sample->count; f++) {
        const double middle = part_middle(p, f);
        if (word_of(sample, f) != number || isnan(sample->x[f]) || isnan(middle)) {
            continue;
        }
        row_add(&value, sample->x[f]);
        row_add(&usual, middle);
        row_add(&spread, part_spread(p, f));
        out += (sample->x[f] - middle) / part_spread(p, f);
    }
    if (value.n > 0) {
        const double row[4] = {row_middle(&value), row_middle(&usual), row_middle(&spread),
                               fabs(out) / (double)value.n};
        show(s, sample_share(sample->kind), number, row);
    }
}

static void look_at_sample(void *ctx, const struct sample *sample)
{
    struct standing *s = ctx;
    const struct part *p = profile_find(s->profile, sample->context);
    if (p == NULL || !part_is_like(p, sample) || p->count < EVIDENCE_SAMPLES_MIN) {
        return;
    }
    uint32_t spoken = 0; /* most kinds of sample use few of the words */
    for (size_t f = 0; f < sample->count; f++) {
        spoken |= UINT32_C(1) << word_of(sample, f);
    }
    for (unsigned i = 0; i < WORDS; i++) {
        if ((spoken >> i & 1U) != 0) {
            look_at_word(s, p, sample, (enum word_number)i);
        }
    }
}

static void look_at_page(struct standing *s, const canara_event_t *event)
{
    const struct part *p = profile_table(s->profile, PART_NAVIGATION);
    double row[4] = {navigation_dwell(event), 0.0, 0.0, 0.0};
    if (p != NULL && !isnan(row[0]) &&
        navigation_usual_dwell(&p->of.navigation, navigation_page(event), &row[1], &row[2])) {
        row[3] = fabs(row[0] - row[1]) / row[2];
        show(s, SHARE_NAVIGATION, WORD_DWELL, row);
    }
}

size_t canara_baselines(const struct canara_profile *profile, const canara_event_t *event,
                        canara_baseline_t out[CANARA_BASELINES_MAX])
{
    struct standing s = {.n = 0, .profile = profile};
    struct sample work;
    if (profile == NULL || !event_check(event)) {
        return 0;
    }
    samples_for(profile, event, &work, look_at_sample, &s);
    look_at_page(&s, event);
    for (size_t i = 0; i < s.n; i++) {
        out[i] = s.best[i].shown;
    }
    return s.n;
}
