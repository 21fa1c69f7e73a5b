/* canara ctl: the command line that becomes a request, and the answer that becomes text. */
#include "app/operate/ctl.h"

#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARGS_MAX = 16, LINE_MAX_BYTES = 512 };

/* Parse a line of words between blanks, said behind `canara`. */
static enum option_answer parse(const char *line, struct ctl_order *out)
{
    static _Thread_local char text[LINE_MAX_BYTES];
    char *argv[ARGS_MAX] = {NULL};
    int argc = 0;
    (void)snprintf(text, sizeof text, "%s", line);
    char *rest = text;
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        argv[argc++] = word;
    }
    *out = (struct ctl_order){0};
    return ctl_parse(argc, argv, out);
}

static void each_verb_becomes_its_request(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *line, *method, *target, *body;
    } cases[] = {
        {"ctl status",                        "GET",  "/ctl/status",   ""},
        {"ctl sessions",                      "POST", "/ctl/sessions", ""},
        {"ctl sessions --email a@b.c",        "POST", "/ctl/sessions", "{\"email\":\"a@b.c\"}"},
        {"ctl end --session x",               "POST", "/ctl/end",      "{\"session_id\":\"x\"}"},
        {"ctl end --email=a@b.c",             "POST", "/ctl/end",      "{\"email\":\"a@b.c\"}"},
        {"ctl --email a@b.c unlock",          "POST", "/ctl/unlock",   "{\"email\":\"a@b.c\"}"},
        {"ctl reset-mpin --email a@b.c",      "POST", "/ctl/mpin",     "{\"email\":\"a@b.c\"}"},
        {"ctl fact --session x --nats 2",     "POST", "/ctl/fact",     "{\"session_id\":\"x\",\"nats\":2}"},
        {"ctl fact --session x --nats -2.5 --source s", "POST", "/ctl/fact", "{\"session_id\":\"x\",\"nats\":-2.5,\"source\":\"s\"}"},
        {"ctl profile a@b.c",                 "POST", "/ctl/profile",  "{\"email\":\"a@b.c\"}"},
        {"ctl profile --reset a@b.c",         "POST", "/ctl/profile",  "{\"email\":\"a@b.c\",\"reset\":true}"},
        {"ctl profile x --rollback 12",       "POST", "/ctl/profile",  "{\"rollback\":12,\"account_id\":\"x\"}"},
        {"ctl accept-clock",                  "POST", "/ctl/clock",    ""},
        {"ctl reload",                        "POST", "/ctl/reload",   ""},
        {"ctl drain --json",                  "POST", "/ctl/drain",    ""},
        {"ctl end --session \"\\",            "POST", "/ctl/end",      "{\"session_id\":\"\\\"\\\\\"}"},
    };

    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ctl_order order;
        assert_int_equal(parse(cases[i].line, &order), OPTIONS_OK);
        assert_string_equal(ctl_method(&order), cases[i].method);
        assert_string_equal(ctl_target(&order), cases[i].target);
        assert_span_text((span_t){(const uint8_t *)order.body, order.body_len}, cases[i].body);
        assert_int_equal(order.json, strstr(cases[i].line, "--json") != NULL);
    }
}

static void options_that_do_not_fit_are_faults(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "ctl",
        "ctl stop",
        "ctl status sessions",
        "ctl status --email a@b.c",
        "ctl sessions --session x",
        "ctl end",
        "ctl end --session x --email a@b.c",
        "ctl unlock",
        "ctl unlock --session x",
        "ctl reset-mpin",
        "ctl reset-mpin --email a@b.c 4821",
        "ctl reset-mpin --email a@b.c --mpin 4821",
        "ctl reset-mpin --session x",
        "ctl fact --session x",
        "ctl fact --nats 1",
        "ctl fact --session x --nats 1 --email a@b.c",
        "ctl fact --session x --nats one",
        "ctl fact --session x --nats NaN",
        "ctl fact --session x --nats 1e999",
        "ctl fact --session x --nats []",
        "ctl profile",
        "ctl profile a@b.c x",
        "ctl profile --email a@b.c",
        "ctl profile a@b.c --reset --rollback 1",
        "ctl profile a@b.c --rollback one",
        "ctl status --reset",
        "ctl drain --nats 1",
        "ctl drain --now",
        "ctl drain --json=1",
        "ctl status --data-dir",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct ctl_order order;
        if (parse(lines[i], &order) != OPTIONS_FAULT) {
            fail_msg("%s was taken", lines[i]);
        }
    }
}

static void a_text_that_is_too_long_for_the_request_is_a_fault(void **state)
{
    (void)state;
    char *name = malloc(CTL_BODY_BYTES + 1);
    assert_non_null(name);
    memset(name, 'a', CTL_BODY_BYTES);
    name[CTL_BODY_BYTES] = '\0';
    char verb[] = "end";
    char option[] = "--email";
    char *argv[] = {verb, verb, option, name, NULL};
    struct ctl_order order = {0};
    assert_int_equal(ctl_parse(4, argv, &order), OPTIONS_FAULT);
    free(name);
}

static void a_secret_is_put_into_the_body_of_the_verb_that_wants_one(void **state)
{
    (void)state;

    static const struct {
        const char *secret, *body;
    } rows[] = {{"4821", "{\"email\":\"a@b.c\",\"mpin\":\"4821\"}"},
                {"", "{\"email\":\"a@b.c\",\"mpin\":\"\"}"},
                {"a\"b\\\xff", "{\"email\":\"a@b.c\",\"mpin\":\"a\\\"b\\\\\xef\xbf\xbd\"}"}};

    struct ctl_order order;
    assert_int_equal(parse("ctl unlock --email a@b.c", &order), OPTIONS_OK);
    assert_null(ctl_secret(&order));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const span_t secret = {(const uint8_t *)rows[i].secret, strlen(rows[i].secret)};
        assert_int_equal(parse("ctl reset-mpin --email a@b.c", &order), OPTIONS_OK);
        assert_string_equal(ctl_secret(&order), "MPIN");
        assert_true(ctl_give_secret(&order, secret));
        assert_span_text((span_t){(const uint8_t *)order.body, order.body_len}, rows[i].body);
    }
}

/* ---- text ---- */

static char *shown(const char *line, const char *json)
{
    struct ctl_order order;
    struct json *tree = NULL;
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(parse(line, &order), OPTIONS_OK);
    assert_ok(json_parse((span_t){(const uint8_t *)json, strlen(json)}, &tree, NULL));
    FILE *to = open_memstream(&text, &len);
    assert_non_null(to);
    ctl_print(to, &order, tree);
    assert_int_equal(fclose(to), 0);
    json_free(&tree);
    return text;
}

static void answers_are_shown_as_text(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *line, *json, *text;
    } cases[] = {
        {"ctl status", "{\"version\":\"1.2.3\",\"uptime_s\":3700,\"ready\":true,\"sessions\":3,\"by_level\":{\"normal\":2,\"blocked\":1},"
                       "\"connections\":{\"http\":4,\"websocket\":5},\"journal\":{\"state\":\"running\",\"segments\":2,\"bytes\":6,\"queued_bytes\":7,"
                       "\"view_pending_bytes\":8},\"queues\":{\"cold\":9,\"hash\":10,\"ledger\":11},\"hash_workers_busy\":12,\"clock\":{\"state\":\"back\",\"ahead_ms\":0,\"behind_ms\":13},\"handover\":\"failed\"}",
                       "canara 1.2.3, ready, up 1 h 1 min\n"
                       "sessions     3 (normal 2, monitor 0, challenge 0, blocked 1)\n"
                       "connections  4 http, 5 websocket\n"
                       "journal      running, 6 bytes on disk (segments: 2), 7 bytes waiting\n"
                       "queues       cold 9, hash 10, ledger 11, view 8 bytes; 12 workers hashing\n"
                       "clock        back, 0 ms ahead of what is vouched for, 13 ms behind the newest\n"

                       "handover     failed\n"},
        {"ctl sessions", "{\"sessions\":[]}", "0 sessions\n"},
        {"ctl end --session x", "{\"ended\":1}", "1 session ended\n"},
        {"ctl end --session x", "{\"ended\":2}", "2 sessions ended\n"},
        {"ctl unlock --email a@b.c", "{\"message\":\"Account unlocked\"}", "Account unlocked\n"},
        {"ctl reset-mpin --email a@b.c", "{\"message\":\"MPIN reset\",\"ended\":1}", "new MPIN set, 1 session ended\n"},
        {"ctl fact --session x --nats 1", "{\"risk_score\":0.75,\"risk_level\":\"challenge\",\"mpin_required\":true}", "risk 0.750, level challenge, MPIN asked for\n"},
        {"ctl profile a@b.c", "{\"account_id\":\"id\",\"revision\":7,\"oldest\":2,\"saved\":\"then\",\"model\":\"simulated-1\",\"learning\":{\"sessions\":3,"
                              "\"needed\":6,\"state\":\"learning\"},\"damaged\":1,\"parts\":[{\"name\":\"keys:password\",\"revision\":6,\"bytes\":900}]}",
                              "account   id\n"
                              "revision  7 of then, back to 2\n"
                              "learning  learning, 3 of 6 sessions\n"
                              "model     simulated-1\n"
                              "1 part, 1 damaged: set aside at the next login\n"
                              "  keys:password                       900 bytes, revision 6\n"},
        {"ctl reload", "[]", "-\n"},
    };

    /* clang-format on */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = shown(cases[i].line, cases[i].json);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
}

static void a_list_of_sessions_has_a_line_each(void **state)
{
    (void)state;
    char *text =
        shown("ctl sessions",
              "{\"sessions\":[{\"email\":\"a@b.c\",\"session_id\":\"id\",\"device_id\":\"d\","
              "\"risk_level\":\"normal\",\"risk_score\":0.05,\"events\":7,\"connected\":true,"
              "\"last_activity\":\"then\"}],\"truncated\":true}");
    assert_non_null(strstr(text, "\nid "));
    assert_non_null(strstr(text, "normal"));
    assert_non_null(strstr(text, "0.050"));
    assert_non_null(strstr(text, "a@b.c  d\n"));
    assert_non_null(strstr(text, "1 session, more are not shown"));
    free(text);
}

static void text_of_clients_cannot_move_the_terminal(void **state)
{
    (void)state;

    static const struct {
        const char *from, *to;
    } cases[] = {
        {"plain", "plain"},
        {"\x1b[31mred", "\\u001b[31mred"},
        {"a\nb\tc\x7f", "a\\u000ab\\u0009c\\u007f"},
        {"\xc2\x9b"
         "31m",
         "\\u009b31m"},
        {"\xe2\x80\xae"
         "gnp.exe\xe2\x80\xac\xe2\x81\xa6\xd8\x9c\xe2\x81\xa9",
         "\\u202egnp.exe\\u202c\\u2066\\u061c\\u2069"},
        {"\xe2\x80\x9eso\xe2\x80\x9c \xe2\x82\xac \xe2\x80",
         "\xe2\x80\x9eso\xe2\x80\x9c \xe2\x82\xac \xe2\x80"},
        {"\xc2\xa0"
         "caf\xc3\xa9",
         "\xc2\xa0"
         "caf\xc3\xa9"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        size_t len = 0;
        FILE *to = open_memstream(&text, &len);
        assert_non_null(to);
        ctl_print_safe(to, (span_t){(const uint8_t *)cases[i].from, strlen(cases[i].from)});
        assert_int_equal(fclose(to), 0);
        assert_string_equal(text, cases[i].to);
        free(text);
    }
}

static void a_problem_is_shown_with_each_of_its_faults(void **state)
{
    (void)state;

    static const struct {
        const char *json, *text;
    } cases[] = {
        {"{\"detail\":\"Session not found\"}", "canara ctl: Session not found\n"},
        {"{\"detail\":\"No\",\"errors\":[{\"field\":\"nats\",\"message\":\"must be a number\"}]}",
         "canara ctl: No\n  nats: must be a number\n"},
        {"7", "canara ctl: the server answered 500\n"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = NULL;
        size_t len = 0;
        struct json *tree = NULL;
        const span_t json = {(const uint8_t *)cases[i].json, strlen(cases[i].json)};
        assert_ok(json_parse(json, &tree, NULL));
        FILE *to = open_memstream(&text, &len);
        assert_non_null(to);
        ctl_print_problem(to, 500, tree);
        assert_int_equal(fclose(to), 0);
        assert_string_equal(text, cases[i].text);
        json_free(&tree);
        free(text);
    }
}

/* ---- where the server is ---- */

/* One thread: NOLINTBEGIN(concurrency-mt-unsafe) */
static void the_socket_is_found_as_serve_would_make_it(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char env_file[SCRATCH_PATH];
    char path[CTL_PATH_BYTES];
    char *const before = getcwd(NULL, 0);
    assert_non_null(before);
    scratch_path(&dir, ".env", env_file);
    assert_int_equal(chdir(dir.path), 0);
    assert_int_equal(unsetenv("DATA_DIR"), 0);

    assert_true(ctl_socket(NULL, path));
    assert_string_equal(path, "./data/control.sock");
    scratch_write(env_file, SPAN_LIT("# x\nSECRET_KEY=y\nDATA_DIR=\"/from/file\"\n"), 0600);
    assert_true(ctl_socket(NULL, path));
    assert_string_equal(path, "/from/file/control.sock");
    assert_int_equal(setenv("DATA_DIR", "/from/environment", 1), 0);
    assert_true(ctl_socket(NULL, path));
    assert_string_equal(path, "/from/environment/control.sock");
    assert_true(ctl_socket("here", path));
    assert_string_equal(path, "here/control.sock");

    assert_int_equal(unsetenv("DATA_DIR"), 0);
    scratch_write(env_file, SPAN_LIT("DATA_DIR=\"unfinished\n"), 0600);
    assert_false(ctl_socket(NULL, path));
    assert_true(ctl_socket("here", path));
    assert_false(ctl_socket("", path));

    assert_int_equal(unlink(env_file), 0);
    assert_int_equal(mkfifo(env_file, 0600), 0); /* nobody waits for who would write into it */
    assert_false(ctl_socket(NULL, path));
    assert_int_equal(chdir(before), 0);
    free(before);
}

/* NOLINTEND(concurrency-mt-unsafe) */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verb_becomes_its_request),
        cmocka_unit_test(options_that_do_not_fit_are_faults),
        cmocka_unit_test(a_text_that_is_too_long_for_the_request_is_a_fault),
        cmocka_unit_test(a_secret_is_put_into_the_body_of_the_verb_that_wants_one),
        cmocka_unit_test(answers_are_shown_as_text),
        cmocka_unit_test(a_list_of_sessions_has_a_line_each),
        cmocka_unit_test(text_of_clients_cannot_move_the_terminal),
        cmocka_unit_test(a_problem_is_shown_with_each_of_its_faults),
        cmocka_unit_test(the_socket_is_found_as_serve_would_make_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
