/* client.c - one HTTP question, one answer. */
#include "app/cli/client.h"

#include "app/cli/client_wire.h"
#include "app/cli/command.h"
#include "crypto/secret.h"
#include "protocol/http_client.h"

#include <stdlib.h>
#include <string.h>

/* ---- whom to ask ---- */

static bool take_port(struct client *c, const char *text, size_t len)
{
    unsigned value = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || i == 5) {
            return false;
        }
        value = value * 10 + (unsigned)(text[i] - '0');
    }
    (void)snprintf(c->port, sizeof c->port, "%u", value);
    return value >= 1 && value <= 65535;
}

static bool is_host(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char b = text[i];
        const bool letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
        if (!letter && !(b >= '0' && b <= '9') && b != '.' && b != '-' && b != ':') {
            return false;
        }
    }
    return len > 0 && len < CLIENT_HOST_BYTES;
}

static bool take_authority(struct client *c, const char *text, size_t len, const char *port)
{
    const bool bracket = text[0] == '[';
    const size_t host_len = strcspn(text, bracket ? "]" : ":/");
    const char *const host = bracket ? text + 1 : text;
    const size_t n = bracket ? host_len - 1 : host_len;
    const size_t after = bracket ? host_len + 1 : host_len;
    if (after > len || !is_host(host, n)) {
        return false;
    }
    memcpy(c->host, host, n);
    c->host[n] = '\0';
    (void)snprintf(c->port, sizeof c->port, "%s", port);
    if (after == len) {
        return true;
    }
    return text[after] == ':' && take_port(c, text + after + 1, len - after - 1);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

err_t client_target(struct client *c, const char *url, bool *tls)
{
    *c = (struct client){.clock = clock_system(), .wait_ms = CLIENT_WAIT_MS, .stop_fd = -1};
    *tls = begins(url, "https://");
    const bool known = *tls || begins(url, "http://");
    const char *const rest = known ? strchr(url, '/') + 2 : url;
    const size_t len = strcspn(rest, "/");
    const bool whole = rest[len] == '\0' || strcmp(rest + len, "/") == 0;
    if (!known || !whole || !take_authority(c, rest, len, *tls ? "443" : "80")) {
        return wire_fault(c, ERR_FORMAT, "%.128s: is no URL of the form http://HOST:PORT", url);
    }
    (void)snprintf(c->authority, sizeof c->authority, "%.*s", (int)len, rest);
    return ERR_OK;
}

err_t client_init(struct client *c, const char *url)
{
    bool tls = false;
    TRY(client_target(c, url, &tls));
    return tls ? wire_fault(c, ERR_FORMAT,
                            "%.128s: this tool speaks plain http; name the inner address of the "
                            "proxy that ends TLS",
                            url)
               : ERR_OK;
}

/* ---- one question ---- */

/* Tokens and passwords went through it. */
static void wipe(struct buf *b)
{
    if (b->ptr != NULL) {
        memory_wipe(b->ptr, b->cap);
    }
    buf_deinit(b);
}

static err_t write_request(const struct client *c, const struct client_request *q, struct buf *out)
{
    const size_t bearer = q->bearer == NULL ? 0 : strlen(q->bearer);
    TRY(buf_reserve(out, 1024 + strlen(q->path) + bearer + q->body.len)); /* one copy to wipe */
    TRY(buf_append_format(out, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: canara/%s\r\n", q->method,
                          q->path, c->authority, CANARA_VERSION));
    TRY(buf_append(out, SPAN_LIT("Accept: application/json\r\nConnection: close\r\n")));
    if (q->bearer != NULL) {
        TRY(buf_append_format(out, "Authorization: Bearer %s\r\n", q->bearer));
    }
    if (q->body.len > 0 || strcmp(q->method, "POST") == 0) {
        TRY(buf_append_format(out, "Content-Length: %zu\r\n", q->body.len));
    }
    if (q->body.len > 0) {
        TRY(buf_append(out, SPAN_LIT("Content-Type: application/json\r\n")));
    }
    TRY(buf_append(out, SPAN_LIT("\r\n")));
    return q->body.len > 0 ? buf_append(out, q->body) : ERR_OK;
}

/* Receive into `in` until the answer is whole; `res` then points into it. */
static err_t read_response(struct client *c, int fd, mono_t until, struct buf *in,
                           struct http_response *res)
{
    struct http_reader reader;
    http_reader_init(&reader, CLIENT_ANSWER_MAX / 2);
    for (;;) {
        const enum http_progress got =
            in->len == 0 ? HTTP_MORE : http_response_read(&reader, in->ptr, in->len, false, res);
        if (got == HTTP_READY && res->status >= 200) {
            return ERR_OK;
        }
        if (got == HTTP_READY) { /* 100 and its like */
            buf_consume(in, res->used);
            http_reader_init(&reader, CLIENT_ANSWER_MAX / 2);
            continue;
        }
        if (got == HTTP_BAD) {
            return wire_fault(c, ERR_FORMAT, "%s answers no HTTP: %s", c->authority, reader.reason);
        }
        if (failed(buf_reserve(in, 4096))) {
            return wire_fault(c, ERR_LIMIT, "the answer of %s is too long", c->authority);
        }
        size_t n = 0;
        TRY(wire_receive(c, fd, in->ptr + in->len, 4096, until, &n));
        if (n == 0) {
            return wire_fault(c, ERR_IO, "%s hung up before it answered", c->authority);
        }
        in->len += n;
    }
}

static int64_t read_retry_after(const struct http_response *res)
{
    const span_t text = http_response_find(res, "Retry-After");
    int64_t seconds = text.len == 0 || text.len > 9 ? -1 : 0;
    for (size_t i = 0; i < text.len && seconds >= 0; i++) {
        const bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        seconds = digit ? seconds * 10 + (text.ptr[i] - '0') : -1;
    }
    return seconds;
}

static bool is_json(span_t type)
{
    const size_t len = type.len;
    span_t word = type;
    for (size_t i = 0; i < len; i++) {
        if (type.ptr[i] == ';' || type.ptr[i] == ' ') {
            word.len = i;
            break;
        }
    }
    return http_name_eq(word, "application/json") || http_name_eq(word, "application/problem+json");
}

static err_t read_answer(struct client *c, const struct http_response *res,
                         struct client_answer *out)
{
    struct client_answer answer = {.status = res->status, .retry_after_s = read_retry_after(res)};
    if (res->body.len > 0 && is_json(http_response_find(res, "Content-Type"))) {
        struct json_fault fault = {0};
        if (failed(json_parse(res->body, &answer.json, &fault))) {
            return wire_fault(c, ERR_FORMAT, "%s answers no JSON: %s", c->authority,
                              fault.message == NULL ? "memory" : fault.message);
        }
    }
    *out = answer;
    return ERR_OK;
}

err_t client_ask(struct client *c, const struct client_request *q, struct client_answer *out)
{
    *out = (struct client_answer){.retry_after_s = -1};
    const mono_t until = wire_until(c, c->wait_ms);
    CLEANUP(wipe) struct buf request;
    CLEANUP(wipe) struct buf in;
    buf_init(&request, CLIENT_REQUEST_MAX);
    buf_init(&in, CLIENT_ANSWER_MAX);
    if (failed(write_request(c, q, &request))) {
        return wire_fault(c, ERR_LIMIT, "the request is too long");
    }
    CLEANUP(wire_close) int fd = -1;
    TRY(wire_connect(c, until, &fd));
    TRY(wire_send(c, fd, buf_span(&request), until));
    struct http_response res = {0};
    TRY(read_response(c, fd, until, &in, &res));
    return read_answer(c, &res, out);
}

void client_answer_deinit(struct client_answer *a)
{
    json_free(&a->json);
    *a = (struct client_answer){.retry_after_s = -1};
}

const char *client_answer_words(const struct client_answer *a)
{
    static const char *const names[] = {"detail", "message", "title"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        span_t text = {0};
        if (json_get_text(a->json, names[i], &text)) {
            return (const char *)text.ptr; /* NUL-terminated, json_read.h */
        }
    }
    return "";
}
