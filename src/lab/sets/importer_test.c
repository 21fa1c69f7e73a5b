/* importer_test.c - each importer on a tiny set made here, in the shape of the real one. */
#include "lab/sets/importer.h"

#include "base/util.h"
#include "lab/sets/dataset.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BYTES ((size_t)512 * 1024)

/* A place with a folder "src" to put a published set into, and "out" to come. */
struct bench {
    struct scratch dir;
    char src[SCRATCH_PATH], out[SCRATCH_PATH];
    char *text; /* of a file that is being made */
    size_t len;
    struct import_report report;
};

static struct bench *bench_new(void)
{
    struct bench *const b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->dir = scratch_new();
    b->text = malloc(TEXT_BYTES);
    assert_non_null(b->text);
    b->text[0] = '\0';
    scratch_path(&b->dir, "src", b->src);
    scratch_path(&b->dir, "out", b->out);
    assert_int_equal(mkdir(b->src, 0700), 0);
    return b;
}

static void bench_free(struct bench **b)
{
    scratch_remove(&(*b)->dir);
    free((*b)->text);
    free(*b);
}

PRINTF_LIKE(2, 3) static void say(struct bench *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(b->text + b->len, TEXT_BYTES - b->len, format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < TEXT_BYTES - b->len);
    b->len += (size_t)n;
}

/* Put what was said into a file of the set, below its folders. */
static void put(struct bench *b, const char *path)
{
    char full[2 * SCRATCH_PATH];
    (void)snprintf(full, sizeof full, "%s/%s", b->src, path);
    for (char *slash = strchr(full + strlen(b->src) + 1, '/'); slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0700);
        *slash = '/';
    }
    scratch_write(full, (span_t){(const uint8_t *)b->text, b->len}, 0600);
    b->len = 0;
}

static err_t import(struct bench *b, const char *name)
{
    const struct importer *const importer = importer_find(name);
    assert_non_null(importer);
    return importer_run(importer, b->src, b->out, NULL, &b->report);
}

/* Import, and read what came out. */
static struct dataset *take(struct bench *b, const char *name, const char *sub)
{
    struct dataset *set = NULL;
    struct dataset_fault fault = {.text = ""};
    char dir[SCRATCH_PATH + 32];
    if (failed(import(b, name))) {
        fail_msg("%s: %s", name, b->report.fault);
    }
    (void)snprintf(dir, sizeof dir, "%s%s%s", b->out, sub[0] == '\0' ? "" : "/", sub);
    if (failed(dataset_open(dir, &set, &fault))) {
        fail_msg("%s: %s", name, fault.text);
    }
    return set;
}

static size_t genuine(const struct dataset_model *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->trials.count; i++) {
        n += m->trials.at[i].label == DATASET_GENUINE ? 1 : 0;
    }
    return n;
}

static const canara_event_t *first_event(const struct dataset *set, size_t session)
{
    return &dataset_event(set, dataset_session(set, session)->first)->event;
}

/* ---- the sets ---- */

static void say_cmu(struct bench *b)
{
    say(b, "subject,sessionIndex,rep,H.period,...\r\n");
    for (unsigned user = 2; user <= 4; user++) {
        for (unsigned rep = 0; rep < 208; rep++) {
            say(b, "s%03u,%u,%u,0.1001", user, rep / 50 + 1, rep % 50 + 1);
            for (unsigned k = 0; k < 10; k++) {
                say(b, ",0.2003,0.1002,0.0%u5", k);
            }
            say(b, "\r\n");
        }
    }
}

static void the_cmu_table_becomes_entries_and_trials(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    say_cmu(b);
    put(b, "DSL-StrongPasswordData.csv");
    CLEANUP(dataset_close) struct dataset *set = take(b, "cmu-strong-password", "");
    assert_int_equal(dataset_users(set), 3);
    assert_string_equal(dataset_user(set, 0), "s002@cmu.invalid");
    assert_int_equal(dataset_sessions(set), 3 * 208);
    assert_string_equal(dataset_session(set, 51)->id, "s002-2-02");
    const canara_event_t *const e = first_event(set, 0);
    assert_int_equal(e->of.keystrokes.count, 11);
    assert_near(e->of.keystrokes.keys[10].down_ms, 2003.0, 0.0, "tenths add up exactly");
    assert_near(e->of.keystrokes.keys[1].down_ms, 200.3, 0.0, "down of the second key");
    assert_near(e->of.keystrokes.keys[1].up_ms, 205.3, 0.0, "and its up");
    const struct dataset_model *const m = dataset_model(set, 1);
    assert_string_equal(m->name, "s003");
    assert_int_equal(m->enrols, 200);
    assert_int_equal(genuine(m), 8);
    assert_int_equal(m->trials.count, 8 + 2 * 5);
    assert_int_equal(m->practised.count, 2 * 26);
    assert_string_equal(dataset_session(set, m->practised.at[0].session)->id, "s002-1-08");
}

static void say_meu(struct bench *b)
{
    say(b, "Subject,Hold .,...\n");
    for (unsigned user = 1; user <= 2; user++) {
        for (unsigned entry = 0; entry < 40; entry++) {
            say(b, "%u", user);
            for (unsigned i = 0; i < 14 + 13 + 13; i++) {
                say(b, ",%u", i < 14 ? 90U : 300U);
            }
            for (unsigned i = 0; i < 28 + 3; i++) {
                say(b, ",0.25");
            }
            say(b, "\n");
        }
    }
}

static void the_meu_table_becomes_entries_with_pressure(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    say_meu(b);
    put(b, "meu-mobile-ksd-2016.csv");
    CLEANUP(dataset_close) struct dataset *set = take(b, "meu-mobile-ksd", "");
    const canara_event_t *const e = first_event(set, 0);
    assert_int_equal(e->of.keystrokes.count, 14);
    assert_int_equal(e->of.keystrokes.keys[13].has,
                     1U << CANARA_KEY_PRESSURE | 1U << CANARA_KEY_SIZE);
    assert_near(e->of.keystrokes.keys[13].down_ms, 3900.0, 0.0, "sum of the down-down times");
    assert_near(e->of.keystrokes.keys[13].up_ms, 3990.0, 0.0, "with the hold");
    const struct dataset_model *const m = dataset_model(set, 0);
    assert_int_equal(m->enrols, 34);
    assert_int_equal(genuine(m), 6);
    assert_int_equal(m->trials.count, 6 + 5);
    assert_int_equal(m->practised.count, 5);
}

static void say_entry_at(struct bench *b, const char *user, unsigned rep, const char *keys,
                         int step)
{
    for (int k = 0; keys[k] != '\0'; k++) {
        say(b, "%s, KTU84P, 0, %c, %d, %d, 0.125, 0.25, 400, 640, 0.5, 4.5, 8.5, 2, 0, %u\n", user,
            keys[k], 9000 + 200 * step * k, 9100 + 200 * step * k, rep);
    }
}

static void say_entry(struct bench *b, const char *user, unsigned rep, const char *keys)
{
    say_entry_at(b, user, rep, keys, 1);
}

static void mobikey_rows_become_entries_and_faulty_ones_are_counted(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    for (unsigned group = 1; group <= 2; group++) {
        char path[64];
        const char *const user = group == 1 ? "100" : "200";
        say(b, "UserId, DeviceId, SessionId, Key, DownTime\n");
        for (unsigned rep = 0; rep < 9; rep++) {
            say_entry(b, user, rep, "kicsikutyatarka");
        }
        say_entry(b, user, 9, "kicsikutyatark");
        say_entry_at(b, user, 12, "kicsikutyatarka", -1); /* each key before the last */
        say_entry(b, user, 10, "kicsi,utyatarka");
        say(b, "not a row\n");
        say_entry(b, "1 0", 11, "kicsikutyatarka"); /* no session may be called so */
        (void)snprintf(path, sizeof path, "group%u/Keystrokes.csv", group);
        put(b, path);
    }
    CLEANUP(dataset_close) struct dataset *set = take(b, "mobikey", "kicsikutyatarka");
    assert_non_null(strstr(b->report.note, "6 of 24 entries left out"));
    assert_non_null(strstr(b->report.note, "32 rows that are none"));
    assert_int_equal(dataset_sessions(set), 18);
    const canara_key_t *const key = &first_event(set, 0)->of.keystrokes.keys[1];
    assert_near(key->down_ms, 200.0, 0.0, "from the first key");
    assert_near(key->extra[CANARA_KEY_X], 0.5, 0.0, "share of the width");
    assert_near(key->extra[CANARA_KEY_Y], 0.5, 0.0, "share of the height");
    assert_near(key->extra[CANARA_KEY_AZ], 8.5, 0.0, "gravity");
    const struct dataset_model *const m = dataset_model(set, 0);
    assert_int_equal(m->enrols, 6);
    assert_int_equal(genuine(m), 3);
    assert_int_equal(m->trials.count, 3 + 5);
    assert_int_equal(m->practised.count, 1);
}

static void say_mouse(struct bench *b, unsigned points)
{
    say(b, "record timestamp,client timestamp,button,state,x,y\n");
    for (unsigned i = 0; i < points; i++) {
        say(b, "%u.1,%u.2509,NoButton,Move,%u,7\n", i, i, i % 100);
    }
}

static void balabit_files_become_pointer_events_and_trials(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    say_mouse(b, 2050);
    put(b, "training_files/user7/session_1");
    say_mouse(b, 2);
    say(b, "3,3,Left,Pressed,1,1\n3,3.1,NoButton,Drag,2,1\n3,3.2,Scroll,Up,0,0\n"
           "3,3.3,NoButton,Move,65535,65535\n3,3.4,Left,Released,3,1\n3,3.5,NoButton,Drag,4,1\n"
           "30,30,NoButton,Move,4,1\n");
    put(b, "test_files/user7/session_2");
    say_mouse(b, 3);
    put(b, "test_files/user7/session_3");
    say_mouse(b, 3);
    put(b, "test_files/user7/session_4");
    say(b, "filename,is_illegal\nsession_2,0\nsession_3,1\n");
    put(b, "public_labels.csv");
    CLEANUP(dataset_close) struct dataset *set = take(b, "balabit-mouse", "");
    assert_int_equal(dataset_sessions(set), 3);
    assert_int_equal(dataset_session(set, 0)->count, 2); /* 2048 points, then 2 */
    assert_int_equal(first_event(set, 0)->of.path.count, 2048);
    const struct dataset_session *const test = dataset_session(set, 1);
    assert_string_equal(test->id, "user7-test-2");
    assert_int_equal(test->count, 2); /* a pause of 26 s */
    const canara_event_t *const e = first_event(set, 1);
    assert_int_equal(e->of.path.count, 6);
    assert_near(e->of.path.points[1].t_ms, 1251.0, 0.0, "whole ms");
    assert_int_equal(e->of.path.points[2].buttons, 1);
    assert_int_equal(e->of.path.points[3].buttons, 1);
    assert_int_equal(e->of.path.points[4].buttons, 0);
    assert_int_equal(e->of.path.points[5].buttons, 1); /* its press was lost */
    const struct dataset_model *const m = dataset_model(set, 0);
    assert_int_equal(m->trials.count, 2);
    assert_int_equal(m->trials.at[1].label, DATASET_IMPOSTOR);
    assert_string_equal(dataset_user(set, dataset_session(set, 2)->user),
                        "unknown@balabit.invalid");
    assert_non_null(strstr(b->report.note, "1 scroll records and 1 coordinates above 5000"));
    assert_non_null(strstr(b->report.note, "1 test sessions without a label"));
}

static void say_swipes(struct bench *b)
{
    for (unsigned user = 1; user <= 3; user++) {
        for (unsigned i = 0; i < (user == 3 ? 9 : 74); i++) {
            say(b, "%u", user);
            for (unsigned v = 0; v < 15; v++) {
                say(b, ",0.%u%02u", v, i);
            }
            say(b, "\r\n");
        }
    }
}

static void antal_strokes_become_sessions_of_ten(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    say_swipes(b);
    put(b, "antal_dataset1.csv");
    CLEANUP(dataset_close) struct dataset *set = take(b, "antal-scroll-touch", "");
    assert_int_equal(dataset_sessions(set), 8 + 8 + 1);
    assert_int_equal(dataset_session(set, 0)->count, 10);
    assert_int_equal(dataset_session(set, 7)->count, 4); /* the rest, not tried */
    assert_int_equal(first_event(set, 0)->of.features.count, 15);
    assert_int_equal(dataset_models(set), 2);
    const struct dataset_model *const m = dataset_model(set, 1);
    assert_int_equal(m->enrols, 4);
    assert_int_equal(genuine(m), 3);
    assert_int_equal(m->trials.count, 6);
    assert_non_null(strstr(b->report.note, "1 people with too few strokes"));
}

static void delbot_files_become_people_and_bots(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    say(b, "resolution:1536,754\n1000,Pressed,775,212\n1010,Move,770,210\n1020,Released,770,210\n");
    put(b, "circles_human_pc2_pad/circle_1.txt");
    say(b, "resolution:1,1\n5.25,Move,1.75,2.25\n6.5,Move,3,4\n");
    put(b, "circles_bot_gan/GAN1_1.txt");
    CLEANUP(dataset_close) struct dataset *set = take(b, "delbot-mouse", "");
    const struct dataset_trials trials = dataset_bot_trials(set);
    assert_int_equal(trials.count, 2);
    assert_int_equal(trials.at[0].label, DATASET_BOT);
    assert_int_equal(trials.at[1].label, DATASET_HUMAN);
    assert_string_equal(dataset_user(set, 0), "gan@delbot.invalid");
    assert_string_equal(dataset_user(set, 1), "device-pc2-pad@delbot.invalid");
    assert_near(first_event(set, 0)->of.path.points[0].x, 2.0, 0.0, "whole px");
    assert_near(first_event(set, 0)->of.path.points[1].t_ms, 1.0, 0.0, "whole ms");
    assert_int_equal(first_event(set, 1)->of.path.points[1].buttons, 1);
    assert_int_equal(first_event(set, 1)->of.path.points[2].buttons, 0);
}

static void places_told_as_shares_of_the_screen_become_px(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    say(b, "resolution:1536,864\n5,Move,0.5,0.125\n9,Move,0.25,1\n");
    put(b, "circles_human_fast/a.txt");
    CLEANUP(dataset_close) struct dataset *set = take(b, "delbot-mouse", "");
    const canara_point_t *const p = first_event(set, 0)->of.path.points;
    assert_near(p[0].x, 768.0, 0.0, "half the width");
    assert_near(p[0].y, 108.0, 0.0, "an eighth of the height");
    assert_near(p[1].x, 384.0, 0.0, "a quarter of the width");
    assert_near(p[1].y, 864.0, 0.0, "the whole height");
    assert_non_null(strstr(b->report.note, "1 files were shares"));
}

/* ---- the run ---- */

static char *read_text(const char *dir, const char *name)
{
    char path[2 * SCRATCH_PATH];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *const f = fopen(path, "rb");
    assert_non_null(f);
    char *const text = calloc(1, 4 * TEXT_BYTES);
    assert_non_null(text);
    assert_true(fread(text, 1, 4 * TEXT_BYTES - 1, f) > 0);
    assert_int_equal(fclose(f), 0);
    return text;
}

/* The one file of the set as an archive instead. */
static void pack(struct bench *b, const char *archive, const char *entry, bool tar)
{
    char path[2 * SCRATCH_PATH];
    struct archive *const a = archive_write_new();
    struct archive_entry *const e = archive_entry_new();
    (void)snprintf(path, sizeof path, "%s/%s", b->src, archive);
    assert_int_equal(archive_write_add_filter_xz(a), ARCHIVE_OK);
    assert_int_equal(tar ? archive_write_set_format_ustar(a) : archive_write_set_format_raw(a),
                     ARCHIVE_OK);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    archive_entry_set_pathname(e, entry);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_size(e, (la_int64_t)b->len);
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    assert_true(archive_write_data(a, b->text, b->len) == (la_ssize_t)b->len);
    archive_entry_free(e);
    assert_int_equal(archive_write_free(a), ARCHIVE_OK);
    b->len = 0;
}

static void archives_and_plain_files_give_the_same_bytes(void **state)
{
    (void)state;
    static const char *const outputs[] = {"dataset.json", "events.jsonl", "enrol.tsv", "trials.tsv",
                                          "trials-practised.tsv"};
    CLEANUP(bench_free) struct bench *plain = bench_new();
    CLEANUP(bench_free) struct bench *xz = bench_new();
    CLEANUP(bench_free) struct bench *tar = bench_new();
    say_meu(plain);
    put(plain, "meu-mobile-ksd-2016.csv");
    say_meu(xz);
    pack(xz, "meu-mobile-ksd-2016.csv.xz", "data", false);
    say_meu(xz);
    put(xz, "meu-mobile-ksd-2016.csv"); /* beside its archive: once is enough */
    say_meu(tar);
    pack(tar, "all.tar.xz", "meu-mobile-ksd-2016.csv", true);
    assert_ok(import(plain, "meu-mobile-ksd"));
    assert_ok(import(xz, "meu-mobile-ksd"));
    assert_ok(import(tar, "meu-mobile-ksd"));
    for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
        char *const a = read_text(plain->out, outputs[i]);
        char *const b = read_text(xz->out, outputs[i]);
        char *const c = read_text(tar->out, outputs[i]);
        assert_string_equal(a, b);
        assert_string_equal(a, c);
        free(a);
        free(b);
        free(c);
    }
}

static size_t names_in(const char *path)
{
    DIR *const d = opendir(path);
    size_t n = 0;
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) { /* NOLINT: one thread */
        n += e->d_name[0] == '.' ? 0 : 1;
    }
    assert_int_equal(closedir(d), 0);
    return n;
}

static void what_cannot_be_imported_leaves_nothing(void **state)
{
    (void)state;

    static const struct {
        const char *set, *path, *text, *want;
    } cases[] = {
        {"cmu-strong-password", "other.csv", "x", "has none of the files of this set"},
        {"cmu-strong-password", "DSL-StrongPasswordData.csv", "a,b\n", ":1: must begin with"},
        {"cmu-strong-password", "DSL-StrongPasswordData.csv", "subject,x\ns1,1\n",
         ":2: must have 34"},
        {"cmu-strong-password", "DSL-StrongPasswordData.csv.xz", "no archive", ""},
        {"meu-mobile-ksd", "meu-mobile-ksd-2016.csv", "Subject,x\n1,2\n",
         ":2: must have 72 columns"},
        {"mobikey", "a/Keystrokes.csv", "User\n", ":1: must begin with UserId"},
        {"balabit-mouse", "training_files/u/session_1", "h\n0,0,a,b,1,1\n",
         "public_labels.csv:1: is not there"},
        {"balabit-mouse", "public_labels.csv", "h\na,2\n", ":2: must be filename,is_illegal"},
        {"antal-scroll-touch", "antal_dataset1.csv", "1,2\n", ":1: must be a user's number"},
        {"delbot-mouse", "circles_bot_a/x.txt", "5,Move,1,1\n", ":1: must begin with resolution:"},
        {"delbot-mouse", "circles_bot_a/x.txt", "resolution:1\n5,Move,1\n", ":2: must be t_ms"},
        {"delbot-mouse", "circles_bot_a/x.txt", "resolution:1\n5,Move,0.5,1\n",
         ":1: resolution: must give"},
        {"delbot-mouse", "circles_bot_a/x.txt", "resolution:1\n5,Move,1,2\n4,Move,1,2\n",
         ":3: t_ms must not be before the first"},
        {"meu-mobile-ksd", "1/2/3/4/5/6/7/meu-mobile-ksd-2016.csv", "Subject,\n",
         "more than 6 folders deep"},
        {"delbot-mouse", "circles_bot_a/x y.txt", "resolution:1\n5,Move,1,1\n",
         ":1: cannot be the name of a session"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        CLEANUP(bench_free) struct bench *b = bench_new();
        struct stat st;
        say(b, "%s", cases[i].text);
        put(b, cases[i].path);
        assert_true(failed(import(b, cases[i].set)));
        if (strstr(b->report.fault, cases[i].want) == NULL || b->report.fault[0] == '\0') {
            fail_msg("%s: wanted %s, got %s", cases[i].set, cases[i].want, b->report.fault);
        }
        assert_true(stat(b->out, &st) != 0);
        assert_int_equal(names_in(b->dir.path), 1); /* src, and nothing half done */
    }
}

/* Names of people and files become names of sessions, which are of few characters. */
static void a_name_that_no_session_may_have_is_refused(void **state)
{
    (void)state;

    static const char *const names[] = {"user 7", "user\t7", "\xff", "us\"er"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        CLEANUP(bench_free) struct bench *b = bench_new();
        char path[64];
        say_mouse(b, 3);
        (void)snprintf(path, sizeof path, "training_files/%s/session_1", names[i]);
        put(b, path);
        say(b, "filename,is_illegal\n");
        put(b, "public_labels.csv");
        assert_err(import(b, "balabit-mouse"), ERR_FORMAT);
        assert_non_null(strstr(b->report.fault, ":1: cannot be the name of a session"));
    }
}

static void a_row_of_cmu_that_is_no_entry_is_refused(void **state)
{
    static const struct {
        const char *head, *time, *want;
    } rows[] = {
        {"s 02,1,1", "0.1", ":2: must begin with subject"},
        {"s02,1,1", "60.5", ":2: H and DD must be numbers from 0 to 60"},
        {"s02,1,1", "60", ":2: H and DD must be numbers from 0 to 60"}, /* 660 s in all */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(bench_free) struct bench *b = bench_new();
        say(b, "subject,sessionIndex,rep,H.period,...\n%s", rows[i].head);
        for (unsigned k = 0; k < 31; k++) {
            say(b, ",%s", rows[i].time);
        }
        say(b, "\n");
        put(b, "DSL-StrongPasswordData.csv");
        assert_err(import(b, "cmu-strong-password"), ERR_FORMAT);
        assert_non_null(strstr(b->report.fault, rows[i].want));
    }
}

static void two_people_whose_names_begin_alike_stay_two(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    say_mouse(b, 3);
    put(b, "training_files/the-same-twenty-four-characters-a/session_1");
    say_mouse(b, 3);
    put(b, "training_files/the-same-twenty-four-characters-b/session_1");
    say_mouse(b, 3);
    put(b, "test_files/the-same-twenty-four-characters-a/session_2");
    say(b, "filename,is_illegal\nsession_2,0\n");
    put(b, "public_labels.csv");
    CLEANUP(dataset_close) struct dataset *set = take(b, "balabit-mouse", "");
    assert_int_equal(dataset_sessions(set), 3);
}

static void a_folder_that_is_not_empty_is_left_alone(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    char inside[2 * SCRATCH_PATH];
    say_meu(b);
    put(b, "meu-mobile-ksd-2016.csv");
    assert_int_equal(mkdir(b->out, 0700), 0); /* empty: may be used */
    assert_ok(import(b, "meu-mobile-ksd"));
    assert_err(import(b, "meu-mobile-ksd"), ERR_IO);
    assert_non_null(strstr(b->report.fault, "is not empty"));
    (void)snprintf(inside, sizeof inside, "%s/dataset.json", b->out);
    assert_int_equal(access(inside, R_OK), 0);
}

static void the_same_file_twice_must_be_the_same(void **state)
{
    (void)state;
    CLEANUP(bench_free) struct bench *b = bench_new();
    say_meu(b);
    pack(b, "meu-mobile-ksd-2016.csv.xz", "data", false);
    say(b, "Subject,\n");
    put(b, "meu-mobile-ksd-2016.csv");
    assert_err(import(b, "meu-mobile-ksd"), ERR_FORMAT);
    assert_non_null(strstr(b->report.fault, "comes twice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cmu_table_becomes_entries_and_trials),
        cmocka_unit_test(the_meu_table_becomes_entries_with_pressure),
        cmocka_unit_test(mobikey_rows_become_entries_and_faulty_ones_are_counted),
        cmocka_unit_test(balabit_files_become_pointer_events_and_trials),
        cmocka_unit_test(antal_strokes_become_sessions_of_ten),
        cmocka_unit_test(delbot_files_become_people_and_bots),
        cmocka_unit_test(places_told_as_shares_of_the_screen_become_px),
        cmocka_unit_test(archives_and_plain_files_give_the_same_bytes),
        cmocka_unit_test(what_cannot_be_imported_leaves_nothing),
        cmocka_unit_test(a_name_that_no_session_may_have_is_refused),
        cmocka_unit_test(a_row_of_cmu_that_is_no_entry_is_refused),
        cmocka_unit_test(two_people_whose_names_begin_alike_stay_two),
        cmocka_unit_test(a_folder_that_is_not_empty_is_left_alone),
        cmocka_unit_test(the_same_file_twice_must_be_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
