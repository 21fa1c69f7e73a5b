#include "domain/ground/bucket.h"

static int64_t window_ns(throttle_t limit)
{
    return (int64_t)limit.window_s * NS_PER_S;
}

/* When the bucket will be empty after one use more. */
static int64_t after_one(mono_t empty, throttle_t limit, mono_t now)
{
    const int64_t from = empty.ns > now.ns ? empty.ns : now.ns;
    return from + window_ns(limit) / (int64_t)limit.count;
}

bool bucket_has_room(mono_t empty, throttle_t limit, mono_t now, uint32_t *wait_s)
{
    if (limit.count == 0) {
        return true;
    }
    const int64_t over_ns = after_one(empty, limit, now) - now.ns - window_ns(limit);
    if (over_ns <= 0) {
        return true;
    }
    *wait_s = (uint32_t)((over_ns + NS_PER_S - 1) / NS_PER_S);
    return false;
}

bool bucket_take(mono_t *empty, throttle_t limit, mono_t now, uint32_t *wait_s)
{
    if (!bucket_has_room(*empty, limit, now, wait_s)) {
        return false;
    }
    if (limit.count > 0) {
        empty->ns = after_one(*empty, limit, now);
    }
    return true;
}
