/*
 * alone.h - evidence beside the owner alone, where the people of a model are no measure for him.
 *
 * Floor      engine/people
 * Source     docs/engine/keystrokes.md, "Foreign people": lines for some numbers of known samples,
 *            between those that logistic regression fits to MEU and MOBIKEY and to six keys of them.
 * Units      nats, positive against the owner.
 * Errors     none.
 * Threads    no shared state.
 */
#ifndef ENGINE_ALONE_H
#define ENGINE_ALONE_H

#include "engine/people/evidence.h"

#include <stdbool.h>
#include <stddef.h>

/* People that a population tells apart are about one of its deviations away from its middle, a feature's
 * mean, and few of them 2. Whoever is further away than ALONE_FOREIGN is not like them; real people are not
 * like simulated ones, and need not be as far away: least of all where screens measure pressure, size and place,
 * each in its own way. */
#define ALONE_FOREIGN           2.5
#define ALONE_FOREIGN_SIMULATED 1.2
#define ALONE_FOREIGN_TOUCHED   0.6 /* simulated, typed on a screen that measures touches */

/* Which of them holds for a sample. `simulated`: as the model says. */
double alone_limit(const struct sample *s, bool simulated);

/* How far the owner stands from the people of a population: means over features of the distances of medians, each in
 * the people's spreads and cut at 4; 0 where nothing is compared. */
struct alone_way {
    double all;
    double pauses; /* of keys, from press to press, each less the mean of them: four at least */
    double places; /* of keys */
};

/* `s` says which feature is what. */
struct alone_way alone_way(const struct part *p, const struct sample *s,
                           const struct population *pop);

/* Is he unlike them, further than `limit`: other devices, other units? What they say of him and of others is no
 * evidence then. */
bool alone_is_foreign(const struct alone_way *way, double limit);

/* Does he type another text than they? His pauses follow another pattern, or his keys lie elsewhere: whoever types
 * that text, thief or owner, is unlike them. */
bool alone_types_otherwise(const struct alone_way *way);

/* Can a sample be judged beside its owner alone? Typing can, and long vectors; summaries say too little. */
bool alone_speaks(const struct sample *s);

/* For SCORE_ONE_CLASS and SCORE_NEAREST of a sample of a kind, of which so many features were compared, beside a
 * profile that knows so many samples. */
void alone_fusion(enum sample_kind kind, size_t compared, size_t known, struct fusion *out);

#endif
