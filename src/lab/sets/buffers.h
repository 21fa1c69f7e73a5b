/*
 * buffers.h - the sessions of buffer files, as the server keeps them, in memory and in time order.
 *
 * Floor      lab/sets
 * Source     CONTRACT.md 5: session_buffers/{session_id}.jsonl.
 * Units      as canara.h says.
 * Ownership  everything belongs to the struct buffers until buffers_free().
 * Errors     ERR_FORMAT, ERR_LIMIT, ERR_IO, ERR_NOMEM with one line in the dataset_fault that names
 *            file, line and field. After an error it can only be freed.
 * Threads    one at a time while it grows; then read only.
 */
#ifndef LAB_BUFFERS_H
#define LAB_BUFFERS_H

#include "lab/sets/buffer_line.h"
#include "lab/sets/dataset.h"

#include <stdbool.h>
#include <stddef.h>

enum { BUFFERS_FILES_MAX = 1000000 };

struct buffer_entry {
    wall_t at;
    bool is_fact;
    enum canara_fact fact;
    double value; /* of the fact */
    canara_event_t event;
};

struct buffer_session {
    const char *id, *email;
    const struct buffer_entry *entry; /* in the order of the file */
    size_t entries;
    size_t events;  /* of the customer's, those in secret fields too */
    size_t secrets; /* that are left out: the file does not say how they were typed */
    wall_t begin;   /* of the first line */
};

struct buffers;

NODISCARD err_t buffers_new(struct buffers **out);
void buffers_free(struct buffers **b);

/* Take in a file, or every *.jsonl of a folder. The lines of a session follow one another. */
NODISCARD err_t buffers_add(struct buffers *b, const char *path, struct dataset_fault *fault);

/* Put the sessions in the order of their begin; the same instant: by id. */
void buffers_sort(struct buffers *b);

size_t buffers_sessions(const struct buffers *b);
struct buffer_session buffers_session(const struct buffers *b, size_t number);

#endif
