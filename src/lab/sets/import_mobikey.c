/* import_mobikey.c - MOBIKEY: Antal and Nemes, "The MOBIKEY keystroke dynamics password database:
 * benchmark results", 2016: 54 people, three passwords on one tablet, raw key events. */
#include "base/util.h"
#include "lab/sets/dataset_line.h"
#include "lab/sets/import_password.h"
#include "lab/sets/text_table.h"

#include <stdio.h>

/* The last twelve columns; before them UserId, DeviceId, SessionId and the key, which may hold a
 * comma itself. */
enum column {
    COLUMN_DOWN,
    COLUMN_UP,
    COLUMN_PRESSURE,
    COLUMN_AREA,
    COLUMN_X,
    COLUMN_Y,
    COLUMN_GX,
    COLUMN_GY,
    COLUMN_GZ,
    COLUMN_HANDS,
    COLUMN_PASSWORD,
    COLUMN_REPETITION,
    COLUMNS
};

enum { HEAD = 3, FIELDS_MAX = 20, KEYS_MAX = 64, PASSWORDS = 3, DAY_ENTRIES = 20 };

/* Screen of the tablet (Nexus 7 of 2012, upright): positions become shares of it. */
#define SCREEN_WIDTH  800.0
#define SCREEN_HEIGHT 1280.0

#define SHIFT "Shift\xe2\x86\x91"

#define SOURCE                                                                  \
    "Antal and Nemes, The MOBIKEY keystroke dynamics password database, 2016; " \
    "ms.sapientia.ro/~manyi/mobikey.html"
#define LICENCE "none stated; freely downloadable for research, cite; not to be passed on"
#define NOTE                                                                                     \
    "One entry of the password is one session; entries with other keys than the password needs " \
    "(corrections, detours, parts) are left out. Times of day are made up: 20 entries a day, "   \
    "one a minute, in the order of the set. x and y are shares of the screen, ax, ay and az "    \
    "gravity. Enrolment: the first two thirds; genuine: the rest; impostor: entries 1 to 5 of "  \
    "each other, practised: every eighth of each other."

/* By PasswordType: what it is called, and the keys that type it. */
static const struct {
    struct dataset_info about;
    size_t count;
    const char *key[16];
} passwords[PASSWORDS] = {
    {{"kicsikutyatarka", SOURCE, LICENCE, "keystrokes", NOTE},
     15,
     {"k", "i", "c", "s", "i", "k", "u", "t", "y", "a", "t", "a", "r", "k", "a"}},
    {{"tie5roanl", SOURCE, LICENCE, "keystrokes", NOTE},
     13,
     {".", "t", "i", "e", "123?", "5", "abc", SHIFT, "R", "o", "a", "n", "l"}},
    {{"kktsf2-2014", SOURCE, LICENCE, "keystrokes", NOTE},
     13,
     {SHIFT, "K", "k", "t", "s", "f", "123?", "2", "!", "2", "0", "1", "4"}},
};

/* One row of the table. */
struct press {
    span_t user, session, key;
    double value[COLUMNS];
};

/* The entry at hand: rows of one user, session, password and repetition that follow one another. */
struct entry {
    struct press first;
    canara_key_t keys[KEYS_MAX];
    size_t count;
    bool good; /* the right keys so far, in order and in range */
};

struct passwords {
    struct password_set set[PASSWORDS];
    size_t entries, dropped, rows_dropped;
};

static void passwords_init(struct passwords *all)
{
    *all = (struct passwords){.entries = 0};
    for (size_t p = 0; p < PASSWORDS; p++) {
        password_set_init(&all->set[p]);
    }
}

static void passwords_deinit(struct passwords *all)
{
    for (size_t p = 0; p < PASSWORDS; p++) {
        password_set_deinit(&all->set[p]);
    }
}

bool mobikey_wanted(const char *path)
{
    return strcmp(path_last(path), "Keystrokes.csv") == 0;
}

static span_t between(span_t first, span_t behind)
{
    return (span_t){first.ptr, (size_t)(behind.ptr - first.ptr)};
}

/* Read one row; false when it is none. */
static bool take_press(span_t line, struct press *out)
{
    static const struct {
        double low, high;
    } range[COLUMNS] = {
        [COLUMN_DOWN] = {0, 1e12}, [COLUMN_UP] = {0, 1e12},    [COLUMN_PRESSURE] = {0, 100},
        [COLUMN_AREA] = {0, 100},  [COLUMN_X] = {-8000, 8000}, [COLUMN_Y] = {-12800, 12800},
        [COLUMN_GX] = {-200, 200}, [COLUMN_GY] = {-200, 200},  [COLUMN_GZ] = {-200, 200},
        [COLUMN_HANDS] = {0, 9},   [COLUMN_PASSWORD] = {0, 2}, [COLUMN_REPETITION] = {0, 1e6},
    };

    span_t field[FIELDS_MAX];
    const size_t n = text_columns(line, field, FIELDS_MAX);
    if (n < HEAD + 1 + COLUMNS || n > FIELDS_MAX) {
        return false;
    }
    const span_t *const tail = field + (n - COLUMNS);
    for (size_t c = 0; c < COLUMNS; c++) {
        if (!text_number(tail[c], range[c].low, range[c].high, &out->value[c])) {
            return false;
        }
    }
    out->user = field[0];
    out->session = field[2];
    out->key = field[HEAD];
    if (n > HEAD + 1 + COLUMNS) { /* the key is a comma */
        const span_t last = tail[-1];
        out->key = between(field[HEAD], (span_t){last.ptr + last.len, 0});
    }
    return dataset_name_is_good(out->user) && out->user.len <= 8 &&
           dataset_name_is_good(out->session) && out->session.len <= 8;
}

static bool same_entry(const struct press *a, const struct press *b)
{
    return span_eq(a->user, b->user) && span_eq(a->session, b->session) &&
           (int)a->value[COLUMN_PASSWORD] == (int)b->value[COLUMN_PASSWORD] &&
           (int)a->value[COLUMN_REPETITION] == (int)b->value[COLUMN_REPETITION];
}

static canara_key_t key_of(const struct press *p, double start)
{
    canara_key_t key = {.key_class = CANARA_KEY_OTHER,
                        .has = 1U << CANARA_KEY_PRESSURE | 1U << CANARA_KEY_SIZE |
                               1U << CANARA_KEY_X | 1U << CANARA_KEY_Y | 1U << CANARA_KEY_AX |
                               1U << CANARA_KEY_AY | 1U << CANARA_KEY_AZ};
    key.down_ms = p->value[COLUMN_DOWN] - start;
    key.up_ms = p->value[COLUMN_UP] - start;
    key.extra[CANARA_KEY_PRESSURE] = round_to(p->value[COLUMN_PRESSURE], 1e6);
    key.extra[CANARA_KEY_SIZE] = round_to(p->value[COLUMN_AREA], 1e6);
    key.extra[CANARA_KEY_X] = round_to(p->value[COLUMN_X] / SCREEN_WIDTH, 1e5);
    key.extra[CANARA_KEY_Y] = round_to(p->value[COLUMN_Y] / SCREEN_HEIGHT, 1e5);
    key.extra[CANARA_KEY_AX] = round_to(p->value[COLUMN_GX], 1e5);
    key.extra[CANARA_KEY_AY] = round_to(p->value[COLUMN_GY], 1e5);
    key.extra[CANARA_KEY_AZ] = round_to(p->value[COLUMN_GZ], 1e5);
    return key;
}

static void entry_add(struct entry *e, const struct press *p)
{
    const size_t password = (size_t)p->value[COLUMN_PASSWORD];
    const size_t n = e->count++;
    if (n == 0) {
        e->first = *p;
        e->good = true;
    }
    if (!e->good || n >= passwords[password].count) {
        e->good = false;
        return;
    }
    const char *const want = passwords[password].key[n];
    e->keys[n] = key_of(p, e->first.value[COLUMN_DOWN]);
    const double last = n == 0 ? 0.0 : e->keys[n - 1].down_ms;
    e->good = span_eq(p->key, (span_t){(const uint8_t *)want, strlen(want)}) &&
              e->keys[n].down_ms >= last && e->keys[n].up_ms >= e->keys[n].down_ms &&
              e->keys[n].up_ms <= 600000.0;
}

/* How many entries of this person the set has already. */
static size_t entries_of(const struct password_set *set, const char *user)
{
    uint32_t index = 0;
    size_t n = 0;
    if (names_find(&set->users, (span_t){(const uint8_t *)user, strlen(user)}, &index)) {
        for (size_t i = 0; i < set->count; i++) {
            n += set->entry[i].user == index ? 1 : 0;
        }
    }
    return n;
}

static err_t entry_end(struct entry *e, struct passwords *all)
{
    if (e->count == 0) {
        return ERR_OK;
    }
    const size_t p = (size_t)e->first.value[COLUMN_PASSWORD];
    const bool good = e->good && e->count == passwords[p].count;
    const uint32_t count = (uint32_t)e->count;
    e->count = 0;
    all->entries++;
    if (!good) {
        all->dropped++;
        return ERR_OK;
    }
    char user[IMPORT_NAME_BYTES];
    char id[IMPORT_NAME_BYTES];
    const span_t name = e->first.user;
    const span_t session = e->first.session;
    (void)snprintf(user, sizeof user, "u%.*s", (int)name.len, (const char *)name.ptr);
    const size_t n = entries_of(&all->set[p], user);
    (void)snprintf(id, sizeof id, "%.16s-s%.*s-%03zu", user, (int)session.len,
                   (const char *)session.ptr, n + 1);
    const wall_t when = import_time(n / DAY_ENTRIES, (double)(n % DAY_ENTRIES + 1) * 60000.0);
    return password_set_add(&all->set[p], user, id, when, e->keys, count);
}

static err_t take_file(const struct import *in, size_t index, struct passwords *all)
{
    struct text_lines lines = {.rest = source_text(in->source, index)};
    struct entry entry = {.count = 0};
    struct press press;
    span_t line = {0};
    if (!text_next_line(&lines, &line) || line.len < 7 || memcmp(line.ptr, "UserId,", 7) != 0) {
        return import_refuse(in, source_path(in->source, index), 1,
                             "must begin with UserId, DeviceId, SessionId, Key");
    }
    while (text_next_line(&lines, &line)) {
        if (!take_press(line, &press)) {
            all->rows_dropped++;
            entry.good = false;
            continue;
        }
        if (entry.count > 0 && !same_entry(&entry.first, &press)) {
            TRY(entry_end(&entry, all));
        }
        entry_add(&entry, &press);
    }
    return entry_end(&entry, all);
}

err_t mobikey_import(struct import *in)
{
    CLEANUP(passwords_deinit) struct passwords all;
    passwords_init(&all);
    for (size_t i = 0; i < source_count(in->source); i++) {
        TRY(take_file(in, i, &all));
        TRY(import_progress(in, i + 1, source_count(in->source)));
    }
    for (size_t p = 0; p < PASSWORDS; p++) {
        char dir[SOURCE_PATH_BYTES + 32];
        if (all.set[p].count == 0) {
            continue;
        }
        (void)snprintf(dir, sizeof dir, "%s/%s", in->dir, passwords[p].about.name);
        const struct password_rule rule = {.domain = "mobikey.invalid",
                                           .about = &passwords[p].about};
        TRY(password_set_write(in, &all.set[p], dir, &rule));
    }
    import_note(in, "%zu of %zu entries left out: other keys than the password needs", all.dropped,
                all.entries);
    import_note(in, "%zu rows that are none", all.rows_dropped);
    return ERR_OK;
}
