/* segments_recover.c - what a journal finds when it is opened: whose it is, what is there, where it ends. */
#include "journal/segments_recover.h"

#include "base/fd.h"
#include "base/util.h"
#include "journal/frame.h"
#include "journal/journal_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static err_t because(struct journal_fault *why, enum err_code code, const char *reason)
{
    *why = (struct journal_fault){.reason = reason};
    return err_new(code);
}

err_t segments_reserve(struct segments *s)
{
    if (s->count < s->cap) {
        return ERR_OK;
    }
    const size_t cap = s->cap == 0 ? 64 : s->cap * 2;
    struct segment *grown = reallocarray(s->list, cap, sizeof *grown);
    if (grown == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->list = grown;
    s->cap = cap;
    return ERR_OK;
}

uint64_t segments_first_of(const struct segments *s, uint64_t bytes)
{
    uint64_t sum = 0;
    for (size_t i = s->count; i > 0; i--) {
        sum += s->list[i - 1].bytes;
        if (sum >= bytes) {
            return s->list[i - 1].first;
        }
    }
    return 0;
}

/* Nobody else may have a hand in it. */
static bool is_ours(const struct stat *st, mode_t kind)
{
    return (st->st_mode & S_IFMT) == kind && st->st_uid == geteuid() && (st->st_mode & 077) == 0;
}

err_t segments_place(struct segments *s, struct journal_fault *why)
{
    if (mkdir(s->config.dir, 0700) != 0 && errno != EEXIST) {
        return because(why, ERR_IO, "the directory cannot be made");
    }
    s->dir = open(s->config.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir < 0) {
        return because(why, ERR_IO, "the directory cannot be opened");
    }
    struct stat st;
    if (fstat(s->dir, &st) != 0 || !is_ours(&st, S_IFDIR)) {
        return because(why, ERR_FORMAT, "the directory must be ours, mode 0700");
    }
    /* The name, at every start: who made it may have been killed before this. */
    CLEANUP(fd_close) int parent = openat(s->dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent >= 0 && s->config.files->fsync(s->config.files, parent) != 0 &&
        fd_sync_failed(errno)) { /* some parents cannot be synced */
        return because(why, ERR_IO, "the name of the directory cannot be made durable");
    }
    if (flock(s->dir, LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? because(why, ERR_LIMIT, "another server holds the directory")
                                    : because(why, ERR_IO, "the directory cannot be locked");
    }
    return ERR_OK;
}

/* Note size and first commit of a segment. ERR_FORMAT: it is not ours alone, or no file. */
static err_t list_segment(struct segments *s, uint64_t first)
{
    char name[SEGMENT_NAME_SIZE];
    segment_name_print(first, name);
    CLEANUP(fd_close)
    int fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        return err_new(errno == ELOOP ? ERR_FORMAT : ERR_IO);
    }
    if (!is_ours(&st, S_IFREG)) {
        return err_new(ERR_FORMAT);
    }
    struct segment segment = {.first = first, .bytes = (uint64_t)st.st_size};
    uint8_t raw[FRAME_HEAD];
    struct frame_head head = {0};
    const ssize_t got = pread(fd, raw, sizeof raw, 0);
    if (got > 0 && frame_head_read((span_t){raw, (size_t)got}, &head)) {
        segment.since = head.at;
    }
    TRY(segments_reserve(s));
    s->list[s->count++] = segment;
    return ERR_OK;
}

static err_t list_all(struct segments *s, struct journal_fault *why)
{
    CLEANUP(segment_list_deinit) struct segment_list names = {0};
    err_t e = segment_list_read(s->dir, &names);
    for (size_t i = 0; i < names.count && !failed(e); i++) {
        e = list_segment(s, names.first[i]);
        if (e.code == ERR_FORMAT) {
            *why = (struct journal_fault){.reason = "must be a file of ours, mode 0600"};
            segment_name_print(names.first[i], why->file);
            return e;
        }
    }
    return failed(e) ? because(why, e.code, "the directory cannot be read") : ERR_OK;
}

/* Read the newest frames through; leaves the reader where they end. */
static err_t verify(struct journal_reader *reader, const struct asked *asked,
                    struct journal_fault *why)
{
    journal_record_t record = {0};
    uint64_t done = 0;
    for (bool more = true; more; done++) {
        if (asked_now(asked, done)) {
            return because(why, ERR_TIMEOUT, "a stop was asked for");
        }
        const err_t e = journal_reader_next(reader, &record, &more);
        if (failed(e)) {
            *why = *journal_reader_fault(reader);
            return e;
        }
    }
    return ERR_OK;
}

/* Let the newest segment end where its last whole frame ends. Its frames are going to be told as
 * durable, and the one who wrote them may have been killed before his sync. */
static err_t cut_tail(struct segments *s, uint64_t end)
{
    const struct journal_files *files = s->config.files;
    struct segment *newest = &s->list[s->count - 1];
    char name[SEGMENT_NAME_SIZE];
    segment_name_print(newest->first, name);
    if (end == 0) {
        if (files->unlink(files, s->dir, name) != 0) {
            return err_new(ERR_IO);
        }
        s->count--;
    } else {
        CLEANUP(fd_close) int fd = files->open(files, s->dir, name, O_WRONLY, 0);
        const bool longer = end != newest->bytes;
        if (fd < 0 || (longer && files->ftruncate(files, fd, (off_t)end) != 0) ||
            files->fsync(files, fd) != 0) {
            return err_new(ERR_IO);
        }
        newest->bytes = end;
    }
    return files->fsync(files, s->dir) == 0 ? ERR_OK : err_new(ERR_IO);
}

/* Where to begin to verify: at the given mark, or with the newest segments. */
static err_t open_newest(const struct segments *s, struct journal_reader **out,
                         struct journal_fault *why)
{
    const journal_mark_t *mark = s->config.verify_from;
    if (mark != NULL &&
        !failed(journal_reader_open_at(s->config.dir, mark, JOURNAL_TO_THE_END, out, NULL))) {
        return ERR_OK;
    }
    uint64_t from = segments_first_of(s, s->config.verify_bytes);
    if (s->count >= 2 && from > s->list[s->count - 2].first) {
        from = s->list[s->count - 2].first;
    }
    return journal_reader_open(s->config.dir, from, JOURNAL_TO_THE_END, out, why);
}

/* What somebody has seen durable is no torn tail, however it looks. */
static err_t check_holds(const struct segments *s, const struct journal_reader *reader,
                         struct journal_fault *why)
{
    const journal_mark_t *mark = s->config.verify_from;
    struct journal_read_stats seen = {0};
    journal_reader_stats(reader, &seen);
    const uint64_t next =
        journal_reader_sequence(reader) == 0 ? 1 : journal_reader_sequence(reader);
    if (next < s->config.holds) {
        *why = (struct journal_fault){
            .offset = seen.offset, .reason = JOURNAL_ENDS_EARLY, .next = next};
        if (seen.segment != 0) {
            segment_name_print(seen.segment, why->file);
        }
        return err_new(ERR_RANGE);
    }
    struct journal_reader *at = NULL;
    if (mark == NULL || s->count == 0 || mark->sequence <= s->list[0].first) {
        return ERR_OK; /* retention has taken the frame */
    }
    const err_t e = journal_reader_open_at(s->config.dir, mark, JOURNAL_TO_THE_END, &at, why);
    journal_reader_close(&at);
    return e.code == ERR_FORMAT ? err_new(ERR_RANGE) : e;
}

err_t segments_recover(struct segments *s, struct segments_found *found, struct journal_fault *why)
{
    (void)unlinkat(s->dir, SEGMENTS_NEXT, 0);
    TRY(list_all(s, why));
    CLEANUP(journal_reader_close) struct journal_reader *reader = NULL;
    TRY(open_newest(s, &reader, why));
    TRY(verify(reader, s->config.asked, why));
    TRY(check_holds(s, reader, why));

    struct journal_read_stats seen = {0};
    journal_reader_stats(reader, &seen);
    if (s->count > 0) {
        MUST(seen.segment == s->list[s->count - 1].first);
        if (failed(cut_tail(s, seen.offset))) {
            *why = (struct journal_fault){.offset = seen.offset,
                                          .reason = "the torn end cannot be cut"};
            segment_name_print(seen.segment, why->file);
            return err_new(ERR_IO);
        }
    }
    found->cut_bytes = seen.torn_bytes;
    found->next = journal_reader_sequence(reader);
    journal_reader_mark(reader, &found->mark);
    if (found->next == 0) {
        found->next = 1;
    }
    return ERR_OK;
}
