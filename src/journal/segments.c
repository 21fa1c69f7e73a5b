#include "journal/segments.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/util.h"
#include "journal/frame.h"
#include "journal/segments_recover.h"
#include "journal/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ZERO_CHUNK = 64 * 1024,
    ZERO_PARTS = 16,
    SYNC_EVERY = 8 * 1024 * 1024, /* so that commits beside it wait for little */
    KEEPER_MS = 1000,
    PAUSES_MAX = 6 /* doublings of the pause behind a segment begun in vain: 64 probes, 16 s */
};

#define DAY_MS (INT64_C(24) * 3600 * MS_PER_S)

static const _Alignas(SEGMENT_PAGE) uint8_t zeros[ZERO_CHUNK];

static err_t because(struct journal_fault *why, enum err_code code, const char *reason)
{
    *why = (struct journal_fault){.reason = reason};
    return err_new(code);
}

static bool is_no_space(int number)
{
    return number == ENOSPC || number == EDQUOT;
}

/* ---- the keeper ------------------------------------------------------------------------------ */

/* Write zeros at `at`, as many as one call takes; 0 and how many, or an errno. */
static int write_zeros(const struct segments *s, int fd, uint64_t at, uint64_t *put)
{
    const struct journal_files *files = s->config.files;
    struct iovec parts[ZERO_PARTS];
    uint64_t left = s->config.segment_bytes - at;
    int count = 0;
    for (; count < ZERO_PARTS && left > 0; count++) {
        const size_t part = left < ZERO_CHUNK ? (size_t)left : ZERO_CHUNK;
        parts[count] = iovec_of((span_t){zeros, part});
        left -= part;
    }
    ssize_t n = -1;
    do {
        n = files->pwritev(files, fd, parts, count, (off_t)at);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        return n == 0 ? EIO : errno;
    }
    *put = (uint64_t)n;
    return 0;
}

/* Write past the page cache, or through it again: a copy of each zero costs more than the rest of the
 * work on them. False: this file system cannot. */
static bool pass_cache(int fd, bool past)
{
    const int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, past ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

/* Write zeros up to the size of a segment. The blocks then exist and a commit changes no metadata. */
static int fill_with_zeros(const struct segments *s, int fd)
{
    const struct journal_files *files = s->config.files;
    bool past = s->config.segment_bytes % SEGMENT_PAGE == 0 && pass_cache(fd, true);
    uint64_t since_sync = 0;
    uint64_t put = 0;
    for (uint64_t at = 0; at < s->config.segment_bytes; at += put) {
        const int number = write_zeros(s, fd, at, &put);
        if (number != 0 && number != ENOSPC && number != EDQUOT && past) {
            /* Some file systems take the flag and refuse the write; a broken disk says so again. */
            if (!pass_cache(fd, false)) {
                return number;
            }
            past = false;
            put = 0;
            continue;
        }
        if (number != 0) {
            return number;
        }
        since_sync += put;
        if (since_sync >= SYNC_EVERY) {
            since_sync = 0;
            if (files->fdatasync(files, fd) != 0) {
                return errno;
            }
        }
    }
    if (past && !pass_cache(fd, false)) {
        return errno;
    }
    return files->fsync(files, fd) == 0 ? 0 : errno;
}

/* Make the next segment; 0 and its fd, or an errno. It is asked for again and again while the disk is
 * full: without room for all of it not one byte is taken from those who still find some. `*in_vain`: the
 * file system had promised room (it may not tell of a quota), and zeros were written for nothing. */
static int prepare(const struct segments *s, int *out, bool *in_vain)
{
    *in_vain = false;
    const struct journal_files *files = s->config.files;
    if (files->room(files, s->dir) < s->config.segment_bytes) {
        return ENOSPC;
    }
    const int fd = files->open(files, s->dir, SEGMENTS_NEXT, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) {
        const int number = errno;
        (void)files->unlink(files, s->dir, SEGMENTS_NEXT);
        return number;
    }
    const int number = fill_with_zeros(s, fd);
    if (number != 0) {
        (void)close(fd);
        (void)files->unlink(files, s->dir, SEGMENTS_NEXT); /* gives its blocks back */
        *in_vain = true;
        return number;
    }
    *out = fd;
    return 0;
}

static void seal(struct segments *s)
{
    const int fd = s->sealed;
    const uint64_t end = s->sealed_end;
    lock_give(&s->lock);
    const struct journal_files *files = s->config.files;
    /* The zeros behind the last frame are harmless: to give them back is only thrift. */
    const bool cut = files->ftruncate(files, fd, (off_t)end) == 0;
    (void)close(fd);
    lock_take(&s->lock);
    s->sealed = -1;
    if (cut && s->count >= 2) {
        s->list[s->count - 2].bytes = end;
    }
}

/* Whether all of the oldest segment is older than retention keeps. A segment that says it began in the
 * future was begun while the clock was ahead, and one that says nothing cannot be read: the one behind it
 * tells more. */
static bool oldest_is_past(const struct segments *s)
{
    const int64_t kept_ms = (int64_t)s->config.retention_days * DAY_MS;
    const int64_t now_ms = clock_wall(s->config.vouched).ms;
    size_t i = 1;
    while (i < s->count && (s->list[i].since.ms > now_ms || s->list[i].since.ms == 0)) {
        i++;
    }
    return kept_ms > 0 && i < s->count && s->list[i].since.ms < now_ms - kept_ms;
}

/* Whether the oldest segment has to go. */
static bool oldest_is_due(const struct segments *s)
{
    if (s->count < 2 || s->list[1].first > s->view_done) {
        return false;
    }
    if (s->config.max_bytes > 0) {
        uint64_t sum = 0;
        for (size_t i = 0; i < s->count; i++) {
            sum += s->list[i].bytes;
        }
        if (sum > s->config.max_bytes) {
            return true;
        }
    }
    return oldest_is_past(s);
}

/* Told when what retention took is young, because room for it runs out before its time, and when what is
 * kept reaches back far enough again. */
static void note_short(struct segments *s, bool removed)
{
    const int64_t kept_ms = clock_wall(s->config.clock).ms - s->list[0].since.ms;
    const bool young = kept_ms < s->config.young_ms;
    const bool before = atomic_load(&s->cut_short);
    if (young == before || (young && !removed)) {
        return;
    }
    atomic_store(&s->cut_short, young);
    lock_give(&s->lock);
    log_event(s->config.log, young ? LOG_ERROR : LOG_INFO,
              young ? "journal.retention_short" : "journal.retention_enough",
              FIELD_INT("kept_s", kept_ms / MS_PER_S),
              FIELD_INT("wanted_s", s->config.young_ms / MS_PER_S));
    lock_take(&s->lock);
}

static void retain(struct segments *s)
{
    if (s->count > 0) {
        note_short(s, false);
    }
    while (!s->stop && oldest_is_due(s)) {
        char name[SEGMENT_NAME_SIZE];
        segment_name_print(s->list[0].first, name);
        lock_give(&s->lock);
        const struct journal_files *files = s->config.files;
        /* One after the other also on the disk: a power cut must not bring back an older one than
         * one that stays away, which would look like a missing segment. */
        const bool gone = (files->unlink(files, s->dir, name) == 0 || errno == ENOENT) &&
                          files->fsync(files, s->dir) == 0;
        log_event(s->config.log, gone ? LOG_INFO : LOG_WARN, "journal.segment_removed",
                  FIELD_TEXT("file", name), FIELD_BOOL("ok", gone));
        lock_take(&s->lock);
        if (!gone) {
            return;
        }
        s->count--;
        memmove(s->list, s->list + 1, s->count * sizeof *s->list);
        note_short(s, true);
    }
}

static void prepare_next(struct segments *s)
{
    lock_give(&s->lock);
    int fd = -1;
    bool in_vain = false;
    const int number = prepare(s, &fd, &in_vain);
    lock_take(&s->lock);
    s->in_vain = in_vain ? s->in_vain + 1 : 0;
    const uint32_t pause = in_vain ? 1U << size_min(s->in_vain, PAUSES_MAX) : 0;
    s->retry_at = mono_after_ms(clock_mono(s->config.clock), (int64_t)s->config.probe_ms * pause);
    if (number != 0 && s->prepare_errno != number) {
        log_event(s->config.log, LOG_ERROR, "journal.no_segment", FIELD_INT("errno", number));
    }
    s->prepared = fd;
    s->prepare_errno = number;
    atomic_store(&s->failing, number != 0);
    MUST(pthread_cond_broadcast(&s->changed) == 0);
}

static void *keeper_run(void *context)
{
    struct segments *s = context;
    lock_take(&s->lock);
    while (!s->stop) {
        if (s->sealed >= 0) {
            seal(s);
        }
        /* Before the next one is made: it may need the room. What was retired meanwhile is cut first. */
        retain(s);
        const bool retired = s->sealed >= 0;
        if (s->prepared < 0 && !retired && !s->stop &&
            clock_mono(s->config.clock).ns >= s->retry_at.ns) {
            prepare_next(s);
        }
        if (s->stop || s->sealed >= 0) {
            continue;
        }
        wait_ms(&s->changed, &s->lock, s->prepared < 0 ? s->config.probe_ms : KEEPER_MS);
    }
    lock_give(&s->lock);
    return NULL;
}

/* ---- for the writer and the others ----------------------------------------------------------- */

err_t segments_init(struct segments *s, const struct journal_config *config,
                    struct segments_found *found, struct journal_fault *why)
{
    *s = (struct segments){
        .config = *config, .dir = -1, .prepared = -1, .sealed = -1, .view_done = config->view_done};
    TRY(segments_place(s, why));
    TRY(segments_recover(s, found, why));
    if (failed(lock_init(&s->lock, &s->changed))) {
        return because(why, ERR_NOMEM, "no memory for a lock");
    }
    s->locks_made = true;
    if (failed(thread_start(&s->keeper, "journal-keep", keeper_run, s))) {
        return because(why, ERR_NOMEM, "no thread");
    }
    s->keeper_runs = true;
    return ERR_OK;
}

/* Make every wait end. */
static void stop_waits(struct segments *s)
{
    lock_take(&s->lock);
    s->stop = true;
    MUST(pthread_cond_broadcast(&s->changed) == 0);
    lock_give(&s->lock);
}

void segments_deinit(struct segments *s)
{
    if (s->keeper_runs) {
        stop_waits(s);
        thread_join(s->keeper);
    }
    if (s->sealed >= 0) {
        (void)s->config.files->ftruncate(s->config.files, s->sealed, (off_t)s->sealed_end);
        fd_close(&s->sealed);
    }
    if (s->prepared >= 0) {
        fd_close(&s->prepared);
        (void)unlinkat(s->dir, SEGMENTS_NEXT, 0);
    }
    if (s->locks_made) {
        lock_deinit(&s->lock, &s->changed);
    }
    fd_close(&s->dir); /* gives the lock back */
    free(s->list);
    s->list = NULL;
}

/* Name the prepared segment and make the name durable. */
static err_t name_prepared(struct segments *s, uint64_t first)
{
    const struct journal_files *files = s->config.files;
    char name[SEGMENT_NAME_SIZE];
    segment_name_print(first, name);
    if (files->rename(files, s->dir, SEGMENTS_NEXT, name) != 0) {
        return err_new(is_no_space(errno) ? ERR_STORAGE : ERR_IO);
    }
    return files->fsync(files, s->dir) == 0 ? ERR_OK : err_new(ERR_IO);
}

err_t segments_rotate(struct segments *s, int *fd, uint64_t used, uint64_t first)
{
    lock_take(&s->lock);
    while (s->prepared < 0 && s->prepare_errno == 0 && !s->stop) {
        wait_ms(&s->changed, &s->lock, s->config.probe_ms);
    }
    const int next = s->prepared;
    const bool room = next >= 0 && !failed(segments_reserve(s));
    lock_give(&s->lock);
    if (!room) {
        return err_new(ERR_STORAGE);
    }
    TRY(name_prepared(s, first)); /* the keeper leaves it alone while it stands as prepared */

    lock_take(&s->lock);
    MUST(s->sealed < 0); /* sealed before the next one was prepared */
    s->sealed = *fd;
    s->sealed_end = used;
    s->prepared = -1;
    s->list[s->count++] = (struct segment){
        .first = first, .bytes = s->config.segment_bytes, .since = clock_wall(s->config.clock)};
    MUST(pthread_cond_broadcast(&s->changed) == 0);
    lock_give(&s->lock);
    *fd = next;
    return ERR_OK;
}

void segments_await(struct segments *s, uint32_t ms)
{
    lock_take(&s->lock);
    if (!s->stop) {
        wait_ms(&s->changed, &s->lock, ms);
    }
    lock_give(&s->lock);
}

void segments_sum(struct segments *s, uint64_t *count, uint64_t *bytes)
{
    lock_take(&s->lock);
    *count = s->count;
    *bytes = 0;
    for (size_t i = 0; i < s->count; i++) {
        *bytes += s->list[i].bytes;
    }
    lock_give(&s->lock);
}

uint64_t segments_tail(struct segments *s, uint64_t bytes)
{
    lock_take(&s->lock);
    const uint64_t first = segments_first_of(s, bytes);
    lock_give(&s->lock);
    return first;
}

uint64_t segments_since(struct segments *s, wall_t since)
{
    /* One that says it began a day behind all that is asked for was begun under a clock that was wrong for a
     * moment: were it believed, all would be read from there until retention takes it. */
    const wall_t now = clock_wall(s->config.clock);
    const int64_t latest_ms = wall_after_ms(now.ms > since.ms ? now : since, DAY_MS).ms;
    size_t i = 0;
    lock_take(&s->lock);
    /* The oldest that begins since then: in those behind it the clock may have been set back. */
    while (i < s->count && (s->list[i].since.ms < since.ms || s->list[i].since.ms > latest_ms)) {
        i++;
    }
    while (i > 0 && (s->list[i - 1].since.ms == 0 || s->list[i - 1].since.ms > latest_ms)) {
        i--; /* it does not say when it began */
    }
    /* The one before holds the moment; one more, in case the clock was set back in it. */
    const uint64_t first = i >= 2 ? s->list[i - 2].first : 0;
    lock_give(&s->lock);
    return first;
}

uint64_t segments_bytes_since(struct segments *s, const journal_mark_t *mark)
{
    uint64_t sum = 0;
    lock_take(&s->lock);
    for (size_t i = 0; i < s->count; i++) {
        sum += s->list[i].first >= mark->segment ? s->list[i].bytes : 0;
    }
    lock_give(&s->lock);
    return sum > mark->offset ? sum - mark->offset : 0;
}

void segments_view_done(struct segments *s, uint64_t sequence)
{
    lock_take(&s->lock);
    s->view_done = sequence;
    lock_give(&s->lock);
}
