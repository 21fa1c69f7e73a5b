/* import_meu.c - MEU-Mobile KSD: Al-Obaidi and Al-Jarrah 2016, 56 people, 51 entries of one
 * password on a tablet. */
#include "lab/sets/import_password.h"
#include "lab/sets/text_table.h"

#include <stdio.h>

/* Subject, hold of 14 keys, down-down and up-down between them, pressure and size of each, and
 * three means that follow from them. */
enum {
    KEYS = 14,
    HOLD = 1,
    DOWN_DOWN = HOLD + KEYS,
    PRESSURE = DOWN_DOWN + 2 * (KEYS - 1),
    SIZE = PRESSURE + KEYS,
    COLUMNS = SIZE + KEYS + 3,
    ENROL = 34,
    DAY_ENTRIES = 17
};

#define LONGEST_MS 600000.0 /* what an event may hold */

static const struct dataset_info about = {
    .name = "meu-mobile-ksd",
    .source = "Al-Obaidi and Al-Jarrah, MEU-Mobile KSD, 2016; UCI machine learning repository",
    .licence = "UCI repository (CC BY 4.0, not verified)",
    .modality = "keystrokes",
    .note = "One entry of the password is one session. Times of day are made up: 17 entries a "
            "day, one a minute, in the order of the set. Enrolment: entries 1 to 34; genuine: the "
            "rest; impostor: entries 1 to 5 of each other, practised: 8, 16 ... 48 of each other.",
};

bool meu_wanted(const char *path)
{
    return strncmp(path_last(path), "meu-mobile-ksd", 14) == 0 && path_ends(path, ".csv");
}

static bool take_keys(const span_t *column, canara_key_t keys[KEYS])
{
    double down = 0.0;
    for (size_t k = 0; k < KEYS; k++) {
        double hold = 0.0;
        double step = 0.0;
        canara_key_t *const key = &keys[k];
        *key = (canara_key_t){.key_class = CANARA_KEY_OTHER,
                              .has = 1U << CANARA_KEY_PRESSURE | 1U << CANARA_KEY_SIZE};
        if (!text_number(column[HOLD + k], 0.0, LONGEST_MS, &hold) ||
            (k > 0 && !text_number(column[DOWN_DOWN + k - 1], 0.0, LONGEST_MS, &step)) ||
            !text_number(column[PRESSURE + k], 0.0, 100.0, &key->extra[CANARA_KEY_PRESSURE]) ||
            !text_number(column[SIZE + k], 0.0, 100.0, &key->extra[CANARA_KEY_SIZE])) {
            return false;
        }
        down += step;
        key->down_ms = down;
        key->up_ms = down + hold;
        if (!(key->up_ms <= LONGEST_MS)) {
            return false;
        }
    }
    return true;
}

/* How many entries each person has so far; people are numbered from 1 to 999. */
struct tally {
    size_t entries[1000];
};

static err_t take_row(const struct import *in, struct password_set *set, struct tally *tally,
                      span_t line, size_t at)
{
    span_t column[COLUMNS];
    canara_key_t keys[KEYS];
    double subject = 0.0;
    const char *const file = source_path(in->source, 0);
    if (text_columns(line, column, COLUMNS) != COLUMNS) {
        return import_refuse(in, file, at, "must have %d columns", COLUMNS);
    }
    if (!text_number(column[0], 1, 999, &subject)) {
        return import_refuse(in, file, at, "Subject must be a number from 1 to 999");
    }
    if (!take_keys(column, keys)) {
        return import_refuse(
            in, file, at,
            "Hold and DD must be numbers from 0 to 600000 (ms, in all), Pressure and Size "
            "from 0 to 100");
    }
    const size_t n = tally->entries[(size_t)subject]++;
    char user[IMPORT_NAME_BYTES];
    char id[IMPORT_NAME_BYTES];
    (void)snprintf(user, sizeof user, "u%02.0f", subject);
    (void)snprintf(id, sizeof id, "u%02.0f-%02zu", subject, n + 1);
    const wall_t when = import_time(n / DAY_ENTRIES, (double)(n % DAY_ENTRIES + 1) * 60000.0);
    return password_set_add(set, user, id, when, keys, KEYS);
}

err_t meu_import(struct import *in)
{
    CLEANUP(password_set_deinit) struct password_set set;
    struct tally tally = {{0}};
    struct text_lines lines = {.rest = source_text(in->source, 0)};
    const size_t bytes = lines.rest.len;
    span_t line = {0};
    password_set_init(&set);
    if (source_count(in->source) != 1) {
        return import_refuse(in, source_path(in->source, 1), 1,
                             "is a second table; one is allowed");
    }
    if (!text_next_line(&lines, &line) || line.len < 8 || memcmp(line.ptr, "Subject,", 8) != 0) {
        return import_refuse(in, source_path(in->source, 0), 1, "must begin with Subject,Hold .");
    }
    while (text_next_line(&lines, &line)) {
        TRY(take_row(in, &set, &tally, line, lines.line));
        TRY(import_progress(in, bytes - lines.rest.len, bytes));
    }
    const struct password_rule rule = {.domain = "meu.invalid", .enrol = ENROL, .about = &about};
    return password_set_write(in, &set, in->dir, &rule);
}
