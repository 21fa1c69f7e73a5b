#include "journal/lane.h"

#include "base/util.h"
#include "journal/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

err_t lane_init(struct journal_lane *lane, struct journal *journal, size_t size)
{
    MUST(size >= 2 && (size & (size - 1)) == 0);
    lane->journal = journal;
    lane->size = size;
    lane->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (lane->event < 0) {
        return err_new(ERR_IO);
    }
    lane->ring = calloc(1, size); /* touched now, not by the first appends */
    return lane->ring == NULL ? err_new(ERR_NOMEM) : ERR_OK;
}

void lane_deinit(struct journal_lane *lane)
{
    if (lane->event >= 0) {
        (void)close(lane->event);
    }
    if (lane->ring != NULL) {
        explicit_bzero(lane->ring, lane->size); /* behaviour of people */
        free(lane->ring);
    }
}

/* Copy into the ring at position `at`; returns the position behind. */
static uint64_t ring_copy(struct journal_lane *lane, uint64_t at, const uint8_t *bytes, size_t len)
{
    if (len == 0) {
        return at;
    }
    const size_t from = (size_t)(at & (lane->size - 1));
    const size_t first = size_min(len, lane->size - from);
    memcpy(lane->ring + from, bytes, first);
    memcpy(lane->ring, bytes + first, len - first);
    return at + len;
}

err_t lane_put(struct journal_lane *lane, const journal_record_t *record, size_t size)
{
    const uint64_t head = atomic_load_explicit(&lane->head, memory_order_relaxed);
    if (size > lane->size - (size_t)(head - lane->done_seen)) {
        lane->done_seen = atomic_load_explicit(&lane->done, memory_order_acquire);
        if (size > lane->size - (size_t)(head - lane->done_seen)) {
            return err_new(ERR_LIMIT);
        }
    }

    uint8_t fixed[JOURNAL_RECORD_FIXED];
    journal_record_head(record, size, fixed);
    uint64_t at = ring_copy(lane, head, fixed, sizeof fixed);
    at = ring_copy(lane, at, record->type.ptr, record->type.len);
    at = ring_copy(lane, at, record->client_time.ptr, record->client_time.len);
    at = ring_copy(lane, at, record->data.ptr, record->data.len);
    MUST(at == head + size);
    atomic_store_explicit(&lane->head, at, memory_order_release);
    return ERR_OK;
}

static size_t record_size_at(const struct journal_lane *lane, uint64_t at)
{
    const size_t from = (size_t)(at & (lane->size - 1));
    if (lane->size - from >= 4) {
        return bytes_get32(lane->ring + from);
    }
    uint8_t length[4];
    for (size_t i = 0; i < sizeof length; i++) {
        length[i] = lane->ring[(from + i) & (lane->size - 1)];
    }
    return bytes_get32(length);
}

size_t lane_take(struct journal_lane *lane, size_t budget, struct lane_run *out, uint32_t *records)
{
    const uint64_t head = atomic_load_explicit(&lane->head, memory_order_acquire);
    const uint64_t start = lane->taken;
    uint64_t at = start;
    while (at < head) {
        const size_t size = record_size_at(lane, at);
        if (size > budget - (size_t)(at - start)) {
            break;
        }
        at += size;
        (*records)++;
    }

    const size_t len = (size_t)(at - start);
    const size_t from = (size_t)(start & (lane->size - 1));
    const size_t first = size_min(len, lane->size - from);
    out->part[0] = (span_t){lane->ring + from, first};
    out->part[1] = (span_t){lane->ring, len - first};
    lane->taken = at;
    return len;
}

void lane_finish(struct journal_lane *lane)
{
    if (lane->taken != atomic_load_explicit(&lane->done, memory_order_relaxed)) {
        atomic_store_explicit(&lane->done, lane->taken, memory_order_release);
        lane_signal(lane);
    }
}

void lane_return(struct journal_lane *lane)
{
    lane->taken = atomic_load_explicit(&lane->done, memory_order_relaxed);
}

void lane_signal(struct journal_lane *lane)
{
    const uint64_t one = 1;
    while (write(lane->event, &one, sizeof one) < 0 && errno == EINTR) {}
}
