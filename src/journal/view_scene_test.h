/*
 * view_scene_test.h - a journal and the view of it in a folder of their own.
 *
 * Floor      journal (tests only)
 * Ownership  scene_make() gives, scene_end() takes: set up and tear down of each test.
 * Threads    one, beside the view's own.
 */
#ifndef JOURNAL_VIEW_SCENE_TEST_H
#define JOURNAL_VIEW_SCENE_TEST_H

#include "codec/uuid_text.h"
#include "journal/view.h"
#include "tests/support/journal.h"
#include "tests/support/scripted_clock.h"

#include <stdatomic.h>

struct scene {
    char folder[TESTING_PATH];
    char dir[TESTING_PATH];      /* the journal's */
    char buffers[TESTING_PATH];  /* the view's */
    struct scripted_clock clock; /* the view's, where a test says so */
    struct journal_config config;
    struct view_config view_config;
    struct journal *j;
    struct view *v;
    _Atomic int store_away; /* so many look-ups fail */
    _Atomic int asked;
};

static inline err_t email_of(void *context, uuid_t account, char out[VIEW_EMAIL_BYTES])
{
    struct scene *s = context;
    assert_true(uuid_eq(account, testing_id(200)));
    atomic_fetch_add(&s->asked, 1);
    if (atomic_load(&s->store_away) > 0) {
        atomic_fetch_sub(&s->store_away, 1);
        return err_new(ERR_STORAGE);
    }
    (void)snprintf(out, VIEW_EMAIL_BYTES, "anna@example.org");
    return ERR_OK;
}

static inline void open_both(struct scene *s)
{
    assert_ok(journal_open(&s->config, &s->j, NULL));
    s->view_config.journal = s->j;
    assert_ok(view_open(&s->view_config, &s->v));
}

static inline void close_both(struct scene *s)
{
    view_close(&s->v);
    journal_close(&s->j);
}

static inline int scene_make(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    assert_non_null(s);
    testing_folder(s->folder);
    testing_join(s->dir, s->folder, "journal");
    testing_join(s->buffers, s->folder, "session_buffers");
    s->config = testing_config(s->dir);
    s->config.segment_bytes = UINT64_C(64) * 1024;
    s->view_config = (struct view_config){
        .dir = s->buffers, .email_of = email_of, .context = s, .clock = clock_system()};
    open_both(s);
    *state = s;
    return 0;
}

static inline int scene_end(void **state)
{
    struct scene *s = *state;
    close_both(s);
    testing_folder_remove(s->folder);
    free(s);
    return 0;
}

static inline void path_of(const struct scene *s, uuid_t session, char out[TESTING_PATH])
{
    char id[UUID_TEXT_SIZE];
    uuid_print(session, id);
    const int n = snprintf(out, TESTING_PATH, "%s/%s.jsonl", s->buffers, id);
    assert_true(n > 0 && n < TESTING_PATH);
}

static inline void append(struct scene *s, uuid_t session, uint64_t from, uint64_t to)
{
    for (uint64_t line = from; line <= to; line++) {
        char data[64];
        (void)snprintf(data, sizeof data, "{ \"n\" : %u,\n\t\"t\": \"a b\" }", (unsigned)line);
        const journal_record_t r = testing_record(session, line, data);
        assert_true(testing_append(s->j, &r));
    }
}

static inline void end_session(struct scene *s, uuid_t session)
{
    journal_record_t r = testing_record(session, 0, "{}");
    r.kind = JOURNAL_SESSION_END;
    assert_true(testing_append(s->j, &r));
}

/* The file's content, NUL-terminated; the caller frees. NULL: no file. */
static inline char *content(const struct scene *s, uuid_t session)
{
    char path[TESTING_PATH];
    path_of(s, session, path);
    size_t len = 0;
    return (char *)testing_load(path, &len);
}

/* Fail unless the file holds exactly the lines [1, last] of append(). */
static inline void assert_lines(const struct scene *s, uuid_t session, uint64_t last)
{
    char id[UUID_TEXT_SIZE];
    uuid_print(session, id);
    char *got = content(s, session);
    assert_non_null(got);
    const char *at = got;
    for (uint64_t line = 1; line <= last; line++) {
        char want[512];
        const int n =
            snprintf(want, sizeof want,
                     "{\"timestamp\":\"2026-07-01T10:00:00.%03uZ\","
                     "\"event_type\":\"typing_pattern\",\"data\":{\"n\":%u,\"t\":\"a b\"},"
                     "\"session_id\":\"%s\",\"user_email\":\"anna@example.org\"}\n",
                     (unsigned)line, (unsigned)line, id);
        if (strncmp(at, want, (size_t)n) != 0) {
            fail_msg("line %u is %s", (unsigned)line, at);
        }
        at += n;
    }
    assert_string_equal(at, "");
    free(got);
}

#endif
