#include "lab/trials/judge.h"

#include "engine/profile/bags.h"
#include "engine/profile/profile.h"
#include "engine/profile/samples_of.h"
#include "lab/trials/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MAX = CANARA_PROFILE_PARTS * (CANARA_PART_BYTES + 4) };

bool judge_is_reference(enum detector d)
{
    return d == DETECTOR_MANHATTAN || d == DETECTOR_SCALED_MANHATTAN;
}

bool judge_compares(enum detector d, enum sample_kind kind)
{
    switch (d) {
    case DETECTOR_MANHATTAN:
    case DETECTOR_SCALED_MANHATTAN: return kind != SAMPLE_TEXT;
    case DETECTOR_ONE_CLASS:
    case DETECTOR_RATIO: return kind != SAMPLE_STROKE && kind != SAMPLE_ACTION;
    case DETECTOR_FULL: return true;
    case DETECTORS: break;
    }
    return false;
}

/* ---- enrolment ---- */

static err_t world(enum canara_status status)
{
    switch (status) {
    case CANARA_OK: return ERR_OK;
    case CANARA_NO_MEMORY: return err_new(ERR_NOMEM);
    case CANARA_BAD_VALUE:
    case CANARA_BAD_TIME:
    case CANARA_FULL: return err_new(ERR_RANGE);
    case CANARA_BAD_FORMAT:
    case CANARA_BAD_VERSION: return err_new(ERR_FORMAT);
    }
    return err_new(ERR_FORMAT);
}

static err_t teach_session(struct canara_profile *profile, const struct dataset *set,
                           uint32_t session, const canara_session_t *ended, enum canara_trust trust,
                           canara_lesson_t *lesson)
{
    const struct dataset_session *s = dataset_session(set, session);
    uint8_t wanted = 0;
    *lesson = (canara_lesson_t){0};
    if (s->count == 0) {
        return ERR_OK;
    }
    TRY(world(canara_learn_begin(profile, ended, trust, &wanted)));
    if (wanted == 0) {
        return ERR_OK;
    }
    int64_t at_ms = 0;
    for (size_t e = s->first; e < (size_t)s->first + s->count; e++) {
        const struct dataset_event *event = dataset_event(set, e);
        at_ms = event->at.ms;
        TRY(world(canara_learn(profile, &event->event, at_ms)));
    }
    return world(canara_learn_end(profile, at_ms, lesson));
}

static err_t pack(const struct canara_profile *profile, struct buf *out)
{
    uint8_t bytes[CANARA_PART_BYTES];
    for (size_t i = 0; i < canara_profile_parts(profile); i++) {
        canara_part_t part;
        TRY(world(canara_profile_save(profile, i, bytes, &part)));
        const uint32_t size = (uint32_t)part.size;
        TRY(buf_append(out, (span_t){(const uint8_t *)&size, sizeof size}));
        TRY(buf_append(out, (span_t){bytes, part.size}));
    }
    return ERR_OK;
}

static err_t learn_enrolment(const struct dataset *set, const struct dataset_model *m,
                             struct canara_profile *profile)
{
    canara_session_t begun;
    canara_lesson_t lesson;
    canara_session_begin(&begun, 0);
    for (size_t i = 0; i < m->enrols; i++) {
        TRY(teach_session(profile, set, m->enrol[i], &begun, CANARA_TRUST_ENROLMENT, &lesson));
    }
    return ERR_OK;
}

err_t judge_enrol(const struct dataset *set, const struct dataset_model *m, enum detector detector,
                  struct enrolled *out)
{
    struct enrolled e = {.reference = NULL};
    buf_init(&e.parts, PARTS_MAX);
    struct canara_profile *profile = NULL;
    err_t error = judge_is_reference(detector) ? reference_new(set, m, &e.reference)
                                               : world(canara_profile_new(NULL, &profile));
    if (!judge_is_reference(detector)) {
        if (!failed(error)) {
            error = learn_enrolment(set, m, profile);
        }
        if (!failed(error)) {
            error = pack(profile, &e.parts);
        }
        canara_profile_free(&profile);
    }
    if (failed(error)) {
        enrolled_free(&e);
        return error;
    }
    *out = e;
    return ERR_OK;
}

void enrolled_free(struct enrolled *e)
{
    buf_deinit(&e->parts);
    reference_free(&e->reference);
}

/* ---- the judge ---- */

err_t judge_init(struct judge *j, enum detector detector, bool adapt, const struct bank *bank,
                 span_t model)
{
    struct canara_model *opened = NULL;
    if (model.len == 0) {
        model.ptr = canara_model_builtin(&model.len);
    }
    TRY(world(canara_model_open(model.ptr, model.len, &opened)));
    *j = (struct judge){.detector = detector, .adapt = adapt, .bank = bank, .model = opened};
    return ERR_OK;
}

void judge_deinit(struct judge *j)
{
    canara_model_close(&j->model);
}

/* Parts were learnt without a model: draw their spreads towards the people of this one. */
static void shrink_all(const struct judge *j, struct canara_profile *profile)
{
    for (size_t i = 0; i < profile->parts; i++) {
        for (size_t c = 0; c < bank_contexts(j->bank); c++) {
            const struct bank_context *context = bank_context(j->bank, c);
            if (context->like.context == profile->part[i]->context) {
                profile_shrink(profile, profile->part[i], &context->like);
                break;
            }
        }
    }
}

err_t judge_sit(const struct judge *j, const struct enrolled *e, struct sitting *out)
{
    struct sitting s = {.enrolled = e};
    TRY(world(canara_profile_new(j->model, &s.profile)));
    const uint8_t *at = e->parts.ptr;
    err_t error = ERR_OK;
    for (size_t left = e->parts.len; left > 0 && !failed(error);) {
        uint32_t size = 0;
        memcpy(&size, at, sizeof size);
        error = world(canara_profile_load(s.profile, at + sizeof size, size));
        at += sizeof size + size;
        left -= sizeof size + size;
    }
    if (failed(error)) {
        canara_profile_free(&s.profile);
        return error;
    }
    shrink_all(j, s.profile);
    error = world(bags_work_out(s.profile));
    if (failed(error)) {
        canara_profile_free(&s.profile);
        return error;
    }
    *out = s;
    return ERR_OK;
}

void judge_rise(struct sitting *s)
{
    canara_profile_free(&s->profile);
}

/* Detectors that look at parts of the evidence: the mean over the samples of a session. */
struct mean {
    const struct judge *judge;
    const struct sitting *sitting;
    double sum;
    size_t n;
};

static void add_score(void *ctx, const struct sample *s)
{
    struct mean *m = ctx;
    struct population_room room;
    double score[SCORES];
    if (judge_is_reference(m->judge->detector)) {
        const bool scaled = m->judge->detector == DETECTOR_SCALED_MANHATTAN;
        const double d = reference_distance(m->sitting->enrolled->reference, s, scaled);
        m->sum += isnan(d) ? 0.0 : d;
        m->n += isnan(d) ? 0U : 1U;
        return;
    }
    const struct lens *l = profile_lens(m->sitting->profile, s->context);
    const struct population *pop = model_population(m->judge->model, s, &room);
    if (l == NULL || l->part->features != s->count) {
        return;
    }
    if (m->judge->detector == DETECTOR_ONE_CLASS
            ? evidence_one_class(l, s, score, NULL)
            : (pop != NULL && evidence_scores(l, pop, s, score, NULL))) {
        m->sum += m->judge->detector == DETECTOR_ONE_CLASS
                      ? score[SCORE_ONE_CLASS] + EVIDENCE_NEAREST_WEIGHT * score[SCORE_NEAREST]
                      : score[SCORE_RATIO];
        m->n++;
    }
}

static void score_simply(const struct judge *j, const struct sitting *s, const struct dataset *set,
                         struct bout *bout)
{
    const struct dataset_session *session = dataset_session(set, bout->session);
    struct mean mean = {.judge = j, .sitting = s};
    struct sample work;
    for (size_t e = session->first; e < (size_t)session->first + session->count; e++) {
        samples_for(s->profile, &dataset_event(set, e)->event, &work, add_score, &mean);
    }
    bout->scored = mean.n > 0;
    bout->score = mean.n > 0 ? mean.sum / (double)mean.n : 0.0;
}

/* The engine as the server runs it: events into a session; the score is what the person's evidence
 * has added up to. */
static err_t score_fully(const struct sitting *s, const struct dataset *set, struct bout *bout,
                         canara_session_t *session)
{
    const struct dataset_session *from = dataset_session(set, bout->session);
    canara_verdict_t v;
    if (from->count == 0) {
        canara_session_begin(session, 0);
        return ERR_OK; /* a trial without a score */
    }
    canara_session_begin(session, dataset_session_begin(set, bout->session));
    for (size_t e = from->first; e < (size_t)from->first + from->count; e++) {
        const struct dataset_event *event = dataset_event(set, e);
        TRY(world(canara_observe(session, NULL, s->profile, &event->event, event->at.ms, &v)));
    }
    struct session_state state;
    MUST(session_load(session, &state));
    double sum = 0.0;
    size_t n = 0;
    for (size_t i = 0; i < PERSON_SHARES; i++) {
        sum += (double)state.heard[i];
        n += state.samples[i];
    }
    bout->scored = n > 0;
    bout->score = sum;
    return ERR_OK;
}

err_t judge_try(const struct judge *j, struct sitting *s, const struct dataset *set,
                struct bout *bout)
{
    if (j->detector != DETECTOR_FULL) {
        score_simply(j, s, set, bout);
        return ERR_OK;
    }
    canara_session_t session;
    TRY(score_fully(s, set, bout, &session));
    if (j->adapt) {
        canara_lesson_t lesson;
        TRY(teach_session(s->profile, set, bout->session, &session, CANARA_TRUST_GATED, &lesson));
        bout->absorbed = lesson.accepted > 0;
    }
    return ERR_OK;
}
