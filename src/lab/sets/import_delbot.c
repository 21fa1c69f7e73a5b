/* import_delbot.c - DELBOT mouse (github.com/chrisgdt/DELBOT-Mouse): people and bots drawing
 * circles; five groups of devices, two families of bots. */
#include "lab/sets/import_path.h"
#include "lab/sets/text_table.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 4 }; /* t_ms, event, x, y */

static const struct dataset_info about = {
    .name = "delbot-mouse",
    .source = "DELBOT-Mouse, circles, part; github.com/chrisgdt/DELBOT-Mouse",
    .licence = "MIT",
    .modality = "pointer",
    .note =
        "A file is a session; user_email names the family of bots (gan, pynput) or the group "
        "of devices of people, so that both can be left out. Coordinates are rounded to whole "
        "px and times to whole ms: fractions give away one generator; places told as shares of the "
        "screen are multiplied with its size first. Times of day are made up: a minute for each "
        "file, in the order of names.",
};

/* "circles_human_pc1" is people on pc1, "circles_bot_gan" bots of the family gan. */
static bool group_of(const char *path, char group[IMPORT_NAME_BYTES], bool *human)
{
    static const char people[] = "circles_human_";
    static const char bots[] = "circles_bot_";
    char folder[IMPORT_NAME_BYTES];
    path_parent(path, folder);
    *human = strncmp(folder, people, sizeof people - 1) == 0;
    if (!*human && strncmp(folder, bots, sizeof bots - 1) != 0) {
        return false;
    }
    (void)snprintf(group, IMPORT_NAME_BYTES, "%s",
                   folder + (*human ? sizeof people : sizeof bots) - 1);
    for (char *c = group; *c != '\0'; c++) {
        if (*c == '_') {
            *c = '-';
        }
    }
    return group[0] != '\0' && strlen(group) <= 16;
}

bool delbot_wanted(const char *path)
{
    char group[IMPORT_NAME_BYTES];
    bool human = false;
    return path_ends(path, ".txt") && group_of(path, group, &human);
}

struct work {
    const struct import *in;
    struct set_writer *to;
    struct path_cutter cut;
    size_t empty, shares;
};

static void work_free(struct work **w)
{
    if (*w != NULL) {
        set_writer_free(&(*w)->to);
        free(*w);
    }
}

static bool is(span_t text, const char *word)
{
    return span_eq(text, (span_t){(const uint8_t *)word, strlen(word)});
}

/* Eighteen files tell places as shares of the screen: no place of theirs is beyond 1. */
static bool are_shares(struct text_lines lines)
{
    span_t line = {0};
    bool any = false;
    while (text_next_line(&lines, &line)) {
        span_t column[COLUMNS];
        double xy = 0.0;
        if (text_columns(line, column, COLUMNS) != COLUMNS || !text_number(column[2], 0, 1, &xy) ||
            !text_number(column[3], 0, 1, &xy)) {
            return false;
        }
        any = any || xy > 0.0;
    }
    return any;
}

/* The first line, resolution:WIDTH,HEIGHT; what places are to be multiplied with is in `scale`. */
static err_t take_resolution(struct work *w, size_t index, struct text_lines *lines,
                             double scale[2])
{
    static const char head[] = "resolution:";

    enum { HEAD = sizeof head - 1 };

    const char *const path = source_path(w->in->source, index);
    span_t line = {0};
    span_t column[2];
    double px[2] = {1.0, 1.0};
    if (!text_next_line(lines, &line) || line.len < HEAD || memcmp(line.ptr, head, HEAD) != 0) {
        return import_refuse(w->in, path, 1, "must begin with resolution:");
    }
    if (are_shares(*lines)) {
        const span_t rest = {line.ptr + HEAD, line.len - HEAD};
        if (text_columns(rest, column, 2) != 2 || !text_number(column[0], 1, 1e5, &px[0]) ||
            !text_number(column[1], 1, 1e5, &px[1])) {
            return import_refuse(w->in, path, 1,
                                 "resolution: must give width and height in px, since the places "
                                 "are shares of the screen");
        }
        w->shares++;
    }
    memcpy(scale, px, sizeof px);
    return ERR_OK;
}

static err_t take_points(struct work *w, size_t index)
{
    struct text_lines lines = {.rest = source_text(w->in->source, index)};
    span_t line = {0};
    double scale[2] = {1.0, 1.0};
    double start = -1.0;
    uint32_t held = 0;
    TRY(take_resolution(w, index, &lines, scale));
    while (text_next_line(&lines, &line)) {
        span_t column[COLUMNS];
        canara_point_t p = {0};
        double t = 0.0;
        if (text_columns(line, column, COLUMNS) != COLUMNS ||
            !text_number(column[0], 0, 1e15, &t) || !text_number(column[2], -1e6, 1e6, &p.x) ||
            !text_number(column[3], -1e6, 1e6, &p.y)) {
            return import_refuse(w->in, source_path(w->in->source, index), lines.line,
                                 "must be t_ms, event, x and y");
        }
        start = start < 0.0 ? t : start;
        held = is(column[1], "Pressed") ? 1 : is(column[1], "Released") ? 0 : held;
        p.t_ms = round_to(t - start, 1.0);
        p.x = round_to(scale[0] * p.x, 1.0);
        p.y = round_to(scale[1] * p.y, 1.0);
        p.buttons = held;
        if (!(p.t_ms >= 0.0) || !(p.t_ms <= 86400000.0)) {
            return import_refuse(w->in, source_path(w->in->source, index), lines.line,
                                 "t_ms must not be before the first nor a day behind it");
        }
        path_add(&w->cut, &p);
    }
    return ERR_OK;
}

static err_t take_file(struct work *w, size_t index)
{
    char group[IMPORT_NAME_BYTES];
    char id[IMPORT_NAME_BYTES];
    char email[256];
    bool human = false;
    const char *const path = source_path(w->in->source, index);
    const char *const name = path_last(path);
    MUST(group_of(path, group, &human));
    const int n =
        snprintf(id, sizeof id, "%s-%.*s", group, (int)(strlen(name) - (sizeof ".txt" - 1)), name);
    TRY(import_session(w->in, path, id, n));
    (void)snprintf(email, sizeof email, "%s%s@delbot.invalid", human ? "device-" : "", group);
    set_writer_session(w->to, id, email);
    path_begin(&w->cut, w->to, import_time(0, (double)index * 60000.0));
    TRY(take_points(w, index));
    if (path_end(&w->cut) == 0) {
        w->empty++;
        return ERR_OK;
    }
    set_writer_trial(w->to, "-", id, human ? DATASET_HUMAN : DATASET_BOT);
    return ERR_OK;
}

err_t delbot_import(struct import *in)
{
    CLEANUP(work_free) struct work *w = calloc(1, sizeof *w);
    if (w == NULL) {
        return err_new(ERR_NOMEM);
    }
    w->in = in;
    TRY(set_writer_open(&w->to, in->dir, &about));
    for (size_t i = 0; i < source_count(in->source); i++) {
        TRY(take_file(w, i));
        TRY(import_progress(in, i + 1, source_count(in->source)));
    }
    import_note(in,
                "%zu files without a point left out; places of %zu files were shares of the screen",
                w->empty, w->shares);
    return set_writer_finish(&w->to);
}
