/* buffers_test.c - lines of the server's buffer files, of every kind, and files of them. */
#include "lab/sets/buffers.h"

#include "base/util.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE(type, data, session)                                                            \
    "{\"timestamp\":\"2026-03-01T09:00:00.000Z\",\"event_type\":\"" type "\",\"data\":" data \
    ",\"session_id\":\"" session "\",\"user_email\":\"ann@canara.example\"}"

static void free_scratch(struct line_scratch **s)
{
    free(*s);
}

static void a_line_is_an_event_a_fact_a_secret_or_a_remark(void **state)
{
    (void)state;

    static const struct {
        const char *line;
        enum buffer_kind kind;
        enum canara_fact fact;
        double value;
    } rows[] = {
        {LINE("scroll", "{\"pixels\":1,\"velocity\":2}", "a"), BUFFER_EVENT, 0, 0.0},
        {LINE("made_up", "{}", "a"), BUFFER_EVENT, 0, 0.0},
        {LINE("keystrokes", "{\"field\":\"mpin\",\"keys\":4}", "a"), BUFFER_SECRET, 0, 0.0},
        {LINE("device_new", "{}", "a"), BUFFER_FACT, CANARA_FACT_NEW_DEVICE, 0.0},
        {LINE("device_unproved", "{}", "a"), BUFFER_FACT, CANARA_FACT_UNPROVED_DEVICE, 0.0},
        {LINE("mpin_verified", "{}", "a"), BUFFER_FACT, CANARA_FACT_MPIN_PASSED, 0.0},
        {LINE("mpin_challenge_passed", "{}", "a"), BUFFER_FACT, CANARA_FACT_MPIN_PASSED, 0.0},
        {LINE("mpin_failed", "{}", "a"), BUFFER_FACT, CANARA_FACT_MPIN_FAILED, 0.0},
        {LINE("policy_challenge", "{\"why\":\"account\"}", "a"), BUFFER_FACT,
         CANARA_FACT_CHALLENGED, 0.0},
        {LINE("external_fact", "{\"nats\":-2.5}", "a"), BUFFER_FACT, CANARA_FACT_EXTERNAL, -2.5},
        {LINE("external_fact", "{\"nats\":11}", "a"), BUFFER_REMARK, 0, 0.0},
        {LINE("external_fact", "{\"nats\":-11}", "a"), BUFFER_REMARK, 0, 0.0},
        {LINE("external_fact", "{}", "a"), BUFFER_REMARK, 0, 0.0},
        {LINE("ml_analysis_result", "{\"predicted_risk_score\":1}", "a"), BUFFER_REMARK, 0, 0.0},
        {LINE("session_start", "{}", "a"), BUFFER_REMARK, 0, 0.0},
    };

    CLEANUP(free_scratch) struct line_scratch *s = malloc(sizeof *s);
    assert_non_null(s);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buffer_line line;
        struct line_fault fault;
        const span_t text = {(const uint8_t *)rows[i].line, strlen(rows[i].line)};
        assert_int_equal(buffer_line_parse(s, text, &line, &fault), LINE_OK);
        if (line.kind != rows[i].kind || line.fact != rows[i].fact) {
            fail_msg("%s", rows[i].line);
        }
        assert_near(line.value, rows[i].value, 0.0, rows[i].line);
    }
}

static void every_shorter_line_is_refused_with_a_field(void **state)
{
    (void)state;
    static const char whole[] = LINE("external_fact", "{\"nats\":1}", "a");
    CLEANUP(free_scratch) struct line_scratch *s = malloc(sizeof *s);
    assert_non_null(s);
    for (size_t n = 0; n + 1 < sizeof whole - 1; n++) {
        struct buffer_line line;
        struct line_fault fault = {.message = NULL};
        assert_int_equal(buffer_line_parse(s, (span_t){(const uint8_t *)whole, n}, &line, &fault),
                         LINE_REFUSED);
        assert_true(fault.message != NULL && fault.field[0] != '\0');
    }
}

/* A file of the server's is read as strictly as ever: what is assumed of a set would be wrong here. */
static void what_the_server_never_writes_is_refused(void **state)
{
    (void)state;
#define FOREIGN(at, data, user)                                                             \
    "{\"timestamp\":" at ",\"event_type\":\"keystrokes\",\"data\":" data ",\"session_id\":" \
    "\"a\",\"user_email\":" user "}"
    static const char *const lines[] = {
        FOREIGN("1750000000", "{}", "\"u\""),
        FOREIGN("\"2026-03-01T09:00:00\"", "{}", "\"u\""),
        FOREIGN("\"2026-03-01T09:00:00Z\"", "{}", "null"),
        FOREIGN("\"2026-03-01T09:00:00Z\"", "{}", "7"),
        FOREIGN("\"2026-03-01T09:00:00Z\"", "{\"field\":\"Name\"}", "\"u\""),
        FOREIGN("\"2026-03-01T09:00:00Z\"", "{\"field\":null}", "\"u\""),
    };
    CLEANUP(free_scratch) struct line_scratch *s = malloc(sizeof *s);
    assert_non_null(s);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct buffer_line line;
        struct line_fault fault = {.message = NULL};
        const span_t text = {(const uint8_t *)lines[i], strlen(lines[i])};
        assert_int_equal(buffer_line_parse(s, text, &line, &fault), LINE_REFUSED);
        assert_non_null(strstr(fault.message, "is not as the server writes it"));
    }
}

static void a_line_that_the_server_is_writing_is_left_out(void **state)
{
    (void)state;
    static const char text[] = LINE("scroll", "{\"pixels\":1,\"velocity\":2}",
                                    "a") "\n" LINE("mpin_failed", "{}", "a") "\n{\"timest";
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "a.jsonl", path);
    for (size_t cut = 0; cut < 2; cut++) { /* the second time with an end: then it is wrong */
        CLEANUP(buffers_free) struct buffers *b = NULL;
        struct dataset_fault fault;
        char bytes[sizeof text + 1];
        const int n = snprintf(bytes, sizeof bytes, "%s%s", text, cut == 0 ? "" : "\n");
        scratch_write(path, (span_t){(const uint8_t *)bytes, (size_t)n}, 0600);
        assert_ok(buffers_new(&b));
        const err_t e = buffers_add(b, dir.path, &fault);
        assert_true(failed(e) == (cut == 1));
        assert_int_equal(buffers_sessions(b), 1);
        const struct buffer_session s = buffers_session(b, 0);
        assert_int_equal(s.entries, 2);
        assert_int_equal(s.events, 1);
        assert_true(!s.entry[0].is_fact && s.entry[1].is_fact);
    }
}

static void a_session_has_one_user(void **state)
{
    (void)state;
    static const char text[] =
        LINE("x", "{}",
             "a") "\n"
                  "{\"timestamp\":\"2026-03-01T09:00:00.000Z\",\"event_type\":\"x\",\"data\":{},"
                  "\"session_id\":\"a\",\"user_email\":\"bob@canara.example\"}\n";
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(buffers_free) struct buffers *b = NULL;
    struct dataset_fault fault;
    char path[SCRATCH_PATH];
    scratch_path(&dir, "a.jsonl", path);
    scratch_write(path, (span_t){(const uint8_t *)text, sizeof text - 1}, 0600);
    assert_ok(buffers_new(&b));
    assert_err(buffers_add(b, path, &fault), ERR_FORMAT);
    assert_non_null(strstr(fault.text, "a.jsonl:2: user_email: changes within a session"));
    buffers_free(&b);
    buffers_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_an_event_a_fact_a_secret_or_a_remark),
        cmocka_unit_test(every_shorter_line_is_refused_with_a_field),
        cmocka_unit_test(what_the_server_never_writes_is_refused),
        cmocka_unit_test(a_line_that_the_server_is_writing_is_left_out),
        cmocka_unit_test(a_session_has_one_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
