#include "journal/frame.h"

#include "codec/crc32c.h"
#include "journal/bytes.h"
#include "journal/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_HEAD_LEN = 6,
    AT_SEQUENCE = 8,
    AT_WALL = 16,
    AT_LENGTH = 24,
    AT_RECORDS = 28,
    AT_ZERO = 32,
    AT_CRC = 36,
    VERSION = 1
};

_Static_assert(AT_CRC + 4 == FRAME_HEAD, "the checksum ends the head");

static const uint8_t magic[4] = {0xff, 'c', 'j', 'l'};

uint32_t frame_head_write(const struct frame_head *head, uint8_t out[FRAME_HEAD])
{
    memcpy(out + AT_MAGIC, magic, sizeof magic);
    bytes_put16(out + AT_VERSION, VERSION);
    bytes_put16(out + AT_HEAD_LEN, FRAME_HEAD);
    bytes_put64(out + AT_SEQUENCE, head->sequence);
    bytes_put64(out + AT_WALL, bytes_unsigned(head->at.ms));
    bytes_put32(out + AT_LENGTH, head->length);
    bytes_put32(out + AT_RECORDS, head->records);
    bytes_put32(out + AT_ZERO, 0);
    return crc32c(0, (span_t){out, AT_CRC});
}

void frame_head_seal(uint8_t out[FRAME_HEAD], uint32_t crc)
{
    bytes_put32(out + AT_CRC, crc);
}

bool frame_head_read(span_t bytes, struct frame_head *out)
{
    const uint8_t *in = bytes.ptr;
    if (bytes.len < FRAME_HEAD || memcmp(in + AT_MAGIC, magic, sizeof magic) != 0 ||
        bytes_get16(in + AT_VERSION) != VERSION || bytes_get16(in + AT_HEAD_LEN) != FRAME_HEAD ||
        bytes_get32(in + AT_ZERO) != 0) {
        return false;
    }
    const struct frame_head head = {
        .sequence = bytes_get64(in + AT_SEQUENCE),
        .at = {bytes_signed(bytes_get64(in + AT_WALL))},
        .length = bytes_get32(in + AT_LENGTH),
        .records = bytes_get32(in + AT_RECORDS),
        .crc = bytes_get32(in + AT_CRC),
    };
    if (head.sequence == 0 || head.sequence == UINT64_MAX || head.length > FRAME_PAYLOAD_MAX ||
        head.records > head.length / JOURNAL_RECORD_FIXED ||
        (head.records == 0) != (head.length == 0)) {
        return false;
    }
    *out = head;
    return true;
}

bool frame_is_whole(const struct frame_head *head, span_t raw, span_t payload)
{
    return payload.len == head->length &&
           crc32c(crc32c(0, (span_t){raw.ptr, AT_CRC}), payload) == head->crc;
}

void segment_name_print(uint64_t first, char out[SEGMENT_NAME_SIZE])
{
    const int n = snprintf(out, SEGMENT_NAME_SIZE, "%020" PRIu64 ".cjl", first);
    MUST(n == (int)SEGMENT_NAME_LEN);
}

bool segment_name_parse(const char *name, uint64_t *out)
{
    if (strlen(name) != SEGMENT_NAME_LEN || strcmp(name + 20, ".cjl") != 0) {
        return false;
    }
    uint64_t n = 0;
    for (size_t i = 0; i < 20; i++) {
        if (name[i] < '0' || name[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(name[i] - '0'), &n)) {
            return false;
        }
    }
    if (n == 0 || n == UINT64_MAX) {
        return false; /* sequences begin with 1; the last number stands for no limit */
    }
    *out = n;
    return true;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a;
    const uint64_t *y = b;
    return (*x > *y) - (*x < *y);
}

void segment_list_deinit(struct segment_list *list)
{
    free(list->first);
    *list = (struct segment_list){0};
}

static err_t list_add(struct segment_list *list, size_t *cap, uint64_t first)
{
    if (list->count == *cap) {
        const size_t more = *cap == 0 ? 64 : *cap * 2;
        uint64_t *grown = reallocarray(list->first, more, sizeof *grown);
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        list->first = grown;
        *cap = more;
    }
    list->first[list->count++] = first;
    return ERR_OK;
}

static void stream_close(DIR **stream)
{
    if (*stream != NULL) {
        (void)closedir(*stream);
    }
}

err_t segment_list_read(int dir, struct segment_list *out)
{
    const int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return err_new(ERR_IO);
    }
    CLEANUP(stream_close) DIR *stream = fdopendir(fd);
    if (stream == NULL) {
        (void)close(fd);
        return err_new(ERR_NOMEM);
    }

    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    size_t cap = 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry =
            readdir(stream); /* NOLINT(concurrency-mt-unsafe): own stream */
        if (entry == NULL) {
            break;
        }
        uint64_t first = 0;
        if (segment_name_parse(entry->d_name, &first)) {
            TRY(list_add(&list, &cap, first));
        }
    }
    if (errno != 0) {
        return err_new(ERR_IO);
    }
    if (list.count > 1) {
        qsort(list.first, list.count, sizeof *list.first, by_number);
    }
    *out = list;
    list = (struct segment_list){0};
    return ERR_OK;
}
