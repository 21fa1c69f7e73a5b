/* The keeper's own thread: it writes when it is asked, beside loops that go on. */
#include "domain/sessions/checkpoint_steps_test.h"
#include "domain/sessions/recovery_checkpoint.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

/* A loop that comes to it after a while. */
struct visit {
    struct house *house;
    void (*each)(void *ctx, struct shard *s);
    void (*done)(void *ctx);
    void *ctx;
};

static void *visit_later(void *context)
{
    struct visit *v = context;
    (void)usleep(2000);
    v->each(v->ctx, v->house->shard);
    v->done(v->ctx);
    free(v);
    return NULL;
}

static err_t visit(void *ctx, void (*each)(void *ctx, struct shard *s), void (*done)(void *ctx),
                   void *visit_ctx)
{
    struct visit *v = malloc(sizeof *v);
    pthread_t thread;
    assert_non_null(v);
    *v = (struct visit){.house = ctx, .each = each, .done = done, .ctx = visit_ctx};
    assert_int_equal(pthread_create(&thread, NULL, visit_later, v), 0);
    assert_int_equal(pthread_detach(thread), 0);
    return ERR_OK;
}

static struct checkpoint_keeper *open_keeper(struct house *h, bool at_once)
{
    struct checkpoint_keeper *k = NULL;
    const struct checkpoint_keeper_config config = {
        .dir = h->dir.path,
        .svc = &h->svc,
        .loops = {.visit = visit, .shard = shard_at, .count = 1, .ctx = h},
        .at_once = at_once};
    assert_ok(checkpoint_keeper_open(&config, &k));
    return k;
}

/* How many sessions it holds; -1: there is none that is whole. */
static int64_t sessions_in(const struct house *h, const char *name)
{
    char path[SCRATCH_PATH];
    scratch_path(&h->dir, name, path);
    CLEANUP(checkpoint_reader_close) struct checkpoint_reader r = {0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const bool whole = fd >= 0 && !failed(checkpoint_reader_open(fd, &r));
    if (fd >= 0) {
        (void)close(fd);
    }
    return whole ? (int64_t)r.sessions : -1;
}

static void each_wish_gets_a_checkpoint_of_its_own(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct checkpoint_keeper *k = open_keeper(h, false);
    assert_ok(checkpoint_keeper_start(k));
    for (int sessions = 1; sessions <= 4; sessions++) {
        (void)log_in(h, ANN, "phone");
        settle(h);
        assert_true(checkpoint_keeper_hurry(k, PATIENCE_MS));
        assert_int_equal(sessions_in(h, CHECKPOINT_NAME), sessions);
        assert_int_equal(sessions_in(h, CHECKPOINT_OLD_NAME), sessions > 1 ? sessions - 1 : -1);
    }
    checkpoint_keeper_stop(k);
    checkpoint_keeper_close(&k);
}

/* What a session knows is durable before the file has its name: nobody kicks the journal here. */
static void a_checkpoint_waits_for_what_its_sessions_know(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    settle(h);
    struct checkpoint_keeper *k = open_keeper(h, false);
    assert_ok(checkpoint_keeper_start(k));
    predict(h, live, 0.3);
    const uint64_t position = journal_appended(shard_lane(h->shard));
    assert_true(checkpoint_keeper_hurry(k, PATIENCE_MS));
    assert_true(journal_durable(shard_lane(h->shard)) >= position);
    struct checkpoint_proof proof = {0};
    assert_true(checkpoint_proof_read(h->dir.path, &proof));
    assert_int_equal(proof.durable, journal_committed(h->svc.journal));
    assert_true(checkpoint_keeper_hurry(k, PATIENCE_MS)); /* two that say the same */
    assert_true(checkpoint_proof_read(h->dir.path, &proof));
    assert_string_equal(proof.name, CHECKPOINT_NAME);
    checkpoint_keeper_close(&k); /* it stops it, too */
}

static void a_start_that_had_none_gets_one_at_once(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    (void)log_in(h, ANN, "phone");
    settle(h);
    struct checkpoint_keeper *k = open_keeper(h, true);
    assert_ok(checkpoint_keeper_start(k));
    for (int ms = 0; sessions_in(h, CHECKPOINT_NAME) < 0; ms++) {
        assert_true(ms < PATIENCE_MS);
        (void)usleep(1000);
    }
    checkpoint_keeper_stop(k);
    checkpoint_keeper_close(&k);
}

/* It is younger than a stop takes, and little was written since. */
static void a_stop_right_behind_a_checkpoint_writes_no_other(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    (void)log_in(h, ANN, "phone");
    settle(h);
    struct checkpoint_keeper *k = open_keeper(h, false);
    assert_ok(checkpoint_keeper_save(k));
    (void)log_in(h, ANN, "phone");
    settle(h);
    assert_ok(checkpoint_keeper_save(k));
    assert_int_equal(sessions_in(h, CHECKPOINT_NAME), 1);
    checkpoint_keeper_close(&k);
    k = open_keeper(h, false); /* which of them wrote it, it does not know */
    assert_ok(checkpoint_keeper_save(k));
    assert_int_equal(sessions_in(h, CHECKPOINT_NAME), 2);
    checkpoint_keeper_close(&k);
}

/* On a disk that takes files of `most` bytes. */
static void assert_not_saved(struct house *h, rlim_t most)
{
    char path[SCRATCH_PATH];
    struct rlimit usual;
    struct checkpoint_keeper *k = open_keeper(h, false);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    const struct rlimit little = {.rlim_cur = most, .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    const err_t e = checkpoint_keeper_save(k);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    checkpoint_keeper_close(&k);
    assert_true(failed(e));
    assert_int_equal(sessions_in(h, CHECKPOINT_NAME), 1);
    scratch_path(&h->dir, CHECKPOINT_NEW_NAME, path);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* Neither half a file takes its name, nor a name that cannot be given away. */
static void what_cannot_be_saved_leaves_the_checkpoint_of_before(void **state)
{
    struct house *h = *state;
    char path[SCRATCH_PATH];
    struct stat st;
    (void)register_account(h, ANN);
    (void)log_in(h, ANN, "phone");
    write_checkpoint(h);
    (void)log_in(h, ANN, "phone");
    settle(h);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    scratch_path(&h->dir, CHECKPOINT_NAME, path);
    assert_int_equal(stat(path, &st), 0);
    for (off_t most = 0; most <= st.st_size; most += st.st_size / 8) {
        assert_not_saved(h, (rlim_t)most); /* the new one is longer */
    }
    scratch_path(&h->dir, CHECKPOINT_OLD_NAME, path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_not_saved(h, RLIM_INFINITY);
    assert_int_equal(rmdir(path), 0);
    write_checkpoint(h);
    assert_int_equal(sessions_in(h, CHECKPOINT_NAME), 2);
}

/* ---- in its own time ---- */

enum { TWO_LOOKS_MS = 1200, LINE_BYTES = 32768 };

/* A keeper that runs, and the log that it tells its doings in once they are done. */
struct at_work {
    struct house *house;
    struct checkpoint_keeper *keeper;
    struct log *log;
    int fd;
};

static struct at_work begin_work(struct house *h)
{
    char path[SCRATCH_PATH];
    struct at_work w = {.house = h};
    scratch_path(&h->dir, "log", path);
    w.fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(w.fd >= 0);
    w.log = log_new(w.fd, LOG_JSON, LOG_DEBUG, &h->clock.face);
    assert_non_null(w.log);
    h->svc.log = w.log;
    w.keeper = open_keeper(h, false);
    assert_ok(checkpoint_keeper_start(w.keeper));
    return w;
}

static void end_work(struct at_work *w)
{
    checkpoint_keeper_close(&w->keeper);
    w->house->svc.log = NULL;
    log_free(&w->log);
    assert_int_equal(close(w->fd), 0);
}

/* How often the log says so. */
static size_t said(const struct at_work *w, const char *event)
{
    char text[16384] = "";
    size_t count = 0;
    const ssize_t n = pread(w->fd, text, sizeof text - 1, 0);
    assert_in_range(n, 0, sizeof text - 2);
    for (const char *at = text; (at = strstr(at, event)) != NULL; at++) {
        count++;
    }
    return count;
}

static void wait_until_said(const struct at_work *w, const char *event, size_t times)
{
    for (int ms = 0; said(w, event) < times; ms++) {
        assert_true(ms < PATIENCE_MS);
        (void)usleep(1000);
    }
    assert_int_equal(said(w, event), times);
}

#define WRITTEN "checkpoint.written"
#define FAILED  "checkpoint.failed"

static void assert_none_comes(const struct at_work *w)
{
    const size_t before = said(w, WRITTEN);
    (void)usleep(TWO_LOOKS_MS * 1000);
    assert_int_equal(said(w, WRITTEN), before);
}

/* After `ms` from now, and not a moment before. */
static void assert_one_comes_after(const struct at_work *w, int64_t ms)
{
    const size_t before = said(w, WRITTEN);
    scripted_clock_pass(&w->house->clock, ms - 1);
    assert_none_comes(w);
    scripted_clock_pass(&w->house->clock, 1);
    wait_until_said(w, WRITTEN, before + 1);
}

static void append_mib(struct house *h, struct live *live, unsigned mib)
{
    char text[LINE_BYTES];
    memset(text, 'a', sizeof text);
    for (unsigned i = 0; i < mib << 5; i++) {
        behaviour_line(h->shard, live, "told", (span_t){(const uint8_t *)text, sizeof text});
        settle(h);
    }
}

static void one_comes_each_minute_in_which_anything_was_written(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    settle(h);
    struct at_work w = begin_work(h);
    assert_one_comes_after(&w, CHECKPOINT_EVERY_S * MS_PER_S);
    scripted_clock_pass(&h->clock, 10 * MINUTE_MS);
    assert_none_comes(&w);
    predict(h, live, 0.1);
    settle(h);
    wait_until_said(&w, WRITTEN, 2); /* it is long due */
    end_work(&w);
}

static void one_comes_after_so_much_journal_but_never_right_behind_another(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    struct live *live = log_in(h, ANN, "phone");
    settle(h);
    struct at_work w = begin_work(h);
    assert_true(checkpoint_keeper_hurry(w.keeper, PATIENCE_MS));
    append_mib(h, live, (CHECKPOINT_EVERY_BYTES >> 20) - 1);
    scripted_clock_pass(&h->clock, CHECKPOINT_APART_S * MS_PER_S);
    assert_none_comes(&w); /* a little too little */
    assert_true(checkpoint_keeper_hurry(w.keeper, PATIENCE_MS));
    append_mib(h, live, CHECKPOINT_EVERY_BYTES >> 20);
    assert_one_comes_after(&w, CHECKPOINT_APART_S * MS_PER_S);
    append_mib(h, live, 1); /* counted from the last one */
    scripted_clock_pass(&h->clock, CHECKPOINT_APART_S * MS_PER_S);
    assert_none_comes(&w);
    end_work(&w);
}

/* A folder stands where it would be written. */
static void one_that_could_not_be_written_is_told_and_comes_when_the_next_is_due(void **state)
{
    struct house *h = *state;
    char path[SCRATCH_PATH];
    (void)register_account(h, ANN);
    (void)log_in(h, ANN, "phone");
    settle(h);
    scratch_path(&h->dir, CHECKPOINT_NEW_NAME, path);
    struct at_work w = begin_work(h);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(checkpoint_keeper_hurry(w.keeper, PATIENCE_MS));
    wait_until_said(&w, FAILED, 1);
    scripted_clock_pass(&h->clock, CHECKPOINT_EVERY_S * MS_PER_S);
    wait_until_said(&w, FAILED, 2);
    assert_none_comes(&w);
    wait_until_said(&w, FAILED, 2); /* it does not try at each look */
    assert_int_equal(sessions_in(h, CHECKPOINT_NAME), -1);
    assert_int_equal(rmdir(path), 0);
    assert_one_comes_after(&w, CHECKPOINT_EVERY_S * MS_PER_S);
    assert_int_equal(sessions_in(h, CHECKPOINT_NAME), 1);
    (void)log_in(h, ANN, "phone");
    settle(h);
    assert_true(checkpoint_keeper_hurry(w.keeper, PATIENCE_MS));
    assert_int_equal(sessions_in(h, CHECKPOINT_NAME), 2);
    end_work(&w);
}

static void a_folder_that_is_not_there_is_told(void **state)
{
    struct house *h = *state;
    struct checkpoint_keeper *k = NULL;
    struct checkpoint_proof proof = {0};
    const struct checkpoint_keeper_config config = {
        .dir = "/proc/none", .svc = &h->svc, .loops = {.count = 1}};
    assert_err(checkpoint_keeper_open(&config, &k), ERR_IO);
    assert_null(k);
    assert_false(checkpoint_proof_read("/proc/none", &proof));
}

int main(void)
{
// clang-format off
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(each_wish_gets_a_checkpoint_of_its_own),
        ON_SQLITE(a_checkpoint_waits_for_what_its_sessions_know),
        ON_SQLITE(a_start_that_had_none_gets_one_at_once),
        ON_SQLITE(a_stop_right_behind_a_checkpoint_writes_no_other),
        ON_SQLITE(what_cannot_be_saved_leaves_the_checkpoint_of_before),
        ON_SQLITE(one_comes_each_minute_in_which_anything_was_written),
        ON_SQLITE(one_comes_after_so_much_journal_but_never_right_behind_another),
        ON_SQLITE(one_that_could_not_be_written_is_told_and_comes_when_the_next_is_due),
        ON_SQLITE(a_folder_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests_name("checkpoint_keeper", tests, NULL, NULL);
}
