/*
 * crc32c.h - the Castagnoli checksum (RFC 3720, appendix B.4) of journal frames.
 *
 * Floor      codec
 * Source     polynomial 0x1edc6f41, reflected; tables by eight bytes after Kounavis and Berry 2005.
 * Threads    no mutable state. The processor's own instruction (SSE 4.2) is used where it has one.
 */
#ifndef CODEC_CRC32C_H
#define CODEC_CRC32C_H

#include "base/span.h"

#include <stdint.h>

/* Checksum of `bytes` behind what gave `before`; begin with 0. */
uint32_t crc32c(uint32_t before, span_t bytes);

/* The same answer without the processor's instruction, for tests. */
uint32_t crc32c_portable(uint32_t before, span_t bytes);

#endif
