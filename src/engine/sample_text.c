/* sample_text.c - free text: no two texts have the same keys, so keys of one kind are taken together.
 *
 * Which hand and row, and which classes follow each other, explains most of what differs between
 * digraphs (Gunetti and Picardi 2005 order them by speed; Dhakal and others 2018 on hands, repeats
 * and rollover). The middle of a group is a median: a pause or a slip does not move it. */
#include "engine/numbers.h"
#include "engine/sample.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define PAUSE_MS    2000.0 /* longer is thinking, not typing: counted, not averaged */
#define HOLD_MIN_S  0.005
#define UP_OFFSET_S 0.2 /* rollover makes gaps negative, by less than this as a rule */
#define UP_MIN_S    0.01

enum { GROUP_MIN = 3, TEMPO_MIN = 8 };

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

/* One pile for each feature that is a time: hold groups, then down-down, then up-down. */
enum { DOWN_DOWN = HOLD_GROUPS, UP_DOWN = DOWN_DOWN + PAIR_GROUPS, PILES = UP_DOWN + PAIR_GROUPS };

struct piles {
    size_t n[PILES];
    size_t keys, deletes, pairs, rollovers, pauses;
    double typed_ms;             /* sum of the intervals that are no pauses */
    double x[PILES][TEXT_CHUNK]; /* ms; n of each, sorted */
};

static void piles_begin(struct piles *p)
{
    memset(p, 0, offsetof(struct piles, x));
}

static void pile_add(struct piles *p, size_t pile, double x)
{
    double *const to = p->x[pile];
    size_t at = p->n[pile]++;
    for (; at > 0 && to[at - 1] > x; at--) {
        to[at] = to[at - 1];
    }
    to[at] = x;
}

/* Lower median in seconds; NaN of fewer than GROUP_MIN. */
static double pile_middle(const struct piles *p, size_t pile)
{
    const size_t n = p->n[pile];
    return n < GROUP_MIN ? NAN : p->x[pile][(n - 1) / 2] / 1000.0;
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

static void sort_pair(struct piles *p, const canara_key_t *a, const canara_key_t *b)
{
    const double down_down = b->down_ms - a->down_ms;
    p->pairs++;
    p->rollovers += b->down_ms < a->up_ms;
    if (down_down > PAUSE_MS) {
        p->pauses++;
        return;
    }
    p->typed_ms += down_down;
    const enum pair_group group = pair_group(a, b);
    if (group != PAIR_GROUPS) {
        pile_add(p, DOWN_DOWN + (size_t)group, down_down);
        pile_add(p, UP_DOWN + (size_t)group, b->down_ms - a->up_ms);
    }
}

static void sort_keys(struct piles *p, const canara_key_t *keys, size_t n)
{
    p->keys = n;
    for (size_t i = 0; i < n; i++) {
        const unsigned group = hold_group(&keys[i]);
        p->deletes += keys[i].key_class == CANARA_KEY_DELETE;
        if (group != HOLD_GROUPS) {
            pile_add(p, group, keys[i].up_ms - keys[i].down_ms);
        }
        if (i + 1 < n) {
            sort_pair(p, &keys[i], &keys[i + 1]);
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

static void put_all(struct sample *s, const struct piles *p)
{
    for (size_t g = 0; g < HOLD_GROUPS; g++) {
        const double x = pile_middle(p, g);
        put(s, FEATURE_HOLD, isnan(x) ? NAN : log(fmax(x, HOLD_MIN_S)));
    }
    for (size_t g = 0; g < PAIR_GROUPS; g++) {
        const double x = pile_middle(p, DOWN_DOWN + g);
        put(s, FEATURE_DOWN_DOWN, isnan(x) ? NAN : log(fmax(x, HOLD_MIN_S)));
    }
    for (size_t g = 0; g < PAIR_GROUPS; g++) {
        const double x = pile_middle(p, UP_DOWN + g);
        put(s, FEATURE_UP_DOWN, isnan(x) ? NAN : log(fmax(x + UP_OFFSET_S, UP_MIN_S)));
    }
    const size_t typed = p->pairs - p->pauses;
    put(s, FEATURE_PLAIN, log_odds(p->rollovers, p->pairs));
    put(s, FEATURE_PLAIN, log_odds(p->deletes, p->keys));
    put(s, FEATURE_PLAIN, log_odds(p->pauses, p->pairs));
    put(s, FEATURE_PLAIN,
        typed < TEMPO_MIN ? NAN : log(fmax(p->typed_ms / (1000.0 * (double)typed), HOLD_MIN_S)));
}

/* Touch or not, zones or not; `told`: there is anything to group by. */
struct look {
    uint8_t touch, zones;
    bool told;
};

static struct look look_over(const canara_event_t *event)
{
    static const unsigned touch = 1U << CANARA_KEY_PRESSURE | 1U << CANARA_KEY_SIZE;
    struct look look = {0};
    for (size_t i = 0; i < event->of.keystrokes.count; i++) {
        const canara_key_t *key = &event->of.keystrokes.keys[i];
        look.touch |= (key->has & touch) != 0;
        look.zones |= key->zone != CANARA_ZONE_NONE;
        look.told = look.told || key->key_class != CANARA_KEY_OTHER;
    }
    look.told = look.told || look.zones != 0;
    return look;
}

size_t sample_text_chunks(const canara_event_t *event)
{
    if (event->kind != CANARA_KEYSTROKES || (event->has & (uint32_t)CANARA_F_KEYS) == 0 ||
        event->of.keystrokes.count < TEXT_KEYS_MIN || !look_over(event).told) {
        return 0;
    }
    return (event->of.keystrokes.count + TEXT_CHUNK - 1) / TEXT_CHUNK;
}

void sample_of_text(const canara_event_t *event, size_t chunk, size_t chunks, struct sample *out)
{
    const size_t n = event->of.keystrokes.count;
    const size_t from = chunk * n / chunks;
    const size_t to = (chunk + 1) * n / chunks;
    const struct look look = look_over(event);
    const uint8_t context[] = {look.touch, look.zones};
    struct piles SCRATCH piles;
    piles_begin(&piles);
    sort_keys(&piles, event->of.keystrokes.keys + from, to - from);
    out->kind = SAMPLE_TEXT;
    out->count = 0;
    put_all(out, &piles);
    sample_name(out, "text", (canara_text_t){NULL, 0}, fnv_add(FNV_START, context, sizeof context));
}
