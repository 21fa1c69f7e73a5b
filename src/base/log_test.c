#include "base/log.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A clock that the test moves. */
struct scripted {
    struct clock clock;
    _Atomic int64_t ms;
};

static mono_t scripted_mono(const struct clock *self)
{
    const struct scripted *s = (const struct scripted *)(const void *)self;
    /* Any start will do; this one keeps the nanoseconds of the year 9999 in range. */
    return (mono_t){atomic_load(&s->ms) % INT64_C(1000000000000) * NS_PER_MS};
}

static wall_t scripted_wall(const struct clock *self)
{
    const struct scripted *s = (const struct scripted *)(const void *)self;
    return (wall_t){atomic_load(&s->ms)};
}

struct bench {
    struct scripted time;
    int fd;
    struct log *log;
    char text[1 << 20];
};

static struct bench bench; /* too large for a stack; set up anew by each test */

static void begin(enum log_format format, enum log_level least)
{
    bench.time.clock = (struct clock){scripted_mono, scripted_wall};
    atomic_store(&bench.time.ms, INT64_C(1750770000123));
    bench.fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(bench.fd >= 0);
    bench.log = log_new(bench.fd, format, least, &bench.time.clock);
    assert_non_null(bench.log);
}

/* What was written, as text. */
static const char *written(void)
{
    const ssize_t n = pread(bench.fd, bench.text, sizeof bench.text - 1, 0);
    assert_true(n >= 0);
    bench.text[n] = '\0';
    return bench.text;
}

static void end(void)
{
    log_free(&bench.log);
    assert_null(bench.log);
    assert_int_equal(close(bench.fd), 0);
}

static size_t count_of(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what)) {
        n++;
    }
    return n;
}

static const uuid_t some_id = {{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba,
                                0x98, 0x76, 0x54, 0x32, 0x10}};

static void every_kind_of_field_has_its_form_in_json(void **state)
{
    (void)state;
    begin(LOG_JSON, LOG_DEBUG);
    log_event(bench.log, LOG_INFO, "start");
    log_event(bench.log, LOG_NOTICE, "session.blocked", FIELD_UUID("session", some_id),
              FIELD_NUM("risk", 0.9), FIELD_INT("n", -3), FIELD_TEXT("why", "operator"),
              FIELD_SPAN("x", SPAN_LIT("y z")), FIELD_BOOL("yes", true), FIELD_TEXT("none", NULL),
              FIELD_NUM("nan", (double)NAN));
    assert_string_equal(
        written(),
        "{\"time\":\"2025-06-24T13:00:00.123Z\",\"level\":\"info\",\"event\":\"start\"}\n"
        "{\"time\":\"2025-06-24T13:00:00.123Z\",\"level\":\"notice\",\"event\":\"session.blocked\","
        "\"session\":\"01234567-89ab-cdef-fedc-ba9876543210\",\"risk\":0.9,\"n\":-3,"
        "\"why\":\"operator\",\"x\":\"y z\",\"yes\":true,\"none\":null,\"nan\":null}\n");
    end();
}

static void people_read_one_line_too(void **state)
{
    (void)state;
    begin(LOG_HUMAN, LOG_DEBUG);
    log_event(bench.log, LOG_ERROR, "disk.full", FIELD_UUID("session", some_id),
              FIELD_NUM("share", 1.0), FIELD_TEXT("path", "/a \"b\""));
    assert_string_equal(written(), "2025-06-24T13:00:00.123Z error disk.full "
                                   "session=01234567-89ab-cdef-fedc-ba9876543210 share=1 "
                                   "path=\"/a \\\"b\\\"\"\n");
    end();
}

static void times_are_dates(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        int64_t ms;
        const char *want;
    } cases[] = {
        {0,                 "1970-01-01T00:00:00.000Z"},
        {-1,                "1969-12-31T23:59:59.999Z"},
        {951782399999,      "2000-02-28T23:59:59.999Z"},
        {951782400000,      "2000-02-29T00:00:00.000Z"},
        {4107542400000,     "2100-03-01T00:00:00.000Z"},
        {1767225599999,     "2025-12-31T23:59:59.999Z"},
        {253402300799999,   "9999-12-31T23:59:59.999Z"},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        begin(LOG_HUMAN, LOG_DEBUG);
        atomic_store(&bench.time.ms, cases[c].ms);
        log_event(bench.log, LOG_INFO, "x");
        assert_int_equal(strncmp(written(), cases[c].want, strlen(cases[c].want)), 0);
        end();
    }
}

static void no_value_can_forge_a_line_or_a_field(void **state)
{
    (void)state;
    for (int format = 0; format < 2; format++) {
        begin(format == 0 ? LOG_JSON : LOG_HUMAN, LOG_DEBUG);
        for (unsigned byte = 0; byte < 256; byte++) {
            const uint8_t value[3] = {'a', (uint8_t)byte, 'b'};
            atomic_fetch_add(&bench.time.ms, 1000);
            log_event(bench.log, LOG_INFO, "x", FIELD_SPAN("v", ((span_t){value, 3})));
        }
        const char *text = written();
        assert_int_equal(count_of(text, "\n"), 256);
        for (const char *at = text; *at != '\0'; at++) {
            assert_true(*at == '\n' || (*at >= 0x20 && *at < 0x7f));
        }
        assert_non_null(strstr(text, "\"a\\u000ab\""));
        assert_non_null(strstr(text, "\"a\\u00ffb\""));
        assert_non_null(strstr(text, "\"a\\u007fb\""));
        assert_non_null(strstr(text, "\"a\\\"b\""));
        assert_non_null(strstr(text, "\"a\\\\b\""));
        end();
    }
}

static void long_values_are_cut_and_long_lines_drop_whole_fields(void **state)
{
    (void)state;
    char value[2000];
    memset(value, 'v', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    begin(LOG_JSON, LOG_DEBUG);
    log_event(bench.log, LOG_INFO, "long", FIELD_TEXT("v", value));
    assert_int_equal(count_of(written(), "v"), LIMIT_LOG_VALUE_BYTES + 3); /* "level", "event", v */
    assert_non_null(strstr(written(), "v...\"}\n"));
    end();

    memset(value, '\x01', sizeof value - 1);
    begin(LOG_JSON, LOG_DEBUG);
    log_event(bench.log, LOG_INFO, "long", FIELD_TEXT("a", value), FIELD_TEXT("b", value),
              FIELD_TEXT("c", value));
    const char *text = written();
    assert_true(strlen(text) <= LIMIT_LOG_LINE_BYTES);
    assert_non_null(strstr(text, ",\"b\":\""));
    assert_null(strstr(text, ",\"c\":\""));
    assert_string_equal(text + strlen(text) - strlen("...\",\"truncated\":true}\n"),
                        "...\",\"truncated\":true}\n");
    end();
}

static int evaluations(int *count)
{
    return ++*count;
}

static void levels_below_are_dropped_without_looking_at_the_fields(void **state)
{
    (void)state;
    int count = 0;
    begin(LOG_JSON, LOG_WARN);
    log_event(bench.log, LOG_NOTICE, "quiet", FIELD_INT("n", evaluations(&count)));
    assert_string_equal(written(), "");
    log_event(bench.log, LOG_WARN, "loud", FIELD_INT("n", evaluations(&count)));
    assert_int_equal(count, 1);
    assert_int_equal(count_of(written(), "loud"), 1);
    end();

    struct log *none = NULL;
    log_event(none, LOG_ERROR, "nowhere", FIELD_INT("n", evaluations(&count)));
    assert_int_equal(count, 1);
    assert_true(log_lost(none) == 0);
    log_free(&none);
}

static void a_flood_of_one_event_is_cut_and_counted_and_others_pass(void **state)
{
    (void)state;
    begin(LOG_JSON, LOG_DEBUG);
    for (int i = 0; i < 500; i++) {
        log_event(bench.log, LOG_INFO, "flood", FIELD_INT("i", i));
    }
    log_event(bench.log, LOG_INFO, "other");
    assert_int_equal(count_of(written(), "\"flood\""), LIMIT_LOG_EVENTS_PER_S);
    assert_int_equal(count_of(written(), "\"event\":\"other\""), 1);

    atomic_fetch_add(&bench.time.ms, 1000);
    log_event(bench.log, LOG_INFO, "flood");
    assert_int_equal(count_of(written(), "\"event\":\"flood\""), LIMIT_LOG_EVENTS_PER_S + 1);
    assert_non_null(strstr(written(), "\"event\":\"log.suppressed\",\"name\":\"flood\","
                                      "\"count\":400}"));

    for (int i = 0; i < 150; i++) {
        log_event(bench.log, LOG_INFO, "flood");
    }
    const int kept = dup(bench.fd);
    end();
    bench.fd = kept;
    assert_non_null(strstr(written(), "\"name\":\"flood\",\"count\":51}")); /* on leaving */
    assert_int_equal(close(kept), 0);
}

static void names_beyond_the_table_share_one_allowance(void **state)
{
    (void)state;
    begin(LOG_HUMAN, LOG_DEBUG);
    static char names[400][8];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(names[i], sizeof names[i], "n%03zu", i);
        log_event(bench.log, LOG_INFO, names[i]);
    }
    assert_int_equal(count_of(written(), "\n"), LIMIT_LOG_NAMES + LIMIT_LOG_EVENTS_PER_S);
    atomic_fetch_add(&bench.time.ms, 1000);
    log_event(bench.log, LOG_INFO, names[0]);
    assert_non_null(strstr(written(), "log.suppressed name=\"other\" count=172\n"));
    end();
}

enum { THREADS = 4, LINES = 20 };

static void *write_lines(void *argument)
{
    for (int i = 0; i < LINES; i++) {
        log_event(bench.log, LOG_INFO, argument, FIELD_INT("i", i), FIELD_TEXT("end", "here"));
    }
    return NULL;
}

static void lines_of_many_threads_stay_whole(void **state)
{
    (void)state;
    static char names[THREADS][2] = {"a", "b", "c", "d"};
    begin(LOG_HUMAN, LOG_DEBUG);
    assert_int_equal(fcntl(bench.fd, F_SETFL, O_APPEND), 0);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(count_of(written(), " end=\"here\"\n2025-"), THREADS * LINES - 1);
    end();
}

static void a_descriptor_that_refuses_costs_lines_and_nothing_else(void **state)
{
    (void)state;
    struct log *log = log_new(-1, LOG_JSON, LOG_DEBUG, clock_system());
    log_event(log, LOG_ERROR, "lost");
    log_event(log, LOG_ERROR, "lost");
    assert_true(log_lost(log) == 2);
    log_free(&log);
}

/* Whoever was to read has stopped, for a while: nobody waits for him, and he is told what he missed. */
static void a_pipe_that_nobody_reads_costs_lines_which_are_told_later(void **state)
{
    (void)state;
    int fd[2];
    static char text[1 << 17];
    assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
    bench.time.clock = (struct clock){scripted_mono, scripted_wall};
    atomic_store(&bench.time.ms, INT64_C(1750770000123));
    struct log *log = log_new(fd[1], LOG_HUMAN, LOG_DEBUG, &bench.time.clock);
    while (log_lost(log) < 100) { /* each in a second of its own, so that none is suppressed */
        atomic_fetch_add(&bench.time.ms, 1000);
        log_event(log, LOG_INFO, "unread", FIELD_TEXT("words", "of which nobody reads any"));
    }
    assert_int_equal(fcntl(fd[0], F_SETFL, O_NONBLOCK), 0);
    while (read(fd[0], text, sizeof text) > 0) {}
    log_event(log, LOG_INFO, "read");
    log_event(log, LOG_INFO, "read");
    const ssize_t n = read(fd[0], text, sizeof text - 1);
    assert_true(n > 0);
    text[n] = '\0';
    assert_int_equal(count_of(text, " warn log.dropped count=100\n"), 1);
    assert_int_equal(count_of(text, "\n"), 3);
    assert_true(log_lost(log) == 100);
    log_free(&log);
    assert_int_equal(close(fd[0]), 0);
    assert_int_equal(close(fd[1]), 0);
}

static void levels_have_names(void **state)
{
    (void)state;
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        const char *name = log_level_name((enum log_level)i);
        enum log_level level = LOG_DEBUG;
        assert_true(log_level_of((span_t){(const uint8_t *)name, strlen(name)}, &level));
        assert_int_equal(level, i);
    }
    enum log_level level = LOG_WARN;
    assert_false(log_level_of(SPAN_LIT("loud"), &level));
    assert_false(log_level_of(SPAN_LIT(""), &level));
    assert_int_equal(level, LOG_WARN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_field_has_its_form_in_json),
        cmocka_unit_test(people_read_one_line_too),
        cmocka_unit_test(times_are_dates),
        cmocka_unit_test(no_value_can_forge_a_line_or_a_field),
        cmocka_unit_test(long_values_are_cut_and_long_lines_drop_whole_fields),
        cmocka_unit_test(levels_below_are_dropped_without_looking_at_the_fields),
        cmocka_unit_test(a_flood_of_one_event_is_cut_and_counted_and_others_pass),
        cmocka_unit_test(names_beyond_the_table_share_one_allowance),
        cmocka_unit_test(lines_of_many_threads_stay_whole),
        cmocka_unit_test(a_descriptor_that_refuses_costs_lines_and_nothing_else),
        cmocka_unit_test(a_pipe_that_nobody_reads_costs_lines_which_are_told_later),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
