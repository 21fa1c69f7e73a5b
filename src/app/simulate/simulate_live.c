/* simulate_live.c - all players at once, one thread, one clock. */
#include "app/demo/demo_stage.h"
#include "app/simulate/simulate.h"
#include "app/simulate/simulate_player.h"
#include "base/util.h"

#include <poll.h>
#include <stdlib.h>

enum { TICK_MS = 1000, SLACK_MS = 20 * 60 * 1000 };

struct cast {
    struct client client;
    struct simulate_totals *totals;
    struct stage stage;
    struct player *players;
    struct pollfd *polled; /* [count + 1] */
    size_t count;
    mono_t told; /* when progress was last told */
};

static void cast_deinit(struct cast *c)
{
    for (size_t i = 0; c->players != NULL && i < c->count; i++) {
        player_deinit(&c->players[i]);
    }
    free(c->players);
    free(c->polled);
}

static err_t cast_init(struct cast *c, const struct simulate *s)
{
    struct simulate_people people;
    c->players = calloc(s->persons, sizeof *c->players);
    c->polled = calloc(s->persons + 1, sizeof *c->polled);
    if (c->players == NULL || c->polled == NULL) {
        return err_new(ERR_NOMEM);
    }
    simulate_people_init(&people, s);
    for (; c->count < s->persons; c->count++) {
        player_init(&c->players[c->count], s, c->totals, &c->client, simulate_next_person(&people));
    }
    return ERR_OK;
}

static void tell_progress(struct cast *c)
{
    const mono_t now = clock_mono(c->client.clock);
    if (mono_ms_between(c->told, now) < TICK_MS) {
        return;
    }
    const struct simulate_totals *t = c->totals;
    size_t playing = 0;
    for (size_t i = 0; i < c->count; i++) {
        playing += c->players[i].phase != PLAYER_DONE;
    }
    c->told = now;
    stage_progress(&c->stage,
                   "%zu playing, %llu sent, %llu acknowledged, %llu challenges, %llu blocks, "
                   "%llu throttled, %llu errors",
                   playing, (unsigned long long)t->sent, (unsigned long long)t->acknowledged,
                   (unsigned long long)t->challenges, (unsigned long long)t->blocks,
                   (unsigned long long)t->throttled, (unsigned long long)t->errors);
}

/* Step all that are due. *idle_ms: until the next one is; -1 when all have done. */
static err_t step_all(struct cast *c, int64_t *idle_ms)
{
    *idle_ms = -1;
    for (size_t i = 0; i < c->count; i++) {
        struct player *p = &c->players[i];
        if (p->phase == PLAYER_DONE) {
            continue;
        }
        if (p->next.ns <= clock_mono(c->client.clock).ns) {
            TRY(player_step(p));
        }
        const int64_t ns = p->next.ns - clock_mono(c->client.clock).ns;
        const int64_t ms = ns <= 0 || p->phase == PLAYER_DONE ? 0 : 1 + ns / NS_PER_MS;
        *idle_ms = *idle_ms < 0 || ms < *idle_ms ? ms : *idle_ms;
        tell_progress(c);
    }
    return ERR_OK;
}

/* Wait for whatever comes first, and hear it. */
static err_t hear_all(struct cast *c, int64_t idle_ms)
{
    c->polled[c->count] = (struct pollfd){.fd = c->client.stop_fd, .events = POLLIN};
    for (size_t i = 0; i < c->count; i++) {
        c->polled[i] = (struct pollfd){.fd = c->players[i].socket.fd, .events = POLLIN};
    }
    if (poll(c->polled, c->count + 1, (int)(idle_ms < TICK_MS ? idle_ms : TICK_MS)) <= 0) {
        return ERR_OK;
    }
    if (c->polled[c->count].revents != 0) {
        c->client.stopped = true;
        return err_new(ERR_IO);
    }
    for (size_t i = 0; i < c->count; i++) {
        if (c->polled[i].revents != 0) {
            TRY(player_hear(&c->players[i]));
        }
    }
    return ERR_OK;
}

static err_t play(struct cast *c, const struct simulate *s)
{
    const int64_t longest = (int64_t)s->sessions * s->minutes * 60000 / s->speed + SLACK_MS;
    const mono_t until = mono_after_ms(clock_mono(c->client.clock), longest);
    int64_t idle_ms = 0;
    for (;;) {
        TRY(step_all(c, &idle_ms));
        if (idle_ms < 0) {
            return ERR_OK;
        }
        if (clock_mono(c->client.clock).ns > until.ns) {
            return err_new(ERR_TIMEOUT);
        }
        TRY(hear_all(c, idle_ms));
        tell_progress(c);
    }
}

err_t simulate_live(const struct simulate *s, const char *url, int stop_fd,
                    struct simulate_totals *totals)
{
    *totals = (struct simulate_totals){0};
    CLEANUP(cast_deinit) struct cast c = {.totals = totals};
    const err_t known = client_init(&c.client, url);
    c.client.stop_fd = stop_fd;
    err_t e = known;
    if (!failed(e)) {
        stage_init(&c.stage, stderr);
        c.told = clock_mono(c.client.clock);
        e = cast_init(&c, s);
    }
    if (!failed(e)) {
        e = play(&c, s);
    }
    stage_clear(&c.stage);
    if (failed(e) && totals->first_error[0] == '\0') {
        totals->errors++;
        (void)snprintf(totals->first_error, sizeof totals->first_error, "%s",
                       c.client.stopped        ? "stopped"
                       : e.code == ERR_TIMEOUT ? "not done in the time that it can take at most"
                       : e.code == ERR_NOMEM   ? "out of memory"
                                               : c.client.why);
    }
    return failed(known) ? known : ERR_OK;
}
