/* sample.c - names of samples, and those that one event gives whole. */
#include "engine/samples/sample.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <string.h>

enum { NAME_HASH_CHARS = 12 };

/* What is known of vectors of before, which were signed logarithms, is not of these. */
enum { VECTOR_LAYOUT = 2 };

/* What may stand in the name of a part; the hash tells fields apart. */
static char plain(char c)
{
    const bool right = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!right) {
        return '_';
    }
    return c;
}

void sample_name(struct sample *s, const char *kind, canara_text_t field, uint64_t hash)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t h = fnv_add(hash, kind, strlen(kind));
    h = fnv_add(h, field.ptr, field.len);
    s->context = h;

    size_t at = strlen(kind);
    memcpy(s->name, kind, at);
    s->name[at++] = ':';
    const size_t to =
        sizeof s->name - 1 - NAME_HASH_CHARS - 1; /* the field ends here at the latest */
    for (size_t i = 0; i < field.len && at < to; i++) {
        s->name[at++] = plain(field.ptr[i]);
    }
    if (field.len > 0) {
        s->name[at++] = ':';
    }
    for (int shift = 44; shift >= 0; shift -= 4) {
        s->name[at++] = digits[(h >> shift) & 15U];
    }
    memset(s->name + at, 0, sizeof s->name - at); /* it is stored whole */
}

static void add(struct sample *s, double x)
{
    s->type[s->count] = FEATURE_PLAIN;
    s->first[s->count] = 0;
    s->second[s->count] = 0;
    s->x[s->count++] = x;
}

static bool sent(const canara_event_t *event, enum canara_field field)
{
    return (event->has & (uint32_t)field) != 0;
}

/* ---- typing_pattern ---- */

enum { INTERVALS_JUDGED = 64 };

/* Where quartile q of n sorted values is, by nearest rank. */
static size_t quartile(size_t n, size_t q)
{
    return (q * (n - 1) + 2) / 4;
}

/* Mean of |ln x - ln x[at]| over n ascending x > 0: one logarithm of a product is the sum of as many. At
 * most INTERVALS_JUDGED values of .005 to 600 stay far within the range of a double. */
static double log_deviation(const double *x, size_t n, size_t at)
{
    double below = 1.0;
    double above = 1.0;
    for (size_t i = 0; i < at; i++) {
        below *= x[i] / x[at];
    }
    for (size_t i = at + 1; i < n; i++) {
        above *= x[i] / x[at];
    }
    return log(above / below) / (double)n;
}

static void add_intervals(const canara_event_t *event, struct sample *out)
{
    const double *x = event->of.typing.key_press_intervals;
    const size_t n = event->of.typing.intervals < INTERVALS_JUDGED ? event->of.typing.intervals
                                                                   : INTERVALS_JUDGED;
    if (!sent(event, CANARA_F_KEY_PRESS_INTERVALS) || n < 3) {
        for (int i = 0; i < 4; i++) {
            add(out, NAN);
        }
        return;
    }
    double SCRATCH sorted[INTERVALS_JUDGED];
    for (size_t i = 0; i < n; i++) {
        sorted_add(sorted, i, fmax(x[i], 0.005));
    }
    add(out, log(sorted[quartile(n, 2)]));
    add(out, log(sorted[quartile(n, 1)]));
    add(out, log(sorted[quartile(n, 3)]));
    add(out, log(log_deviation(sorted, n, quartile(n, 2)) + 0.05));
}

static bool of_typing(const canara_event_t *event, struct sample *out)
{
    out->kind = SAMPLE_TYPING;
    add_intervals(event, out);
    add(out, sent(event, CANARA_F_WORDS_PER_MINUTE) ? log(event->of.typing.words_per_minute + 5.0)
                                                    : NAN);
    add(out, sent(event, CANARA_F_BACKSPACE_FREQUENCY)
                 ? log(event->of.typing.backspace_frequency + 0.02)
                 : NAN);
    sample_name(out, "typing", (canara_text_t){NULL, 0}, FNV_START);
    return true;
}

/* ---- the other summaries ---- */

static bool of_mouse(const canara_event_t *event, struct sample *out)
{
    out->kind = SAMPLE_MOUSE;
    add(out,
        sent(event, CANARA_F_MOVEMENT_SPEED) ? log(event->of.mouse.movement_speed + 10.0) : NAN);
    add(out, sent(event, CANARA_F_IDLE_TIME) ? log(event->of.mouse.idle_time_s + 0.2) : NAN);
    sample_name(out, "mouse", (canara_text_t){NULL, 0}, FNV_START);
    return true;
}

/* Linear near 0, logarithmic far away: any unit fits into 16 bits. */
static double signed_log(double x)
{
    return copysign(log1p(fabs(x)), x);
}

static bool of_scroll(const canara_event_t *event, struct sample *out)
{
    out->kind = SAMPLE_SCROLL;
    add(out, sent(event, CANARA_F_PIXELS) ? signed_log(event->of.scroll.pixels) : NAN);
    add(out, sent(event, CANARA_F_VELOCITY) ? signed_log(event->of.scroll.velocity) : NAN);
    sample_name(out, "scroll", (canara_text_t){NULL, 0}, FNV_START);
    return true;
}

static bool of_motion(const canara_event_t *event, struct sample *out)
{
    if (!sent(event, CANARA_F_MOTION)) {
        return false;
    }
    out->kind = SAMPLE_MOTION;
    for (size_t i = 0; i < 6; i++) {
        add(out, signed_log(event->of.motion.mean[i]));
    }
    for (size_t i = 0; i < 6; i++) {
        add(out, log(fabs(event->of.motion.sd[i]) + 0.01));
    }
    sample_name(out, "motion", (canara_text_t){NULL, 0}, FNV_START);
    return true;
}

/* As it is: whoever compares it does so in the units of the people who have it (docs/decisions/0065). */
static double vector_value(double x)
{
    const float kept = (float)x;
    return fabsf(kept) < SAMPLE_VECTOR_LEAST ? 0.0 : (double)kept;
}

static bool of_features(const canara_event_t *event, struct sample *out)
{
    if (!sent(event, CANARA_F_VALUES)) {
        return false;
    }
    const size_t n = event->of.features.count;
    out->kind = SAMPLE_FEATURES;
    for (size_t i = 0; i < n && i < SAMPLE_FEATURES_MAX; i++) {
        add(out, vector_value(event->of.features.values[i]));
    }
    const uint64_t count = n;
    const uint64_t layout = VECTOR_LAYOUT;
    const uint64_t hash = fnv_add(FNV_START, &count, sizeof count);
    sample_name(out, "features", event->of.features.name, fnv_add(hash, &layout, sizeof layout));
    return true;
}

/* An event may send none of its numbers. */
static bool holds_anything(const struct sample *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!isnan(s->x[i])) {
            return true;
        }
    }
    return false;
}

bool sample_of_summary(const canara_event_t *event, struct sample *out)
{
    static bool (*const of[CANARA_EVENT_KINDS])(const canara_event_t *, struct sample *) = {
        [CANARA_TYPING_PATTERN] = of_typing, [CANARA_MOUSE_MOVEMENT] = of_mouse,
        [CANARA_SCROLL] = of_scroll,         [CANARA_MOTION] = of_motion,
        [CANARA_FEATURES] = of_features,
    };
    out->count = 0;
    return of[event->kind] != NULL && of[event->kind](event, out) && holds_anything(out);
}

enum share sample_share(enum sample_kind kind)
{
    switch (kind) {
    case SAMPLE_KEYS:
    case SAMPLE_TEXT:
    case SAMPLE_TYPING: return SHARE_TYPING;
    case SAMPLE_MOUSE:
    case SAMPLE_ACTION: return SHARE_POINTER;
    case SAMPLE_SCROLL:
    case SAMPLE_STROKE:
    case SAMPLE_FEATURES: return SHARE_TOUCH;
    case SAMPLE_MOTION: return SHARE_MOTION;
    case SAMPLE_KINDS: return SHARES;
    }
    return SHARES;
}
