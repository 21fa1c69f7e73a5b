/*
 * crc32c_table.h - inner part of crc32c: the table, and the processor's instruction where there is
 *                  one.
 *
 * Floor      codec
 * Threads    no state.
 */
#ifndef CODEC_CRC32C_TABLE_H
#define CODEC_CRC32C_TABLE_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

/* [k][b]: what byte b does to the checksum when k zero bytes follow it. */
extern const uint32_t crc32c_table[8][256];

/* True when crc32c_fast() may be called. */
bool crc32c_is_fast(void);

uint32_t crc32c_fast(uint32_t before, span_t bytes);

#endif
