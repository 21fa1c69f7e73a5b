/*
 * json_room.h - the memory of one document of jansson's, reserved before it is read.
 *
 * Floor      codec
 * Source     jansson 2.14: load.c, value.c, hashtable.c, strbuffer.c.
 * Units      bytes.
 * Ownership  json_room_new/json_room_free; all that jansson takes between enter and leave lies in
 *            the room and goes with it: nothing is freed by itself.
 * Errors     json_room_new() NULL: no memory; jansson has not been called then.
 * Threads    a thread is in one room at a time; a room may be freed by another thread.
 *
 * jansson 2.14 frees twice when malloc() fails in the middle of a document, and a body could thereby
 * end a server that is short of memory. Its allocator has no argument: the room in which a thread
 * is must be the thread's (_Thread_local). Outside any room it is malloc() and free().
 */
#ifndef CODEC_JSON_ROOM_H
#define CODEC_JSON_ROOM_H

#include "codec/json_shape.h"

#include <stdbool.h>
#include <stddef.h>

struct json_room;

/* Room enough for whatever jansson makes of such a text, or of the part of it that it reads. */
size_t json_room_for(const struct json_shape *shape);

struct json_room *json_room_new(size_t bytes);

/* Wipe what was used, and release; accepts NULL and leaves NULL. */
void json_room_free(struct json_room **room);

/* What jansson takes from here on is in the room. */
void json_room_enter(struct json_room *room);
void json_room_leave(void);

/* Whether it took more than there was, and got NULL. */
bool json_room_was_full(const struct json_room *room);

/* The room of what was taken in one: `at` is what the allocator gave. */
struct json_room *json_room_of(const void *at);

/* What of it is used. */
size_t json_room_used(const struct json_room *room);

#endif
