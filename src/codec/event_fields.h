/*
 * event_fields.h - the tables of CONTRACT.md section 5: which event has which fields, and in which
 *                  range. One row is the parser, the limit and the words of the refusal.
 *
 * Floor      codec
 * Units      as canara.h says.
 * Ownership  static tables.
 * Threads    no state.
 */
#ifndef CODEC_EVENT_FIELDS_H
#define CODEC_EVENT_FIELDS_H

#include "base/err.h"
#include "base/span.h"
#include "canara.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FEATURE_VALUES_MAX = 256 };

enum field_form {
    FORM_NUMBER,  /* low..high */
    FORM_NUMBERS, /* array of low..high */
    FORM_AMOUNT,  /* number or decimal string, low..high */
    FORM_TEXT,    /* at most `high` bytes */
    FORM_NAME,    /* 1..high of [a-z0-9_-] */
    FORM_FLAG,    /* true or false */
    FORM_AXIS,    /* {mean, sd}: -high..high, 0..high */
    FORM_KEYS,
    FORM_POINTER,
    FORM_TOUCH,
    FORM_VALUES /* array of 1 to FEATURE_VALUES_MAX of low..high */
};

struct event_field {
    span_t name;
    enum field_form form;
    uint32_t bit;     /* enum canara_field, set when it was sent */
    size_t at;        /* where the value lives in canara_event_t; FORM_AXIS: which axis */
    double low, high; /* both allowed */
    const char *message;
};

struct event_row {
    span_t name;
    enum canara_event_kind kind;
    const struct event_field *fields;
    size_t count;
};

/* Row of an event type; for a type that nobody knows one without fields. Never NULL. */
const struct event_row *event_row_find(span_t type);

/* Row of `features`, the event of research sets: event_row_find() never gives it. */
const struct event_row *event_row_of_features(void);

/* Row of a field; NULL when the event has none of that name. */
const struct event_field *event_field_find(const struct event_row *row, span_t name);

/* What a key may carry. */
enum key_part { KEY_DOWN, KEY_UP, KEY_CLASS, KEY_ZONE, KEY_EXTRA };

struct key_field {
    span_t name;
    enum key_part part;
    uint8_t extra; /* enum canara_key_extra, for KEY_EXTRA */
    double low, high;
    const char *message;
};

/* Row of a member of a key; NULL when there is none. `*index` is its place in the table, < 16. */
const struct key_field *key_field_find(span_t name, size_t *index);

/* Class and zone by their wire names. */
NODISCARD bool key_class_find(span_t name, uint8_t *out);
NODISCARD bool key_zone_find(span_t name, uint8_t *out);

/* One column of a pointer or touch point. */
struct point_column {
    size_t at;  /* in canara_point_t */
    bool whole; /* a whole number, stored in `buttons` */
    double low, high;
};

struct point_shape {
    const struct point_column *columns;
    size_t count;
    const char *message;
};

/* The shape of the points of FORM_POINTER or FORM_TOUCH. */
const struct point_shape *point_shape_of(enum field_form form);

#endif
