/* load.c - a bounded closed-loop client for the benchmark.
 *
 * bench_load --port P --mode echo|events|array|status|idle --connections N --inflight K --seconds S
 *            [--tokens FILE]   (lines "SESSION_ID TOKEN", one per connection)
 *
 * Keeps K requests in flight on each connection and prints one line of JSON: answers, seconds and
 * latency percentiles in microseconds. `echo` speaks to bench_echo with the same bytes as `events`.
 * For `idle` it connects, says "idle" and holds the connections for the given time. */
#include "base/clock.h"
#include "base/util.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BYTES = 65536, FRAME_MAX = 16384, ARRAY_EVENTS = 32, INFLIGHT_MAX = 64, SAMPLES = 1 << 22 };

enum mode { MODE_ECHO, MODE_EVENTS, MODE_ARRAY, MODE_STATUS, MODE_IDLE };

static const char *const mode_names[] = {"echo", "events", "array", "status", "idle"};

static const char event_text[] =
    "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":65,"
    "\"key_press_intervals\":[0.15,0.12,0.18,0.14,0.21],"
    "\"timestamp\":\"2025-06-24T10:30:00.123456\"}}";

struct peer {
    int fd;
    bool ready;                    /* greeted: counts from now on */
    int64_t sent_ns[INFLIGHT_MAX]; /* ring: when each request in flight was sent */
    uint32_t first, flying;
    size_t have;
    uint8_t in[FRAME_MAX];
    char request[8192];
    size_t request_len;
};

struct run {
    enum mode mode;
    uint16_t port;
    size_t connections, inflight;
    int64_t ns;
    const char *tokens;
    int epoll;
    struct peer *peer;
    uint8_t frame[FRAME_MAX];
    size_t frame_len;
    uint32_t *sample; /* microseconds */
    size_t samples, answers;
    int64_t began;
    bool measuring;
};

static void die(const char *what)
{
    perror(what);
    _exit(1);
}

static int64_t now_ns(void)
{
    return clock_mono(clock_system()).ns;
}

/* ---- what is sent ---- */

static size_t frame_text(uint8_t *out, const char *text, size_t len)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    size_t at = 0;
    out[at++] = 0x81;
    if (len < 126) {
        out[at++] = (uint8_t)(0x80 | len);
    } else {
        out[at++] = 0x80 | 126;
        out[at++] = (uint8_t)(len >> 8);
        out[at++] = (uint8_t)(len & 255);
    }
    memcpy(out + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < len; i++) {
        out[at + i] = (uint8_t)text[i] ^ mask[i & 3];
    }
    return at + len;
}

static void make_frame(struct run *r)
{
    if (r->mode != MODE_ARRAY) {
        r->frame_len = frame_text(r->frame, event_text, sizeof event_text - 1);
        return;
    }
    static char text[FRAME_MAX - 16];
    size_t len = 0;
    for (int i = 0; i < ARRAY_EVENTS; i++) {
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%c%s", i == 0 ? '[' : ',', event_text);
    }
    text[len++] = ']';
    r->frame_len = frame_text(r->frame, text, len);
}

static void send_all(int fd, const void *bytes, size_t len)
{
    if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len) {
        die("send");
    }
}

static void send_one(struct run *r, struct peer *p)
{
    p->sent_ns[(p->first + p->flying) % INFLIGHT_MAX] = now_ns();
    p->flying += 1;
    if (r->mode == MODE_STATUS) {
        send_all(p->fd, p->request, p->request_len);
    } else {
        send_all(p->fd, r->frame, r->frame_len);
    }
}

/* Fill the window in one send, as a client that has several events would. */
static void send_window(struct run *r, struct peer *p)
{
    static uint8_t bytes[INFLIGHT_MAX * FRAME_MAX];
    const size_t n = r->inflight - p->flying;
    if (r->mode == MODE_STATUS || n == 1) {
        while (p->flying < r->inflight) {
            send_one(r, p);
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(bytes + i * r->frame_len, r->frame, r->frame_len);
        p->sent_ns[(p->first + p->flying) % INFLIGHT_MAX] = now_ns();
        p->flying += 1;
    }
    send_all(p->fd, bytes, n * r->frame_len);
}

/* ---- what is received: the length of the first whole answer, 0 for none ---- */

static size_t frame_at(const uint8_t *b, size_t have)
{
    if (have < 2) {
        return 0;
    }
    size_t len = b[1] & 127;
    size_t head = 2;
    if (len == 126) {
        if (have < 4) {
            return 0;
        }
        len = (size_t)b[2] << 8 | b[3];
        head = 4;
    }
    return have >= head + len ? head + len : 0;
}

static size_t response_at(const uint8_t *b, size_t have)
{
    static const char name[] = "Content-Length: ";
    const uint8_t *end = memmem(b, have, "\r\n\r\n", 4);
    if (end == NULL) {
        return 0;
    }
    const size_t head = (size_t)(end - b) + 4;
    const uint8_t *at = memmem(b, head, name, sizeof name - 1);
    const size_t len = at == NULL ? 0 : strtoul((const char *)at + sizeof name - 1, NULL, 10);
    return have >= head + len ? head + len : 0;
}

static size_t answer_at(const struct run *r, const struct peer *p)
{
    if (r->mode == MODE_ECHO) {
        return p->have >= r->frame_len ? r->frame_len : 0;
    }
    if (r->mode == MODE_STATUS || !p->ready) {
        return response_at(p->in, p->have);
    }
    return frame_at(p->in, p->have);
}

static void answered(struct run *r, struct peer *p)
{
    const int64_t took = now_ns() - p->sent_ns[p->first % INFLIGHT_MAX];
    p->first = (p->first + 1) % INFLIGHT_MAX;
    p->flying -= 1;
    if (r->measuring) {
        r->answers += 1;
        if (r->samples < SAMPLES) {
            r->sample[r->samples++] = (uint32_t)(took / 1000);
        }
    }
}

static void consume(struct peer *p, size_t n)
{
    memmove(p->in, p->in + n, p->have - n);
    p->have -= n;
}

static bool is_ack(const struct run *r, const struct peer *p, size_t n)
{
    if (r->mode == MODE_ECHO || r->mode == MODE_STATUS) {
        return true;
    }
    static const char kind[] = "\"data_received\"";
    return memmem(p->in, n < 64 ? n : 64, kind, sizeof kind - 1) != NULL;
}

static void on_readable(struct run *r, struct peer *p)
{
    const ssize_t got = recv(p->fd, p->in + p->have, sizeof p->in - p->have, 0);
    if (got <= 0) {
        (void)fprintf(stderr, "bench_load: the server closed a connection\n");
        _exit(1);
    }
    p->have += (size_t)got;
    for (size_t n = 0; (n = answer_at(r, p)) > 0;) {
        if (!p->ready) { /* the upgrade's answer */
            if (memcmp(p->in, "HTTP/1.1 101", 12) != 0) {
                (void)fprintf(stderr, "bench_load: %.*s\n", (int)n, (const char *)p->in);
                _exit(1);
            }
            p->ready = true;
        } else if (p->flying > 0 && is_ack(r, p, n)) {
            answered(r, p);
        }
        consume(p, n);
    }
    if (p->ready && r->mode != MODE_IDLE && p->flying == 0) {
        send_window(r, p);
    }
}

/* ---- connecting ---- */

static void connect_one(struct run *r, size_t i, FILE *tokens)
{
    struct peer *p = &r->peer[i];
    const int one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(r->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(0x7f000001U + (uint32_t)(i / 20000) + 1)};
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)bind(p->fd, (const struct sockaddr *)&from, sizeof from);
    if (connect(p->fd, (const struct sockaddr *)&to, sizeof to) != 0) {
        die("connect");
    }
    (void)setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, p->fd, &e) != 0) {
        die("epoll_ctl");
    }
    if (r->mode == MODE_ECHO) {
        p->ready = true;
        return;
    }
    char session[64];
    char token[2048];
    if (tokens == NULL || fscanf(tokens, "%63s %2047s", session, token) != 2) {
        (void)fprintf(stderr, "bench_load: not enough tokens\n");
        _exit(1);
    }
    if (r->mode == MODE_STATUS) {
        p->ready = true;
        p->request_len = (size_t)snprintf(p->request, sizeof p->request,
                                          "GET /api/v1/auth/session-status HTTP/1.1\r\n"
                                          "Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n",
                                          token);
        return;
    }
    const int n = snprintf(p->request, sizeof p->request,
                           "GET /api/v1/ws/behavior/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                           "Authorization: Bearer %s\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                           session, token);
    send_all(p->fd, p->request, (size_t)n);
}

static void connect_all(struct run *r)
{
    FILE *tokens = r->tokens == NULL ? NULL : fopen(r->tokens, "r");
    for (size_t i = 0; i < r->connections; i++) {
        connect_one(r, i, tokens);
    }
    if (tokens != NULL) {
        (void)fclose(tokens);
    }
}

/* ---- running ---- */

static void pump(struct run *r, int64_t until)
{
    struct epoll_event events[256];
    for (int64_t now = now_ns(); now < until; now = now_ns()) {
        const int n = epoll_wait(r->epoll, events, 256, (int)((until - now) / 1000000 + 1));
        for (int i = 0; i < n; i++) {
            on_readable(r, events[i].data.ptr);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static unsigned percentile(const struct run *r, double share)
{
    if (r->samples == 0) {
        return 0;
    }
    const size_t at = (size_t)(share * (double)(r->samples - 1));
    return r->sample[at];
}

static void report(struct run *r, int64_t ns)
{
    qsort(r->sample, r->samples, sizeof *r->sample, by_size);
    (void)printf("{\"mode\":\"%s\",\"answers\":%zu,\"seconds\":%.3f,\"p50_us\":%u,\"p99_us\":%u,"
                 "\"p999_us\":%u}\n",
                 mode_names[r->mode], r->answers, (double)ns / 1e9, percentile(r, 0.5),
                 percentile(r, 0.99), percentile(r, 0.999));
}

static void run(struct run *r)
{
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->peer = calloc(r->connections, sizeof *r->peer);
    r->sample = malloc(SAMPLES * sizeof *r->sample);
    if (r->peer == NULL || r->sample == NULL) {
        die("malloc");
    }
    make_frame(r);
    connect_all(r);
    for (size_t i = 0; r->mode != MODE_IDLE && i < r->connections; i++) {
        if (r->mode == MODE_ECHO || r->mode == MODE_STATUS) {
            send_window(r, &r->peer[i]);
        }
    }
    pump(r, now_ns() + 500 * NS_PER_MS); /* warm up */
    (void)printf("running\n");           /* the driver reads the server's CPU time now */
    (void)fflush(stdout);
    pump(r, now_ns() + 20 * NS_PER_MS);
    r->measuring = true;
    r->began = now_ns();
    pump(r, r->began + r->ns);
    r->measuring = false;
    report(r, now_ns() - r->began);
}

static long number(const char *text, long low, long high)
{
    char *end = NULL;
    const long n = strtol(text, &end, 10);
    if (*end != '\0' || n < low || n > high) {
        (void)fprintf(stderr, "bench_load: %s: must be %ld to %ld\n", text, low, high);
        _exit(2);
    }
    return n;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"mode", required_argument, NULL, 'm'},
                                            {"connections", required_argument, NULL, 'c'},
                                            {"inflight", required_argument, NULL, 'i'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"tokens", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    static struct run r = {.connections = 64, .inflight = 1, .ns = 3 * NS_PER_S};
    for (int o = 0; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) { /* NOLINT */
        switch (o) {
        case 'p': r.port = (uint16_t)number(optarg, 1, 65535); break;
        case 'c': r.connections = (size_t)number(optarg, 1, 100000); break;
        case 'i': r.inflight = (size_t)number(optarg, 1, INFLIGHT_MAX); break;
        case 's': r.ns = number(optarg, 1, 600) * NS_PER_S; break;
        case 't': r.tokens = optarg; break;
        case 'm':
            for (size_t m = 0; m < ARRAY_LEN(mode_names); m++) {
                if (strcmp(optarg, mode_names[m]) == 0) {
                    r.mode = (enum mode)m;
                }
            }
            break;
        default: return 2;
        }
    }
    run(&r);
    return 0;
}
