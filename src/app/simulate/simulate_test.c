/* simulate_test.c - the lines: the same for the same options, each whole, each within the contract.
 */
#include "app/simulate/simulate.h"

#include "base/util.h"
#include "codec/event_scan.h"
#include "codec/json_read.h"
#include "codec/time_text.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_MS INT64_C(1750755600000)

struct lines {
    char *text;
    size_t len;
    uint64_t events;
};

static struct simulate plan(enum persona_kind kind, uint64_t seed)
{
    return (struct simulate){.kind = kind,
                             .seed = seed,
                             .persons = 2,
                             .sessions = 2,
                             .minutes = SIMULATE_MINUTES_MAX,
                             .start = {START_MS},
                             .speed = 1};
}

static struct lines write_lines(const struct simulate *s)
{
    struct lines l = {0};
    FILE *out = open_memstream(&l.text, &l.len);
    assert_non_null(out);
    assert_ok(simulate_write(s, out, -1, &l.events));
    assert_int_equal(fclose(out), 0);
    return l;
}

static void equal_options_give_equal_bytes(void **state)
{
    (void)state;
    const struct simulate s = plan(PERSONA_OWNER, 7);
    const struct simulate t = plan(PERSONA_OWNER, 8);
    struct lines a = write_lines(&s);
    struct lines b = write_lines(&s);
    struct lines c = write_lines(&t);
    assert_true(a.len > 0);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.text, b.text, a.len);
    assert_true(a.len != c.len || memcmp(a.text, c.text, a.len) != 0);
    free(a.text);
    free(b.text);
    free(c.text);
}

/* Where one line stands in its session. */
struct place {
    char session[37];
    int64_t at_ms;
    unsigned sessions;
};

static void check_line(struct event_scratch *scratch, span_t line, struct place *place)
{
    struct json *json = NULL;
    span_t time = {0};
    span_t type = {0};
    span_t session = {0};
    span_t email = {0};
    wall_t at = {0};
    assert_ok(json_parse(line, &json, NULL));
    assert_int_equal(json_count(json), 5);
    assert_true(json_get_text(json, "timestamp", &time));
    assert_true(json_get_text(json, "event_type", &type));
    assert_true(json_get_text(json, "session_id", &session));
    assert_true(json_get_text(json, "user_email", &email));
    assert_int_equal(json_kind(json_get(json, "data")), JSON_KIND_OBJECT);
    assert_ok(time_parse(time, &at));
    assert_int_equal(session.len, 36);
    assert_int_equal(session.ptr[14], '4');
    if (memcmp(session.ptr, place->session, 36) != 0) {
        memcpy(place->session, session.ptr, 36);
        place->sessions++;
        place->at_ms = START_MS;
    }
    assert_true(at.ms >= place->at_ms);
    place->at_ms = at.ms;

    static const char before[] = "\"data\":";
    static const char after[] = ",\"session_id\":";
    const uint8_t *from = memmem(line.ptr, line.len, before, sizeof before - 1);
    const uint8_t *to = memmem(line.ptr, line.len, after, sizeof after - 1);
    assert_true(from != NULL && to != NULL && to > from);
    from += sizeof before - 1;
    scanned_event_t event;
    scan_fault_t fault;
    assert_int_equal(
        event_scan_stored(scratch, type, (span_t){from, (size_t)(to - from)}, &event, &fault),
        SCAN_OK);
    json_free(&json);
}

static void every_line_is_an_event_of_a_session(void **state)
{
    (void)state;
    struct event_scratch *scratch = malloc(sizeof *scratch);
    assert_non_null(scratch);
    for (int kind = 0; kind < PERSONA_STUFFER; kind++) {
        const struct simulate s = plan((enum persona_kind)kind, 11);
        struct lines l = write_lines(&s);
        struct place place = {0};
        uint64_t count = 0;
        size_t at = 0;
        while (at < l.len) {
            const char *const end = memchr(l.text + at, '\n', l.len - at);
            assert_non_null(end);
            const size_t len = (size_t)(end - (l.text + at));
            check_line(scratch, (span_t){(const uint8_t *)l.text + at, len}, &place);
            at += len + 1;
            count++;
        }
        assert_int_equal(count, l.events);
        assert_int_equal(place.sessions, 4);
        free(l.text);
    }
    free(scratch);
}

static void a_session_is_cut_after_its_minutes(void **state)
{
    (void)state;
    struct simulate s = plan(PERSONA_OWNER, 3);
    struct lines whole = write_lines(&s);
    s.minutes = 1;
    struct lines cut = write_lines(&s);
    assert_true(cut.events > 0 && cut.events < whole.events);
    free(whole.text);
    free(cut.text);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    const struct simulate s = plan(PERSONA_OWNER, 3);
    uint64_t events = 0;
    assert_err(simulate_write(&s, full, -1, &events), ERR_IO);
    (void)fclose(full);
}

static void a_signal_ends_it_before_the_next_session(void **state)
{
    (void)state;
    int ends[2];
    char *text = NULL;
    size_t len = 0;
    uint64_t events = 0;
    const struct simulate s = plan(PERSONA_OWNER, 3);
    FILE *const out = open_memstream(&text, &len);
    assert_non_null(out);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "", 1), 1);
    assert_err(simulate_write(&s, out, ends[0], &events), ERR_TIMEOUT);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(len, 0);
    free(text);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_options_give_equal_bytes),
        cmocka_unit_test(every_line_is_an_event_of_a_session),
        cmocka_unit_test(a_session_is_cut_after_its_minutes),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(a_signal_ends_it_before_the_next_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
