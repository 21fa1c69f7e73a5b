/* vectors_session_test.c - filter, rules, pages, routine and trees against the second implementation's
 * vectors. */
#include "engine/arithmetic/trees.h"
#include "engine/people/navigation.h"
#include "engine/people/routine.h"
#include "engine/profile/person.h"
#include "engine/profile/profile.h"
#include "engine/session/filter.h"
#include "tests/support/unit.h"
#include "tests/support/vectors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PEOPLE_PAGES = 16, NODES = 1024, TREES_ROOM = 16384, RESULTS = 2 };

/* What the lines of a case have set up. */
struct desk {
    struct session_state s;
    struct part part; /* of pages */
    uint64_t hash[PEOPLE_PAGES];
    float share[PEOPLE_PAGES];
    struct navigation_people people;
    struct routine routine;
    struct trees_node node[NODES];
    size_t nodes;
    uint8_t bytes[TREES_ROOM];
    struct trees trees;
    double result[RESULTS]; /* of the line before, for "is" */
};

static void begin(void *state)
{
    struct desk *d = state;
    memset(d, 0, sizeof *d);
    part_begin_table(&d->part, PART_NAVIGATION);
}

static void check_result(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    assert_true(n <= RESULTS);
    vectors_near_all(v, d->result, x, n);
}

static struct session_state *session(struct vectors *v, size_t n, size_t want)
{
    vectors_count(v, n, want);
    return &((struct desk *)v->state)->s;
}

/* ---- filter and rules ---- */

static void begin_session(struct vectors *v, const double *x, size_t n)
{
    filter_begin(session(v, n, 1), (int64_t)x[0]);
}

static void advance(struct vectors *v, const double *x, size_t n)
{
    filter_advance(session(v, n, 1), (int64_t)x[0]);
}

static void evidence(struct vectors *v, const double *x, size_t n)
{
    filter_evidence(session(v, n, 2), (enum share)x[0], x[1]);
}

static void pass(struct vectors *v, const double *x, size_t n)
{
    (void)x;
    filter_passed(session(v, n, 0));
}

static void fail_once(struct vectors *v, const double *x, size_t n)
{
    (void)x;
    filter_failed(session(v, n, 0));
}

static void predict(struct vectors *v, const double *x, size_t n)
{
    filter_predict(session(v, n, 1), x[0]);
}

static void meet_bot(struct vectors *v, const double *x, size_t n)
{
    rule_met_bot(session(v, n, 1), (enum bot_rule)x[0]);
}

static void weigh_bot(struct vectors *v, const double *x, size_t n)
{
    rule_weigh_bot(session(v, n, 2), BOT_LEARNED_MOTION, x[0], x[1]);
}

static void meet_context(struct vectors *v, const double *x, size_t n)
{
    rule_met_context(session(v, n, 1), (enum context_rule)x[0]);
}

static void external(struct vectors *v, const double *x, size_t n)
{
    rule_external(session(v, n, 1), x[0]);
}

static void hear(struct vectors *v, const double *x, size_t n)
{
    person_hear(session(v, n, 2), (enum share)x[0], 0.0, x[1]);
}

static void prove(struct vectors *v, const double *x, size_t n)
{
    (void)x;
    person_proved(session(v, n, 0));
}

static void check_lambda(struct vectors *v, const double *x, size_t n)
{
    vectors_near(v, session(v, n, 1)->lambda, x[0]);
}

static void check_risk(struct vectors *v, const double *x, size_t n)
{
    vectors_near(v, filter_risk(session(v, n, 1)), x[0]);
}

static void check_shares(struct vectors *v, const double *x, size_t n)
{
    vectors_near_all(v, session(v, n, SHARES)->share, x, n);
}

static void check_bots(struct vectors *v, const double *x, size_t n)
{
    vectors_near_all(v, session(v, n, BOT_RULES)->bot, x, n);
}

static void check_contexts(struct vectors *v, const double *x, size_t n)
{
    vectors_near_all(v, session(v, n, CONTEXT_RULES)->context, x, n);
}

static void check_bias(struct vectors *v, const double *x, size_t n)
{
    const struct session_state *s = session(v, n, PERSON_SHARES);
    for (size_t i = 0; i < n; i++) {
        vectors_float(v, (double)s->bias[i], x[i]);
    }
}

/* ---- pages: a number from 1 is a page of that name ---- */

struct told {
    char name[16];
    canara_event_t event;
};

static void tell(struct told *t, double page, double dwell)
{
    const int length = snprintf(t->name, sizeof t->name, "page-%d", (int)page);
    t->event = (canara_event_t){.kind = CANARA_NAVIGATION_PATTERN, .has = CANARA_F_CURRENT_PAGE};
    t->event.of.navigation.current_page = (canara_text_t){t->name, (size_t)length};
    if (!isnan(dwell)) {
        t->event.has |= (uint32_t)CANARA_F_TIME_ON_PAGE;
        t->event.of.navigation.time_on_page_s = exp(dwell);
    }
}

static uint64_t page_hash(double page)
{
    struct told t;
    tell(&t, page, NAN);
    return page > 0.0 ? navigation_page(&t.event) : 0;
}

static void take_people(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    const size_t pages = (n - 2) / 2;
    assert_true(pages <= PEOPLE_PAGES);
    for (size_t i = 0; i < pages; i++) {
        d->hash[i] = page_hash(x[2 + 2 * i]);
        d->share[i] = (float)x[3 + 2 * i];
    }
    d->people = (struct navigation_people){
        .pages = pages, .hash = d->hash, .share = d->share, .dwell = x[0], .spread = x[1]};
}

static void learn(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 4);
    for (int i = 0; i < (int)x[0]; i++) {
        navigation_learn(&d->part.of.navigation, page_hash(x[1]), page_hash(x[2]), x[3]);
    }
}

static void ratio(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    const struct navigation *known = &d->part.of.navigation;
    vectors_count(v, n, 3);
    d->result[0] = navigation_ratio(known, NULL, page_hash(x[0]), page_hash(x[1]), x[2]);
    d->result[1] = navigation_ratio(known, &d->people, page_hash(x[0]), page_hash(x[1]), x[2]);
}

static void visit(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    struct canara_profile profile = {.parts = 1, .part = {&d->part}};
    struct told t;
    d->part.sessions = (uint32_t)x[1];
    tell(&t, x[0], x[2]);
    person_look_at_page(session(v, n, 3), &profile, &t.event);
}

/* ---- hours and amounts ---- */

static void learn_hour(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 1);
    routine_learn_hour(&((struct desk *)v->state)->routine, (unsigned)x[0]);
}

static void learn_amount(struct vectors *v, const double *x, size_t n)
{
    vectors_count(v, n, 1);
    routine_learn_amount(&((struct desk *)v->state)->routine, x[0]);
}

static void check_odd(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    vectors_count(v, n, ROUTINE_HOURS);
    for (unsigned h = 0; h < ROUTINE_HOURS; h++) {
        vectors_same(v, routine_hour_is_odd(&d->routine, h), x[h]);
    }
}

static void check_high(struct vectors *v, const double *x, size_t n)
{
    const struct desk *d = v->state;
    bool known = false;
    vectors_count(v, n, 3);
    const bool high = routine_amount_is_high(&d->routine, x[0], &known);
    vectors_same(v, known, x[1]);
    vectors_same(v, high, x[2]);
}

/* ---- trees ---- */

static void add_node(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, 4);
    assert_true(d->nodes < NODES);
    d->node[d->nodes++] = (struct trees_node){.value = (float)x[0],
                                              .feature = (uint16_t)x[1],
                                              .is_split = x[2] > 0.0,
                                              .missing_left = x[3] > 0.0};
}

static void plant(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    size_t size = 0;
    vectors_count(v, n, 2);
    const struct trees_shape shape = {.features = (size_t)x[0], .base = (float)x[1]};
    assert_int_equal(trees_write(d->node, d->nodes, shape, d->bytes, sizeof d->bytes, &size),
                     TREES_GOOD);
    assert_int_equal(trees_check((span_t){d->bytes, size}, shape.features, &d->trees), TREES_GOOD);
}

static void walk_row(struct vectors *v, const double *x, size_t n)
{
    struct desk *d = v->state;
    vectors_count(v, n, d->trees.features);
    d->result[0] = trees_margin(&d->trees, x);
}

static void both_implementations_come_to_the_same_risk(void **state)
{
    static const struct vector_verb verbs[] = {
        {"begin", begin_session},
        {"advance", advance},
        {"evidence", evidence},
        {"passed", pass},
        {"failed", fail_once},
        {"predict", predict},
        {"bot", meet_bot},
        {"weigh_bot", weigh_bot},
        {"context", meet_context},
        {"external", external},
        {"hear", hear},
        {"proved", prove},
        {"lambda", check_lambda},
        {"risk", check_risk},
        {"shares", check_shares},
        {"bots", check_bots},
        {"contexts", check_contexts},
        {"bias", check_bias},
        {"people", take_people},
        {"learn", learn},
        {"ratio", ratio},
        {"visit", visit},
        {"hour", learn_hour},
        {"amount", learn_amount},
        {"odd", check_odd},
        {"high", check_high},
        {"node", add_node},
        {"forest", plant},
        {"row", walk_row},
        {"is", check_result},
        {NULL, NULL},
    };
    (void)state;
    struct desk desk;
    struct vectors v = {.path = "tests/vectors/engine.txt", .area = "session", .state = &desk};
    assert_true(vectors_run(&v, verbs, begin) >= 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_implementations_come_to_the_same_risk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
