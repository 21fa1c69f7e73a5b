#include "journal/journal.h"

#include "base/log.h"
#include "base/util.h"
#include "journal/journal_read.h"
#include "journal/thread.h"
#include "journal/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static err_t config_check(const struct journal_config *given, struct journal_config *out)
{
    struct journal_config c = *given;
    c.commit_us = c.commit_us == 0 ? JOURNAL_COMMIT_US_DEFAULT : c.commit_us;
    c.segment_bytes = c.segment_bytes == 0 ? JOURNAL_SEGMENT_BYTES_DEFAULT : c.segment_bytes;
    c.verify_bytes = c.verify_bytes == 0 ? JOURNAL_VERIFY_BYTES_DEFAULT : c.verify_bytes;
    c.probe_ms = c.probe_ms == 0 ? JOURNAL_PROBE_MS_DEFAULT : c.probe_ms;
    c.vouched = c.vouched == NULL ? c.clock : c.vouched;
    c.files = c.files == NULL ? journal_files_system() : c.files;
    const size_t lane_bytes = c.lane_bytes == 0 ? JOURNAL_LANE_BYTES_DEFAULT : c.lane_bytes;
    if (c.lanes < 1 || c.lanes > JOURNAL_LANES_MAX || lane_bytes > JOURNAL_LANE_BYTES_MAX ||
        c.segment_bytes < JOURNAL_SEGMENT_BYTES_MIN ||
        c.segment_bytes > JOURNAL_SEGMENT_BYTES_MAX || c.retention_days < 0) {
        return err_new(ERR_RANGE);
    }
    c.lane_bytes = JOURNAL_LANE_BYTES_MIN;
    while (c.lane_bytes < lane_bytes) {
        c.lane_bytes *= 2;
    }
    *out = c;
    return ERR_OK;
}

static err_t lanes_new(struct journal *j)
{
    const size_t bytes = j->config.lanes * sizeof *j->lanes;
    j->lanes = aligned_alloc(_Alignof(struct journal_lane), bytes);
    if (j->lanes == NULL) {
        return err_new(ERR_NOMEM);
    }
    memset(j->lanes, 0, bytes);
    for (unsigned i = 0; i < j->config.lanes; i++) {
        j->lanes[i].event = -1;
    }
    for (unsigned i = 0; i < j->config.lanes; i++) {
        TRY(lane_init(&j->lanes[i], j, j->config.lane_bytes));
    }
    return ERR_OK;
}

static err_t start(struct journal *j, const struct segments_found *found)
{
    const size_t room = (size_t)j->config.segment_bytes - FRAME_HEAD;
    j->frame_max = size_min(FRAME_PAYLOAD_MAX, room);
    j->record_max = size_min(JOURNAL_RECORD_MAX, size_min(j->frame_max, j->config.lane_bytes));
    j->next = found->next;
    j->mark = found->mark;
    j->cut_bytes = found->cut_bytes;
    j->began.ns = INT64_MIN / 2; /* long ago: the first commit need not wait */
    atomic_store(&j->committed, found->next);
    j->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (j->wake < 0) {
        return err_new(ERR_IO);
    }
    TRY(lanes_new(j));
    TRY(thread_start(&j->thread, "journal-write", writer_run, j));
    j->runs = true;
    return ERR_OK;
}

err_t journal_open(const struct journal_config *config, struct journal **out,
                   struct journal_fault *why)
{
    struct journal_fault unseen = {0};
    struct journal_fault *fault = why == NULL ? &unseen : why;
    *fault = (struct journal_fault){.reason = "the configuration is out of range"};
    struct journal_config checked = {0};
    TRY(config_check(config, &checked));

    CLEANUP(journal_close) struct journal *j = calloc(1, sizeof *j);
    if (j == NULL) {
        fault->reason = "no memory";
        return err_new(ERR_NOMEM);
    }
    j->config = checked;
    j->fd = -1;
    j->wake = -1;
    MUST(pthread_mutex_init(&j->mark_lock, NULL) == 0); /* of the default kind: it cannot fail */

    struct segments_found found = {0};
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    TRY(segments_init(&j->segments, &j->config, &found, fault));
    *fault = (struct journal_fault){.reason = "the writer cannot be started"};
    TRY(start(j, &found));
    log_event(j->config.log, found.cut_bytes > 0 ? LOG_WARN : LOG_INFO, "journal.opened",
              FIELD_INT("sequence", (int64_t)found.next),
              FIELD_INT("cut_bytes", (int64_t)found.cut_bytes));
    *out = j;
    j = NULL;
    return ERR_OK;
}

void journal_close(struct journal **journal)
{
    struct journal *j = *journal;
    if (j == NULL) {
        return;
    }
    *journal = NULL;
    if (j->runs) {
        atomic_store(&j->stopping, true);
        writer_wake(j);
        thread_join(j->thread);
    }
    if (j->fd >= 0) {
        /* A failed write may have left anything behind `used`: recovery will judge it. */
        if (journal_state_of(j) != JOURNAL_FAILED) {
            (void)j->config.files->ftruncate(j->config.files, j->fd, (off_t)j->used);
        }
        (void)close(j->fd);
    }
    segments_deinit(&j->segments);
    for (unsigned i = 0; j->lanes != NULL && i < j->config.lanes; i++) {
        lane_deinit(&j->lanes[i]);
    }
    free(j->lanes);
    if (j->wake >= 0) {
        (void)close(j->wake);
    }
    (void)pthread_mutex_destroy(&j->mark_lock);
    free(j);
}

/* ---- lanes ----------------------------------------------------------------------------------- */

struct journal_lane *journal_lane(struct journal *journal, unsigned index)
{
    MUST(index < journal->config.lanes);
    return &journal->lanes[index];
}

static err_t state_error(const struct journal_lane *lane)
{
    switch (journal_state_of(lane->journal)) {
    case JOURNAL_RUNNING: break;
    case JOURNAL_DISK_FULL: return err_new(ERR_STORAGE);
    case JOURNAL_FAILED: return err_new(ERR_IO);
    }
    return ERR_OK;
}

err_t journal_room(struct journal_lane *lane, size_t bytes)
{
    TRY(state_error(lane));
    const uint64_t waiting = journal_appended(lane) - journal_durable(lane);
    return bytes <= lane->size - (size_t)waiting ? ERR_OK : err_new(ERR_LIMIT);
}

err_t journal_append(struct journal_lane *lane, const journal_record_t *record,
                     uint64_t *out_position)
{
    TRY(state_error(lane));
    size_t size = 0;
    TRY(journal_record_size(record, &size));
    if (size > lane->journal->record_max) {
        return err_new(ERR_RANGE);
    }
    TRY(lane_put(lane, record, size));
    *out_position = journal_appended(lane);
    return ERR_OK;
}

void journal_kick(struct journal_lane *lane)
{
    const uint64_t head = journal_appended(lane);
    if (head == lane->kicked) {
        return; /* a look at the state of a session is no reason to wake anybody */
    }
    lane->kicked = head;
    atomic_fetch_add(&lane->kicks, 1);
    writer_wake(lane->journal);
}

void journal_crowd(struct journal_lane *lane, bool crowded)
{
    if (atomic_load_explicit(&lane->crowded, memory_order_relaxed) != crowded) {
        atomic_store_explicit(&lane->crowded, crowded, memory_order_relaxed);
    }
}

uint64_t journal_durable(const struct journal_lane *lane)
{
    return atomic_load_explicit(&lane->done, memory_order_acquire);
}

uint64_t journal_appended(const struct journal_lane *lane)
{
    return atomic_load_explicit(&lane->head, memory_order_relaxed);
}

int journal_lane_fd(const struct journal_lane *lane)
{
    return lane->event;
}

void journal_lane_ack(struct journal_lane *lane)
{
    uint64_t count = 0;
    while (read(lane->event, &count, sizeof count) < 0 && errno == EINTR) {}
}

/* ---- what everybody may ask ------------------------------------------------------------------ */

enum journal_state journal_state_of(const struct journal *journal)
{
    return (enum journal_state)atomic_load_explicit(&journal->state, memory_order_acquire);
}

bool journal_takes_events(const struct journal *journal)
{
    return journal_state_of(journal) == JOURNAL_RUNNING &&
           (atomic_load(&journal->has_segment) || !atomic_load(&journal->segments.failing));
}

void journal_stats_read(struct journal *journal, struct journal_stats *out)
{
    struct journal_stats stats = {
        .records = counter_read(&journal->records),
        .frames = counter_read(&journal->frames),
        .bytes = counter_read(&journal->bytes),
        .cut_bytes = journal->cut_bytes,
        .cut_short = atomic_load(&journal->segments.cut_short),
        .state = journal_state_of(journal),
    };
    histogram_read(&journal->commit, &stats.commit);
    for (unsigned i = 0; i < journal->config.lanes; i++) {
        const struct journal_lane *lane = &journal->lanes[i];
        const uint64_t done = journal_durable(lane); /* first: the head is never behind it */
        stats.queued_bytes += atomic_load_explicit(&lane->head, memory_order_acquire) - done;
    }
    segments_sum(&journal->segments, &stats.segments, &stats.segment_bytes);
    *out = stats;
}

uint64_t journal_committed(const struct journal *journal)
{
    return atomic_load_explicit(&journal->committed, memory_order_acquire);
}

void journal_mark_read(struct journal *journal, journal_mark_t *out)
{
    lock_take(&journal->mark_lock);
    *out = journal->mark;
    lock_give(&journal->mark_lock);
}

void journal_end_read(struct journal *journal, journal_place_t *out)
{
    lock_take(&journal->mark_lock);
    *out = journal->end;
    lock_give(&journal->mark_lock);
}

uint64_t journal_sequence_for_tail(struct journal *journal, uint64_t bytes)
{
    return segments_tail(&journal->segments, bytes);
}

uint64_t journal_sequence_since(struct journal *journal, wall_t since)
{
    return segments_since(&journal->segments, since);
}

uint64_t journal_bytes_since(struct journal *journal, const journal_mark_t *mark)
{
    return segments_bytes_since(&journal->segments, mark);
}

void journal_view_done(struct journal *journal, uint64_t sequence)
{
    segments_view_done(&journal->segments, sequence);
}

const char *journal_dir(const struct journal *journal)
{
    return journal->config.dir;
}

static err_t open_from(const struct journal *journal, uint64_t from, struct journal_reader **reader)
{
    journal_reader_close(reader);
    return journal_reader_open(journal->config.dir, from, journal_committed(journal), reader, NULL);
}

/* The reader has failed: retention was faster, which is no failure, or the journal is damaged. */
static err_t judge(const struct journal *journal, const struct journal_reader *reader, err_t e,
                   bool *outrun)
{
    if (journal_reader_is_outrun(reader)) {
        *outrun = true;
        return ERR_OK;
    }
    const struct journal_fault *where = journal_reader_fault(reader);
    log_event(journal->config.log, LOG_ERROR, "journal.damage", FIELD_TEXT("file", where->file),
              FIELD_INT("offset", (int64_t)where->offset), FIELD_TEXT("reason", where->reason));
    return e;
}

static err_t next_of(struct journal_reader *reader, uuid_t session, journal_record_t *out,
                     bool *more)
{
    *more = true;
    do {
        TRY(journal_reader_next(reader, out, more));
    } while (*more && !uuid_eq(out->session, session));
    return ERR_OK;
}

err_t journal_session_records(struct journal *journal, uuid_t session, wall_t since,
                              journal_record_fn each, void *context, bool *outrun)
{
    const uint64_t from = journal_sequence_since(journal, since);
    const uint64_t before =
        journal_sequence_since(journal, wall_after_ms(since, -JOURNAL_AHEAD_MS));
    CLEANUP(journal_reader_close) struct journal_reader *reader = NULL;
    *outrun = false;
    TRY(open_from(journal, from, &reader));
    bool begun = before >= from; /* there is nothing before it to look at */
    for (;;) {
        journal_record_t record = {0};
        bool more = true;
        const err_t e = next_of(reader, session, &record, &more);
        if (failed(e)) {
            return judge(journal, reader, e, outrun);
        }
        const bool from_the_middle = !more || record.kind != JOURNAL_SESSION_OPEN;
        if (!begun && from_the_middle) {
            begun = true;
            TRY(open_from(journal, before, &reader));
            continue;
        }
        begun = true;
        if (!more) {
            return ERR_OK;
        }
        TRY(each(context, &record));
    }
}
