/*
 * profile.h - the inside of struct canara_profile: parts by context, and the lesson under way.
 *
 * Floor      engine/profile
 * Source     docs/engine/profile.md.
 * Ownership  a profile owns its parts; the model is borrowed.
 * Errors     enum canara_status, as canara.h says.
 * Threads    one while it learns, any number while it only scores.
 */
#ifndef ENGINE_PROFILE_H
#define ENGINE_PROFILE_H

#include "engine/people/lens.h"
#include "engine/people/model.h"
#include "engine/people/part.h"
#include "engine/profile/bag.h"
#include "engine/session/session_state.h"

enum {
    PROFILE_BAGS = 2,      /* strokes and actions */
    PROFILE_CONTEXTS = 16, /* everything else */
};

static_assert(PROFILE_CONTEXTS + PROFILE_BAGS * (1 + BAG_PAGES) == CANARA_PROFILE_PARTS,
              "what a profile holds is what may be loaded");

#define PROFILE_SESSIONS_NEEDED 6 /* until a profile counts as learnt */

struct lesson_state {
    enum canara_trust trust;
    struct session_state ended;
    canara_lesson_t counts;
    uint64_t page;                        /* of the newest navigation_pattern; 0: none yet */
    bool walked;                          /* the session has counted for navigation ... */
    bool spent;                           /* ... and for amounts */
    bool touched[PROFILE_CONTEXTS];       /* parts that this lesson has given samples to */
    struct sample like[PROFILE_CONTEXTS]; /* the last of them */
};

struct canara_profile {
    const struct canara_model *model;
    void *(*allocate)(size_t size); /* malloc; a test makes it fail */
    size_t parts;
    struct part *part[PROFILE_CONTEXTS]; /* each with room for its lens behind it */
    struct lens lens[PROFILE_CONTEXTS];  /* no rows: a table, or nothing learnt yet */
    size_t bags;
    struct bag *bag[PROFILE_BAGS];
    bool sealed;                 /* parts are cores: see part_core_bytes() */
    struct lesson_state *lesson; /* the one under way; NULL: none */
};

/* The part of a context; NULL when there is none. */
struct part *profile_find(const struct canara_profile *profile, uint64_t context);

/* The same with its samples, as evidence wants it: as they were when profile_focus() was last called. */
const struct lens *profile_lens(const struct canara_profile *profile, uint64_t context);

/* Lay out the samples of part `number` again after it has learnt. */
void profile_focus(struct canara_profile *profile, size_t number);

/* Whether the lesson may push out what is known well. Not without a MPIN: whoever has the password could
 * have the owner forgotten, with fields of his own. */
bool profile_may_push_out(const struct canara_profile *profile);

/* Whether there is a part for the sample, or one that may make room for it. */
bool profile_has_place(const struct canara_profile *profile, const struct sample *s);

/* The part of the sample's context, made when there is none: the part that has learnt least makes
 * room. One that is held already may be of another kind: see part_is_like(). NULL: no memory. */
struct part *profile_part_for(struct canara_profile *profile, const struct sample *s);

/* The person's table of a kind; NULL when there is none, or no profile. */
struct part *profile_table(const struct canara_profile *profile, enum part_table kind);

/* The same for a table. */
bool profile_has_place_for_table(const struct canara_profile *profile, enum part_table kind);

/* The same, made when there is none. NULL: no memory. */
struct part *profile_table_for(struct canara_profile *profile, enum part_table kind);

/* Draw a part's spreads towards those of people in general at features `like` these. */
void profile_shrink(const struct canara_profile *profile, struct part *p,
                    const struct sample *like);

/* Evidence of own samples that were scored before they were learnt. */
struct own_tally {
    size_t known;            /* samples that the profile has learnt */
    double scored, mean, m2; /* count, mean, sum of squared deviations */
    bool many;               /* samples come by the dozen: little of each is much of all */
};

/* Calibrated evidence of one sample against its part, before weighing. False: nothing can be said.
 * What is further than PART_FAR from the anchor never speaks for the owner: a habit that was led
 * away step by step does not make a stranger welcome. */
struct opinion {
    double nats;
    double current; /* what the habit of today alone would say */
    bool led_away;  /* it would speak for the owner, and the anchor does not */
    bool
        alone; /* held against the owner alone; typing has an empty `tally` then, it is of another line */
    bool crowd;                  /* of a crowd: the fusion's ends are those of a session */
    bool is_copy;                /* of an entry that the ring holds: evidence_is_copy() */
    const struct fusion *fusion; /* that gave it; valid until the room is left */
    struct own_tally tally;      /* the owner's own evidence so far */
};

bool profile_opinion(const struct canara_profile *profile, const struct sample *s,
                     struct population_room *room, struct opinion *out);

#endif
