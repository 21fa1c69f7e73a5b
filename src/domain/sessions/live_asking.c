#include "domain/ground/bucket.h"
#include "domain/sessions/live.h"

bool live_may_ask(struct shard *s, struct live *live, uint32_t *wait_s)
{
    const struct service *svc = shard_service(s);
    return bucket_take(&live->asked_until, svc->rules.evaluate_per_session, clock_mono(svc->clock),
                       wait_s);
}
