/* tokens_test.c - what prepare writes is what run reads, and nothing else is. */
#include "load/tokens.h"

#include "base/util.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <string.h>

#define HEAD "canara-loadtest 1\n"

static void what_is_written_is_read_in_order(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "tokens", path);
    FILE *const f = fopen(path, "w");
    assert_non_null(f);
    assert_ok(tokens_write_head(f));
    for (unsigned i = 0; i < 300; i++) {
        struct load_session s = {.person = i % 64};
        (void)snprintf(s.id, sizeof s.id, "id-%u", i);
        (void)snprintf(s.token, sizeof s.token, "t.%u", i);
        (void)snprintf(s.mpin, sizeof s.mpin, "%s", i % 2 == 0 ? "" : "1234");
        assert_ok(tokens_write_session(f, &s));
    }
    const struct load_login l = {.email = "a@b.example", .password = "p/+"};
    assert_ok(tokens_write_login(f, &l));
    assert_int_equal(fclose(f), 0);

    CLEANUP(tokens_deinit) struct tokens t = {0};
    size_t line = 0;
    assert_ok(tokens_load(path, (struct tokens_want){.skip = 10, .most = 200}, &t, &line));
    assert_int_equal(t.sessions, 200);
    assert_int_equal(t.logins, 1);
    for (unsigned i = 0; i < 200; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "id-%u", i + 10);
        assert_string_equal(t.session[i].id, id);
        assert_int_equal(t.session[i].person, (i + 10) % 64);
        assert_string_equal(t.session[i].mpin, i % 2 == 0 ? "" : "1234");
    }
    assert_string_equal(t.login[0].password, "p/+");
}

static void other_texts_are_refused_with_their_line(void **state)
{
    (void)state;

    static const struct {
        const char *text;
        size_t line;
    } rows[] = {
        {"", 1},
        {"canara-loadtest 2\n", 1},
        {HEAD "hello\n", 2},
        {HEAD "session a b 1\n", 2},
        {HEAD "session a b 64 -\n", 2},
        {HEAD "session a b x -\n", 2},
        {HEAD "session a b 1 - more\n", 2},
        {HEAD "session a b 1 -", 2},
        {HEAD "session a b 1 -\nlogin a\n", 3},
        {HEAD "session a b 1 -\nlogin a b c\n", 3},
    };
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "tokens", path);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tokens t;
        size_t line = 0;
        scratch_write(path, (span_t){(const uint8_t *)rows[i].text, strlen(rows[i].text)}, 0600);
        assert_err(tokens_load(path, (struct tokens_want){.most = 9}, &t, &line), ERR_FORMAT);
        assert_int_equal(line, rows[i].line);
        assert_null(t.session);
        assert_null(t.login);
    }
}

static void a_line_that_is_too_long_is_refused(void **state)
{
    (void)state;
    static char text[4096];
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "tokens", path);
    memset(text, 'a', sizeof text - 1);
    memcpy(text, HEAD "session a ", sizeof HEAD "session a " - 1);
    scratch_write(path, (span_t){(const uint8_t *)text, sizeof text - 1}, 0600);
    struct tokens t;
    size_t line = 0;
    assert_err(tokens_load(path, (struct tokens_want){.most = 9}, &t, &line), ERR_FORMAT);
    assert_err(tokens_load("/nowhere/tokens", (struct tokens_want){.most = 9}, &t, &line), ERR_IO);
}

static void so_many_logins_are_read_and_not_one_more(void **state)
{
    enum { MOST = 100000 };

    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "tokens", path);
    for (size_t more = 0; more < 2; more++) {
        FILE *const f = fopen(path, "w");
        assert_non_null(f);
        assert_ok(tokens_write_head(f));
        for (size_t i = 0; i < MOST + more; i++) {
            assert_ok(tokens_write_login(f, &(struct load_login){.email = "a", .password = "b"}));
        }
        assert_int_equal(fclose(f), 0);
        CLEANUP(tokens_deinit) struct tokens t = {0};
        size_t line = 0;
        const err_t e = tokens_load(path, (struct tokens_want){.most = 9}, &t, &line);
        assert_int_equal(e.code, more == 0 ? ERR_NONE : ERR_FORMAT);
        assert_int_equal(t.logins, more == 0 ? MOST : 0);
        assert_int_equal(line, 1 + MOST + more);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_in_order),
        cmocka_unit_test(other_texts_are_refused_with_their_line),
        cmocka_unit_test(a_line_that_is_too_long_is_refused),
        cmocka_unit_test(so_many_logins_are_read_and_not_one_more),
    };
    return cmocka_run_group_tests_name("tokens", tests, NULL, NULL);
}
