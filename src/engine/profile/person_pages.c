/* person_pages.c - is it the same person, by the pages that he goes to? */
#include "engine/people/navigation.h"
#include "engine/profile/person.h"
#include "engine/session/filter.h"

#include <math.h>

#define RUN 2.0 /* steps of one errand follow from each other: two count for one */

enum { SESSIONS_YOUNG = 6 /* below half is said */ };

void person_look_at_page(struct session_state *s, const struct canara_profile *profile,
                         const canara_event_t *event)
{
    const uint64_t to = navigation_page(event);
    const struct part *p = to == 0 ? NULL : profile_table(profile, PART_NAVIGATION);
    const uint64_t from = s->page_hash;
    s->page_hash = to == 0 ? from : to;
    if (p == NULL || !navigation_knows_enough(&p->of.navigation)) {
        return;
    }
    const double ratio =
        navigation_ratio(&p->of.navigation, NULL, from, to, navigation_dwell(event));
    const double nats = ratio / RUN * (p->sessions < SESSIONS_YOUNG ? 0.5 : 1.0);
    const double left = fmax(NAVIGATION_SUM - s->share[SHARE_NAVIGATION], 0.0);
    person_hear(s, SHARE_NAVIGATION, fmin(nats, left), 0.0);
    filter_evidence(s, SHARE_NAVIGATION, fmin(nats, left));
}
