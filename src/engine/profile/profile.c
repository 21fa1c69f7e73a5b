#include "engine/profile/profile.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/alone.h"
#include "engine/profile/bags.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum canara_status canara_profile_new(const struct canara_model *model, struct canara_profile **out)
{
    struct canara_profile *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return CANARA_NO_MEMORY;
    }
    p->model = model;
    p->allocate = malloc;
    *out = p;
    return CANARA_OK;
}

void canara_profile_free(struct canara_profile **profile)
{
    if (*profile == NULL) {
        return;
    }
    for (size_t i = 0; i < (*profile)->parts; i++) {
        free((*profile)->part[i]);
    }
    bags_free(*profile);
    free((*profile)->lesson);
    free(*profile);
    *profile = NULL;
}

static size_t find(const struct canara_profile *profile, uint64_t context)
{
    size_t i = 0;
    while (i < profile->parts && profile->part[i]->context != context) {
        i++;
    }
    return i;
}

struct part *profile_find(const struct canara_profile *profile, uint64_t context)
{
    const size_t i = find(profile, context);
    return i < profile->parts ? profile->part[i] : NULL;
}

/* ---- lenses: the rows stand behind their part in the same piece of memory ---- */

const struct lens *profile_lens(const struct canara_profile *profile, uint64_t context)
{
    const size_t i = find(profile, context);
    return i < profile->parts ? &profile->lens[i] : NULL;
}

static struct part *part_new(const struct canara_profile *profile)
{
    return profile->allocate(sizeof(struct part) + LENS_BYTES);
}

void profile_focus(struct canara_profile *profile, size_t number)
{
    struct part *p = profile->part[number];
    if (part_is_table(p)) {
        profile->lens[number] = (struct lens){.part = p};
    } else {
        lens_make(&profile->lens[number], p, (uint8_t *)p + sizeof *p);
    }
}

/* What scoring needs of a part, and no more; NULL: no memory. */
static struct part *core_of(const struct canara_profile *profile, const struct part *p,
                            const struct lens *l)
{
    const size_t core = part_core_bytes(p);
    const size_t rows = l->row == NULL ? 0 : lens_bytes(p);
    uint8_t *bytes = profile->allocate(core + rows);
    if (bytes == NULL) {
        return NULL;
    }
    memcpy(bytes, p, core);
    if (rows > 0) {
        memcpy(bytes + core, l->row, rows);
    }
    return (void *)bytes;
}

enum canara_status canara_profile_seal(struct canara_profile *profile)
{
    if (profile->lesson != NULL) {
        return CANARA_BAD_VALUE;
    }
    struct part *core[PROFILE_CONTEXTS] = {NULL};
    for (size_t i = 0; !profile->sealed && i < profile->parts; i++) {
        core[i] = core_of(profile, profile->part[i], &profile->lens[i]);
        if (core[i] == NULL) {
            while (i > 0) {
                free(core[--i]);
            }
            return CANARA_NO_MEMORY;
        }
    }
    for (size_t i = 0; !profile->sealed && i < profile->parts; i++) {
        struct lens *l = &profile->lens[i];
        free(profile->part[i]);
        profile->part[i] = core[i];
        l->part = core[i];
        l->row = l->row == NULL ? NULL : (uint8_t *)core[i] + part_core_bytes(core[i]);
    }
    bags_seal(profile);
    profile->sealed = true;
    return CANARA_OK;
}

/* Vectors were once kept as signed logarithms, and what is known of them is of no use: they are learnt anew. All
 * three sorts of part begin alike. */
static bool is_vector_of_before(const void *bytes, size_t size)
{
    enum { OF_PAGES = 1, OF_OTHERS = 3 };

    struct byte_reader r = {.at = bytes, .left = size};
    const uint32_t magic = read_u32(&r);
    const uint16_t version = read_u16(&r);
    const uint8_t kind = read_u8(&r);
    return kind == SAMPLE_FEATURES && version <= (magic == PAGE_MAGIC ? OF_PAGES : OF_OTHERS);
}

static enum canara_status load_part(struct canara_profile *profile, const void *bytes, size_t size)
{
    if (bags_are(bytes, size)) {
        return bags_load(profile, bytes, size);
    }
    struct part loaded;
    const enum canara_status status = part_load(&loaded, bytes, size);
    if (status != CANARA_OK) {
        return status;
    }
    const size_t number = find(profile, loaded.context);
    if (number == profile->parts) {
        if (profile->parts == PROFILE_CONTEXTS) {
            return CANARA_FULL;
        }
        struct part *fresh = part_new(profile);
        if (fresh == NULL) {
            return CANARA_NO_MEMORY;
        }
        profile->part[profile->parts++] = fresh;
    }
    *profile->part[number] = loaded;
    profile_focus(profile, number);
    return CANARA_OK;
}

enum canara_status canara_profile_load(struct canara_profile *profile, const void *bytes,
                                       size_t size)
{
    if (profile->sealed) {
        return CANARA_BAD_VALUE;
    }
    const enum canara_status status = load_part(profile, bytes, size);
    return status == CANARA_BAD_VERSION && is_vector_of_before(bytes, size) ? CANARA_OK : status;
}

size_t canara_profile_parts(const struct canara_profile *profile)
{
    return profile == NULL ? 0 : profile->parts + bags_parts(profile);
}

enum canara_status canara_profile_save(const struct canara_profile *profile, size_t number,
                                       uint8_t bytes[CANARA_PART_BYTES], canara_part_t *out)
{
    if (number >= canara_profile_parts(profile) || profile->sealed) {
        return CANARA_BAD_VALUE;
    }
    if (number >= profile->parts) {
        return bags_save(profile, number - profile->parts, bytes, out);
    }
    const struct part *p = profile->part[number];
    canara_part_t part = {.changed = (p->bits & PART_CHANGED) != 0};
    memcpy(part.name, p->name, sizeof part.name);
    part_save(p, bytes, &part.size);
    *out = part;
    return CANARA_OK;
}

canara_learning_t canara_profile_learning(const struct canara_profile *profile)
{
    canara_learning_t out = {.needed = PROFILE_SESSIONS_NEEDED, .state = CANARA_LEARNING};
    bool drifted = false;
    bool waiting = false;
    for (size_t i = 0; profile != NULL && i < profile->parts; i++) {
        const struct part *p = profile->part[i];
        if (part_is_table(p)) {
            continue; /* counts say little about a person */
        }
        const uint32_t sessions = p->count >= EVIDENCE_SAMPLES_MIN || p->sessions < out.needed
                                      ? p->sessions
                                      : out.needed - 1;
        out.sessions = sessions > out.sessions ? sessions : out.sessions;
        drifted = drifted || (p->bits & PART_DRIFTED) != 0;
        waiting = waiting || p->pressed >= PART_PRESSED;
    }
    if (profile != NULL && bags_sessions(profile) > out.sessions) {
        out.sessions = bags_sessions(profile);
    }
    if (out.sessions >= out.needed) {
        out.sessions = out.needed;
        out.state = CANARA_LEARNT;
    }
    if (drifted || waiting) {
        out.state = drifted ? CANARA_DRIFTED : CANARA_WAITING;
    }
    return out;
}

const char *canara_learning_name(enum canara_learning_state state)
{
    static const char *const names[] = {"learning", "learnt", "drifted", "waiting"};
    return (unsigned)state < sizeof names / sizeof *names ? names[state] : "learning";
}

/* ---- parts that come into being ---- */

/* Long entries may be free text that never comes again, and each has a context of its own: only a few
 * that are hardly known may stand in line, so that they push nothing else out. */
enum { LONG_ENTRY = 3 * TEXT_KEYS_MIN - 2, LONG_ENTRIES_YOUNG = 3 };

static bool is_long_entry(unsigned kind, size_t features)
{
    return kind == SAMPLE_KEYS && features >= LONG_ENTRY;
}

static bool may_leave(const struct part *p, bool long_ones)
{
    if (part_is_table(p)) {
        return false;
    }
    return !long_ones || (is_long_entry(p->kind, p->features) && p->count < EVIDENCE_SAMPLES_MIN);
}

enum { KNOWN_WELL = 2 };

/* Who makes room first: what is hardly known and was not met in this lesson; then what is hardly known,
 * the newest of it; then the rest. What comes once a session (a password) is not pushed out by all that
 * comes once and never again. */
static int standing(const struct canara_profile *profile, size_t i)
{
    if (profile->part[i]->sessions >= PROFILE_SESSIONS_NEEDED) {
        return KNOWN_WELL;
    }
    return profile->lesson != NULL && profile->lesson->touched[i] ? 1 : 0;
}

/* Does part `i` make room before part `least`? */
static bool goes_before(const struct canara_profile *profile, size_t i, size_t least)
{
    const int a = standing(profile, i);
    const int b = standing(profile, least);
    if (a != b) {
        return a < b;
    }
    if (a == 1) {
        return true; /* parts come one behind the other: the newest */
    }
    return profile->part[i]->accepted < profile->part[least]->accepted;
}

/* The part that has learnt least, among the young long entries alone if wanted. */
static size_t least_known(const struct canara_profile *profile, bool long_ones)
{
    size_t least = profile->parts;
    for (size_t i = 0; i < profile->parts; i++) {
        if (may_leave(profile->part[i], long_ones) &&
            (least == profile->parts || goes_before(profile, i, least))) {
            least = i;
        }
    }
    return least;
}

static bool is_crowded(const struct canara_profile *profile, const struct sample *s)
{
    size_t young = 0;
    for (size_t i = 0; i < profile->parts; i++) {
        young += may_leave(profile->part[i], true);
    }
    return is_long_entry(s->kind, s->count) && young >= LONG_ENTRIES_YOUNG;
}

bool profile_may_push_out(const struct canara_profile *profile)
{
    const struct lesson_state *l = profile->lesson;
    return l == NULL || l->trust == CANARA_TRUST_ENROLMENT ||
           (l->ended.proofs & SESSION_MPIN_PASSED) != 0;
}

static bool has_room(const struct canara_profile *profile, bool crowded)
{
    if (profile_may_push_out(profile) || (profile->parts < PROFILE_CONTEXTS && !crowded)) {
        return true;
    }
    return standing(profile, least_known(profile, crowded)) < KNOWN_WELL;
}

bool profile_has_place(const struct canara_profile *profile, const struct sample *s)
{
    return profile_find(profile, s->context) != NULL || has_room(profile, is_crowded(profile, s));
}

static struct part *room_for_part(struct canara_profile *profile, bool crowded)
{
    size_t at = profile->parts;
    if (crowded || at == PROFILE_CONTEXTS) {
        at = least_known(profile, crowded);
    } else {
        struct part *fresh = part_new(profile);
        if (fresh == NULL) {
            return NULL;
        }
        profile->part[profile->parts++] = fresh;
    }
    profile->lens[at] = (struct lens){.part = profile->part[at]};
    if (profile->lesson != NULL) {
        profile->lesson->touched[at] = false;
    }
    return profile->part[at];
}

struct part *profile_part_for(struct canara_profile *profile, const struct sample *s)
{
    struct part *found = profile_find(profile, s->context);
    if (found != NULL) {
        return found;
    }
    struct part *const p = room_for_part(profile, is_crowded(profile, s));
    if (p != NULL) {
        part_begin(p, s);
    }
    return p;
}

struct part *profile_table(const struct canara_profile *profile, enum part_table kind)
{
    for (size_t i = 0; profile != NULL && i < profile->parts; i++) {
        if (profile->part[i]->kind == (uint8_t)kind) {
            return profile->part[i];
        }
    }
    return NULL;
}

bool profile_has_place_for_table(const struct canara_profile *profile, enum part_table kind)
{
    return profile_table(profile, kind) != NULL || has_room(profile, false);
}

struct part *profile_table_for(struct canara_profile *profile, enum part_table kind)
{
    struct part *p = profile_table(profile, kind);
    if (p == NULL) {
        p = room_for_part(profile, false);
        if (p != NULL) {
            part_begin_table(p, kind);
        }
    }
    return p;
}

void profile_shrink(const struct canara_profile *profile, struct part *p, const struct sample *like)
{
    struct population_room SCRATCH room;
    double SCRATCH usual[SAMPLE_FEATURES_MAX];
    const struct population *pop =
        profile->model == NULL ? NULL : model_population(profile->model, like, &room);
    for (size_t f = 0; f < p->features; f++) {
        const double own = part_spread(p, f);
        usual[f] = pop != NULL ? (double)pop->usual[f] : (own > 0.0 ? own : 1.0);
    }
    part_shrink(p, usual);
}

/* Are people in general a measure for the owner? */
static bool is_like(const struct part *p, const struct sample *s, const struct population *pop,
                    bool simulated)
{
    const struct alone_way way = alone_way(p, s, pop);
    return !alone_is_foreign(&way, alone_limit(s, simulated)) && !alone_types_otherwise(&way);
}

/* Scores, and the line from them to evidence: beside people in general, or beside the owner alone where
 * they are no measure for him. NULL: nothing can be said. */
static const struct fusion *judge(const struct canara_model *model, const struct lens *l,
                                  const struct sample *s, struct population_room *room,
                                  double score[SCORES], struct likeness *alike)
{
    const struct part *p = l->part;
    const struct population *pop = model_population(model, s, room);
    if (!alone_speaks(s) || (pop != NULL && is_like(p, s, pop, model->simulated))) {
        if (pop == NULL || !evidence_scores(l, pop, s, score, alike)) {
            return NULL;
        }
        fusion_between(&pop->fusion, p->accepted, &room->between);
        return &room->between;
    }
    if (!evidence_one_class(l, s, score, alike)) {
        return NULL;
    }
    alone_fusion(s->kind, alike->features, p->accepted, &room->alone);
    return &room->alone;
}

bool profile_opinion(const struct canara_profile *profile, const struct sample *s,
                     struct population_room *room, struct opinion *out)
{
    if (sample_is_of_crowd(s) && (!sample_is_kept_twice(s) || bags_have_crowd(profile, s))) {
        return bags_opinion(profile, s, &room->alone, out);
    }
    const struct lens *l = profile_lens(profile, s->context);
    if (l == NULL || !part_is_like(l->part, s) || profile->model == NULL) {
        return false;
    }
    const struct part *p = l->part;
    double score[SCORES];
    struct likeness alike;
    const struct fusion *fusion = judge(profile->model, l, s, room, score, &alike);
    if (fusion == NULL) {
        return false;
    }
    const double nats = evidence_fuse(fusion, score, p->accepted);
    const bool led_away = nats < 0.0 && part_from_anchor(p, s) > PART_FAR;
    const bool alone = fusion == &room->alone;
    *out = (struct opinion){.nats = led_away ? 0.0 : nats,
                            .current = nats,
                            .led_away = led_away,
                            .alone = alone,
                            .is_copy = s->kind == SAMPLE_KEYS && evidence_is_copy(p, &alike),
                            .fusion = fusion,
                            .tally = {.scored = alone ? 0.0 : (double)p->scored,
                                      .known = p->accepted,
                                      .mean = (double)p->score_mean,
                                      .m2 = (double)p->score_m2,
                                      .many = sample_is_kept_twice(s)}};
    return isfinite(out->nats);
}
