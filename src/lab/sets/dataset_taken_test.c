/* dataset_taken_test.c - other people's data sets: what is otherwise than it should, and is taken all the same. */
#include "base/util.h"
#include "lab/sets/dataset.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define JSON "{\"name\":\"tiny\",\"source\":\"a test\",\"licence\":\"none\",\"modality\":\"mixed\"}"
#define TIMED(at, session, user) \
    "{\"timestamp\":" at         \
    ",\"event_type\":\"scroll\",\"data\":{\"pixels\":1},\"session_id\":\"" session "\"" user "}\n"
#define SCROLL(session, user) TIMED("\"2025-06-24T10:30:00.000Z\"", session, user)
#define OF(user)              ",\"user_email\":\"" user "\""

static const char good_events[] = SCROLL("a1", OF("a@x.example")) SCROLL("a2", OF("a@x.example"))
    SCROLL("b1", OF("b@x.example")) SCROLL("b2", OF("b@x.example")) SCROLL("c1", OF("c@x.example"));
static const char good_enrol[] = "A\ta1\nB\tb1\n";
static const char good_trials[] = "A\ta2\tgenuine\nA\tb2\timpostor\nB\tb2\tgenuine\n";

/* The files of one case; NULL: the good one. */
struct files {
    const char *json, *events, *enrol, *trials, *background;
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

static struct dataset *open_files(const struct scratch *dir, const struct files *f)
{
    struct dataset *set = NULL;
    struct dataset_fault fault = {.text = ""};
    write_file(dir, "dataset.json", f->json, JSON);
    write_file(dir, "events.jsonl", f->events, good_events);
    write_file(dir, "enrol.tsv", f->enrol, good_enrol);
    write_file(dir, "trials.tsv", f->trials, good_trials);
    write_file(dir, "background.tsv", f->background, NULL);
    if (failed(dataset_open(dir->path, &set, &fault))) {
        fail_msg("%s", fault.text);
    }
    return set;
}

/* Exactly these notes, each so often. */
static void check_notes(const struct dataset *set, uint32_t bits, size_t count)
{
    for (enum dataset_note note = NOTE_MODALITY; note < DATASET_NOTES; note++) {
        char words[DATASET_NOTE_BYTES];
        const size_t want = (bits & NOTE_BIT(note)) != 0 ? count : 0;
        const bool told = notes_words(dataset_notes(set), note, words);
        if (told != (want > 0) || dataset_notes(set)->count[note] != want) {
            fail_msg("note %d: %zu, not %zu", (int)note, dataset_notes(set)->count[note], want);
        }
        assert_true(!told ||
                    (strlen(words) < DATASET_NOTE_BYTES - 1 && strstr(words, ", first at ")));
    }
}

static void what_nothing_computes_with_refuses_no_set(void **state)
{
    (void)state;

    static const struct {
        const char *json;
        uint32_t notes;
        const char *name, *modality; /* NULL: the folder's */
    } rows[] = {
        {JSON, 0, "tiny", "mixed"},
        {"{}", NOTE_BIT(NOTE_INFO) | NOTE_BIT(NOTE_MODALITY), NULL, ""},
        {"{\"name\":null,\"source\":3,\"licence\":[],\"modality\":[\"touch\",\"mouse\"]}",
         NOTE_BIT(NOTE_INFO) | NOTE_BIT(NOTE_MODALITY), NULL, ""},
        {"{\"name\":\"\",\"source\":\"\",\"licence\":\"\",\"modality\":\"\"}",
         NOTE_BIT(NOTE_INFO) | NOTE_BIT(NOTE_MODALITY), NULL, ""},
        {"{\"name\":\"M\xc3\xa4usedaten 1.0 (final)\",\"source\":\"s\",\"licence\":\"l\",\"modality\":\"mouse\","
         "\"more\":{\"a\":[1]}}",
         NOTE_BIT(NOTE_MODALITY), "M\xc3\xa4usedaten 1.0 (final)", "mouse"},
        {"{\"name\":\"a\\nb\",\"source\":\"s\",\"licence\":\"l\",\"modality\":\"touch\"}",
         NOTE_BIT(NOTE_CUT), "a?b", "touch"},
        {"\xef\xbb\xbf" JSON, NOTE_BIT(NOTE_MARK), "tiny", "mixed"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close)
        struct dataset *set = open_files(&dir, &(struct files){.json = rows[i].json});
        check_notes(set, rows[i].notes, 1);
        const char *const folder = strrchr(dir.path, '/') + 1;
        assert_string_equal(dataset_about(set)->name, rows[i].name == NULL ? folder : rows[i].name);
        assert_string_equal(dataset_about(set)->modality, rows[i].modality);
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    char json[8192];
    char name[1001] = "";
    char source[4001] = "";
    for (size_t i = 0; i < 500; i++) {
        name[2 * i] = '\xc3';
        name[2 * i + 1] = '\xa4';
    }
    memset(source, 's', 4000);
    source[0] = '\xc3';
    source[1] = '\xa4';
    (void)snprintf(json, sizeof json,
                   "{\"name\":\"x%s\",\"source\":\"%s\",\"licence\":\"l\",\"modality\":\"mixed\"}",
                   name, source);
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close) struct dataset *set = open_files(&dir, &(struct files){.json = json});
    assert_int_equal(strlen(dataset_about(set)->name), DATASET_NAME_LONGEST - 1);
    assert_int_equal(strlen(dataset_about(set)->source), DATASET_TEXT_BYTES);
    check_notes(set, NOTE_BIT(NOTE_CUT), 1);
}

/* Each case is the good set, written otherwise: it has the same models and trials. */
static void a_set_is_the_same_however_it_is_written(void **state)
{
    (void)state;

    static const struct {
        struct files files;
        uint32_t notes;
        size_t count;
    } rows[] = {
        {{.enrol = "\xef\xbb\xbf"
                   "A\ta1\nB\tb1\n"},
         NOTE_BIT(NOTE_MARK),
         1},
        {{.enrol = "\n  \nA\ta1\n\t\n\r\nB\tb1\n\n"}, NOTE_BIT(NOTE_BLANK_LINE), 5},
        {{.enrol = "A\ta1  \nB\tb1\t\r\n"}, NOTE_BIT(NOTE_BLANKS), 2},
        {{.enrol = "A \t a1\nB\tb1 \r\r\n"}, NOTE_BIT(NOTE_BLANKS), 2},
        {{.enrol = "A\ta1\r\nB\tb1\r\n"}, 0, 0},
        {{.enrol = "model\tsession\nA\ta1\nB\tb1\n"}, NOTE_BIT(NOTE_HEADER), 1},
        {{.enrol = "\xef\xbb\xbf"
                   "Model\tSession\r\nA\ta1\nB\tb1\n",
          .trials = "\xef\xbb\xbf"
                    "model\tsession\tlabel\nA\ta2\tgenuine\nA\tb2\timpostor\nB\tb2\tgenuine\n"},
         NOTE_BIT(NOTE_HEADER) | NOTE_BIT(NOTE_MARK),
         2},
        {{.enrol = "A\ta1\nB\tb1\nA\ta1\n"}, NOTE_BIT(NOTE_SAME_ROW), 1},
        {{.trials =
              "A\ta2\tgenuine\nA\ta2\tgenuine\nA\tb2\timpostor\nA\tb2\tImpostor\nB\tb2\tGENUINE\n"},
         NOTE_BIT(NOTE_SAME_ROW) | NOTE_BIT(NOTE_LABEL_CASE),
         2},
        {{.background = "session\nc1\n"}, NOTE_BIT(NOTE_HEADER), 1},
        {{.background = "c1\n\nc1"}, NOTE_BIT(NOTE_SAME_ROW) | NOTE_BIT(NOTE_BLANK_LINE), 1},
        {{.background = "c1\nzz\nyy\n"}, NOTE_BIT(NOTE_EMPTY_SESSION), 2},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close) struct dataset *set = open_files(&dir, &rows[i].files);
        check_notes(set, rows[i].notes, rows[i].count);
        assert_int_equal(dataset_models(set), 2);
        const struct dataset_model *const a = dataset_model(set, 0);
        const struct dataset_model *const b = dataset_model(set, 1);
        assert_string_equal(a->name, "A");
        assert_string_equal(b->name, "B");
        assert_int_equal(a->enrols, 1);
        assert_int_equal(b->enrols, 1);
        assert_int_equal(a->trials.count, 2);
        assert_int_equal(a->trials.at[1].label, DATASET_IMPOSTOR);
        assert_int_equal(b->trials.count, 1);
        assert_int_equal(b->trials.at[0].label, DATASET_GENUINE);
    }
}

static void a_session_may_be_called_session(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *set =
        open_files(&dir, &(struct files){.events = SCROLL("session", OF("a")) SCROLL("a2", OF("a")),
                                         .enrol = "model\tsession\n",
                                         .trials = "model\ta2\tgenuine\n"});
    check_notes(set, 0, 0);
    assert_string_equal(dataset_model(set, 0)->name, "model");
    assert_int_equal(dataset_model(set, 0)->enrols, 1);
}

static void names_are_whatever_can_be_printed(void **state)
{
    (void)state;
    char longest[DATASET_NAME_LONGEST + 1];
    char text[4096];
    char enrol[1024];
    memset(longest, 'x', DATASET_NAME_LONGEST);
    longest[DATASET_NAME_LONGEST] = '\0';
    const char *const names[] = {"a b",  "M\xc3\xbcller, J. (1)", "\xf0\x9f\x98\x80", "-", "s/1",
                                 longest};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(text, sizeof text, SCROLL("%s", OF("%s")) SCROLL("a2", OF("%s")), names[i],
                       names[i], names[i]);
        (void)snprintf(enrol, sizeof enrol, "%s\t%s\n", i == 3 ? "A" : names[i], names[i]);
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close)
        struct dataset *set = open_files(
            &dir, &(struct files){.events = text, .enrol = enrol, .trials = "-\ta2\thuman\n"});
        check_notes(set, 0, 0);
        assert_string_equal(dataset_model(set, 0)->name, i == 3 ? "A" : names[i]);
        assert_string_equal(dataset_session(set, 0)->id, names[i]);
        assert_string_equal(dataset_user(set, 0), names[i]);
    }
}

static void numbers_are_names_too(void **state)
{
    (void)state;
    static const char events[] =
        "{\"timestamp\":1750000000.5,\"event_type\":\"scroll\",\"data\":{},\"session_id\":17,\"user_email\":4}\n"
        "{\"timestamp\":1750000000500,\"event_type\":\"scroll\",\"data\":{},\"session_id\":18,\"user_email\":4}\n";
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *set = open_files(
        &dir, &(struct files){.events = events, .enrol = "4\t17\n", .trials = "4\t18\tgenuine\n"});
    check_notes(set, NOTE_BIT(NOTE_NUMBER_NAME) | NOTE_BIT(NOTE_EPOCH), 2);
    assert_true(dataset_event(set, 0)->at.ms == INT64_C(1750000000500));
    assert_true(dataset_event(set, 1)->at.ms == INT64_C(1750000000500));
}

static void events_of_unknown_kinds_are_told_and_say_nothing(void **state)
{
    (void)state;
#define ODD(type, data)                                                                 \
    "{\"timestamp\":\"2025-06-24T10:30:00\",\"event_type\":\"" type "\",\"data\":" data \
    ",\"session_id\":"                                                                  \
    "\"a1\",\"user_email\":\"a\"}\n"
    static const char events[] =
        ODD("Mouse-Move", "[1,2]") ODD("wink", "null") ODD("wink", "{\"pixels\":\"x\"}")
            ODD("session_ended", "{}") ODD("mpin_verified", "3") ODD("idle_timeout", "{}");
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *set = open_files(
        &dir, &(struct files){.events = events, .enrol = "", .trials = "-\ta1\thuman\n"});
    assert_int_equal(dataset_notes(set)->count[NOTE_UNKNOWN_EVENT], 3);
    assert_int_equal(dataset_notes(set)->count[NOTE_NO_ZONE], 6);
    assert_int_equal(dataset_events(set), 6);
    for (size_t e = 0; e < 5; e++) {
        assert_int_equal(dataset_event(set, e)->event.kind, CANARA_UNKNOWN);
    }
}

static void events_of_which_nothing_is_known_are_told(void **state)
{
    (void)state;
    static const char events[] =
        ODD("scroll", "{\"lines\":3}") ODD("typing_pattern", "{\"wpm\":61,\"speed\":{\"x\":[]}}")
            ODD("motion", "{}") ODD("scroll", "{ }") ODD("rapid_clicks", "{\"why\":\"so\"}")
                ODD("typing_pattern", "{\"speed\":1,\"words_per_minute\":61}")
                    ODD("mouse_movement", "{\"dx\":3,\"dy\":null}");
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *set = open_files(
        &dir, &(struct files){.events = events, .enrol = "", .trials = "-\ta1\thuman\n"});
    assert_int_equal(dataset_notes(set)->count[NOTE_UNKNOWN_MEMBERS], 3);
    assert_int_equal(dataset_notes(set)->count[NOTE_UNKNOWN_EVENT], 0);
}

/* The account is that of the model that enrols the session, else of the one that it is genuine for, else
 * the session is somebody of its own. */
static void a_session_without_an_account_is_its_models(void **state)
{
    (void)state;
    static const char *const none[] = {"", ",\"user_email\":null", ",\"user_email\":\"\"",
                                       ",\"user_email\":\" \""};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        char text[4096];
        (void)snprintf(text, sizeof text,
                       SCROLL("a1", "%s") SCROLL("a2", "%s") SCROLL("a2", "%s")
                           SCROLL("b1", OF("b@x.example")) SCROLL("b2", "%s") SCROLL("c1", "%s"),
                       none[i], none[i], none[i], none[i], none[i]);
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close)
        struct dataset *set = open_files(
            &dir, &(struct files){.events = text,
                                  .enrol = "A\ta1\nB\tb2\nB\tb1\n",
                                  .trials = "A\tc1\timpostor\nB\ta1\timpostor\nA\ta2\tgenuine\n",
                                  .background = "c1\n"});
        check_notes(set, NOTE_BIT(NOTE_NO_ACCOUNT), 5);
        const uint32_t a = dataset_model(set, 0)->user;
        const uint32_t b = dataset_model(set, 1)->user;
        assert_string_equal(dataset_user(set, a), "A");
        assert_string_equal(dataset_user(set, b), "b@x.example");
        static const char *const owners[] = {"A", "A", "b@x.example", "b@x.example", "c1"};
        for (size_t s = 0; s < ARRAY_LEN(owners); s++) {
            assert_string_equal(dataset_user(set, dataset_session(set, s)->user), owners[s]);
        }
        assert_int_equal(dataset_users(set), 3);
    }
}

/* Impostors' lists name sessions of which nothing is left. */
static void a_session_without_events_is_known_by_what_enrols_it(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *set =
        open_files(&dir, &(struct files){.enrol = "A\ta1\nB\tb1\nB\tb9\n",
                                         .trials = "A\ta2\tgenuine\nA\tb9\timpostor\n"});
    check_notes(set, NOTE_BIT(NOTE_EMPTY_SESSION), 1);
    const uint32_t empty = dataset_model(set, 0)->trials.at[1].session;
    assert_int_equal(dataset_session(set, empty)->count, 0);
    assert_string_equal(dataset_user(set, dataset_session(set, empty)->user), "b@x.example");
    assert_true(dataset_session_begin(set, empty) == 0);
}

static void check_user(const struct dataset *set, size_t session, const char *want)
{
    assert_string_equal(dataset_user(set, dataset_session(set, session)->user), want);
}

/* A takeover is recorded on the account of whom it hit: the label says that it was somebody else. */
static void an_impostor_on_the_owners_account_is_somebody_unknown(void **state)
{
    (void)state;
    static const char *const trials[] = {
        "A\ta2\timpostor\nB\tb2\tgenuine\nB\ta2\timpostor\n",
        "B\ta2\timpostor\nA\ta2\timpostor\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(trials); i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close)
        struct dataset *set = open_files(&dir, &(struct files){.trials = trials[i]});
        check_notes(set, NOTE_BIT(NOTE_TAKEN_OVER), 1);
        const uint32_t taker = dataset_session(set, 1)->user;
        assert_int_equal(dataset_victim(set, taker), dataset_model(set, 0)->user);
        check_user(set, 0, "a@x.example");
        check_user(set, 1, "a@x.example\t(unknown)");
        for (size_t u = 0; u < dataset_users(set); u++) {
            assert_int_equal(dataset_victim(set, u) != DATASET_NO_USER, u == taker);
        }
        assert_int_equal(dataset_model(set, 0)->trials.at[0].label, DATASET_IMPOSTOR);
    }
}

static void takeovers_of_one_account_are_one_person_each(void **state)
{
    (void)state;
    static const char events[] = SCROLL("a1", OF("a")) SCROLL("a2", OF("a")) SCROLL("a3", OF("a"))
        SCROLL("b1", OF("b")) SCROLL("b2", OF("b"));
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *set = open_files(
        &dir, &(struct files){.events = events,
                              .trials = "A\ta2\timpostor\nA\ta3\timpostor\nB\tb2\timpostor\n"});
    check_notes(set, NOTE_BIT(NOTE_TAKEN_OVER), 3);
    assert_int_equal(dataset_users(set), 4);
    assert_int_equal(dataset_session(set, 1)->user, dataset_session(set, 2)->user);
    assert_int_not_equal(dataset_session(set, 1)->user, dataset_session(set, 4)->user);
}

/* And the mirror of it: who was genuine on another account was the model's user there. */
static void a_genuine_session_is_the_owners_whatever_its_account(void **state)
{
    (void)state;
    static const char *const trials[] = {
        "A\tc1\tgenuine\nB\tc1\timpostor\n",
        "B\tb2\timpostor\nA\tb2\tgenuine\n", /* on the account of B, by A: no takeover by somebody unknown */
    };
    for (size_t i = 0; i < ARRAY_LEN(trials); i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        CLEANUP(dataset_close)
        struct dataset *set = open_files(&dir, &(struct files){.trials = trials[i]});
        check_notes(set, NOTE_BIT(NOTE_OTHER_ACCOUNT), 1);
        check_user(set, i == 0 ? 4 : 3, "a@x.example");
        check_user(set, 2, "b@x.example");
        assert_int_equal(dataset_users(set), 3);
    }
}

static void what_is_odd_in_an_event_is_counted_by_events(void **state)
{
    (void)state;
#define TYPED(data)                                                                        \
    "{\"timestamp\":\"2025-06-24T10:30:00Z\",\"event_type\":\"keystrokes\",\"data\":" data \
    ",\"session_id\":"                                                                     \
    "\"a1\",\"user_email\":\"a\"}\n"
    static const char events[] = TYPED(
        "{\"field\":\"E-Mail\",\"keys\":[{\"down\":0,\"up\":1,\"key\":\"a\",\"x\":null},{\"down\":1,\"up\":2}]}")
        TYPED(
            "{\"field\":\"password\",\"keys\":[{\"down\":0,\"up\":1,\"key\":\"a\",\"x\":null},{\"down\":1,\"up\":2}]}")
            TYPED("{\"field\":\"password\",\"keys\":2}") TYPED("{\"field\":\"mpin\",\"keys\":6}");
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    CLEANUP(dataset_close)
    struct dataset *set = open_files(
        &dir, &(struct files){.events = events, .enrol = "", .trials = "-\ta1\thuman\n"});

    static const struct {
        enum dataset_note note;
        size_t count;
    } rows[] = {{NOTE_FIELD_NAME, 1}, {NOTE_KEY_CLASS, 2}, {NOTE_KEY_MEMBER, 2},
                {NOTE_NULL, 2},       {NOTE_SECRET, 2},    {NOTE_UNKNOWN_EVENT, 0}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(dataset_notes(set)->count[rows[i].note], rows[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nothing_computes_with_refuses_no_set),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(a_set_is_the_same_however_it_is_written),
        cmocka_unit_test(a_session_may_be_called_session),
        cmocka_unit_test(names_are_whatever_can_be_printed),
        cmocka_unit_test(numbers_are_names_too),
        cmocka_unit_test(events_of_unknown_kinds_are_told_and_say_nothing),
        cmocka_unit_test(events_of_which_nothing_is_known_are_told),
        cmocka_unit_test(what_is_odd_in_an_event_is_counted_by_events),
        cmocka_unit_test(a_session_without_an_account_is_its_models),
        cmocka_unit_test(an_impostor_on_the_owners_account_is_somebody_unknown),
        cmocka_unit_test(takeovers_of_one_account_are_one_person_each),
        cmocka_unit_test(a_genuine_session_is_the_owners_whatever_its_account),
        cmocka_unit_test(a_session_without_events_is_known_by_what_enrols_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
