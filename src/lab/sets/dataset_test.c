/* dataset_test.c - a folder read as a data set: what is taken, and every fault with its place. */
#include "lab/sets/dataset.h"

#include "base/util.h"
#include "lab/sets/dataset_order.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define JSON "{\"name\":\"tiny\",\"source\":\"a test\",\"licence\":\"none\",\"modality\":\"mixed\"}"
#define LINE(type, data, session, user)                                                      \
    "{\"timestamp\":\"2025-06-24T10:30:00.000Z\",\"event_type\":\"" type "\",\"data\":" data \
    ",\"session_id\":\"" session "\",\"user_email\":\"" user "\"}\n"
#define SCROLL(session, user) LINE("scroll", "{\"pixels\":1}", session, user)
#define KEYS                                                                                        \
    "{\"field\":\"password\",\"keys\":[{\"down\":0,\"up\":80.5,\"class\":\"other\"},{\"down\":150," \
    "\"up\":220,\"class\":\"other\"}]}"

static const char good_events[] = LINE("keystrokes", KEYS, "a1", "a@x.example")
    LINE("features", "{\"name\":\"f\",\"values\":[1,2.5]}", "a1", "a@x.example")
        SCROLL("a2", "a@x.example") SCROLL("b1", "b@x.example") SCROLL("b2", "b@x.example")
            LINE("device_context", "{\"model\":\"M\\u00e4\",\"os\":\"O\"}", "c1", "c@x.example")
                LINE("session_ended", "{}", "c1", "c@x.example");
static const char good_enrol[] = "A\ta1\nB\tb1\n";
static const char good_trials[] =
    "B\tb2\tgenuine\nA\ta2\tgenuine\nA\tb1\timpostor\nB\ta1\timpostor\nA\tc1\timpostor\n";

/* The files of one case; NULL: the good one; "": an empty one. */
struct files {
    const char *json, *events, *enrol, *trials, *practised, *background;
};

static void write_file(const struct scratch *dir, const char *name, const char *given,
                       const char *good)
{
    char path[SCRATCH_PATH];
    const char *const text = given != NULL ? given : good;
    scratch_path(dir, name, path);
    if (text == NULL) {
        (void)unlink(path);
        return;
    }
    scratch_write(path, (span_t){(const uint8_t *)text, strlen(text)}, 0600);
}

static err_t open_files(const struct scratch *dir, const struct files *f, struct dataset **out,
                        struct dataset_fault *fault)
{
    write_file(dir, "dataset.json", f->json, JSON);
    write_file(dir, "events.jsonl", f->events, good_events);
    write_file(dir, "enrol.tsv", f->enrol, good_enrol);
    write_file(dir, "trials.tsv", f->trials, good_trials);
    write_file(dir, "trials-practised.tsv", f->practised, NULL);
    write_file(dir, "background.tsv", f->background, NULL);
    return dataset_open(dir->path, out, fault);
}

static void a_set_is_read_in_its_order(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = NULL;
    struct dataset_fault fault = {.text = ""};
    const struct files f = {.practised = "A\tb2\timpostor\n", .background = "c1\n"};
    if (failed(open_files(&dir, &f, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    assert_string_equal(dataset_about(set)->name, "tiny");
    assert_string_equal(dataset_about(set)->note, "");
    assert_int_equal(dataset_users(set), 3);
    assert_string_equal(dataset_user(set, 1), "b@x.example");
    assert_int_equal(dataset_sessions(set), 5);
    assert_int_equal(dataset_events(set), 7);
    const struct dataset_session *const first = dataset_session(set, 0);
    assert_string_equal(first->id, "a1");
    assert_int_equal(first->first, 0);
    assert_int_equal(first->count, 2);
    const struct dataset_event *const keys = dataset_event(set, 0);
    assert_int_equal(keys->event.kind, CANARA_KEYSTROKES);
    assert_int_equal(keys->event.of.keystrokes.count, 2);
    assert_memory_equal(keys->event.of.keystrokes.field.ptr, "password", 8);
    assert_true(keys->event.of.keystrokes.keys[0].up_ms > 80.4);
    assert_true(keys->at.ms == INT64_C(1750761000000));
    const struct dataset_event *const vector = dataset_event(set, 1);
    assert_int_equal(vector->event.kind, CANARA_FEATURES);
    assert_true(vector->event.of.features.values[1] > 2.4);
    const struct dataset_event *const device = dataset_event(set, 5);
    assert_memory_equal(device->event.of.device.model.ptr, "M\xc3\xa4", 3);
    assert_int_equal(dataset_event(set, 6)->event.kind, CANARA_UNKNOWN); /* a server's fact */

    assert_int_equal(dataset_models(set), 2);
    const struct dataset_model *const a = dataset_model(set, 0);
    assert_string_equal(a->name, "A");
    assert_int_equal(a->user, 0);
    assert_int_equal(a->enrols, 1);
    assert_int_equal(a->enrol[0], 0);
    assert_int_equal(a->trials.count, 3);
    assert_int_equal(a->trials.at[0].label, DATASET_GENUINE);
    assert_int_equal(a->trials.at[1].session, 2);
    assert_int_equal(a->trials.at[2].session, 4);
    assert_int_equal(a->practised.count, 1);
    assert_int_equal(a->practised.at[0].session, 3);
    const struct dataset_model *const b = dataset_model(set, 1);
    assert_int_equal(b->trials.count, 2);
    assert_int_equal(b->practised.count, 0);
    assert_true(dataset_has_practised(set));
    assert_int_equal(dataset_bot_trials(set).count, 0);
    size_t background = 0;
    assert_int_equal(dataset_background(set, &background)[0], 4);
    assert_int_equal(background, 1);
}

static void a_set_of_bots_needs_no_enrolment(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = NULL;
    struct dataset_fault fault = {.text = ""};
    const struct files f = {.trials = "-\ta1\thuman\n-\tb1\tbot\n"};
    write_file(&dir, "dataset.json", NULL, JSON);
    write_file(&dir, "events.jsonl", NULL, good_events);
    write_file(&dir, "trials.tsv", f.trials, NULL);
    assert_ok(dataset_open(dir.path, &set, &fault));
    assert_int_equal(dataset_models(set), 0);
    assert_int_equal(dataset_bot_trials(set).count, 2);
    assert_int_equal(dataset_bot_trials(set).at[1].label, DATASET_BOT);
    assert_false(dataset_has_practised(set));
}

/* As a spreadsheet writes it. */
static void a_carriage_return_before_a_line_feed_is_passed_over(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = NULL;
    struct dataset_fault fault = {.text = ""};
    const struct files f = {.enrol = "A\ta1\r\nB\tb1\r\n",
                            .trials = "B\tb2\tgenuine\r\nA\ta2\tgenuine\r\n",
                            .background = "c1\r\n"};
    if (failed(open_files(&dir, &f, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(dataset_models(set), 2);
    assert_int_equal(dataset_model(set, 0)->trials.count, 1);
}

#define AT(time, session)                                                                \
    "{\"timestamp\":\"2025-06-" time ":00.000Z\",\"event_type\":\"scroll\",\"data\":{}," \
    "\"session_id\":\"" session "\",\"user_email\":\"u\"}\n"

static void times_that_go_back_are_counted(void **state)
{
    (void)state;
    static const char *const events[] = {
        AT("01T10:00", "a1") AT("01T10:00", "a1") AT("02T10:00", "a2") AT("03T10:00", "a3"),
        AT("01T10:00", "a1") AT("04T10:00", "a2") AT("03T10:00", "a3"),
        AT("01T10:00", "a1") AT("02T10:00", "a2") AT("03T10:01", "a3") AT("03T10:00", "a3"),
    };
    static const struct files f = {.enrol = "A\ta1\nA\ta2\n", .trials = "A\ta3\tgenuine\n"};
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close) struct dataset *set = NULL;
        struct dataset_fault fault = {.text = ""};
        struct files with = f;
        char words[2][256];
        with.events = events[i];
        if (failed(open_files(&dir, &with, &set, &fault))) {
            fail_msg("%s", fault.text);
        }
        const struct dataset_disorder d = dataset_disorder(set);
        assert_int_equal(d.models, i == 1);
        assert_int_equal(d.sessions, i == 2);
        assert_int_equal(dataset_disorder_words(&d, words), i > 0);
        assert_true(i == 0 || strstr(words[0], i == 1 ? "the first is A" : "the first is a3"));
    }
}

/* clang-format off */
static const struct {
    struct files files;
    const char *want; /* how the fault begins */
} faults[] = {
    {{.json = ""}, "dataset.json:1: file: must be JSON"},
    {{.json = "{\n\"name\":}"}, "dataset.json:2: file: must be JSON"},
    {{.json = "[]"}, "dataset.json:1: file: must be an object of name"},
    {{.events = ""}, "events.jsonl:1: file: is empty"},
    {{.events = "\n \n"}, "events.jsonl:2: file: is empty"},
    {{.events = "[]\n"}, "events.jsonl:1: line: is no JSON object"},
    {{.events = SCROLL("a1", "a@x.example") "{\"timestamp\":\"2025\n"}, "events.jsonl:2: line: is no JSON object"},
    {{.events = SCROLL("a1", "a@x.example") "{}\n"}, "events.jsonl:2: timestamp: must be a time"},
    {{.events = "{\"timestamp\":true,\"event_type\":\"x\",\"data\":{},\"session_id\":\"a\",\"user_email\":\"a@x.example\"}\n"}, "events.jsonl:1: timestamp: must be a time such as"},
    {{.events = "{\"timestamp\":1e300,\"event_type\":\"x\",\"data\":{},\"session_id\":\"a\",\"user_email\":\"a@x.example\"}\n"}, "events.jsonl:1: timestamp: must be a time such as"},
    {{.events = "{\"timestamp\":\"noon\",\"event_type\":\"x\",\"data\":{},\"session_id\":\"a\",\"user_email\":\"a@x.example\"}\n"}, "events.jsonl:1: timestamp: must be"},
    {{.events = "{\"timestamp\":1,\"event_type\":null,\"data\":{},\"session_id\":\"a\",\"user_email\":\"a@x.example\"}\n"}, "events.jsonl:1: event_type: must be a string"},
    {{.events = LINE("scroll", "[]", "a", "a@x.example")}, "events.jsonl:1: data: must be an object"},
    {{.events = LINE("scroll", "{\"pixels\":\"x\"}", "a", "a@x.example")}, "events.jsonl:1: data.pixels: pixels must be a number"},
    {{.events = LINE("features", "{\"name\":\"f\"}", "a", "a@x.example")}, "events.jsonl:1: data: data must have name and values"},
    {{.events = SCROLL("a1", "a@x.example") "\xef\xbb\xbf" SCROLL("a1", "a@x.example")}, "events.jsonl:2: line: begins with a byte order mark"},
    {{.events = "\xef\xbb\xbf\xef\xbb\xbf" SCROLL("a1", "a@x.example")}, "events.jsonl:1: line: begins with a byte order mark"},
    {{.events = LINE("scroll", "{\"pixels\":NaN}", "a", "a@x.example")}, "events.jsonl:1: pixels: has NaN or an infinity"},
    {{.events = LINE("scroll", "{\"pixels\": -Infinity}", "a", "a@x.example")}, "events.jsonl:1: pixels: has NaN or an infinity"},
    {{.events = LINE("features", "{\"name\":\"f\",\"values\":[1,2,1e400]}", "a", "a@x.example")}, "events.jsonl:1: values: has a number that is too large"},
    {{.events = "NaN\n"}, "events.jsonl:1: line: has NaN or an infinity"},
    {{.enrol = "A\ta1\n\xef\xbb\xbf" "A\ta2\n"}, "enrol.tsv:2: line: begins with a byte order mark"},
    {{.enrol = "\r\n"}, "trials.tsv:1: model: has no row in enrol.tsv"},
    {{.events = SCROLL("a\\u0007", "a@x.example")}, "events.jsonl:1: session_id: must be a string of 1 to 256 bytes"},
    {{.events = SCROLL("a\\tb", "a@x.example")}, "events.jsonl:1: session_id: must be a string of 1 to 256 bytes"},
    {{.events = SCROLL(" ", "a@x.example")}, "events.jsonl:1: session_id: must be a string of 1 to 256 bytes"},
    {{.events = SCROLL("a", "no\\u0000body")}, "events.jsonl:1: line: is no JSON object"},
    {{.events = SCROLL("a", "no\\nbody")}, "events.jsonl:1: user_email: must be a string of at most 256"},
    {{.events = SCROLL("a1", "a@x.example") SCROLL("b1", "b@x.example") SCROLL("a1", "a@x.example")}, "events.jsonl:3: session_id: a1 comes back after another session"},
    {{.events = SCROLL("a1", "a@x.example") SCROLL("a1", "b@x.example")}, "events.jsonl:2: user_email: changes within session a1"},
    {{.enrol = ""}, "trials.tsv:1: model: has no row in enrol.tsv"},
    {{.enrol = "A\n"}, "enrol.tsv:1: line: must be two columns"},
    {{.enrol = "A\x07\ta1\n"}, "enrol.tsv:1: model: must be 1 to 256"},
    {{.enrol = "A\xff\ta1\n"}, "enrol.tsv:1: model: must be 1 to 256"},
    {{.enrol = "\ta1\n"}, "enrol.tsv:1: model: must be 1 to 256"},
    {{.enrol = "A\ta1\nmodel\tsession\n"}, "trials.tsv:1: model: has no row"},
    {{.enrol = "A\t\n"}, "enrol.tsv:1: line: must be two columns"},
    {{.enrol = "A\tzz\nB\tyy\n"}, "enrol.tsv:2: session: not one session of this file is in events.jsonl"},
    {{.enrol = "A\ta1\nA\tb1\n"}, "enrol.tsv:2: session: is of another user"},
    {{.enrol = "-\ta1\n"}, "enrol.tsv:1: model: - is for trials of bots"},
    {{.trials = ""}, "trials.tsv:1: file: is empty"},
    {{.trials = "A\ta2\n"}, "trials.tsv:1: line: must be three columns"},
    {{.trials = "A\ta2\tgood\n"}, "trials.tsv:1: label: must be genuine, impostor, human or bot"},
    {{.trials = "C\tc1\tgenuine\n"}, "trials.tsv:1: model: has no row in enrol.tsv"},
    {{.trials = "A\tb1\tgenuine\n"}, "trials.tsv:1: label: must be impostor: the session is enrolled, or genuine, for another user"},
    {{.trials = "A\tb2\tgenuine\nB\tb2\tgenuine\n"}, "trials.tsv:2: label: must be impostor: the session is enrolled, or genuine, for another user"},
    {{.enrol = "A\ta1\nB\tb1\nC\ta2\n", .trials = "A\ta2\timpostor\n"}, "trials.tsv:1: label: must be genuine: the session is enrolled, or genuine, for the same user"},
    {{.enrol = "A\ta1\nB\tb1\nC\ta2\n", .trials = "C\ta1\tgenuine\nB\ta1\timpostor\nA\tb2\tgenuine\nC\tb2\timpostor\n"}, "trials.tsv:4: label: must be genuine: the session is enrolled, or genuine, for the same user"},
    {{.trials = "A\ta2\tbot\n"}, "trials.tsv:1: label: human and bot are allowed for model - only"},
    {{.trials = "-\ta2\tgenuine\n"}, "trials.tsv:1: label: must be human or bot"},
    {{.trials = "A\ta1\tgenuine\n"}, "trials.tsv:1: session: is in the model's enrolment"},
    {{.trials = "A\ta2\tgenuine\nA\ta2\timpostor\n"}, "trials.tsv:2: label: is another than the one"},
    {{.trials = "A\tzz\tgenuine\n"}, "trials.tsv:1: session: zz is not in events.jsonl, and no other file has it"},
    {{.practised = "A\ta2\tgenuine\n"}, "trials-practised.tsv:1: label: must be impostor"},
    {{.practised = ""}, "trials-practised.tsv:1: file: is empty"},
    {{.background = "zz\n"}, "background.tsv:1: session: not one session of this file"},
    {{.background = "session\n"}, "background.tsv:1: file: is empty"},
    {{.background = "a1\tb1\n"}, "background.tsv:1: line: must be one column"},
};

/* clang-format on */

static void every_fault_is_told_with_file_line_and_field(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
        struct dataset *set = NULL;
        struct dataset_fault fault = {.text = ""};
        assert_true(failed(open_files(&dir, &faults[i].files, &set, &fault)));
        assert_null(set);
        if (strncmp(fault.text, faults[i].want, strlen(faults[i].want)) != 0) {
            fail_msg("wanted: %s\ngot:    %s", faults[i].want, fault.text);
        }
        assert_null(strchr(fault.text, '\n'));
    }
}

static void files_that_are_not_there_are_named(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    struct dataset *set = NULL;
    struct dataset_fault fault;
    static const char *const names[] = {"dataset.json", "events.jsonl", "trials.tsv"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_err(dataset_open(dir.path, &set, &fault), ERR_IO);
        assert_int_equal(strncmp(fault.text, names[i], strlen(names[i])), 0);
        write_file(&dir, names[i], NULL, i == 0 ? JSON : good_events);
    }
    char path[SCRATCH_PATH];
    scratch_path(&dir, "nowhere", path);
    assert_err(dataset_open(path, &set, &fault), ERR_IO);
}

/* What of JSON is too much, by name and not as a fault of syntax. */
static void limits_of_a_line_are_named(void **state)
{
    (void)state;

    static const struct {
        const char *first, *each, *last;
        size_t most;
        const char *field;
    } rows[] = {
        {"{\"note\":\"", "x", "\"}", 1024, "note"},
        {"{\"more\":[0", ",0", "]}", 4095, "more"},
        {"{\"more\":", "[", "", 6, "more"}, /* in two objects */
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t extra = 0; extra < 2; extra++) {
            CLEANUP(scratch_remove) struct scratch dir = scratch_new();
            CLEANUP(dataset_close) struct dataset *set = NULL;
            struct dataset_fault fault = {.text = ""};
            char data[16384] = "";
            char events[20000];
            size_t len = (size_t)snprintf(data, sizeof data, "%s", rows[i].first);
            for (size_t k = 0; k < rows[i].most + extra; k++) {
                len += (size_t)snprintf(data + len, sizeof data - len, "%s", rows[i].each);
            }
            for (size_t k = 0; k < rows[i].most + extra && i == 2; k++) {
                len += (size_t)snprintf(data + len, sizeof data - len, "]");
            }
            (void)snprintf(data + len, sizeof data - len, "%s", i == 2 ? "}" : rows[i].last);
            (void)snprintf(events, sizeof events, LINE("scroll", "%s", "a1", "a"), data);
            const struct files f = {.events = events, .enrol = "", .trials = "-\ta1\thuman\n"};
            assert_int_equal(failed(open_files(&dir, &f, &set, &fault)), extra > 0);
            char want[96];
            (void)snprintf(want, sizeof want, "events.jsonl:1: %s: goes over a limit; at most 8",
                           rows[i].field);
            assert_true(extra == 0 || strncmp(fault.text, want, strlen(want)) == 0);
        }
    }
}

static void a_line_has_a_bound(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    static const char begin[] =
        "{\"timestamp\":\"2025-06-24T10:30:00Z\",\"event_type\":\"x\",\"data\":"
        "{},\"session_id\":\"a1\",\"user_email\":\"a@x.example\"";
    for (size_t extra = 0; extra < 2; extra++) {
        CLEANUP(dataset_close) struct dataset *set = NULL;
        struct dataset_fault fault = {.text = ""};
        const size_t len = DATASET_LINE_BYTES + extra;
        char *const text = malloc(len + 2);
        assert_non_null(text);
        memset(text, ' ', len);
        memcpy(text, begin, sizeof begin - 1);
        text[len - 1] = '}';
        text[len] = '\n';
        text[len + 1] = '\0';
        const struct files f = {.events = text, .trials = "-\ta1\thuman\n", .enrol = "A\ta1\n"};
        const err_t e = open_files(&dir, &f, &set, &fault);
        free(text);
        assert_int_equal(e.code, extra == 0 ? ERR_NONE : ERR_LIMIT);
        assert_true(extra == 0 || strstr(fault.text, "events.jsonl:1: line: must have") != NULL);
    }
}

static void the_last_line_may_lack_its_end(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = NULL;
    struct dataset_fault fault = {.text = ""};
    const struct files f = {.enrol = "A\ta1\nB\tb1", .trials = "A\ta2\tgenuine"};
    assert_ok(open_files(&dir, &f, &set, &fault));
    assert_int_equal(dataset_models(set), 2);
    assert_int_equal(dataset_model(set, 1)->trials.count, 0);
}

/* A folder whose files are good, for what is put in the place of one of them. */
static struct scratch good_folder(void)
{
    struct scratch dir = scratch_new();
    struct dataset *set = NULL;
    struct dataset_fault fault = {.text = ""};
    assert_ok(open_files(&dir, &(struct files){0}, &set, &fault));
    dataset_close(&set);
    return dir;
}

static void what_is_no_file_is_refused_and_holds_nobody_up(void **state)
{
    (void)state;

    static const struct {
        const char *name, *words;
    } rows[] = {
        {"trials.tsv", "trials.tsv:1: file: must be a regular file"},
        {"background.tsv", "background.tsv:1: file: must be a regular file"},
        {"dataset.json", "dataset.json:1: file: must be a regular file"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(scratch_remove) struct scratch dir = good_folder();
        struct dataset *set = NULL;
        struct dataset_fault fault = {.text = ""};
        char path[SCRATCH_PATH];
        scratch_path(&dir, rows[i].name, path);
        (void)unlink(path);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_err(dataset_open(dir.path, &set, &fault), ERR_FORMAT);
        assert_non_null(strstr(fault.text, rows[i].words));
    }
}

/* An optional file that should be there and is not would change every figure. */
static void a_link_that_leads_nowhere_is_not_an_absent_file(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = good_folder();
    struct dataset *set = NULL;
    struct dataset_fault fault = {.text = ""};
    char path[SCRATCH_PATH];
    scratch_path(&dir, "background.tsv", path);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_err(dataset_open(dir.path, &set, &fault), ERR_IO);
    assert_non_null(strstr(fault.text, "background.tsv:1: file: cannot be opened: No such file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_is_read_in_its_order),
        cmocka_unit_test(a_set_of_bots_needs_no_enrolment),
        cmocka_unit_test(a_carriage_return_before_a_line_feed_is_passed_over),
        cmocka_unit_test(times_that_go_back_are_counted),
        cmocka_unit_test(every_fault_is_told_with_file_line_and_field),
        cmocka_unit_test(files_that_are_not_there_are_named),
        cmocka_unit_test(a_line_has_a_bound),
        cmocka_unit_test(limits_of_a_line_are_named),
        cmocka_unit_test(the_last_line_may_lack_its_end),
        cmocka_unit_test(what_is_no_file_is_refused_and_holds_nobody_up),
        cmocka_unit_test(a_link_that_leads_nowhere_is_not_an_absent_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
