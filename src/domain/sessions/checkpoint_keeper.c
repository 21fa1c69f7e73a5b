#include "domain/sessions/checkpoint_keeper.h"

#include "base/fd.h"
#include "base/util.h"
#include "base/write_all.h"
#include "domain/sessions/recovery_checkpoint.h"
#include "journal/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    LOOK_MS = 500,
    DURABLE_WAIT_MS = 5000,
    DURABLE_LOOK_MS = 2,
    NICE = 5,
    WAKE_AGAIN_MS = 5000,
    WAKE_ON_THEIR_WAY = 1024, /* sessions read and not yet taken in by their loops */
    WAKE_NAPS_MAX = 400,
    WAKE_NAP_MS = 5,
    PACE_EVERY = 32,
    ENOUGH_MS = 10000 /* longer than a server stops */
};

/* So little may be left to play after a stop. What is no record, as the last activity, may be as old as
 * ENOUGH_MS. */
#define CHECKPOINT_ENOUGH_BYTES ((uint64_t)2 << 20)

#define BLOCKS_BYTES_MAX ((size_t)64 * CHECKPOINT_BLOCK_MAX)

/* One walk over all sessions. */
struct walk {
    struct buf bytes; /* of this round */
    uint32_t place[JOURNAL_LANES_MAX];
    bool done[JOURNAL_LANES_MAX];
    struct journal_lane *lane[JOURNAL_LANES_MAX];
    uint64_t position[JOURNAL_LANES_MAX]; /* of the lane, behind what its sessions know */
    unsigned turn;                        /* loops visited in this round */
    uint64_t sessions;
    uint64_t written; /* bytes of the file */
    err_t error;
};

struct checkpoint_keeper {
    struct checkpoint_keeper_config config;
    int dir;
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stop, arrived;         /* under the lock */
    uint64_t asked, made, came; /* under the lock: wishes, those over, those come true */
    struct walk walk;
    uint64_t committed; /* when the newest was made: nothing new since */
    uint64_t bytes;     /* of the journal then */
    uint64_t size;      /* of its file */
    mono_t at, woken;   /* of the last try, of the last look */
    mono_t saved;       /* when the walk of the newest file began */
};

/* ---- the file ---- */

/* The newest becomes the one before it. Between the two renames that one alone is there. */
static err_t give_name(const struct checkpoint_keeper *k)
{
    if (renameat(k->dir, CHECKPOINT_NAME, k->dir, CHECKPOINT_OLD_NAME) != 0 && errno != ENOENT) {
        return err_new(ERR_IO);
    }
    return renameat(k->dir, CHECKPOINT_NEW_NAME, k->dir, CHECKPOINT_NAME) == 0 && fsync(k->dir) == 0
               ? ERR_OK
               : err_new(ERR_IO);
}

/* ---- walking ---- */

static void visit_one(void *ctx, struct shard *s)
{
    struct checkpoint_keeper *k = ctx;
    struct walk *w = &k->walk;
    const unsigned i = w->turn++;
    MUST(i < JOURNAL_LANES_MAX);
    if (w->done[i] || failed(w->error)) {
        return;
    }
    uint32_t saved = 0;
    bool more = false;
    w->error = shard_save_some(s, CHECKPOINT_SLICE, &w->place[i], &w->bytes, &saved, &more);
    w->sessions += saved;
    w->done[i] = !more;
    w->lane[i] = shard_lane(s);
    w->position[i] = journal_appended(w->lane[i]);
}

static void visit_over(void *ctx)
{
    struct checkpoint_keeper *k = ctx;
    lock_take(&k->lock);
    k->arrived = true;
    MUST(pthread_cond_broadcast(&k->changed) == 0);
    lock_give(&k->lock);
}

/* One slice of every loop's sessions. */
static err_t walk_round(struct checkpoint_keeper *k, bool still)
{
    const struct checkpoint_loops *l = &k->config.loops;
    k->walk.turn = 0;
    buf_clear(&k->walk.bytes);
    if (still) {
        for (unsigned i = 0; i < l->count; i++) {
            visit_one(k, l->shard(l->ctx, i));
        }
        return k->walk.error;
    }
    k->arrived = false; /* nobody else looks now */
    TRY(l->visit(l->ctx, visit_one, visit_over, k));
    lock_take(&k->lock);
    while (!k->arrived) {
        wait_ms(&k->changed, &k->lock, LOOK_MS);
    }
    lock_give(&k->lock);
    return k->walk.error;
}

static bool walk_is_over(const struct checkpoint_keeper *k)
{
    for (unsigned i = 0; i < k->config.loops.count; i++) {
        if (!k->walk.done[i]) {
            return false;
        }
    }
    return true;
}

static bool is_stopping(struct checkpoint_keeper *k)
{
    lock_take(&k->lock);
    const bool stop = k->stop;
    lock_give(&k->lock);
    return stop;
}

static void pause_ms(uint32_t ms)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000}, NULL);
}

/* Until then the sessions in the file may know what a crash would still take away. */
static err_t wait_durable(const struct checkpoint_keeper *k)
{
    const mono_t deadline = mono_after_ms(clock_mono(clock_system()), DURABLE_WAIT_MS);
    for (unsigned i = 0; i < k->config.loops.count; i++) {
        const struct walk *w = &k->walk;
        while (journal_durable(w->lane[i]) < w->position[i]) {
            if (journal_state_of(k->config.svc->journal) != JOURNAL_RUNNING ||
                clock_mono(clock_system()).ns > deadline.ns) {
                return err_new(ERR_TIMEOUT);
            }
            pause_ms(DURABLE_LOOK_MS);
        }
    }
    return ERR_OK;
}

/* Write what the walk has gathered. */
static err_t put(struct walk *w, int fd)
{
    w->written += w->bytes.len;
    return write_all(fd, buf_span(&w->bytes));
}

static err_t write_sessions(struct checkpoint_keeper *k, int fd, bool still)
{
    struct buf *bytes = &k->walk.bytes;
    for (unsigned round = 1; !walk_is_over(k); round++) {
        if (!still && is_stopping(k)) {
            return err_new(ERR_TIMEOUT);
        }
        TRY(walk_round(k, still));
        TRY(put(&k->walk, fd));
        if (!still && round % PACE_EVERY == 0) {
            pause_ms(1); /* events of the loops go first */
        }
    }
    TRY(wait_durable(k));
    buf_clear(bytes);
    TRY(checkpoint_write_end(bytes, k->walk.sessions, journal_committed(k->config.svc->journal)));
    TRY(put(&k->walk, fd));
    return fsync(fd) == 0 ? ERR_OK : err_new(ERR_IO);
}

static void begin_walk(struct checkpoint_keeper *k)
{
    struct buf bytes = k->walk.bytes;
    buf_clear(&bytes);
    k->walk = (struct walk){.bytes = bytes};
}

static err_t write_file(struct checkpoint_keeper *k, const checkpoint_head_t *head, bool still)
{
    CLEANUP(fd_close)
    int fd = openat(k->dir, CHECKPOINT_NEW_NAME,
                    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0) {
        return err_new(ERR_IO);
    }
    begin_walk(k);
    TRY(checkpoint_write_head(&k->walk.bytes, head));
    TRY(put(&k->walk, fd));
    TRY(write_sessions(k, fd, still));
    TRY(give_name(k));
    k->size = k->walk.written;
    return ERR_OK;
}

/* Whether the newest one will do for a stop. */
static bool is_enough(const struct checkpoint_keeper *k, const struct journal_stats *stats)
{
    return k->committed != 0 && stats->bytes - k->bytes < CHECKPOINT_ENOUGH_BYTES &&
           mono_ms_between(k->saved, clock_mono(k->config.svc->clock)) < ENOUGH_MS;
}

static err_t save(struct checkpoint_keeper *k, bool still)
{
    struct service *svc = k->config.svc;
    struct journal_stats stats = {0};
    checkpoint_head_t head = {.at = clock_wall(svc->clock)};
    journal_stats_read(svc->journal, &stats);
    journal_mark_read(svc->journal, &head.mark); /* before the first session is looked at */
    if (sleepers_left(svc->sleepers) > 0 || head.mark.sequence < 2 ||
        (still && is_enough(k, &stats))) {
        return ERR_OK; /* the one before is as good, or nearly */
    }
    checkpoint_basis_of(svc, &head.basis);
    const mono_t began = clock_mono(svc->clock);
    const err_t e = write_file(k, &head, still);
    k->at = clock_mono(svc->clock);
    if (failed(e)) {
        (void)unlinkat(k->dir, CHECKPOINT_NEW_NAME, 0);
        return e;
    }
    k->bytes = stats.bytes;
    k->saved = began;
    k->committed = head.mark.sequence;
    log_event(svc->log, LOG_INFO, "checkpoint.written",
              FIELD_INT("sessions", (int64_t)k->walk.sessions),
              FIELD_INT("sequence", (int64_t)head.mark.sequence),
              FIELD_INT("ms", mono_ms_between(began, k->at)));
    return ERR_OK;
}

/* ---- the thread ---- */

static bool is_due(struct checkpoint_keeper *k)
{
    struct journal_stats stats = {0};
    const int64_t since_ms = mono_ms_between(k->at, clock_mono(k->config.svc->clock));
    if (k->asked > k->made) {
        return true;
    }
    if (since_ms < CHECKPOINT_APART_S * MS_PER_S ||
        journal_committed(k->config.svc->journal) == k->committed) {
        return false;
    }
    journal_stats_read(k->config.svc->journal, &stats);
    return stats.bytes - k->bytes >= checkpoint_every_bytes(k->size) ||
           since_ms >= CHECKPOINT_EVERY_S * MS_PER_S;
}

static void say_failed(struct checkpoint_keeper *k, err_t e)
{
    log_event(k->config.svc->log, LOG_WARN, "checkpoint.failed",
              FIELD_INT("error", (int64_t)e.code));
}

/* Not more profiles on their way than the loops take in, as long as they do take some in. */
static void wait_for_room(struct checkpoint_keeper *k, uint64_t posted, uint64_t left_before)
{
    for (int naps = 0; naps < WAKE_NAPS_MAX && !is_stopping(k); naps++) {
        const uint64_t left = sleepers_left(k->config.svc->sleepers);
        const uint64_t done = left < left_before ? left_before - left : 0;
        if (posted < done + WAKE_ON_THEIR_WAY) {
            return;
        }
        pause_ms(WAKE_NAP_MS);
    }
}

/* Wake those who were called, as fast as the store gives their profiles. */
static void wake_all(struct checkpoint_keeper *k)
{
    struct service *svc = k->config.svc;
    const uint64_t left = sleepers_left(svc->sleepers);
    uint64_t posted = 0;
    waking_t next = {0};
    while (!is_stopping(k) && sleepers_next(svc->sleepers, &next)) {
        wait_for_room(k, posted++, left);
        waking_t *w = malloc(sizeof *w);
        if (w == NULL) {
            return; /* they wake when they are asked for */
        }
        *w = next;
        waking_read(svc, w);
        k->config.loops.wake(k->config.loops.ctx, w);
    }
}

/* Again, while somebody sleeps on because the store was away. */
static void wake_the_rest(struct checkpoint_keeper *k)
{
    const mono_t now = clock_mono(clock_system());
    if (sleepers_left(k->config.svc->sleepers) > 0 &&
        mono_ms_between(k->woken, now) >= WAKE_AGAIN_MS) {
        sleepers_again(k->config.svc->sleepers);
        wake_all(k);
        k->woken = clock_mono(clock_system());
    }
}

static void *run(void *context)
{
    struct checkpoint_keeper *k = context;
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
    wake_all(k);
    k->woken = clock_mono(clock_system());
    lock_take(&k->lock);
    while (!k->stop) {
        if (is_due(k)) {
            const uint64_t asked = k->asked;
            lock_give(&k->lock);
            const err_t e = save(k, false);
            if (failed(e)) {
                say_failed(k, e);
            }
            lock_take(&k->lock);
            k->made = asked;
            k->came = failed(e) ? k->came : asked;
            MUST(pthread_cond_broadcast(&k->changed) == 0);
        }
        lock_give(&k->lock);
        wake_the_rest(k);
        lock_take(&k->lock);
        if (!k->stop && k->asked <= k->made) {
            wait_ms(&k->changed, &k->lock, LOOK_MS);
        }
    }
    lock_give(&k->lock);
    return NULL;
}

/* ---- life ---- */

err_t checkpoint_keeper_open(const struct checkpoint_keeper_config *config,
                             struct checkpoint_keeper **out)
{
    struct checkpoint_keeper *k = calloc(1, sizeof *k);
    if (k == NULL) {
        return err_new(ERR_NOMEM);
    }
    MUST(config->loops.count >= 1 && config->loops.count <= JOURNAL_LANES_MAX);
    k->config = *config;
    buf_init(&k->walk.bytes, BLOCKS_BYTES_MAX);
    k->at = clock_mono(config->svc->clock);
    k->asked = config->at_once ? 1 : 0;
    k->dir = open(config->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (k->dir < 0 || failed(lock_init(&k->lock, &k->changed))) {
        fd_close(&k->dir);
        free(k);
        return err_new(ERR_IO);
    }
    (void)unlinkat(k->dir, CHECKPOINT_NEW_NAME, 0);
    *out = k;
    return ERR_OK;
}

err_t checkpoint_keeper_start(struct checkpoint_keeper *k)
{
    TRY(thread_start(&k->thread, "checkpoint", run, k));
    k->runs = true;
    return ERR_OK;
}

void checkpoint_keeper_stop(struct checkpoint_keeper *k)
{
    if (!k->runs) {
        return;
    }
    lock_take(&k->lock);
    k->stop = true;
    MUST(pthread_cond_broadcast(&k->changed) == 0);
    lock_give(&k->lock);
    thread_join(k->thread);
    k->runs = false;
}

err_t checkpoint_keeper_save(struct checkpoint_keeper *k)
{
    MUST(!k->runs);
    return save(k, true);
}

bool checkpoint_keeper_hurry(struct checkpoint_keeper *k, uint32_t ms)
{
    const mono_t deadline = mono_after_ms(clock_mono(clock_system()), ms);
    lock_take(&k->lock);
    const uint64_t mine = ++k->asked;
    MUST(pthread_cond_broadcast(&k->changed) == 0);
    while (k->made < mine && !k->stop) {
        const int64_t left = mono_ms_between(clock_mono(clock_system()), deadline);
        if (left <= 0) {
            break;
        }
        wait_ms(&k->changed, &k->lock, (uint32_t)left);
    }
    const bool came = k->came >= mine;
    lock_give(&k->lock);
    return came;
}

void checkpoint_keeper_close(struct checkpoint_keeper **place)
{
    struct checkpoint_keeper *k = *place;
    if (k == NULL) {
        return;
    }
    checkpoint_keeper_stop(k);
    lock_deinit(&k->lock, &k->changed);
    fd_close(&k->dir);
    buf_deinit(&k->walk.bytes);
    free(k);
    *place = NULL;
}
