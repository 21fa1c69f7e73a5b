/*
 * part.h - what is known of one person in one way: the newest samples and the habit in them.
 *
 * Floor      engine/people
 * Source     docs/engine/profile.md.
 * Units      features as sample.h says; quantised to 1/2048 (16 bits) or, where a sample is wide,
 *            to 1/25 about the first sample (8 bits); vectors as part_cells.h says.
 * Ownership  plain value of at most CANARA_PART_BYTES without a pointer in it.
 * Errors     enum canara_status where bytes come in.
 * Threads    no shared state; one writer.
 */
#ifndef ENGINE_PART_H
#define ENGINE_PART_H

#include "canara.h"
#include "engine/people/navigation.h"
#include "engine/people/routine.h"
#include "engine/samples/sample.h"

#include <assert.h>
#include <stdbool.h>

enum {
    PART_RING = 50,          /* accepted samples that are kept at most */
    PART_HELD = 6,           /* samples in quarantine at most */
    PART_HELD_A_SESSION = 2, /* of them from one session at most */
    PART_WIDE_FROM = 41      /* features from which cells are of 8 bits */
};

#define PART_HALF_LIFE_MIDDLE 10.0 /* in samples */
#define PART_HALF_LIFE_SPREAD 15.0
#define PART_SHRINK           15.0 /* samples that weigh as much as people in general */
#define PART_HELD_AFTER       3    /* sessions that must pass, or ... */
#define PART_HELD_MS          INT64_C(604800000) /* ... seven days */
#define PART_WINSOR           3.0 /* deviations at which a sample is cut when it is let in */
#define PART_STEP             0.1 /* deviations that the middle moves in a session at most */
#define PART_ANCHOR_FROM      20  /* accepted samples: enrolment is over */
#define PART_DRIFT            3.0 /* mean deviations from the anchor: alarm */
#define PART_DRIFT_CUT        6.0
/* Mean deviations of one sample from the anchor from which it does not speak for the owner. Chosen on
 * MEU and MOBIKEY, where .8 % of 4,311 genuine samples (of 5 owners in 218) and 30 % of 58,330 of
 * impostors are beyond it; beyond 3: .5 % and 8 %; beyond 2: 1.9 % and 64 %. */
#define PART_FAR 2.5
/* Mean deviations from the anchor up to which sessions without the proof of a MPIN lead a habit, and
 * how often it may come to this fence before all of them wait. Chosen on simulated people, MEU and
 * MOBIKEY: docs/decisions/0047. */
#define PART_FENCE   0.75
#define PART_PRESSED 3
/* Mean deviations from the anchor within which samples without proof that are let in make one time
 * forgotten: docs/decisions/0047. */
#define PART_AT_EASE 0.6

enum part_bits {
    PART_ANCHORED = 1 << 0,
    PART_DRIFTED = 1 << 1,
    PART_NARROW = 1 << 2,  /* cells of 8 bits */
    PART_CHANGED = 1 << 3, /* since it was loaded; not stored */
    PART_VECTORS = 1 << 4  /* features of any unit: part_cells.h */
};

/* Tables: parts that hold counts instead of samples, one of each to a person. They have no features. */
enum part_table { PART_NAVIGATION = 64, PART_ROUTINE = 65 };

static_assert((int)PART_NAVIGATION >= (int)SAMPLE_KINDS,
              "tables stand beyond the kinds of samples");

struct held {
    int64_t at_ms;
    uint32_t session; /* the profile's count of sessions when it came */
    uint16_t slot;
    uint16_t proved; /* 1: a MPIN was passed in that session */
};

struct part {
    uint64_t context;
    char name[CANARA_PART_NAME_BYTES];
    uint8_t kind; /* enum sample_kind or enum part_table */
    uint8_t bits;
    uint8_t pressed; /* how often the habit has come to its fence since a MPIN was passed */
    uint16_t features;
    uint16_t slots;    /* samples that there is room for, held ones among them */
    uint16_t ring;     /* of them for accepted ones */
    uint16_t count;    /* accepted samples in the ring */
    uint16_t held;     /* samples in quarantine */
    uint32_t accepted; /* ever */
    uint32_t sessions; /* that gave accepted samples */
    uint32_t scored;   /* own samples that were scored before they were learnt ... */
    float score_mean;  /* ... their evidence: mean, nats ... */
    float score_m2;    /* ... and sum of squared deviations (Welford 1962) */
    float nearest;     /* median distance of a ring entry to its nearest other, mean a feature */
    struct held in_quarantine[PART_HELD];
    uint8_t order[PART_RING + PART_HELD]; /* slot of the newest accepted sample first */

    union {
        _Alignas(8) uint8_t pool[CANARA_PART_BYTES - 232]; /* of samples: habits and cells */
        struct navigation navigation;
        struct routine routine;
    } of;
};

static_assert(sizeof(struct part) <= CANARA_PART_BYTES, "a part is at most 4 KiB");

/* Begin an empty part for samples like this one. */
void part_begin(struct part *p, const struct sample *s);

/* Begin an empty table. */
void part_begin_table(struct part *p, enum part_table kind);

static inline bool part_is_table(const struct part *p)
{
    return p->kind >= PART_NAVIGATION;
}

/* May this sample be held against the part? False only where two names have the same hash. */
static inline bool part_is_like(const struct part *p, const struct sample *s)
{
    return p->kind == (uint8_t)s->kind && p->features == s->count;
}

/* The quantised value of feature f of the sample in `slot`; NaN when it is missing. */
double part_cell(const struct part *p, size_t slot, size_t f);

/* All of them in units of the habit's spread about its middle, cut at +-cap: row[f] for each feature; NaN where it is
 * missing or never varied. */
void part_row(const struct part *p, size_t slot, double cap, double *row);

/* The habit as the scores see it. Undefined while count is 0. The spread of a vector's column that never varied is 0. */
double part_middle(const struct part *p, size_t f);
double part_spread(const struct part *p, size_t f);

/* The habit at the end of enrolment. Undefined until PART_ANCHORED. */
double part_anchor_middle(const struct part *p, size_t f);
double part_anchor_spread(const struct part *p, size_t f);

/* The same of all features, for scoring: NaN, and spreads without meaning, where nothing is known or a vector's column
 * never varied. */
struct part_habit {
    float middle[SAMPLE_FEATURES_MAX];
    float spread[SAMPLE_FEATURES_MAX];
    float shrunk[SAMPLE_FEATURES_MAX];
};

void part_habit(const struct part *p, struct part_habit *out);

/* Bytes of a part up to the end of what scoring needs besides the lens: a copy of no more may be
 * looked at, but neither learn nor be saved. The whole of a table. */
size_t part_core_bytes(const struct part *p);

/* Take a sample in at once, unchanged, as the newest. */
void part_accept(struct part *p, const struct sample *s);

/* Put a sample into quarantine. One session holds PART_HELD_A_SESSION: more of it replace its last.
 * Without room those leave that have waited long enough, else, and where there is an anchor, the oldest
 * is dropped. `session` is never below an earlier one; `proved`: a MPIN was passed in it. */
void part_hold(struct part *p, const struct sample *s, uint32_t session, int64_t at_ms,
               bool proved);

/* Let in what has been in quarantine long enough, cut at PART_WINSOR. Returns how many. */
size_t part_release(struct part *p, uint32_t session, int64_t at_ms);

/* The same of a part with an anchor, once a session and before part_hold(), and work the habit out
 * again, a step from where it is. What comes from sessions without proof does not lead it over the
 * fence: it is dropped then, and the answer is true. What was proved is let in everywhere. */
bool part_let_in(struct part *p, uint32_t session, int64_t at_ms);

/* Work the habit out again. `limited`: its middle moves PART_STEP deviations at most from where it is, and with an
 * anchor its spread is the geometric mean of the ring's and the anchor's. */
void part_refresh(struct part *p, bool limited);

/* Draw the spreads towards those of people in general, n samples against 15 (ENGINE: B): from then on
 * part_shrunk() holds. `usual` has a spread for each feature, > 0; of a vector's column that does not vary 0. */
void part_shrink(struct part *p, const double *usual);
double part_shrunk(const struct part *p, size_t f);

/* Freeze the habit as the anchor. */
void part_anchor(struct part *p);

/* Mean over features of the distance to the anchor in its deviations; 0 without an anchor. */
double part_drift(const struct part *p);

/* The same of one sample, each feature cut at PART_DRIFT_CUT. */
double part_from_anchor(const struct part *p, const struct sample *s);

/* Note the evidence of an own sample, taken before the sample is learnt. */
void part_note_score(struct part *p, double nats);

/* To and from bytes that are the same on every machine. `size` is what was written. */
void part_save(const struct part *p, uint8_t bytes[CANARA_PART_BYTES], size_t *size);
enum canara_status part_load(struct part *p, const uint8_t *bytes, size_t size);

#endif
