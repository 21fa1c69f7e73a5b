#include "base/util.h"
#include "journal/thread.h"
#include "journal/view_file.h"
#include "journal/view_line.h"
#include "journal/view_scene_test.h"

/* ---- lines ------------------------------------------------------------------------------------ */

static void a_flush_puts_every_durable_line_into_the_file(void **state)
{
    struct scene *s = *state;
    append(s, testing_id(1), 1, 3);
    append(s, testing_id(2), 1, 1);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_lines(s, testing_id(1), 3);
    append(s, testing_id(1), 4, 70);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_lines(s, testing_id(1), 70);
    assert_ok(view_flush(s->v, testing_id(2)));
    assert_lines(s, testing_id(2), 1);
    assert_int_equal(atomic_load(&s->asked), 2); /* once for each session */
    char path[TESTING_PATH];
    path_of(s, testing_id(1), path);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(s->buffers, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void a_session_without_lines_flushes_to_nothing(void **state)
{
    struct scene *s = *state;
    journal_record_t r = testing_record(testing_id(1), 0, "{}");
    r.kind = JOURNAL_SESSION_OPEN;
    assert_true(testing_append(s->j, &r));
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_ok(view_flush(s->v, testing_id(9)));
    assert_null(content(s, testing_id(1)));
}

static void await_lines(struct scene *s, uint64_t lines)
{
    struct view_stats stats = {0};
    for (int i = 0; i < 500 && stats.lines < lines; i++) {
        (void)poll(NULL, 0, 10);
        view_stats_read(s->v, &stats);
    }
    assert_int_equal(stats.lines, lines);
}

static void lines_are_written_at_the_end_by_number_and_by_age(void **state)
{
    struct scene *s = *state;
    append(s, testing_id(1), 1, 2);
    end_session(s, testing_id(1));
    append(s, testing_id(2), 1, VIEW_PENDING_LINES);
    append(s, testing_id(3), 1, 1);
    await_lines(s, 2 + VIEW_PENDING_LINES + 1);
    assert_lines(s, testing_id(1), 2);
    assert_lines(s, testing_id(2), VIEW_PENDING_LINES);
    assert_lines(s, testing_id(3), 1);
}

static void lines_beyond_the_memory_bound_are_written_at_once(void **state)
{
    struct scene *s = *state;
    view_close(&s->v);
    s->view_config.pending_bytes = 600;
    assert_ok(view_open(&s->view_config, &s->v));
    for (uint8_t n = 1; n <= 40; n++) {
        append(s, testing_id(n), 1, 1);
    }
    assert_ok(view_flush(s->v, testing_id(40)));
    struct view_stats stats;
    view_stats_read(s->v, &stats);
    assert_true(stats.lines >= 37);
    assert_lines(s, testing_id(1), 1);
}

static size_t length_of(const struct scene *s, uuid_t session)
{
    char *got = content(s, session);
    assert_non_null(got);
    const size_t len = strlen(got);
    free(got);
    return len;
}

/* Wait until that is what the gauges say. */
static void await_pending(struct scene *s, uint64_t sessions, uint64_t bytes)
{
    struct view_stats stats = {0};
    for (int i = 0; i < 500; i++) {
        view_stats_read(s->v, &stats);
        if (stats.pending_sessions == sessions && stats.pending_bytes == bytes) {
            return;
        }
        (void)poll(NULL, 0, 10);
    }
    fail_msg("%u sessions wait with %u bytes", (unsigned)stats.pending_sessions,
             (unsigned)stats.pending_bytes);
}

static void what_waits_to_be_written_is_told_to_the_byte(void **state)
{
    struct scene *s = *state;
    scripted_clock_init(&s->clock); /* it stands: nothing is written for its age */
    append(s, testing_id(1), 1, 3);
    append(s, testing_id(2), 1, 1);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_ok(view_flush(s->v, testing_id(2)));
    const size_t three = length_of(s, testing_id(1));
    const size_t one = length_of(s, testing_id(2));
    view_close(&s->v);
    s->view_config.clock = &s->clock.face;
    assert_ok(view_open(&s->view_config, &s->v));
    await_pending(s, 0, 0);
    append(s, testing_id(3), 1, 3);
    append(s, testing_id(4), 1, 1);
    await_pending(s, 2, three + one);
    assert_ok(view_flush(s->v, testing_id(3)));
    await_pending(s, 1, one);
    scripted_clock_pass(&s->clock, VIEW_PENDING_MS);
    await_pending(s, 0, 0);
}

/* Its customer is asked for with its first line, and again only when it was let go meanwhile. */
static void a_session_is_known_from_its_first_line_on(void **state)
{
    static const struct {
        uint32_t idle_max;
        int asked;
    } of[] = {{0, 2}, {1, 6}};

    struct scene *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(of); i++) {
        const uint8_t one = (uint8_t)(10 + 2 * i);
        journal_record_t opening = testing_record(testing_id(one), 0, "{}");
        opening.kind = JOURNAL_SESSION_OPEN;
        view_close(&s->v);
        s->view_config.idle_max = of[i].idle_max;
        assert_ok(view_open(&s->view_config, &s->v));
        atomic_store(&s->asked, 0);
        assert_true(testing_append(s->j, &opening));
        assert_ok(view_flush(s->v, testing_id(one)));
        assert_int_equal(atomic_load(&s->asked), 0);
        for (uint64_t line = 1; line <= 3; line++) {
            for (uint8_t n = one; n <= one + 1; n++) {
                append(s, testing_id(n), line, line);
                assert_ok(view_flush(s->v, testing_id(n)));
            }
        }
        assert_int_equal(atomic_load(&s->asked), of[i].asked);
        struct view_stats stats;
        view_stats_read(s->v, &stats);
        assert_int_equal(stats.writes, 6);
        assert_lines(s, testing_id(one), 3);
    }
}

/* With more sessions than are kept for their next line, each file goes on where it was left. One that is as long as it
 * was is not read through again (or the newline that was put into it here would cost its last line); any other is, and
 * is mended. */
static void a_file_that_was_let_go_is_read_through_only_when_it_has_changed(void **state)
{
    struct scene *s = *state;
    char path[TESTING_PATH];
    view_close(&s->v);
    s->view_config.idle_max = 2;
    assert_ok(view_open(&s->view_config, &s->v));
    for (uint64_t line = 1; line <= 5; line++) {
        for (uint8_t n = 1; n <= 6; n++) {
            append(s, testing_id(n), line, line);
            assert_ok(view_flush(s->v, testing_id(n)));
        }
    }
    for (uint8_t n = 1; n <= 6; n++) {
        assert_lines(s, testing_id(n), 5);
    }
    char *const before = content(s, testing_id(1));
    const size_t first = strcspn(before, " ");
    path_of(s, testing_id(1), path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\n", 1, (off_t)first), 1);
    (void)close(fd);
    path_of(s, testing_id(2), path);
    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "torn", 4), 4);
    (void)close(fd);
    for (uint8_t n = 1; n <= 2; n++) {
        append(s, testing_id(n), 6, 6);
        assert_ok(view_flush(s->v, testing_id(n)));
    }
    assert_lines(s, testing_id(2), 6);
    char *const after = content(s, testing_id(1));
    assert_int_equal(after[first], '\n');
    after[first] = ' ';
    assert_memory_equal(after, before, strlen(before));
    assert_true(strlen(after) > strlen(before));
    free(before);
    free(after);
}

static void keys_of_secret_fields_are_never_shown(void **state)
{
    struct scene *s = *state;
    journal_record_t r = testing_record(
        testing_id(1), 1,
        "{\"field\":\"mpin\",\"keys\":[{\"down\":1,\"up\":77123,\"class\":\"other\"},"
        "{\"down\":5,\"up\":99,\"class\":\"other\"}]}");
    r.type = SPAN_LIT("keystrokes");
    r.secret = true;
    assert_true(testing_append(s->j, &r));
    r.line = 2;
    r.data = SPAN_LIT("not JSON 77123");
    assert_true(testing_append(s->j, &r));
    assert_ok(view_flush(s->v, testing_id(1)));
    char *got = content(s, testing_id(1));
    assert_non_null(strstr(got, "\"data\":{\"field\":\"mpin\",\"keys\":2},"));
    assert_non_null(strstr(got, "\"data\":{},"));
    assert_null(strstr(got, "77123"));
    free(got);
}

static void a_line_is_one_line_whatever_the_data_holds(void **state)
{
    (void)state;

    static const struct {
        const char *data, *want;
    } rows[] = {
        {"{}", "{}"},
        {"", "{}"},
        {"[1]", "{}"},
        {" { } ", "{}"},
        {"{\n\"a b\\\" c\" :\r\n[ 1 , 2 ]\t}", "{\"a b\\\" c\":[1,2]}"},
        {"{\"a\\\\\" : \" \"}", "{\"a\\\\\":\" \"}"},
        {"{\"a\n\"}", "{\"a\"}"},
    };
    struct view_renderer renderer;
    view_renderer_init(&renderer);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const journal_record_t r = testing_record(testing_id(1), 1, rows[i].data);
        span_t got = {0};
        assert_ok(view_render_data(&renderer, &r, &got));
        assert_span_text(got, rows[i].want);
    }
    view_renderer_deinit(&renderer);
}

/* ---- crashes ---------------------------------------------------------------------------------- */

static void after_a_crash_at_any_byte_the_file_is_completed(void **state)
{
    struct scene *s = *state;
    append(s, testing_id(1), 1, 4);
    close_both(s);
    char path[TESTING_PATH];
    char place[TESTING_PATH];
    path_of(s, testing_id(1), path);
    testing_join(place, s->buffers, "position");
    size_t len = 0;
    uint8_t *whole = testing_load(path, &len);
    const char *places[] = {NULL, "canara-view 1 2\n", "canara-view 1 99999999\n", "nonsense"};
    for (size_t cut = 0; cut <= len; cut += 29) {
        const char *text = places[(cut / 29) % ARRAY_LEN(places)];
        if (cut < len / 4 && text != NULL && strstr(text, " 2\n") != NULL) {
            continue; /* a place is never ahead of the files */
        }
        testing_store(path, whole, cut);
        (void)unlink(place);
        if (text != NULL) {
            testing_store(place, (const uint8_t *)text, strlen(text));
        }
        open_both(s);
        if (cut % 2 == 0) {
            assert_ok(view_flush(s->v, testing_id(1)));
        }
        close_both(s);
        assert_lines(s, testing_id(1), 4);
    }
    (void)unlink(path);
    (void)unlink(place);
    open_both(s); /* no file, no place: everything again */
    append(s, testing_id(1), 5, 5);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_lines(s, testing_id(1), 5);
    free(whole);
}

/* A file system may keep a file's size and lose its content, or keep a later part alone. */
static void what_a_power_cut_left_behind_the_place_is_written_again(void **state)
{
    struct scene *s = *state;
    append(s, testing_id(1), 1, 4);
    close_both(s);
    char path[TESTING_PATH];
    char place[TESTING_PATH];
    path_of(s, testing_id(1), path);
    testing_join(place, s->buffers, "position");
    size_t place_len = 0;
    size_t safe = 0;
    size_t len = 0;
    uint8_t *position = testing_load(place, &place_len);
    free(testing_load(path, &safe));
    open_both(s);
    append(s, testing_id(1), 5, 8);
    close_both(s);
    uint8_t *whole = testing_load(path, &len);
    for (int fill = 0; fill < 3; fill++) {
        for (size_t from = safe; from < len; from += 37) {
            uint8_t left[4096];
            assert_true(len <= sizeof left);
            memcpy(left, whole, len);
            for (size_t i = from; i < len; i++) {
                left[i] = fill == 0 ? 0 : fill == 1 ? '\n' : (uint8_t)(i * 7);
            }
            testing_store(path, left, len);
            testing_store(place, position, place_len);
            open_both(s);
            close_both(s);
            assert_lines(s, testing_id(1), 8);
        }
    }
    free(position);
    free(whole);
}

static void a_restart_reads_only_what_is_new(void **state)
{
    struct scene *s = *state;
    append(s, testing_id(1), 1, 40);
    close_both(s);
    open_both(s);
    struct view_stats stats;
    view_stats_read(s->v, &stats);
    assert_true(stats.sequence > 40);
    append(s, testing_id(1), 41, 42);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_lines(s, testing_id(1), 42);
    view_stats_read(s->v, &stats);
    assert_int_equal(stats.lines, 2);
}

static void while_the_store_is_away_lines_wait(void **state)
{
    struct scene *s = *state;
    view_close(&s->v);
    s->view_config.flush_ms = 20;
    assert_ok(view_open(&s->view_config, &s->v));
    atomic_store(&s->store_away, 1 << 20);
    append(s, testing_id(1), 1, 2);
    assert_err(view_flush(s->v, testing_id(1)), ERR_TIMEOUT);
    assert_null(content(s, testing_id(1)));
    atomic_store(&s->store_away, 0);
    await_lines(s, 2);
    assert_lines(s, testing_id(1), 2);
    atomic_store(&s->store_away, 1 << 20);
    append(s, testing_id(2), 1, 2);
    close_both(s); /* ends all the same */
    atomic_store(&s->store_away, 0);
    open_both(s);
    await_lines(s, 2);
    assert_lines(s, testing_id(2), 2);
}

/* ---- paths ------------------------------------------------------------------------------------ */

static void links_and_folders_under_a_sessions_name_are_not_followed(void **state)
{
    struct scene *s = *state;
    char victim[TESTING_PATH];
    char path[TESTING_PATH];
    testing_join(victim, s->folder, "victim");
    testing_store(victim, (const uint8_t *)"precious\n", 9);
    path_of(s, testing_id(1), path);
    assert_int_equal(symlink(victim, path), 0);
    path_of(s, testing_id(2), path);
    assert_int_equal(mkdir(path, 0700), 0);
    path_of(s, testing_id(3), path);
    assert_int_equal(mkfifo(path, 0600), 0);
    append(s, testing_id(1), 1, 40);
    append(s, testing_id(2), 1, 40);
    append(s, testing_id(3), 1, 40);
    append(s, testing_id(4), 1, 40);
    assert_ok(view_flush(s->v, testing_id(4)));
    assert_lines(s, testing_id(4), 40); /* the others go on */
    size_t len = 0;
    char *kept = (char *)testing_load(victim, &len);
    assert_string_equal(kept, "precious\n");
    free(kept);
    for (uint8_t n = 1; n <= 3; n++) {
        if (n != 2) {
            assert_err(view_read_tail(s->v, testing_id(n), 1, NULL, NULL), ERR_FORMAT);
        }
    }
    path_of(s, testing_id(1),
            path); /* a file that begins in the middle would be none of the session */
    assert_int_equal(unlink(path), 0);
    append(s, testing_id(1), 41, 42);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_int_not_equal(access(path, F_OK), 0);
}

/* ---- tails ------------------------------------------------------------------------------------ */

struct tail {
    size_t lines;
    size_t stop_at;
    char last[512];
    char first[512];
};

static err_t tail_one(void *context, span_t line)
{
    struct tail *t = context;
    assert_true(line.len < sizeof t->last);
    memcpy(t->last, line.ptr, line.len);
    t->last[line.len] = '\0';
    if (t->lines++ == 0) {
        memcpy(t->first, t->last, sizeof t->first);
    }
    return t->lines == t->stop_at ? err_new(ERR_LIMIT) : ERR_OK;
}

static void the_newest_lines_come_oldest_first(void **state)
{
    struct scene *s = *state;
    append(s, testing_id(1), 1, 700); /* more than one block of the file */
    assert_ok(view_flush(s->v, testing_id(1)));

    static const struct {
        size_t want, got;
        const char *first;
    } rows[] = {{0, 0, ""},
                {1, 1, "\"n\":700,"},
                {2, 2, "\"n\":699,"},
                {699, 699, "\"n\":2,"},
                {700, 700, "\"n\":1,"},
                {9999, 700, "\"n\":1,"}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct tail t = {0};
        assert_ok(view_read_tail(s->v, testing_id(1), rows[i].want, tail_one, &t));
        assert_int_equal(t.lines, rows[i].got);
        assert_non_null(strstr(t.first, rows[i].first));
        assert_true(t.lines == 0 || strstr(t.last, "\"n\":700,") != NULL);
    }
    struct tail t = {.stop_at = 3};
    assert_err(view_read_tail(s->v, testing_id(1), 10, tail_one, &t), ERR_LIMIT);
    t = (struct tail){0};
    assert_ok(view_read_tail(s->v, testing_id(9), 10, tail_one, &t)); /* no file */
    assert_int_equal(t.lines, 0);

    char path[TESTING_PATH];
    path_of(s, testing_id(1), path);
    const int fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "{\"torn", 6), 6);
    (void)close(fd);
    assert_ok(view_read_tail(s->v, testing_id(1), 1, tail_one, &t));
    assert_non_null(strstr(t.last, "\"n\":700,")); /* a torn line is not a line */
    path_of(s, testing_id(8), path);
    testing_store(path, (const uint8_t *)"{\"torn", 6);
    t = (struct tail){0};
    assert_ok(view_read_tail(s->v, testing_id(8), 10, tail_one, &t));
    assert_int_equal(t.lines, 0);
}

/* ---- threads, retention ------------------------------------------------------------------------ */

static void *flush_often(void *context)
{
    struct scene *s = context;
    for (int i = 0; i < 40; i++) {
        struct tail t = {0};
        assert_false(failed(view_flush(s->v, testing_id((uint8_t)(1 + i % 3)))));
        assert_false(
            failed(view_read_tail(s->v, testing_id((uint8_t)(1 + i % 3)), 1000, tail_one, &t)));
        struct view_stats stats;
        view_stats_read(s->v, &stats);
    }
    return NULL;
}

static void flushes_from_many_threads_meet_a_busy_writer(void **state)
{
    struct scene *s = *state;
    pthread_t threads[3];
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        assert_ok(thread_start(&threads[i], "flush", flush_often, s));
    }
    for (uint64_t line = 1; line <= 150; line++) {
        for (uint8_t n = 1; n <= 3; n++) {
            append(s, testing_id(n), line, line);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        thread_join(threads[i]);
    }
    for (uint8_t n = 1; n <= 3; n++) {
        assert_ok(view_flush(s->v, testing_id(n)));
        assert_lines(s, testing_id(n), 150);
    }
}

static void old_files_expire_and_nothing_else_does(void **state)
{
    struct scene *s = *state;
    append(s, testing_id(1), 1, 1);
    append(s, testing_id(2), 1, 1);
    close_both(s);
    char path[TESTING_PATH];
    char other[TESTING_PATH];
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    path_of(s, testing_id(1), path);
    testing_join(other, s->buffers, "notes.jsonl");
    testing_store(other, (const uint8_t *)"x", 1);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    assert_int_equal(utimensat(AT_FDCWD, other, old, 0), 0);
    s->view_config.retention_days = 30;
    open_both(s);
    for (int i = 0; i < 300 && access(path, F_OK) == 0; i++) {
        (void)poll(NULL, 0, 10);
    }
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
    assert_lines(s, testing_id(2), 1);
}

int main(void)
{
#define IN_SCENE(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_end)
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_flush_puts_every_durable_line_into_the_file),
        IN_SCENE(a_session_without_lines_flushes_to_nothing),
        IN_SCENE(lines_are_written_at_the_end_by_number_and_by_age),
        IN_SCENE(lines_beyond_the_memory_bound_are_written_at_once),
        IN_SCENE(what_waits_to_be_written_is_told_to_the_byte),
        IN_SCENE(a_session_is_known_from_its_first_line_on),
        IN_SCENE(a_file_that_was_let_go_is_read_through_only_when_it_has_changed),
        IN_SCENE(keys_of_secret_fields_are_never_shown),
        cmocka_unit_test(a_line_is_one_line_whatever_the_data_holds),
        IN_SCENE(after_a_crash_at_any_byte_the_file_is_completed),
        IN_SCENE(what_a_power_cut_left_behind_the_place_is_written_again),
        IN_SCENE(a_restart_reads_only_what_is_new),
        IN_SCENE(while_the_store_is_away_lines_wait),
        IN_SCENE(links_and_folders_under_a_sessions_name_are_not_followed),
        IN_SCENE(the_newest_lines_come_oldest_first),
        IN_SCENE(flushes_from_many_threads_meet_a_busy_writer),
        IN_SCENE(old_files_expire_and_nothing_else_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
