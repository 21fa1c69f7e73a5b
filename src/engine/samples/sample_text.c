/* sample_text.c - free text: no two texts have the same keys, so keys of one kind are taken together.
 *
 * Which hand and row, and which classes follow each other, explains most of what differs between
 * digraphs (Gunetti and Picardi 2005 order them by speed; Dhakal and others 2018 on hands, repeats
 * and rollover). The middle of a group is a median: a pause or a slip does not move it. */
#include "base/util.h"
#include "engine/arithmetic/numbers.h"
#include "engine/samples/piles.h"
#include "engine/samples/sample.h"

#include <math.h>
#include <stddef.h>

#define PAUSE_MS    2000.0 /* longer is thinking, not typing: counted, not averaged */
#define HOLD_MIN_S  0.005
#define UP_OFFSET_S 0.2 /* rollover makes gaps negative, by less than this as a rule */
#define UP_MIN_S    0.01
#define PLACE_SCALE 5.0 /* a share of the screen stays within a cell of 8 bits */

/* A relative deviation of 0 is a number too. */
#define UNEVEN_OFFSET 0.02

/* Which features there are and in which order: another number for another layout, so that samples of two are
 * never held for alike. */
enum { LAYOUT = 2, TEMPO_MIN = 8 };

enum hold_group {
    HOLD_ZONES = CANARA_ZONES - 1, /* letters of a zone: groups 0 to 5 */
    HOLD_LETTER = HOLD_ZONES,      /* letters without one */
    HOLD_DIGIT,
    HOLD_SPACE,
    HOLD_PUNCT,
    HOLD_GROUPS
};

enum pair_group {
    PAIR_SAME_ZONE,
    PAIR_SAME_HAND,
    PAIR_LEFT_RIGHT,
    PAIR_RIGHT_LEFT,
    PAIR_LETTERS, /* without zones */
    PAIR_TO_SPACE,
    PAIR_FROM_SPACE,
    PAIR_DIGITS,
    PAIR_LETTER_DIGIT,
    PAIR_PUNCT,
    PAIR_TO_DELETE,
    PAIR_GROUPS
};

/* Times of the keys of one group, sorted. */
struct text_times {
    struct pile hold[HOLD_GROUPS], down_down[PAIR_GROUPS], up_down[PAIR_GROUPS]; /* ms */
    uint8_t group[TEXT_CHUNK]; /* of each key: enum hold_group */
    size_t keys, deletes, pairs, rollovers, pauses;
    bool all_one;    /* nothing was told of any key: all count as letters */
    double typed_ms; /* sum of the intervals that are no pauses */
};

static void times_begin(struct text_times *t, bool all_one)
{
    t->all_one = all_one;
    piles_begin(t->hold, HOLD_GROUPS);
    piles_begin(t->down_down, PAIR_GROUPS);
    piles_begin(t->up_down, PAIR_GROUPS);
    t->keys = t->deletes = t->pairs = t->rollovers = t->pauses = 0;
    t->typed_ms = 0.0;
}

/* A key whose class was not told, but its place, is taken for a letter. */
static enum canara_key_class class_of(const canara_key_t *key)
{
    return key->key_class == CANARA_KEY_OTHER && key->zone != CANARA_ZONE_NONE
               ? CANARA_KEY_LETTER
               : (enum canara_key_class)key->key_class;
}

static unsigned hold_group(const canara_key_t *key)
{
    switch (class_of(key)) {
    case CANARA_KEY_LETTER:
        return key->zone == CANARA_ZONE_NONE ? HOLD_LETTER : (unsigned)key->zone - 1U;
    case CANARA_KEY_DIGIT: return HOLD_DIGIT;
    case CANARA_KEY_SPACE: return HOLD_SPACE;
    case CANARA_KEY_ENTER:
    case CANARA_KEY_PUNCT: return HOLD_PUNCT;
    case CANARA_KEY_DELETE:
    case CANARA_KEY_MODIFIER:
    case CANARA_KEY_OTHER:
    case CANARA_KEY_CLASSES: return HOLD_GROUPS;
    }
    return HOLD_GROUPS;
}

static bool is_left(const canara_key_t *key)
{
    return key->zone <= CANARA_ZONE_L3;
}

static enum pair_group letters_group(const canara_key_t *a, const canara_key_t *b)
{
    if (a->zone == CANARA_ZONE_NONE || b->zone == CANARA_ZONE_NONE) {
        return PAIR_LETTERS;
    }
    if (a->zone == b->zone) {
        return PAIR_SAME_ZONE;
    }
    if (is_left(a) == is_left(b)) {
        return PAIR_SAME_HAND;
    }
    return is_left(a) ? PAIR_LEFT_RIGHT : PAIR_RIGHT_LEFT;
}

/* Letters, digits and what ends words, by their classes; anything else is in no group. */
static enum pair_group pair_group(const canara_key_t *a, const canara_key_t *b)
{
    static const uint8_t role[CANARA_KEY_CLASSES] = {
        [CANARA_KEY_LETTER] = 'l', [CANARA_KEY_DIGIT] = 'd', [CANARA_KEY_SPACE] = 's',
        [CANARA_KEY_PUNCT] = 'p',  [CANARA_KEY_ENTER] = 'p', [CANARA_KEY_DELETE] = 'x'};
    const uint8_t first = role[class_of(a)];
    const uint8_t second = role[class_of(b)];
    if (second == 'x') {
        return PAIR_TO_DELETE;
    }
    if (first == 0 || second == 0 || first == 'x') {
        return PAIR_GROUPS;
    }
    if (first == 's' || second == 's') {
        return second == 's' ? PAIR_TO_SPACE : PAIR_FROM_SPACE;
    }
    if (first == 'p' || second == 'p') {
        return PAIR_PUNCT;
    }
    if (first != second) {
        return PAIR_LETTER_DIGIT;
    }
    return first == 'd' ? PAIR_DIGITS : letters_group(a, b);
}

static void sort_pair(struct text_times *t, const canara_key_t *a, const canara_key_t *b)
{
    const double down_down = b->down_ms - a->down_ms;
    t->pairs++;
    t->rollovers += b->down_ms < a->up_ms;
    if (down_down > PAUSE_MS) {
        t->pauses++;
        return;
    }
    t->typed_ms += down_down;
    const enum pair_group group = t->all_one ? PAIR_LETTERS : pair_group(a, b);
    if (group != PAIR_GROUPS) {
        pile_add(&t->down_down[group], down_down);
        pile_add(&t->up_down[group], b->down_ms - a->up_ms);
    }
}

static void sort_keys(struct text_times *t, const canara_key_t *keys, size_t n)
{
    t->keys = n;
    for (size_t i = 0; i < n; i++) {
        const unsigned group = t->all_one ? (unsigned)HOLD_LETTER : hold_group(&keys[i]);
        t->group[i] = (uint8_t)group;
        t->deletes += keys[i].key_class == CANARA_KEY_DELETE;
        if (group != HOLD_GROUPS) {
            pile_add(&t->hold[group], keys[i].up_ms - keys[i].down_ms);
        }
        if (i + 1 < n) {
            sort_pair(t, &keys[i], &keys[i + 1]);
        }
    }
}

static void put(struct sample *s, enum feature_type type, double x)
{
    s->type[s->count] = (uint8_t)type;
    s->first[s->count] = 0;
    s->second[s->count] = 0;
    s->x[s->count++] = x;
}

/* Log odds of a share, half a case added to each side (Haldane 1956): 0 of n is a number too. */
static double log_odds(size_t k, size_t n)
{
    return log(((double)k + 0.5) / ((double)(n - k) + 0.5));
}

/* Logs of times in seconds; NaN stays. */
static double log_time(double ms)
{
    return isnan(ms) ? NAN : log(fmax(ms / 1000.0, HOLD_MIN_S));
}

static double log_gap(double ms)
{
    return isnan(ms) ? NAN : log(fmax(ms / 1000.0 + UP_OFFSET_S, UP_MIN_S));
}

static void put_groups(struct sample *s, const struct text_times *t)
{
    for (size_t g = 0; g < HOLD_GROUPS; g++) {
        put(s, FEATURE_HOLD, log_time(pile_middle(&t->hold[g])));
    }
    for (size_t g = 0; g < PAIR_GROUPS; g++) {
        put(s, FEATURE_DOWN_DOWN, log_time(pile_middle(&t->down_down[g])));
    }
    for (size_t g = 0; g < PAIR_GROUPS; g++) {
        put(s, FEATURE_UP_DOWN, log_gap(pile_middle(&t->up_down[g])));
    }
    const size_t typed = t->pairs - t->pauses;
    put(s, FEATURE_PLAIN, log_odds(t->rollovers, t->pairs));
    put(s, FEATURE_PLAIN, log_odds(t->deletes, t->keys));
    put(s, FEATURE_PLAIN, log_odds(t->pauses, t->pairs));
    put(s, FEATURE_PLAIN, typed < TEMPO_MIN ? NAN : log_time(t->typed_ms / (double)typed));
}

/* How even somebody types within groups, and how far the quick and the slow keys of a text lie apart. */
static void put_shape(struct sample *s, const struct text_times *t)
{
    struct quartiles q;
    put(s, FEATURE_PLAIN, log(piles_unevenness(t->hold, HOLD_GROUPS) + UNEVEN_OFFSET));
    put(s, FEATURE_PLAIN, log(piles_unevenness(t->down_down, PAIR_GROUPS) + UNEVEN_OFFSET));
    q = piles_quartiles(t->hold, HOLD_GROUPS);
    put(s, FEATURE_HOLD, log_time(q.low));
    put(s, FEATURE_HOLD, log_time(q.high));
    q = piles_quartiles(t->down_down, PAIR_GROUPS);
    put(s, FEATURE_DOWN_DOWN, log_time(q.low));
    put(s, FEATURE_DOWN_DOWN, log_time(q.high));
    q = piles_quartiles(t->up_down, PAIR_GROUPS);
    put(s, FEATURE_UP_DOWN, log_gap(q.low));
    put(s, FEATURE_UP_DOWN, log_gap(q.high));
}

/* ---- touch ---- */

/* What a key's touch is measured in: as in a typed field (sample_keys.c). */
static const struct touch {
    uint8_t extra;
    uint8_t type;
    double offset; /* within the logarithm; NaN: a place, no logarithm */
} touches[] = {{CANARA_KEY_PRESSURE, FEATURE_PRESSURE, SAMPLE_PRESSURE_OFFSET},
               {CANARA_KEY_SIZE, FEATURE_SIZE, SAMPLE_SIZE_OFFSET},
               {CANARA_KEY_X, FEATURE_PLACE_X, NAN},
               {CANARA_KEY_Y, FEATURE_PLACE_Y, NAN}};

static double touch_value(const struct touch *t, double x)
{
    return isnan(t->offset) ? PLACE_SCALE * x : log(x + t->offset);
}

/* Where the middle half of the touches lies, and how uneven they are. */
static void put_touch(struct sample *s, const struct touch *t, const canara_key_t *keys,
                      const struct text_times *times)
{
    struct pile SCRATCH of[HOLD_GROUPS + 1];
    piles_begin(of, HOLD_GROUPS + 1);
    for (size_t i = 0; i < times->keys; i++) {
        if ((keys[i].has & (1U << t->extra)) != 0) {
            pile_add(&of[times->group[i]], keys[i].extra[t->extra]);
        }
    }
    const struct quartiles q = piles_quartiles(of, HOLD_GROUPS + 1);
    const enum feature_type type = (enum feature_type)t->type;
    put(s, type, touch_value(t, q.low));
    put(s, type, touch_value(t, q.middle));
    put(s, type, touch_value(t, q.high));
    const double away = piles_deviation(of, HOLD_GROUPS + 1, q.middle);
    put(s, FEATURE_PLAIN,
        log((isnan(t->offset) ? PLACE_SCALE * away : away / (q.middle + t->offset)) +
            UNEVEN_OFFSET));
}

/* What is measured of touches (bit i: touches[i]), and what there is to group keys by. */
enum told { TOLD_CLASSES, TOLD_ZONES, TOLD_NOTHING }; /* numbers of contexts */

struct look {
    uint8_t touches;
    uint8_t told; /* enum told */
};

static struct look look_over(const canara_event_t *event)
{
    struct look look = {0};
    unsigned any = 0;
    bool classes = false;
    bool zones = false;
    for (size_t i = 0; i < event->of.keystrokes.count; i++) {
        const canara_key_t *key = &event->of.keystrokes.keys[i];
        any |= key->has;
        zones = zones || key->zone != CANARA_ZONE_NONE;
        classes = classes || key->key_class != CANARA_KEY_OTHER;
    }
    for (unsigned i = 0; i < ARRAY_LEN(touches); i++) {
        look.touches |= (uint8_t)((any >> touches[i].extra & 1U) << i);
    }
    look.told = (uint8_t)(zones ? TOLD_ZONES : (classes ? TOLD_CLASSES : TOLD_NOTHING));
    return look;
}

size_t sample_text_chunks(const canara_event_t *event)
{
    if (event->kind != CANARA_KEYSTROKES || (event->has & (uint32_t)CANARA_F_KEYS) == 0) {
        return 0;
    }
    const size_t keys = event->of.keystrokes.count;
    const bool secret = look_over(event).told == TOLD_NOTHING;
    if (keys < TEXT_KEYS_MIN || (secret && keys <= SAMPLE_KEYS_MAX)) {
        return 0; /* secrets tell nothing, and are entries */
    }
    return (keys + TEXT_CHUNK - 1) / TEXT_CHUNK;
}

void sample_of_text(const canara_event_t *event, size_t chunk, size_t chunks, struct sample *out)
{
    const size_t n = event->of.keystrokes.count;
    const size_t from = chunk * n / chunks;
    const size_t to = (chunk + 1) * n / chunks;
    const canara_key_t *keys = event->of.keystrokes.keys + from;
    const struct look look = look_over(event);
    const uint8_t context[] = {LAYOUT, look.touches, look.told};
    struct text_times SCRATCH times;
    times_begin(&times, look.told == TOLD_NOTHING);
    sort_keys(&times, keys, to - from);
    out->kind = SAMPLE_TEXT;
    out->count = 0;
    put_groups(out, &times);
    put_shape(out, &times);
    for (unsigned i = 0; i < ARRAY_LEN(touches); i++) {
        if (((unsigned)look.touches & 1U << i) != 0) {
            put_touch(out, &touches[i], keys, &times);
        }
    }
    sample_name(out, "text", (canara_text_t){NULL, 0}, fnv_add(FNV_START, context, sizeof context));
}
