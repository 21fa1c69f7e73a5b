/* http_request_fuzz.c - any cut of any bytes gives the same answer, within the promised room. */
#include "protocol/http_request.h"

#include "base/err.h"
#include "base/util.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT: libFuzzer's name */

struct outcome {
    enum http_progress progress;
    struct http_reader reader;
    struct http_request req;
    uint8_t *bytes;
};

static uint8_t *copy_of(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    MUST(copy != NULL);
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    return copy;
}

/* Steps vary with `seed`, so that cuts fall everywhere; 0 gives everything at once. */
static void feed(const uint8_t *bytes, size_t len, size_t seed, struct outcome *o)
{
    o->progress = HTTP_MORE;
    o->bytes = copy_of(bytes, len);
    http_reader_init(&o->reader, HTTP_BODY_MAX);
    for (size_t have = 0; o->progress == HTTP_MORE && have < len;) {
        const size_t step = seed == 0 ? len : 1 + (have * 7 + seed) % seed;
        have += size_min(step, len - have);
        o->progress = http_read(&o->reader, o->bytes, have, &o->req);
        MUST(o->progress != HTTP_MORE || have <= HTTP_REQUEST_MAX);
        MUST(o->progress != HTTP_READY || o->req.used <= have);
        (void)http_reader_take_continue(&o->reader);
    }
}

static void compare(const struct outcome *a, const struct outcome *b)
{
    MUST(a->progress == b->progress);
    MUST(a->reader.status == b->reader.status && a->reader.reason == b->reader.reason);
    if (a->progress != HTTP_READY) {
        return;
    }
    const struct http_request *x = &a->req;
    const struct http_request *y = &b->req;
    MUST(x->used == y->used && x->header_count == y->header_count && x->method == y->method);
    MUST(x->keep_alive == y->keep_alive && x->expects_continue == y->expects_continue);
    MUST(span_eq(x->target, y->target) && span_eq(x->path, y->path) && span_eq(x->query, y->query));
    MUST(span_eq(x->body, y->body) && x->path.len > 0);
    for (size_t i = 0; i < x->header_count; i++) {
        MUST(span_eq(x->headers[i].name, y->headers[i].name));
        MUST(span_eq(x->headers[i].value, y->headers[i].value));
    }
}

static void use(const struct outcome *o)
{
    if (o->progress != HTTP_READY) {
        return;
    }
    uint8_t out[64];
    size_t out_len = 0;
    span_t token = {0};
    if (http_query_get(o->req.query, "token", out, sizeof out, &out_len) == HTTP_FOUND) {
        MUST(out_len <= sizeof out);
    }
    (void)http_bearer(&o->req, &token);
    (void)http_content_is(&o->req, "application/json");
    (void)http_accepts_coding(&o->req, "gzip");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const size_t seeds[] = {0, 1, 13};
    struct outcome outcomes[ARRAY_LEN(seeds)];
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        feed(bytes, len, seeds[i], &outcomes[i]);
        compare(&outcomes[0], &outcomes[i]);
    }
    use(&outcomes[0]);
    for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
        free(outcomes[i].bytes);
    }
    return 0;
}
