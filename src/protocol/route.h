/*
 * route.h - finds the row of a route table that answers a method and a path.
 *
 * Floor      protocol
 * Source     RFC 9110 section 9 (methods), 10.2.1 (Allow).
 * Ownership  the table is the caller's, static; captured spans borrow from the path.
 * Errors     none: every outcome is an answer.
 * Threads    no shared state.
 *
 * A row of the caller's own type starts with a `struct route`; the table knows the stride.
 */
#ifndef PROTOCOL_ROUTE_H
#define PROTOCOL_ROUTE_H

#include "base/span.h"
#include "protocol/http_request.h"

#include <stddef.h>

enum { ROUTE_PARAMS_MAX = 2, ROUTE_ALLOW_MAX = 64 };

struct route {
    enum http_method method;
    span_t pattern; /* "/api/v1/ws/sessions/{id}/behavior-summary": {..} takes one whole segment */
};

struct route_table {
    const void *rows; /* each begins with a struct route */
    size_t count;
    size_t stride; /* sizeof one row */
};

/* A table over an array whose elements begin with a struct route. */
#define ROUTE_TABLE(array) \
    ((struct route_table){(array), sizeof(array) / sizeof *(array), sizeof *(array)})

enum route_answer {
    ROUTE_FOUND,     /* `row`, `param`; HEAD finds the GET row of its path */
    ROUTE_OPTIONS,   /* OPTIONS of a known path without a row of its own: 204 with Allow */
    ROUTE_METHOD,    /* the path is known, the method is not: 405 with Allow */
    ROUTE_NOT_FOUND, /* 404 */
};

struct route_match {
    size_t row;
    span_t param[ROUTE_PARAMS_MAX]; /* the captured segments, not empty, otherwise unchecked */
    size_t param_count;
    unsigned allowed; /* bit (1U << method) for each method the path has, HEAD, OPTIONS included */
};

/* Match. `out` is filled for every answer but ROUTE_NOT_FOUND (row and param only if FOUND). */
enum route_answer route_match(const struct route_table *table, enum http_method method, span_t path,
                              struct route_match *out);

/* Write the value of Allow, "GET, HEAD, OPTIONS"; returns it as a span over `out`. */
span_t route_allow(unsigned allowed, char out[ROUTE_ALLOW_MAX]);

#endif
