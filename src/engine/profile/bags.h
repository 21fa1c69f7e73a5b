/*
 * bags.h - the bags of a profile: found, taught, asked, stored.
 *
 * Floor      engine/profile
 * Source     docs/engine/actions.md.
 * Ownership  a profile owns its bags.
 * Errors     enum canara_status.
 * Threads    as profile.h says.
 */
#ifndef ENGINE_BAGS_H
#define ENGINE_BAGS_H

#include "engine/profile/profile.h"

/* Take one sample of a lesson in, as far as it is believed. */
enum canara_status bags_teach(struct canara_profile *profile, const struct sample *s,
                              int64_t at_ms);

/* The end of a lesson: believe what has waited, work out what is new. */
enum canara_status bags_settle(struct canara_profile *profile, int64_t at_ms);

/* Work out every own part that the model's crowds have something new for. */
enum canara_status bags_work_out(struct canara_profile *profile);

/* Whether the model knows people who do the like. */
bool bags_have_crowd(const struct canara_profile *profile, const struct sample *s);

/* As profile_opinion(), for samples of a crowd; `alone` is room for the fusion of who is held against himself. */
bool bags_opinion(const struct canara_profile *profile, const struct sample *s,
                  struct fusion *alone, struct opinion *out);

void bags_free(struct canara_profile *profile);

/* Drop the pages, which only learning and saving need. */
void bags_seal(struct canara_profile *profile);

/* Parts among the parts of a profile: own parts and pages. */
size_t bags_parts(const struct canara_profile *profile);
enum canara_status bags_save(const struct canara_profile *profile, size_t number,
                             uint8_t bytes[CANARA_PART_BYTES], canara_part_t *out);

/* Whether the bytes begin as an own part or a page does; and to take them in. */
bool bags_are(const uint8_t *bytes, size_t size);
enum canara_status bags_load(struct canara_profile *profile, const uint8_t *bytes, size_t size);

/* Sessions that the best known bag has learnt from; 0 while too little is known. */
uint32_t bags_sessions(const struct canara_profile *profile);

#endif
