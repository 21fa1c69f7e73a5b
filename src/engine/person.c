#include "engine/person.h"

#include "engine/filter.h"

#include <math.h>

double person_weigh(double l, double bias, const struct person_weight *w)
{
    const double weight = fmin(fmax(w->weight, 0.0), PERSON_WEIGHT_MAX);
    const double weighed = weight * (l - bias - w->centre);
    return fmin(fmax(weighed, -w->limit), w->limit) / fmax(w->variance, 1.0);
}

/* Which modality an event speaks of; SHARES for none. */
static enum share share_of(enum canara_event_kind kind)
{
    switch (kind) {
    case CANARA_TYPING_PATTERN:
    case CANARA_KEYSTROKES: return SHARE_TYPING;
    case CANARA_NAVIGATION_PATTERN: return SHARE_NAVIGATION;
    case CANARA_MOUSE_MOVEMENT:
    case CANARA_POINTER: return SHARE_POINTER;
    case CANARA_TOUCH:
    case CANARA_SCROLL: return SHARE_TOUCH;
    case CANARA_MOTION: return SHARE_MOTION;
    case CANARA_RAPID_CLICKS:
    case CANARA_TRANSACTION_ATTEMPT:
    case CANARA_LARGE_TRANSACTION:
    case CANARA_COPY_PASTE_BEHAVIOR:
    case CANARA_UNUSUAL_NAVIGATION:
    case CANARA_NEW_BENEFICIARY:
    case CANARA_OFF_HOURS_ACTIVITY:
    case CANARA_MULTIPLE_LOGIN_ATTEMPTS:
    case CANARA_IDLE_TIMEOUT:
    case CANARA_NORMAL_TYPING:
    case CANARA_DEVICE_CONTEXT:
    case CANARA_LIFECYCLE:
    case CANARA_UNKNOWN:
    case CANARA_EVENT_KINDS: return SHARES;
    }
    return SHARES;
}

/* The calibrated log ratio of an event under the owner's profile; 0 while none is learnt. */
static double person_evidence(const struct canara_profile *profile, const canara_event_t *event)
{
    (void)profile;
    (void)event;
    return 0.0;
}

void person_look(struct session_state *s, const struct canara_profile *profile,
                 const canara_event_t *event)
{
    static const struct person_weight unlearnt = {
        .centre = 0.0, .weight = 0.0, .limit = 0.5, .variance = 1.0};
    const enum share share = share_of(event->kind);
    if (share == SHARES) {
        return;
    }
    const double l = person_evidence(profile, event);
    filter_evidence(s, share, person_weigh(l, 0.0, &unlearnt));
}
