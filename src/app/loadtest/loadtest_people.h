/*
 * loadtest_people.h - what the engine has learnt of the people of load/rhythm.h.
 *
 * Floor      app/loadtest
 * Source     the engine's public way: sessions observed, then learnt from under supervision.
 * Ownership  people_learn() fills parts of a table that the caller allocated.
 * Errors     ERR_FORMAT when the engine does not take an event or never says "learnt" (a bug).
 * Threads    one.
 */
#ifndef APP_LOADTEST_PEOPLE_H
#define APP_LOADTEST_PEOPLE_H

#include "base/clock.h"
#include "base/err.h"

#include <canara.h>
#include <stdint.h>

enum { PEOPLE_PARTS_MAX = 6 };

struct learnt_person {
    size_t parts;
    canara_part_t part[PEOPLE_PARTS_MAX];
    uint8_t bytes[PEOPLE_PARTS_MAX][CANARA_PART_BYTES];
};

/* Learn one person from sessions of the days before `now`, at this hour of the day. */
NODISCARD err_t people_learn(const struct canara_model *model, unsigned person, wall_t now,
                             struct learnt_person *out);

#endif
