#include "engine/people/crowds.h"

#include <stdlib.h>

void crowds_write(struct byte_writer *w, const struct crowd *crowd, size_t count)
{
    if (count == 0) {
        return; /* as in models that were made before there were crowds */
    }
    write_u32(w, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        crowd_write(w, &crowd[i]);
    }
}

/* Read one: measured first, so that its room is as large as its arrays. */
static enum canara_status read_one(struct byte_reader *r, allocate_t *allocate, struct crowd *c,
                                   void **room)
{
    struct byte_reader ahead = *r;
    if (!crowd_read(&ahead, c, NULL)) {
        return CANARA_BAD_FORMAT;
    }
    *room = allocate(1, crowd_room(c));
    if (*room == NULL) {
        return CANARA_NO_MEMORY;
    }
    return crowd_read(r, c, *room) ? CANARA_OK : CANARA_BAD_FORMAT;
}

static enum canara_status read_all(struct byte_reader *r, allocate_t *allocate, struct crowds *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const enum canara_status status = read_one(r, allocate, &c->crowd[i], &c->room[i]);
        if (status != CANARA_OK) {
            return status;
        }
        if (i > 0 && c->crowd[i].context <= c->crowd[i - 1].context) {
            return CANARA_BAD_FORMAT;
        }
    }
    return r->failed || r->left != 0 ? CANARA_BAD_FORMAT : CANARA_OK;
}

enum canara_status crowds_read(struct byte_reader r, struct crowds *out)
{
    return crowds_read_with(r, calloc, out);
}

enum canara_status crowds_read_with(struct byte_reader r, allocate_t *allocate, struct crowds *out)
{
    if (r.left == 0) {
        *out = (struct crowds){.count = 0};
        return CANARA_OK;
    }
    const uint32_t count = read_u32(&r);
    if (r.failed || count == 0 || count > CROWD_MAX) {
        return CANARA_BAD_FORMAT;
    }
    struct crowds c = {.count = count,
                       .crowd = allocate((size_t)count + 1, sizeof *c.crowd),
                       .room = allocate((size_t)count + 1, sizeof(void *))};
    enum canara_status status = CANARA_NO_MEMORY;
    if (c.crowd != NULL && c.room != NULL) {
        status = read_all(&r, allocate, &c);
    }
    if (status != CANARA_OK) {
        crowds_free(&c);
        return status;
    }
    *out = c;
    return CANARA_OK;
}

void crowds_free(struct crowds *c)
{
    for (size_t i = 0; c->room != NULL && i < c->count; i++) {
        free(c->room[i]);
    }
    free(c->room);
    free(c->crowd);
    *c = (struct crowds){.count = 0};
}

const struct crowd *crowds_of(const struct crowds *c, uint64_t context, uint8_t kind,
                              size_t features)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct crowd *one = &c->crowd[i];
        if (one->context == context) {
            return one->kind == kind && one->features == features ? one : NULL;
        }
    }
    return NULL;
}
