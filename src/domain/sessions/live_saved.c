#include "domain/ground/clock_guard.h"
#include "domain/sessions/live.h"

#include <string.h>

/* The wall clock's moment of a deadline: as late as it is, never later. */
static wall_t wall_of(const struct service *svc, mono_t at)
{
    return wall_after_ms(clock_vouched(svc), mono_ms_between(clock_mono(svc->clock), at));
}

err_t live_save(struct shard *s, const struct live *live, struct buf *out)
{
    canara_session_t room;
    const saved_session_t saved = {
        .id = live->id,
        .account = live->account,
        .created = live->created,
        .last_activity = live->last_activity,
        .expires_max = wall_of(shard_service(s), live->dies),
        .lines = live->lines,
        .events = live->events,
        .seq = live->seq,
        .profile_revision = live->profile_revision,
        .mpin_failures = live->mpin_failures,
        .blocked = live->blocked,
        .restricted = live->restricted,
        .unpinned = live->unpinned,
        .how = live->how,
        .email = {(const uint8_t *)live->email, strlen(live->email)},
        .device_id = {(const uint8_t *)live_device_id(live), strlen(live_device_id(live))},
        .engine = *live_engine(live, &room)};
    return checkpoint_write_session(out, &saved);
}
