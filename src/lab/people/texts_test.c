/* texts_test.c - whether people type one text is told by the pauses that they have in common. */
#include "lab/people/texts.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>

enum { PEOPLE = 20, EACH = 12, KEYS_MOST = 16, FEATURES_MOST = 3 * KEYS_MOST };

/* People at a field of `keys` keys, in logarithms: holds, pauses from press to press, pauses from release to press. */
struct group {
    float x[PEOPLE * EACH][FEATURES_MOST];
    struct bank_sample sample[PEOPLE * EACH];
    uint32_t first[PEOPLE + 1];
    bool in[PEOPLE];
    struct bank_context context;
    struct stages *stages;
};

/* How the pauses come about: what the text asks for, what is the person's own, how quick he is. */
struct hands {
    size_t keys;
    double text, own, pace;
};

static void type(struct group *g, size_t user, const struct hands *h, const double *text,
                 uint64_t *seed)
{
    double own[KEYS_MOST] = {0.0};
    const double pace = h->pace * random_in(seed, -1.0, 1.0);
    const size_t pauses = h->keys > 1 ? h->keys - 1 : 1;
    for (size_t k = 0; k < h->keys; k++) {
        own[k] = h->own * random_in(seed, -1.0, 1.0);
    }
    for (size_t i = user * EACH; i < (user + 1) * EACH; i++) {
        float *const x = g->x[i];
        for (size_t f = 0; f < g->context.like.count; f++) {
            const size_t k = f < h->keys ? f : (f - h->keys) % pauses;
            const double pause = pace + text[k] + own[k];
            x[f] = (float)((f < h->keys ? -2.3 : -1.5 + pause) + random_in(seed, -0.2, 0.2));
        }
        g->sample[i] = (struct bank_sample){.user = (uint32_t)user, .x = x};
    }
    g->first[user + 1] = (uint32_t)((user + 1) * EACH);
    g->in[user] = true;
}

static struct group *make(const struct hands *h, uint64_t seed)
{
    struct group *g = calloc(1, sizeof *g);
    double text[KEYS_MOST] = {0.0};
    assert_non_null(g);
    g->context = (struct bank_context){
        .like = {.kind = SAMPLE_KEYS, .context = 5, .count = (uint16_t)(3 * h->keys - 2)},
        .sample = g->sample,
        .samples = (size_t)PEOPLE * EACH,
        .users = PEOPLE,
        .first = g->first};
    for (size_t f = 0; f < g->context.like.count; f++) {
        g->context.like.type[f] = f < h->keys
                                      ? FEATURE_HOLD
                                      : (f < 2 * h->keys - 1 ? FEATURE_DOWN_DOWN : FEATURE_UP_DOWN);
    }
    for (size_t k = 0; k < h->keys; k++) {
        text[k] = h->text * (k % 2 == 0 ? 1.0 : -1.0);
    }
    for (size_t u = 0; u < PEOPLE; u++) {
        type(g, u, h, text, &seed);
    }
    assert_ok(stages_new(&g->context, &g->stages));
    return g;
}

static void drop(struct group *g)
{
    stages_free(&g->stages);
    free(g);
}

static void one_text_is_told_from_texts_of_their_own(void **state)
{
    (void)state;

    static const struct {
        struct hands hands;
        double least, most;
    } rows[] = {
        {{.keys = 10, .text = 0.4, .own = 0.4, .pace = 0.5}, 0.6, 0.9},
        {{.keys = 10, .text = 0.3, .own = 0.5, .pace = 0.0}, 0.35, 0.7},
        {{.keys = 4, .text = 0.4, .own = 0.4, .pace = 0.5}, 0.5, 1.0},
        {{.keys = 10, .text = 0.0, .own = 0.4, .pace = 0.5},
         -0.1,
         0.1}, /* how quick they are is no text */
        {{.keys = 6, .text = 0.0, .own = 0.8, .pace = 0.5}, -0.1, 0.15},
        {{.keys = 4, .text = 0.0, .own = 0.4, .pace = 0.0}, -0.1, 0.19},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (uint64_t seed = 1; seed <= 5; seed++) {
            struct group *g = make(&rows[i].hands, seed);
            const double common = texts_common(&g->context, g->stages, g->in);
            assert_true(common >= rows[i].least && common <= rows[i].most);
            drop(g);
        }
    }
}

static void what_cannot_be_told_is_no_number(void **state)
{
    (void)state;
    struct group *g = make(&(struct hands){.keys = 10, .text = 0.4, .own = 0.4}, 3);
    for (size_t u = 5; u < (size_t)PEOPLE; u++) {
        g->in[u] = false;
    }
    assert_true(isnan(texts_common(&g->context, g->stages, g->in))); /* five people */
    g->in[5] = true;
    assert_true(texts_common(&g->context, g->stages, g->in) > 0.0);
    g->context.like.kind = SAMPLE_TEXT;
    assert_true(isnan(texts_common(&g->context, g->stages, g->in)));
    drop(g);
    g = make(&(struct hands){.keys = 3, .text = 0.4, .own = 0.4}, 3); /* two pauses */
    assert_true(isnan(texts_common(&g->context, g->stages, g->in)));
    drop(g);
    g = make(&(struct hands){.keys = 10}, 3); /* machines: nothing varies but by noise */
    const double common = texts_common(&g->context, g->stages, g->in);
    assert_true(isnan(common) || common <= 1.0);
    drop(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_text_is_told_from_texts_of_their_own),
        cmocka_unit_test(what_cannot_be_told_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
