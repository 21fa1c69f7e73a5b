/*
 * event_values.h - the values of one event's data, by their row of the field table. Inner part of
 *                  event_scan.
 *
 * Floor      codec
 * Ownership  works on the caller's scan; typed arrays go to its scratch.
 * Errors     ERR_FORMAT: not JSON as we take it. ERR_RANGE: well formed, but refused; the fault of
 *            the scan is then set.
 * Threads    one at a time per scan.
 */
#ifndef CODEC_EVENT_VALUES_H
#define CODEC_EVENT_VALUES_H

#include "codec/event_fields.h"
#include "codec/event_scan.h"
#include "codec/json_cursor.h"

struct scan {
    struct json_cursor in;
    struct event_scratch *s;
    scan_fault_t *fault;
    int index;      /* of the event in the message's array, -1 when there is no array */
    uint32_t axes;  /* bit per axis of motion that was sent */
    unsigned *odd;  /* of a data set: what was passed over (enum event_odd); NULL for every other */
    bool open_keys; /* a key of another class than "other" was sent */
};

/* Refuse the message because of `field` (a path within the event); always ERR_RANGE. */
NODISCARD err_t scan_refuse(struct scan *scan, const char *message, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Take the value of `field`, check it and put it into `event`. */
NODISCARD err_t event_field_take(struct scan *scan, const struct event_field *field,
                                 canara_event_t *event);

#endif
