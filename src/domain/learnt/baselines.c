#include "domain/learnt/baselines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t count_of(const struct baselines *b, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < b->count; i++) {
        n += strcmp(b->row[i].name, name) == 0 ? 1U : 0U;
    }
    return n;
}

static void forget(struct baselines *b, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->count; i++) {
        if (strcmp(b->row[i].name, name) != 0) {
            b->row[kept++] = b->row[i];
        }
    }
    b->count = kept;
}

static bool is_too_soon(const struct baselines *b, const canara_event_t *event, wall_t at)
{
    return b != NULL && b->kind == (int)event->kind && at.ms >= b->noted.ms &&
           at.ms < b->noted.ms + BASELINES_APART_MS;
}

void baselines_note(struct baselines **place, const struct canara_profile *profile,
                    const canara_event_t *event, wall_t at)
{
    if (is_too_soon(*place, event, at)) {
        return;
    }
    canara_baseline_t found[CANARA_BASELINES_MAX];
    const size_t count = canara_baselines(profile, event, found);
    if (count == 0) {
        return;
    }
    if (*place == NULL) {
        *place = calloc(1, sizeof **place);
    }
    struct baselines *b = *place;
    if (b == NULL) {
        return;
    }
    b->noted = at;
    b->kind = (int)event->kind;
    for (size_t i = 0; i < count; i++) {
        forget(b, found[i].name);
    }
    for (size_t i = 0; i < count && b->count < BASELINES_KEPT; i++) {
        if (count_of(b, found[i].name) < BASELINES_PER_REASON) {
            b->row[b->count++] = found[i];
        }
    }
}

void baselines_free(struct baselines **place)
{
    free(*place);
    *place = NULL;
}
