#include "journal/view_file.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/util.h"
#include "base/write_all.h"
#include "codec/crc32c.h"
#include "codec/uuid_text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE_NAME "position"
#define PLACE_NEXT "position.tmp"

/* Two forms; the second ends with a CRC-32C of what is before its last space. */
#define PLACE_BARE   "canara-view 1 "
#define PLACE_SEALED "canara-view 2 "

enum { READ_CHUNK = 64 * 1024, NAME_SIZE = UUID_TEXT_LEN + sizeof ".jsonl", PLACE_SIZE = 64 };

/* Hand the fd over, out of the scope's cleanup. */
static int fd_take(int *fd)
{
    const int taken = *fd;
    *fd = -1;
    return taken;
}

static void name_print(uuid_t session, char out[NAME_SIZE])
{
    uuid_print(session, out);
    memcpy(out + UUID_TEXT_LEN, ".jsonl", sizeof ".jsonl");
}

/* Open a session's file and ask for its size. ENOENT answers ERR_OK with fd -1. */
static err_t file_open(int dir, uuid_t session, int flags, int *out, uint64_t *size)
{
    char name[NAME_SIZE];
    name_print(session, name);
    CLEANUP(fd_close) int fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0) {
        *out = -1;
        *size = 0;
        if (errno == ELOOP || errno == EISDIR || errno == ENXIO) {
            return err_new(ERR_FORMAT);
        }
        return errno == ENOENT ? ERR_OK : err_new(ERR_IO);
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return err_new(ERR_IO);
    }
    if (!S_ISREG(st.st_mode)) {
        return err_new(ERR_FORMAT);
    }
    *size = (uint64_t)st.st_size;
    *out = fd_take(&fd);
    return ERR_OK;
}

static err_t read_at(int fd, uint8_t *to, size_t len, uint64_t offset, size_t *out)
{
    size_t have = 0;
    while (have < len) {
        const ssize_t got = pread(fd, to + have, len - have, (off_t)(offset + have));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return err_new(ERR_IO);
        }
        if (got == 0) {
            break;
        }
        have += (size_t)got;
    }
    *out = have;
    return ERR_OK;
}

err_t view_dir_open(const char *dir, int *out)
{
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return err_new(ERR_IO);
    }
    CLEANUP(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return err_new(ERR_IO);
    }
    if (st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
        return err_new(ERR_RANGE);
    }
    *out = fd_take(&fd);
    return ERR_OK;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Count the newlines of `chunk`, which lies at `at`, up to `most` lines; `*end`: behind the last. */
static void count_lines(span_t chunk, uint64_t at, uint64_t most, uint64_t *lines, uint64_t *end)
{
    size_t done = 0;
    while (*lines < most && done < chunk.len) {
        const uint8_t *const hit = memchr(chunk.ptr + done, '\n', chunk.len - done);
        if (hit == NULL) {
            return;
        }
        done = (size_t)(hit - chunk.ptr) + 1;
        *lines += 1;
        *end = at + done;
    }
}

bool view_file_is_long(int dir, uuid_t session, uint64_t size)
{
    CLEANUP(fd_close) int fd = -1;
    uint64_t bytes = 0;
    return !failed(file_open(dir, session, O_RDONLY, &fd, &bytes)) && fd >= 0 && bytes == size;
}

err_t view_file_keep(int dir, uuid_t session, uint64_t most, uint64_t *lines, uint64_t *size)
{
    CLEANUP(fd_close) int fd = -1;
    uint64_t bytes = 0;
    TRY(file_open(dir, session, O_RDWR, &fd, &bytes));

    uint64_t count = 0;
    uint64_t whole = 0; /* behind the last line to keep */
    uint8_t chunk[READ_CHUNK];
    for (uint64_t at = 0; fd >= 0 && count < most;) {
        size_t got = 0;
        TRY(read_at(fd, chunk, sizeof chunk, at, &got));
        if (got == 0) {
            break;
        }
        count_lines((span_t){chunk, got}, at, most, &count, &whole);
        at += got;
    }
    if (whole < bytes && ftruncate(fd, (off_t)whole) != 0) {
        return err_new(ERR_IO);
    }
    *lines = count;
    *size = whole;
    return ERR_OK;
}

err_t view_file_append(int dir, uuid_t session, span_t lines, uint64_t *size)
{
    CLEANUP(fd_close) int fd = -1;
    uint64_t bytes = 0;
    TRY(file_open(dir, session, O_WRONLY | O_CREAT | O_APPEND, &fd, &bytes));
    if (fd < 0) {
        return err_new(ERR_IO);
    }
    if (bytes > *size) {
        if (ftruncate(fd, (off_t)*size) != 0) {
            return err_new(ERR_IO);
        }
        bytes = *size;
    }
    const err_t e = write_all(fd, lines);
    if (failed(e)) {
        *size = bytes;
        const int cut = ftruncate(fd, (off_t)bytes);
        (void)cut; /* if not now, then before the next append */
        return e;
    }
    *size = bytes + lines.len;
    return ERR_OK;
}

/* Where the newest `max_lines` whole lines of [0, size) begin, and where the last one ends. */
static err_t find_tail(int fd, uint64_t size, size_t max_lines, uint64_t *begin, uint64_t *end)
{
    const uint64_t least = size > VIEW_TAIL_BYTES_MAX ? size - VIEW_TAIL_BYTES_MAX : 0;
    uint8_t chunk[READ_CHUNK];
    size_t newlines = 0;
    uint64_t oldest = 0; /* behind the earliest newline seen: a safe begin within the bound */
    *end = 0;
    for (uint64_t at = size; at > least;) {
        const size_t step = (size_t)(at - least < READ_CHUNK ? at - least : READ_CHUNK);
        size_t got = 0;
        at -= step;
        TRY(read_at(fd, chunk, step, at, &got));
        for (size_t i = got; i > 0; i--) {
            if (chunk[i - 1] != '\n') {
                continue;
            }
            *end = newlines == 0 ? at + i : *end;
            oldest = at + i;
            if (newlines++ == max_lines) {
                *begin = oldest;
                return ERR_OK;
            }
        }
    }
    *begin = least == 0 ? 0 : oldest;
    return ERR_OK;
}

/* Hand over the whole lines at the start of `bytes`, and drop them. */
static err_t give_lines(struct buf *bytes, view_line_fn each, void *context)
{
    size_t from = 0;
    while (from < bytes->len) {
        const uint8_t *line = bytes->ptr + from;
        const uint8_t *newline = memchr(line, '\n', bytes->len - from);
        if (newline == NULL) {
            break;
        }
        const size_t len = (size_t)(newline - line);
        TRY(each(context, (span_t){line, len}));
        from += len + 1;
    }
    buf_consume(bytes, from);
    return ERR_OK;
}

err_t view_file_tail(int dir, uuid_t session, size_t max_lines, view_line_fn each, void *context)
{
    CLEANUP(fd_close) int fd = -1;
    uint64_t size = 0;
    TRY(file_open(dir, session, O_RDONLY, &fd, &size));
    if (fd < 0 || max_lines == 0) {
        return ERR_OK;
    }
    uint64_t at = 0;
    uint64_t end = 0;
    TRY(find_tail(fd, size, max_lines, &at, &end));

    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, VIEW_LINE_MAX + READ_CHUNK);
    while (at < end) {
        if (failed(buf_reserve(&bytes, READ_CHUNK))) {
            return err_new(bytes.len > VIEW_LINE_MAX ? ERR_FORMAT : ERR_NOMEM);
        }
        const size_t want = (size_t)(end - at < READ_CHUNK ? end - at : READ_CHUNK);
        size_t got = 0;
        TRY(read_at(fd, bytes.ptr + bytes.len, want, at, &got));
        if (got == 0) {
            break;
        }
        bytes.len += got;
        at += got;
        TRY(give_lines(&bytes, each, context));
    }
    return ERR_OK;
}

/* ---- the place ------------------------------------------------------------------------------- */

/* As a program of before wrote it: nothing in it says that it is what was written. */
static size_t print_bare(uint64_t sequence, char out[PLACE_SIZE])
{
    const int n = snprintf(out, PLACE_SIZE, PLACE_BARE "%" PRIu64 "\n", sequence);
    MUST(n > 0 && n < PLACE_SIZE);
    return (size_t)n;
}

static size_t print_sealed(uint64_t sequence, char out[PLACE_SIZE])
{
    const int n = snprintf(out, PLACE_SIZE, PLACE_SEALED "%" PRIu64, sequence);
    MUST(n > 0 && n < PLACE_SIZE);
    const uint32_t crc = crc32c(0, (span_t){(const uint8_t *)out, (size_t)n});
    const int more = snprintf(out + n, PLACE_SIZE - (size_t)n, " %08" PRIx32 "\n", crc);
    MUST(more > 0 && n + more < PLACE_SIZE);
    return (size_t)n + (size_t)more;
}

/* The number that begins at `at`; false: it is too large. */
static bool digits(const char *at, uint64_t *out)
{
    uint64_t n = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(*at - '0'), &n)) {
            return false;
        }
    }
    *out = n;
    return true;
}

/* Whatever is not what would be written is damaged, in whichever byte. */
static enum view_place parse(const char *text, size_t len, uint64_t *sequence)
{
    static const size_t head = sizeof PLACE_SEALED - 1;
    _Static_assert(sizeof PLACE_BARE == sizeof PLACE_SEALED, "one length");
    char want[PLACE_SIZE];
    uint64_t number = 0;
    if (len <= head || !digits(text + head, &number)) {
        return VIEW_PLACE_DAMAGED;
    }
    enum view_place found = VIEW_PLACE_DAMAGED;
    if (len == print_sealed(number, want) && memcmp(text, want, len) == 0) {
        found = VIEW_PLACE_SEALED;
    } else if (len == print_bare(number, want) && memcmp(text, want, len) == 0) {
        found = VIEW_PLACE_BARE;
    }
    *sequence = found == VIEW_PLACE_DAMAGED ? 0 : number;
    return found;
}

enum view_place view_place_read(int dir, uint64_t *sequence)
{
    CLEANUP(fd_close)
    int fd = openat(dir, PLACE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const bool missing = fd < 0 && errno == ENOENT;
    char text[PLACE_SIZE + 1] = {0};
    size_t got = 0;
    *sequence = 0;
    if (fd < 0) {
        return missing ? VIEW_PLACE_NONE : VIEW_PLACE_DAMAGED;
    }
    const bool read = !failed(read_at(fd, (uint8_t *)text, PLACE_SIZE, 0, &got));
    return read ? parse(text, got, sequence) : VIEW_PLACE_DAMAGED;
}

err_t view_place_write(int dir, uint64_t sequence)
{
    /* The lines first: a place ahead of them would lose them with the power. */
    if (syncfs(dir) != 0) {
        return err_new(ERR_IO);
    }
    char text[PLACE_SIZE];
    const size_t n = print_sealed(sequence, text);
    (void)unlinkat(dir, PLACE_NEXT, 0); /* whatever was left there, a pipe even */
    CLEANUP(fd_close)
    int fd = openat(dir, PLACE_NEXT, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || failed(write_all(fd, (span_t){(const uint8_t *)text, n})) || fdatasync(fd) != 0 ||
        renameat(dir, PLACE_NEXT, dir, PLACE_NAME) != 0) {
        return err_new(ERR_STORAGE);
    }
    return ERR_OK;
}

/* ---- retention ------------------------------------------------------------------------------- */

static bool is_session_file(const char *name)
{
    uuid_t id = {{0}};
    return strlen(name) == NAME_SIZE - 1 && strcmp(name + UUID_TEXT_LEN, ".jsonl") == 0 &&
           !failed(uuid_parse((span_t){(const uint8_t *)name, UUID_TEXT_LEN}, &id));
}

static DIR *walk_begin(int dir)
{
    const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    DIR *walk = fdopendir(fd);
    if (walk == NULL) {
        (void)close(fd);
    }
    return walk;
}

void view_files_expire(int dir, DIR **walk, wall_t oldest, size_t entries)
{
    if (*walk == NULL) {
        *walk = walk_begin(dir);
    }
    for (size_t i = 0; *walk != NULL && i < entries; i++) {
        const struct dirent *entry = readdir(*walk); /* NOLINT(concurrency-mt-unsafe): own stream */
        if (entry == NULL) {
            (void)closedir(*walk);
            *walk = NULL;
            return;
        }
        struct stat st;
        if (is_session_file(entry->d_name) &&
            fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (int64_t)st.st_mtim.tv_sec * MS_PER_S < oldest.ms) {
            (void)unlinkat(dir, entry->d_name, 0);
        }
    }
}
