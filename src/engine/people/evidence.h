/*
 * evidence.h - one sample against one person: scores, and from them nats.
 *
 * Floor      engine/people
 * Source     docs/engine/keystrokes.md: likelihood ratio of Student's t (Lange, Little and Taylor
 *            1989), scaled Manhattan (Araujo and others 2004; Killourhy and Maxion 2009), nearest
 *            neighbour, cohort normalisation (Rosenberg and others 1992), fusion by logistic
 *            regression (Brummer and du Preez 2006).
 * Units      scores: a feature's mean, without unit; evidence: nats, positive against the owner.
 * Errors     false: too little to compare.
 * Threads    no shared state.
 * Precision  against the same in double throughout: SCORE_NEAREST within 1/31, the others within 1e-4
 *            (lens_test.c). The same input gives the same bits with every compiler.
 */
#ifndef ENGINE_EVIDENCE_H
#define ENGINE_EVIDENCE_H

#include "engine/arithmetic/byte_cursor.h"
#include "engine/people/lens.h"
#include "engine/samples/sample.h"

#include <stdbool.h>
#include <stddef.h>

struct canara_model;
struct population;

enum score {
    SCORE_RATIO,     /* log likelihood ratio of all people to the owner */
    SCORE_ONE_CLASS, /* scaled Manhattan, each feature cut at EVIDENCE_CAP */
    SCORE_NEAREST,   /* to the three nearest of the owner's own samples, old ones further away */
    SCORE_COHORT,    /* log likelihood ratio of single other people to the owner */
    SCORE_RIVALS,    /* scaled Manhattan, less that of the three nearest other people */
    SCORES
};

/* Nats that each known sample lets one sample say, and, below EVIDENCE_YOUNG samples, all of them. */
#define EVIDENCE_YOUNG_NATS 0.5

/* What the two one-class scores weigh against each other where there are no other people. */
#define EVIDENCE_NEAREST_WEIGHT 2.0

#define FUSION_LOW (-6.0) /* scales below the mean at which a score is cut */

enum { FUSION_LINES = 4, EVIDENCE_SAMPLES_MIN = 5, EVIDENCE_YOUNG = 8 };

/* A line from scores to nats: evidence_doubt() of bias + sum weight (score - mean) / scale. */
struct fusion {
    double mean[SCORES];
    double scale[SCORES]; /* > 0 */
    double weight[SCORES];
    double high; /* what is further above the mean, in scales, counts as this */
    double bias;
    double limit;    /* nats: the most that one sample may say; 0 says nothing */
    double impostor; /* mean of the evidence of other people, nats */
    double owner;    /* mean of the evidence of the owner himself, nats */
    double variance; /* of the owner's evidence */
    double run;      /* >= 1: how much less a run of samples in a session says than its count */
    double
        ceiling; /* nats: where odd samples of owners (of crowds, odd sessions) end what speaks against one;
                    FUSION_SURE: nowhere */
    double floor; /* nats: the same for what speaks for one */
};

/* The lines of people of whom so many samples are known. */
struct fusion_lines {
    double at[FUSION_LINES]; /* known samples, >= 1, ascending; the same number: the same line */
    struct fusion line[FUSION_LINES];
};

#define FUSION_SURE 40.0 /* nats: further than any line goes, so that nothing is cut */
#define FUSION_EDGE 1e-5 /* nats: what a float still tells from an end */

enum { FUSION_NUMBERS = 3 * SCORES + 9 }; /* of a line */

/* Where a number of known samples lies between those of two lines. */
struct fusion_place {
    size_t line;  /* the one before it; FUSION_LINES - 1: none is behind it */
    double share; /* [0, 1): how far it is to the next one, in logarithms; before the first 0 */
};

struct fusion_place fusion_place(const double at[FUSION_LINES], size_t known);

/* The line for so many known samples: each of its numbers lies between those of two lines as `known` does. */
void fusion_between(const struct fusion_lines *of, size_t known, struct fusion *out);

/* How near the sample comes to one of the owner's own. */
struct likeness {
    double
        closest; /* distance to the nearest one whatever its age, a feature's mean in the spreads */
    size_t features; /* that were compared */
};

/* A sample this much nearer than the owner's own usually are is a copy of one of them. */
#define EVIDENCE_COPY 0.25 /* of part->nearest: ENGINE's choice */

/* With fewer features two honest samples meet by chance: of d free ones, about ln 2 / 4^d do. */
enum { EVIDENCE_COPY_FEATURES = 10 }; /* four keys */

/* Is it a copy? Never where the owner's own samples are alike to the bit. */
bool evidence_is_copy(const struct part *p, const struct likeness *alike);

/* Compare. `alike` may be NULL. False when fewer than EVIDENCE_SAMPLES_MIN samples are known or fewer
 * than 70 % of the features that the profile has are there, of a text 35 %. A column of a vector that does not vary
 * among the owner's samples, or between people, is none of them. */
bool evidence_scores(const struct lens *l, const struct population *pop, const struct sample *s,
                     double out[SCORES], struct likeness *alike);

/* The same for SCORE_ONE_CLASS and SCORE_NEAREST alone, which need no other people; the others are 0. */
bool evidence_one_class(const struct lens *l, const struct sample *s, double out[SCORES],
                        struct likeness *alike);

/* A line's nats when a share e^-ceiling of owners' samples is like others' and a share e^-floor of
 * others' like the owner's (Copas 1988): ln((e^margin + e^-floor) / (1 + e^(margin - ceiling))). */
double evidence_doubt(double margin, double ceiling, double floor);

/* The margin that evidence_doubt() makes these nats of, FUSION_EDGE inside both ends at most. */
double evidence_margin(double nats, double ceiling, double floor);

/* The most that one sample may say of a profile that knows so many. */
double evidence_limit(const struct fusion *f, size_t samples);

/* Calibrated nats, within the limit of the fusion and, for young profiles, half a nat for each known
 * sample. */
double evidence_fuse(const struct fusion *f, const double score[SCORES], size_t samples);

/* The same of one sample of a crowd: there a session has the ends, and its samples a line alone. */
double evidence_fuse_one(const struct fusion *f, const double score[SCORES], size_t samples);

#endif
