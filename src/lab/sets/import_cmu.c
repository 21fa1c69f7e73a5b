/* import_cmu.c - the keystroke benchmark of Killourhy and Maxion, "Comparing anomaly-detection
 * algorithms for keystroke dynamics", DSN 2009: 51 people, 8 sessions of 50 entries. */
#include "lab/sets/dataset_line.h"
#include "lab/sets/import_password.h"
#include "lab/sets/text_table.h"

#include <math.h>
#include <stdio.h>

/* subject, sessionIndex, rep, then H of 11 keys with DD and UD between them */
enum { KEYS = 11, COLUMNS = 3 + 3 * KEYS - 2, ENROL = 200 };

#define LONGEST_MS 600000.0 /* what an event may hold */

static const struct dataset_info about = {
    .name = "cmu-strong-password",
    .source = "Killourhy and Maxion, Comparing anomaly-detection algorithms for keystroke "
              "dynamics, DSN 2009; www.cs.cmu.edu/~keystroke",
    .licence = "none stated; published by CMU for benchmarking, cite DSN 2009; not to be passed on",
    .modality = "keystrokes",
    .note = "One entry of the password is one session. Times of day are made up: one session a "
            "day, one entry a minute, in the order of the set. Enrolment: entries 1 to 200; "
            "genuine: 201 to 400; impostor: entries 1 to 5 of each other, practised: 8, 16 ... 400 "
            "of each other.",
};

bool cmu_wanted(const char *path)
{
    return strncmp(path_last(path), "DSL-StrongPassword", 18) == 0 && path_ends(path, ".csv");
}

static const canara_key_t plain_key = {.key_class = CANARA_KEY_OTHER};

/* Times are kept as whole tenths of a millisecond, as they were published: sums stay exact. */
static bool take_keys(const span_t *column, canara_key_t keys[KEYS])
{
    int64_t down = 0;
    for (size_t k = 0; k < KEYS; k++) {
        double hold = 0.0;
        double step = 0.0;
        if (!text_number(column[3 + 3 * k], 0.0, 60.0, &hold) ||
            (k > 0 && !text_number(column[1 + 3 * k], 0.0, 60.0, &step))) {
            return false;
        }
        down += llround(step * 1e4);
        keys[k] = plain_key;
        keys[k].down_ms = (double)down / 10.0;
        keys[k].up_ms = (double)(down + llround(hold * 1e4)) / 10.0;
        if (keys[k].up_ms > LONGEST_MS) {
            return false;
        }
    }
    return true;
}

static err_t take_row(const struct import *in, struct password_set *set, span_t line, size_t at)
{
    span_t column[COLUMNS];
    canara_key_t keys[KEYS];
    double day = 0.0;
    double rep = 0.0;
    const char *const file = source_path(in->source, 0);
    if (text_columns(line, column, COLUMNS) != COLUMNS) {
        return import_refuse(in, file, at, "must have %d columns", COLUMNS);
    }
    if (!dataset_name_is_good(column[0]) || column[0].len > 16 ||
        !text_number(column[1], 1, 99, &day) || !text_number(column[2], 1, 999, &rep)) {
        return import_refuse(in, file, at, "must begin with subject, sessionIndex and rep");
    }
    if (!take_keys(column, keys)) {
        return import_refuse(in, file, at, "H and DD must be numbers from 0 to 60 (s), 600 in all");
    }
    char user[IMPORT_NAME_BYTES];
    char id[IMPORT_NAME_BYTES];
    (void)snprintf(user, sizeof user, "%.*s", (int)column[0].len, (const char *)column[0].ptr);
    (void)snprintf(id, sizeof id, "%.20s-%.0f-%02.0f", user, day, rep);
    const wall_t when = import_time((size_t)day - 1, rep * 60000.0);
    return password_set_add(set, user, id, when, keys, KEYS);
}

err_t cmu_import(struct import *in)
{
    CLEANUP(password_set_deinit) struct password_set set;
    struct text_lines lines = {.rest = source_text(in->source, 0)};
    const size_t bytes = lines.rest.len;
    span_t line = {0};
    password_set_init(&set);
    if (source_count(in->source) != 1) {
        return import_refuse(in, source_path(in->source, 1), 1,
                             "is a second table; one is allowed");
    }
    if (!text_next_line(&lines, &line) || line.len < 8 || memcmp(line.ptr, "subject,", 8) != 0) {
        return import_refuse(in, source_path(in->source, 0), 1,
                             "must begin with subject,sessionIndex,rep,H.period");
    }
    while (text_next_line(&lines, &line)) {
        TRY(take_row(in, &set, line, lines.line));
        TRY(import_progress(in, bytes - lines.rest.len, bytes));
    }
    const struct password_rule rule = {.domain = "cmu.invalid", .enrol = ENROL, .about = &about};
    return password_set_write(in, &set, in->dir, &rule);
}
