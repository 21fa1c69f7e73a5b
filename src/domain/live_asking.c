#include "domain/live.h"

/* A leaky bucket as the cells of ATM had it (GCRA, ITU-T I.371): what is kept is when the bucket will be
 * empty, and each question fills it by its share of the window. */
bool live_may_ask(struct shard *s, struct live *live, uint32_t *wait_s)
{
    const throttle_t limit = shard_service(s)->rules.evaluate_per_session;
    if (limit.count == 0) {
        return true;
    }
    const mono_t now = clock_mono(shard_service(s)->clock);
    const int64_t window_ns = (int64_t)limit.window_s * NS_PER_S;
    const int64_t share_ns = window_ns / (int64_t)limit.count;
    const int64_t empty_ns = live->asked_until.ns > now.ns ? live->asked_until.ns : now.ns;
    const int64_t over_ns = empty_ns + share_ns - now.ns - window_ns;
    if (over_ns > 0) {
        *wait_s = (uint32_t)((over_ns + NS_PER_S - 1) / NS_PER_S);
        return false;
    }
    live->asked_until.ns = empty_ns + share_ns;
    return true;
}
