/* view_place_test.c - where a start goes on from, when the disk did not take it. */
#include "base/log.h"
#include "journal/view.h"
#include "journal/writer.h"
#include "tests/support/journal.h"
#include "tests/support/scripted_clock.h"

enum { PLACE_MS = 31 * 1000, PATIENCE_MS = 30 * 1000, DESCRIPTORS = 1024, LINE_BYTES = 4096 };

struct scene {
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];     /* the journal's */
    char buffers[TESTING_PATH]; /* the view's */
    char place[TESTING_PATH];
    struct scripted_clock clock;
    struct journal_config config;
    struct view_config view_config;
    struct journal *j;
    struct view *v;
    int said[2]; /* a pipe; the log's end is the second */
    uint64_t line;
};

static err_t email_of(void *context, uuid_t account, char out[VIEW_EMAIL_BYTES])
{
    (void)context;
    (void)account;
    (void)snprintf(out, VIEW_EMAIL_BYTES, "anna@example.org");
    return ERR_OK;
}

static int scene_make(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    testing_folder(s->folder);
    testing_join(s->dir, s->folder, "journal");
    testing_join(s->buffers, s->folder, "session_buffers");
    testing_join(s->place, s->buffers, "position");
    scripted_clock_init(&s->clock);
    assert_int_equal(pipe(s->said), 0);
    s->config = testing_config(s->dir);
    s->view_config =
        (struct view_config){.dir = s->buffers,
                             .email_of = email_of,
                             .clock = &s->clock.face,
                             .log = log_new(s->said[1], LOG_JSON, LOG_DEBUG, &s->clock.face)};
    assert_ok(journal_open(&s->config, &s->j, NULL));
    s->view_config.journal = s->j;
    assert_ok(view_open(&s->view_config, &s->v));
    *state = s;
    return 0;
}

static int scene_end(void **state)
{
    struct scene *s = *state;
    view_close(&s->v);
    journal_close(&s->j);
    log_free(&s->view_config.log);
    assert_int_equal(close(s->said[0]) + close(s->said[1]), 0);
    testing_folder_remove(s->folder);
    free(s);
    return 0;
}

/* Three lines more, and the time after which the place is kept. */
static void go_on(struct scene *s)
{
    for (int i = 0; i < 3; i++) {
        const journal_record_t r = testing_record(testing_id(1), ++s->line, "{}");
        assert_true(testing_append(s->j, &r));
    }
    assert_ok(view_flush(s->v, testing_id(1)));
    scripted_clock_pass(&s->clock, PLACE_MS);
}

static uint8_t *await_place(const struct scene *s, size_t *len)
{
    for (int ms = 0; access(s->place, F_OK) != 0; ms++) {
        assert_true(ms < PATIENCE_MS);
        (void)poll(NULL, 0, 1);
    }
    return testing_load(s->place, len);
}

static bool is_place(const struct scene *s, const uint8_t *want, size_t len)
{
    size_t got_len = 0;
    uint8_t *const got = testing_load(s->place, &got_len);
    const bool same = got != NULL && got_len == len && memcmp(got, want, len) == 0;
    free(got);
    return same;
}

/* What is said next, of one thing only. */
static void await_word(const struct scene *s, const char *event, const char *field)
{
    char line[LINE_BYTES] = "";
    struct pollfd said = {.fd = s->said[0], .events = POLLIN};
    assert_int_equal(poll(&said, 1, PATIENCE_MS), 1);
    assert_true(read(s->said[0], line, sizeof line - 1) > 0);
    if (strstr(line, event) == NULL || strstr(line, field) == NULL) {
        fail_msg("%s", line);
    }
}

/* Put `fd` in the place of the view's descriptor of its folder. */
static void exchange_folder(const struct scene *s, int fd)
{
    struct stat want;
    struct stat st;
    unsigned found = 0;
    assert_int_equal(stat(s->buffers, &want), 0);
    for (int i = 0; i < DESCRIPTORS; i++) {
        if (i != fd && fstat(i, &st) == 0 && st.st_dev == want.st_dev && st.st_ino == want.st_ino) {
            assert_int_equal(dup2(fd, i), i);
            found++;
        }
    }
    assert_int_equal(found, 1);
    assert_int_equal(close(fd), 0);
}

/* The kernel tells of a lost page once, and afterwards that all is well: what was not in the files then may not be
 * told to be in them. A folder that cannot be synced stands for the disk. */
static void lines_that_may_be_lost_keep_the_place_where_it_is(void **state)
{
    struct scene *s = *state;
    size_t len = 0;
    go_on(s);
    uint8_t *const before = await_place(s, &len);
    exchange_folder(s, open(s->buffers, O_PATH | O_DIRECTORY | O_CLOEXEC));
    go_on(s);
    await_word(s, "view.place_failed", "\"until_restart\":true");
    exchange_folder(s, open(s->buffers, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    go_on(s);
    view_close(&s->v);
    assert_true(is_place(s, before, len));

    assert_ok(view_open(&s->view_config, &s->v)); /* compares the lines, and is sure of them */
    go_on(s);
    view_close(&s->v);
    assert_false(is_place(s, before, len));
    free(before);
}

/* What the journal was told of it: so far its segments may go. */
static uint64_t told_done(const struct scene *s)
{
    struct segments *segments = &s->j->segments;
    assert_int_equal(pthread_mutex_lock(&segments->lock), 0);
    const uint64_t done = segments->view_done;
    assert_int_equal(pthread_mutex_unlock(&segments->lock), 0);
    return done;
}

static void a_place_that_found_no_room_is_kept_later(void **state)
{
    struct scene *s = *state;
    char draft[TESTING_PATH];
    size_t len = 0;
    testing_join(draft, s->buffers, "position.tmp");
    go_on(s);
    uint8_t *const before = await_place(s, &len);
    const uint64_t done = journal_committed(s->j);
    for (int ms = 0; told_done(s) != done; ms++) {
        assert_true(ms < PATIENCE_MS);
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(mkdir(draft, 0700), 0);
    go_on(s);
    await_word(s, "view.place_failed", "\"until_restart\":false");
    (void)poll(NULL, 0, 20); /* what would follow has followed */
    assert_true(is_place(s, before, len));
    assert_int_equal(told_done(s), done);
    assert_int_equal(rmdir(draft), 0);
    go_on(s);
    view_close(&s->v);
    assert_false(is_place(s, before, len));
    free(before);
}

int main(void)
{
#define IN_SCENE(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_end)
    const struct CMUnitTest tests[] = {
        IN_SCENE(lines_that_may_be_lost_keep_the_place_where_it_is),
        IN_SCENE(a_place_that_found_no_room_is_kept_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
