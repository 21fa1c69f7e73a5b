#include "lab/sets/source.h"

#include "base/util.h"
#include "lab/sets/pool.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

struct source_file {
    char *path;
    uint8_t *bytes;
    size_t len;
};

struct source {
    struct source_file *files;
    size_t count, cap;
    size_t bytes;
};

struct loading {
    struct source *set;
    bool (*wanted)(const char *path);
    struct source_fault *fault;
};

PRINTF_LIKE(3, 4)

static err_t refuse(struct loading *l, enum err_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(l->fault->text, sizeof l->fault->text, format, args);
    va_end(args);
    return err_new(code);
}

static err_t refuse_system(struct loading *l, const char *path)
{
    char words[96] = "";
    return refuse(l, ERR_IO, "%.1024s: %s", path, strerror_r(errno, words, sizeof words));
}

/* ---- one file ---- */

static void free_grown(struct source_file *f)
{
    free(f->path);
    free(f->bytes);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the file owns its bytes */
static err_t add_file(struct loading *l, const char *path, uint8_t *bytes, size_t len)
{
    struct source *const s = l->set;
    struct source_file file = {.path = strdup(path), .bytes = bytes, .len = len};
    struct source_file *const grown = array_grow(s->files, &s->cap, s->count, sizeof *grown);
    if (grown != NULL) {
        s->files = grown;
    }
    if (grown == NULL || file.path == NULL) {
        free_grown(&file);
        return refuse(l, ERR_NOMEM, "%s: the memory is used up", path);
    }
    if (s->count == SOURCE_FILES_MAX) {
        free_grown(&file);
        return refuse(l, ERR_LIMIT, "%s: more than %d files", path, SOURCE_FILES_MAX);
    }
    s->files[s->count++] = file;
    return ERR_OK;
}

static void free_bytes(uint8_t **bytes)
{
    free(*bytes);
}

/* Take all that the archive's entry at hand holds. */
static err_t take_entry(struct loading *l, struct archive *a, const char *path)
{
    CLEANUP(free_bytes) uint8_t *bytes = NULL;
    size_t cap = 0;
    size_t len = 0;
    for (;;) {
        if (cap - len < READ_BYTES) {
            const size_t more = cap == 0 ? READ_BYTES : cap * 2;
            uint8_t *const grown = realloc(bytes, more);
            if (grown == NULL) {
                return refuse(l, ERR_NOMEM, "%s: the memory is used up", path);
            }
            bytes = grown;
            cap = more;
        }
        const la_ssize_t got = archive_read_data(a, bytes + len, cap - len);
        if (got < 0) {
            return refuse(l, ERR_FORMAT, "%.512s: %.512s", path, archive_error_string(a));
        }
        if (got == 0) {
            break;
        }
        len += (size_t)got;
        l->set->bytes += (size_t)got;
        if (l->set->bytes > SOURCE_BYTES_MAX) {
            return refuse(l, ERR_LIMIT, "%s: more than 2 GiB in all", path);
        }
    }
    uint8_t *const kept = bytes;
    bytes = NULL;
    return add_file(l, path, kept, len);
}

/* ---- files and archives ---- */

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);
    return n >= m && memcmp(text + n - m, end, m) == 0;
}

static bool is_tar(const char *path)
{
    static const char *const ends[] = {".tar", ".tar.xz", ".tar.zst", ".tar.gz", ".tgz"};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (ends_with(path, ends[i])) {
            return true;
        }
    }
    return false;
}

/* The path without the ending of a compressed single file. */
static void plain_path(const char *path, char out[SOURCE_PATH_BYTES])
{
    static const char *const ends[] = {".xz", ".zst", ".gz"};
    (void)snprintf(out, SOURCE_PATH_BYTES, "%s", path);
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (ends_with(out, ends[i])) {
            out[strlen(out) - strlen(ends[i])] = '\0';
            return;
        }
    }
}

static void archive_done(struct archive **a)
{
    if (*a != NULL) {
        (void)archive_read_free(*a);
    }
}

static err_t take_entries(struct loading *l, struct archive *a, const char *full, const char *path)
{
    for (;;) {
        struct archive_entry *entry = NULL;
        const int got = archive_read_next_header(a, &entry);
        if (got == ARCHIVE_EOF) {
            return ERR_OK;
        }
        if (got < ARCHIVE_WARN) {
            return refuse(l, ERR_FORMAT, "%.512s: %.512s", full, archive_error_string(a));
        }
        const char *name = path;
        if (path == NULL) {
            name = archive_entry_pathname(entry);
            if (name == NULL || archive_entry_filetype(entry) != AE_IFREG) {
                continue;
            }
            name += strncmp(name, "./", 2) == 0 ? 2 : 0;
        }
        if (strlen(name) < SOURCE_PATH_BYTES && l->wanted(name)) {
            TRY(take_entry(l, a, name));
        }
    }
}

static err_t take_path(struct loading *l, const char *full, const char *path)
{
    char plain[SOURCE_PATH_BYTES];
    plain_path(path, plain);
    const bool tar = is_tar(path);
    if (!tar && !l->wanted(plain)) {
        return ERR_OK;
    }
    CLEANUP(archive_done) struct archive *a = archive_read_new();
    if (a == NULL) {
        return refuse(l, ERR_NOMEM, "%s: the memory is used up", full);
    }
    const bool good = archive_read_support_filter_xz(a) == ARCHIVE_OK &&
                      archive_read_support_filter_zstd(a) == ARCHIVE_OK &&
                      archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
                      (tar ? archive_read_support_format_tar(a)
                           : archive_read_support_format_raw(a)) == ARCHIVE_OK &&
                      (tar || archive_read_support_format_empty(a) == ARCHIVE_OK) &&
                      archive_read_open_filename(a, full, READ_BYTES) == ARCHIVE_OK;
    if (!good) {
        return refuse(l, ERR_IO, "%.512s: %.512s", full, archive_error_string(a));
    }
    return take_entries(l, a, full, tar ? NULL : plain);
}

/* ---- folders ---- */

static void dir_done(DIR **d)
{
    if (*d != NULL) {
        (void)closedir(*d);
    }
}

struct place {
    char full[2 * SOURCE_PATH_BYTES];
    char path[SOURCE_PATH_BYTES]; /* within the set; empty for its root */
};

static err_t step_into(struct loading *l, const struct place *from, const char *name,
                       struct place *to)
{
    const char *const slash = from->path[0] == '\0' ? "" : "/";
    const int n = snprintf(to->full, sizeof to->full, "%s/%s", from->full, name);
    const int m = snprintf(to->path, sizeof to->path, "%s%s%s", from->path, slash, name);
    if (n < 0 || (size_t)n >= sizeof to->full || m < 0 || (size_t)m >= sizeof to->path) {
        return refuse(l, ERR_LIMIT, "%.1024s: a path is too long", from->full);
    }
    return ERR_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as SOURCE_DEPTH_MAX */
static err_t walk(struct loading *l, const struct place *at, unsigned depth)
{
    CLEANUP(dir_done) DIR *d = opendir(at->full);
    if (d == NULL) {
        return refuse_system(l, at->full);
    }
    if (depth > SOURCE_DEPTH_MAX) {
        return refuse(l, ERR_LIMIT, "%.1024s: more than %d folders deep", at->full,
                      SOURCE_DEPTH_MAX);
    }
    for (;;) {
        errno = 0;
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this function's own */
        const struct dirent *const e = readdir(d);
        if (e == NULL) {
            return errno == 0 ? ERR_OK : refuse_system(l, at->full);
        }
        if (e->d_name[0] == '.') {
            continue;
        }
        struct place next;
        struct stat st;
        TRY(step_into(l, at, e->d_name, &next));
        if (stat(next.full, &st) != 0) {
            return refuse_system(l, next.full);
        }
        if (S_ISDIR(st.st_mode)) {
            TRY(walk(l, &next, depth + 1));
        } else if (S_ISREG(st.st_mode)) {
            TRY(take_path(l, next.full, next.path));
        }
    }
}

/* ---- the whole ---- */

static int by_path(const void *a, const void *b)
{
    const struct source_file *const x = a;
    const struct source_file *const y = b;
    return strcmp(x->path, y->path);
}

static span_t text_of(const struct source_file *f)
{
    return (span_t){f->bytes, f->len};
}

/* An archive beside its unpacked files: once is enough, if they are equal. */
static err_t drop_doubles(struct loading *l)
{
    struct source *const s = l->set;
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (n == 0 || strcmp(s->files[n - 1].path, s->files[i].path) != 0) {
            s->files[n++] = s->files[i];
            continue;
        }
        const bool equal = span_eq(text_of(&s->files[n - 1]), text_of(&s->files[i]));
        free_grown(&s->files[i]);
        s->files[i] = (struct source_file){0};
        if (!equal) {
            const err_t e = refuse(l, ERR_FORMAT, "%s: comes twice, with different content",
                                   s->files[n - 1].path);
            memmove(&s->files[n], &s->files[i], (s->count - i) * sizeof *s->files);
            s->count = n + s->count - i;
            return e;
        }
    }
    s->count = n;
    return ERR_OK;
}

err_t source_open(const char *dir, bool (*wanted)(const char *path), struct source **out,
                  struct source_fault *fault)
{
    CLEANUP(source_close) struct source *s = calloc(1, sizeof *s);
    struct loading l = {.set = s, .wanted = wanted, .fault = fault};
    struct place root = {.path = ""};
    const int n = snprintf(root.full, sizeof root.full, "%s", dir);
    if (s == NULL) {
        return refuse(&l, ERR_NOMEM, "%.1024s: the memory is used up", dir);
    }
    if (n < 0 || (size_t)n >= sizeof root.full) {
        return refuse(&l, ERR_LIMIT, "%.1024s: the path is too long", dir);
    }
    TRY(walk(&l, &root, 0));
    if (s->count == 0) {
        return refuse(&l, ERR_FORMAT, "%.1024s: has none of the files of this set", dir);
    }
    qsort(s->files, s->count, sizeof *s->files, by_path);
    TRY(drop_doubles(&l));
    *out = s;
    s = NULL;
    return ERR_OK;
}

void source_close(struct source **s)
{
    if (*s == NULL) {
        return;
    }
    for (size_t i = 0; i < (*s)->count; i++) {
        free_grown(&(*s)->files[i]);
    }
    free((*s)->files);
    free(*s);
    *s = NULL;
}

size_t source_count(const struct source *s)
{
    return s->count;
}

const char *source_path(const struct source *s, size_t index)
{
    MUST(index < s->count);
    return s->files[index].path;
}

span_t source_text(const struct source *s, size_t index)
{
    MUST(index < s->count);
    return text_of(&s->files[index]);
}
