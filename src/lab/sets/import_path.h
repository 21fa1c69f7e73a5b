/*
 * import_path.h - long runs of pointer points as events of a bounded size.
 *
 * Floor      lab/sets
 * Units      ms from the session's first point; px.
 * Ownership  path_cutter is the holder's (large: from the heap, or static in a run's struct).
 * Errors     those of the writer, which are sticky.
 * Threads    one.
 */
#ifndef LAB_IMPORT_PATH_H
#define LAB_IMPORT_PATH_H

#include "lab/sets/import.h"

enum { PATH_POINTS_MAX = 2048, PATH_PAUSE_MS = 10000 };

struct path_cutter {
    struct set_writer *to;
    wall_t start; /* of the session */
    size_t events;
    size_t count;
    canara_point_t point[PATH_POINTS_MAX];
};

/* Begin a session, whose id and user the writer knows already. */
void path_begin(struct path_cutter *c, struct set_writer *to, wall_t start);

/* Add a point; a full event, or one before a pause of more than 10 s, is written first. */
void path_add(struct path_cutter *c, const canara_point_t *point);

/* Write what is left. Returns how many events the session has. */
size_t path_end(struct path_cutter *c);

#endif
