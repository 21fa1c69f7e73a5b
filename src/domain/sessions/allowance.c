#include "domain/sessions/allowance.h"

/* How long `n` take at `rate` a second. A part of a nanosecond is given away: parts of a message never
 * cost more than the whole. */
static int64_t cost_ns(uint64_t n, uint32_t rate)
{
    MUST(n <= (uint64_t)INT64_MAX / NS_PER_S - 1);
    return (int64_t)(n * (uint64_t)NS_PER_S / rate);
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* `then`: the moment at which a bucket is full after this. False: it does not hold so much. */
static bool charge(mono_t full, int64_t cost, int64_t room, mono_t now, mono_t *then)
{
    const int64_t from = longer(full.ns, now.ns);
    if (cost > room || from - now.ns > room - cost) {
        return false;
    }
    *then = (mono_t){from + cost};
    return true;
}

static bool charge_events(struct live *live, uint32_t rate, size_t count, mono_t now)
{
    const int64_t room = longer(NS_PER_S, cost_ns(LIMIT_EVENTS_PER_MESSAGE, rate));
    return charge(live->events_full, cost_ns(count, rate), room, now, &live->events_full);
}

static bool charge_bytes(struct live *live, uint32_t rate, size_t bytes, mono_t now)
{
    const int64_t message = cost_ns(LIMIT_WS_MESSAGE_BYTES, rate);
    const int64_t room = longer(LIMIT_EVENT_BYTES_BURST_S * NS_PER_S, message);
    const int64_t first = cost_ns(LIMIT_EVENT_BYTES_FIRST, rate);
    const mono_t full =
        live->bytes_full.ns != 0 ? live->bytes_full : (mono_t){now.ns + longer(0, room - first)};
    return charge(full, cost_ns(bytes, rate), room, now, &live->bytes_full);
}

bool live_allows_bytes(struct shard *s, struct live *live, size_t bytes, mono_t now)
{
    const rules_t *rules = &shard_service(s)->rules;
    return rules->events_per_second == 0 || rules->event_bytes_per_second == 0 ||
           charge_bytes(live, rules->event_bytes_per_second, bytes, now);
}

bool live_allows_events(struct shard *s, struct live *live, size_t count, mono_t now)
{
    const rules_t *rules = &shard_service(s)->rules;
    return rules->events_per_second == 0 ||
           charge_events(live, rules->events_per_second, count, now);
}
