#include "api/body.h"
#include "api/routes.h"
#include "codec/uuid_text.h"
#include "domain/accounts/account.h"
#include "domain/learnt/profile.h"
#include "domain/sessions/behaviour.h"

#include <stdlib.h>
#include <string.h>

/* ---- status ---- */

static void write_status(struct json_writer *w, const struct live *live, double risk,
                         enum canara_level level, bool mpin_required, wall_t expires)
{
    json_begin_object(w);
    json_name(w, "session_id");
    json_uuid(w, live->id);
    json_name(w, "user_email");
    json_cstr(w, live->email);
    json_name(w, "device_id");
    json_cstr(w, live_device_id(live));
    json_name(w, "created_at");
    json_time(w, live->created);
    json_name(w, "last_activity");
    json_time(w, live->last_activity);
    json_name(w, "is_active");
    json_bool(w, !live->blocked);
    json_name(w, "is_blocked");
    json_bool(w, live->blocked);
    json_name(w, "risk_score");
    json_fixed(w, risk, 2);
    json_name(w, "behavioral_events_count");
    json_uint(w, live->events);
    json_name(w, "mpin_attempts");
    json_uint(w, live->mpin_failures);
    json_name(w, "risk_level");
    json_cstr(w, canara_level_name(level));
    json_name(w, "mpin_required");
    json_bool(w, mpin_required);
    json_name(w, "expires_at");
    json_time(w, expires);
    write_learning(live_learning(live), w);
    json_end_object(w);
}

struct ended_work {
    struct session_row row;
    struct account_row account;
    struct mpin_state mpin;
    struct canara_profile *profile; /* owned; NULL without a model */
    uint64_t events;
    bool readable;
};

static err_t load_ended(struct call *c, struct ended_work *work)
{
    bool found = false;
    TRY(find_blocked(c, &work->row, &work->readable));
    if (!work->readable) {
        return ERR_OK;
    }
    {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        TRY(store_begin(c->service->store, STORE_READ, &tx));
        TRY(store_account_by_id(&tx, work->row.account, &work->account, &found));
        TRY(store_mpin_load(&tx, work->row.account, &work->mpin));
        TRY(profile_newest(c->service, &tx, work->row.account, &work->profile));
    }
    account_wipe(&work->account);
    return count_events(c, work->row.id, &work->events);
}

static enum call_place status_of_ended(struct call *c, struct shard *s)
{
    (void)s;
    struct ended_work *work = call_keep(c, sizeof *work);
    const err_t e = load_ended(c, work);
    if (failed(e)) {
        canara_profile_free(&work->profile);
        return problem_world(c, e);
    }
    if (!work->readable) {
        return problem(c, PROBLEM_UNAUTHORIZED);
    }
    char
        names[sizeof work->account.email + sizeof work->row.device_id]; /* as a live one has them */
    const size_t email = strlen(work->account.email) + 1;
    memcpy(names, work->account.email, email);
    memcpy(names + email, work->row.device_id, strlen(work->row.device_id) + 1);
    const struct live as_it_was = {.id = work->row.id,
                                   .email = names,
                                   .profile = work->profile,
                                   .created = work->row.created,
                                   .last_activity = work->row.last_activity,
                                   .events = work->events,
                                   .mpin_failures = work->mpin.failures,
                                   .blocked = true};
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    write_status(&w, &as_it_was, work->row.risk, CANARA_LEVEL_BLOCKED, false,
                 wall_after_ms(work->row.last_activity, c->service->rules.session_idle_ms));
    canara_profile_free(&work->profile);
    return answer_json(c, 200, &w);
}

enum call_place session_status_begin(struct call *c, struct shard *s)
{
    struct live *live = shard_find(s, c->who.session);
    if (live == NULL) {
        c->alone = true; /* it counts in up to VIEW_TAIL_BYTES_MAX, as a summary does */
        return call_go(c, PLACE_COLD, status_of_ended);
    }
    const seen_t seen = behaviour_see(s, live);
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    write_status(&w, live, seen.risk, seen.level, seen.mpin_required && !live->blocked,
                 live_expires_at(s, live));
    return answer_json(c, 200, &w);
}

/* ---- logout ---- */

static enum call_place logged_out(struct call *c)
{
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "message");
    json_cstr(&w, "Logged out successfully");
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

static enum call_place logout_live_stage(struct call *c, struct shard *s)
{
    struct live *live = shard_find_held(s, c->who.session);
    if (live != NULL && live->blocked) { /* while the store was written: the block stands */
        return problem(c, PROBLEM_UNAUTHORIZED);
    }
    if (live != NULL) {
        shard_end(s, live, END_LOGGED_OUT, true);
    }
    return logged_out(c);
}

static enum call_place logout_stored_stage(struct call *c, struct shard *s)
{
    (void)s;
    bool now = false;
    enum session_end before = END_NONE;
    const err_t e = session_end_stored(c->service, c->who.session, END_LOGGED_OUT, &now, &before);
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (!now) {
        return before == END_LOGGED_OUT ? logged_out(c) : problem(c, PROBLEM_UNAUTHORIZED);
    }
    return call_go(c, PLACE_OWNER, logout_live_stage);
}

/* Of a session that has ended: only a second logout is answered like the first. */
static enum call_place logout_ended_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct session_row row = {0};
    bool found = false;
    struct store_tx tx = {0};
    err_t e = store_begin(c->service->store, STORE_READ, &tx);
    if (!failed(e)) {
        e = store_session_get(&tx, c->who.session, &row, &found);
    }
    store_rollback(&tx);
    if (failed(e)) {
        return problem_world(c, e);
    }
    return found && row.end == END_LOGGED_OUT ? logged_out(c) : problem(c, PROBLEM_UNAUTHORIZED);
}

/* The loop is asked first: the store hears of blocks and expiries a moment later, and must not be
 * told of a logout instead. */
enum call_place logout_begin(struct call *c, struct shard *s)
{
    const struct live *const live = shard_find_held(s, c->who.session);
    const bool open = live != NULL && !live->blocked;
    c->restricts = open;
    return call_go(c, PLACE_COLD, open ? logout_stored_stage : logout_ended_stage);
}

/* ---- the caller's sessions ---- */

struct listed {
    uuid_t id;
    wall_t created, last_activity;
    char device_id[STORE_DEVICE_BYTES];
    uint8_t level; /* enum canara_level */
    bool open;
};

struct sessions_work {
    size_t count, next; /* next: the one whose owner is asked */
    struct listed row[MPIN_SESSIONS_MAX];
};

static void write_listed(struct json_writer *w, const struct listed *row, bool current)
{
    json_begin_object(w);
    json_name(w, "session_id");
    json_uuid(w, row->id);
    json_name(w, "device_id");
    json_cstr(w, row->device_id);
    json_name(w, "created_at");
    json_time(w, row->created);
    json_name(w, "last_activity");
    json_time(w, row->last_activity);
    json_name(w, "risk_level");
    json_cstr(w, canara_level_name((enum canara_level)row->level));
    json_name(w, "current");
    json_bool(w, current);
    json_end_object(w);
}

static enum call_place answer_sessions(struct call *c, const struct sessions_work *work)
{
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "sessions");
    json_begin_array(&w);
    for (size_t i = 0; i < work->count; i++) {
        if (work->row[i].open) {
            write_listed(&w, &work->row[i], uuid_eq(work->row[i].id, c->who.session));
        }
    }
    json_end_array(&w);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}

/* The store hears of activity and level only when a session ends: each owner tells its own. */
static enum call_place freshen_stage(struct call *c, struct shard *s)
{
    struct sessions_work *work = c->scratch;
    struct listed *row = &work->row[work->next];
    const struct live *live = shard_find(s, row->id);
    row->open = live != NULL && !live->blocked; /* it may have ended since */
    if (row->open) {
        row->last_activity = live->last_activity;
        row->level = live->shown_level;
    }
    work->next += 1;
    if (work->next == work->count) {
        return answer_sessions(c, work);
    }
    c->target = work->row[work->next].id;
    return call_go(c, PLACE_OWNER, freshen_stage);
}

static err_t list_sessions(struct call *c, struct sessions_work *work)
{
    struct session_row *rows = calloc(MPIN_SESSIONS_MAX, sizeof *rows);
    if (rows == NULL) {
        return err_new(ERR_NOMEM);
    }
    size_t count = 0;
    struct store_tx tx = {0};
    err_t e = store_begin(c->service->store, STORE_READ, &tx);
    if (!failed(e)) {
        e = store_sessions_live_of(&tx, c->who.account, rows, MPIN_SESSIONS_MAX, &count);
    }
    store_rollback(&tx);
    for (size_t i = 0; !failed(e) && i < count; i++) {
        struct listed *to = &work->row[work->count++];
        to->id = rows[i].id;
        to->created = rows[i].created;
        memcpy(to->device_id, rows[i].device_id, sizeof to->device_id);
    }
    free(rows);
    return e;
}

static enum call_place sessions_stage(struct call *c, struct shard *s)
{
    (void)s;
    struct sessions_work *work = call_keep(c, sizeof *work);
    const err_t e = list_sessions(c, work);
    if (failed(e)) {
        return problem_world(c, e);
    }
    if (work->count == 0) {
        return answer_sessions(c, work);
    }
    c->scratch = work;
    c->target = work->row[0].id;
    return call_go(c, PLACE_OWNER, freshen_stage);
}

enum call_place sessions_begin(struct call *c, struct shard *s)
{
    if (call_live(c, s) == NULL) {
        return PLACE_DONE;
    }
    return call_go(c, PLACE_COLD, sessions_stage);
}

/* ---- end one of them ---- */

struct delete_work {
    uuid_t session;
};

static enum call_place deleted_stage(struct call *c, struct shard *s)
{
    struct live *live = shard_find_held(s, c->target);
    if (live != NULL) {
        shard_end(s, live, END_REVOKED, true);
    }
    c->status = 204;
    return PLACE_DONE;
}

static enum call_place delete_stage(struct call *c, struct shard *s)
{
    (void)s;
    const struct delete_work *work = c->scratch;
    struct session_row row = {0};
    bool found = false;
    struct store_tx tx = {0};
    err_t e = store_begin(c->service->store, STORE_READ, &tx);
    if (!failed(e)) {
        e = store_session_get(&tx, work->session, &row, &found);
    }
    store_rollback(&tx);
    if (!failed(e) && (!found || row.end != END_NONE || !uuid_eq(row.account, c->who.account))) {
        return problem(c, PROBLEM_SESSION_NOT_FOUND);
    }
    bool now = false;
    enum session_end before = END_NONE;
    if (!failed(e)) {
        e = session_end_stored(c->service, work->session, END_REVOKED, &now, &before);
    }
    if (failed(e)) {
        return problem_world(c, e);
    }
    c->target = work->session;
    return call_go(c, PLACE_OWNER, deleted_stage);
}

enum call_place session_delete_begin(struct call *c, struct shard *s)
{
    struct delete_work *work = call_keep(c, sizeof *work);
    if (call_live(c, s) == NULL) {
        return PLACE_DONE;
    }
    if (failed(uuid_parse(c->param[0], &work->session))) {
        return problem(c, PROBLEM_SESSION_NOT_FOUND);
    }
    c->scratch = work;
    c->restricts = true;
    return call_go(c, PLACE_COLD, delete_stage);
}

/* ---- ticket ---- */

enum call_place ticket_begin(struct call *c, struct shard *s)
{
    struct live *live = call_live(c, s);
    if (live == NULL) {
        return PLACE_DONE;
    }
    char text[TICKET_CHARS + 1];
    if (!live_ticket_make(s, live, text)) {
        return problem_later(c, PROBLEM_UNAVAILABLE, 5);
    }
    struct json_writer w;
    json_writer_init(&w, &c->reply);
    json_begin_object(&w);
    json_name(&w, "ticket");
    json_cstr(&w, text);
    json_name(&w, "expires_in");
    json_int(&w, TICKET_LIFE_S);
    json_end_object(&w);
    return answer_json(c, 200, &w);
}
