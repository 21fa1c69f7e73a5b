/* Connections as they stand, messages at the limits, and many requests at once. */
#include "base/util.h"
#include "tests/scenario/world.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_MAX = 1 << 20, SOON_MS = 10000 };

static struct raw *find(struct world *w, const char *name)
{
    for (size_t i = 0; i < RAWS_MAX; i++) {
        if (strcmp(w->raws[i].name, name) == 0) {
            return &w->raws[i];
        }
    }
    return NULL;
}

static struct raw *take_raw(struct world *w, struct words *args)
{
    const char *name = words_take(args);
    struct raw *r = name[0] == '\0' ? NULL : find(w, name);
    if (r == NULL) {
        (void)because(w, "no connection \"%s\"", name);
    }
    return r;
}

/* open R */
static const char *step_open(struct world *w, struct words *args)
{
    const char *name = words_take(args);
    struct raw *r = find(w, name);
    if (r != NULL) {
        (void)close(r->fd);
    } else {
        r = find(w, "");
    }
    if (r == NULL) {
        return "too many connections";
    }
    r->fd = wire_dial(w->host.port);
    (void)snprintf(r->name, sizeof r->name, "%s", name);
    return r->fd < 0 ? "nobody listens" : NULL;
}

/* write R TEXT */
static const char *step_write(struct world *w, struct words *args)
{
    struct raw *r = take_raw(w, args);
    const char *text = words_take(args);
    return r == NULL ? w->why : wire_send(r->fd, (span_t){(const uint8_t *)text, strlen(text)});
}

/* read R expect STATUS */
static const char *step_read(struct world *w, struct words *args)
{
    struct raw *r = take_raw(w, args);
    const char *why = r == NULL ? w->why : wire_answer(r->fd, &w->answer);
    return why == NULL ? check_answer(w, args) : why;
}

/* ended R: the server has ended it */
static const char *step_ended(struct world *w, struct words *args)
{
    struct raw *r = take_raw(w, args);
    if (r == NULL) {
        return w->why;
    }
    return wire_ended(r->fd, SOON_MS) ? NULL : "the connection stays open";
}

/* waits R: it is open, and nothing has come */
static const char *step_waits(struct world *w, struct words *args)
{
    struct raw *r = take_raw(w, args);
    if (r == NULL) {
        return w->why;
    }
    struct pollfd p = {.fd = r->fd, .events = POLLIN};
    return poll(&p, 1, 0) == 0 ? NULL : "something has come, or the connection has ended";
}

/* shut R */
static const char *step_shut(struct world *w, struct words *args)
{
    struct raw *r = take_raw(w, args);
    if (r == NULL) {
        return w->why;
    }
    (void)close(r->fd);
    r->name[0] = '\0';
    return NULL;
}

/* ---- long (target | headers | body) N expect ... ---- */

static err_t pad(struct buf *out, size_t to, uint8_t with)
{
    while (out->len < to) {
        TRY(buf_append_byte(out, with));
    }
    return ERR_OK;
}

static err_t build_target(struct buf *out, size_t bytes)
{
    TRY(buf_append(out, SPAN_LIT("GET ")));
    const size_t from = out->len;
    TRY(buf_append(out, SPAN_LIT("/health?")));
    TRY(pad(out, from + bytes, 'x'));
    return buf_append(out, SPAN_LIT(" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
}

static err_t build_headers(struct buf *out, size_t count)
{
    TRY(buf_append(out, SPAN_LIT("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n")));
    for (size_t i = 2; i < count; i++) {
        TRY(buf_append_format(out, "X-%zu: 1\r\n", i));
    }
    return buf_append(out, SPAN_LIT("\r\n"));
}

static err_t build_body(struct buf *out, size_t bytes)
{
    TRY(buf_append_format(out,
                          "POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                          "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                          bytes));
    const size_t from = out->len;
    TRY(buf_append(out, SPAN_LIT("{}")));
    return pad(out, from + bytes, ' ');
}

static const char *step_long(struct world *w, struct words *args)
{
    static const struct {
        const char *name;
        err_t (*build)(struct buf *out, size_t n);
    } kinds[] = {{"target", build_target}, {"headers", build_headers}, {"body", build_body}};

    const char *kind = words_take(args);
    long long n = 0;
    if (!words_take_number(args, MESSAGE_MAX / 2, &n)) {
        return "long target|headers|body N";
    }
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, MESSAGE_MAX);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strcmp(kind, kinds[i].name) == 0 && failed(kinds[i].build(&out, (size_t)n))) {
            return "no memory";
        }
    }
    const int fd = wire_dial(w->host.port);
    const char *why = fd < 0 ? "nobody listens" : wire_send(fd, buf_span(&out));
    (void)why; /* a refusal may come before the last byte is sent */
    why = fd < 0 ? why : wire_answer(fd, &w->answer);
    (void)close(fd);
    return why == NULL ? check_answer(w, args) : why;
}

/* ---- many at once ---- */

/* burst N METHOD WHO TARGET [JSON]: send them all, read nothing */
static const char *step_burst(struct world *w, struct words *args)
{
    struct request r;
    char target[LINE_BYTES];
    long long count = 0;
    if (w->bursting != 0 || !words_take_number(args, BURST_MAX, &count)) {
        return "burst N METHOD WHO TARGET [JSON]";
    }
    const char *method = words_take(args);
    const char *why = take_request(w, method, args, &r, target);
    for (long long i = 0; why == NULL && i < count; i++) { /* connected first, then all speak */
        w->burst[w->bursting] = wire_dial(w->host.port);
        why = w->burst[w->bursting] < 0 ? "nobody listens" : NULL;
        w->bursting += why == NULL ? 1U : 0U;
    }
    for (size_t i = 0; why == NULL && i < w->bursting; i++) {
        why = wire_request(w->burst[i], &r);
    }
    return why;
}

static const char *count_one(struct world *w, int fd)
{
    const char *why = wire_answer(fd, &w->answer);
    if (why != NULL) {
        return why;
    }
    const unsigned status = w->answer.head.status;
    const bool later = http_response_find(&w->answer.head, "retry-after").len > 0;
    if ((status == 503 || status == 429) && !later) {
        return because(w, "a %u without Retry-After", status);
    }
    w->burst_count[status < ARRAY_LEN(w->burst_count) ? status : 0]++;
    return NULL;
}

/* burst-answers STATUS ...: read them all; each status comes at least once, and no other */
static const char *step_burst_answers(struct world *w, struct words *args)
{
    const char *why = NULL;
    memset(w->burst_count, 0, sizeof w->burst_count);
    while (w->bursting > 0) {
        const int fd = w->burst[--w->bursting];
        why = why == NULL ? count_one(w, fd) : why;
        (void)close(fd);
    }
    while (why == NULL && args->next < args->count) {
        long long status = 0;
        if (!words_take_number(args, 599, &status) || w->burst_count[status] == 0) {
            return because(w, "no answer is %lld", status);
        }
        w->burst_count[status] = 0;
    }
    for (unsigned i = 0; why == NULL && i < ARRAY_LEN(w->burst_count); i++) {
        why = w->burst_count[i] == 0 ? NULL : because(w, "%u answers are %u", w->burst_count[i], i);
    }
    return why;
}

struct step_table steps_of_raw(void)
{
    static const struct step rows[] = {
        {"open", step_open},   {"write", step_write}, {"read", step_read},
        {"ended", step_ended}, {"waits", step_waits}, {"shut", step_shut},
        {"long", step_long},   {"burst", step_burst}, {"burst-answers", step_burst_answers},
    };
    return (struct step_table){rows, ARRAY_LEN(rows)};
}
