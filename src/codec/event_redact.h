/*
 * event_redact.h - what may be shown of keystrokes in a secret field.
 *
 * Floor      codec
 * Ownership  appends to the caller's buf.
 * Errors     ERR_FORMAT when `data` is no JSON object or its "keys" no array; the buf's own. The buf
 *            is unchanged on any of them.
 * Threads    no state.
 */
#ifndef CODEC_EVENT_REDACT_H
#define CODEC_EVENT_REDACT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

/* Append the JSON object `data` (as event_scan() took it) with the array "keys" replaced by its count; without one, as is. */
NODISCARD err_t event_redact_keys(span_t data, struct buf *out);

#endif
