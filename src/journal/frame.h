/*
 * frame.h - one group commit on disk: a head with a checksum, then records back to back.
 *
 * Floor      journal
 * Units      sequences count frames from 1 and go on across segments.
 * Errors     predicates: a head or a frame is right or it is not.
 * Threads    no state.
 *
 * Head, little endian, FRAME_HEAD bytes: magic[4], u16 version, u16 head length, u64 sequence,
 * i64 commit time in ms, u32 payload length, u32 records, u32 zero, u32 CRC-32C of the bytes
 * before it and the payload. The magic holds a byte that no UTF-8 text has, and a head holds zero
 * bytes: nothing that a client sends can look like one.
 */
#ifndef JOURNAL_FRAME_H
#define JOURNAL_FRAME_H

#include "base/clock.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD        ((size_t)40)
#define FRAME_PAYLOAD_MAX ((size_t)4 << 20)

/* "NNNNNNNNNNNNNNNNNNNN.cjl": the first sequence of a segment in 20 digits. */
#define SEGMENT_NAME_LEN  ((size_t)24)
#define SEGMENT_NAME_SIZE (SEGMENT_NAME_LEN + 1)

struct frame_head {
    uint64_t sequence;
    wall_t at;
    uint32_t length;  /* of the payload, <= FRAME_PAYLOAD_MAX */
    uint32_t records; /* 0 in the frame that marks an orderly end */
    uint32_t crc;
};

/* Write the head but for its checksum; returns the checksum of what was written. */
uint32_t frame_head_write(const struct frame_head *head, uint8_t out[FRAME_HEAD]);

/* Put the checksum, continued over the payload, into the head. */
void frame_head_seal(uint8_t out[FRAME_HEAD], uint32_t crc);

/* Read a head; false when it cannot be one. The checksum is not verified. */
bool frame_head_read(span_t bytes, struct frame_head *out);

/* Whether the payload of a head that was read (its bytes: `raw`) has the right checksum. */
bool frame_is_whole(const struct frame_head *head, span_t raw, span_t payload);

void segment_name_print(uint64_t first, char out[SEGMENT_NAME_SIZE]);

/* False when `name` is not exactly a segment's. */
bool segment_name_parse(const char *name, uint64_t *out);

struct segment_list {
    uint64_t *first; /* ascending */
    size_t count;
};

void segment_list_deinit(struct segment_list *list);

/* List the segments of a directory. */
NODISCARD err_t segment_list_read(int dir, struct segment_list *out);

#endif
