/*
 * journal_read.h - reads the records of a journal directory in order, beside a running writer too.
 *
 * Floor      journal
 * Units      sequences count frames, offsets in bytes.
 * Ownership  the caller owns the reader until journal_reader_close(); spans of a record are lent
 *            until the next call.
 * Errors     ERR_FORMAT damage or a missing segment (where: journal_reader_fault), ERR_IO, ERR_NOMEM.
 * Threads    one at a time per reader; never writes, takes no lock.
 */
#ifndef JOURNAL_JOURNAL_READ_H
#define JOURNAL_JOURNAL_READ_H

#include "base/err.h"
#include "base/span.h"
#include "journal/files.h"
#include "journal/mark.h"
#include "journal/record.h"

#include <stdbool.h>
#include <stdint.h>

struct journal_reader;

/* The limit of a reader that stops by itself where the written part ends. */
#define JOURNAL_TO_THE_END UINT64_MAX

struct journal_read_stats {
    uint64_t segments; /* opened so far */
    uint64_t frames;
    uint64_t records;
    uint64_t bytes;      /* of whole frames */
    uint64_t torn_bytes; /* behind the last whole frame of the newest segment, up to the last one
                            that is not zero; known once the end was reached */
    uint64_t segment;    /* first sequence of the segment at hand; 0: none */
    uint64_t offset;     /* in it, of the next frame */
};

/* Read from the first frame whose sequence is >= `from` (0: the oldest kept) up to, without,
 * sequence `limit`. With JOURNAL_TO_THE_END a torn last frame is the end, not a fault. */
NODISCARD err_t journal_reader_open(const char *dir, uint64_t from, uint64_t limit,
                                    struct journal_reader **out, struct journal_fault *why);

/* Read from a mark up to `limit`, without looking at anything before the frame that it names.
 * ERR_FORMAT: this journal does not hold that frame. */
NODISCARD err_t journal_reader_open_at(const char *dir, const journal_mark_t *mark, uint64_t limit,
                                       struct journal_reader **out, struct journal_fault *why);

/* Accepts NULL, leaves NULL. */
void journal_reader_close(struct journal_reader **reader);

/* The next record; `*more` turns false at the limit or the end, `*out` is then untouched. */
NODISCARD err_t journal_reader_next(struct journal_reader *reader, journal_record_t *out,
                                    bool *more);

/* Allow the reader to go on to a later limit (journal_committed() has grown). `end`, read after it: what
 * lies behind is not looked at. */
void journal_reader_extend(struct journal_reader *reader, uint64_t limit,
                           const journal_place_t *end);

/* After ERR_FORMAT: go on with the next whole frame below the limit; `*lost` frames from `from` on are passed over. What the
 * damaged one had not given yet is lost with it. `*found` is false, and nothing changed, when there is
 * none, or none yet. */
NODISCARD err_t journal_reader_skip(struct journal_reader *reader, uint64_t *lost, bool *found);

/* After ERR_FORMAT: it is no damage, retention has removed what would have come next. */
bool journal_reader_is_outrun(const struct journal_reader *reader);

/* Sequence of the frame that the next record comes from, or would come from. */
uint64_t journal_reader_sequence(const struct journal_reader *reader);

/* Sequence of the frame that the last record came from; 0 before the first. */
uint64_t journal_reader_frame(const struct journal_reader *reader);

/* The place behind the last frame that was read; sequence 0 before the first. */
void journal_reader_mark(const struct journal_reader *reader, journal_mark_t *out);

/* Where and why the last call failed. */
const struct journal_fault *journal_reader_fault(const struct journal_reader *reader);

void journal_reader_stats(const struct journal_reader *reader, struct journal_read_stats *out);

#endif
