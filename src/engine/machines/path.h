/*
 * path.h - what the points of a pointer or a finger give away.
 *
 * Floor      engine/machines
 * Source     docs/engine/README.md, "Rules"; people's reaches have a bell-shaped speed (Flash and
 *            Hogan, "The coordination of arm movements", 1985), a constant one is a machine's.
 * Units      milliseconds, px.
 * Errors     none; too few points, or coordinates beyond PATH_COORDINATE_MAX, give nothing away.
 * Threads    no shared state.
 */
#ifndef ENGINE_PATH_H
#define ENGINE_PATH_H

#include "canara.h"

#include <stdbool.h>
#include <stddef.h>

#define PATH_COORDINATE_MAX 1e9

enum { PATH_TOUCH_DOWN = 0, PATH_TOUCH_MOVE = 1, PATH_TOUCH_UP = 2 };

/* Whether every number is small enough to reckon with. */
bool path_is_sane(const canara_point_t *p, size_t n);

/* Some movement between two rests of the pointer was straight and of constant speed. */
bool path_pointer_is_straight(const canara_point_t *p, size_t n);

/* Some swipe was. */
bool path_touch_is_straight(const canara_point_t *p, size_t n);

/* The pointer only ever stood on a lattice of 5 px or more. */
bool path_is_on_grid(const canara_point_t *p, size_t n);

/* Touch: a swipe of constant pressure 0 or 1 and constant area, or only taps, three or more, each
 * lifted at the very point where it landed, with the same. */
bool path_touch_is_synthetic(const canara_point_t *p, size_t n);

/* Length of the stroke that begins at `first` < n: up to its lift or the next landing. */
size_t path_stroke_length(const canara_point_t *p, size_t n, size_t first);

/* Times go back more than once (in touch: within a stroke, since fingers may be sent in turn). */
bool path_times_go_back(const canara_point_t *p, size_t n, bool touch);

#endif
