/* The server's life, and time. */
#include "base/util.h"
#include "tests/scenario/world.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STRIDE_MS = 10000, TRIES = 600, TRY_US = 10000, STOP_STEP_MS = 5 };

/* ---- life ---- */

/* settings NAME=VALUE ... */
static const char *step_settings(struct world *w, struct words *args)
{
    while (args->next < args->count) {
        if (!host_set(&w->host, words_take(args))) {
            return w->host.why;
        }
    }
    return NULL;
}

/* start [refused PART-OF-REASON] */
static const char *step_start(struct world *w, struct words *args)
{
    bool refused = false;
    const bool up = host_start(&w->host, &refused);
    if (!words_take_if(args, "refused")) {
        return up ? NULL : because(w, "the server does not start: %s", w->host.why);
    }
    if (up || !refused) {
        return up ? "the server starts" : w->host.why;
    }
    const char *want = words_take(args);
    return want[0] != '\0' && strstr(w->host.why, want) != NULL
               ? NULL
               : because(w, "the start is refused because \"%s\"", w->host.why);
}

/* The server takes its leave of clients; those that live answer, and so keep nobody waiting. */
bool world_stop(struct world *w)
{
    for (size_t i = 0; i < RAWS_MAX; i++) {
        if (w->raws[i].name[0] != '\0') {
            (void)close(w->raws[i].fd);
            w->raws[i].name[0] = '\0';
        }
    }
    bool ended = false;
    bool good = host_stop_begin(&w->host);
    while (good && !ended) {
        for (size_t i = 0; i < SOCKETS_MAX; i++) {
            struct socket_client *s = &w->sockets[i].client;
            if (w->sockets[i].name[0] != '\0' && !s->deaf) {
                socket_pump(s, 0);
            }
        }
        good = host_stop_wait(&w->host, STOP_STEP_MS, &ended);
    }
    return good;
}

static const char *step_stop(struct world *w, struct words *args)
{
    (void)args;
    return world_stop(w) ? NULL : w->host.why;
}

static const char *step_kill(struct world *w, struct words *args)
{
    (void)args;
    return host_kill(&w->host) ? NULL : w->host.why;
}

static const char *step_restart(struct world *w, struct words *args)
{
    return world_stop(w) ? step_start(w, args) : w->host.why;
}

static const char *step_kill_restart(struct world *w, struct words *args)
{
    return host_kill(&w->host) ? step_start(w, args) : w->host.why;
}

/* settle: what sessions told the database is written */
static const char *step_settle(struct world *w, struct words *args)
{
    (void)args;
    return host_settle(&w->host) ? NULL : w->host.why;
}

/* ---- time ---- */

static bool any_socket(const struct world *w)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        if (w->sockets[i].name[0] != '\0' && !w->sockets[i].client.ended) {
            return true;
        }
    }
    return false;
}

/* Living clients read, answer pings, and are heard. */
static const char *let_sockets_live(struct world *w)
{
    for (size_t i = 0; i < SOCKETS_MAX; i++) {
        struct socket_client *s = &w->sockets[i].client;
        if (w->sockets[i].name[0] == '\0' || s->deaf) {
            continue;
        }
        const char *why = socket_catch_up(s);
        if (why != NULL) {
            return because(w, "socket %s: %s", w->sockets[i].name, why);
        }
    }
    return NULL;
}

/* In strides, while somebody has a socket: a client answers a ping before the next one. */
static const char *pass(struct world *w, long long ms)
{
    for (int i = 0; i < 2; i++) { /* what was sent is read before: accepted, then read */
        if (!host_sync(&w->host)) {
            return w->host.why;
        }
    }
    do {
        const long long stride = any_socket(w) && ms > STRIDE_MS ? STRIDE_MS : ms;
        scripted_clock_pass(w->host.clock, stride);
        if (!host_sync(&w->host)) {
            return w->host.why;
        }
        const char *why = let_sockets_live(w);
        if (why != NULL) {
            return why;
        }
        ms -= stride;
    } while (ms > 0);
    return NULL;
}

/* time passes TIME: never anything but forward, for both clocks */
static const char *step_time(struct world *w, struct words *args)
{
    long long ms = 0;
    if (!words_take_if(args, "passes") || !words_take_time(args, &ms)) {
        return "time passes 59 min 59 s 999 ms";
    }
    return pass(w, ms);
}

/* wall set (back|forward) TIME: only the wall clock, as an operator may */
static const char *step_wall(struct world *w, struct words *args)
{
    long long ms = 0;
    const bool back = words_take_if(args, "set") && words_take_if(args, "back");
    if ((!back && !words_take_if(args, "forward")) || !words_take_time(args, &ms)) {
        return "wall set back|forward 2 h";
    }
    const int64_t now = clock_wall(&w->host.clock->face).ms;
    scripted_clock_set_wall(w->host.clock, (wall_t){back ? now - ms : now + ms});
    return host_sync(&w->host) ? NULL : w->host.why;
}

/* ---- lines about lines ---- */

/* Every word again as it stood, quoted where it must be. */
static const char *rest_of(struct world *w, const struct words *args, char out[LINE_BYTES])
{
    size_t len = 0;
    for (size_t i = args->next; i < args->count; i++) {
        const char *word = args->word[i];
        const bool bare = word[0] == '{' || word[0] == '[' ||
                          (word[0] != '\0' && strpbrk(word, " \"#\\\r\n\t") == NULL);
        const int n = snprintf(out + len, LINE_BYTES - len, bare ? "%s " : "\"%s\" ", word);
        len += n > 0 ? (size_t)n : 0;
        if (len >= LINE_BYTES || (!bare && strpbrk(word, "\"\\\r\n\t") != NULL)) {
            return because(w, "a line that cannot be repeated");
        }
    }
    return NULL;
}

/* repeat N LINE */
static const char *step_repeat(struct world *w, struct words *args)
{
    long long count = 0;
    char line[LINE_BYTES] = "";
    if (!words_take_number(args, 100000, &count)) {
        return "repeat 10 LINE";
    }
    const char *why = rest_of(w, args, line);
    args->next = args->count;
    for (; why == NULL && count > 0; count--) {
        why = world_step(w, line);
    }
    return why;
}

/* eventually LINE: what another thread brings about, soon but not at once */
static const char *step_eventually(struct world *w, struct words *args)
{
    char line[LINE_BYTES] = "";
    const char *why = rest_of(w, args, line);
    args->next = args->count;
    if (why != NULL) {
        return why;
    }
    why = world_step(w, line);
    for (int i = 0; why != NULL && i < TRIES; i++) {
        (void)usleep(TRY_US);
        why = world_step(w, line);
    }
    return why;
}

struct step_table steps_of_host(void)
{
    static const struct step rows[] = {
        {"settings", step_settings},
        {"start", step_start},
        {"stop", step_stop},
        {"kill", step_kill},
        {"restart", step_restart},
        {"kill-restart", step_kill_restart},
        {"settle", step_settle},
        {"time", step_time},
        {"wall", step_wall},
        {"repeat", step_repeat},
        {"eventually", step_eventually},
    };
    return (struct step_table){rows, ARRAY_LEN(rows)};
}
