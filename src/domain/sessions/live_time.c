#include "domain/ground/clock_guard.h"
#include "domain/sessions/live.h"

mono_t live_deadline(const struct service *svc, const struct live *live)
{
    const mono_t idle = mono_after_ms(live->active, svc->rules.session_idle_ms);
    return idle.ns < live->dies.ns ? idle : live->dies;
}

int64_t live_seconds_left(struct shard *s, const struct live *live)
{
    const struct service *svc = shard_service(s);
    const int64_t ns = live_deadline(svc, live).ns - clock_mono(svc->clock).ns;
    return ns <= 0 ? 0 : (ns + NS_PER_S - 1) / NS_PER_S;
}

wall_t live_expires_at(struct shard *s, const struct live *live)
{
    const struct service *svc = shard_service(s);
    const int64_t ms = mono_ms_between(clock_mono(svc->clock), live_deadline(svc, live));
    return wall_after_ms(clock_wall(svc->clock), ms);
}

/* Whether its time would be over by the wall clock. That counts what the monotonic one does not: a
 * machine that slept, or that its host paused. */
static bool is_past(const struct service *svc, const struct live *live, wall_t now)
{
    return now.ms - live->last_activity.ms >= svc->rules.session_idle_ms ||
           now.ms - live->created.ms >= svc->rules.session_age_ms;
}

bool live_is_doubted(const struct service *svc, const struct live *live)
{
    return is_past(svc, live, clock_latest(svc));
}

bool live_is_over(const struct service *svc, const struct live *live, mono_t now)
{
    return now.ns >= live_deadline(svc, live).ns ||
           (live_is_doubted(svc, live) && is_past(svc, live, clock_vouched(svc)));
}

void live_touch(struct shard *s, struct live *live)
{
    const struct service *svc = shard_service(s);
    live->active = clock_mono(svc->clock);
    live->last_activity = clock_latest(svc);
}
