/* Every error answer, held to the table that people read: docs/api.md. */
#include "api/desk_test.h"

#include <fcntl.h>
#include <unistd.h>

enum { COLUMNS = 5, CELL_BYTES = 256, TEXT_BYTES = 65536 };

struct row {
    char cell[COLUMNS][CELL_BYTES]; /* name, status, title, detail, when */
};

static void read_document(char text[TEXT_BYTES])
{
    const int fd = open("docs/api.md", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0); /* tests run in the root of the tree */
    const ssize_t n = read(fd, text, TEXT_BYTES - 1);
    assert_true(n > 0 && n < TEXT_BYTES - 1);
    text[n] = '\0';
    (void)close(fd);
}

/* Split "| a | b | ... |"; false when the line is no row of five. */
static bool split(const char *line, size_t len, struct row *out)
{
    size_t column = 0;
    size_t at = 0;
    memset(out, 0, sizeof *out);
    if (len < 2 || line[0] != '|') {
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        if (line[i] == '|') {
            char *const cell = out->cell[column];
            while (at > 0 && cell[at - 1] == ' ') {
                cell[--at] = '\0';
            }
            column++;
            at = 0;
            if (column == COLUMNS) {
                return i == len - 1;
            }
        } else if ((at > 0 || line[i] != ' ') && at < CELL_BYTES - 1) {
            out->cell[column][at++] = line[i];
        }
    }
    return false;
}

/* The rows of the table of problems: those whose second cell is a status. */
static size_t documented(struct row rows[PROBLEMS])
{
    static char text[TEXT_BYTES];
    size_t count = 0;
    read_document(text);
    for (const char *line = text; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        struct row row;
        if (split(line, end == NULL ? strlen(line) : (size_t)(end - line), &row) &&
            strspn(row.cell[1], "0123456789") == 3) {
            assert_in_range(count, 0, PROBLEMS - 1);
            rows[count++] = row;
        }
        line = end == NULL ? NULL : end + 1;
    }
    return count;
}

static const struct row *find(const struct row *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].cell[0], name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* A detail that depends on what happened is described, or has a {hole}. */
static bool detail_is_fixed(const struct row *row)
{
    return strchr(row->cell[3], '{') == NULL && strcmp(row->cell[0], "invalid-http") != 0;
}

static bool is_one_of(const char *list, const char *text)
{
    const size_t len = strlen(text);
    for (const char *at = strstr(list, text); at != NULL; at = strstr(at + 1, text)) {
        if ((at == list || at[-1] == ' ') && (at[len] == '\0' || at[len] == ';')) {
            return true;
        }
    }
    return false;
}

static void every_problem_is_documented_as_it_is(void **state)
{
    (void)state;
    struct row rows[PROBLEMS];
    const size_t count = documented(rows);
    for (unsigned i = 0; i < PROBLEMS; i++) {
        const enum problem which = (enum problem)i;
        const struct row *row = find(rows, count, problem_name(which));
        if (row == NULL) {
            fail_msg("%s is not in docs/api.md", problem_name(which));
            return;
        }
        assert_int_equal(strtol(row->cell[1], NULL, 10), problem_status(which));
        assert_string_equal(row->cell[2], problem_title(which));
        if (detail_is_fixed(row) && !is_one_of(row->cell[3], problem_text(which))) {
            fail_msg("%s: \"%s\" is documented as \"%s\"", problem_name(which), problem_text(which),
                     row->cell[3]);
        }
    }
}

static void every_documented_problem_exists(void **state)
{
    (void)state;
    struct row rows[PROBLEMS];
    const size_t count = documented(rows);
    assert_int_equal(count, PROBLEMS - 1); /* session-not-found is not-found with other words */
    for (size_t i = 0; i < count; i++) {
        size_t found = 0;
        for (unsigned k = 0; k < PROBLEMS; k++) {
            found += strcmp(problem_name((enum problem)k), rows[i].cell[0]) == 0 ? 1U : 0U;
        }
        if (found == 0) {
            fail_msg("%s is documented only", rows[i].cell[0]);
        }
    }
}

/* ---- what an answer holds */

static struct call *a_call(struct desk *d)
{
    struct call *c = call_new(&d->api);
    assert_non_null(c);
    c->path = SPAN_LIT("/a/path");
    (void)snprintf(c->request_id, sizeof c->request_id, "id-1");
    return c;
}

static void expect_text(const struct json *tree, const char *name, const char *want)
{
    span_t text = {0};
    assert_true(json_get_text(tree, name, &text));
    assert_span_text(text, want);
}

static void every_answer_says_its_six_things(void **state)
{
    for (unsigned i = 0; i < PROBLEMS; i++) {
        const enum problem which = (enum problem)i;
        struct call *c = a_call(*state);
        char type[64];
        int64_t status = 0;
        assert_ok(buf_append(&c->reply, SPAN_LIT("half an answer that will not be")));
        c->encoding = "gzip";
        c->borrowed = SPAN_LIT("an asset");
        assert_int_equal(problem(c, which), PLACE_DONE);
        assert_int_equal(c->status, problem_status(which));
        assert_string_equal(c->content_type, "application/problem+json");
        assert_null(c->encoding);
        assert_int_equal(c->borrowed.len, 0);
        struct json *tree = answer_of(c);
        (void)snprintf(type, sizeof type, "urn:canara:problem:%s", problem_name(which));
        expect_text(tree, "type", type);
        expect_text(tree, "title", problem_title(which));
        expect_text(tree, "detail", problem_text(which));
        expect_text(tree, "instance", "/a/path");
        expect_text(tree, "request_id", "id-1");
        assert_true(json_get_int(tree, "status", &status));
        assert_int_equal(status, problem_status(which));
        assert_int_equal(json_count(tree), 6);
        json_free(&tree);
        call_free(&c);
    }
}

/* ---- headers */

static bool has_line(const struct call *c, const char *line)
{
    return c->extra.len > 0 && memmem(c->extra.ptr, c->extra.len, line, strlen(line)) != NULL;
}

#define PLAIN "WWW-Authenticate: Bearer realm=\"canara\"\r\n"

static void every_401_and_no_other_carries_one_challenge(void **state)
{
    for (unsigned i = 0; i < PROBLEMS; i++) {
        struct call *c = a_call(*state);
        (void)problem(c, (enum problem)i);
        assert_true(has_line(c, "WWW-Authenticate: Bearer realm=\"canara\"") == (c->status == 401));
        call_free(&c);
    }
}

static void a_challenge_says_what_was_wrong_with_what_was_sent(void **state)
{
    static const struct {
        enum problem which;
        bool sent;
        const char *line;
    } cases[] = {
        {PROBLEM_UNAUTHORIZED, false, PLAIN},
        {PROBLEM_UNAUTHORIZED, true,
         "WWW-Authenticate: Bearer realm=\"canara\", error=\"invalid_token\", "
         "error_description=\"Invalid session token\"\r\n"},
        {PROBLEM_SESSION_MISMATCH, true,
         "WWW-Authenticate: Bearer realm=\"canara\", error=\"invalid_token\", "
         "error_description=\"Invalid session or session mismatch\"\r\n"},
        {PROBLEM_INVALID_CREDENTIALS, false, PLAIN},
        {PROBLEM_INVALID_CREDENTIALS, true, PLAIN},
        {PROBLEM_INVALID_MPIN, true, PLAIN},
        {PROBLEM_INSUFFICIENT_USER_AUTHENTICATION, true,
         "WWW-Authenticate: Bearer realm=\"canara\", error=\"insufficient_user_authentication\", "
         "error_description=\"Please verify your MPIN to continue\", "
         "acr_values=\"urn:canara:acr:mpin\", max_age=\"0\"\r\n"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call *c = a_call(*state);
        c->bearer_sent = cases[i].sent;
        (void)problem(c, cases[i].which);
        if (!has_line(c, cases[i].line)) {
            fail_msg("%.*s instead of %s", (int)c->extra.len, (const char *)c->extra.ptr,
                     cases[i].line);
        }
        call_free(&c);
    }
}

static void a_later_answer_names_at_least_one_second_or_none(void **state)
{
    static const struct {
        int64_t after_s;
        const char *line;
    } cases[] = {{0, "Retry-After: 1\r\n"},
                 {1, "Retry-After: 1\r\n"},
                 {900, "Retry-After: 900\r\n"},
                 {-1, NULL}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct call *c = a_call(*state);
        assert_int_equal(problem_later(c, PROBLEM_ACCOUNT_LOCKED, cases[i].after_s), PLACE_DONE);
        assert_int_equal(c->status, 403);
        assert_true(cases[i].line == NULL ? !has_line(c, "Retry-After")
                                          : has_line(c, cases[i].line));
        call_free(&c);
    }
}

static void a_failing_world_is_503_and_never_500(void **state)
{
    static const enum err_code codes[] = {ERR_NOMEM, ERR_IO, ERR_STORAGE, ERR_TIMEOUT, ERR_LIMIT};

    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        struct call *c = a_call(*state);
        assert_int_equal(problem_world(c, err_new(codes[i])), PLACE_DONE);
        assert_int_equal(c->status, 503);
        assert_true(has_line(c, "Retry-After: 5\r\n"));
        const char *const name =
            codes[i] == ERR_TIMEOUT ? "problem:overloaded\"" : "problem:unavailable\"";
        assert_non_null(memmem(c->reply.ptr, c->reply.len, name, strlen(name)));
        call_free(&c);
    }
}

/* ---- details, members, faults */

static void a_detail_of_its_own_is_cut_rather_than_overflowing(void **state)
{
    char text[1024];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct call *c = a_call(*state);
    (void)problem_detail(c, PROBLEM_INVALID_MPIN, "%s", text);
    struct json *tree = answer_of(c);
    span_t detail = {0};
    assert_true(json_get_text(tree, "detail", &detail));
    assert_in_range(detail.len, 100, sizeof text - 2);
    json_free(&tree);
    call_free(&c);
}

static void a_detail_is_escaped(void **state)
{
    struct call *c = a_call(*state);
    (void)problem_detail(c, PROBLEM_INVALID_HTTP, "a \"quoted\" \\ word");
    struct json *tree = answer_of(c);
    expect_text(tree, "detail", "a \"quoted\" \\ word");
    json_free(&tree);
    call_free(&c);
}

static void faults_are_listed_in_their_order_and_have_an_end(void **state)
{
    struct call *c = a_call(*state);
    struct faults f = {0};
    for (int i = 0; i < FAULTS_MAX + 5; i++) {
        char field[32];
        (void)snprintf(field, sizeof field, "field[%d]", i);
        fault_add(&f, field, "must be %d to %d bytes long", i, i + 1);
    }
    assert_int_equal(problem_faults(c, &f), PLACE_DONE);
    assert_int_equal(c->status, 422);
    struct json *tree = answer_of(c);
    const struct json *errors = json_get(tree, "errors");
    assert_int_equal(json_count(errors), FAULTS_MAX);
    for (int i = 0; i < FAULTS_MAX; i++) {
        char want[64];
        (void)snprintf(want, sizeof want, "field[%d]", i);
        expect_text(json_item(errors, (size_t)i), "field", want);
        (void)snprintf(want, sizeof want, "must be %d to %d bytes long", i, i + 1);
        expect_text(json_item(errors, (size_t)i), "message", want);
    }
    json_free(&tree);
    call_free(&c);
}

static void a_fault_of_any_length_fits(void **state)
{
    (void)state;
    char text[512];
    struct faults f = {0};
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    fault_add(&f, text, "%s", text);
    assert_int_equal(strlen(f.row[0].field), FAULT_FIELD_BYTES - 1);
    assert_int_equal(strlen(f.row[0].message), FAULT_MESSAGE_BYTES - 1);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_problem_is_documented_as_it_is),
        cmocka_unit_test(every_documented_problem_exists),
        DESK_TEST(every_answer_says_its_six_things),
        DESK_TEST(every_401_and_no_other_carries_one_challenge),
        DESK_TEST(a_challenge_says_what_was_wrong_with_what_was_sent),
        DESK_TEST(a_later_answer_names_at_least_one_second_or_none),
        DESK_TEST(a_failing_world_is_503_and_never_500),
        DESK_TEST(a_detail_of_its_own_is_cut_rather_than_overflowing),
        DESK_TEST(a_detail_is_escaped),
        DESK_TEST(faults_are_listed_in_their_order_and_have_an_end),
        cmocka_unit_test(a_fault_of_any_length_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
