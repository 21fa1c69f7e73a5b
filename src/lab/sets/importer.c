#include "lab/sets/importer.h"

#include "base/util.h"
#include "lab/sets/dataset_line.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* clang-format off */
static const struct importer table[] = {
    {"cmu-strong-password", "51 people, one password 400 times: the benchmark of Killourhy and Maxion 2009",
     cmu_wanted, cmu_import},
    {"meu-mobile-ksd", "56 people, one password 51 times on a tablet, with pressure and size",
     meu_wanted, meu_import},
    {"mobikey", "54 people, three passwords on a tablet: three data sets",
     mobikey_wanted, mobikey_import},
    {"balabit-mouse", "10 people's mouse, 816 labelled sessions",
     balabit_wanted, balabit_import},
    {"antal-scroll-touch", "71 people's swipes as vectors, 10 to a session",
     antal_wanted, antal_import},
    {"delbot-mouse", "people and bots drawing circles with a mouse",
     delbot_wanted, delbot_import},
};

/* clang-format on */

const struct importer *importers_all(size_t *count)
{
    *count = ARRAY_LEN(table);
    return table;
}

const struct importer *importer_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

/* ---- the folder ---- */

PRINTF_LIKE(3, 4)

static err_t refuse(struct import_report *report, enum err_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(report->fault, sizeof report->fault, format, args);
    va_end(args);
    return err_new(code);
}

static err_t refuse_system(struct import_report *report, const char *path)
{
    char words[96] = "";
    return refuse(report, ERR_IO, "%.1024s: %s", path, strerror_r(errno, words, sizeof words));
}

/* May `dir` be written: is it absent, or an empty folder? */
static err_t check_free(const char *dir, struct import_report *report)
{
    DIR *const d = opendir(dir);
    if (d == NULL) {
        return errno == ENOENT ? ERR_OK : refuse_system(report, dir);
    }
    bool empty = true;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        empty = empty && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0);
    }
    (void)closedir(d);
    return empty ? ERR_OK
                 : refuse(report, ERR_IO, "%.1024s: is not empty; a new or empty folder is allowed",
                          dir);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st;
    (void)flag;
    (void)walk;
    return remove(path);
}

/* The folder that is written to; removed with all in it unless it got its name. */
struct workshop {
    char path[SOURCE_PATH_BYTES];
    bool kept;
};

static void workshop_deinit(struct workshop *w)
{
    if (w->path[0] != '\0' && !w->kept) {
        (void)nftw(/* NOLINT(concurrency-mt-unsafe): the folder is this run's own */
                   w->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
}

static err_t workshop_init(struct workshop *w, const char *dir, struct import_report *report)
{
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/') {
        len--;
    }
    const int n = snprintf(w->path, sizeof w->path, "%.*s.part-XXXXXX", (int)len, dir);
    if (n < 0 || (size_t)n >= sizeof w->path) {
        w->path[0] = '\0';
        return refuse(report, ERR_LIMIT, "%.1024s: the path is too long", dir);
    }
    if (mkdtemp(w->path) == NULL) {
        const err_t e = refuse_system(report, w->path);
        w->path[0] = '\0';
        return e;
    }
    return ERR_OK;
}

err_t importer_run(const struct importer *importer, const char *src, const char *dir,
                   const struct import_watch *watch, struct import_report *report)
{
    CLEANUP(source_close) struct source *source = NULL;
    CLEANUP(workshop_deinit) struct workshop shop = {.path = ""};
    struct source_fault why = {.text = ""};
    *report = (struct import_report){.fault = ""};
    TRY(check_free(dir, report));
    const err_t opened = source_open(src, importer->wanted, &source, &why);
    if (failed(opened)) {
        return refuse(report, opened.code, "%s", why.text);
    }
    struct import in = {.source = source, .dir = shop.path, .watch = watch, .report = report};
    TRY(import_go_on(&in));
    TRY(workshop_init(&shop, dir, report));
    err_t done = importer->run(&in);
    done = failed(done) ? done : import_go_on(&in);
    if (failed(done)) {
        return report->fault[0] != '\0' ? done
               : done.code == ERR_NOMEM ? refuse(report, done.code, "the memory is used up")
                                        : refuse_system(report, shop.path);
    }
    if (rename(shop.path, dir) != 0) {
        return refuse_system(report, dir);
    }
    shop.kept = true;
    return ERR_OK;
}

/* ---- for the importers ---- */

err_t import_refuse(const struct import *in, const char *file, size_t line, const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return refuse(in->report, ERR_FORMAT, "%.900s:%zu: %s", file, line, words);
}

err_t import_session(const struct import *in, const char *file, const char id[IMPORT_NAME_BYTES],
                     int printed)
{
    const bool whole = printed >= 0 && printed < IMPORT_NAME_BYTES;
    return whole && dataset_name_is_good((span_t){(const uint8_t *)id, strlen(id)})
               ? ERR_OK
               : import_refuse(in, file, 1,
                               "cannot be the name of a session: A-Z, a-z, 0-9, ., _, @ and - are "
                               "allowed, and %d characters with its folder",
                               DATASET_NAME_BYTES);
}

void import_note(const struct import *in, const char *format, ...)
{
    char *const note = in->report->note;
    const size_t len = strlen(note);
    const size_t blank = len == 0 ? 0 : 2;
    if (len + blank >= IMPORT_NOTE_BYTES) {
        return;
    }
    memcpy(note + len, "; ", blank);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(note + len + blank, IMPORT_NOTE_BYTES - len - blank, format, args);
    va_end(args);
}

err_t import_go_on(const struct import *in)
{
    return in->watch != NULL && in->watch->stopped != NULL && in->watch->stopped(in->watch->arg)
               ? refuse(in->report, ERR_TIMEOUT, "was stopped; nothing is left of it")
               : ERR_OK;
}

err_t import_progress(const struct import *in, size_t done, size_t of)
{
    if (in->watch != NULL && in->watch->progress != NULL && of > 0) {
        in->watch->progress(in->watch->arg, (unsigned)(done * 100 / of));
    }
    return import_go_on(in);
}

wall_t import_time(size_t day, double ms)
{
    return (wall_t){IMPORT_START_MS + (int64_t)day * INT64_C(86400000) + (int64_t)ms};
}

const char *path_last(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

void path_parent(const char *path, char out[IMPORT_NAME_BYTES])
{
    const char *const end = path_last(path);
    const char *from = end == path ? path : end - 1;
    const size_t len_to = (size_t)(from - path);
    size_t begin = len_to;
    while (begin > 0 && path[begin - 1] != '/') {
        begin--;
    }
    (void)snprintf(out, IMPORT_NAME_BYTES, "%.*s", (int)(len_to - begin), path + begin);
}

bool path_ends(const char *path, const char *end)
{
    const size_t n = strlen(path);
    const size_t m = strlen(end);
    return n >= m && memcmp(path + n - m, end, m) == 0;
}
