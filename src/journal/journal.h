/*
 * journal.h - the truth: every event and fact of every session, durable before it is acknowledged.
 *
 * Floor      journal
 * Units      positions and sizes in bytes; sequences count frames (one frame per group commit).
 * Ownership  the caller owns `struct journal *` until journal_close(); lanes belong to it.
 *            What the config points to (clock, log, files) is borrowed and outlives the journal.
 * Errors     ERR_FORMAT damage (where: struct journal_fault), ERR_LIMIT lane full,
 *            ERR_STORAGE disk full (heals by itself), ERR_IO failed for good, ERR_RANGE too long.
 * Threads    each lane has one owner thread; everything else from any thread.
 *
 * One writer thread gathers all lanes into one frame, writes it into a zero-filled segment and
 * makes it durable; a helper prepares the next segment, so that a change of segment costs a rename.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "base/asked.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/metric.h"
#include "base/uuid.h"
#include "journal/files.h"
#include "journal/mark.h"
#include "journal/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log;
struct journal;
struct journal_lane;

/* What 0 stands for in the config. */
#define JOURNAL_COMMIT_US_DEFAULT     500U
#define JOURNAL_SEGMENT_BYTES_DEFAULT (UINT64_C(64) << 20)
#define JOURNAL_LANE_BYTES_DEFAULT    ((size_t)4 << 20)
#define JOURNAL_VERIFY_BYTES_DEFAULT  (UINT64_C(256) << 20)
#define JOURNAL_PROBE_MS_DEFAULT      250U

/* See journal_crowd(). */
#define JOURNAL_CROWD_FACTOR 4U
#define JOURNAL_CROWD_US_MAX 10000U

/* The narrowest and widest that a config may ask for. */
#define JOURNAL_SEGMENT_BYTES_MIN ((uint64_t)4096)
#define JOURNAL_SEGMENT_BYTES_MAX (UINT64_C(1) << 30)
#define JOURNAL_LANE_BYTES_MIN    ((size_t)1024)
#define JOURNAL_LANE_BYTES_MAX    ((size_t)256 << 20)
#define JOURNAL_LANES_MAX         64U

/* So far a clock may have been ahead when a session was opened. */
#define JOURNAL_AHEAD_MS (INT64_C(3600) * 1000)

/* All is done that a view wants of a journal that has none. */
#define JOURNAL_NO_VIEW UINT64_MAX

struct journal_config {
    const char *dir;        /* DATA_DIR/journal; made (0700) when missing, its parent must exist */
    unsigned lanes;         /* 1..JOURNAL_LANES_MAX: one per thread that appends */
    uint32_t commit_us;     /* least time between the starts of two commits */
    uint64_t segment_bytes; /* size of a segment */
    uint64_t max_bytes;     /* oldest segments go beyond this; 0: no bound */
    int64_t young_ms;       /* a segment that goes with younger frames is an alarm; 0: never */
    int retention_days;     /* segments older than this go; 0: kept for ever */
    uint32_t probe_ms;      /* how often to look whether a full disk has room again; 0: 250 */
    size_t lane_bytes;      /* ring of one lane; rounded up to a power of two */
    uint64_t verify_bytes;  /* newest bytes verified at open (two segments at least); 0: 256 MiB */
    const journal_mark_t
        *verify_from;   /* verify from here instead, if retention has left it; or NULL */
    uint64_t holds;     /* frames below were durable, somebody knows; 0: nobody does */
    uint64_t view_done; /* as if journal_view_done() had said so before retention looks: 0 keeps all
                           until it does; JOURNAL_NO_VIEW: there is none to wait for */
    const struct asked *asked; /* may end the opening with ERR_TIMEOUT; or NULL */
    const struct clock *clock;
    const struct clock *vouched;       /* retention goes by this one; NULL: by `clock` */
    struct log *log;                   /* NULL: silent */
    const struct journal_files *files; /* NULL: the operating system's */
};

enum journal_state {
    JOURNAL_RUNNING,
    JOURNAL_DISK_FULL, /* appends are refused, what was appended waits; heals by itself */
    JOURNAL_FAILED     /* a write or sync failed: nothing is acknowledged any more, for good */
};

struct journal_stats {
    uint64_t records; /* durable since open */
    uint64_t frames;
    uint64_t bytes;        /* written since open, heads included */
    uint64_t queued_bytes; /* appended, not yet durable, all lanes */
    uint64_t segments;     /* on disk now */
    uint64_t segment_bytes;
    uint64_t cut_bytes;           /* torn tail cut at open */
    bool cut_short;               /* retention took what is younger than young_ms */
    struct histogram_view commit; /* from write to synced */
    enum journal_state state;
};

/* The reason of ERR_RANGE where it ends before `holds`. */
#define JOURNAL_ENDS_EARLY "it ends before what was durable"

/* Open or create the directory: lock it, verify the newest segments, cut a torn tail, start the threads.
 * ERR_FORMAT: damage before the tail, or the directory or a segment is not ours alone; ERR_LIMIT: another server holds
 * the directory; ERR_TIMEOUT: a stop was asked for; ERR_RANGE: it ends before `holds`, or the frame of `verify_from` is
 * not the one that is named. Nothing is cut then.
 * On failure `*why` (may be NULL) says where. */
NODISCARD err_t journal_open(const struct journal_config *config, struct journal **out,
                             struct journal_fault *why);

/* Commit what was appended (unless failed or full), join the threads, free. Accepts NULL. */
void journal_close(struct journal **journal);

/* Lane `index` (< lanes) of the journal. */
struct journal_lane *journal_lane(struct journal *journal, unsigned index);

/* Copy the record into the lane; never blocks. `*out_position` is durable once
 * journal_durable() >= it. Owner thread only. */
NODISCARD err_t journal_append(struct journal_lane *lane, const journal_record_t *record,
                               uint64_t *out_position);

/* Whether appends of together `bytes` (fixed parts included) would be taken now: what is all or
 * nothing asks first. The same errors as journal_append(). Owner thread only. */
NODISCARD err_t journal_room(struct journal_lane *lane, size_t bytes);

/* Wake the writer if it sleeps and something was appended since the last call. Call once after a
 * batch of appends. Owner thread only. */
void journal_kick(struct journal_lane *lane);

/* Say whether a queue stands at the lane's owner: then nobody is served sooner for a commit that is sooner, and
 * all are for the processor that it costs, so that commits begin JOURNAL_CROWD_FACTOR times as far apart
 * (not beyond JOURNAL_CROWD_US_MAX). Owner thread only. */
void journal_crowd(struct journal_lane *lane, bool crowded);

/* Everything appended to the lane up to this position is durable. */
uint64_t journal_durable(const struct journal_lane *lane);

/* Position behind the newest append. Owner thread only. */
uint64_t journal_appended(const struct journal_lane *lane);

/* An eventfd that turns readable when journal_durable() or the state has changed. */
int journal_lane_fd(const struct journal_lane *lane);

/* Make the eventfd unreadable again; then look at journal_durable(). */
void journal_lane_ack(struct journal_lane *lane);

enum journal_state journal_state_of(const struct journal *journal);

/* Whether the next event would find a place: it runs, and there is a segment at hand or one can be made. After a
 * start on a full disk it runs still, and takes nothing. */
bool journal_takes_events(const struct journal *journal);

void journal_stats_read(struct journal *journal, struct journal_stats *out);

/* Frames below this sequence are durable. A reader may go up to it. */
uint64_t journal_committed(const struct journal *journal);

/* Where the newest durable frame ends: every frame below `sequence` is durable. */
void journal_mark_read(struct journal *journal, journal_mark_t *out);

/* Where the newest durable frame of this run ends, in bytes; segment 0: there is none yet. */
void journal_end_read(struct journal *journal, journal_place_t *out);

/* First sequence of the newest segments that together hold at least `bytes` (or everything). */
uint64_t journal_sequence_for_tail(struct journal *journal, uint64_t bytes);

/* Bytes of journal behind a mark. */
uint64_t journal_bytes_since(struct journal *journal, const journal_mark_t *mark);

/* First sequence of a segment before which nothing is younger than `since`, by the clock of then. Of a session
 * that was opened while the clock was ahead its opening may stand before that: up to JOURNAL_AHEAD_MS. */
uint64_t journal_sequence_since(struct journal *journal, wall_t since);

/* Say that the view has finished all frames below `sequence`: retention may take their segments.
 * Until the first call the configuration's word holds. */
void journal_view_done(struct journal *journal, uint64_t sequence);

/* Called for one record; an error ends the walk and is returned. */
typedef err_t (*journal_record_fn)(void *context, const journal_record_t *record);

/* Hand every durable record of a session, in order, to `each`. Blocks and reads segments from
 * `since` (the session's opening) on, and where that is not among them from JOURNAL_AHEAD_MS before: for cold
 * workers. What retention has removed is not given; `*outrun`: it removed what was to be read next, so that the
 * newest are missing, too. */
NODISCARD err_t journal_session_records(struct journal *journal, uuid_t session, wall_t since,
                                        journal_record_fn each, void *context, bool *outrun);

/* Path of the journal's directory, as configured. */
const char *journal_dir(const struct journal *journal);

#endif
