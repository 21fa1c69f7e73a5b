/* mark.h - a place between two frames, with proof of which journal it belongs to. */
#ifndef JOURNAL_MARK_H
#define JOURNAL_MARK_H

#include <stdint.h>

typedef struct journal_mark {
    uint64_t sequence; /* of the next frame; 0: no frame was ever written */
    uint64_t segment;  /* first sequence of the segment that holds the frame before it */
    uint64_t offset;   /* where in it that frame begins, in bytes */
    uint32_t crc;      /* that frame's checksum */
} journal_mark_t;

/* Where a byte stands. */
typedef struct journal_place {
    uint64_t segment; /* its first sequence; 0: nowhere */
    uint64_t offset;  /* in it */
} journal_place_t;

#endif
