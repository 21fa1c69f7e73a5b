/* cmd_replay_test.c - buffer files in, scores and reasons out. The way into a server is in
 * tests/contract/test_operator.py. */
#include "app/evaluate/lab_desk_test.h"
#include "codec/json_read.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

static void write_file(const struct lab_desk *d, const char *name, const char *text,
                       char path[SCRATCH_PATH])
{
    scratch_path(&d->dir, name, path);
    scratch_write(path, (span_t){(const uint8_t *)text, strlen(text)}, 0600);
}

#define LINE(time, type, data, session)                                                     \
    "{\"timestamp\":\"2026-03-01T09:" time "Z\",\"event_type\":\"" type "\",\"data\":" data \
    ",\"session_id\":\"" session "\",\"user_email\":\"ann@canara.example\"}\n"

static int replay_file(struct lab_desk *d, const char *text, const char *options)
{
    char path[SCRATCH_PATH];
    char line[4 * SCRATCH_PATH];
    write_file(d, "one.jsonl", text, path);
    (void)snprintf(line, sizeof line, "replay %s%s", path, options);
    return desk_run(d, line);
}

static double risk_of(const char *line)
{
    struct json *tree = NULL;
    double risk = -1.0;
    assert_ok(json_parse((span_t){(const uint8_t *)line, strcspn(line, "\n")}, &tree, NULL));
    assert_true(json_get_double(tree, "risk_score", &risk));
    json_free(&tree);
    return risk;
}

static void a_session_is_scored_and_its_secrets_are_counted(void **state)
{
    struct lab_desk *d = *state;
    assert_int_equal(
        replay_file(d,
                    LINE("00:00.000", "session_start", "{}", "a")
                        LINE("00:01.000", "keystrokes", "{\"field\":\"mpin\",\"keys\":4}", "a")
                            LINE("00:02.000", "mpin_failed", "{}", "a")
                                LINE("00:03.000", "mouse_movement", "{\"movement_speed\":100}", "a")
                                    LINE("00:04.000", "ml_analysis_result",
                                         "{\"predicted_risk_score\":0.99}", "a"),
                    ""),
        0);
    assert_non_null(strstr(d->out, "{\"session_id\":\"a\",\"user_email\":\"ann@canara.example\","
                                   "\"events\":2,\"secrets_skipped\":1,\"risk_score\":"));
    assert_non_null(strstr(d->out, "\"reasons\":[{\"name\":\""));
    assert_non_null(strstr(d->err, "1 events of secret typing are skipped"));
    const double risk = risk_of(d->out);
    assert_true(risk > 0.1 && risk < 0.5); /* the wrong MPIN counts, the echo of 0.99 does not */
}

static void sessions_come_in_the_order_of_their_time(void **state)
{
    struct lab_desk *d = *state;
    assert_int_equal(
        replay_file(d,
                    LINE("30:00.000", "mouse_movement", "{\"movement_speed\":100}", "late")
                        LINE("10:00.000", "mouse_movement", "{\"movement_speed\":100}", "early"),
                    ""),
        0);
    assert_ptr_equal(strstr(d->out, "{\"session_id\":\"early\""), d->out);
    assert_non_null(strstr(d->out, "\n{\"session_id\":\"late\""));
    assert_int_equal(replay_file(d, LINE("30:00.000", "other_thing", "{}", "b"), " --table"), 0);
    assert_non_null(strstr(d->out, "ann@canara.example"));
}

/* A set of typists is buffer lines, too: the first customer's last session, typed by himself and by
 * the second customer. */
static void a_profile_is_learnt_from_earlier_sessions(void **state)
{
    struct lab_desk *d = *state;
    char line[6 * SCRATCH_PATH];
    char model[SCRATCH_PATH];
    desk_make_set(d, "typists", 12, 4);
    scratch_path(&d->dir, "a.model", model);
    (void)snprintf(line, sizeof line, "--out %s", model);
    assert_int_equal(desk_run_on_set(d, "train", line), 0);
    (void)snprintf(line, sizeof line, "replay --model %s %s", model, d->set);
    assert_int_equal(desk_run(d, line), 0);
    const char *const last = strstr(d->out, "{\"session_id\":\"s0-19\"");
    assert_non_null(last);
    assert_true(risk_of(last) < 0.01);
    assert_non_null(strstr(last, "person.typing"));
    (void)snprintf(line, sizeof line, "replay --learn off --model %s %s", model, d->set);
    assert_int_equal(desk_run(d, line), 0);
    assert_null(strstr(d->out, "person.typing"));
    char path[2 * SCRATCH_PATH];
    (void)snprintf(path, sizeof path, "%s/events.jsonl", d->set);
    static char text[8 * DESK_TEXT];
    FILE *const f = fopen(path, "r");
    assert_non_null(f);
    const size_t n = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    text[n] = '\0';
    char *thief = strstr(text, "\"s1-19\",\"user_email\":\"u1@");
    assert_non_null(thief);
    thief[strlen("\"s1-19\",\"user_email\":\"u")] = '0'; /* his account, her hands */
    char stolen[SCRATCH_PATH];
    write_file(d, "stolen.jsonl", text, stolen);
    (void)snprintf(line, sizeof line, "replay --model %s %s", model, stolen);
    assert_int_equal(desk_run(d, line), 0);
    const char *const theft = strstr(d->out, "{\"session_id\":\"s1-19\"");
    assert_non_null(theft);
    assert_true(risk_of(theft) > 0.5);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"{}\n", ":1: timestamp: must be a time"},
        {LINE("00:00.000", "x", "{}", "a") "nonsense\n", ":2: line: is no JSON object"},
        {LINE("00:00.000", "typing_pattern", "{\"words_per_minute\":-1}", "a"),
         ":1: data.words_per_minute: "},
        {LINE("00:00.000", "x", "{}", "a") LINE("00:01.000", "x", "{}", "b")
             LINE("00:02.000", "x", "{}", "a"),
         ":3: session_id: comes back after another session"},
    };
    struct lab_desk *d = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(replay_file(d, rows[i].text, ""), 1);
        if (strstr(d->err, rows[i].says) == NULL) {
            fail_msg("%s: %s", rows[i].says, d->err);
        }
        assert_string_equal(d->out, "");
    }
    assert_int_equal(desk_run(d, "replay"), 2);
    assert_int_equal(desk_run(d, "replay /nonexistent"), 1);
    assert_int_equal(desk_run(d, "replay x --learn maybe"), 2);
    assert_int_equal(desk_run(d, "replay x --data-dir y"), 2);
    assert_non_null(strstr(d->err, "--data-dir: goes with --apply"));
    assert_int_equal(desk_run(d, "replay x --model /nonexistent"), 1);
    char line[2 * SCRATCH_PATH];
    scratch_remove(&d->dir);
    d->dir = scratch_new();
    (void)snprintf(line, sizeof line, "replay %s", d->dir.path);
    assert_int_equal(desk_run(d, line), 1);
    assert_non_null(strstr(d->err, "no *.jsonl is in this folder"));
}

static void applying_needs_a_server(void **state)
{
    struct lab_desk *d = *state;
    char options[SCRATCH_PATH + 32];
    (void)snprintf(options, sizeof options, " --apply --data-dir %s", d->dir.path);
    assert_int_equal(replay_file(d, LINE("00:00.000", "x", "{}", "a"), options), 1);
    assert_non_null(strstr(d->err, "canara replay: --apply: "));
}

/* A control socket that hears one request and answers with this status. */
struct control {
    int fd;
    unsigned status;
    char heard[2048];
    pthread_t thread;
};

static void *answer_one(void *context)
{
    struct control *const o = context;
    char answer[96];
    size_t len = 0;
    const int peer = accept(o->fd, NULL, NULL);
    while (len < sizeof o->heard - 1 && strchr(o->heard, '}') == NULL) {
        const ssize_t n = read(peer, o->heard + len, sizeof o->heard - 1 - len);
        if (n <= 0) {
            break;
        }
        len += (size_t)n;
    }
    const int n =
        snprintf(answer, sizeof answer, "HTTP/1.1 %u x\r\nContent-Length: 0\r\n\r\n", o->status);
    (void)send(peer, answer, (size_t)n, MSG_NOSIGNAL);
    (void)close(peer);
    return NULL;
}

static void control_begin(struct control *o, const char *path, unsigned status)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    *o = (struct control){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .status = status};
    assert_true(strlen(path) < sizeof at.sun_path);
    memcpy(at.sun_path, path, strlen(path) + 1);
    assert_int_equal(bind(o->fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(o->fd, 1), 0);
    assert_int_equal(pthread_create(&o->thread, NULL, answer_one, o), 0);
}

static void control_end(struct control *o, const char *path)
{
    assert_int_equal(pthread_join(o->thread, NULL), 0);
    assert_int_equal(close(o->fd), 0);
    assert_int_equal(unlink(path), 0);
}

/* A buffer file may name a session as no server does: it is asked for whole, and is not live. */
static void what_the_server_says_of_a_result_is_counted(void **state)
{
#define FIFTY "0123456789\\\"abcdefghijklmnopqrstuvwxyz0123456789abc"

    static const char name[] = FIFTY FIFTY FIFTY FIFTY;

    static const struct {
        unsigned status;
        int code;
        const char *says;
    } rows[] = {{200, 0, "1 results applied, 0 sessions are not live"},
                {404, 0, "0 results applied, 1 sessions are not live"},
                {403, 0, "0 results applied, 1 sessions are not live"},
                {422, 0, "0 results applied, 1 sessions are not live"},
                {500, 1, "the server answers 500"}};

    struct lab_desk *d = *state;
    char options[SCRATCH_PATH + 32];
    char path[SCRATCH_PATH];
    scratch_path(&d->dir, "control.sock", path);
    (void)snprintf(options, sizeof options, " --apply --data-dir %s", d->dir.path);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct control o;
        control_begin(&o, path, rows[i].status);
        const int code =
            replay_file(d, LINE("00:00.000", "x", "{}", FIFTY FIFTY FIFTY FIFTY), options);
        control_end(&o, path);
        assert_int_equal(code, rows[i].code);
        assert_non_null(strstr(d->err, rows[i].says));
        assert_non_null(strstr(o.heard, name));
        assert_non_null(strstr(o.heard, "\"predicted_risk_score\":"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_session_is_scored_and_its_secrets_are_counted, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(sessions_come_in_the_order_of_their_time, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(a_profile_is_learnt_from_earlier_sessions, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_said_with_its_place, desk_setup,
                                        desk_teardown),
        cmocka_unit_test_setup_teardown(applying_needs_a_server, desk_setup, desk_teardown),
        cmocka_unit_test_setup_teardown(what_the_server_says_of_a_result_is_counted, desk_setup,
                                        desk_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
