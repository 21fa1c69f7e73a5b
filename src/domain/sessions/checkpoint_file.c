#include "domain/sessions/checkpoint_file.h"

#include "base/util.h"
#include "codec/crc32c.h"
#include "domain/ground/words.h"
#include "engine/arithmetic/byte_cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WALL_MS_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

enum { VERSION = 1, END_BYTES = 16 };

static const uint8_t magic[8] = {'C', 'A', 'N', 'R', 'C', 'K', 'P', '\n'};

enum saved_flags { SAVED_BLOCKED = 1 << 0, SAVED_RESTRICTED = 1 << 1, SAVED_UNPINNED = 1 << 2 };

/* ---- what a state was made under ---- */

void checkpoint_basis_of(const struct service *svc, checkpoint_basis_t *out)
{
    checkpoint_basis_t basis = {.monitor = svc->rules.risk.monitor,
                                .challenge = svc->rules.risk.challenge,
                                .block = svc->rules.risk.block};
    canara_session_t first;
    canara_session_begin(&first, 0);
    uint8_t bytes[sizeof first];
    memcpy(bytes, &first, sizeof first);
    const char *version = canara_model_version();
    basis.engine = crc32c(crc32c(0, (span_t){bytes, sizeof bytes}),
                          (span_t){(const uint8_t *)version, strlen(version)});
    if (svc->model != NULL) {
        const char *name = canara_model_name(svc->model);
        memcpy(basis.model, name, size_min(strlen(name), sizeof basis.model - 1));
    }
    *out = basis;
}

bool checkpoint_basis_eq(const checkpoint_basis_t *a, const checkpoint_basis_t *b)
{
    return a->engine == b->engine && same_bits(a->monitor, b->monitor) &&
           same_bits(a->challenge, b->challenge) && same_bits(a->block, b->block) &&
           memcmp(a->model, b->model, sizeof a->model) == 0;
}

/* ---- the head ---- */

static void put_basis(struct byte_writer *w, const checkpoint_basis_t *b)
{
    write_u32(w, b->engine);
    write_f64(w, b->monitor);
    write_f64(w, b->challenge);
    write_f64(w, b->block);
    write_bytes(w, b->model, sizeof b->model);
}

static void get_basis(struct byte_reader *r, checkpoint_basis_t *b)
{
    b->engine = read_u32(r);
    b->monitor = read_f64(r);
    b->challenge = read_f64(r);
    b->block = read_f64(r);
    read_bytes(r, b->model, sizeof b->model);
}

err_t checkpoint_write_head(struct buf *out, const checkpoint_head_t *head)
{
    uint8_t bytes[CHECKPOINT_HEAD_BYTES] = {0};
    struct byte_writer w = {.at = bytes, .left = sizeof bytes};
    write_bytes(&w, magic, sizeof magic);
    write_u32(&w, VERSION);
    write_u64(&w, head->mark.sequence);
    write_u64(&w, head->mark.segment);
    write_u64(&w, head->mark.offset);
    write_u32(&w, head->mark.crc);
    write_u64(&w, (uint64_t)head->at.ms);
    put_basis(&w, &head->basis);
    MUST(!w.failed && w.left >= 4);
    const uint32_t crc = crc32c(0, (span_t){bytes, sizeof bytes - 4});
    memcpy(bytes + sizeof bytes - 4, &crc, sizeof crc);
    return buf_append(out, (span_t){bytes, sizeof bytes});
}

static err_t read_at(int fd, uint64_t at, uint8_t *to, size_t len)
{
    for (size_t done = 0; done < len;) {
        const ssize_t got = pread(fd, to + done, len - done, (off_t)(at + done));
        if (got < 0 && errno != EINTR) {
            return err_new(ERR_IO);
        }
        if (got == 0) {
            return err_new(ERR_FORMAT);
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return ERR_OK;
}

err_t checkpoint_read_head(int fd, checkpoint_head_t *out)
{
    uint8_t bytes[CHECKPOINT_HEAD_BYTES];
    uint8_t start[sizeof magic];
    TRY(read_at(fd, 0, bytes, sizeof bytes));
    struct byte_reader r = {.at = bytes, .left = sizeof bytes - 4};
    uint32_t crc = 0;
    checkpoint_head_t head = {0};
    memcpy(&crc, bytes + sizeof bytes - 4, sizeof crc);
    read_bytes(&r, start, sizeof start);
    const uint32_t version = read_u32(&r);
    head.mark.sequence = read_u64(&r);
    head.mark.segment = read_u64(&r);
    head.mark.offset = read_u64(&r);
    head.mark.crc = read_u32(&r);
    const uint64_t at = read_u64(&r);
    memcpy(&head.at.ms, &at, sizeof head.at.ms);
    get_basis(&r, &head.basis);
    MUST(!r.failed);
    if (memcmp(start, magic, sizeof magic) != 0 || version != VERSION ||
        crc != crc32c(0, (span_t){bytes, sizeof bytes - 4}) ||
        head.basis.model[sizeof head.basis.model - 1] != '\0' || head.mark.sequence < 2) {
        return err_new(ERR_FORMAT);
    }
    *out = head;
    return ERR_OK;
}

/* ---- a session ---- */

static void put_text(struct byte_writer *w, span_t text)
{
    write_u16(w, (uint16_t)text.len);
    write_bytes(w, text.ptr, text.len);
}

/* At most `limit` bytes with its NUL, and without one inside. */
static span_t get_text(struct byte_reader *r, size_t limit)
{
    const size_t len = read_u16(r);
    const span_t text = {r->at, len};
    if (r->failed || len >= limit || len > r->left || memchr(r->at, 0, len) != NULL) {
        r->failed = true;
        return (span_t){0};
    }
    r->at += len;
    r->left -= len;
    return text;
}

err_t checkpoint_write_session(struct buf *out, const saved_session_t *s)
{
    TRY(buf_reserve(out, CHECKPOINT_SESSION_MAX));
    struct byte_writer w = {.at = out->ptr + out->len, .left = CHECKPOINT_SESSION_MAX};
    const unsigned flags = (s->blocked ? (unsigned)SAVED_BLOCKED : 0U) |
                           (s->restricted ? (unsigned)SAVED_RESTRICTED : 0U) |
                           (s->unpinned ? (unsigned)SAVED_UNPINNED : 0U);
    write_bytes(&w, s->id.byte, sizeof s->id.byte);
    write_bytes(&w, s->account.byte, sizeof s->account.byte);
    write_u64(&w, (uint64_t)s->created.ms);
    write_u64(&w, (uint64_t)s->last_activity.ms);
    write_u64(&w, (uint64_t)s->expires_max.ms);
    write_u64(&w, s->lines);
    write_u64(&w, s->events);
    write_u64(&w, (uint64_t)s->seq);
    write_u32(&w, s->profile_revision);
    write_u32(&w, s->mpin_failures);
    write_u8(&w, (uint8_t)flags);
    write_u8(&w, s->how);
    put_text(&w, s->email);
    put_text(&w, s->device_id);
    words_pack(&w, &s->engine, sizeof s->engine);
    MUST(!w.failed);
    out->len += CHECKPOINT_SESSION_MAX - w.left;
    return ERR_OK;
}

static int64_t read_i64(struct byte_reader *r)
{
    const uint64_t bits = read_u64(r);
    int64_t x = 0;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool is_time(wall_t at)
{
    return at.ms > 0 && at.ms <= WALL_MS_MAX;
}

static bool is_lawful(const saved_session_t *s, unsigned flags)
{
    return flags <= (SAVED_BLOCKED | SAVED_RESTRICTED | SAVED_UNPINNED) && s->how < END_REASONS &&
           s->blocked == (s->how != END_NONE) && s->seq >= -1 && is_time(s->created) &&
           is_time(s->last_activity) && is_time(s->expires_max) && s->email.len > 0;
}

static err_t read_session(struct byte_reader *r, saved_session_t *out)
{
    saved_session_t s = {0};
    read_bytes(r, s.id.byte, sizeof s.id.byte);
    read_bytes(r, s.account.byte, sizeof s.account.byte);
    s.created.ms = read_i64(r);
    s.last_activity.ms = read_i64(r);
    s.expires_max.ms = read_i64(r);
    s.lines = read_u64(r);
    s.events = read_u64(r);
    s.seq = read_i64(r);
    s.profile_revision = read_u32(r);
    s.mpin_failures = read_u32(r);
    const unsigned flags = read_u8(r);
    s.how = read_u8(r);
    s.blocked = (flags & (unsigned)SAVED_BLOCKED) != 0;
    s.restricted = (flags & (unsigned)SAVED_RESTRICTED) != 0;
    s.unpinned = (flags & (unsigned)SAVED_UNPINNED) != 0;
    s.email = get_text(r, STORE_EMAIL_BYTES);
    s.device_id = get_text(r, STORE_DEVICE_BYTES);
    words_unpack(r, &s.engine, sizeof s.engine);
    if (r->failed || !is_lawful(&s, flags)) {
        return err_new(ERR_FORMAT);
    }
    *out = s;
    return ERR_OK;
}

/* ---- blocks: u32 bytes, u32 sessions (0: the end), u32 zero, u32 checksum of it all ---- */

err_t checkpoint_begin_block(struct buf *out, size_t *begun)
{
    static const uint8_t nothing[CHECKPOINT_BLOCK_HEAD] = {0};
    *begun = out->len;
    return buf_append(out, (span_t){nothing, sizeof nothing});
}

/* `at` is written through the writer: NOLINTNEXTLINE(readability-non-const-parameter) */
static void seal_block(uint8_t *at, size_t len, uint32_t sessions)
{
    struct byte_writer w = {.at = at, .left = CHECKPOINT_BLOCK_HEAD};
    write_u32(&w, (uint32_t)len);
    write_u32(&w, sessions);
    write_u32(&w, 0);
    const uint32_t crc = crc32c(0, (span_t){at, CHECKPOINT_BLOCK_HEAD - 4});
    write_u32(&w, crc32c(crc, (span_t){at + CHECKPOINT_BLOCK_HEAD, len}));
}

void checkpoint_end_block(struct buf *out, size_t begun, uint32_t sessions)
{
    const size_t len = out->len - begun - CHECKPOINT_BLOCK_HEAD;
    if (sessions == 0) {
        out->len = begun;
        return;
    }
    MUST(len <= CHECKPOINT_BLOCK_MAX);
    seal_block(out->ptr + begun, len, sessions);
}

err_t checkpoint_write_end(struct buf *out, uint64_t sessions, uint64_t end)
{
    uint8_t bytes[CHECKPOINT_BLOCK_HEAD + END_BYTES];
    struct byte_writer w = {.at = bytes + CHECKPOINT_BLOCK_HEAD, .left = END_BYTES};
    write_u64(&w, sessions);
    write_u64(&w, end);
    seal_block(bytes, END_BYTES, 0);
    return buf_append(out, (span_t){bytes, sizeof bytes});
}

static err_t read_block(struct checkpoint_reader *r, size_t most)
{
    uint8_t *head = r->block;
    uint8_t *body = r->block + CHECKPOINT_BLOCK_HEAD;
    TRY(read_at(r->fd, r->at, head, CHECKPOINT_BLOCK_HEAD));
    struct byte_reader in = {.at = head, .left = CHECKPOINT_BLOCK_HEAD};
    const uint32_t len = read_u32(&in);
    const uint32_t count = read_u32(&in);
    const uint32_t zero = read_u32(&in);
    const uint32_t crc = read_u32(&in);
    if (len > most || zero != 0 || (count == 0 && len != END_BYTES)) {
        return err_new(ERR_FORMAT);
    }
    TRY(read_at(r->fd, r->at + CHECKPOINT_BLOCK_HEAD, body, len));
    if (crc != crc32c(crc32c(0, (span_t){head, CHECKPOINT_BLOCK_HEAD - 4}), (span_t){body, len})) {
        return err_new(ERR_FORMAT);
    }
    r->at += CHECKPOINT_BLOCK_HEAD + len;
    r->left = (span_t){body, len};
    r->count = count;
    return ERR_OK;
}

/* The last block was read: nothing may follow it. */
static err_t read_end(struct checkpoint_reader *r)
{
    uint8_t more = 0;
    struct byte_reader in = {.at = r->left.ptr, .left = r->left.len};
    r->sessions = read_u64(&in);
    r->end = read_u64(&in);
    r->left = (span_t){0};
    const ssize_t got = pread(r->fd, &more, 1, (off_t)r->at);
    return got == 0 ? ERR_OK : err_new(got < 0 ? ERR_IO : ERR_FORMAT);
}

err_t checkpoint_read_end(int fd, uint64_t *end)
{
    uint8_t block[CHECKPOINT_BLOCK_HEAD + END_BYTES];
    struct stat st;
    if (fstat(fd, &st) != 0) {
        return err_new(ERR_IO);
    }
    if (st.st_size < (off_t)(CHECKPOINT_HEAD_BYTES + sizeof block)) {
        return err_new(ERR_FORMAT);
    }
    struct checkpoint_reader r = {
        .fd = fd, .at = (uint64_t)st.st_size - sizeof block, .block = block};
    TRY(read_block(&r, sizeof block - CHECKPOINT_BLOCK_HEAD));
    if (r.count != 0) {
        return err_new(ERR_FORMAT);
    }
    TRY(read_end(&r));
    *end = r.end;
    return ERR_OK;
}

err_t checkpoint_reader_next(struct checkpoint_reader *r, saved_session_t *out, bool *more)
{
    if (r->count == 0) {
        if (r->left.len != 0) {
            return err_new(ERR_FORMAT); /* more bytes than sessions */
        }
        TRY(read_block(r, CHECKPOINT_BLOCK_MAX));
        if (r->count == 0) {
            *more = false;
            return read_end(r);
        }
    }
    struct byte_reader in = {.at = r->left.ptr, .left = r->left.len};
    TRY(read_session(&in, out));
    r->left = (span_t){in.at, in.left};
    r->count--;
    *more = true;
    return ERR_OK;
}

static err_t check_all(struct checkpoint_reader *r)
{
    uint64_t sessions = 0;
    saved_session_t session;
    for (bool more = true;; sessions++) {
        TRY(checkpoint_reader_next(r, &session, &more));
        if (!more) {
            break;
        }
    }
    return sessions == r->sessions && r->end >= r->head.mark.sequence ? ERR_OK
                                                                      : err_new(ERR_FORMAT);
}

err_t checkpoint_reader_open(int fd, struct checkpoint_reader *out)
{
    CLEANUP(checkpoint_reader_close)
    struct checkpoint_reader r = {.fd = fd, .at = CHECKPOINT_HEAD_BYTES};
    TRY(checkpoint_read_head(fd, &r.head));
    r.block = malloc(CHECKPOINT_BLOCK_HEAD + CHECKPOINT_BLOCK_MAX);
    if (r.block == NULL) {
        return err_new(ERR_NOMEM);
    }
    TRY(check_all(&r));
    r.at = CHECKPOINT_HEAD_BYTES;
    *out = r;
    r.block = NULL;
    return ERR_OK;
}

void checkpoint_reader_close(struct checkpoint_reader *r)
{
    free(r->block);
    r->block = NULL;
}
