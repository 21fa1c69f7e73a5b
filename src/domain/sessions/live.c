#include "domain/sessions/live.h"

#include "base/rng.h"
#include "base/util.h"
#include "codec/json_write.h"
#include "crypto/token.h"
#include "domain/ground/clock_guard.h"
#include "domain/learnt/baselines.h"
#include "domain/learnt/profile.h"
#include "domain/sessions/behaviour.h"
#include "domain/sessions/rest.h"
#include "domain/sessions/sleepers.h"
#include "domain/sessions/tutor.h"

#include <stdlib.h>
#include <string.h>

enum { SLEEP_ON_MS = 1000 };

/* What the ledger had no room for. */
#define LEDGER_REFUSED UINT64_MAX

struct shard {
    struct service *service;
    struct ledger *ledger;
    struct journal_lane *lane;
    struct shard_watcher *watcher;
    struct slab sessions;
    struct blocks blocks;
    struct map by_id;
    struct timer_wheel wheel;
    struct shard_metrics metrics;
    struct event_scratch *scratch; /* NULL until somebody wakes */
};

/* What a session owns beside its place. */
static void release(struct shard *s, struct live *live)
{
    canara_profile_free(&live->profile);
    baselines_free(&live->baselines);
    mind_drop(s, live);
    if (live->email != NULL) {
        const char *device = live_device_id(live);
        blocks_give(&s->blocks, live->email, (size_t)(device - live->email) + strlen(device) + 1);
        live->email = NULL;
    }
}

err_t shard_new(const struct shard_config *config, struct shard **out)
{
    struct shard *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return err_new(ERR_NOMEM);
    }
    s->service = config->service;
    s->ledger = config->ledger;
    s->lane = config->lane;
    s->watcher = config->watcher;
    slab_init(&s->sessions, sizeof(struct live), config->sessions_max);
    uint64_t seed = 0;
    rng_fill(&seed, sizeof seed);
    map_init(&s->by_id, seed);
    blocks_init(&s->blocks);
    timer_wheel_init(&s->wheel, clock_mono(s->service->clock));
    *out = s;
    return ERR_OK;
}

void shard_free(struct shard **s)
{
    if (*s == NULL) {
        return;
    }
    for (uint32_t i = 0; i < (*s)->sessions.seen; i++) {
        if (slab_is_taken(&(*s)->sessions, i)) {
            release(*s, slab_at(&(*s)->sessions, i));
        }
    }
    slab_deinit(&(*s)->sessions);
    blocks_deinit(&(*s)->blocks);
    map_deinit(&(*s)->by_id);
    free((*s)->scratch);
    free(*s);
    *s = NULL;
}

struct shard_metrics *shard_metrics(struct shard *s)
{
    return &s->metrics;
}

struct service *shard_service(struct shard *s)
{
    return s->service;
}

struct journal_lane *shard_lane(struct shard *s)
{
    return s->lane;
}

struct shard_watcher *shard_watcher_of(struct shard *s)
{
    return s->watcher;
}

const struct canara_profile *live_profile(struct shard *s, const struct live *live)
{
    return live->profile != NULL ? live->profile : s->service->stranger;
}

struct blocks *shard_blocks(struct shard *s)
{
    return &s->blocks;
}

size_t shard_count(const struct shard *s)
{
    return s->by_id.count;
}

/* ---- time ---- */

void live_arm(struct shard *s, struct live *live)
{
    mono_t at = live_deadline(s->service, live);
    const int64_t rest_ms = s->service->rules.rest_after_ms;
    const mono_t soon = mono_after_ms(clock_mono(s->service->clock), SLEEP_ON_MS);
    if (live->block_place == LEDGER_REFUSED || live->untold) {
        at = soon;
    } else if (rest_ms > 0 && live_may_rest(live)) {
        const mono_t rest = mono_after_ms(live->active, rest_ms);
        const mono_t look = rest.ns > soon.ns ? rest : soon;
        at = look.ns < at.ns ? look : at;
    }
    timer_set(&s->wheel, &live->expiry, at);
}

static void rest_if_idle(struct shard *s, struct live *live)
{
    const rules_t *rules = &s->service->rules;
    const mono_t now = clock_mono(s->service->clock);
    if (rules->rest_after_ms > 0 && live_may_rest(live) &&
        mono_ms_between(live->active, now) >= rules->rest_after_ms) {
        (void)live_rest(s, live); /* if not, it is asked again: live_arm() */
    }
}

/* ---- leaving ---- */

static void level_gauge(struct shard *s, uint8_t level, int64_t by)
{
    gauge_add(&s->metrics.by_level[level < 4 ? level : 3], by);
}

void live_recount(struct shard *s, struct live *live)
{
    const enum live_use use = live->asleep         ? LIVE_ASLEEP
                              : live->mind == NULL ? LIVE_RESTING
                                                   : LIVE_AWAKE;
    gauge_add(&s->metrics.by_use[live->use], -1);
    gauge_add(&s->metrics.by_use[use], 1);
    live->use = (uint8_t)use;
}

static void forget(struct shard *s, struct live *live)
{
    gauge_add(&s->metrics.by_use[live->use], -1);
    level_gauge(s, live->blocked ? (uint8_t)CANARA_LEVEL_BLOCKED : live->shown_level, -1);
    timer_cancel(&s->wheel, &live->expiry);
    (void)map_remove(&s->by_id, live->id);
    release(s, live);
    slab_give(&s->sessions, live->index);
}

/* Where the ledger keeps it; LEDGER_REFUSED: nowhere. `how` END_NONE: a challenge. */
static uint64_t tell_ledger(struct shard *s, const struct live *live, enum session_end how)
{
    uint64_t place = LEDGER_REFUSED;
    canara_verdict_t now = {0};
    const wall_t at = clock_wall(s->service->clock);
    canara_session_t room;
    canara_peek(live_engine(live, &room), &s->service->rules.risk, at.ms, &now);
    const ledger_item_t item = {.session = live->id,
                                .account = live->account,
                                .at = how == END_NONE ? live->last_activity : at,
                                .risk = now.risk,
                                .level = (uint8_t)now.level,
                                .mpin_required = now.mpin_required != 0,
                                .how = how};
    if (failed(ledger_post(s->ledger, &item, &place))) {
        log_event(s->service->log, LOG_WARN, "ledger.full", FIELD_UUID("session", live->id));
    }
    return place;
}

void shard_owe(struct shard *s, struct live *live)
{
    live->untold = tell_ledger(s, live, END_NONE) == LEDGER_REFUSED;
    live_arm(s, live);
}

/* What the ledger had no room for. */
static void tell_again(struct shard *s, struct live *live)
{
    if (live->untold) {
        shard_owe(s, live);
    }
    if (live->block_place == LEDGER_REFUSED) {
        live->block_place = tell_ledger(s, live, (enum session_end)live->how);
    }
}

static bool is_block_stored(const struct shard *s, const struct live *live)
{
    return live->block_place == 0 || ledger_has_written(s->ledger, live->block_place);
}

static void journal_end(struct shard *s, struct live *live, enum session_end how)
{
    char data[64];
    struct json_writer w;
    json_writer_init_fixed(&w, data, sizeof data);
    json_begin_object(&w);
    json_name(&w, "how");
    json_int(&w, (int64_t)how);
    json_end_object(&w);
    const journal_record_t record = {.kind = JOURNAL_SESSION_END,
                                     .session = live->id,
                                     .account = live->account,
                                     .at = clock_wall(s->service->clock),
                                     .seq = JOURNAL_NO_SEQ,
                                     .fact = JOURNAL_NO_FACT,
                                     .type = SPAN_LIT("session_ended"),
                                     .data = json_written(&w)};
    if (failed(journal_append(s->lane, &record, &live->position))) {
        log_event(s->service->log, LOG_WARN, "journal.refused", FIELD_UUID("session", live->id));
    }
}

static void count_block(struct shard_metrics *m, enum session_end how)
{
    counter_add(how == END_MPIN_LOCKED ? &m->blocks_mpin
                : how == END_OPERATOR  ? &m->blocks_operator
                                       : &m->blocks_risk,
                1);
}

/* A blocked session stays readable: only its socket and its right to act are gone. */
static void keep_blocked(struct shard *s, struct live *live, enum session_end how, bool stored)
{
    if (live->blocked) {
        return;
    }
    level_gauge(s, live->shown_level, -1);
    level_gauge(s, (uint8_t)CANARA_LEVEL_BLOCKED, 1);
    live->blocked = true;
    live->how = (uint8_t)how;
    live->shown_level = (uint8_t)CANARA_LEVEL_BLOCKED;
    count_block(&s->metrics, how);
    if (!stored) {
        live->block_place = tell_ledger(s, live, how);
        live_arm(s, live);
    }
    log_event(s->service->log, LOG_NOTICE, "session.blocked", FIELD_UUID("session", live->id),
              FIELD_INT("how", (int64_t)how));
    s->watcher->notify(s->watcher, live, NOTICE_BLOCKED, how, NULL);
}

void shard_end(struct shard *s, struct live *live, enum session_end how, bool stored)
{
    if (how == END_BLOCKED || how == END_MPIN_LOCKED || how == END_OPERATOR) {
        keep_blocked(s, live, how, stored);
        return;
    }
    tell_again(s, live);
    if (!is_block_stored(s, live) && (!stored || live->block_place == LEDGER_REFUSED)) {
        timer_set(&s->wheel, &live->expiry,
                  mono_after_ms(clock_mono(s->service->clock), SLEEP_ON_MS));
        return;
    }
    if (how == END_EXPIRED) {
        counter_add(&s->metrics.expired, 1);
    }
    journal_end(s, live, how);
    if (!stored && !live->blocked) {
        (void)tell_ledger(s, live, how);
    }
    log_event(s->service->log, LOG_INFO, "session.ended", FIELD_UUID("session", live->id),
              FIELD_INT("how", (int64_t)how));
    s->watcher->notify(s->watcher, live, NOTICE_ENDED, how, NULL);
    tutor_hand_in(s->service, s->lane, live);
    forget(s, live);
}

/* ---- finding ---- */

struct live *shard_peek(struct shard *s, uuid_t id)
{
    uint32_t index = 0;
    return map_get(&s->by_id, id, &index) ? slab_at(&s->sessions, index) : NULL;
}

struct live *shard_find_held(struct shard *s, uuid_t id)
{
    uint32_t index = 0;
    if (!map_get(&s->by_id, id, &index)) {
        return NULL;
    }
    struct live *live = slab_at(&s->sessions, index);
    if (live->asleep &&
        (live_is_called(live) || !live_is_over(s->service, live, clock_mono(s->service->clock))) &&
        !sleeper_wake(s, &live)) {
        return NULL;
    }
    return shard_expire(s, live, clock_mono(s->service->clock)) ? NULL : live;
}

struct live *shard_find(struct shard *s, uuid_t id)
{
    struct live *live = shard_find_held(s, id);
    return live == NULL || shard_shuts_out(s, live, clock_mono(s->service->clock)) ? NULL : live;
}

bool shard_shuts_out(struct shard *s, struct live *live, mono_t now)
{
    if (shard_expire(s, live, now)) {
        return true;
    }
    if (!live_is_doubted(s->service, live)) {
        return false;
    }
    s->watcher->notify(s->watcher, live, NOTICE_ENDED, END_EXPIRED, NULL);
    return true;
}

bool shard_expire(struct shard *s, struct live *live, mono_t now)
{
    if (!live_is_over(s->service, live, now)) {
        return false;
    }
    shard_end(s, live, END_EXPIRED, false);
    return true;
}

static void expiry_fired(struct timer *t, void *context)
{
    struct shard *s = context;
    struct live *live = CONTAINER_OF(t, struct live, expiry);
    if (!live_is_over(s->service, live, clock_mono(s->service->clock))) {
        tell_again(s, live);
        rest_if_idle(s, live);
        live_arm(s, live); /* there was activity since, or it rests */
        return;
    }
    if (live->asleep && live_is_called(live)) { /* what it has to play may be activity */
        timer_set(&s->wheel, t, mono_after_ms(clock_mono(s->service->clock), SLEEP_ON_MS));
        return;
    }
    shard_end(s, live, END_EXPIRED, false);
}

int64_t shard_advance(struct shard *s)
{
    const mono_t now = clock_mono(s->service->clock);
    timer_wheel_advance(&s->wheel, now, expiry_fired, s);
    return timer_wheel_next(&s->wheel, now);
}

void shard_each(struct shard *s, void (*each)(void *ctx, struct live *live), void *ctx)
{
    for (uint32_t i = 0; i < s->sessions.seen; i++) {
        if (slab_is_taken(&s->sessions, i)) {
            each(ctx, slab_at(&s->sessions, i));
        }
    }
}

/* ---- beginning ---- */

static err_t copy_names(struct shard *s, struct live *live, const char *email, const char *device)
{
    const size_t email_len = strlen(email) + 1;
    const size_t device_len = strlen(device) + 1;
    live->email = blocks_take(&s->blocks, email_len + device_len);
    if (live->email == NULL) {
        return err_new(ERR_NOMEM);
    }
    memcpy(live->email, email, email_len);
    memcpy(live->email + email_len, device, device_len);
    return ERR_OK;
}

static err_t take_place(struct shard *s, const session_seed_t *seed, struct live **out)
{
    uint32_t index = 0;
    TRY(slab_take(&s->sessions, &index));
    struct live *live = slab_at(&s->sessions, index);
    live->index = index;
    live->id = seed->row.id;
    live->account = seed->row.account;
    live->mind = blocks_take(&s->blocks, sizeof *live->mind);
    const err_t named = copy_names(s, live, seed->email, seed->row.device_id);
    if (live->mind == NULL || failed(named) || failed(map_put(&s->by_id, live->id, index))) {
        release(s, live);
        slab_give(&s->sessions, index);
        return err_new(ERR_NOMEM);
    }

    /* As much of its time is gone as is vouched for; what may be gone, live_is_doubted() sees. */
    const wall_t wall = clock_vouched(s->service);
    const mono_t mono = clock_mono(s->service->clock);
    live->created = seed->row.created;
    live->last_activity = seed->row.last_activity;
    live->active = mono_after_ms(mono, seed->row.last_activity.ms - wall.ms);
    live->dies = mono_after_ms(mono, seed->row.expires_max.ms - wall.ms);
    /* The wall clock may have been set back: no session gains more than a new one has. */
    const mono_t oldest = mono_after_ms(mono, s->service->rules.session_age_ms);
    live->active = live->active.ns < mono.ns ? live->active : mono;
    live->dies = live->dies.ns < oldest.ns ? live->dies : oldest;
    live->seq = -1;
    live->seq_durable = -1;
    live->mpin_failures = seed->mpin_failures;
    live->restricted = seed->restricted;
    live->owes = seed->owes;
    live->mpin_due = seed->row.mpin_required;
    live->profile = seed->profile; /* nothing fails any more */
    live->profile_revision = seed->profile_revision;
    canara_session_begin(&live->mind->engine, seed->row.created.ms);
    live_arm(s, live);
    level_gauge(s, (uint8_t)CANARA_LEVEL_NORMAL, 1);
    gauge_add(&s->metrics.by_use[live->use], 1);
    *out = live;
    return ERR_OK;
}

/* From a time that never was: neither its tokens nor its age are good for anything. */
static void end_the_future(struct shard *s, struct live *live)
{
    const wall_t latest = clock_latest(s->service);
    if (live->created.ms > latest.ms + TOKEN_FUTURE_S * MS_PER_S) {
        live->dies = clock_mono(s->service->clock);
    }
}

err_t shard_restore(struct shard *s, const session_seed_t *seed, struct live **out)
{
    TRY(take_place(s, seed, out));
    end_the_future(s, *out);
    return ERR_OK;
}

err_t shard_restore_saved(struct shard *s, const saved_session_t *saved, struct live **out)
{
    session_seed_t seed = {.row = {.id = saved->id,
                                   .account = saved->account,
                                   .created = saved->created,
                                   .last_activity = saved->last_activity,
                                   .expires_max = saved->expires_max},
                           .restricted = saved->restricted,
                           .mpin_failures = saved->mpin_failures,
                           .profile_revision = saved->profile_revision};
    struct live *live = NULL;
    if (saved->email.len >= sizeof seed.email ||
        saved->device_id.len >= sizeof seed.row.device_id) {
        return err_new(ERR_FORMAT);
    }
    memcpy(seed.email, saved->email.ptr, saved->email.len);
    memcpy(seed.row.device_id, saved->device_id.ptr, saved->device_id.len);
    TRY(take_place(s, &seed, &live));
    end_the_future(s, live);
    live->mind->engine = saved->engine;
    live->lines = saved->lines;
    live->events = saved->events;
    live->seq = saved->seq;
    live->seq_durable = saved->seq;
    live->unpinned = saved->unpinned;
    live->asleep = true;
    mind_put_away(s, live);
    live_recount(s, live);
    live_arm(s, live);
    *out = live;
    return ERR_OK;
}

err_t shard_save_some(struct shard *s, uint32_t most, uint32_t *place, struct buf *out,
                      uint32_t *saved, bool *more)
{
    size_t begun = 0;
    uint32_t count = 0;
    TRY(checkpoint_begin_block(out, &begun));
    uint32_t at = *place;
    for (; at < s->sessions.seen && count < most; at++) {
        if (slab_is_taken(&s->sessions, at)) {
            TRY(live_save(s, slab_at(&s->sessions, at), out));
            count++;
        }
    }
    checkpoint_end_block(out, begun, count);
    *place = at;
    *saved = count;
    *more = at < s->sessions.seen;
    return ERR_OK;
}

struct event_scratch *shard_scratch(struct shard *s)
{
    if (s->scratch == NULL) {
        s->scratch = malloc(sizeof *s->scratch);
    }
    return s->scratch;
}

void shard_restore_activity(struct shard *s, struct live *live, wall_t at)
{
    const int64_t past_ms = clock_vouched(s->service).ms - at.ms;
    if (at.ms <= live->last_activity.ms || at.ms > clock_wall(s->service->clock).ms) {
        return;
    }
    live->last_activity = at;
    live->active = mono_after_ms(clock_mono(s->service->clock), past_ms > 0 ? -past_ms : 0);
}

static void journal_open_record(struct shard *s, struct live *live, const session_seed_t *seed)
{
    char data[512];
    struct json_writer w;
    json_writer_init_fixed(&w, data, sizeof data);
    json_begin_object(&w);
    json_name(&w, "new_device");
    json_bool(&w, seed->new_device);
    json_name(&w, "restricted");
    json_bool(&w, seed->restricted);
    profile_pin_write(s->service, seed->profile_revision, &w);
    json_end_object(&w);
    const journal_record_t record = {.kind = JOURNAL_SESSION_OPEN,
                                     .session = live->id,
                                     .account = live->account,
                                     .at = seed->row.created,
                                     .seq = JOURNAL_NO_SEQ,
                                     .fact = JOURNAL_NO_FACT,
                                     .type = SPAN_LIT("session_opened"),
                                     .data = json_written(&w)};
    if (failed(journal_append(s->lane, &record, &live->position))) {
        log_event(s->service->log, LOG_WARN, "journal.refused", FIELD_UUID("session", live->id));
    }
}

err_t shard_open(struct shard *s, const session_seed_t *seed, struct live **out)
{
    struct live *live = NULL;
    const err_t e = take_place(s, seed, &live);
    if (failed(e)) {
        struct canara_profile *unused = seed->profile;
        canara_profile_free(&unused);
        return e;
    }
    live_touch(s, live);
    journal_open_record(s, live, seed);
    if (seed->new_device) {
        (void)behaviour_fact(s, live, "device_new", SPAN_LIT("{}"), CANARA_FACT_NEW_DEVICE, 0.0);
    }
    if (seed->unproved_device) {
        (void)behaviour_fact(s, live, "device_unproved", SPAN_LIT("{}"),
                             CANARA_FACT_UNPROVED_DEVICE, 0.0);
    }
    if (seed->restricted || seed->owes) {
        behaviour_ask(s, live, ASK_FOR_ACCOUNT);
    }
    behaviour_show(s, live);
    *out = live;
    return ERR_OK;
}
