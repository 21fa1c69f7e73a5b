#include "app/cli/unix_client.h"

#include "base/util.h"
#include "protocol/http_client.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { HEAD_BYTES = 512, STEP_BYTES = 16384, REASON_BYTES = 96 };

void unix_answer_init(struct unix_answer *a)
{
    a->status = 0;
    buf_init(&a->body, UNIX_ANSWER_BYTES);
}

void unix_answer_deinit(struct unix_answer *a)
{
    buf_deinit(&a->body);
}

static void close_socket(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

PRINTF_LIKE(3, 4)

static enum unix_outcome say(char why[UNIX_WHY_BYTES], enum unix_outcome outcome,
                             const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, UNIX_WHY_BYTES, format, args);
    va_end(args);
    return outcome;
}

/* The system's words for errno's value. */
static enum unix_outcome say_system(char why[UNIX_WHY_BYTES], const char *what, int number)
{
    char room[REASON_BYTES];
    const char *const words =
        number == EAGAIN ? "the server does not answer" : strerror_r(number, room, sizeof room);
    return say(why, UNIX_BROKEN, "%.128s: %s", what, words);
}

static enum unix_outcome explain_connect(int number, const char *path, char why[UNIX_WHY_BYTES])
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED: return say(why, UNIX_ABSENT, "no server runs at %.180s", path);
    case EACCES:
    case EPERM:
        return say(why, UNIX_FORBIDDEN, "this user may not use %.160s: be the server's user", path);
    default: return say_system(why, path, number);
    }
}

static enum unix_outcome dial(const char *path, int *out, char why[UNIX_WHY_BYTES])
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const size_t len = strnlen(path, sizeof to.sun_path);
    if (len == 0 || len == sizeof to.sun_path) {
        return say(why, UNIX_ABSENT, "the path of a socket must have 1 to %zu bytes",
                   sizeof to.sun_path - 1);
    }
    memcpy(to.sun_path, path, len);
    *out = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*out < 0) {
        return say_system(why, "socket", errno);
    }
    const struct timeval wait = {.tv_sec = UNIX_WAIT_S};
    if (setsockopt(*out, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        setsockopt(*out, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0) {
        return say_system(why, "socket", errno);
    }
    if (connect(*out, (const struct sockaddr *)&to, sizeof to) != 0) {
        return explain_connect(errno, path, why);
    }
    return UNIX_ANSWERED;
}

static enum unix_outcome send_all(int fd, span_t bytes, char why[UNIX_WHY_BYTES])
{
    size_t done = 0;
    while (done < bytes.len) {
        const ssize_t n = send(fd, bytes.ptr + done, bytes.len - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) {
            return say_system(why, "sending", errno);
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return UNIX_ANSWERED;
}

static enum unix_outcome send_request(int fd, const struct unix_request *r,
                                      char why[UNIX_WHY_BYTES])
{
    char head[HEAD_BYTES];
    const int n = snprintf(head, sizeof head,
                           "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                           "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                           r->method, r->target, r->body.len);
    MUST(n > 0 && (size_t)n < sizeof head); /* both words are ours */
    const enum unix_outcome sent = send_all(fd, (span_t){(const uint8_t *)head, (size_t)n}, why);
    return sent == UNIX_ANSWERED ? send_all(fd, r->body, why) : sent;
}

/* Read one answer into `in`; `res` then points into it. */
static enum unix_outcome read_answer(int fd, struct buf *in, struct http_response *res,
                                     char why[UNIX_WHY_BYTES])
{
    struct http_reader reader;
    http_reader_init(&reader, UNIX_ANSWER_BYTES);
    for (;;) {
        if (failed(buf_reserve(in, STEP_BYTES))) {
            return say(why, UNIX_BROKEN, "the answer is too long");
        }
        const ssize_t n = recv(fd, in->ptr + in->len, STEP_BYTES, 0);
        if (n == 0) {
            return say(why, UNIX_BROKEN, "the server closed the connection without an answer");
        }
        if (n < 0 && errno != EINTR) {
            return say_system(why, "reading", errno);
        }
        in->len += n > 0 ? (size_t)n : 0;

        enum http_progress progress = http_response_read(&reader, in->ptr, in->len, false, res);
        while (progress == HTTP_READY && res->status < 200) { /* the answer is still to come */
            buf_consume(in, res->used);
            http_reader_init(&reader, UNIX_ANSWER_BYTES);
            progress = http_response_read(&reader, in->ptr, in->len, false, res);
        }
        if (progress == HTTP_READY) {
            return UNIX_ANSWERED;
        }
        if (progress == HTTP_BAD) {
            return say(why, UNIX_BROKEN, "the answer is not HTTP: %s", reader.reason);
        }
    }
}

static void tell_patient(int fd, const struct unix_request *r)
{
    struct pollfd answer = {.fd = fd, .events = POLLIN};
    if (r->waits != NULL && poll(&answer, 1, UNIX_PATIENCE_MS) == 0) {
        r->waits();
    }
}

enum unix_outcome unix_ask(const struct unix_request *request, struct unix_answer *out,
                           char why[UNIX_WHY_BYTES])
{
    CLEANUP(close_socket) int fd = -1;
    enum unix_outcome outcome = dial(request->path, &fd, why);
    if (outcome == UNIX_ANSWERED) {
        outcome = send_request(fd, request, why);
    }
    if (outcome != UNIX_ANSWERED) {
        return outcome;
    }
    CLEANUP(buf_deinit) struct buf in;
    struct http_response res = {0};
    buf_init(&in, UNIX_ANSWER_BYTES);
    tell_patient(fd, request);
    outcome = read_answer(fd, &in, &res, why);
    if (outcome != UNIX_ANSWERED) {
        return outcome;
    }
    if (failed(buf_append(&out->body, res.body))) {
        return say(why, UNIX_BROKEN, "out of memory");
    }
    out->status = res.status;
    return UNIX_ANSWERED;
}
