/*
 * client_wire.h - inside of the client: a TCP connection whose every wait has an end.
 *
 * Floor      app/cli
 * Ownership  a descriptor belongs to whom it was given; wire_close() takes it back.
 * Errors     as client.h; `why` of the client is filled.
 * Threads    one at a time per client.
 */
#ifndef APP_CLIENT_WIRE_H
#define APP_CLIENT_WIRE_H

#include "app/cli/client.h"

/* Note why, and hand the error on. */
NODISCARD err_t wire_fault(struct client *c, enum err_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Connect to the client's host before `until`. The descriptor is non-blocking. */
NODISCARD err_t wire_connect(struct client *c, mono_t until, int *fd);

/* Send everything before `until`. */
NODISCARD err_t wire_send(struct client *c, int fd, span_t bytes, mono_t until);

/* Receive at least one byte before `until`; *got 0: the peer has hung up. ERR_TIMEOUT otherwise. */
NODISCARD err_t wire_receive(struct client *c, int fd, void *to, size_t room, mono_t until,
                             size_t *got);

/* The end of a wait that begins now. */
mono_t wire_until(const struct client *c, int64_t wait_ms);

/* Close; -1 is fine, and what it is afterwards. For CLEANUP. */
void wire_close(int *fd);

#endif
