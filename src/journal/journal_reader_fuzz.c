/* journal_reader_fuzz.c - any bytes as a segment: the reader ends, bounded, and never reads astray.
 *
 * The first byte says how: bit 0, checksums are put right first, so that the records behind them
 * are reached; bit 1, the limit is a sequence and not the end of the bytes. */
#include "base/util.h"
#include "codec/crc32c.h"
#include "journal/frame.h"
#include "journal/journal_read.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

static char dir[64];   /* one folder for the life of the process */
static char path[128]; /* and the segment in it */

static void remove_folder(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void put_checksums_right(uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at + FRAME_HEAD <= len;) {
        struct frame_head head = {0};
        if (!frame_head_read((span_t){bytes + at, len - at}, &head) ||
            head.length > len - at - FRAME_HEAD) {
            return;
        }
        uint8_t raw[FRAME_HEAD];
        const uint32_t crc = frame_head_write(&head, raw);
        frame_head_seal(raw, crc32c(crc, (span_t){bytes + at + FRAME_HEAD, head.length}));
        memcpy(bytes + at, raw, sizeof raw);
        at += FRAME_HEAD + head.length;
    }
}

/* Whether it goes on behind what is damaged. */
static bool goes_on(struct journal_reader *reader)
{
    const uint64_t before = journal_reader_sequence(reader);
    uint64_t lost = 0;
    bool found = false;
    MUST(!failed(journal_reader_skip(reader, &lost, &found)));
    MUST(!found || journal_reader_sequence(reader) >= before);
    return found;
}

static void read_all(uint64_t limit, size_t len)
{
    struct journal_reader *reader = NULL;
    MUST(!failed(journal_reader_open(dir, 0, limit, &reader, NULL)));
    journal_record_t record = {0};
    uint64_t records = 0;
    for (bool more = true; more;) {
        const err_t e = journal_reader_next(reader, &record, &more);
        if (failed(e)) {
            MUST(journal_reader_fault(reader)->reason != NULL);
            MUST(journal_reader_fault(reader)->offset <= len);
            if (e.code != ERR_FORMAT || !goes_on(reader)) {
                break;
            }
            continue;
        }
        if (more) {
            records++;
            MUST(record.type.len <= JOURNAL_TYPE_MAX && record.data.len <= JOURNAL_DATA_MAX);
            MUST(record.data.len == 0 || record.data.ptr[record.data.len - 1] <= 0xff);
        }
    }
    MUST(records <= len / JOURNAL_RECORD_FIXED);
    journal_reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static int fd = -1;
    if (fd < 0) {
        const bool shm = access("/dev/shm", W_OK) == 0;
        (void)snprintf(dir, sizeof dir, "%s/canara-fuzz-XXXXXX", shm ? "/dev/shm" : "/tmp");
        MUST(mkdtemp(dir) != NULL);
        MUST(atexit(remove_folder) == 0);
        (void)snprintf(path, sizeof path, "%s/00000000000000000001.cjl", dir);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        MUST(fd >= 0);
    }
    if (len < 1 || len > 1 << 20) {
        return 0;
    }
    uint8_t *copy = malloc(len);
    MUST(copy != NULL);
    memcpy(copy, bytes + 1, len - 1);
    if ((bytes[0] & 1) != 0) {
        put_checksums_right(copy, len - 1);
    }
    MUST(ftruncate(fd, 0) == 0);
    MUST(pwrite(fd, copy, len - 1, 0) == (ssize_t)(len - 1));
    free(copy);
    read_all((bytes[0] & 2) != 0 ? 4 : JOURNAL_TO_THE_END, len - 1);
    return 0;
}
