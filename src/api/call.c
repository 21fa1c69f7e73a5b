#include "api/call.h"

#include "api/dispatch.h"
#include "api/problem.h"
#include "codec/json_read.h"
#include "crypto/secret.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXTRA_MAX = 4096 };

struct call *call_new(struct api *api)
{
    struct call *c = malloc(sizeof *c);
    if (c == NULL) {
        return NULL;
    }
    memset(c, 0, offsetof(struct call, memory)); /* the arena clears what it hands out */
    c->api = api;
    c->service = api->service;
    c->content_type = "application/json";
    c->began = clock_mono(api->service->clock);
    buf_init(&c->extra, EXTRA_MAX);
    buf_init_secret(&c->reply, CALL_BODY_MAX);
    arena_init(&c->arena, c->memory, sizeof c->memory);
    return c;
}

void call_forget_body(struct call *c)
{
    json_free(&c->json);
    if (c->body.len > 0) {
        union {
            const uint8_t *constant;
            uint8_t *owned;
        } body = {c->body.ptr}; /* a copy of our own, made by api_dispatch() */

        memory_wipe(body.owned, c->body.len);
        free(body.owned);
    }
    c->body = (span_t){0};
    bodies_give(&c->charge);
}

void call_free(struct call **c)
{
    if (*c == NULL) {
        return;
    }
    call_forget_body(*c);
    memory_wipe((*c)->memory, (*c)->arena.used); /* stages may keep secrets there */
    buf_deinit(&(*c)->extra);
    buf_deinit(&(*c)->reply);
    free(*c);
    *c = NULL;
}

enum call_place call_go(struct call *c, enum call_place place, call_stage next)
{
    c->next = next;
    return place;
}

void *call_keep(struct call *c, size_t size)
{
    void *p = arena_alloc(&c->arena, size, _Alignof(max_align_t));
    MUST(p != NULL); /* every stage's needs are known and fit */
    memset(p, 0, size);
    return p;
}

struct live *call_live(struct call *c, struct shard *s)
{
    struct live *live = shard_find(s, c->who.session);
    if (live == NULL || live->blocked) {
        (void)problem(c, PROBLEM_UNAUTHORIZED);
        return NULL;
    }
    return live;
}

void call_header(struct call *c, const char *name, const char *value)
{
    MUST(strpbrk(value, "\r\n") == NULL);
    if (failed(buf_append_format(&c->extra, "%s: %s\r\n", name, value))) {
        c->close = true; /* an answer without its header is not one to keep talking after */
    }
}

void call_header_int(struct call *c, const char *name, int64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    call_header(c, name, text);
}
