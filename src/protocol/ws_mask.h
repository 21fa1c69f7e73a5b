/* ws_mask.h - inside of this floor: the masking of RFC 6455 5.3, eight bytes a step. */
#ifndef PROTOCOL_WS_MASK_H
#define PROTOCOL_WS_MASK_H

#include <stddef.h>
#include <stdint.h>

/* Mask or unmask bytes[0..n) in place; `done` bytes of the same payload went before. */
void ws_mask(uint8_t *bytes, size_t n, const uint8_t mask[4], size_t done);

#endif
