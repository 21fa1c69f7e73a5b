/* load.c - the phases of a load test: connect, warm up, measure, wait for the last answers. */
#include "load/load.h"

#include "load/cpu.h"
#include "load/inside.h"

#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    TICK_NS = 100000, /* an open loop sends what is due so often */
    WAIT_MS = 10,     /* a closed one looks at its clock so often */
    PROGRESS_MS = 1000,
    SOURCES_A_BYTE = 250
};

/* ---- the clock of a run ---- */

static mono_t now_of(const struct run *r)
{
    return clock_mono(r->plan->clock);
}

uint32_t load_source(uint32_t number)
{
    const uint32_t high = 1 + number / SOURCES_A_BYTE;
    const uint32_t low = number % SOURCES_A_BYTE;
    return UINT32_C(127) << 24 | high << 16 | low << 8 | 1;
}

static void on_stop(struct watch *watch, uint32_t events)
{
    struct run *const r = CONTAINER_OF(watch, struct run, stop);
    (void)events;
    loop_unwatch(&r->loop, &r->stop);
    r->stopped = true;
}

static void on_tick(struct watch *watch, uint32_t events)
{
    uint64_t ticks = 0;
    (void)events;
    (void)!read(watch->fd, &ticks, sizeof ticks);
}

static err_t start_tick(struct run *r)
{
    const struct timespec every = {.tv_nsec = TICK_NS};
    const struct itimerspec spec = {.it_interval = every, .it_value = every};
    r->tick = (struct watch){.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC),
                             .events = EPOLLIN,
                             .ready = on_tick};
    if (r->tick.fd < 0 || timerfd_settime(r->tick.fd, 0, &spec, NULL) != 0) {
        return err_new(ERR_IO);
    }
    return loop_watch(&r->loop, &r->tick);
}

/* ---- connecting ---- */

/* How many may have begun by now: evenly over the ramp. */
static size_t may_start(const struct run *r)
{
    const int64_t ramp = r->plan->ramp_ms;
    const int64_t ms = mono_ms_between(r->began, now_of(r));
    const size_t all = r->plan->connections;
    return ramp == 0 || ms >= ramp ? all : (size_t)((double)all * (double)ms / (double)ramp);
}

static void start_peers(struct run *r)
{
    const size_t most = may_start(r);
    while (r->started < most && r->in_air < CONNECTS_IN_AIR) {
        peer_connect(&r->peer[r->started++]);
    }
}

/* ---- an open loop ---- */

static void deal(struct run *r)
{
    if (r->plan->per_second <= 0.0 || !r->sending || r->askers == 0 || r->scheduled_from.ns == 0) {
        return;
    }
    const uint64_t due = schedule_due(&r->schedule, now_of(r).ns - r->scheduled_from.ns);
    for (; r->scheduled < due; r->scheduled++) {
        struct peer *const p = &r->peer[r->asking[r->scheduled % r->askers]];
        p->owed += 1;
        peer_pump(p);
    }
}

/* ---- measuring ---- */

static void read_cpu(struct run *r, int64_t *client, int64_t *server)
{
    *client = cpu_own();
    *server = 0;
    r->result->server_measured =
        r->plan->server_pid > 0 && !failed(cpu_of_process(r->plan->server_pid, server));
}

static void tell(struct run *r)
{
    const struct tally *const t = &r->result->tally;
    const mono_t now = now_of(r);
    const double seconds = (double)(now.ns - r->told.ns) / (double)NS_PER_S;
    struct load_progress p = {.phase = r->phase,
                              .seconds = (double)(now.ns - r->began.ns) / (double)NS_PER_S,
                              .connected = r->connected,
                              .wanted = r->plan->connections,
                              .answers = t->all_answers - r->told_answers,
                              .events = t->all_events - r->told_events,
                              .troubles = tally_troubles(t)};
    p.answers_per_second = seconds > 0.0 ? (double)p.answers / seconds : 0.0;
    p.events_per_second = seconds > 0.0 ? (double)p.events / seconds : 0.0;
    r->told = now;
    r->told_answers = t->all_answers;
    r->told_events = t->all_events;
    if (r->plan->progress != NULL) {
        r->plan->progress(r->plan->ctx, &p);
    }
}

static void begin_measuring(struct run *r)
{
    r->phase = LOAD_MEASURING;
    r->measured_from = now_of(r);
    r->measured_to = mono_after_ms(r->measured_from, r->plan->duration_ms);
    read_cpu(r, &r->cpu_client, &r->cpu_server);
    tell(r);
}

/* Requests that were due within the measurement, and that no connection had room for. */
static uint64_t unsent(const struct run *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->askers; i++) {
        const struct peer *const p = &r->peer[r->asking[i]];
        for (uint64_t k = 0; k < p->owed; k++) {
            const int64_t due =
                r->scheduled_from.ns + schedule_time(&r->schedule, p->next + k * r->askers);
            n += due >= r->measured_from.ns && due < r->measured_to.ns ? 1U : 0U;
        }
    }
    return n;
}

static void end_measuring(struct run *r)
{
    int64_t client = 0;
    int64_t server = 0;
    struct load_result *const out = r->result;
    read_cpu(r, &client, &server);
    r->phase = LOAD_ENDING;
    r->sending = false;
    r->measured_to = now_of(r);
    r->end = mono_after_ms(r->measured_to, r->plan->timeout_ms);
    out->tally.unsent = unsent(r);
    out->seconds = (double)(r->measured_to.ns - r->measured_from.ns) / (double)NS_PER_S;
    out->client_cpu_s = (double)(client - r->cpu_client) / (double)NS_PER_S;
    out->server_cpu_s = (double)(server - r->cpu_server) / (double)NS_PER_S;
    if (out->server_measured) {
        out->server_measured = !failed(memory_of_process(r->plan->server_pid, &out->server_bytes));
    }
}

static bool is_counted_out(const struct run *r)
{
    return r->plan->count > 0 && tally_answers(&r->result->tally) >= r->plan->count;
}

static bool is_flying(const struct run *r)
{
    for (size_t i = 0; i < r->plan->connections; i++) {
        if (r->peer[i].flying > 0) {
            return true;
        }
    }
    return false;
}

/* Everybody has tried once, or had the time to: whoever is not there by now is the result. */
static bool is_connected(const struct run *r, mono_t now)
{
    const int64_t most = r->plan->ramp_ms + 2 * r->plan->timeout_ms;
    return r->attempted == r->plan->connections || mono_ms_between(r->began, now) > most;
}

static void begin_warming(struct run *r, mono_t now)
{
    r->phase = LOAD_WARMING;
    r->end = mono_after_ms(now, r->plan->warm_up_ms);
    if (r->scheduled_from.ns == 0) {
        r->scheduled_from = now;
    }
    for (size_t i = 0; i < r->askers; i++) {
        peer_pump(&r->peer[r->asking[i]]);
    }
}

/* The next phase, when its time has come. */
static void look_at_phase(struct run *r)
{
    const mono_t now = now_of(r);
    if (r->phase == LOAD_CONNECTING && is_connected(r, now)) {
        begin_warming(r, now);
    } else if (r->phase == LOAD_WARMING && now.ns >= r->end.ns) {
        begin_measuring(r);
    } else if (r->phase == LOAD_MEASURING && (now.ns >= r->measured_to.ns || is_counted_out(r))) {
        end_measuring(r);
    } else if (r->phase == LOAD_ENDING && (now.ns >= r->end.ns || !is_flying(r))) {
        r->phase = LOAD_DONE;
    }
}

static void stop_early(struct run *r)
{
    if (r->phase < LOAD_MEASURING) {
        begin_measuring(r);
    }
    if (r->phase == LOAD_MEASURING) {
        end_measuring(r);
    }
    r->phase = LOAD_DONE;
    r->result->stopped = true;
}

static int wait_ms(const struct run *r)
{
    const int next = timer_wheel_next(&r->wheel, now_of(r));
    return next >= 0 && next < WAIT_MS ? next : WAIT_MS;
}

static err_t drive(struct run *r)
{
    r->sending = true;
    while (r->phase != LOAD_DONE) {
        start_peers(r);
        deal(r);
        TRY(loop_run_once(&r->loop, wait_ms(r)));
        timer_wheel_advance(&r->wheel, now_of(r), peer_timer, r);
        if (r->stopped) {
            stop_early(r);
            return ERR_OK;
        }
        look_at_phase(r);
        if (mono_ms_between(r->told, now_of(r)) >= PROGRESS_MS) {
            tell(r);
        }
    }
    return ERR_OK;
}

/* ---- the whole of it ---- */

static err_t make_peers(struct run *r)
{
    const size_t n = r->plan->connections;
    uint8_t *scenario = malloc(n);
    r->peer = calloc(n, sizeof *r->peer);
    r->flights = calloc(n * r->plan->depth, sizeof *r->flights);
    r->asking = calloc(n, sizeof *r->asking);
    if (scenario == NULL || r->peer == NULL || r->flights == NULL || r->asking == NULL) {
        free(scenario);
        return err_new(ERR_NOMEM);
    }
    mix_deal(&r->plan->mix, scenario, n);
    for (uint32_t i = 0; i < n; i++) {
        peer_init(&r->peer[i], r, i, (enum scenario)scenario[i]);
        if (scenario_asks((enum scenario)scenario[i])) {
            r->peer[i].next = r->askers;
            r->asking[r->askers++] = i;
        }
    }
    free(scenario);
    return ERR_OK;
}

static err_t prepare(struct run *r)
{
    TRY(make_peers(r));
    for (unsigned i = 0; i < RHYTHM_PEOPLE; i++) {
        rhythm_init(&r->people[i], i);
    }
    r->began = now_of(r);
    r->told = r->began;
    r->schedule = (struct schedule){.per_second = r->plan->per_second,
                                    .ramp_s = (double)r->plan->ramp_ms / (double)MS_PER_S};
    if (r->plan->ramp_ms > 0) { /* connections and rate grow together */
        r->scheduled_from = r->began;
    }
    timer_wheel_init(&r->wheel, r->began);
    r->stop = (struct watch){.fd = r->plan->stop_fd, .events = EPOLLIN, .ready = on_stop};
    if (r->stop.fd >= 0) {
        TRY(loop_watch(&r->loop, &r->stop));
    }
    return r->plan->per_second > 0.0 ? start_tick(r) : ERR_OK;
}

static void clear(struct run *r)
{
    for (size_t i = 0; r->peer != NULL && i < r->plan->connections; i++) {
        if (r->peer[i].run != NULL) {
            peer_deinit(&r->peer[i]);
        }
    }
    if (r->tick.fd >= 0) {
        (void)close(r->tick.fd);
    }
    free(r->peer);
    free(r->flights);
    free(r->asking);
}

err_t load_run(const struct load_plan *plan, struct load_result *out)
{
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return err_new(ERR_NOMEM);
    }
    *out = (struct load_result){0};
    r->plan = plan;
    r->result = out;
    r->tick.fd = -1;
    err_t e = loop_init(&r->loop, plan->clock);
    if (!failed(e)) {
        e = prepare(r);
        if (!failed(e)) {
            e = drive(r);
        }
        clear(r);
        loop_deinit(&r->loop);
    }
    free(r);
    return e;
}
