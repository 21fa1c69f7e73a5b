/* navigation_test.c - steps and times against a person's own, bounds, bytes. */
#include "engine/people/navigation.h"

#include "base/util.h"
#include "engine/profile/profile.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <math.h>
#include <string.h>

#define T0 INT64_C(1750000000000)

enum { HOME = 1, PAY, CARDS, HELP };

/* Home, pay, home, pay ...: ten times each, 8 s and 30 s. */
static struct navigation walked(void)
{
    struct navigation n = {0};
    for (int i = 0; i < 10; i++) {
        navigation_learn(&n, i == 0 ? 0 : PAY, HOME, log(8.0));
        navigation_learn(&n, HOME, PAY, log(30.0));
    }
    return n;
}

static void known_steps_have_known_ratios(void **state)
{
    (void)state;
    const struct navigation n = walked();
    const double q = 1.0 / 3.0; /* two pages and the unknown */
    static const uint64_t hash[] = {HOME, PAY};
    static const float share[] = {0.5F, 0.9F};
    const struct navigation_people people = {
        .pages = 2, .hash = hash, .share = share, .dwell = 2.7, .spread = 1.0};
    assert_near(navigation_ratio(&n, NULL, HOME, PAY, NAN), log(q * 14.0 / (10.0 + 4.0 * q)), 1e-12,
                "as ever");
    assert_near(navigation_ratio(&n, NULL, HOME, CARDS, NAN), log(14.0 / 4.0), 1e-12, "never");
    assert_near(navigation_ratio(&n, NULL, CARDS, HOME, NAN), 0.0, 0.0, "from where he never was");
    assert_near(navigation_ratio(&n, NULL, HOME, HOME, NAN), 0.0, 0.0, "no step");
    assert_near(navigation_ratio(&n, NULL, 0, PAY, NAN), 0.0, 0.0, "the first page");
    assert_near(navigation_ratio(&n, &people, HOME, PAY, NAN),
                log((double)0.9F * 14.0 / (10.0 + 4.0 * (double)0.9F)), 1e-6,
                "a page that everybody goes to says little");
    assert_near(navigation_ratio(&n, NULL, 0, PAY, log(3000.0)), NAVIGATION_LIMIT, 1e-12,
                "a hundred times as long");
    assert_true(navigation_ratio(&n, NULL, 0, PAY, log(30.0)) < -0.5);
}

static void the_ratio_is_bounded_whatever_was_learnt(void **state)
{
    (void)state;
    uint64_t seed = 4;
    struct navigation n = {0};
    uint64_t from = 0;
    for (int i = 0; i < 20000; i++) {
        const uint64_t to = 1 + random_below(&seed, i % 1000 < 500 ? 5 : 90);
        const double dwell =
            random_below(&seed, 4) == 0 ? (double)NAN : random_in(&seed, -3.0, 11.4);
        const double ratio = navigation_ratio(&n, NULL, from, to, dwell);
        assert_true(fabs(ratio) <= NAVIGATION_LIMIT);
        navigation_learn(&n, from, to, dwell);
        assert_in_range(n.pages, 1, NAVIGATION_PAGES);
        assert_in_range(n.moves, 0, NAVIGATION_MOVES);
        from = to;
    }
    struct byte_writer w = {.at = (uint8_t[CANARA_PART_BYTES]){0}, .left = CANARA_PART_BYTES};
    const uint8_t *const bytes = w.at;
    navigation_write(&w, &n);
    struct byte_reader r = {.at = bytes, .left = CANARA_PART_BYTES - w.left};
    struct navigation back = {0};
    assert_false(w.failed);
    assert_true(navigation_read(&r, &back));
    assert_int_equal(r.left, 0);
    assert_memory_equal(back.page, n.page, n.pages * sizeof n.page[0]);
    assert_memory_equal(back.move, n.move, n.moves * sizeof n.move[0]);
}

static void the_least_used_page_makes_room_and_takes_its_moves_along(void **state)
{
    (void)state;
    struct navigation n = walked();
    for (uint64_t page = 100; page < 100 + NAVIGATION_PAGES; page++) {
        navigation_learn(&n, HOME, page, NAN);
    }
    assert_int_equal(n.pages, NAVIGATION_PAGES);
    assert_int_equal(n.page[0].hash, HOME);
    assert_int_equal(n.page[1].hash, PAY);
    for (size_t i = 0; i < n.moves; i++) {
        assert_true(n.move[i].from < n.pages && n.move[i].to < n.pages);
    }
    assert_near(navigation_ratio(&n, NULL, HOME, 100, NAN), NAVIGATION_LIMIT, 1e-9, "forgotten");
}

static void counts_that_are_full_are_halved(void **state)
{
    (void)state;
    struct navigation n = {0};
    for (int i = 0; i < 200000; i++) {
        navigation_learn(&n, i == 0 ? 0 : 1 + (uint64_t)(i % 2), 1 + (uint64_t)((i + 1) % 2), 1.0);
    }
    for (size_t i = 0; i < n.pages; i++) {
        assert_in_range(n.page[i].visits, 300, 1023);
    }
}

static canara_event_t visit(const char *page, double seconds)
{
    return (canara_event_t){
        .kind = CANARA_NAVIGATION_PATTERN,
        .has = CANARA_F_CURRENT_PAGE | CANARA_F_TIME_ON_PAGE,
        .of.navigation = {.time_on_page_s = seconds, .current_page = {page, strlen(page)}}};
}

static void live(struct canara_profile *p, const char *const *pages, size_t n)
{
    canara_session_t s;
    canara_lesson_t lesson;
    uint8_t wanted = 0;
    canara_session_begin(&s, T0);
    assert_int_equal(canara_learn_begin(p, &s, CANARA_TRUST_GATED, &wanted), CANARA_OK);
    assert_int_equal(wanted, 1);
    for (size_t i = 0; i < n; i++) {
        const canara_event_t e = visit(pages[i], 20.0);
        assert_int_equal(canara_learn(p, &e, T0), CANARA_OK);
    }
    assert_int_equal(canara_learn_end(p, T0, &lesson), CANARA_OK);
    assert_int_equal(lesson.learnt, 1);
}

/* The most that navigation says in a session is below a challenge, for and against: both ways on. */
static void a_session_of_other_pages_is_noticed_and_never_challenged_by_that_alone(void **state)
{
    (void)state;
    static const char *const own[] = {"home", "accounts", "home", "cards", "home"};
    static const char *const other[] = {"home", "limits", "payees", "transfer", "home", "limits"};
    struct canara_profile *p = NULL;
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    for (int i = 0; i < 12; i++) {
        live(p, own, ARRAY_LEN(own));
    }
    double risk[2];
    for (int who = 0; who < 2; who++) {
        canara_session_t s;
        canara_verdict_t v = {0};
        canara_session_begin(&s, T0);
        for (int round = 0; round < 20; round++) {
            for (size_t i = 0; i < ARRAY_LEN(own); i++) {
                const canara_event_t e = visit(who == 0 ? own[i] : other[i], who == 0 ? 20.0 : 2.0);
                assert_int_equal(canara_observe(&s, NULL, p, &e, T0, &v), CANARA_OK);
                assert_true(v.risk < 0.7);
            }
        }
        risk[who] = v.risk;
    }
    assert_true(risk[0] < 0.05 && risk[1] > 0.2);
    canara_profile_free(&p);
}

static void tables_come_back_from_bytes_and_flipped_ones_do_not(void **state)
{
    (void)state;
    static const char *const own[] = {"home", "accounts", "home", "cards", "home"};
    struct canara_profile *p = NULL;
    assert_int_equal(canara_profile_new(NULL, &p), CANARA_OK);
    for (int i = 0; i < 3; i++) {
        live(p, own, ARRAY_LEN(own));
    }
    assert_int_equal(canara_profile_parts(p), 2);
    for (size_t i = 0; i < 2; i++) {
        uint8_t bytes[CANARA_PART_BYTES];
        uint8_t again[CANARA_PART_BYTES];
        canara_part_t part;
        size_t size = 0;
        struct part q;
        assert_int_equal(canara_profile_save(p, i, bytes, &part), CANARA_OK);
        assert_string_equal(part.name, i == 0 ? "navigation" : "person:routine");
        assert_int_equal(part_load(&q, bytes, part.size), CANARA_OK);
        part_save(&q, again, &size);
        assert_int_equal(size, part.size);
        assert_memory_equal(bytes, again, size);
        for (size_t at = 0; at < size; at++) {
            bytes[at] ^= 0x10;
            assert_int_equal(part_load(&q, bytes, size), CANARA_BAD_FORMAT);
            bytes[at] ^= 0x10;
        }
    }
    canara_profile_free(&p);
}

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    const struct navigation good = walked();
    for (int i = 0; i < 10; i++) {
        struct navigation n = good;
        switch (i) {
        case 1: n.page[0].hash = 0; break;
        case 2: n.page[1].hash = n.page[0].hash; break;
        case 3: n.page[0].dwell = NAN; break;
        case 4: n.page[0].spread = -1.0F; break;
        case 5: n.page[0].visits = 0; break;
        case 6: n.move[0].from = 2; break;
        case 7: n.move[0].to = n.move[0].from; break;
        case 8: n.move[0].times = 0; break;
        case 9: n.page[0].dwells = 21; break;
        default: break;
        }
        uint8_t bytes[CANARA_PART_BYTES];
        struct byte_writer w = {.at = bytes, .left = sizeof bytes};
        navigation_write(&w, &n);
        struct byte_reader r = {.at = bytes, .left = sizeof bytes - w.left};
        struct navigation back = {0};
        assert_int_equal(navigation_read(&r, &back), i == 0);
        for (size_t cut = 0; i == 0 && cut < sizeof bytes - w.left; cut++) {
            struct byte_reader less = {.at = bytes, .left = cut};
            assert_false(navigation_read(&less, &back));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_steps_have_known_ratios),
        cmocka_unit_test(the_ratio_is_bounded_whatever_was_learnt),
        cmocka_unit_test(the_least_used_page_makes_room_and_takes_its_moves_along),
        cmocka_unit_test(counts_that_are_full_are_halved),
        cmocka_unit_test(a_session_of_other_pages_is_noticed_and_never_challenged_by_that_alone),
        cmocka_unit_test(tables_come_back_from_bytes_and_flipped_ones_do_not),
        cmocka_unit_test(numbers_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
