/* Peppers that a database was not made with are refused, and rotating them goes on. */
#include "domain/ground/pepper_guard.h"

#include "domain/sessions/steps_test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINES = 4, LINE_BYTES = 128 };

/* Lines of pepper files; [0] is the one that the house began with. */
struct lines {
    char text[LINES][LINE_BYTES];
};

static void read_line(const char *path, char out[LINE_BYTES])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    const ssize_t got = read(fd, out, LINE_BYTES - 1);
    assert_true(got > 0);
    out[got] = '\0';
    assert_int_equal(close(fd), 0);
}

static struct lines make_lines(struct house *h)
{
    struct lines out = {0};
    char why[KEYRING_WHY_BYTES];
    for (int i = 0; i < LINES; i++) {
        char path[SCRATCH_PATH];
        char name[16];
        (void)snprintf(name, sizeof name, i == 0 ? "pepper" : "pepper%d", i);
        scratch_path(&h->dir, name, path);
        if (i > 0) {
            assert_ok(pepper_file_make(path, why));
        }
        read_line(path, out.text[i]);
    }
    return out;
}

/* The ring of a file with these lines, "21": line 2 first, line 1 as the root. */
static void take_lines(struct house *h, const struct lines *l, const char *which)
{
    char path[SCRATCH_PATH];
    char why[KEYRING_WHY_BYTES];
    scratch_path(&h->dir, "peppers", path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (const char *at = which; *at != '\0'; at++) {
        const char *line = l->text[*at - '0'];
        assert_int_equal(write(fd, line, strlen(line)), strlen(line));
    }
    assert_int_equal(close(fd), 0);
    const struct keyring_config config = {
        .debug = true, .data_dir = h->dir.path, .pepper_file = path};
    audit_free(&h->svc.audit);
    keyring_close(&h->svc.keys);
    assert_ok(keyring_open(&config, &h->svc.keys, why));
    assert_ok(audit_new(h->svc.keys, &h->clock.face, &h->svc.audit));
}

static enum pepper_fit look(struct house *h)
{
    pepper_answer_t answer = {0};
    assert_ok(pepper_guard_look(h->svc.store, h->svc.keys, h->svc.audit, &answer));
    return answer.fit;
}

/* A start; the look before it must have said the same. */
static enum pepper_fit start(struct house *h, const struct lines *l, const char *which)
{
    pepper_answer_t answer = {0};
    take_lines(h, l, which);
    const enum pepper_fit before = look(h);
    const err_t e = pepper_guard_start(h->svc.store, h->svc.keys, h->svc.audit, &answer);
    assert_int_equal(e.code, answer.fit == PEPPER_FITS ? ERR_OK.code : ERR_RANGE);
    assert_int_equal(answer.fit, before);
    return answer.fit;
}

static void peppers_rotate_and_no_others_are_taken(void **state)
{
    struct house *h = *state;
    const struct lines l = make_lines(h);
    assert_int_equal(start(h, &l, "0"), PEPPER_FITS);
    (void)register_account(h, ANN);
    assert_int_equal(start(h, &l, "0"), PEPPER_FITS);
    assert_int_equal(start(h, &l, "1"), PEPPER_MISSING); /* another file */
    assert_int_equal(start(h, &l, "01"), PEPPER_OLDEST); /* the new line in the wrong place */
    assert_int_equal(start(h, &l, "10"), PEPPER_FITS);   /* as documented */
    assert_int_equal(start(h, &l, "0"), PEPPER_FITS);    /* back: no hash was made with it */
    assert_int_equal(start(h, &l, "10"), PEPPER_FITS);
    (void)register_account(h, "bob@example.org");
    assert_int_equal(start(h, &l, "0"), PEPPER_MISSING); /* Bob's is gone */
    assert_int_equal(start(h, &l, "1"), PEPPER_MISSING); /* the root is gone */
    assert_int_equal(start(h, &l, "210"), PEPPER_FITS);
    assert_int_equal(start(h, &l, "20"), PEPPER_MISSING);
    assert_int_equal(start(h, &l, "210"), PEPPER_FITS);
}

static void a_pepper_may_go_when_no_hash_needs_it(void **state)
{
    struct house *h = *state;
    const struct lines l = make_lines(h);
    assert_int_equal(start(h, &l, "10"), PEPPER_FITS);
    const uuid_t ann = register_account(h, ANN);
    assert_int_equal(start(h, &l, "210"), PEPPER_FITS);
    assert_int_equal(start(h, &l, "20"), PEPPER_MISSING);
    take_lines(h, &l, "210");
    login_t login = login_from(ANN, "phone"); /* both secrets are made anew as they are used */
    mpin_result_t r = {0};
    assert_true(try_login(h, &login, PASSWORD));
    assert_int_equal(start(h, &l, "20"), PEPPER_MISSING);
    take_lines(h, &l, "210");
    assert_ok(mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(MPIN), &r));
    assert_int_equal(start(h, &l, "20"), PEPPER_FITS);
}

static void another_pepper_under_a_known_id_is_refused(void **state)
{
    struct house *h = *state;
    struct lines l = make_lines(h);
    assert_int_equal(start(h, &l, "10"), PEPPER_FITS);
    for (int i = 0; i < 2; i++) {
        char *digit = &l.text[i][strlen(l.text[i]) - 2];
        const char was = *digit;
        *digit = was == '0' ? '1' : '0';
        assert_int_equal(start(h, &l, "10"), PEPPER_DIFFERS);
        *digit = was;
    }
    assert_int_equal(start(h, &l, "10"), PEPPER_FITS);
}

/* A database of before, or one whose marks are damaged. */
static void without_marks_the_audit_and_the_hashes_tell(void **state)
{
    struct house *h = *state;
    const struct lines l = make_lines(h);
    take_lines(h, &l, "10");
    (void)register_account(h, ANN);
    assert_int_equal((take_lines(h, &l, "0"), look(h)), PEPPER_MISSING);
    assert_int_equal((take_lines(h, &l, "1"), look(h)), PEPPER_NOT_AUDIT);
    assert_int_equal((take_lines(h, &l, "23"), look(h)), PEPPER_NOT_AUDIT);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    assert_ok(store_begin(h->svc.store, STORE_WRITE, &tx));
    assert_ok(store_meta_put(&tx, "pepper.marks", SPAN_LIT("what")));
    assert_ok(store_commit(&tx));
    assert_int_equal(start(h, &l, "1"), PEPPER_NOT_AUDIT);
    assert_int_equal(start(h, &l, "10"), PEPPER_FITS);
    assert_int_equal(start(h, &l, "1"), PEPPER_MISSING);
}

static void a_store_that_is_away_is_said(void **state)
{
    struct house *h = *state;
    pepper_answer_t answer = {0};
    for (uint64_t n = 1; n <= 4; n++) {
        store_scripted_fail_operation(h->svc.store, n, err_new(ERR_STORAGE));
        assert_err(pepper_guard_start(h->svc.store, h->svc.keys, h->svc.audit, &answer),
                   ERR_STORAGE);
        store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    }
    store_scripted_fail_commits(h->svc.store, 1);
    assert_err(pepper_guard_start(h->svc.store, h->svc.keys, h->svc.audit, &answer), ERR_STORAGE);
    assert_ok(pepper_guard_start(h->svc.store, h->svc.keys, h->svc.audit, &answer));
}

static void every_refusal_has_words(void **state)
{
    (void)state;
    assert_string_equal(pepper_fit_text(PEPPER_FITS), "");
    for (int fit = PEPPER_MISSING; fit <= PEPPER_NOT_AUDIT; fit++) {
        assert_true(strlen(pepper_fit_text((enum pepper_fit)fit)) > 10);
    }
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(peppers_rotate_and_no_others_are_taken),
        SENTENCE(a_pepper_may_go_when_no_hash_needs_it),
        SENTENCE(another_pepper_under_a_known_id_is_refused),
        ON_SQLITE(without_marks_the_audit_and_the_hashes_tell),
        SENTENCE(a_store_that_is_away_is_said),
        SENTENCE(every_refusal_has_words),
    };
    return cmocka_run_group_tests_name("pepper_guard", tests, NULL, NULL);
}
