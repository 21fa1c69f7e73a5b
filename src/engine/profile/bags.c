#include "engine/profile/bags.h"

#include "engine/arithmetic/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GATE_NATS (-0.7) /* evidence for the owner that the modality must have given */

static struct bag *find(const struct canara_profile *profile, uint64_t context)
{
    for (size_t i = 0; i < profile->bags; i++) {
        if (profile->bag[i]->own.context == context) {
            return profile->bag[i];
        }
    }
    return NULL;
}

static struct bag *least_known(const struct canara_profile *profile)
{
    struct bag *least = profile->bag[0];
    for (size_t i = 1; i < profile->bags; i++) {
        if (profile->bag[i]->own.accepted < least->own.accepted) {
            least = profile->bag[i];
        }
    }
    return least;
}

/* Whether there is a bag for a new context, or one that may make room for it. */
static bool has_place(const struct canara_profile *profile)
{
    return profile->bags < PROFILE_BAGS || profile_may_push_out(profile) ||
           least_known(profile)->own.sessions < PROFILE_SESSIONS_NEEDED;
}

/* A bag without anything in it; the one that is known least makes room. NULL: no memory. */
static struct bag *begin(struct canara_profile *profile, const struct sample *s)
{
    struct bag *b = NULL;
    if (profile->bags == PROFILE_BAGS) {
        b = least_known(profile);
        bag_deinit(b);
    } else {
        b = malloc(sizeof *b);
        if (b == NULL) {
            return NULL;
        }
        profile->bag[profile->bags++] = b;
    }
    bag_begin(b, s);
    return b;
}

/* ---- learning ---- */

static bool passes(const struct canara_profile *profile, const struct bag *b,
                   const struct sample *s, double *nats)
{
    struct opinion opinion;
    struct fusion alone;
    *nats = NAN;
    if (profile->lesson->trust == CANARA_TRUST_ENROLMENT || b->own.accepted < BAG_YOUNG) {
        return true;
    }
    if (!bags_opinion(profile, s, &alone, &opinion)) {
        return false;
    }
    *nats = opinion.nats;
    return (double)profile->lesson->ended.heard[sample_share(s->kind)] < GATE_NATS;
}

enum canara_status bags_teach(struct canara_profile *profile, const struct sample *s, int64_t at_ms)
{
    canara_lesson_t *counts = &profile->lesson->counts;
    struct bag *b = find(profile, s->context);
    if (b == NULL && !has_place(profile)) {
        counts->seen++;
        counts->refused++;
        return CANARA_OK;
    }
    if (b == NULL) {
        b = begin(profile, s);
    }
    if (b == NULL) {
        return CANARA_NO_MEMORY;
    }
    double nats = NAN;
    counts->seen++;
    if (!bag_is_like(b, s) || !passes(profile, b, s, &nats)) {
        counts->refused++;
        return CANARA_OK;
    }
    const bool at_once =
        profile->lesson->trust == CANARA_TRUST_ENROLMENT || b->own.accepted < BAG_YOUNG;
    const enum canara_status status = bag_add(b, s, at_once, at_ms);
    if (status == CANARA_FULL) {
        counts->refused++;
        return CANARA_OK;
    }
    if (status == CANARA_OK) {
        counts->accepted++;
        if (!isnan(nats)) {
            own_note_score(&b->own, nats);
        }
    }
    return status;
}

static const struct crowd *crowd_of(const struct canara_profile *profile, const struct own *o)
{
    return profile->model == NULL
               ? NULL
               : crowds_of(&profile->model->crowds, o->context, o->kind, o->features);
}

enum canara_status bags_work_out(struct canara_profile *profile)
{
    for (size_t i = 0; i < profile->bags && profile->model != NULL; i++) {
        const enum canara_status status = bag_work_out(
            profile->bag[i], crowd_of(profile, &profile->bag[i]->own), profile->model->simulated);
        if (status != CANARA_OK) {
            return status;
        }
    }
    return CANARA_OK;
}

enum canara_status bags_settle(struct canara_profile *profile, int64_t at_ms)
{
    bool any = false;
    for (size_t i = 0; i < profile->bags; i++) {
        if (profile->bag[i]->touched) {
            bag_release(profile->bag[i], at_ms);
            any = true;
        }
    }
    const enum canara_status status = any ? bags_work_out(profile) : CANARA_OK;
    for (size_t i = 0; i < profile->bags && status == CANARA_OK; i++) {
        profile->bag[i]->touched = false; /* without memory they are worked out when asked again */
    }
    return status;
}

/* ---- scoring ---- */

bool bags_have_crowd(const struct canara_profile *profile, const struct sample *s)
{
    return profile->model != NULL &&
           crowds_of(&profile->model->crowds, s->context, (uint8_t)s->kind, s->count) != NULL;
}

/* Scores of a sample, and the fusion for them; NULL: too little of it is there. */
static const struct fusion *judge(const struct own *o, const struct crowd *crowd,
                                  const struct sample *s, struct fusion *alone,
                                  double score[SCORES])
{
    if (o->form == OWN_ALONE) {
        memset(score, 0, SCORES * sizeof *score);
        self_fusion(o->known, alone);
        return self_score(&o->self, s, &score[SCORE_NEAREST]) ? alone : NULL;
    }
    uint8_t bins[CROWD_FEATURES_MAX];
    crowd_bins(crowd, s, bins);
    own_scores(o, crowd, bins, score);
    return &crowd->fusion[crowd_bucket(o->known)];
}

bool bags_opinion(const struct canara_profile *profile, const struct sample *s,
                  struct fusion *alone, struct opinion *out)
{
    const struct bag *b = find(profile, s->context);
    if (b == NULL || !bag_is_like(b, s) || profile->model == NULL) {
        return false;
    }
    const struct own *o = &b->own;
    const struct crowd *crowd = crowd_of(profile, o);
    if (o->form == OWN_NOTHING || o->crowd_id != (crowd == NULL ? 0 : crowd->id) ||
        o->known < EVIDENCE_SAMPLES_MIN) {
        return false;
    }
    double score[SCORES];
    const struct fusion *fusion = judge(o, crowd, s, alone, score);
    if (fusion == NULL) {
        return false;
    }
    const bool lone = fusion == alone;
    *out = (struct opinion){.nats = lone ? evidence_fuse(fusion, score, o->known)
                                         : evidence_fuse_one(fusion, score, o->known),
                            .alone = lone,
                            .crowd = !lone,
                            .fusion = fusion,
                            .tally = {.scored = o->scored,
                                      .known = o->known,
                                      .mean = (double)o->score_mean,
                                      .m2 = (double)o->score_m2,
                                      .many = true}};
    return isfinite(out->nats);
}

/* ---- storing ---- */

void bags_free(struct canara_profile *profile)
{
    for (size_t i = 0; i < profile->bags; i++) {
        bag_deinit(profile->bag[i]);
        free(profile->bag[i]);
    }
    profile->bags = 0;
}

void bags_seal(struct canara_profile *profile)
{
    for (size_t i = 0; i < profile->bags; i++) {
        bag_deinit(profile->bag[i]);
    }
}

size_t bags_parts(const struct canara_profile *profile)
{
    size_t n = 0;
    for (size_t i = 0; i < profile->bags; i++) {
        n += 1 + profile->bag[i]->pages;
    }
    return n;
}

/* "own:" or "bag:", the context, and for a page its number. */
static void name(canara_part_t *part, const char *kind, uint64_t context, int number)
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 0;
    memcpy(part->name, kind, 4);
    at += 4;
    for (int shift = 60; shift >= 0; shift -= 4) {
        part->name[at++] = digits[(context >> shift) & 15U];
    }
    if (number >= 0) {
        part->name[at++] = ':';
        part->name[at++] = digits[number];
    }
    part->name[at] = '\0';
}

enum canara_status bags_save(const struct canara_profile *profile, size_t number,
                             uint8_t bytes[CANARA_PART_BYTES], canara_part_t *out)
{
    canara_part_t part = {.size = 0};
    for (size_t i = 0; i < profile->bags; i++) {
        const struct bag *b = profile->bag[i];
        if (number == 0) {
            part.changed = b->own.changed;
            name(&part, "own:", b->own.context, -1);
            own_save(&b->own, bytes, &part.size);
            *out = part;
            return CANARA_OK;
        }
        if (number <= b->pages) {
            const struct bag_page *p = b->page[number - 1];
            part.changed = p->changed;
            name(&part, "bag:", p->context, p->number);
            page_save(p, bytes, &part.size);
            *out = part;
            return CANARA_OK;
        }
        number -= 1 + b->pages;
    }
    return CANARA_BAD_VALUE;
}

static uint32_t magic_of(const uint8_t *bytes, size_t size)
{
    struct byte_reader r = {.at = bytes, .left = size};
    return read_u32(&r);
}

bool bags_are(const uint8_t *bytes, size_t size)
{
    const uint32_t magic = magic_of(bytes, size);
    return magic == OWN_MAGIC || magic == PAGE_MAGIC;
}

/* The bag that a loaded part belongs to: made when its own part or a page comes first. */
static enum canara_status bag_for(struct canara_profile *profile, const struct sample *like,
                                  struct bag **out)
{
    struct bag *b = find(profile, like->context);
    if (b == NULL) {
        if (profile->bags == PROFILE_BAGS) {
            return CANARA_FULL;
        }
        b = begin(profile, like);
    }
    if (b == NULL) {
        return CANARA_NO_MEMORY;
    }
    *out = b;
    return bag_is_like(b, like) ? CANARA_OK : CANARA_BAD_FORMAT;
}

static enum canara_status load_own(struct canara_profile *profile, const uint8_t *bytes,
                                   size_t size)
{
    struct own o;
    struct bag *b = NULL;
    enum canara_status status = own_load(&o, bytes, size);
    if (status == CANARA_OK) {
        const struct sample like = {
            .kind = (enum sample_kind)o.kind, .context = o.context, .count = o.features};
        status = bag_for(profile, &like, &b);
    }
    if (status == CANARA_OK) {
        b->own = o;
    }
    return status;
}

static enum canara_status load_page(struct canara_profile *profile, const uint8_t *bytes,
                                    size_t size)
{
    struct bag_page p;
    struct bag *b = NULL;
    enum canara_status status = page_load(&p, bytes, size);
    if (status == CANARA_OK && p.number >= BAG_PAGES) {
        status = CANARA_BAD_FORMAT;
    }
    if (status == CANARA_OK) {
        const struct sample like = {
            .kind = (enum sample_kind)p.kind, .context = p.context, .count = p.features};
        status = bag_for(profile, &like, &b);
    }
    return status == CANARA_OK ? bag_take_page(b, &p) : status;
}

enum canara_status bags_load(struct canara_profile *profile, const uint8_t *bytes, size_t size)
{
    return magic_of(bytes, size) == OWN_MAGIC ? load_own(profile, bytes, size)
                                              : load_page(profile, bytes, size);
}

uint32_t bags_sessions(const struct canara_profile *profile)
{
    uint32_t best = 0;
    for (size_t i = 0; i < profile->bags; i++) {
        const struct own *o = &profile->bag[i]->own;
        if (o->known >= BAG_YOUNG && o->sessions > best) {
            best = o->sessions;
        }
    }
    return best;
}
