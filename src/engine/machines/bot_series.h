/*
 * bot_series.h - what the moves of a pointer have in common, eight moves at a time.
 *
 * Floor      engine/machines
 * Source     docs/engine/bots.md.
 * Units      milliseconds, px; the features have none.
 * Ownership  everything is the caller's.
 * Errors     none.
 * Threads    no shared state.
 * Precision  float: ratios of what is known to a px are not worth more. bot_series_any() and
 *            bot_series_avx2() give the same bits: moves are summed up eight by eight, however wide the
 *            processor is.
 */
#ifndef ENGINE_BOT_SERIES_H
#define ENGINE_BOT_SERIES_H

#include "engine/machines/bot_motion.h"

#include <stddef.h>

enum {
    BOT_SERIES_ROOM =
        640, /* of a window of 96 points, 300 ms apart, each 50 ms; the rest is like it */
    BOT_SERIES_LEAD = 8 /* moves of nothing, before the first and behind the last */
};

/* A series of moves; move i stands at [BOT_SERIES_LEAD + i]. One of no time and no length stands for a
 * silence, which ends a movement. Steps, length and moves are set by who measures. */
struct bot_series {
    size_t n;
    float dx[BOT_SERIES_ROOM + 2 * BOT_SERIES_LEAD];
    float dy[BOT_SERIES_ROOM + 2 * BOT_SERIES_LEAD];
    float dt[BOT_SERIES_ROOM + 2 * BOT_SERIES_LEAD];
    float step[BOT_SERIES_ROOM + 2 * BOT_SERIES_LEAD]; /* lengths */
    double length, moves;                              /* of all, without the silences */
};

typedef void bot_series_fn(struct bot_series *s, double f[MOVE_FEATURES]);

bot_series_fn bot_series_any; /* on any processor */

#if defined(__x86_64__)
bot_series_fn bot_series_avx2;
#endif

/* The fastest that this processor has. */
bot_series_fn *bot_series_best(void);

/* No moves. */
void bot_series_begin(struct bot_series *s);

/* One more; beyond BOT_SERIES_ROOM it is left out. */
static inline void bot_series_put(struct bot_series *s, double dx, double dy, double dt)
{
    const size_t at = BOT_SERIES_LEAD + s->n;
    s->dx[at] = (float)dx;
    s->dy[at] = (float)dy;
    s->dt[at] = (float)dt;
    s->n += s->n < BOT_SERIES_ROOM;
}

/* Behind the last. */
void bot_series_end(struct bot_series *s);

#endif
