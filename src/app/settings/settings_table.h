/*
 * settings_table.h - the one table of settings, and how each kind is read and printed.
 *
 * Floor      app/settings
 * Ownership  constants; values are borrowed for the call.
 * Errors     setting_parse() answers false for a value that the row does not allow.
 * Threads    no state.
 */
#ifndef APP_SETTINGS_TABLE_H
#define APP_SETTINGS_TABLE_H

#include "app/settings/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum setting_kind {
    SETTING_SECRET, /* text that is never shown */
    SETTING_TEXT,
    SETTING_NUMBER, /* uint32_t, low..high */
    SETTING_PORT,   /* uint16_t */
    SETTING_SHARE,  /* double, 0..1 */
    SETTING_FLAG,   /* bool: True, true, 1, False, false, 0 */
    SETTING_CHOICE, /* bool: allow, deny */
    SETTING_TLS,    /* bool: 1.3, 1.2 */
    SETTING_RATE,   /* throttle_t: COUNT/WINDOW with s, m or h; 0 = off */
    SETTING_HOST,
    SETTING_ORIGIN,
    SETTING_ORIGINS,
    SETTING_NETWORKS,
    SETTING_LEVEL,  /* enum log_level */
    SETTING_FORMAT, /* enum setting_log_format */
    SETTING_KINDS
};

struct setting_row {
    const char *name;
    enum setting_kind kind;
    size_t offset;        /* in struct settings */
    size_t room;          /* bytes of a text, NUL included */
    int64_t low, high;    /* of a number */
    const char *fallback; /* default as text; "" = none, or found out at the start */
    const char *found;    /* what an empty default becomes, in words; NULL = none */
    const char *allowed;  /* after "must be " */
    const char *meaning;  /* one line */
};

/* The rows, in the order of the documentation. */
const struct setting_row *settings_rows(size_t *count);

/* The row of that name, or NULL. */
const struct setting_row *settings_row(const char *name);

/* The name nearest to `name` (at most a third of it changed), or NULL. */
const char *settings_nearest(const char *name);

/* Read a value into its place. An empty text is "none" for texts and lists, else refused. */
bool setting_parse(const struct setting_row *row, const char *text, struct settings *into);

/* Print the effective value; a secret as "set" or "not set". Cut to fit. */
void setting_print(const struct setting_row *row, const struct settings *s, char *out, size_t cap);

/* Print .env.example. */
void settings_print_example(FILE *to);

#endif
