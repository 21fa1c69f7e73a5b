#include "api/metrics_page.h"

#include "api/problem.h"
#include "api/routes.h"
#include "base/util.h"
#include "crypto/secret.h"
#include "domain/ground/clock_guard.h"
#include "domain/sessions/tutor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* The page on its way; after the first failure nothing more is written. */
struct page {
    struct buf *out;
    err_t error;
};

enum { SECONDS_BYTES = 32 };

/* ---- counting ---- */

static const unsigned close_codes[CLOSE_CODES - 1] = {1000, 1001, 1002, 1003, 1007, 1008,
                                                      1009, 1013, 4401, 4403, 4408, 4409};

void metrics_count_close(struct api_metrics *m, unsigned code)
{
    size_t i = 0;
    while (i < ARRAY_LEN(close_codes) && close_codes[i] != code) {
        i++;
    }
    counter_add_shared(&m->closes[i], 1);
}

void metrics_count_refusal(struct api_metrics *m, const scan_fault_t *fault)
{
    const char *field = fault->field;
    if (field[0] == '[') { /* the place in an array of events says nothing of the reason */
        const char *const dot = strchr(field, '.');
        field = dot == NULL ? "" : dot + 1;
    }
    if (strcmp(fault->message, "Invalid JSON format") == 0) {
        counter_add_shared(&m->refused_json, 1);
    } else if (strcmp(field, "seq") == 0) {
        counter_add_shared(&m->refused_seq, 1);
    } else if (strncmp(field, "data.", 5) == 0) {
        counter_add_shared(&m->refused_range, 1);
    } else if (strstr(fault->message, "only the server can state") != NULL) {
        counter_add_shared(&m->refused_server_fact, 1);
    } else {
        counter_add_shared(&m->refused_shape, 1);
    }
}

/* ---- reading ---- */

static void read_shard(struct shard *s, struct metrics_page *out)
{
    const struct shard_metrics *const m = shard_metrics(s);
    for (size_t i = 0; i < ARRAY_LEN(out->by_level); i++) {
        out->by_level[i] += gauge_read(&m->by_level[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(out->by_use); i++) {
        out->by_use[i] += gauge_read(&m->by_use[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(out->events); i++) {
        out->events[i] += counter_read(&m->events[i]);
    }
    out->challenges += counter_read(&m->challenges);
    out->replays += counter_read(&m->replays);
    out->blocks_risk += counter_read(&m->blocks_risk);
    out->blocks_mpin += counter_read(&m->blocks_mpin);
    out->blocks_operator += counter_read(&m->blocks_operator);
    histogram_read(&m->decision_ns, &out->decision);
}

/* Read everything that a running server shows. */
static void read_all(const struct api *api, struct metrics_page *out)
{
    *out = (struct metrics_page){.api = api};
    api->numbers(api->numbers_ctx, &out->server);
    for (size_t i = 0; i < out->server.shards; i++) {
        read_shard(out->server.shard[i], out);
    }
    journal_stats_read(api->service->journal, &out->journal);
    view_stats_read(api->service->view, &out->view);
    out->ledger_depth = ledger_depth(api->ledger);
    out->lesson_depth = api->service->tutor != NULL ? tutor_depth(api->service->tutor) : 0;
}

/* ---- writing ---- */

static void note(struct page *p, err_t written)
{
    if (!failed(p->error)) {
        p->error = written;
    }
}

/* The head of a family. `unit` is "" or the last word of the name. */
static void family(struct page *p, const char *name, const char *type, const char *unit,
                   const char *help)
{
    note(p, buf_append_format(p->out, "# TYPE %s %s\n", name, type));
    if (unit[0] != '\0') {
        note(p, buf_append_format(p->out, "# UNIT %s %s\n", name, unit));
    }
    note(p, buf_append_format(p->out, "# HELP %s %s.\n", name, help));
}

static void plain(struct page *p, const char *name, uint64_t n)
{
    note(p, buf_append_format(p->out, "%s %" PRIu64 "\n", name, n));
}

/* A label's value is always one of ours: nothing in it needs an escape. */
static void labelled(struct page *p, const char *name, const char *label, const char *value,
                     uint64_t n)
{
    note(p, buf_append_format(p->out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, n));
}

/* A gauge moved by several threads may be read a moment below zero. */
static uint64_t not_negative(int64_t n)
{
    return n < 0 ? 0 : (uint64_t)n;
}

/* Nanoseconds as seconds, every digit right, at least one behind the point. */
static void print_seconds(uint64_t ns, char out[SECONDS_BYTES])
{
    const uint64_t second = (uint64_t)NS_PER_S;
    (void)snprintf(out, SECONDS_BYTES, "%" PRIu64 ".%09" PRIu64, ns / second, ns % second);
    size_t len = strlen(out);
    while (out[len - 1] == '0' && out[len - 2] != '.') {
        out[--len] = '\0';
    }
}

static void histogram(struct page *p, const char *name, const char *help,
                      const struct histogram_view *h)
{
    char seconds[SECONDS_BYTES];
    uint64_t below = 0;
    family(p, name, "histogram", "seconds", help);
    for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        below += h->bucket[i];
        print_seconds((uint64_t)histogram_bound_ns(i), seconds);
        note(p,
             buf_append_format(p->out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name, seconds, below));
    }
    print_seconds(h->sum_ns, seconds);
    note(p, buf_append_format(p->out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, h->count));
    note(p, buf_append_format(p->out, "%s_count %" PRIu64 "\n%s_sum %s\n", name, h->count, name,
                              seconds));
}

static void own_histogram(struct page *p, const char *name, const char *help, const histogram_t *h)
{
    struct histogram_view view = {0};
    histogram_read(h, &view);
    histogram(p, name, help, &view);
}

/* One family of counters with one label. */
struct labelled_counter {
    const char *value;
    const counter_t *counter;
};

static void counters(struct page *p, const char *name, const char *label,
                     const struct labelled_counter *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        labelled(p, name, label, rows[i].value, counter_read(rows[i].counter));
    }
}

static void write_build(struct page *p, const struct api *api)
{
    family(p, "canara_build", "info", "", "What is running");
    note(p,
         buf_append_format(
             p->out, "canara_build_info{version=\"%s\",model_version=\"%s\",compiler=\"%s\"} 1\n",
             api->version, model_name(api->service), COMPILER));
    family(p, "canara_start_time_seconds", "gauge", "seconds", "Unix time of the start");
    const uint64_t ms = not_negative(api->started.ms);
    note(p, buf_append_format(p->out, "canara_start_time_seconds %" PRIu64 ".%03" PRIu64 "\n",
                              ms / 1000, ms % 1000));
}

static void write_population(struct page *p, const struct metrics_page *from)
{
    family(p, "canara_sessions", "gauge", "", "Sessions held, by risk level");
    for (size_t i = 0; i < ARRAY_LEN(from->by_level); i++) {
        labelled(p, "canara_sessions", "level", canara_level_name((enum canara_level)i),
                 not_negative(from->by_level[i]));
    }
    static const char *const uses[LIVE_USES] = {
        [LIVE_AWAKE] = "awake", [LIVE_RESTING] = "resting", [LIVE_ASLEEP] = "asleep"};
    family(p, "canara_session_use", "gauge", "", "Sessions held, by what they take of memory");
    for (size_t i = 0; i < ARRAY_LEN(from->by_use); i++) {
        labelled(p, "canara_session_use", "use", uses[i], not_negative(from->by_use[i]));
    }
    const struct api_metrics *const m = &from->api->metrics;
    family(p, "canara_connections", "gauge", "", "Open connections");
    labelled(p, "canara_connections", "kind", "http",
             not_negative(gauge_read(&m->http_connections)));
    labelled(p, "canara_connections", "kind", "websocket",
             not_negative(gauge_read(&m->ws_connections)));
}

static void write_events(struct page *p, const struct metrics_page *from)
{
    const struct api_metrics *const m = &from->api->metrics;
    const struct labelled_counter refused[] = {
        {"json", &m->refused_json},         {"shape", &m->refused_shape},
        {"range", &m->refused_range},       {"server_fact", &m->refused_server_fact},
        {"seq", &m->refused_seq},           {"rate", &m->refused_rate},
        {"overload", &m->refused_overload},
    };
    family(p, "canara_events", "counter", "", "Client events accepted");
    for (size_t i = 0; i < ARRAY_LEN(from->events); i++) {
        if (i == CANARA_FEATURES) {
            continue; /* no client can send it */
        }
        labelled(p, "canara_events_total", "type",
                 i == CANARA_UNKNOWN ? "other" : canara_event_name((enum canara_event_kind)i),
                 from->events[i]);
    }
    family(p, "canara_events_refused", "counter", "", "Client messages of events refused");
    counters(p, "canara_events_refused_total", "reason", refused, ARRAY_LEN(refused));
    own_histogram(p, "canara_event_ack_seconds", "Message received to its acknowledgement written",
                  &m->ack_ns);
    histogram(p, "canara_event_decision_seconds",
              "Bytes of a message readable to its decision in effect", &from->decision);
}

static void write_security(struct page *p, const struct metrics_page *from)
{
    const struct api_metrics *const m = &from->api->metrics;
    const struct labelled_counter evaluated[] = {{"allow", &m->evaluate_allow},
                                                 {"challenge", &m->evaluate_challenge},
                                                 {"deny", &m->evaluate_deny}};
    const struct labelled_counter mpin[] = {{"verified", &m->mpin_verified},
                                            {"failed", &m->mpin_failed},
                                            {"refused", &m->mpin_refused}};
    const struct labelled_counter logins[] = {{"accepted", &m->logins_accepted},
                                              {"failed", &m->logins_failed},
                                              {"throttled", &m->logins_throttled}};
    family(p, "canara_risk_evaluations", "counter", "", "Answers of risk/evaluate");
    counters(p, "canara_risk_evaluations_total", "decision", evaluated, ARRAY_LEN(evaluated));
    family(p, "canara_mpin", "counter", "", "MPIN comparisons, and tries refused before one");
    counters(p, "canara_mpin_total", "result", mpin, ARRAY_LEN(mpin));
    family(p, "canara_logins", "counter", "", "Logins");
    counters(p, "canara_logins_total", "result", logins, ARRAY_LEN(logins));
    family(p, "canara_challenges", "counter", "", "MPIN challenges started");
    plain(p, "canara_challenges_total", from->challenges);
    family(p, "canara_challenges_random", "counter", "", "Logins drawn by lot");
    plain(p, "canara_challenges_random_total", counter_read(&from->api->service->drawn));
    family(p, "canara_replays", "counter", "",
           "Messages that repeated another session's behaviour");
    plain(p, "canara_replays_total", from->replays);
    family(p, "canara_blocks", "counter", "", "Sessions blocked");
    labelled(p, "canara_blocks_total", "reason", "risk", from->blocks_risk);
    labelled(p, "canara_blocks_total", "reason", "mpin", from->blocks_mpin);
    labelled(p, "canara_blocks_total", "reason", "operator", from->blocks_operator);
    family(p, "canara_locks", "counter", "", "Accounts locked");
    plain(p, "canara_locks_total", counter_read(&m->locks));
}

static void write_profiles(struct page *p, const struct profile_counts *n)
{
    const struct labelled_counter lessons[] = {
        {"learnt", &n->learnt}, {"refused", &n->refused}, {"dropped", &n->dropped}};
    family(p, "canara_profiles_loaded", "counter", "", "Sessions opened with a learnt profile");
    plain(p, "canara_profiles_loaded_total", counter_read(&n->loaded));
    family(p, "canara_lessons", "counter", "", "Sessions after their end, by what they taught");
    counters(p, "canara_lessons_total", "result", lessons, ARRAY_LEN(lessons));
    family(p, "canara_profiles_drifted", "counter", "", "Profiles too far from their enrolment");
    plain(p, "canara_profiles_drifted_total", counter_read(&n->drifted));
    family(p, "canara_profiles_waiting", "counter", "",
           "Profiles with a part that waits for a MPIN");
    plain(p, "canara_profiles_waiting_total", counter_read(&n->waiting));
    family(p, "canara_profile_parts_damaged", "counter", "", "Parts of profiles set aside");
    plain(p, "canara_profile_parts_damaged_total", counter_read(&n->damaged));
}

static void write_resources(struct page *p, const struct metrics_page *from)
{
    histogram(p, "canara_journal_commit_seconds", "One group commit, write and sync",
              &from->journal.commit);
    family(p, "canara_journal_bytes", "gauge", "bytes", "Segments on disk");
    plain(p, "canara_journal_bytes", from->journal.segment_bytes);
    family(p, "canara_journal_retention_short", "gauge", "",
           "1 while retention takes segments younger than SESSION_MAX_HOURS");
    plain(p, "canara_journal_retention_short", from->journal.cut_short ? 1 : 0);
    family(p, "canara_journal_frames_lost", "counter", "",
           "Damaged frames that buffer files do without");
    plain(p, "canara_journal_frames_lost_total", from->view.lost_frames);
    family(p, "canara_queue_depth", "gauge", "", "Calls, or rows for the store, that wait now");
    labelled(p, "canara_queue_depth", "queue", "cold", from->server.cold_depth);
    labelled(p, "canara_queue_depth", "queue", "hash", from->server.hash_depth);
    labelled(p, "canara_queue_depth", "queue", "ledger", from->ledger_depth);
    labelled(p, "canara_queue_depth", "queue", "lesson", from->lesson_depth);
    family(p, "canara_queue_bytes", "gauge", "bytes", "Bytes that wait to be written");
    labelled(p, "canara_queue_bytes", "queue", "journal", from->journal.queued_bytes);
    labelled(p, "canara_queue_bytes", "queue", "view", from->view.pending_bytes);
    family(p, "canara_queue_refused", "counter", "", "Calls refused because a queue was full");
    labelled(p, "canara_queue_refused_total", "queue", "cold", from->server.cold_refused);
    labelled(p, "canara_queue_refused_total", "queue", "hash", from->server.hash_refused);
    labelled(p, "canara_queue_refused_total", "queue", "body",
             counter_read(&from->api->metrics.bodies_refused));
    labelled(p, "canara_queue_refused_total", "queue", "connection",
             counter_read(&from->api->metrics.held_dropped));
    family(p, "canara_hash_pool_busy", "gauge", "", "Workers inside Argon2id");
    plain(p, "canara_hash_pool_busy", from->server.hash_busy);
    const int clock = atomic_load(&from->api->service->clock_state);
    family(p, "canara_clock_doubt", "gauge", "", "1 while the wall clock is not believed, by why");
    labelled(p, "canara_clock_doubt", "state", "ahead", clock == STEADY_AHEAD ? 1 : 0);
    labelled(p, "canara_clock_doubt", "state", "back", clock == STEADY_BACK ? 1 : 0);
    own_histogram(p, "canara_loop_lag_seconds", "One round of a loop, from waking to sleeping",
                  &from->api->metrics.lag_ns);
}

/* Every status that was answered, and the commonest one even if it was not. */
static void write_answers(struct page *p, const char *route, unsigned usual,
                          const counter_t answers[ANSWER_STATUSES])
{
    for (unsigned i = 0; i < ANSWER_STATUSES; i++) {
        const uint64_t n = counter_read(&answers[i]);
        const unsigned status = ANSWER_STATUS_LOW + i;
        if (n > 0 || status == usual) {
            note(p,
                 buf_append_format(
                     p->out, "canara_http_requests_total{route=\"%s\",status=\"%u\"} %" PRIu64 "\n",
                     route, status, n));
        }
    }
}

static void write_http(struct page *p, const struct api_metrics *m)
{
    const struct route_table table = api_routes();
    const struct api_route *const rows = table.rows;
    family(p, "canara_http_requests", "counter", "", "Answers");
    for (size_t i = 0; i < table.count; i++) {
        write_answers(p, rows[i].metric, rows[i].route.method == HTTP_DELETE ? 204 : 200,
                      m->answers[i]);
    }
    write_answers(p, "unknown", 404, m->answers[API_ROUTES_MAX - 1]);
    own_histogram(p, "canara_http_request_seconds", "Request received to its answer written",
                  &m->request_ns);

    family(p, "canara_websocket_closes", "counter", "", "Behaviour sockets closed");
    for (size_t i = 0; i < CLOSE_CODES; i++) {
        char code[8] = "other";
        if (i < ARRAY_LEN(close_codes)) {
            (void)snprintf(code, sizeof code, "%u", close_codes[i]);
        }
        labelled(p, "canara_websocket_closes_total", "code", code, counter_read(&m->closes[i]));
    }
}

static void write_door(struct page *p, const struct metrics_page *from)
{
    const struct api_metrics *const m = &from->api->metrics;
    const struct labelled_counter shakes[] = {{"full", &m->tls_full},
                                              {"resumed", &m->tls_resumed},
                                              {"failed", &m->tls_failed},
                                              {"late", &m->tls_late},
                                              {"crowded", &m->tls_crowded}};
    const struct labelled_counter proxies[] = {
        {"stranger", &m->proxy_stranger}, {"header", &m->proxy_header}, {"late", &m->proxy_late}};
    family(p, "canara_tls_handshakes", "counter", "", "Handshakes by how they ended");
    counters(p, "canara_tls_handshakes_total", "result", shakes, ARRAY_LEN(shakes));
    family(p, "canara_tls_certificate_end_seconds", "gauge", "seconds",
           "Unix time at which the first certificate ends");
    plain(p, "canara_tls_certificate_end_seconds", not_negative(from->server.certificate_end_s));
    family(p, "canara_proxy_refused", "counter", "",
           "Connections closed before their first request");
    counters(p, "canara_proxy_refused_total", "reason", proxies, ARRAY_LEN(proxies));
    family(p, "canara_log_dropped", "counter", "", "Lines of the log that nobody took in time");
    plain(p, "canara_log_dropped_total", log_lost(from->api->service->log));
}

err_t metrics_write(const struct metrics_page *page, struct buf *out)
{
    struct page p = {.out = out};
    write_build(&p, page->api);
    write_population(&p, page);
    write_events(&p, page);
    write_security(&p, page);
    write_profiles(&p, &page->api->service->profiles);
    write_resources(&p, page);
    write_http(&p, &page->api->metrics);
    write_door(&p, page);
    note(&p, buf_append(out, SPAN_LIT("# EOF\n")));
    return p.error;
}

/* ---- answering ---- */

/* Whether a caller may see it: this machine, or the bearer METRICS_TOKEN. */
static bool is_allowed(const struct api *api, bool loopback, span_t bearer)
{
    const size_t len = strlen(api->metrics_token);
    return loopback ||
           (len > 0 && bearer.len == len && ct_equal(bearer.ptr, api->metrics_token, len));
}

enum call_place metrics_begin(struct call *c, struct shard *s)
{
    (void)s;
    if (!is_allowed(c->api, c->loopback, c->bearer)) {
        return problem(c, PROBLEM_UNAUTHORIZED);
    }
    struct metrics_page page;
    read_all(c->api, &page);
    const err_t written = metrics_write(&page, &c->reply);
    if (failed(written)) {
        return problem_world(c, written);
    }
    c->content_type = METRICS_TYPE;
    c->status = 200;
    return PLACE_DONE;
}
