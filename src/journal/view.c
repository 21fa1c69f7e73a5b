#include "journal/view.h"

#include "base/log.h"
#include "base/metric.h"
#include "base/util.h"
#include "journal/journal_read.h"
#include "journal/thread.h"
#include "journal/view_file.h"
#include "journal/view_line.h"
#include "journal/view_sessions.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_MS = 100,           /* between two looks at the journal */
    AGED_PER_LOOK = 50,      /* with LOOK_MS: at most 500 files a second for the sake of age */
    RECORDS_PER_LOOK = 4096, /* between two looks at those who wait */
    IDLE_MAX_DEFAULT = 65536,
    WAITERS_MAX = 256,
    PLACE_MS = 30 * 1000,
    EXPIRE_MS = 3600 * 1000,
    EXPIRE_ENTRIES = 256,
    FLUSH_MS_DEFAULT = 5000,
    GAP_LINES_MAX = 65536 /* more than a damaged frame may hold of one session */
};

/* Somebody who waits in view_flush(); lives on his stack, linked under the lock. */
struct waiter {
    struct waiter *next;
    uuid_t session;
    uint64_t until; /* frames below are to be in the file */
    bool done;
    err_t result;
};

struct view {
    struct view_config config; /* defaults filled in */
    int dir;
    pthread_t thread;
    bool runs, locks_made;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct waiter *waiters; /* under the lock */
    unsigned waiting;       /* under the lock */
    bool stop;              /* under the lock */

    /* the follower's own */
    struct journal_reader *reader;
    struct view_renderer renderer;
    struct view_sessions sessions;
    journal_record_t held; /* read, but not taken in yet */
    bool holds;
    bool damaged;        /* the journal cannot be read on, as far as it is written */
    uint64_t damaged_at; /* what was committed when that was found */
    bool unsynced; /* lines may be lost on their way to the disk: the place stays where it is */
    bool failing;  /* the last write of lines failed */
    uint64_t place;
    mono_t place_at, expire_at;
    mono_t round; /* when it began to read on */
    DIR *walk;

    _Atomic uint64_t sequence; /* frames below are taken in */
    counter_t lines, writes, lost_frames;
    gauge_t pending_bytes, pending_sessions;
};

/* ---- writing --------------------------------------------------------------------------------- */

/* Something that is no file of ours stands under the name: the session gets no lines, the others
 * do. The journal has them all. */
static void bar(struct view *v, struct view_session *session)
{
    session->barred = true;
    view_sessions_written(&v->sessions, session);
    log_event(v->config.log, LOG_ERROR, "view.name_taken", FIELD_UUID("session", session->id));
}

/* A full disk fails every write until there is room: it is told when it begins, and when it is over. */
static void note_write(struct view *v, const struct view_session *session, bool failed_now)
{
    if (failed_now && !v->failing) {
        log_event(v->config.log, LOG_ERROR, "view.write_failed",
                  FIELD_UUID("session", session->id));
    } else if (!failed_now && v->failing) {
        log_event(v->config.log, LOG_INFO, "view.writes_again", FIELD_UUID("session", session->id));
    }
    v->failing = failed_now;
}

static err_t write_session(struct view *v, struct view_session *session)
{
    if (session->pending > 0) {
        const err_t e =
            view_file_append(v->dir, session->id, buf_span(&session->lines), &session->size);
        if (e.code == ERR_FORMAT) {
            bar(v, session);
            return ERR_OK;
        }
        note_write(v, session, failed(e));
        if (failed(e)) {
            return e;
        }
        counter_add(&v->lines, session->pending);
        counter_add(&v->writes, 1);
        view_sessions_written(&v->sessions, session);
    }
    if (session->ended) {
        view_sessions_drop(&v->sessions, session);
    }
    return ERR_OK;
}

/* Write the oldest until at most `bytes` wait. */
static err_t write_down_to(struct view *v, size_t bytes)
{
    while (v->sessions.bytes > bytes) {
        TRY(write_session(v, view_sessions_oldest(&v->sessions)));
    }
    return ERR_OK;
}

/* Write those that wait too long, at a bounded rate. */
static void write_aged(struct view *v)
{
    const mono_t now = clock_mono(v->config.clock);
    for (int i = 0; i < AGED_PER_LOOK; i++) {
        struct view_session *oldest = view_sessions_oldest(&v->sessions);
        if (oldest == NULL || mono_ms_between(oldest->since, now) < VIEW_PENDING_MS ||
            failed(write_session(v, oldest))) {
            return;
        }
    }
}

/* ---- taking in ------------------------------------------------------------------------------- */

/* What the file of the record's session holds before it. Whom we let go left it as it is noted; else it is
 * read through, and what is behind is cut: what a power cut left there may be anything. */
static err_t look_at_file(struct view *v, const journal_record_t *record, uint64_t *lines,
                          uint64_t *size)
{
    const bool known = view_seen_find(&v->sessions.seen, record->session, lines, size) &&
                       *lines == record->line - 1 &&
                       view_file_is_long(v->dir, record->session, *size);
    return known ? ERR_OK : view_file_keep(v->dir, record->session, record->line - 1, lines, size);
}

/* The entry of the record's session; a new one knows what its file holds already. From this line on
 * the file is written by us. */
static err_t session_of(struct view *v, const journal_record_t *record, struct view_session **out)
{
    struct view_session *session = view_sessions_get(&v->sessions, record->session);
    if (session == NULL) {
        if (v->sessions.by_id.count - v->sessions.waiting >= v->config.idle_max) {
            view_sessions_sweep(&v->sessions);
        }
        char email[VIEW_EMAIL_BYTES] = "";
        uint64_t lines = 0;
        uint64_t size = 0;
        TRY(v->config.email_of(v->config.context, record->account, email));
        email[sizeof email - 1] = '\0';
        const err_t e = look_at_file(v, record, &lines, &size);
        if (failed(e) && e.code != ERR_FORMAT) {
            return e;
        }
        TRY(view_sessions_add(&v->sessions, record->session, email, &session));
        session->last_line = lines;
        session->size = size;
        if (failed(e)) {
            bar(v, session);
        }
    }
    *out = session;
    return ERR_OK;
}

static err_t append_line(struct view *v, struct view_session *session,
                         const journal_record_t *record)
{
    const size_t before = session->lines.len;
    TRY(view_render_line(&v->renderer, record, buf_span(&session->tail), &session->lines));
    view_sessions_pended(&v->sessions, session, session->lines.len - before,
                         journal_reader_frame(v->reader), v->round);
    session->last_line = record->line;
    return ERR_OK;
}

/* Lines went with a damaged frame, passed over now or in an earlier run: something stands for each, so that a line's
 * place is its number. */
static err_t fill_gap(struct view *v, struct view_session *session, const journal_record_t *record)
{
    journal_record_t gap = *record;
    gap.type = SPAN_LIT("session_line_lost");
    gap.data = SPAN_LIT("{}");
    gap.secret = false;
    if (record->line - session->last_line > GAP_LINES_MAX) {
        return ERR_OK;
    }
    while (session->last_line + 1 < record->line) {
        gap.line = session->last_line + 1;
        TRY(append_line(v, session, &gap));
    }
    return ERR_OK;
}

/* Take in one record. After an error it can be tried again. */
static err_t take_in(struct view *v, const journal_record_t *record)
{
    struct view_session *session = view_sessions_get(&v->sessions, record->session);
    if (record->line > 0) {
        TRY(session_of(v, record, &session));
        if (record->line > session->last_line && !session->barred) {
            TRY(fill_gap(v, session, record));
            TRY(append_line(v, session, record));
        }
    }
    if (session == NULL) {
        return ERR_OK;
    }
    session->ended = session->ended || record->kind == JOURNAL_SESSION_END;
    if (session->ended || session->pending >= VIEW_PENDING_LINES) {
        TRY(write_session(v, session));
    }
    return v->sessions.bytes > v->config.pending_bytes
               ? write_down_to(v, v->config.pending_bytes / 2)
               : ERR_OK;
}

static void report_damage(struct view *v)
{
    const struct journal_fault *where = journal_reader_fault(v->reader);
    log_event(v->config.log, LOG_ERROR, "view.journal_damaged", FIELD_TEXT("file", where->file),
              FIELD_INT("offset", (int64_t)where->offset), FIELD_TEXT("reason", where->reason));
}

/* The journal is damaged here: tell it once, and go on behind it. ERR_FORMAT: there is nothing behind it yet. */
static err_t pass_over(struct view *v, uint64_t limit)
{
    uint64_t lost = 0;
    bool found = false;
    if (!v->damaged) {
        report_damage(v);
    }
    v->damaged = true;
    v->damaged_at = limit;
    TRY(journal_reader_skip(v->reader, &lost, &found));
    if (!found) {
        return err_new(ERR_FORMAT);
    }
    v->damaged = false;
    counter_add(&v->lost_frames, lost);
    log_event(v->config.log, LOG_ERROR, "view.passed_over", FIELD_INT("frames", (int64_t)lost),
              FIELD_INT("sequence", (int64_t)journal_reader_sequence(v->reader)));
    return ERR_OK;
}

/* The next record into `held`, behind any damage. */
static err_t next_record(struct view *v, uint64_t limit, bool *more)
{
    *more = true;
    err_t e = journal_reader_next(v->reader, &v->held, more);
    while (e.code == ERR_FORMAT && !failed(pass_over(v, limit))) {
        e = journal_reader_next(v->reader, &v->held, more);
    }
    return e;
}

/* Read on, at most a round's worth. `*all`: everything durable is taken in. */
static err_t follow(struct view *v, bool *all)
{
    const uint64_t limit = journal_committed(v->config.journal);
    *all = false;
    journal_place_t end = {0};
    journal_end_read(v->config.journal, &end);
    journal_reader_extend(v->reader, limit, &end);
    v->round = clock_mono(v->config.clock);
    if (v->damaged) {
        TRY(v->damaged_at == limit ? err_new(ERR_FORMAT) : pass_over(v, limit));
    }
    for (int i = 0; i < RECORDS_PER_LOOK; i++) {
        if (!v->holds) {
            bool more = true;
            TRY(next_record(v, limit, &more));
            if (!more) {
                atomic_store(&v->sequence, limit);
                *all = true;
                return ERR_OK;
            }
            v->holds = true;
        }
        TRY(take_in(v, &v->held));
        v->holds = false;
    }
    atomic_store(&v->sequence, journal_reader_sequence(v->reader));
    return ERR_OK;
}

/* ---- those who wait -------------------------------------------------------------------------- */

static void answer_waiters(struct view *v)
{
    const uint64_t sequence = atomic_load(&v->sequence);
    bool any = false;
    lock_take(&v->lock);
    for (struct waiter *w = v->waiters; w != NULL; w = w->next) {
        if (w->done || (w->until > sequence && !v->damaged)) {
            continue;
        }
        struct view_session *session = view_sessions_get(&v->sessions, w->session);
        w->result = session == NULL ? ERR_OK : write_session(v, session);
        if (w->until > sequence) {
            w->result = err_new(ERR_IO);
        }
        w->done = true;
        any = true;
    }
    if (any) {
        MUST(pthread_cond_broadcast(&v->changed) == 0);
    }
    lock_give(&v->lock);
}

static void unlink_waiter(struct view *v, const struct waiter *gone)
{
    struct waiter **at = &v->waiters;
    while (*at != gone) {
        at = &(*at)->next;
    }
    *at = gone->next;
    v->waiting--;
}

err_t view_flush(struct view *v, uuid_t session)
{
    struct waiter me = {.session = session, .until = journal_committed(v->config.journal)};
    const mono_t deadline = mono_after_ms(clock_mono(clock_system()), v->config.flush_ms);
    lock_take(&v->lock);
    if (v->waiting >= WAITERS_MAX || v->stop) {
        lock_give(&v->lock);
        return err_new(ERR_LIMIT);
    }
    me.next = v->waiters;
    v->waiters = &me;
    v->waiting++;
    MUST(pthread_cond_broadcast(&v->changed) == 0);
    while (!me.done) {
        const int64_t left = mono_ms_between(clock_mono(clock_system()), deadline);
        if (left <= 0) {
            break;
        }
        wait_ms(&v->changed, &v->lock, (uint32_t)left);
    }
    unlink_waiter(v, &me);
    lock_give(&v->lock);
    return me.done ? me.result : err_new(ERR_TIMEOUT);
}

/* ---- the follower ---------------------------------------------------------------------------- */

/* Remember up to which frame all lines stand in their files. */
static void keep_place(struct view *v, bool now)
{
    const mono_t at = clock_mono(v->config.clock);
    const struct view_session *oldest = view_sessions_oldest(&v->sessions);
    uint64_t place = v->holds ? journal_reader_frame(v->reader) : atomic_load(&v->sequence);
    if (oldest != NULL && oldest->sequence < place) {
        place = oldest->sequence;
    }
    if (v->unsynced || place <= v->place || (!now && mono_ms_between(v->place_at, at) < PLACE_MS)) {
        return;
    }
    v->place_at = at;
    const err_t e = view_place_write(v->dir, place);
    if (failed(e)) {
        /* The kernel tells of a lost page once. The next start writes the lines again. */
        v->unsynced = e.code != ERR_STORAGE;
        log_event(v->config.log, v->unsynced ? LOG_ERROR : LOG_WARN, "view.place_failed",
                  FIELD_BOOL("until_restart", v->unsynced));
        return;
    }
    v->place = place;
    journal_view_done(v->config.journal, place);
}

static void expire(struct view *v)
{
    if (v->config.retention_days <= 0) {
        return;
    }
    const mono_t now = clock_mono(v->config.clock);
    if (v->walk == NULL && mono_ms_between(v->expire_at, now) < 0) {
        return;
    }
    const int64_t kept_ms = (int64_t)v->config.retention_days * 24 * 3600 * MS_PER_S;
    const wall_t oldest = {clock_wall(v->config.vouched).ms - kept_ms};
    view_files_expire(v->dir, &v->walk, oldest, EXPIRE_ENTRIES);
    v->expire_at = mono_after_ms(now, EXPIRE_MS);
}

/* Wait for the next look; true when it is time to stop. `idle`: nothing is left to read now;
 * `stuck`: what is left cannot be taken in now, whoever waits for it. */
static bool rest(struct view *v, bool idle, bool stuck)
{
    lock_take(&v->lock);
    bool wanted = v->stop;
    for (const struct waiter *w = v->waiters; w != NULL && !stuck; w = w->next) {
        wanted = wanted || !w->done;
    }
    if ((idle || stuck) && !wanted) {
        wait_ms(&v->changed, &v->lock, LOOK_MS);
    }
    const bool stop = v->stop;
    lock_give(&v->lock);
    return stop;
}

static void *follower_run(void *context)
{
    struct view *v = context;
    for (;;) {
        bool all = false;
        const err_t e = follow(v, &all);
        answer_waiters(v);
        write_aged(v);
        keep_place(v, false);
        expire(v);
        gauge_set(&v->pending_bytes, (int64_t)v->sessions.bytes);
        gauge_set(&v->pending_sessions, (int64_t)v->sessions.waiting);
        const bool stop = rest(v, all, failed(e));
        if (stop && (failed(e) ||
                     (all && atomic_load(&v->sequence) == journal_committed(v->config.journal)))) {
            (void)write_down_to(v, 0);
            keep_place(v, true);
            return NULL;
        }
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

err_t view_open(const struct view_config *config, struct view **out)
{
    CLEANUP(view_close) struct view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return err_new(ERR_NOMEM);
    }
    v->dir = -1;
    v->config = *config;
    v->config.vouched = config->vouched == NULL ? config->clock : config->vouched;
    if (v->config.pending_bytes == 0) {
        v->config.pending_bytes = VIEW_PENDING_BYTES_DEFAULT;
    }
    if (v->config.flush_ms == 0) {
        v->config.flush_ms = FLUSH_MS_DEFAULT;
    }
    if (v->config.idle_max == 0) {
        v->config.idle_max = IDLE_MAX_DEFAULT;
    }
    view_renderer_init(&v->renderer);
    view_sessions_init(&v->sessions);
    TRY(lock_init(&v->lock, &v->changed));
    v->locks_made = true;
    TRY(view_dir_open(v->config.dir, &v->dir));

    const uint64_t limit = journal_committed(v->config.journal);
    if (view_place_read(v->dir, &v->place) == VIEW_PLACE_DAMAGED) {
        log_event(v->config.log, LOG_WARN,
                  "view.place_damaged"); /* the lines are compared from the begin */
    }
    if (v->place > limit) {
        v->place = 0; /* of another journal; the files say themselves what they hold */
    }
    atomic_store(&v->sequence, v->place);
    v->place_at = clock_mono(v->config.clock);
    v->expire_at = v->place_at;
    journal_view_done(v->config.journal, v->place);
    TRY(journal_reader_open(journal_dir(v->config.journal), v->place, limit, &v->reader, NULL));
    TRY(thread_start(&v->thread, "journal-view", follower_run, v));
    v->runs = true;
    *out = v;
    v = NULL;
    return ERR_OK;
}

void view_close(struct view **view)
{
    struct view *v = *view;
    if (v == NULL) {
        return;
    }
    *view = NULL;
    if (v->runs) {
        lock_take(&v->lock);
        v->stop = true;
        MUST(pthread_cond_broadcast(&v->changed) == 0);
        lock_give(&v->lock);
        thread_join(v->thread);
    }
    journal_reader_close(&v->reader);
    if (v->walk != NULL) {
        (void)closedir(v->walk);
    }
    view_sessions_deinit(&v->sessions);
    view_renderer_deinit(&v->renderer);
    if (v->locks_made) {
        lock_deinit(&v->lock, &v->changed);
    }
    if (v->dir >= 0) {
        (void)close(v->dir);
    }
    free(v);
}

err_t view_read_tail(struct view *v, uuid_t session, size_t max_lines, view_line_fn each,
                     void *context)
{
    return view_file_tail(v->dir, session, max_lines, each, context);
}

void view_stats_read(struct view *v, struct view_stats *out)
{
    *out = (struct view_stats){
        .lines = counter_read(&v->lines),
        .writes = counter_read(&v->writes),
        .pending_bytes = (uint64_t)gauge_read(&v->pending_bytes),
        .lost_frames = counter_read(&v->lost_frames),
        .pending_sessions = (uint64_t)gauge_read(&v->pending_sessions),
        .sequence = atomic_load(&v->sequence),
    };
}
