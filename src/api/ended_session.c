/* ended_session.c - sessions that are not live any more: the store remembers how they ended. */
#include "api/routes.h"

bool end_is_block(enum session_end how)
{
    return how == END_BLOCKED || how == END_MPIN_LOCKED || how == END_OPERATOR;
}

err_t find_blocked(struct call *c, struct session_row *row, bool *readable)
{
    const wall_t now = clock_wall(c->service->clock);
    bool found = false;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(c->service->store, STORE_READ, &tx));
    TRY(store_session_get(&tx, c->who.session, row, &found));
    /* It lived until it was blocked, whatever the store last heard of its activity. */
    const int64_t seen_ms =
        row->ended.ms > row->last_activity.ms ? row->ended.ms : row->last_activity.ms;
    const int64_t idle_ms = now.ms - seen_ms;
    *readable = found && end_is_block(row->end) && idle_ms < c->service->rules.session_idle_ms &&
                now.ms < row->expires_max.ms;
    return ERR_OK;
}

static enum call_place answer_ended(struct call *c, enum problem when_blocked)
{
    struct session_row *row = call_keep(c, sizeof *row);
    bool readable = false;
    const err_t e = find_blocked(c, row, &readable);
    if (failed(e)) {
        return problem_world(c, e);
    }
    return problem(c, readable ? when_blocked : PROBLEM_UNAUTHORIZED);
}

/* MPIN routes of a session that is not live: 403 if it was blocked, else 401. */
enum call_place ended_stage(struct call *c, struct shard *s)
{
    (void)s;
    return answer_ended(c, PROBLEM_SESSION_BLOCKED);
}

enum call_place upgrade_ended_stage(struct call *c, struct shard *s)
{
    (void)s;
    return answer_ended(c, PROBLEM_SESSION_GONE);
}
