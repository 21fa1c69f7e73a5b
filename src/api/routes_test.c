/* The table of routes, held to docs/api/openapi.json, and what several routes write. */
#include "api/routes.h"

#include "api/assets.h"
#include "api/desk_test.h"
#include "codec/json_write.h"

#include <ctype.h>

enum { DOCUMENT_BYTES = 1 << 20, PAIRS = 64, PATH_BYTES = 96 };

struct pair {
    char method[12];
    char path[PATH_BYTES];
};

static char *read_all(const char *path)
{
    FILE *f = fopen(path, "re");
    assert_non_null(f); /* tests run in the root of the tree */
    char *text = calloc(1, DOCUMENT_BYTES);
    assert_non_null(text);
    const size_t n = fread(text, 1, DOCUMENT_BYTES - 1, f);
    assert_true(n > 0 && n < DOCUMENT_BYTES - 1);
    (void)fclose(f);
    return text;
}

/* The text between the quotes of a line `"name": {` with this indentation; false for others. */
static bool named(const char *line, size_t indent, char *out, size_t size)
{
    if (strspn(line, " ") != indent || line[indent] != '"') {
        return false;
    }
    const char *name = line + indent + 1;
    const char *end = strchr(name, '"');
    if (end == NULL || strncmp(end, "\": {", 4) != 0 || (size_t)(end - name) >= size) {
        return false;
    }
    (void)snprintf(out, size, "%.*s", (int)(end - name), name);
    return true;
}

static void add(struct pair *to, const char *method, const char *path)
{
    size_t n = 0;
    for (; method[n] != '\0'; n++) {
        to->method[n] = (char)toupper((unsigned char)method[n]);
    }
    to->method[n] = '\0';
    (void)snprintf(to->path, PATH_BYTES, "%s", path);
}

/* The document is deeper than any body that is taken, so it is read by its lines. */
static size_t documented(struct pair pairs[PAIRS])
{
    char *text = read_all("docs/api/openapi.json");
    char path[PATH_BYTES] = "";
    char method[sizeof pairs[0].method];
    size_t count = 0;
    bool in_paths = false;
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, " \"", 2) == 0) {
            in_paths = strncmp(line, " \"paths\": {", 11) == 0;
        }
        if (!in_paths) {
            continue;
        }
        if (named(line, 2, path, sizeof path)) {
            continue;
        }
        if (named(line, 3, method, sizeof method)) {
            assert_in_range(count, 0, PAIRS - 1);
            add(&pairs[count++], method, path);
        }
    }
    free(text);
    return count;
}

static const struct api_route *route_at(const struct route_table *table, size_t i)
{
    return (const struct api_route *)table->rows + i;
}

static bool is_documented(const struct pair *pairs, size_t count, const struct api_route *r)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(pairs[i].method, http_method_name(r->route.method)) == 0 &&
            span_eq(r->route.pattern, span_of(pairs[i].path))) {
            return true;
        }
    }
    return false;
}

static void every_route_is_documented(void **state)
{
    (void)state;
    struct pair pairs[PAIRS];
    const size_t count = documented(pairs);
    const struct route_table table = api_routes();
    assert_true(table.count > 15);
    for (size_t i = 0; i < table.count; i++) {
        const struct api_route *r = route_at(&table, i);
        if (!is_documented(pairs, count, r)) {
            fail_msg("%s %.*s is not documented", http_method_name(r->route.method),
                     (int)r->route.pattern.len, (const char *)r->route.pattern.ptr);
        }
    }
}

/* What is documented is a route, a page, or the socket. */
static void everything_documented_is_served(void **state)
{
    (void)state;
    struct pair pairs[PAIRS];
    const size_t count = documented(pairs);
    const struct route_table table = api_routes();
    size_t routes = 0;
    for (size_t i = 0; i < count; i++) {
        bool served = strcmp(pairs[i].path, "/api/v1/ws/behavior/{session_id}") == 0 ||
                      asset_find(span_of(pairs[i].path)) != NULL;
        for (size_t k = 0; k < table.count; k++) {
            if (is_documented(&pairs[i], 1, route_at(&table, k))) {
                served = true;
                routes++;
            }
        }
        if (!served) {
            fail_msg("%s %s is not served", pairs[i].method, pairs[i].path);
        }
    }
    assert_int_equal(routes, table.count); /* none twice */
}

static void no_two_routes_are_the_same_and_all_are_complete(void **state)
{
    (void)state;
    const struct route_table tables[] = {api_routes(), api_operator_routes()};
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            const struct api_route *r = route_at(&tables[t], i);
            assert_non_null(r->begin);
            assert_non_null(r->metric);
            assert_true((r->auth == AUTH_LOCAL) == (t == 1));
            assert_true(r->place == PLACE_OWNER || r->place == PLACE_COLD ||
                        r->place == PLACE_HASH);
            assert_true(r->body == BODY_NONE || r->route.method == HTTP_POST);
            for (size_t k = 0; k < i; k++) {
                const struct api_route *q = route_at(&tables[t], k);
                assert_false(q->route.method == r->route.method &&
                             span_eq(q->route.pattern, r->route.pattern));
            }
        }
    }
}

/* A stage in the owner's loop needs to know whose it is: only a token says so. */
static void whoever_begins_in_a_loop_has_a_token_or_needs_no_session(void **state)
{
    (void)state;
    const struct route_table table = api_routes();
    for (size_t i = 0; i < table.count; i++) {
        const struct api_route *r = route_at(&table, i);
        const bool open = span_eq(r->route.pattern, SPAN_LIT("/")) ||
                          span_eq(r->route.pattern, SPAN_LIT("/health")) ||
                          span_eq(r->route.pattern, SPAN_LIT("/health/live"));
        assert_true(r->place != PLACE_OWNER || r->auth != AUTH_NONE || open);
    }
}

/* ---- what several routes write */

static void each_family_that_speaks_against_the_owner_is_named_once(void **state)
{
    struct desk *d = *state;
    (void)register_account(&d->house, ANN);
    struct live *live = desk_log_in(d, ANN, "phone");
    struct shard *s = desk_owner(d, live->id);
    for (int i = 0; i < 2; i++) {
        behaviour_fact(s, live, "external_fact", SPAN_LIT("{}"), CANARA_FACT_EXTERNAL, 1.0);
    }
    const wall_t now = clock_wall(d->house.svc.clock);
    for (int debug = 0; debug < 2; debug++) {
        struct buf out;
        struct json_writer w;
        struct json *tree = NULL;
        buf_init(&out, 65536);
        json_writer_init(&w, &out);
        d->api.debug = debug == 1;
        json_begin_object(&w);
        const reasons_of_t of = {.engine = &live->mind->engine, .at = now};
        write_reasons(&d->api, &of, &w);
        write_learning(canara_profile_learning(NULL), &w);
        json_end_object(&w);
        assert_ok(json_finish(&w));
        assert_ok(json_parse(buf_span(&out), &tree, NULL));
        const struct json *reasons = json_get(tree, "reasons");
        assert_true(json_count(reasons) >= 1);
        for (size_t i = 0; i < json_count(reasons); i++) {
            for (size_t k = 0; k < i; k++) {
                span_t a = {0};
                span_t b = {0};
                assert_true(json_as_text(json_item(reasons, i), &a));
                assert_true(json_as_text(json_item(reasons, k), &b));
                assert_false(span_eq(a, b));
            }
        }
        /* names and weights are for developers only: they teach how to stay below */
        assert_true((json_get(tree, "evidence") != NULL) == d->api.debug);
        assert_int_equal(json_kind(json_get(tree, "learning")), JSON_KIND_OBJECT);
        json_free(&tree);
        buf_deinit(&out);
    }
}

static void news_go_to_every_session_that_is_named(void **state)
{
    struct desk *d = *state;
    uuid_t id[5];
    (void)register_account(&d->house, ANN);
    for (size_t i = 0; i < ARRAY_LEN(id); i++) {
        id[i] = desk_log_in(d, ANN, "phone")->id;
    }
    struct call *c = call_new(&d->api);
    tell_all(c, id, 4, TELL_END, END_REVOKED, 0.0);
    assert_int_equal(d->news, 4);
    for (size_t i = 0; i < ARRAY_LEN(id); i++) {
        assert_true((shard_find(desk_owner(d, id[i]), id[i]) != NULL) == (i == 4));
    }
    call_free(&c);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_documented),
        cmocka_unit_test(everything_documented_is_served),
        cmocka_unit_test(no_two_routes_are_the_same_and_all_are_complete),
        cmocka_unit_test(whoever_begins_in_a_loop_has_a_token_or_needs_no_session),
        DESK_TEST(each_family_that_speaks_against_the_owner_is_named_once),
        DESK_TEST(news_go_to_every_session_that_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
