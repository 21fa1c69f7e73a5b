/* A look at all that a start needs, before there is a start; nothing is made. */
#include "app/house/house_steps.h"
#include "domain/ground/clock_guard.h"
#include "net/listener.h"

#include <unistd.h>

static err_t look_at_keys(struct house *h)
{
    return kit_makes_keys(h->settings) ? ERR_OK : kit_keys(h->kit, h->settings, h->why);
}

static err_t look_at_peppers(struct house *h, struct store *store)
{
    pepper_answer_t answer = {0};
    CLEANUP(audit_free) struct audit *audit = NULL;
    if (failed(audit_new(h->kit->keys, h->clock, &audit)) ||
        failed(pepper_guard_look(store, h->kit->keys, audit, &answer))) {
        return house_fault(h, "%s: cannot be read", h->settings->database_path);
    }
    return answer.fit == PEPPER_FITS ? ERR_OK : house_pepper_fault(h, &answer);
}

static err_t look_at_clock(struct house *h, struct store *store)
{
    const err_t look = clock_guard_look(store, clock_wall(h->clock));
    if (look.code == ERR_RANGE) {
        return house_clock_fault(h);
    }
    return failed(look) ? house_fault(h, "%s: cannot be read", h->settings->database_path) : ERR_OK;
}

/* Beside a server that runs on it, too: it is read as it was committed last. */
static err_t look_at_database(struct house *h)
{
    if (access(h->settings->database_path, F_OK) != 0 || h->kit->keys == NULL) {
        return ERR_OK;
    }
    CLEANUP(store_close) struct store *store = NULL;
    const struct store_config config = {.url = h->settings->database_url,
                                        .data_dir = h->settings->data_dir,
                                        .look = true,
                                        .clock = h->clock};
    char why[STORE_WHY_BYTES] = "";
    if (failed(store_open(&config, &store, why))) {
        return house_fault(h, "%s", why);
    }
    TRY(look_at_peppers(h, store));
    return look_at_clock(h, store);
}

/* What was handed over serves as it is bound, and each socket needs a loop. */
static err_t look_at_sockets(struct house *h)
{
    const struct settings *s = h->settings;
    if (h->inherited_count > s->loops) {
        return house_fault(h, "LOOPS=%u: %u sockets were handed over, and each needs a loop",
                           (unsigned)s->loops, h->inherited_count);
    }
    for (unsigned i = 0; i < h->inherited_count; i++) {
        struct listener l = {.fd = -1, .spare_fd = -1};
        enum listen_outcome outcome = LISTEN_OPEN;
        const err_t e = listener_adopt(&l, h->inherited[i], &outcome);
        if (failed(e) || outcome != LISTEN_OPEN) {
            return house_fault(h, "a socket that was handed over does not listen");
        }
        const bool elsewhere = settings_host_is_loopback(s) && !l.loopback;
        listener_close(&l);
        if (elsewhere) {
            return house_fault(h,
                               "HOST=%s: is of this machine alone, but the socket that was "
                               "handed over is public",
                               s->host);
        }
    }
    return ERR_OK;
}

err_t house_look(struct house *h, const struct settings *settings, const struct clock *clock)
{
    h->settings = settings;
    h->clock = clock;
    TRY(house_process_up(h));
    TRY(house_data_dir_look(h));
    TRY(house_descriptors(h, NULL));
    TRY(look_at_keys(h));
    TRY(kit_model(h->kit, settings, h->why));
    TRY(kit_tls(h->kit, settings, clock_mono(clock), h->why));
    TRY(look_at_database(h));
    return look_at_sockets(h);
}
