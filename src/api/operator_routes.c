#include "api/body.h"
#include "api/routes.h"
#include "base/util.h"
#include "codec/json_read.h"
#include "codec/uuid_text.h"
#include "domain/accounts/account.h"
#include "domain/ground/audit.h"
#include "domain/ground/clock_guard.h"
#include "domain/sessions/behaviour.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    SESSIONS_MAX = 1000,   /* of one answer */
    SESSION_ROOM = 2048,   /* bytes that one of them takes at most */
    END_ROUNDS_MAX = 64,   /* of MPIN_SESSIONS_MAX sessions each */
    DETAIL_BYTES_MAX = 256 /* of what is written down of an act */
};

err_t operator_write_down(struct call *c, const char *kind, uuid_t account, uuid_t session,
                          struct json_writer *detail)
{
    char text[DETAIL_BYTES_MAX + 1] = "{}";
    if (detail != NULL) {
        MUST(!failed(detail->error));
        const span_t written = json_written(detail);
        MUST(written.len < sizeof text);
        memcpy(text, written.ptr, written.len);
        text[written.len] = '\0';
    }
    if (uuid_is_nil(session)) {
        log_event(c->service->log, LOG_NOTICE, "operator.act", FIELD_TEXT("kind", kind),
                  FIELD_TEXT("request_id", c->request_id));
    } else {
        log_event(c->service->log, LOG_NOTICE, "operator.act", FIELD_TEXT("kind", kind),
                  FIELD_UUID("session", session), FIELD_TEXT("request_id", c->request_id));
    }
    const audit_entry_t entry = {
        .kind = kind, .account = account, .session = session, .detail = text};
    return audit_record(c->service->audit, c->service->store, &entry);
}

static enum call_place answer_message(struct call *c, const char *message)
{
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, message);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

/* Exactly one of the two members must be there; a fault names the first. */
static bool one_of(const struct call *c, struct faults *f, const char *first, const char *second)
{
    if (body_is_given(c, first) != body_is_given(c, second)) {
        return true;
    }
    fault_add(f, first, "give either this or %s", second);
    return false;
}

err_t operator_find_account(struct call *c, const email_t *email, uuid_t *out, bool *found)
{
    CLEANUP(account_wipe) struct account_row row = {0};
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_READ, &tx));
    TRY(store_account_by_email(&tx, email->key, &row, found));
    *out = row.id;
    return ERR_OK;
}

/* ---- status ---- */

static const char *journal_word(enum journal_state state)
{
    switch (state) {
    case JOURNAL_RUNNING: return "running";
    case JOURNAL_DISK_FULL: return "disk_full";
    case JOURNAL_FAILED: break;
    }
    return "failed";
}

static void name_int(struct json_writer *w, const char *name, int64_t n)
{
    json_name(w, name);
    json_int(w, n);
}

static void name_size(struct json_writer *w, const char *name, uint64_t n)
{
    json_name(w, name);
    json_uint(w, n);
}

static void write_levels(struct json_writer *w, const struct server_numbers *n)
{
    int64_t by_level[4] = {0};
    int64_t all = 0;
    for (size_t i = 0; i < n->shards; i++) {
        for (size_t level = 0; level < ARRAY_LEN(by_level); level++) {
            by_level[level] += gauge_read(&shard_metrics(n->shard[i])->by_level[level]);
        }
    }
    for (size_t level = 0; level < ARRAY_LEN(by_level); level++) {
        all += by_level[level];
    }
    name_int(w, "sessions", all);
    json_name(w, "by_level");
    json_begin_object(w);
    for (size_t level = 0; level < ARRAY_LEN(by_level); level++) {
        name_int(w, canara_level_name((enum canara_level)level), by_level[level]);
    }
    json_end_object(w);
}

static void write_journal(struct json_writer *w, struct service *svc)
{
    struct journal_stats journal = {0};
    struct view_stats view = {0};
    journal_stats_read(svc->journal, &journal);
    view_stats_read(svc->view, &view);
    json_name(w, "journal");
    json_begin_object(w);
    json_name(w, "state");
    json_cstr(w, journal_word(journal.state));
    name_size(w, "segments", journal.segments);
    name_size(w, "bytes", journal.segment_bytes);
    name_size(w, "queued_bytes", journal.queued_bytes);
    name_size(w, "view_pending_bytes", view.pending_bytes);
    json_end_object(w);
}

static void write_clock(struct json_writer *w, struct service *svc)
{
    const steady_look_t look = steady_clock_look(svc->steady);
    json_name(w, "clock");
    json_begin_object(w);
    json_name(w, "state");
    json_cstr(w, steady_state_name(look.state));
    name_int(w, "ahead_ms", look.now.ms - look.vouched.ms);
    name_int(w, "behind_ms",
             look.known && look.newest.ms > look.now.ms ? look.newest.ms - look.now.ms : 0);
    json_end_object(w);
}

static void write_queues(struct json_writer *w, const struct server_numbers *n,
                         struct ledger *ledger)
{
    json_name(w, "queues");
    json_begin_object(w);
    name_size(w, "cold", n->cold_depth);
    name_size(w, "hash", n->hash_depth);
    name_size(w, "ledger", ledger_depth(ledger));
    json_end_object(w);
    name_size(w, "hash_workers_busy", n->hash_busy);
}

enum call_place ctl_status_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct api *const api = c->api;
    const char *const handover = atomic_load(&api->handover);
    struct server_numbers n = {0};
    api->numbers(api->numbers_ctx, &n);
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "version");
    json_cstr(&w, api->version);
    name_int(&w, "uptime_s", (clock_wall(c->service->clock).ms - api->started.ms) / MS_PER_S);
    json_name(&w, "ready");
    json_bool(&w, api->ready(api->numbers_ctx) && clock_guard_ok(c->service));
    json_name(&w, "handover");
    json_cstr(&w, handover == NULL ? "none" : handover);
    write_levels(&w, &n);
    json_name(&w, "connections");
    json_begin_object(&w);
    name_int(&w, "http", gauge_read(&api->metrics.http_connections));
    name_int(&w, "websocket", gauge_read(&api->metrics.ws_connections));
    json_end_object(&w);
    write_journal(&w, c->service);
    write_clock(&w, c->service);
    write_queues(&w, &n, api->ledger);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

/* ---- sessions: the call visits one loop after the other, and nobody waits ---- */

struct list_work {
    struct call *call;
    struct shard *shard; /* the one that is being walked */
    struct json_writer w;
    email_t email; /* len 0: everybody's */
    size_t loop, count;
    bool truncated;
};

/* An id that no session has and that loop `i` owns. */
static uuid_t address_of_loop(size_t i)
{
    const uint64_t first = i;
    uuid_t id = {{0}};
    memcpy(id.byte, &first, sizeof first);
    MUST(uuid_hash(id) == first);
    return id;
}

static void list_one(void *ctx, struct live *live)
{
    struct list_work *const work = ctx;
    struct json_writer *const w = &work->w;
    if (work->email.len > 0 && strcasecmp(live->email, work->email.key) != 0) {
        return;
    }
    const struct buf *const reply = &work->call->reply;
    if (work->count == SESSIONS_MAX || reply->limit - reply->len < SESSION_ROOM) {
        work->truncated = true;
        return;
    }
    const struct service *const svc = work->call->service;
    canara_verdict_t v = {0};
    canara_session_t room;
    canara_peek(live_engine(live, &room), &svc->rules.risk, clock_wall(svc->clock).ms, &v);
    work->count += 1;
    json_begin_object(w);
    json_name(w, "email");
    json_cstr(w, live->email);
    json_name(w, "session_id");
    json_uuid(w, live->id);
    json_name(w, "account_id");
    json_uuid(w, live->account);
    json_name(w, "device_id");
    json_cstr(w, live_device_id(live));
    json_name(w, "risk_level");
    json_cstr(w, canara_level_name(live->blocked ? CANARA_LEVEL_BLOCKED : v.level));
    json_name(w, "risk_score");
    json_fixed(w, v.risk, 3);
    json_name(w, "mpin_required");
    json_bool(w, !live->blocked && v.mpin_required != 0);
    json_name(w, "created_at");
    json_time(w, live->created);
    json_name(w, "last_activity");
    json_time(w, live->last_activity);
    json_name(w, "expires_at");
    json_time(w, live_expires_at(work->shard, live));
    name_size(w, "events", live->events);
    json_name(w, "connected");
    json_bool(w, live->socket != NULL);
    json_end_object(w);
}

static enum call_place list_loop(struct call *c, struct shard *s)
{
    struct list_work *const work = c->scratch;
    struct server_numbers n = {0};
    c->api->numbers(c->api->numbers_ctx, &n);
    MUST(work->loop < n.shards && n.shard[work->loop] == s);
    work->shard = s;
    shard_each(s, list_one, work);
    work->loop += 1;
    if (work->loop < n.shards) {
        c->target = address_of_loop(work->loop);
        return call_go(c, PLACE_OWNER, list_loop);
    }
    json_end_array(&work->w);
    name_size(&work->w, "count", work->count);
    json_name(&work->w, "truncated");
    json_bool(&work->w, work->truncated);
    json_end_object(&work->w);
    return answer_json(c, 200, &work->w);
}

enum call_place ctl_sessions_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct faults f = {0};
    struct list_work *const work = call_keep(c, sizeof *work);
    if (body_is_given(c, "email") && !body_email(c, &f, "email", &work->email)) {
        return problem_faults(c, &f);
    }
    const uuid_t nobody = {{0}};
    const err_t noted = operator_write_down(c, "operator.sessions", nobody, nobody, NULL);
    if (failed(noted)) {
        return problem_world(c, noted);
    }
    work->call = c;
    json_writer_init(&work->w, &c->reply);
    json_begin_object(&work->w);
    json_name(&work->w, "sessions");
    json_begin_array(&work->w);
    c->scratch = work;
    c->target = address_of_loop(0);
    return call_go(c, PLACE_OWNER, list_loop);
}

/* ---- end: for the customer it is a block, so that the socket says why ---- */

static err_t end_one(struct call *c, uuid_t session, uint32_t *ended)
{
    bool now = false;
    enum session_end before = END_NONE;
    TRY(session_end_stored(c->service, session, END_OPERATOR, &now, &before));
    if (now) {
        tell_all(c, &session, 1, TELL_BLOCK, END_OPERATOR, 0.0);
        *ended += 1;
    }
    return ERR_OK;
}

static err_t list_account(struct call *c, uuid_t account, struct session_row *rows, size_t *count)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_READ, &tx));
    return store_sessions_live_of(&tx, account, rows, MPIN_SESSIONS_MAX, count);
}

static err_t end_account(struct call *c, uuid_t account, uint32_t *ended)
{
    struct session_row *rows = calloc(MPIN_SESSIONS_MAX, sizeof *rows);
    err_t e = rows == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    size_t count = 1;
    for (size_t round = 0; !failed(e) && count > 0 && round < END_ROUNDS_MAX; round++) {
        e = list_account(c, account, rows, &count);
        for (size_t i = 0; !failed(e) && i < count; i++) {
            e = end_one(c, rows[i].id, ended);
        }
    }
    free(rows);
    return e;
}

static enum call_place answer_ended(struct call *c, uint32_t ended)
{
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, "Sessions ended");
    name_size(&w, "ended", ended);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

static enum call_place end_session(struct call *c, uuid_t session)
{
    uint32_t ended = 0;
    err_t e = operator_write_down(c, "operator.end", (uuid_t){{0}}, session, NULL);
    if (!failed(e)) {
        e = end_one(c, session, &ended);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    return ended == 0 ? problem(c, PROBLEM_SESSION_NOT_FOUND) : answer_ended(c, ended);
}

enum call_place ctl_end_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct faults f = {0};
    email_t email = {0};
    uuid_t session = {{0}};
    if (one_of(c, &f, "session_id", "email")) {
        (void)(body_is_given(c, "email") ? body_email(c, &f, "email", &email)
                                         : body_uuid(c, &f, "session_id", true, &session));
    }
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    if (email.len == 0) {
        return end_session(c, session);
    }
    uuid_t account = {{0}};
    bool found = false;
    uint32_t ended = 0;
    err_t e = operator_find_account(c, &email, &account, &found);
    if (!failed(e) && !found) {
        return problem_detail(c, PROBLEM_NOT_FOUND, "Account not found");
    }
    if (!failed(e)) {
        e = operator_write_down(c, "operator.end", account, (uuid_t){{0}}, NULL);
    }
    if (!failed(e)) {
        e = end_account(c, account, &ended);
    }
    return failed(e) ? problem_world(c, e) : answer_ended(c, ended);
}

/* ---- unlock ---- */

static err_t tell_unlocked(struct call *c, uuid_t account)
{
    struct session_row *rows = calloc(MPIN_SESSIONS_MAX, sizeof *rows);
    if (rows == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t count = 0;
    const err_t e = list_account(c, account, rows, &count);
    for (size_t i = 0; !failed(e) && i < count; i++) {
        tell_all(c, &rows[i].id, 1, TELL_MPIN_FAILURES, END_NONE, 0.0);
    }
    free(rows);
    return e;
}

enum call_place ctl_unlock_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct faults f = {0};
    email_t email = {0};
    uuid_t account = {{0}};
    bool known = true;
    if (one_of(c, &f, "email", "account_id")) {
        (void)(body_is_given(c, "email") ? body_email(c, &f, "email", &email)
                                         : body_uuid(c, &f, "account_id", true, &account));
    }
    if (f.count > 0) {
        return problem_faults(c, &f);
    }
    err_t e = email.len > 0 ? operator_find_account(c, &email, &account, &known) : ERR_OK;
    if (!failed(e) && known) {
        e = operator_write_down(c, "operator.unlock", account, (uuid_t){{0}}, NULL);
    }
    if (!failed(e) && known) {
        e = mpin_unlock(c->service, account, &known);
    }
    if (!failed(e) && known) {
        e = tell_unlocked(c, account);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    return known ? answer_message(c, "Account unlocked")
                 : problem_detail(c, PROBLEM_NOT_FOUND, "Account not found");
}

/* ---- what is told of a live session ---- */

enum call_place operator_answer_verdict(struct call *c, const char *message, uuid_t session,
                                        const canara_verdict_t *v)
{
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, message);
    json_name(&w, "session_id");
    json_uuid(&w, session);
    json_name(&w, "risk_score");
    json_fixed(&w, v->risk, 3);
    json_name(&w, "risk_level");
    json_cstr(&w, canara_level_name(v->level));
    json_name(&w, "mpin_required");
    json_bool(&w, v->mpin_required != 0);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

struct live *operator_target(struct call *c, struct shard *s, enum call_place *out)
{
    struct live *const live = shard_find_held(s, c->target);
    if (live == NULL || live->blocked) {
        *out = problem(c, live == NULL ? PROBLEM_SESSION_NOT_FOUND : PROBLEM_SESSION_BLOCKED);
        return NULL;
    }
    return live;
}

err_t operator_session_is_open(struct call *c, uuid_t session, bool *open)
{
    struct session_row row = {0};
    bool found = false;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_READ, &tx));
    TRY(store_session_get(&tx, session, &row, &found));
    *open = found && row.end == END_NONE;
    return ERR_OK;
}

/* ---- the clock ---- */

enum call_place ctl_clock_begin(struct call *c, struct shard *s)
{
    (void)s;
    log_event(c->service->log, LOG_NOTICE, "operator.act", FIELD_TEXT("kind", "clock.accepted"),
              FIELD_TEXT("request_id", c->request_id));
    const err_t e = clock_guard_accept(c->service);
    return failed(e) ? problem_world(c, e)
                     : answer_message(c, "The time of this machine is accepted as it is now");
}

/* ---- reload and drain ---- */

enum call_place ctl_reload_begin(struct call *c, struct shard *s)
{
    (void)s;
    struct courier *const courier = c->api->courier;
    if (courier->reload == NULL) {
        return problem_detail(c, PROBLEM_NOT_FOUND, "Nothing to reload");
    }
    const uuid_t nobody = {{0}};
    const err_t e = operator_write_down(c, "operator.reload", nobody, nobody, NULL);
    if (failed(e)) {
        return problem_world(c, e);
    }
    char why[COURIER_WHY_BYTES] = "";
    if (failed(courier->reload(courier, why))) {
        return problem_detail(c, PROBLEM_UNAVAILABLE, "Nothing has changed. %s", why);
    }
    return answer_message(c, why);
}

/* A stop is never refused because it cannot be written down: that is when it is needed most. */
enum call_place ctl_drain_begin(struct call *c, struct shard *s)
{
    (void)s;
    const uuid_t nobody = {{0}};
    const err_t e = operator_write_down(c, "operator.drain", nobody, nobody, NULL);
    if (failed(e)) {
        log_event(c->service->log, LOG_ERROR, "audit.failed", FIELD_TEXT("kind", "operator.drain"),
                  FIELD_INT("error", (int64_t)e.code));
    }
    c->api->courier->drain(c->api->courier);
    return answer_message(c, "Server is draining");
}
