#include "tests/scenario/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 8 << 20, CHUNK = 65536 };

static int dial(int family, const struct sockaddr *to, socklen_t len)
{
    const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, to, len) != 0) {
        (void)close(fd);
        return -1;
    }
    const int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

int wire_dial(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return dial(AF_INET, (const struct sockaddr *)&to, sizeof to);
}

int wire_dial_local(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    return dial(AF_UNIX, (const struct sockaddr *)&to, sizeof to);
}

const char *wire_send(int fd, span_t bytes)
{
    while (bytes.len > 0) {
        const ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (n <= 0) {
            return "the connection takes no more bytes";
        }
        bytes = (span_t){bytes.ptr + n, bytes.len - (size_t)n};
    }
    return NULL;
}

static err_t write_request(struct buf *out, const struct request *r)
{
    TRY(buf_append_format(out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", r->method, r->target));
    if (r->bearer[0] != '\0') {
        TRY(buf_append_format(out, "Authorization: Bearer %s\r\n", r->bearer));
    }
    if (r->header[0] != '\0') {
        TRY(buf_append_format(out, "%s: %s\r\n", r->header, r->value));
    }
    if (r->json[0] != '\0') {
        TRY(buf_append_format(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                              strlen(r->json)));
    } else if (strcmp(r->method, "POST") == 0) {
        TRY(buf_append(out, SPAN_LIT("Content-Length: 0\r\n")));
    }
    TRY(buf_append(out, SPAN_LIT("Connection: close\r\n\r\n")));
    return buf_append(out, (span_t){(const uint8_t *)r->json, strlen(r->json)});
}

const char *wire_request(int fd, const struct request *r)
{
    CLEANUP(buf_deinit) struct buf out;
    buf_init(&out, ANSWER_BYTES_MAX);
    return failed(write_request(&out, r)) ? "no memory" : wire_send(fd, buf_span(&out));
}

static bool readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) == 1;
}

/* Until the answer is whole. */
static const char *read_whole(int fd, struct answer *a)
{
    struct http_reader reader;
    http_reader_init(&reader, HTTP_BODY_LIMIT);
    for (;;) {
        if (failed(buf_reserve(&a->bytes, CHUNK))) {
            return "no memory";
        }
        if (!readable(fd, WIRE_PATIENCE_MS)) {
            return "no answer comes";
        }
        const ssize_t n = recv(fd, a->bytes.ptr + a->bytes.len, CHUNK, 0);
        if (n <= 0) {
            return "the connection ended without an answer";
        }
        a->bytes.len += (size_t)n;
        switch (http_response_read(&reader, a->bytes.ptr, a->bytes.len, false, &a->head)) {
        case HTTP_MORE: break;
        case HTTP_BAD: return "the answer is not HTTP";
        case HTTP_READY: return NULL;
        }
    }
}

const char *wire_answer(int fd, struct answer *out)
{
    answer_drop(out);
    buf_init(&out->bytes, ANSWER_BYTES_MAX);
    const char *why = read_whole(fd, out);
    if (why != NULL || out->head.body.len == 0) {
        return why;
    }
    const err_t parsed = json_parse(out->head.body, &out->json, NULL);
    if (failed(parsed)) {
        out->json = NULL; /* a page, or numbers for a monitor */
    }
    return NULL;
}

void answer_drop(struct answer *a)
{
    json_free(&a->json);
    buf_deinit(&a->bytes);
    a->head = (struct http_response){0};
}

const char *wire_ask(int fd, const struct request *r, struct answer *out)
{
    if (fd < 0) {
        return "nobody listens";
    }
    const char *why = wire_request(fd, r);
    if (why == NULL) {
        why = wire_answer(fd, out);
    }
    (void)close(fd);
    return why;
}

bool wire_ended(int fd, int ms)
{
    char bytes[4096];
    while (readable(fd, ms)) {
        if (recv(fd, bytes, sizeof bytes, 0) <= 0) {
            return true;
        }
    }
    return false;
}
