#include "journal/writer.h"

#include "base/log.h"
#include "base/slice.h"
#include "base/util.h"
#include "codec/crc32c.h"
#include "journal/thread.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

enum { SLEEP_S = 1, SLACK_NS = 1000 };

static const uint8_t zeros[SEGMENT_PAGE];

/* ---- waiting --------------------------------------------------------------------------------- */

void writer_wake(struct journal *j)
{
    if (atomic_load(&j->sleeping) && atomic_exchange(&j->sleeping, false)) {
        const uint64_t one = 1;
        while (write(j->wake, &one, sizeof one) < 0 && errno == EINTR) {}
    }
}

static bool is_pending(const struct journal *j)
{
    for (unsigned i = 0; i < j->config.lanes; i++) {
        const struct journal_lane *lane = &j->lanes[i];
        if (atomic_load_explicit(&lane->head, memory_order_acquire) != lane->taken) {
            return true;
        }
    }
    return false;
}

/* Sleep until a kick. Either the kicker sees `sleeping`, or we see its kick and with it its head:
 * both sides write first and look then, sequentially consistent. */
static void sleep_until_kick(struct journal *j)
{
    atomic_store(&j->sleeping, true);
    for (unsigned i = 0; i < j->config.lanes; i++) {
        (void)atomic_load(&j->lanes[i].kicks);
    }
    if (!is_pending(j) && !atomic_load(&j->stopping)) {
        struct pollfd wake = {.fd = j->wake, .events = POLLIN};
        const struct timespec longest = {.tv_sec = SLEEP_S};
        (void)ppoll(&wake, 1, &longest, NULL);
    }
    atomic_store(&j->sleeping, false);
    uint64_t count = 0;
    while (read(j->wake, &count, sizeof count) < 0 && errno == EINTR) {}
}

static bool is_crowded(const struct journal *j)
{
    for (unsigned i = 0; i < j->config.lanes; i++) {
        if (atomic_load_explicit(&j->lanes[i].crowded, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

uint32_t writer_distance_us(const struct journal *j)
{
    const uint32_t asked = j->config.commit_us;
    if (asked >= JOURNAL_CROWD_US_MAX || !is_crowded(j)) {
        return asked;
    }
    return asked < JOURNAL_CROWD_US_MAX / JOURNAL_CROWD_FACTOR ? asked * JOURNAL_CROWD_FACTOR
                                                               : JOURNAL_CROWD_US_MAX;
}

/* Keep the distance to the last commit, so that a busy journal gathers more into each. */
static void keep_distance(struct journal *j)
{
    const int64_t apart_ns = (int64_t)writer_distance_us(j) * 1000;
    const int64_t passed_ns = clock_mono(j->config.clock).ns - j->began.ns;
    if (passed_ns >= 0 && passed_ns < apart_ns && !atomic_load(&j->stopping)) {
        const int64_t left = apart_ns - passed_ns;
        const struct timespec rest = {.tv_sec = (time_t)(left / NS_PER_S),
                                      .tv_nsec = (long)(left % NS_PER_S)};
        (void)nanosleep(&rest, NULL);
    }
}

/* ---- one commit ------------------------------------------------------------------------------ */

struct batch {
    size_t bytes;
    uint32_t records;
    int parts; /* of journal.parts, the head included */
};

static void add_part(struct journal *j, struct batch *batch, span_t bytes)
{
    if (bytes.len > 0) {
        j->parts[batch->parts++] = iovec_of(bytes);
    }
}

static struct batch gather(struct journal *j)
{
    struct batch batch = {.parts = 1};
    MUST(j->config.lanes > 0);
    for (unsigned i = 0; i < j->config.lanes; i++) {
        struct lane_run run = {0};
        batch.bytes += lane_take(&j->lanes[(j->turn + i) % j->config.lanes],
                                 j->frame_max - batch.bytes, &run, &batch.records);
        add_part(j, &batch, run.part[0]);
        add_part(j, &batch, run.part[1]);
    }
    j->turn = (j->turn + 1) % j->config.lanes;
    return batch;
}

static err_t write_parts(struct journal *j, int count)
{
    const struct journal_files *files = j->config.files;
    struct iovec *parts = j->parts;
    off_t at = (off_t)j->used;
    while (count > 0) {
        const ssize_t put = files->pwritev(files, j->fd, parts, count, at);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            const bool full = put < 0 && (errno == ENOSPC || errno == EDQUOT);
            return err_new(full ? ERR_STORAGE : ERR_IO);
        }
        at += put;
        size_t left = (size_t)put;
        while (count > 0 && left >= parts->iov_len) {
            left -= parts->iov_len;
            parts++;
            count--;
        }
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    return ERR_OK;
}

/* Behind a frame the rest of its page is zero already, and written with it: see SEGMENT_PAGE. */
static int fill_page(struct journal *j, int parts, size_t size)
{
    const uint64_t end = j->used + size;
    const size_t behind = (size_t)(j->config.segment_bytes - end);
    const size_t rest = (SEGMENT_PAGE - (size_t)(end % SEGMENT_PAGE)) % SEGMENT_PAGE;
    j->parts[parts] = iovec_of((span_t){zeros, size_min(rest, behind)});
    return parts + 1;
}

/* Write what was gathered as one frame and make it durable. */
static err_t write_frame(struct journal *j, const struct batch *batch)
{
    const size_t size = FRAME_HEAD + batch->bytes;
    if (j->fd < 0 || j->used + size > j->config.segment_bytes) {
        TRY(segments_rotate(&j->segments, &j->fd, j->used, j->next));
        atomic_store(&j->has_segment, true);
        j->used = 0;
        j->first = j->next;
    }

    const struct frame_head head = {
        .sequence = j->next,
        .at = clock_wall(j->config.clock),
        .length = (uint32_t)batch->bytes,
        .records = batch->records,
    };
    uint8_t raw[FRAME_HEAD];
    uint32_t crc = frame_head_write(&head, raw);
    for (int i = 1; i < batch->parts; i++) {
        crc = crc32c(crc, (span_t){j->parts[i].iov_base, j->parts[i].iov_len});
    }
    frame_head_seal(raw, crc);
    const journal_mark_t mark = {
        .sequence = j->next + 1, .segment = j->first, .offset = j->used, .crc = crc};
    j->parts[0] = (struct iovec){.iov_base = raw, .iov_len = sizeof raw};
    TRY(write_parts(j, fill_page(j, batch->parts, size)));
    if (j->config.files->fdatasync(j->config.files, j->fd) != 0) {
        return err_new(ERR_IO); /* what the kernel dropped it will not try again */
    }

    j->used += size;
    j->next++;
    counter_add(&j->records, batch->records);
    counter_add(&j->frames, 1);
    counter_add(&j->bytes, size);
    lock_take(&j->mark_lock);
    j->mark = mark;
    j->end = (journal_place_t){.segment = j->first, .offset = j->used};
    lock_give(&j->mark_lock);
    atomic_store_explicit(&j->committed, j->next, memory_order_release);
    return ERR_OK;
}

static void set_state(struct journal *j, enum journal_state state)
{
    if (atomic_load_explicit(&j->state, memory_order_relaxed) == (int)state) {
        return;
    }
    atomic_store(&j->state, (int)state);
    log_event(j->config.log, state == JOURNAL_RUNNING ? LOG_NOTICE : LOG_ERROR, "journal.state",
              FIELD_INT("state", (int64_t)state), FIELD_INT("sequence", (int64_t)j->next));
    for (unsigned i = 0; i < j->config.lanes; i++) {
        lane_signal(&j->lanes[i]);
    }
}

/* Commit what the lanes hold, up to one frame. */
static err_t commit(struct journal *j)
{
    keep_distance(j);
    j->began = clock_mono(j->config.clock);
    const struct batch batch = gather(j);
    const err_t e = write_frame(j, &batch);
    if (failed(e)) {
        for (unsigned i = 0; i < j->config.lanes; i++) {
            lane_return(&j->lanes[i]);
        }
        return e;
    }
    histogram_observe(&j->commit, clock_mono(j->config.clock).ns - j->began.ns);
    set_state(j, JOURNAL_RUNNING);
    for (unsigned i = 0; i < j->config.lanes; i++) {
        lane_finish(&j->lanes[i]);
    }
    return ERR_OK;
}

/* An empty frame says that the end is orderly: damage in the frame before it is then not taken
 * for a torn tail. Without it nothing is lost. */
static void mark_end(struct journal *j)
{
    if (j->fd >= 0 && j->used + FRAME_HEAD <= j->config.segment_bytes) {
        const struct batch empty = {.parts = 1};
        (void)write_frame(j, &empty);
    }
}

void *writer_run(void *context)
{
    struct journal *j = context;
    (void)prctl(PR_SET_TIMERSLACK, SLACK_NS);
    (void)slice_ask(SLICE_SHORTEST_NS); /* everybody waits for it, and it works for moments */
    for (;;) {
        const bool last_round = atomic_load(&j->stopping); /* before the look at the lanes */
        if (!is_pending(j)) {
            if (last_round) {
                mark_end(j);
                return NULL;
            }
            sleep_until_kick(j);
            continue;
        }
        const err_t e = commit(j);
        if (!failed(e)) {
            continue;
        }
        if (e.code != ERR_STORAGE) {
            set_state(j, JOURNAL_FAILED);
            return NULL;
        }
        set_state(j, JOURNAL_DISK_FULL);
        if (last_round) {
            return NULL; /* nobody was told that it is kept */
        }
        segments_await(&j->segments, j->config.probe_ms);
    }
}
