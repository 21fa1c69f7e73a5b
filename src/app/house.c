#include "app/house.h"

#include "app/certificates.h"
#include "app/commands.h"
#include "app/house_steps.h"
#include "base/util.h"
#include "crypto/secret.h"
#include "domain/audit.h"
#include "domain/checkpoint_keeper.h"
#include "domain/clock_guard.h"
#include "domain/pepper_guard.h"
#include "domain/recovery_checkpoint.h"
#include "domain/replay_keeper.h"
#include "domain/tutor.h"

#include <stdarg.h>
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

/* ---- keys, store, journal, view ---- */

static err_t keys_up(struct house *h)
{
    TRY(kit_keys(h->kit, h->settings, h->why));
    h->service.keys = h->kit->keys;
    opaque_key_init(&h->service.refresh_key, h->service.keys, "refresh");
    opaque_key_init(&h->service.ticket_key, h->service.keys, "ticket");
    return ERR_OK;
}

static void keys_down(struct house *h)
{
    hmac_key_wipe(&h->service.refresh_key);
    hmac_key_wipe(&h->service.ticket_key);
    h->service.keys = NULL;
}

static err_t journal_up(struct house *h)
{
    const struct settings *s = h->settings;
    journal_mark_t seen = {0};
    const bool known = checkpoint_newest_mark(s->data_dir, &seen);
    const struct journal_config config = {.dir = h->journal_dir,
                                          .verify_from = known ? &seen : NULL,
                                          .lanes = s->loops,
                                          .commit_us = s->journal_commit_us,
                                          .max_bytes = (uint64_t)s->journal_max_gb << 30,
                                          .retention_days = (int)s->journal_retention_days,
                                          .young_ms =
                                              (int64_t)s->session_max_hours * 3600 * MS_PER_S,
                                          .asked = h->asked,
                                          .clock = h->clock,
                                          .log = h->log};
    struct journal_fault why = {0};
    const err_t e = journal_open(&config, &h->service.journal, &why);
    if (e.code == ERR_LIMIT) {
        return house_fault(h, "DATA_DIR=%s: another server is running on it", s->data_dir);
    }
    if (failed(e)) {
        return house_fault(
            h, "journal: %s%s%s at byte %llu", why.reason == NULL ? "failed" : why.reason,
            why.file[0] == '\0' ? "" : ", file ", why.file, (unsigned long long)why.offset);
    }
    return ERR_OK;
}

static void journal_down(struct house *h)
{
    journal_close(&h->service.journal);
}

static err_t store_up(struct house *h)
{
    const struct store_config config = {.url = h->settings->database_url,
                                        .data_dir = h->settings->data_dir,
                                        .log = h->log,
                                        .clock = h->clock};
    char why[STORE_WHY_BYTES] = "";
    if (failed(store_open(&config, &h->service.store, why))) {
        return house_fault(h, "%s", why);
    }
    return ERR_OK;
}

static void store_down(struct house *h)
{
    store_close(&h->service.store);
}

static err_t email_of(void *context, uuid_t account, char out[VIEW_EMAIL_BYTES])
{
    struct service *svc = context;
    struct account_row row = {0};
    bool found = false;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_account_by_id(&tx, account, &row, &found));
    (void)snprintf(out, VIEW_EMAIL_BYTES, "%s", found ? row.email : "");
    account_wipe(&row);
    return ERR_OK;
}

static err_t view_up(struct house *h)
{
    const struct view_config config = {.dir = h->view_dir,
                                       .journal = h->service.journal,
                                       .email_of = email_of,
                                       .context = &h->service,
                                       .retention_days = (int)h->settings->journal_retention_days,
                                       .clock = h->clock,
                                       .log = h->log};
    const err_t e = view_open(&config, &h->service.view);
    if (e.code == ERR_RANGE) {
        return house_fault(h, "%s: must be a directory of ours, mode 0700", h->view_dir);
    }
    if (failed(e)) {
        return e.code == ERR_NOMEM
                   ? house_fault(h,
                                 "the view of the journal could not be started: no memory, or no "
                                 "thread for it")
                   : house_fault(h, "%s: buffer files cannot be written there", h->view_dir);
    }
    return ERR_OK;
}

static void view_down(struct house *h)
{
    view_close(&h->service.view);
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
                                                .clock = h->clock,
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
}

static err_t domain_up(struct house *h)
{
    struct service *svc = &h->service;
    svc->rules = house_rules(h->settings);
    svc->clock = h->clock;
    svc->log = h->log;
    svc->hashing = PWHASH_COST;
    const err_t guard = clock_guard_start(svc);
    if (guard.code == ERR_RANGE) {
        return house_fault(
            h, "clock: the time is earlier than when the server last ran; set the clock");
    }
    if (failed(guard) || failed(quota_new(h->clock, &svc->quota)) ||
        failed(account_locks_new(&svc->locks)) || failed(ledger_new(svc, &h->ledger)) ||
        failed(tutor_new(svc, &h->tutor))) {
        domain_free(h);
        return house_fault(h, "out of memory, or the database refused, at the start");
    }
    return ERR_OK;
}

static void domain_down(struct house *h)
{
    const err_t noted = clock_guard_note(&h->service); /* the next start compares with it */
    if (failed(noted)) {
        log_event(h->log, LOG_WARN, "clock.not_noted", FIELD_INT("error", (int64_t)noted.code));
    }
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
    h->api.handover = h->handover;
    const char *trusted = h->settings->trusted_proxies;
    if (failed(cidr_list_parse((span_t){(const uint8_t *)trusted, strlen(trusted)}, &h->trusted))) {
        return house_fault(h, "TRUSTED_PROXIES: cannot be read as networks");
    }
    return ERR_OK;
}

/* ---- certificates ---- */

static err_t tls_up(struct house *h)
{
    TRY(kit_tls(h->kit, h->settings, clock_mono(h->clock), h->why));
    h->api.tls = h->kit->tls != NULL;
    if (h->api.tls) {
        certificates_note_end(h->kit->tls, h->log, h->clock);
    }
    return ERR_OK;
}

static err_t reload(void *ctx, char why[COURIER_WHY_BYTES])
{
    struct house *h = ctx;
    TRY(certificates_load(h->settings, h->kit->tls, why));
    certificates_note_end(h->kit->tls, h->log, h->clock);
    (void)snprintf(why, COURIER_WHY_BYTES, "Certificates were read again");
    return ERR_OK;
}

static err_t server_up(struct house *h)
{
    const struct settings *s = h->settings;
    uint32_t each = 0;
    TRY(house_descriptors(h, &each));
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
    {keys_up, keys_down},
    {journal_up, journal_down},
    {store_up, store_down},
    {view_up, view_down},
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
