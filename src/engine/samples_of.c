#include "engine/samples_of.h"

void samples_of(const canara_event_t *event, struct sample *work, sample_fn fn, void *ctx)
{
    if (sample_of_keys(event, work) || sample_of_summary(event, work)) {
        fn(ctx, work);
    }
}
