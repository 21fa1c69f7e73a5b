/* checkpoint_file_fuzz.c - any bytes as a checkpoint: read whole, or refused; what was read is written
 * again to the same sessions. */
#include "domain/sessions/checkpoint_file.h"

#include "base/util.h"
#include "codec/crc32c.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT: libFuzzer's name */

static uint32_t word_at(const uint8_t *at)
{
    uint32_t word = 0;
    memcpy(&word, at, sizeof word);
    return word;
}

/* With true checksums, so that what lies behind them is reached. */
static void mend(uint8_t *copy, size_t len)
{
    if (len < CHECKPOINT_HEAD_BYTES) {
        return;
    }
    const uint32_t head = crc32c(0, (span_t){copy, CHECKPOINT_HEAD_BYTES - 4});
    memcpy(copy + CHECKPOINT_HEAD_BYTES - 4, &head, sizeof head);
    for (size_t at = CHECKPOINT_HEAD_BYTES; len - at >= CHECKPOINT_BLOCK_HEAD;) {
        const size_t room = len - at - CHECKPOINT_BLOCK_HEAD;
        const size_t size = size_min(word_at(copy + at), room);
        uint32_t crc = crc32c(0, (span_t){copy + at, CHECKPOINT_BLOCK_HEAD - 4});
        crc = crc32c(crc, (span_t){copy + at + CHECKPOINT_BLOCK_HEAD, size});
        memcpy(copy + at + CHECKPOINT_BLOCK_HEAD - 4, &crc, sizeof crc);
        at += CHECKPOINT_BLOCK_HEAD + size;
    }
}

static int file_of(span_t bytes)
{
    const int fd = memfd_create("checkpoint", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, bytes.ptr, bytes.len) == (ssize_t)bytes.len);
    return fd;
}

/* A session that was read, written, and read again is the same bytes. */
static void write_again(const saved_session_t *s, struct buf *one, struct buf *two)
{
    buf_clear(one);
    buf_clear(two);
    MUST(!failed(checkpoint_write_session(one, s)));
    MUST(!failed(checkpoint_write_session(two, s)));
    MUST(one->len == two->len && memcmp(one->ptr, two->ptr, one->len) == 0);
}

static void read_it(span_t bytes)
{
    struct checkpoint_reader r = {0};
    saved_session_t session;
    struct buf one;
    struct buf two;
    const int fd = file_of(bytes);
    buf_init(&one, CHECKPOINT_BLOCK_MAX);
    buf_init(&two, CHECKPOINT_BLOCK_MAX);
    if (!failed(checkpoint_reader_open(fd, &r))) {
        uint64_t sessions = 0;
        for (bool more = true;; sessions++) {
            MUST(!failed(checkpoint_reader_next(&r, &session, &more)));
            if (!more) {
                break;
            }
            write_again(&session, &one, &two);
        }
        MUST(sessions == r.sessions);
        checkpoint_reader_close(&r);
    }
    buf_deinit(&one);
    buf_deinit(&two);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t *const copy = malloc(len + 1);
    MUST(copy != NULL);
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    read_it((span_t){copy, len});
    mend(copy, len);
    read_it((span_t){copy, len});
    free(copy);
    return 0;
}
