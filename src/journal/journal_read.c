#include "journal/journal_read.h"

#include "base/util.h"
#include "journal/frame.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    READ_CHUNK = 256 * 1024,
    CANDIDATES_MAX = 64 /* things that look like a later frame; more than that is damage anyway */
};

struct journal_reader {
    int dir;
    int fd;            /* of the open segment, or -1 */
    uint64_t segment;  /* its first sequence */
    uint64_t offset;   /* of the next frame in it */
    uint64_t expected; /* sequence of the next frame; 0 before the first segment */
    uint64_t from, limit;
    journal_place_t end; /* of what is written, as far as it was told; segment 0: not told */

    uint8_t *buffer; /* bytes [at, at + len) of the segment */
    size_t cap;
    uint64_t at;
    size_t len;

    span_t payload; /* what is left of the frame at hand, inside the buffer */
    uint64_t payload_at;
    uint32_t records; /* left in it */
    uint64_t behind;  /* not 0: the fault is inside the frame before `expected`, which ends here */

    journal_mark_t mark; /* behind the last frame */
    struct journal_fault fault;
    struct journal_read_stats stats;
};

static err_t fail(struct journal_reader *r, enum err_code code, const char *reason)
{
    r->fault = (struct journal_fault){.offset = r->offset, .reason = reason};
    if (r->segment != 0) {
        segment_name_print(r->segment, r->fault.file);
    }
    return err_new(code);
}

/* ---- bytes of the open segment --------------------------------------------------------------- */

/* How much of `need` there is to read: the zeros behind the end stand on the disk alone. */
static size_t up_to_end(const struct journal_reader *r, uint64_t offset, size_t want, size_t need)
{
    if (r->segment != r->end.segment || offset > r->end.offset) {
        return need;
    }
    const uint64_t there = r->end.offset - offset;
    return there < need ? size_max(want, (size_t)there) : need;
}

/* Fill the buffer from `offset` on with at least `want` bytes, or up to the end of the file. */
static err_t fill(struct journal_reader *r, uint64_t offset, size_t want)
{
    const size_t need = size_max(want, READ_CHUNK);
    if (need > r->cap) {
        uint8_t *grown = realloc(r->buffer, need);
        if (grown == NULL) {
            return fail(r, ERR_NOMEM, "no memory for a frame");
        }
        r->buffer = grown;
        r->cap = need;
    }
    r->at = offset;
    r->len = 0;
    const size_t most = up_to_end(r, offset, want, need);
    while (r->len < most) {
        const ssize_t got =
            pread(r->fd, r->buffer + r->len, most - r->len, (off_t)(offset + r->len));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(r, ERR_IO, "the segment cannot be read");
        }
        if (got == 0) {
            break;
        }
        r->len += (size_t)got;
    }
    return ERR_OK;
}

/* Look at up to `want` bytes at `offset`; fewer only at the end of the file. */
static err_t peek(struct journal_reader *r, uint64_t offset, size_t want, span_t *out)
{
    if (offset < r->at || offset - r->at > r->len || r->len - (size_t)(offset - r->at) < want) {
        TRY(fill(r, offset, want));
    }
    const size_t skip = (size_t)(offset - r->at);
    MUST(r->buffer != NULL);
    *out = (span_t){r->buffer + skip, size_min(r->len - skip, want)};
    return ERR_OK;
}

static void forget_buffer(struct journal_reader *r)
{
    r->at = 0;
    r->len = 0;
    r->payload = (span_t){0};
}

/* Read the frame at `offset`, if a whole one stands there. */
static err_t frame_at(struct journal_reader *r, uint64_t offset, struct frame_head *head,
                      span_t *payload, bool *found)
{
    span_t bytes = {0};
    *found = false;
    TRY(peek(r, offset, FRAME_HEAD, &bytes));
    if (!frame_head_read(bytes, head)) {
        return ERR_OK;
    }
    const size_t all = FRAME_HEAD + head->length;
    TRY(peek(r, offset, all, &bytes));
    if (bytes.len < all) {
        return ERR_OK;
    }
    const span_t body = {bytes.ptr + FRAME_HEAD, head->length};
    if (frame_is_whole(head, (span_t){bytes.ptr, FRAME_HEAD}, body)) {
        *payload = body;
        *found = true;
    }
    return ERR_OK;
}

/* ---- segments -------------------------------------------------------------------------------- */

static void segment_close(struct journal_reader *r)
{
    if (r->fd >= 0) {
        (void)close(r->fd);
        r->fd = -1;
    }
    forget_buffer(r);
}

/* Go to segment `first`; `*found` is false when there is none of that name. */
static err_t segment_enter(struct journal_reader *r, uint64_t first, bool *found)
{
    char name[SEGMENT_NAME_SIZE];
    segment_name_print(first, name);
    const int fd = openat(r->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *found = fd >= 0;
    if (fd < 0) {
        return errno == ENOENT ? ERR_OK : fail(r, ERR_IO, "a segment cannot be opened");
    }
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return fail(r, ERR_IO, "a segment is no file");
    }
    segment_close(r);
    r->fd = fd;
    r->segment = first;
    r->offset = 0;
    r->expected = first;
    r->stats.segments++;
    return ERR_OK;
}

static err_t list_segments(struct journal_reader *r, struct segment_list *out)
{
    const err_t e = segment_list_read(r->dir, out);
    return failed(e) ? fail(r, e.code, "the directory cannot be read") : ERR_OK;
}

/* Open the segment that holds `from`, or the oldest one behind it; none: `*found` is false. */
static err_t segment_find(struct journal_reader *r, bool *found)
{
    *found = false;
    for (int tries = 0; tries < 8 && !*found; tries++) { /* retention may take one meanwhile */
        CLEANUP(segment_list_deinit) struct segment_list list = {0};
        TRY(list_segments(r, &list));
        if (list.count == 0) {
            return ERR_OK;
        }
        size_t i = 0;
        while (i + 1 < list.count && list.first[i + 1] <= r->from) {
            i++;
        }
        if (list.first[i] >= r->limit) {
            return ERR_OK;
        }
        TRY(segment_enter(r, list.first[i], found));
    }
    return *found ? ERR_OK : fail(r, ERR_IO, "segments vanish while they are opened");
}

/* Bytes from `offset` to the last one that is not zero. */
static err_t measure_rest(struct journal_reader *r, uint64_t offset, uint64_t *out)
{
    uint64_t rest = 0;
    for (uint64_t at = offset;;) {
        span_t bytes = {0};
        TRY(peek(r, at, READ_CHUNK, &bytes));
        for (size_t i = bytes.len; i > 0; i--) {
            if (bytes.ptr[i - 1] != 0) {
                rest = at + i - offset;
                break;
            }
        }
        if (bytes.len < READ_CHUNK) {
            *out = rest;
            return ERR_OK;
        }
        at += bytes.len;
    }
}

/* Look for a whole frame anywhere behind `offset`. */
static err_t search_later(struct journal_reader *r, uint64_t offset, bool *found)
{
    unsigned candidates = 0;
    *found = false;
    for (uint64_t at = offset + 1;;) {
        span_t bytes = {0};
        TRY(peek(r, at, READ_CHUNK, &bytes));
        if (bytes.len < FRAME_HEAD) {
            return ERR_OK;
        }
        const uint8_t *hit = memchr(bytes.ptr, 0xff, bytes.len - (FRAME_HEAD - 1));
        if (hit == NULL) {
            at += bytes.len - (FRAME_HEAD - 1);
            continue;
        }
        at += (uint64_t)(hit - bytes.ptr);
        struct frame_head head = {0};
        if (frame_head_read((span_t){hit, FRAME_HEAD}, &head)) {
            span_t payload = {0};
            TRY(frame_at(r, at, &head, &payload, found));
            if (*found || ++candidates == CANDIDATES_MAX) {
                *found = true;
                return ERR_OK;
            }
        }
        at++;
    }
}

/* Whether a segment exists that begins behind the expected frame. */
static err_t later_segment(struct journal_reader *r, bool *found)
{
    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    TRY(list_segments(r, &list));
    *found = list.count > 0 && list.first[list.count - 1] > r->expected;
    return ERR_OK;
}

enum step { STEP_FRAME, STEP_ON, STEP_SUSPECT, STEP_END };

/* No frame at the offset: is it the end of the segment, of the journal, or damage? */
static err_t leave_segment(struct journal_reader *r, enum step *out)
{
    bool found = false;
    if (r->expected != r->segment) {
        /* The next name says that nothing is missing, whatever the rest of this file holds. */
        TRY(segment_enter(r, r->expected, &found));
        if (found) {
            *out = STEP_ON;
            return ERR_OK;
        }
    }

    *out = STEP_SUSPECT;
    if (r->limit != JOURNAL_TO_THE_END) {
        return ERR_OK; /* it is durable, so it must be there */
    }
    TRY(later_segment(r, &found));
    if (found) {
        return ERR_OK;
    }
    TRY(search_later(r, r->offset, &found));
    if (found) {
        return ERR_OK;
    }
    TRY(measure_rest(r, r->offset, &r->stats.torn_bytes));
    *out = STEP_END;
    return ERR_OK;
}

/* ---- frames and records ---------------------------------------------------------------------- */

/* Take the expected frame if it stands at the offset; bytes read earlier may be out of date. */
static err_t take_frame(struct journal_reader *r, bool *found)
{
    struct frame_head head = {0};
    span_t payload = {0};
    TRY(frame_at(r, r->offset, &head, &payload, found));
    if (!*found) {
        forget_buffer(r);
        TRY(frame_at(r, r->offset, &head, &payload, found));
    }
    if (!*found || head.sequence != r->expected) {
        *found = false;
        return ERR_OK;
    }
    if (head.sequence >= r->from) {
        r->payload = payload;
        r->records = head.records;
    }
    r->payload_at = r->offset;
    r->mark = (journal_mark_t){
        .sequence = head.sequence + 1, .segment = r->segment, .offset = r->offset, .crc = head.crc};
    r->offset += FRAME_HEAD + head.length;
    r->expected++;
    r->stats.frames++;
    r->stats.bytes += FRAME_HEAD + head.length;
    return ERR_OK;
}

static err_t next_frame(struct journal_reader *r, enum step *out)
{
    bool found = false;
    *out = STEP_END;
    if (r->fd < 0) {
        TRY(segment_find(r, &found));
        if (!found) {
            return ERR_OK;
        }
    }
    if (r->expected >= r->limit) {
        return ERR_OK;
    }
    for (int look = 0; look < 2; look++) {
        TRY(take_frame(r, &found));
        if (found) {
            *out = STEP_FRAME;
            return ERR_OK;
        }
        TRY(leave_segment(r, out));
        if (*out != STEP_SUSPECT) {
            return ERR_OK;
        }
        forget_buffer(r); /* a running writer may have gone on between the two looks */
    }
    return fail(r, ERR_FORMAT, "a frame is damaged or missing before the end of the journal");
}

err_t journal_reader_next(struct journal_reader *r, journal_record_t *out, bool *more)
{
    while (r->payload.len == 0) {
        enum step step = STEP_END;
        TRY(next_frame(r, &step));
        if (step == STEP_END) {
            *more = false;
            return ERR_OK;
        }
    }

    journal_record_t record = {0};
    size_t size = 0;
    const bool fits = r->records > 0 && !failed(journal_record_read(r->payload, &record, &size));
    const bool last = r->records == 1;
    if (!fits || last != (size == r->payload.len)) {
        r->behind = r->offset;
        r->offset = r->payload_at;
        return fail(r, ERR_FORMAT, "a record inside a whole frame is malformed");
    }
    r->payload.ptr += size;
    r->payload.len -= size;
    r->records--;
    r->stats.records++;
    *out = record;
    *more = true;
    return ERR_OK;
}

/* ---- behind damage --------------------------------------------------------------------------- */

/* Look in the open segment for the next whole frame that the limit allows; `*at`: where it stands. */
static err_t find_behind(struct journal_reader *r, uint64_t *at, uint64_t *sequence, bool *found)
{
    *found = false;
    for (*at = r->behind != 0 ? r->behind : r->offset + 1;;) {
        span_t bytes = {0};
        struct frame_head head = {0};
        span_t payload = {0};
        TRY(peek(r, *at, READ_CHUNK, &bytes));
        if (bytes.len < FRAME_HEAD) {
            return ERR_OK;
        }
        const uint8_t *hit = memchr(bytes.ptr, 0xff, bytes.len - (FRAME_HEAD - 1));
        if (hit == NULL) {
            *at += bytes.len - (FRAME_HEAD - 1);
            continue;
        }
        *at += (uint64_t)(hit - bytes.ptr);
        if (frame_head_read((span_t){hit, FRAME_HEAD}, &head) && head.sequence >= r->expected &&
            head.sequence < r->limit) {
            TRY(frame_at(r, *at, &head, &payload, found));
            if (*found) {
                *sequence = head.sequence;
                return ERR_OK;
            }
        }
        *at += 1;
    }
}

/* The next segment that the limit allows, if there is one. */
static err_t segment_behind(struct journal_reader *r, bool *found)
{
    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    *found = false;
    TRY(list_segments(r, &list));
    for (size_t i = 0; i < list.count; i++) {
        if (list.first[i] > r->segment && list.first[i] >= r->expected &&
            list.first[i] < r->limit) {
            return segment_enter(r, list.first[i], found);
        }
    }
    return ERR_OK;
}

err_t journal_reader_skip(struct journal_reader *r, uint64_t *lost, bool *found)
{
    const uint64_t was = r->behind != 0 ? r->expected - 1 : r->expected;
    uint64_t at = 0;
    uint64_t sequence = 0;
    *found = false;
    forget_buffer(r);
    if (r->fd < 0) {
        return ERR_OK;
    }
    TRY(find_behind(r, &at, &sequence, found));
    forget_buffer(r);
    if (*found) {
        r->offset = at;
        r->expected = sequence;
    } else {
        TRY(segment_behind(r, found));
    }
    if (*found) {
        r->behind = 0;
        const uint64_t first = was > r->from ? was : r->from;
        *lost = r->expected > first ? r->expected - first : 0;
    }
    return ERR_OK;
}

/* ---- life ------------------------------------------------------------------------------------ */

err_t journal_reader_open(const char *dir, uint64_t from, uint64_t limit,
                          struct journal_reader **out, struct journal_fault *why)
{
    struct journal_reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return err_new(ERR_NOMEM);
    }
    r->fd = -1;
    r->from = from;
    r->limit = limit;
    r->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->dir < 0) {
        free(r);
        if (why != NULL) {
            *why = (struct journal_fault){.reason = "the directory cannot be opened"};
        }
        return err_new(ERR_IO);
    }
    *out = r;
    return ERR_OK;
}

/* Stand behind the frame that the mark names. */
static err_t go_to_mark(struct journal_reader *r, const journal_mark_t *mark)
{
    struct frame_head head = {0};
    span_t payload = {0};
    bool found = false;
    if (mark->sequence < 2 || mark->segment == 0) {
        return fail(r, ERR_FORMAT, "the mark names no frame");
    }
    TRY(segment_enter(r, mark->segment, &found));
    r->offset = mark->offset;
    if (found) {
        TRY(frame_at(r, mark->offset, &head, &payload, &found));
    }
    if (!found || head.sequence != mark->sequence - 1 || head.crc != mark->crc) {
        return fail(r, ERR_FORMAT, "the marked frame is not there");
    }
    r->offset += FRAME_HEAD + head.length;
    r->expected = mark->sequence;
    r->mark = *mark;
    return ERR_OK;
}

err_t journal_reader_open_at(const char *dir, const journal_mark_t *mark, uint64_t limit,
                             struct journal_reader **out, struct journal_fault *why)
{
    struct journal_reader *r = NULL;
    TRY(journal_reader_open(dir, mark->sequence, limit, &r, why));
    const err_t e = go_to_mark(r, mark);
    if (failed(e)) {
        if (why != NULL) {
            *why = r->fault;
        }
        journal_reader_close(&r);
        return e;
    }
    *out = r;
    return ERR_OK;
}

void journal_reader_close(struct journal_reader **reader)
{
    struct journal_reader *r = *reader;
    if (r == NULL) {
        return;
    }
    segment_close(r);
    (void)close(r->dir);
    free(r->buffer);
    free(r);
    *reader = NULL;
}

void journal_reader_extend(struct journal_reader *r, uint64_t limit, const journal_place_t *end)
{
    MUST(limit >= r->limit);
    r->limit = limit;
    r->end = *end;
}

bool journal_reader_is_outrun(const struct journal_reader *r)
{
    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    return !failed(segment_list_read(r->dir, &list)) && list.count > 0 &&
           list.first[0] > r->expected;
}

uint64_t journal_reader_sequence(const struct journal_reader *r)
{
    if (r->payload.len > 0) {
        return r->expected - 1;
    }
    return r->expected > r->from ? r->expected : r->from;
}

uint64_t journal_reader_frame(const struct journal_reader *r)
{
    return r->expected == 0 ? 0 : r->expected - 1;
}

void journal_reader_mark(const struct journal_reader *r, journal_mark_t *out)
{
    *out = r->mark;
}

const struct journal_fault *journal_reader_fault(const struct journal_reader *r)
{
    return &r->fault;
}

void journal_reader_stats(const struct journal_reader *r, struct journal_read_stats *out)
{
    *out = r->stats;
    out->segment = r->segment;
    out->offset = r->offset;
}
