#include "codec/json_room.h"

#include "base/err.h"

#include <jansson.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GRAIN = 16 }; /* alignment, and the size of a head */

struct json_room {
    size_t cap, used;
    bool full;
    _Alignas(GRAIN) uint8_t bytes[];
};

/* Before each thing in a room. */
union head {
    struct json_room *room;
    uint8_t grain[GRAIN];
};

_Static_assert(sizeof(union head) == GRAIN, "what follows a head is aligned");

static _Thread_local struct json_room *here; /* NULL: in none */

/* Each term is what jansson allocates for such a thing, its head and rounding included. Tables grow
 * to twice the size and leave the smaller ones behind: four times the last is more than all of them.
 * So does the buffer of the lexer, with the longest token. A string is copied from there, and is then
 * a value, or a name that is copied once more for its pair (57 bytes and its length). What a text
 * that is no JSON makes it take until it gives up is less than what was counted, term by term. */
enum {
    OF_DOCUMENT = 1024,
    OF_BYTE = 2,
    OF_LONGEST = 4,
    OF_STRING = 2 * GRAIN,
    OF_NAME = 2 * GRAIN + 56,
    OF_VALUE = GRAIN + 32, /* a string or a number; of objects and arrays, a part of what follows */
    OF_OBJECT = GRAIN + 80 + GRAIN + 128,
    OF_ARRAY = GRAIN + 48 + GRAIN + 64,
    OF_COMMA = 4 * 16 + 8 /* a place in a table; the heads of tables */
};

size_t json_room_for(const struct json_shape *shape)
{
    return (size_t)OF_DOCUMENT + (size_t)OF_BYTE * shape->bytes +
           (size_t)OF_LONGEST * shape->longest + (size_t)OF_STRING * shape->strings +
           (size_t)OF_NAME * shape->names + (size_t)OF_VALUE * shape->values +
           (size_t)OF_OBJECT * shape->objects + (size_t)OF_ARRAY * shape->arrays +
           (size_t)OF_COMMA * shape->commas;
}

static size_t rounded(size_t size)
{
    const size_t grain = GRAIN;
    return (size + grain - 1) / grain * grain;
}

static void *take(size_t size)
{
    if (here == NULL) {
        return malloc(size);
    }
    const size_t left = here->cap - here->used;
    if (size > left || left - size < (size_t)2 * GRAIN) {
        here->full = true;
        return NULL;
    }
    union head head = {.grain = {0}};
    head.room = here;
    uint8_t *const at = here->bytes + here->used;
    memcpy(at, &head, sizeof head);
    here->used += sizeof head + rounded(size);
    return at + sizeof head;
}

static void give(void *at)
{
    if (here == NULL) {
        free(at);
    }
}

static void install(void)
{
    json_set_alloc_funcs(take, give);
}

struct json_room *json_room_new(size_t bytes)
{
    static pthread_once_t installed = PTHREAD_ONCE_INIT; /* jansson's allocator is the process's */
    MUST(pthread_once(&installed, install) == 0);
    struct json_room *room = NULL;
    if (bytes <= SIZE_MAX - sizeof *room) {
        room = malloc(sizeof *room + bytes);
    }
    if (room != NULL) {
        *room = (struct json_room){.cap = bytes};
    }
    return room;
}

void json_room_free(struct json_room **room)
{
    if (*room == NULL) {
        return;
    }
    explicit_bzero((*room)->bytes, (*room)->used);
    free(*room);
    *room = NULL;
}

void json_room_enter(struct json_room *room)
{
    MUST(here == NULL);
    here = room;
}

void json_room_leave(void)
{
    here = NULL;
}

bool json_room_was_full(const struct json_room *room)
{
    return room->full;
}

struct json_room *json_room_of(const void *at)
{
    union head head;
    memcpy(&head, (const uint8_t *)at - sizeof head, sizeof head);
    return head.room;
}

size_t json_room_used(const struct json_room *room)
{
    return room->used;
}
