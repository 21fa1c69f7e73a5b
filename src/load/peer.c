/* peer.c - the life of one connection: connect, lose, come again. */
#include "load/inside.h"
#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

bool peer_is_open_loop(const struct peer *p)
{
    return p->run->plan->per_second > 0.0;
}

void peer_count(const struct peer *p, enum trouble why)
{
    p->run->result->tally.trouble[why] += 1;
}

static void set_timer(struct peer *p, int64_t ms)
{
    timer_set(&p->run->wheel, &p->timer, mono_after_ms(clock_mono(p->run->plan->clock), ms));
}

/* ---- leaving ---- */

static void arrive(struct peer *p)
{
    p->run->in_air -= 1;
    p->run->attempted += p->attempted ? 0U : 1U;
    p->attempted = true;
}

static void leave_phase(struct peer *p, enum peer_phase next)
{
    struct run *const r = p->run;
    if (p->phase == PEER_CONNECTING || p->phase == PEER_SECURING || p->phase == PEER_SHAKING) {
        arrive(p);
    } else if (p->phase == PEER_UP) {
        r->connected -= 1;
    }
    p->phase = (uint8_t)next;
}

static void close_socket(struct peer *p)
{
    if (p->watch.fd >= 0) {
        loop_unwatch(&p->run->loop, &p->watch);
        stream_close(&p->watch.fd);
    }
    timer_cancel(&p->run->wheel, &p->timer);
    ws_reader_deinit(&p->ws);
    tls_conn_free(&p->tls);
    buf_deinit(&p->in);
    buf_deinit(&p->out);
    p->first = 0;
    p->flying = 0;
    p->echo_bytes = 0;
    p->upgraded = false;
}

void peer_hang_up(struct peer *p, bool again, int64_t ms)
{
    close_socket(p);
    leave_phase(p, again ? PEER_OFF : PEER_OVER);
    if (again && p->run->sending) {
        set_timer(p, ms);
    }
}

static bool is_the_end(enum trouble why)
{
    return why == TROUBLE_HTTP_401 || why == TROUBLE_HTTP_403 || why == TROUBLE_HTTP_410 ||
           why == TROUBLE_WS_ENDED;
}

void peer_lose(struct peer *p, enum trouble why)
{
    struct run *const r = p->run;
    peer_count(p, why);
    const mono_t now = clock_mono(r->plan->clock);
    const int64_t told = mono_ms_between(now, p->not_before);
    const int64_t own = RETRY_MS + (int64_t)rng_below(&p->rng, RETRY_MS);
    peer_hang_up(p, !is_the_end(why), told > own ? told : own);
}

/* ---- coming ---- */

static void ready(struct watch *watch, uint32_t events);

/* Loopback is a whole network: from one address there are only 28,000 ports. */
static err_t choose_source(const struct peer *p, int fd)
{
    const struct load_plan *const plan = p->run->plan;
    if (plan->sources == 0) {
        return ERR_OK;
    }
    const int on = 1;
    const struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(load_source(plan->source_first + p->number % plan->sources))};
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return bind(fd, (const struct sockaddr *)&from, sizeof from) == 0 ? ERR_OK : err_new(ERR_IO);
}

static int start_connecting(const struct peer *p, int fd)
{
    const struct peer_address *const to = &p->run->plan->target;
    if (address_is_v4(to)) {
        struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(to->port)};
        memcpy(&v4.sin_addr, to->bytes + 12, 4);
        return connect(fd, (const struct sockaddr *)&v4, sizeof v4);
    }
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(to->port)};
    memcpy(&v6.sin6_addr, to->bytes, 16);
    return connect(fd, (const struct sockaddr *)&v6, sizeof v6);
}

static enum trouble trouble_of_errno(int error)
{
    switch (error) {
    case EADDRNOTAVAIL:
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM: return TROUBLE_LOCAL;
    case ETIMEDOUT: return TROUBLE_TIMEOUT;
    case ECONNRESET: return TROUBLE_CLOSED;
    default: return TROUBLE_REFUSED;
    }
}

void peer_connect(struct peer *p)
{
    struct run *const r = p->run;
    const int family = address_is_v4(&r->plan->target) ? AF_INET : AF_INET6;
    p->began = clock_mono(r->plan->clock);
    p->phase = PEER_CONNECTING;
    r->in_air += 1;
    const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    p->watch = (struct watch){.fd = fd, .events = EPOLLOUT, .ready = ready};
    if (fd < 0 || failed(loop_watch(&r->loop, &p->watch))) {
        stream_close(&p->watch.fd);
        peer_lose(p, TROUBLE_LOCAL);
        return;
    }
    if (failed(choose_source(p, fd))) {
        peer_lose(p, TROUBLE_LOCAL);
        return;
    }
    stream_set_no_delay(fd);
    if (start_connecting(p, fd) != 0 && errno != EINPROGRESS) {
        peer_lose(p, trouble_of_errno(errno));
        return;
    }
    set_timer(p, r->plan->timeout_ms);
}

/* From now on it is counted, and sends. */
void peer_up(struct peer *p)
{
    struct run *const r = p->run;
    arrive(p);
    r->connected += 1;
    r->result->connected_most =
        r->connected > r->result->connected_most ? r->connected : r->result->connected_most;
    p->phase = PEER_UP;
    timer_cancel(&r->wheel, &p->timer);
    peer_pump(p);
}

/* Bytes may come and go: ask for the upgrade, or begin. */
void peer_secured(struct peer *p)
{
    http_reader_init(&p->http, ANSWER_MAX_BYTES);
    ws_reader_init(&p->ws, WS_CLIENT, ANSWER_MAX_BYTES);
    if (scenario_is_socket((enum scenario)p->scenario)) {
        p->phase = PEER_SHAKING;
        peer_shake(p);
    } else {
        peer_up(p);
    }
}

static void connected(struct peer *p)
{
    int error = 0;
    socklen_t len = sizeof error;
    struct run *const r = p->run;
    if (getsockopt(p->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        peer_lose(p, trouble_of_errno(error));
        return;
    }
    r->result->tally.connects += 1;
    if (failed(loop_change(&r->loop, &p->watch, EPOLLIN))) {
        peer_lose(p, TROUBLE_LOCAL);
        return;
    }
    buf_init(&p->in, ANSWER_MAX_BYTES);
    buf_init(&p->out, OUT_MAX_BYTES);
    if (r->plan->tls == NULL) {
        peer_secured(p);
    } else if (failed(tls_client_connect(r->plan->tls, OUT_MAX_BYTES, &p->tls))) {
        peer_lose(p, TROUBLE_LOCAL);
    } else {
        p->phase = PEER_SECURING;
        peer_flush(p);
    }
}

static void ready(struct watch *watch, uint32_t events)
{
    struct peer *const p = CONTAINER_OF(watch, struct peer, watch);
    if (p->phase == PEER_CONNECTING) {
        connected(p);
        return;
    }
    if ((events & EPOLLOUT) != 0) {
        peer_flush(p);
    }
    if ((events & ~(uint32_t)EPOLLOUT) != 0 && p->watch.fd >= 0) {
        peer_readable(p);
    }
}

/* ---- time ---- */

/* Set lazily: it fires once a timeout, and looks how old the oldest request really is. */
static void look_at_answers(struct peer *p)
{
    const struct run *const r = p->run;
    if (p->flying == 0) {
        peer_pump(p); /* it was told to wait, and has */
        return;
    }
    const mono_t now = clock_mono(r->plan->clock);
    const int64_t age_ms = (now.ns - p->flight[p->first].sent_ns) / NS_PER_MS;
    if (age_ms >= r->plan->timeout_ms) {
        peer_lose(p, TROUBLE_TIMEOUT);
    } else {
        set_timer(p, r->plan->timeout_ms - age_ms);
    }
}

void peer_timer(struct timer *t, void *run)
{
    struct peer *const p = CONTAINER_OF(t, struct peer, timer);
    (void)run;
    switch ((enum peer_phase)p->phase) {
    case PEER_OFF: peer_connect(p); break;
    case PEER_CONNECTING:
    case PEER_SECURING:
    case PEER_SHAKING: peer_lose(p, TROUBLE_TIMEOUT); break;
    case PEER_UP: look_at_answers(p); break;
    case PEER_OVER: break;
    }
}

/* ---- the whole of it ---- */

void peer_init(struct peer *p, struct run *r, uint32_t number, enum scenario scenario)
{
    uint64_t seed =
        0; /* who typed as in another run, or as when it was learnt, would be a replay */
    rng_fill(&seed, sizeof seed);
    *p = (struct peer){.watch = {.fd = -1},
                       .run = r,
                       .flight = r->flights + (size_t)number * r->plan->depth,
                       .number = number,
                       .seq = -1,
                       .scenario = (uint8_t)scenario,
                       .phase = PEER_OFF};
    rng_seed(&p->rng, seed);
}

void peer_deinit(struct peer *p)
{
    close_socket(p);
}
