#include "engine/profile/samples_of.h"

#include "engine/profile/profile.h"
#include "engine/samples/strokes.h"

static bool knows(const struct canara_profile *profile, const struct sample *s)
{
    const struct part *p = profile == NULL ? NULL : profile_find(profile, s->context);
    return p != NULL && part_is_like(p, s) && p->count >= EVIDENCE_SAMPLES_MIN;
}

void samples_for(const struct canara_profile *profile, const canara_event_t *event,
                 struct sample *work, sample_fn fn, void *ctx)
{
    bool known = false;
    if (sample_of_keys(event, work)) {
        known = knows(profile, work);
        fn(ctx, work);
    } else if (sample_of_summary(event, work)) {
        fn(ctx, work);
    }
    const size_t chunks = known ? 0 : sample_text_chunks(event);
    for (size_t i = 0; i < chunks; i++) {
        sample_of_text(event, i, chunks, work);
        fn(ctx, work);
    }
    strokes_of(event, work, fn, ctx);
    actions_of(event, work, fn, ctx);
}

void samples_of(const canara_event_t *event, struct sample *work, sample_fn fn, void *ctx)
{
    samples_for(NULL, event, work, fn, ctx);
}
