#include "app/house/house.h"

#include "app/cli/command.h"
#include "app/house/certificates.h"
#include "app/house/descriptors.h"
#include "app/house/house_steps.h"
#include "base/util.h"
#include "crypto/secret.h"
#include "domain/ground/audit.h"
#include "domain/ground/clock_guard.h"
#include "domain/ground/pepper_guard.h"
#include "domain/learnt/replay_keeper.h"
#include "domain/sessions/checkpoint_keeper.h"
#include "domain/sessions/tutor.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    COLD_WORKERS = 2,
    COLD_QUEUE = 256,
    COLD_RESERVED = 64,
    SESSIONS_MAX = 2000000, /* over all loops */
    TUTOR_NICE = 10
};

err_t house_fault(struct house *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(h->why, sizeof h->why, format, args);
    va_end(args);
    return err_new(ERR_IO);
}

err_t house_pepper_fault(struct house *h, const pepper_answer_t *answer)
{
    const bool named = h->settings->pepper_file[0] != '\0';
    return house_fault(h, "%s %s%s%s%s", named ? "PEPPER_FILE" : "DATA_DIR/pepper",
                       pepper_fit_text(answer->fit), answer->id[0] == '\0' ? "" : " (id ",
                       answer->id, answer->id[0] == '\0' ? "" : ")");
}

err_t house_clock_fault(struct house *h)
{
    return house_fault(h,
                       "clock: the time is earlier than when the server last ran; set the clock, "
                       "or if it is right: canara clock accept, or of a running server: canara "
                       "ctl accept-clock");
}

/* ---- log ---- */

static err_t log_up(struct house *h)
{
    const struct settings *s = h->settings;
    const bool human = s->log_format == LOG_FORMAT_HUMAN ||
                       (s->log_format == LOG_FORMAT_AUTO && isatty(STDERR_FILENO) == 1);
    h->log = log_new(STDERR_FILENO, human ? LOG_HUMAN : LOG_JSON, s->log_level, h->clock);
    return h->log == NULL ? house_fault(h, "out of memory for the log") : ERR_OK;
}

static void log_down(struct house *h)
{
    log_free(&h->log);
}

static void nothing_down(struct house *h)
{
    (void)h;
}

/* ---- what of the clock is believed ---- */

static err_t steady_up(struct house *h)
{
    return failed(steady_clock_new(h->clock, &h->service.steady))
               ? house_fault(h, "out of memory for the clock")
               : ERR_OK;
}

static void steady_down(struct house *h)
{
    steady_clock_free(&h->service.steady);
}

/* Nothing is old before this. */
static err_t clock_up(struct house *h)
{
    struct service *svc = &h->service;
    svc->clock = h->clock;
    svc->log = h->log;
    const err_t guard = clock_guard_start(svc);
    if (guard.code == ERR_RANGE) {
        return house_clock_fault(h);
    }
    return failed(guard) ? house_fault(h, "clock: the database refused, at the start") : ERR_OK;
}

void house_note_time(struct house *h)
{
    const err_t noted = clock_guard_note(&h->service);
    if (failed(noted)) {
        log_event(h->log, LOG_WARN, "clock.not_noted", FIELD_INT("error", (int64_t)noted.code));
    }
}

static void clock_down(struct house *h)
{
    house_note_time(h); /* the next start compares with it */
}

/* ---- model ---- */

static err_t model_up(struct house *h)
{
    TRY(kit_model(h->kit, h->settings, h->why));
    const struct canara_model *model = h->kit->model;
    if (canara_profile_new(model, &h->stranger) != CANARA_OK) {
        return house_fault(h, "out of memory for the model");
    }
    h->service.model = model;
    h->service.stranger = h->stranger;
    log_event(h->log, LOG_INFO, "model.opened", FIELD_TEXT("name", canara_model_name(model)));
    return ERR_OK;
}

static void model_down(struct house *h)
{
    h->service.stranger = NULL;
    h->service.model = NULL;
    canara_profile_free(&h->stranger);
}

/* ---- replay memory ---- */

static err_t replay_up(struct house *h)
{
    const struct replay_keeper_config config = {.data_dir = h->settings->data_dir,
                                                .bytes = (size_t)h->settings->replay_memory_mb
                                                         << 20,
                                                .journal = h->service.journal,
                                                .clock = steady_clock_vouched(h->service.steady),
                                                .log = h->log};
    if (config.bytes == 0) {
        return ERR_OK;
    }
    if (failed(replay_keeper_open(&config, &h->replay))) {
        return house_fault(h, "REPLAY_MEMORY_MB=%u: no memory for it, or for its thread",
                           (unsigned)h->settings->replay_memory_mb);
    }
    h->service.replay = replay_keeper_memory(h->replay);
    return ERR_OK;
}

static void replay_down(struct house *h)
{
    h->service.replay = NULL;
    replay_keeper_close(&h->replay);
}

/* ---- domain ---- */

static void audit_down(struct house *h)
{
    audit_free(&h->service.audit);
}

/* With it the peppers, before anything is written under them. */
static err_t audit_up(struct house *h)
{
    struct service *svc = &h->service;
    pepper_answer_t answer = {0};
    if (failed(audit_new(svc->keys, h->clock, &svc->audit))) {
        return house_fault(h, "out of memory for the audit");
    }
    const err_t e = pepper_guard_start(svc->store, svc->keys, svc->audit, &answer);
    if (failed(e)) {
        audit_down(h);
        return e.code == ERR_RANGE ? house_pepper_fault(h, &answer)
                                   : house_fault(h, "the database refused, at the start");
    }
    return ERR_OK;
}

static void domain_free(struct house *h)
{
    tutor_free(&h->tutor);
    ledger_free(&h->ledger);
    account_locks_free(&h->service.locks);
    quota_free(&h->service.quota);
    hash_memory_free(&h->service.hashing.memory);
}

static err_t domain_up(struct house *h)
{
    struct service *svc = &h->service;
    svc->rules = house_rules(h->settings);
    svc->hashing.cost = PWHASH_COST;
    if (failed(hash_memory_new((size_t)h->settings->hash_workers, &svc->hashing.memory)) ||
        failed(quota_new(h->clock, &svc->quota)) || failed(account_locks_new(&svc->locks)) ||
        failed(ledger_new(svc, &h->ledger)) || failed(tutor_new(svc, &h->tutor))) {
        domain_free(h);
        return house_fault(h, "out of memory, or the database refused, at the start");
    }
    return ERR_OK;
}

static void domain_down(struct house *h)
{
    domain_free(h);
}

/* ---- api and server ---- */

static err_t split_origins(struct house *h)
{
    (void)snprintf(h->origin_text, sizeof h->origin_text, "%s", h->settings->cors_origins);
    size_t n = 0;
    char *rest = NULL;
    for (char *o = strtok_r(h->origin_text, ", ", &rest); o != NULL;
         o = strtok_r(NULL, ", ", &rest)) {
        if (n == HOUSE_ORIGINS_MAX) {
            return house_fault(h, "BACKEND_CORS_ORIGINS: at most %d origins", HOUSE_ORIGINS_MAX);
        }
        h->origins[n++] = o;
    }
    return ERR_OK;
}

static err_t api_up(struct house *h)
{
    TRY(split_origins(h));
    h->api.service = &h->service;
    h->api.version = CANARA_VERSION;
    h->api.metrics_token = h->settings->metrics_token;
    h->api.public_origin = h->settings->public_origin;
    h->api.origins = h->origins;
    h->api.debug = h->settings->debug;
    h->api.ws_query_token = h->settings->ws_query_token;
    h->api.started = clock_wall(h->clock);
    h->api.ledger = h->ledger;
    atomic_store(&h->api.handover, h->handover);
    const char *trusted = h->settings->trusted_proxies;
    if (failed(cidr_list_parse((span_t){(const uint8_t *)trusted, strlen(trusted)}, &h->trusted))) {
        return house_fault(h, "TRUSTED_PROXIES: cannot be read as networks");
    }
    return ERR_OK;
}

/* ---- certificates ---- */

/* What the kit had is read again: files may have been renewed since, while somebody else was told. If they will not do,
 * it goes on with what it has. */
static void read_certificates_again(struct house *h)
{
    char why[CERTIFICATES_WHY_BYTES] = "";
    if (h->kit->tls != NULL && failed(certificates_load(h->settings, h->kit->tls, why))) {
        log_event(h->log, LOG_ERROR, "tls.reload_failed", FIELD_TEXT("why", why));
    }
}

static err_t tls_up(struct house *h)
{
    read_certificates_again(h);
    TRY(kit_tls(h->kit, h->settings, clock_mono(h->clock), h->why));
    h->api.tls = h->kit->tls != NULL;
    if (h->api.tls) {
        certificates_note_end(h->kit->tls, h->log, h->clock);
    }
    return ERR_OK;
}

_Static_assert((int)COURIER_WHY_BYTES > (int)CERTIFICATES_WORDS_BYTES + 32,
               "the words of an end fit");

static err_t reload(void *ctx, char why[COURIER_WHY_BYTES])
{
    struct house *h = ctx;
    TRY(certificates_load(h->settings, h->kit->tls, why));
    certificates_note_end(h->kit->tls, h->log, h->clock);
    char end[CERTIFICATES_WORDS_BYTES] = "";
    const bool soon = certificates_end_words(h->settings, h->kit->tls, h->clock, end);
    (void)snprintf(why, COURIER_WHY_BYTES, "Certificates were read again%s%s", soon ? ". " : "",
                   end);
    return ERR_OK;
}

static err_t server_up(struct house *h)
{
    const struct settings *s = h->settings;
    const uint64_t files = descriptors_limit();
    uint32_t each = 0;
    TRY(house_descriptors(h, &each));
    if (descriptors_let_one_fill(files, s->loops, s->connections_per_address)) {
        log_event(h->log, LOG_WARN, "connections.one_address",
                  FIELD_INT("places", (int64_t)each * s->loops),
                  FIELD_INT("per_address", s->connections_per_address));
    }
    const struct server_config config = {.host = s->host,
                                         .port = s->port,
                                         .inherited = h->inherited,
                                         .inherited_count = h->inherited_count,
                                         .loops = s->loops,
                                         .cold_workers = COLD_WORKERS,
                                         .cold_queue = COLD_QUEUE,
                                         .cold_reserved = COLD_RESERVED,
                                         .hash_workers = s->hash_workers,
                                         .hash_queue = s->hash_queue,
                                         .sessions_max = SESSIONS_MAX / s->loops,
                                         .connections_max = each,
                                         .connections_per_address = s->connections_per_address,
                                         .trusted = &h->trusted,
                                         .proxy_protocol = s->proxy_protocol,
                                         .loopback_only = settings_host_is_loopback(s),
                                         .only_proxies = settings_need_proxies(s),
                                         .tls = h->kit->tls,
                                         .reload = h->kit->tls == NULL ? NULL : reload,
                                         .reload_ctx = h,
                                         .control_path = h->control,
                                         .api = &h->api,
                                         .ledger = h->ledger,
                                         .clock = h->clock,
                                         .log = h->log};
    return server_new(&config, &h->server, h->why);
}

static void server_down(struct house *h)
{
    server_free(&h->server);
}

/* ---- threads ---- */

static void *run_ledger(void *context)
{
    struct house *h = context;
    (void)pthread_setname_np(pthread_self(), "ledger");
    ledger_run(h->ledger, h->settings->session_cleanup_interval_s);
    return NULL;
}

static err_t ledger_up(struct house *h)
{
    return pthread_create(&h->ledger_thread, NULL, run_ledger, h) == 0
               ? ERR_OK
               : house_fault(h, "a thread could not be started");
}

static void ledger_down(struct house *h)
{
    ledger_stop(h->ledger);
    (void)pthread_join(h->ledger_thread, NULL);
}

/* Learning may take what nobody else wants: on Linux a thread has its own nice value. */
static void *run_tutor(void *context)
{
    struct house *h = context;
    (void)pthread_setname_np(pthread_self(), "tutor");
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), TUTOR_NICE);
    tutor_run(h->tutor);
    return NULL;
}

static err_t tutor_up(struct house *h)
{
    return pthread_create(&h->tutor_thread, NULL, run_tutor, h) == 0
               ? ERR_OK
               : house_fault(h, "a thread could not be started");
}

static void tutor_down(struct house *h)
{
    tutor_stop(h->tutor);
    (void)pthread_join(h->tutor_thread, NULL);
}

/* ---- the one table, walked up and then down ---- */

static const struct step {
    err_t (*up)(struct house *h);
    void (*down)(struct house *h);
} steps[] = {
    {log_up, log_down},
    {house_process_up, nothing_down},
    {house_data_dir_up, nothing_down},
    {house_lock_up, house_lock_down},
    {house_keys_up, house_keys_down},
    {steady_up, steady_down},
    {house_journal_up, house_journal_down},
    {house_store_up, house_store_down},
    {clock_up, clock_down},
    {house_view_up, house_view_down},
    {model_up, model_down},
    {replay_up, replay_down},
    {audit_up, audit_down},
    {domain_up, domain_down},
    {api_up, nothing_down},
    {tls_up, nothing_down},
    {server_up, server_down},
    {house_recovery_up, house_recovery_down},
    {house_checkpoints_up, house_checkpoints_down},
    {ledger_up, ledger_down},
    {tutor_up, tutor_down},
    {house_serving_up, house_serving_down},
    {house_keeping_up, house_keeping_down},
};

static err_t go_up(struct house *h, const struct settings *settings, const struct clock *clock,
                   err_t (*top)(struct house *h))
{
    h->settings = settings;
    h->clock = clock;
    h->kit = h->kit != NULL ? h->kit : &h->own;
    h->service.asked = h->asked;
    for (bool done = false; !done && h->up < ARRAY_LEN(steps);) {
        const struct step *const step = &steps[h->up];
        const err_t e =
            asked_to_stop(h->asked) ? house_fault(h, "a stop was asked for") : step->up(h);
        if (failed(e)) {
            house_down(h);
            return e;
        }
        h->up += 1;
        done = step->up == top;
    }
    return ERR_OK;
}

err_t house_up_offline(struct house *h, const struct settings *settings, const struct clock *clock)
{
    return go_up(h, settings, clock, domain_up);
}

err_t house_up_data(struct house *h, const struct settings *settings, const struct clock *clock)
{
    h->data_alone = true;
    return go_up(h, settings, clock, house_store_up);
}

err_t house_up(struct house *h, const struct settings *settings, const struct clock *clock)
{
    return go_up(h, settings, clock, house_keeping_up);
}

void house_down(struct house *h)
{
    while (h->up > 0) {
        steps[--h->up].down(h);
    }
    kit_close(&h->own); /* empty, unless nobody brought one */
}
