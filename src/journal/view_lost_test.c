/* view_lost_test.c - what stands in the files for lines that went with a damaged frame. */
#include "journal/view_scene_test.h"

/* Spoil the n-th frame, where each holds one line of append(). */
static void spoil_frame(const struct scene *s, int n)
{
    char path[TESTING_PATH];
    testing_join(path, s->dir, "00000000000000000001.cjl");
    const int fd = open(path, O_RDWR);
    const off_t frame = (n - 1) * (off_t)(40 + 80 + 14 + 24); /* head, fixed, type, data */
    assert_int_equal(pwrite(fd, "????", 4, frame + 60), 4);
    (void)close(fd);
}

/* Whether each of the file's lines stands in its place, and the `lost` one is marked. */
static void assert_lines_but(const struct scene *s, uuid_t session, int last, int lost)
{
    char *got = content(s, session);
    assert_non_null(got);
    char *rest = NULL;
    int line = 0;
    for (char *at = strtok_r(got, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest)) {
        char want[64] = "\"session_line_lost\",\"data\":{}";
        if (++line != lost) {
            (void)snprintf(want, sizeof want, "\"typing_pattern\",\"data\":{\"n\":%d,", line);
        }
        assert_non_null(strstr(at, want));
    }
    assert_int_equal(line, last);
    free(got);
}

static void a_damaged_frame_is_passed_over_and_its_line_marked(void **state)
{
    struct scene *s = *state;
    char place[TESTING_PATH];
    testing_join(place, s->buffers, "position");
    append(s, testing_id(1), 1, 2);
    assert_ok(view_flush(s->v, testing_id(1)));
    view_close(&s->v);
    append(s, testing_id(1), 3, 5);
    append(s, testing_id(2), 1, 3);
    spoil_frame(s, 3);
    for (int round = 0; round < 3; round++) {
        struct view_stats stats = {0};
        assert_ok(view_open(&s->view_config, &s->v));
        assert_ok(view_flush(s->v, testing_id(1)));
        assert_ok(view_flush(s->v, testing_id(2)));
        assert_lines_but(s, testing_id(1), 5, 3);
        assert_lines(s, testing_id(2), 3);
        view_stats_read(s->v, &stats);
        assert_int_equal(stats.lost_frames, round == 1 ? 0 : 1); /* before the place nothing is */
        assert_int_equal(stats.sequence, journal_committed(s->j));
        view_close(&s->v);
        if (round == 1) { /* all is read again */
            assert_int_equal(unlink(place), 0);
        }
    }
    assert_ok(view_open(&s->view_config, &s->v));
    append(s, testing_id(1), 6, 6);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_lines_but(s, testing_id(1), 6, 3);
}

/* The next line of the session may be long in coming; whoever sees it sees by its number that one is missing. */
static void a_line_that_went_in_an_earlier_run_is_marked_and_none_is_written_twice(void **state)
{
    struct scene *s = *state;
    char place[TESTING_PATH];
    char kept[TESTING_PATH];
    testing_join(place, s->buffers, "position");
    testing_join(kept, s->folder, "position");
    append(s, testing_id(1), 1, 2);
    assert_ok(view_flush(s->v, testing_id(1)));
    view_close(&s->v);
    append(s, testing_id(1), 3, 3);
    append(s, testing_id(2), 1, 3);
    spoil_frame(s, 3);
    assert_ok(view_open(&s->view_config, &s->v));
    assert_ok(view_flush(s->v, testing_id(2)));
    view_close(&s->v); /* the first session has not said a word */
    assert_int_equal(link(place, kept), 0);

    assert_ok(view_open(&s->view_config, &s->v));
    append(s, testing_id(1), 4, 6);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_lines_but(s, testing_id(1), 6, 3);
    view_close(&s->v);
    assert_int_equal(rename(kept, place),
                     0); /* as a kill leaves it, before the place was kept again */
    assert_ok(view_open(&s->view_config, &s->v));
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_lines_but(s, testing_id(1), 6, 3);
}

static void damage_of_the_newest_frame_is_passed_over_when_there_is_a_newer_one(void **state)
{
    struct scene *s = *state;
    append(s, testing_id(1), 1, 2);
    assert_ok(view_flush(s->v, testing_id(1)));
    view_close(&s->v);
    append(s, testing_id(1), 3, 3);
    spoil_frame(s, 3);
    assert_ok(view_open(&s->view_config, &s->v));
    assert_err(view_flush(s->v, testing_id(1)), ERR_IO); /* and nobody waits */
    assert_lines(s, testing_id(1), 2);
    append(s, testing_id(1), 4, 4);
    assert_ok(view_flush(s->v, testing_id(1)));
    assert_lines_but(s, testing_id(1), 4, 3);
}

/* What is missing of a session behind damage is marked line for line, but no more than a frame can hold. */
static void a_gap_that_no_frame_can_have_made_is_not_filled(void **state)
{
    enum { MOST = 65536 };
    struct scene *s = *state;

    static const struct {
        uint64_t next;
        uint64_t lines; /* in the file */
    } of[] = {{2 + MOST, 2 + MOST}, {2 + MOST + 1, 3}};

    append(s, testing_id(1), 1, 2);
    append(s, testing_id(2), 1, 2);
    assert_ok(view_flush(s->v, testing_id(1)));
    view_close(&s->v);
    append(s, testing_id(3), 1, 1);
    spoil_frame(s, 5);
    for (size_t i = 0; i < 2; i++) {
        append(s, testing_id((uint8_t)(1 + i)), of[i].next, of[i].next);
    }
    assert_ok(view_open(&s->view_config, &s->v));
    for (size_t i = 0; i < 2; i++) {
        char last[32];
        uint64_t lines = 0;
        uint64_t lost = 0;
        char *rest = NULL;
        const char *newest = "";
        assert_ok(view_flush(s->v, testing_id((uint8_t)(1 + i))));
        char *got = content(s, testing_id((uint8_t)(1 + i)));
        for (char *at = strtok_r(got, "\n", &rest); at != NULL; at = strtok_r(NULL, "\n", &rest)) {
            lines++;
            lost += strstr(at, "session_line_lost") != NULL;
            newest = at;
        }
        assert_int_equal(lines, of[i].lines);
        assert_int_equal(lost, of[i].lines - 3);
        (void)snprintf(last, sizeof last, "\"n\":%u,", (unsigned)of[i].next);
        assert_non_null(strstr(newest, last));
        free(got);
    }
}

int main(void)
{
#define IN_SCENE(f) cmocka_unit_test_setup_teardown(f, scene_make, scene_end)
    const struct CMUnitTest tests[] = {
        IN_SCENE(a_damaged_frame_is_passed_over_and_its_line_marked),
        IN_SCENE(a_line_that_went_in_an_earlier_run_is_marked_and_none_is_written_twice),
        IN_SCENE(damage_of_the_newest_frame_is_passed_over_when_there_is_a_newer_one),
        IN_SCENE(a_gap_that_no_frame_can_have_made_is_not_filled),
    };
    return cmocka_run_group_tests_name("view_lost", tests, NULL, NULL);
}
