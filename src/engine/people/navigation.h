/*
 * navigation.h - which page a person goes to from which, and how long is spent there.
 *
 * Floor      engine/people
 * Source     docs/engine/navigation.md: transition ratios with Dirichlet smoothing (Lidstone 1920;
 *            MacKay and Peto 1995), dwell times as Student's t of their logs.
 * Units      nats; dwell times are natural logs of seconds.
 * Ownership  plain value without a pointer, kept in a part.
 * Errors     false where bytes come in and are not right.
 * Threads    no shared state; one writer.
 */
#ifndef ENGINE_NAVIGATION_H
#define ENGINE_NAVIGATION_H

#include "canara.h"
#include "engine/arithmetic/byte_cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAVIGATION_PAGES = 40, NAVIGATION_MOVES = 96 };

#define NAVIGATION_LIMIT 1.5 /* nats that one event may say */
#define NAVIGATION_SUM   3.0 /* nats against the owner at any time: alone it never challenges */

struct page {
    uint64_t hash;   /* of the name; never 0 */
    float dwell;     /* mean log seconds */
    float spread;    /* mean absolute deviation about it */
    uint16_t visits; /* halved, with all others, when one is full */
    uint16_t dwells; /* behind `dwell` */
};

struct move {
    uint8_t from, to; /* pages */
    uint16_t times;
};

struct navigation {
    uint16_t pages, moves;
    struct page page[NAVIGATION_PAGES];
    struct move move[NAVIGATION_MOVES];
};

/* People in general. NULL stands for: every page alike, dwell times as navigation.c says. */
struct navigation_people {
    size_t pages;
    const uint64_t *hash; /* of pages */
    const float *share;   /* how often people go there, in (0, 1] */
    double dwell, spread; /* of log dwell times */
};

/* The page of an event; 0: none was told. */
uint64_t navigation_page(const canara_event_t *event);

/* Log dwell time of an event; NaN: none was told. */
double navigation_dwell(const canara_event_t *event);

/* Evidence of a step from one page (0: none) to another and of the time spent on the latter (NaN: not
 * known), within NAVIGATION_LIMIT: positive against the owner. */
double navigation_ratio(const struct navigation *n, const struct navigation_people *people,
                        uint64_t from, uint64_t to, double dwell);

/* How long the person usually stays on a page, and the deviation. False: not known. */
bool navigation_usual_dwell(const struct navigation *n, uint64_t page, double *dwell,
                            double *spread);

/* Count the same. The least used page or move makes room. */
void navigation_learn(struct navigation *n, uint64_t from, uint64_t to, double dwell);

/* Whether anything can be said of this person's steps. */
bool navigation_knows_enough(const struct navigation *n);

void navigation_write(struct byte_writer *w, const struct navigation *n);
bool navigation_read(struct byte_reader *r, struct navigation *n);

#endif
