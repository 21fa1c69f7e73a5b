/* What bodies hold of a loop: refused by shape before they hold anything, bounded in sum, given back. */
#include "api/bodies.h"

#include "api/desk_test.h"
#include "base/limits.h"
#include "tests/support/random.h"
#include "tests/support/scarce_memory.h"

#include <stdlib.h>

#define LOGIN    "/api/v1/auth/login"
#define REFRESH  "/api/v1/auth/refresh"
#define VERIFY   "/api/v1/auth/verify-mpin"
#define EVALUATE "/api/v1/risk/evaluate"
#define REGISTER "/api/v1/auth/register"

enum { SMALL = LIMIT_BODY_SMALL_BYTES, LARGE = LIMIT_BODY_SMALL_BYTES + 1, TEXT_BYTES = 65536 };

static bool take(struct bodies *b, uint64_t address, size_t bytes, body_charge_t *out)
{
    const size_t before = bodies_held(b);
    const bool taken = bodies_take(b, address, bytes, out);
    assert_int_equal(bodies_held(b), before + (taken ? bytes : 0));
    return taken;
}

/* ---- the sum ---- */

static void ordinary_bodies_find_room_to_the_last_byte(void **state)
{
    (void)state;
    struct bodies b = {0};
    static body_charge_t charge[LIMIT_BODIES_BYTES / SMALL];
    body_charge_t more = {0};
    for (size_t i = 0; i < ARRAY_LEN(charge) - 1; i++) { /* of one address: that counts for large */
        assert_true(take(&b, 7, SMALL, &charge[i]));
    }
    assert_false(take(&b, 8, SMALL + 1, &more));
    assert_true(take(&b, 8, SMALL - 1, &charge[ARRAY_LEN(charge) - 1]));
    assert_false(take(&b, 9, 2, &more));
    assert_null(more.bodies);
    assert_true(take(&b, 9, 1, &more));
    assert_int_equal(bodies_held(&b), LIMIT_BODIES_BYTES);
    bodies_give(&more);
    for (size_t i = 0; i < ARRAY_LEN(charge); i++) {
        bodies_give(&charge[i]);
        bodies_give(&charge[i]); /* twice is once */
    }
    assert_int_equal(bodies_held(&b), 0);
    assert_int_equal(atomic_load(&b.large), 0);
}

static void large_ones_have_a_part_and_an_address_a_part_of_that(void **state)
{
    (void)state;
    struct bodies b = {0};
    body_charge_t charge[64] = {0};
    body_charge_t more = {0};
    size_t count = 0;
    for (uint64_t address = 0; count < LIMIT_BODIES_LARGE_BYTES / LIMIT_BODIES_ADDRESS_BYTES;
         address++) {
        if (!take(&b, address, LIMIT_BODIES_ADDRESS_BYTES, &charge[count])) {
            continue; /* it shares its row with one before */
        }
        assert_false(take(&b, address, LARGE, &more));
        assert_true(take(&b, address, SMALL, &more));
        bodies_give(&more);
        count++;
    }
    for (uint64_t address = 1000; address < 1100;
         address++) { /* nobody's large one, all small ones */
        assert_false(take(&b, address, LARGE, &more));
        assert_true(take(&b, address, SMALL, &more));
        bodies_give(&more);
    }
    bodies_give(&charge[0]);
    uint64_t address = 2000;
    while (!take(&b, address, LIMIT_BODIES_ADDRESS_BYTES - 1, &charge[0])) {
        address++;
    }
    assert_false(take(&b, address, LARGE, &more));
    for (size_t i = 0; i < count; i++) {
        bodies_give(&charge[i]);
    }
    assert_int_equal(bodies_held(&b), 0);
}

static void at_random_the_sum_is_what_was_not_given_back(void **state)
{
    (void)state;
    struct bodies b = {0};
    body_charge_t charge[512] = {0};
    size_t held = 0;
    uint64_t seed = 61;
    for (int i = 0; i < 100000; i++) {
        const size_t at = random_below(&seed, ARRAY_LEN(charge));
        if (charge[at].bodies != NULL) {
            held -= charge[at].bytes;
            bodies_give(&charge[at]);
        } else {
            const size_t bytes = random_below(&seed, random_below(&seed, 4) == 0 ? 2000000 : 20000);
            held += take(&b, random_below(&seed, 40), bytes, &charge[at]) ? bytes : 0;
        }
        assert_int_equal(bodies_held(&b), held);
        assert_true(held <= LIMIT_BODIES_BYTES);
        assert_true(atomic_load(&b.large) <= LIMIT_BODIES_LARGE_BYTES);
    }
    for (size_t i = 0; i < ARRAY_LEN(charge); i++) {
        bodies_give(&charge[i]);
    }
    assert_int_equal(bodies_held(&b), 0);
}

/* ---- the shape, at the door ---- */

/* A body with so many values in so many objects and arrays; `plain` begins it, without its end. */
static const char *body_of(const char *plain, size_t values, size_t nodes)
{
    static char text[TEXT_BYTES];
    struct json_shape shape = {0};
    size_t len = (size_t)snprintf(text, sizeof text, "{%s,\"z\":[", plain);
    char whole[512];
    (void)snprintf(whole, sizeof whole, "{%s,\"z\":[]}", plain);
    assert_ok(json_measure((span_t){(const uint8_t *)whole, strlen(whole)}, NULL, &shape, NULL));
    for (size_t i = 0; i < values - shape.values; i++) {
        const bool node = i < nodes - shape.objects - shape.arrays;
        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s", i == 0 ? "" : ",",
                                node ? "{}" : "1");
    }
    (void)snprintf(text + len, sizeof text - len, "]}");
    assert_ok(json_measure((span_t){(const uint8_t *)text, strlen(text)}, NULL, &shape, NULL));
    assert_int_equal(shape.values, values);
    assert_int_equal(shape.objects + shape.arrays, nodes);
    return text;
}

static void expect_refused(struct desk *d, const struct bearer *b, const char *target,
                           const char *body, const char *words)
{
    struct call *c = desk_ask(d, b, "POST", target, body);
    assert_int_equal(c->status, 422);
    assert_true(desk_said(c, "urn:canara:problem:invalid-request"));
    if (!desk_said(c, words)) {
        fail_msg("%s: %.*s", target, (int)c->reply.len, (const char *)c->reply.ptr);
    }
    assert_null(c->json);
    assert_null(c->charge.bodies);
    call_free(&c);
}

static void a_body_may_be_made_of_so_much_and_no_more(void **state)
{
    static const struct {
        const char *target, *plain;
        size_t values, nodes;
        unsigned status;
    } rows[] = {
        {REFRESH, "\"refresh_token\":\"x\"", LIMIT_BODY_VALUES, LIMIT_BODY_NODES, 401},
        {REGISTER, "\"email\":\"x\"", LIMIT_BODY_VALUES, LIMIT_BODY_NODES, 422},
        {EVALUATE, "\"action\":\"transfer\"", LIMIT_BODY_VALUES, LIMIT_BODY_NODES, 200},
        {LOGIN, "\"email\":\"nobody@example.org\",\"password\":\"long enough\",\"device_id\":\"d\"",
         LIMIT_TYPED_BODY_VALUES, LIMIT_TYPED_BODY_NODES, 401},
        {VERIFY, "\"mpin\":\"8305\"", LIMIT_TYPED_BODY_VALUES, LIMIT_TYPED_BODY_NODES, 200},
    };

    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char words[128];
        desk_expect(d, &b, "POST", rows[i].target,
                    body_of(rows[i].plain, rows[i].values, rows[i].nodes), rows[i].status);
        (void)snprintf(words, sizeof words,
                       "[{\"field\":\"\",\"message\":\"must have at most %zu values\"}]",
                       rows[i].values);
        expect_refused(d, &b, rows[i].target,
                       body_of(rows[i].plain, rows[i].values + 1, rows[i].nodes), words);
        (void)snprintf(
            words, sizeof words,
            "[{\"field\":\"\",\"message\":\"must have at most %zu objects and arrays\"}]",
            rows[i].nodes);
        expect_refused(d, &b, rows[i].target,
                       body_of(rows[i].plain, rows[i].values, rows[i].nodes + 1), words);
    }
}

/* 512 keys with all that they must have. */
static void the_longest_typing_passes(void **state)
{
    static char text[TEXT_BYTES];
    struct desk *d = *state;
    size_t len =
        (size_t)snprintf(text, sizeof text,
                         "{\"email\":\"nobody@example.org\",\"password\":\"long enough\","
                         "\"device_id\":\"d\",\"keystrokes\":{\"field\":\"password\",\"keys\":[");
    for (unsigned i = 0; i < 512; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "%s{\"down\":%u,\"up\":%u,\"class\":\"other\"}", i == 0 ? "" : ",",
                                i * 110, i * 110 + 70);
    }
    (void)snprintf(text + len, sizeof text - len, "]}}");
    desk_expect(d, NULL, "POST", LOGIN, text, 401);
}

static void a_greedy_body_needs_no_memory_to_be_refused(void **state)
{
    struct desk *d = *state;
    const char *const body = body_of("\"refresh_token\":\"x\"", 20000, 19999);
    desk_expect(d, NULL, "POST", REFRESH, body, 422); /* what is needed besides is there */
    scarce_memory_begin((size_t)4 << 20);
    struct call *c = desk_ask(d, NULL, "POST", REFRESH, body);
    scarce_memory_end();
    assert_int_equal(c->status, 422); /* its tree would have been 7 MB: 503 */
    call_free(&c);
}

/* ---- the room, at the door ---- */

static void without_room_a_body_is_told_to_come_again(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    char events[128];
    (void)snprintf(events, sizeof events, "/api/v1/ws/sessions/%s/events", b.id);
    atomic_store(&d->bodies.held, LIMIT_BODIES_BYTES - 100);

    const struct {
        const char *target, *body;
    } rows[] = {
        {REFRESH, "{\"refresh_token\":\"x\"}"},
        {VERIFY, "{\"mpin\":\"8305\"}"},
        {events, "[{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":65}},"
                 "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":66}}]"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct call *c = desk_ask(d, &b, "POST", rows[i].target, rows[i].body);
        assert_int_equal(c->status, 503);
        assert_true(desk_said(c, "urn:canara:problem:overloaded"));
        assert_true(span_eq(buf_span(&c->extra), SPAN_LIT("Retry-After: 2\r\n")));
        call_free(&c);
    }
    assert_int_equal(counter_read(&d->api.metrics.bodies_refused), ARRAY_LEN(rows));
    desk_expect(d, &b, "GET", "/api/v1/auth/session-status", "", 200);
    struct call *c = ask_local(d, "POST", "/ctl/sessions", "{}"); /* operators are let in */
    assert_int_equal(c->status, 200);
    call_free(&c);
    desk_expect(d, &b, "POST", "/api/v1/auth/logout", "", 200);
    assert_int_equal(bodies_held(&d->bodies), LIMIT_BODIES_BYTES - 100);
    atomic_store(&d->bodies.held, 0);
}

static void path_of(const struct route *route, const char *id, char out[256])
{
    const uint8_t *const hole = memchr(route->pattern.ptr, '{', route->pattern.len);
    const uint8_t *const end = route->pattern.ptr + route->pattern.len;
    if (hole == NULL) {
        (void)snprintf(out, 256, "%.*s", (int)route->pattern.len, (const char *)route->pattern.ptr);
        return;
    }
    const uint8_t *const rest = hole + strlen("{id}");
    (void)snprintf(out, 256, "%.*s%s%.*s", (int)(hole - route->pattern.ptr),
                   (const char *)route->pattern.ptr, id, (int)(end - rest), (const char *)rest);
}

/* Every way a call may end: each answer, and with no answer. desk_end() looks at the sum, too. */
static void whatever_way_a_call_ends_its_room_is_free(void **state)
{
    static const char wrong[] =
        "{\"email\":\"" ANN "\",\"password\":\"wrong\",\"device_id\":\"d\"}";
    static const char *const bodies[] = {
        "",
        "{",
        "[]",
        "5",
        "{}",
        "{\"a\":1,\"a\":2}",
        "{\"mpin\":\"8305\"}",
        wrong,
        "{\"refresh_token\":\"x\"}",
        "{\"action\":\"transfer\"}",
    };

    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    const struct route_table table = api_routes();
    const struct api_route *const rows = table.rows;
    for (size_t i = 0; i < table.count; i++) {
        for (size_t k = 0; k < ARRAY_LEN(bodies) && rows[i].route.method == HTTP_POST; k++) {
            char target[256];
            path_of(&rows[i].route, b.id, target);
            struct call *c = desk_ask(d, k % 2 == 0 ? &b : NULL, "POST", target, bodies[k]);
            call_free(&c);
            assert_int_equal(bodies_held(&d->bodies), 0);
        }
    }
}

static void note_held(struct desk *d, void *ctx)
{
    size_t *const held = ctx;
    *held = bodies_held(&d->bodies);
}

static void while_an_answer_waits_for_the_journal_its_body_is_gone(void **state)
{
    struct desk *d = *state;
    struct bearer b;
    desk_enter(d, &b, "phone");
    char events[128];
    (void)snprintf(events, sizeof events, "/api/v1/ws/sessions/%s/events", b.id);
    static const char body[] = "[{\"event_type\":\"x\",\"data\":{}}]";
    size_t held[2] = {1, 1};
    desk_meanwhile(d, 1, note_held, &held[0]);
    desk_expect(d, &b, "POST", events, body, 200);
    assert_int_equal(held[0], sizeof body - 1);
    desk_meanwhile(d, 2, note_held, &held[1]);
    desk_expect(d, &b, "POST", events, body, 200);
    assert_int_equal(held[1], 0);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_bodies_find_room_to_the_last_byte),
        cmocka_unit_test(large_ones_have_a_part_and_an_address_a_part_of_that),
        cmocka_unit_test(at_random_the_sum_is_what_was_not_given_back),
        DESK_TEST(a_body_may_be_made_of_so_much_and_no_more),
        DESK_TEST(the_longest_typing_passes),
        DESK_TEST(a_greedy_body_needs_no_memory_to_be_refused),
        DESK_TEST(without_room_a_body_is_told_to_come_again),
        DESK_TEST(whatever_way_a_call_ends_its_room_is_free),
        DESK_TEST(while_an_answer_waits_for_the_journal_its_body_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
