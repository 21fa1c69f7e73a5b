#include "domain/sessions/tutor.h"

#include "codec/event_scan.h"
#include "domain/ground/audit.h"
#include "domain/ground/clock_guard.h"
#include "domain/learnt/profile.h"
#include "journal/journal_read.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    TRIES_MAX = 3,
    AGAIN_MS = 1000,         /* after a class that left somebody behind */
    IDLE_MS = 1000,          /* between looks at an empty queue */
    LAST_CLASSES_MS = 2000,  /* at a stop */
    DURABLE_WAIT_MS = 2000,  /* for the newest records of the sessions */
    DURABLE_LOOK_US = 5000,  /* between two looks */
    RECORDS_PER_LOOK = 1024, /* between two looks at the clock of a stop */
    DETAIL_BYTES = 96
};

struct lesson {
    uuid_t session, account;
    wall_t created;
    canara_session_t engine; /* as it ended */
    const struct journal_lane *lane;
    uint64_t position; /* of its newest record */
    unsigned tries;
};

/* What becomes of a pupil; the first four leave him in class. */
enum fate {
    FATE_WAITING, /* its opening was not yet met in the journal */
    FATE_LISTENING,
    FATE_REFUSED, /* the session may not teach, or taught nothing */
    FATE_LEARNT,
    FATE_AGAIN, /* the store was away, or another revision was saved meanwhile */
    FATE_DROPPED
};

struct pupil {
    struct lesson lesson;
    enum fate fate;
    bool heard; /* listening, and the journal was read to its end */
    struct canara_profile *profile;
    uint32_t base;
    size_t names;
    char name[CANARA_PROFILE_PARTS][CANARA_PART_NAME_BYTES]; /* of the parts before the lesson */
};

struct tutor {
    struct service *svc;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct lesson *ring;
    size_t head, count;
    _Atomic bool stopping;
    mono_t deadline; /* of the last classes; 0 ns before a stop */

    /* of the thread that teaches */
    struct event_scratch *scratch;
    struct pupil pupil[LESSONS_IN_CLASS];
    size_t pupils;
    uint8_t bytes[CANARA_PROFILE_PARTS][CANARA_PART_BYTES];
};

err_t tutor_new(struct service *svc, struct tutor **out)
{
    struct tutor *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return err_new(ERR_NOMEM);
    }
    t->ring = calloc(LESSONS_MAX, sizeof *t->ring); /* untouched pages cost nothing */
    t->scratch = malloc(sizeof *t->scratch);
    if (t->ring == NULL || t->scratch == NULL) {
        free(t->ring);
        free(t->scratch);
        free(t);
        return err_new(ERR_NOMEM);
    }
    t->svc = svc;
    svc->tutor = t;
    pthread_condattr_t monotonic;
    MUST(pthread_condattr_init(&monotonic) == 0);
    MUST(pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    MUST(pthread_cond_init(&t->work, &monotonic) == 0);
    (void)pthread_condattr_destroy(&monotonic);
    MUST(pthread_mutex_init(&t->mutex, NULL) == 0);
    *out = t;
    return ERR_OK;
}

void tutor_free(struct tutor **t)
{
    if (*t == NULL) {
        return;
    }
    (*t)->svc->tutor = NULL;
    (void)pthread_cond_destroy(&(*t)->work);
    (void)pthread_mutex_destroy(&(*t)->mutex);
    free((*t)->scratch);
    free((*t)->ring);
    free(*t);
    *t = NULL;
}

size_t tutor_depth(struct tutor *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    const size_t depth = t->count;
    (void)pthread_mutex_unlock(&t->mutex);
    return depth;
}

/* ---- handing in ---- */

static bool put(struct tutor *t, const struct lesson *lesson)
{
    (void)pthread_mutex_lock(&t->mutex);
    const bool room = t->count < LESSONS_MAX;
    if (room) {
        t->ring[(t->head + t->count) % LESSONS_MAX] = *lesson;
        t->count += 1;
        (void)pthread_cond_signal(&t->work);
    }
    (void)pthread_mutex_unlock(&t->mutex);
    return room;
}

static void drop(struct service *svc, const struct lesson *lesson, const char *why)
{
    counter_add_shared(&svc->profiles.dropped, 1);
    log_event(svc->log, LOG_WARN, "lesson.dropped", FIELD_UUID("session", lesson->session),
              FIELD_TEXT("why", why));
}

void tutor_hand_in(struct service *svc, const struct journal_lane *lane, const struct live *live)
{
    if (svc->tutor == NULL || svc->model == NULL || live->blocked || live->unpinned ||
        live->events == 0) {
        return;
    }
    canara_session_t room;
    const struct lesson lesson = {.session = live->id,
                                  .account = live->account,
                                  .created = live->created,
                                  .engine = *live_engine(live, &room),
                                  .lane = lane,
                                  .position = live->position};
    if (!put(svc->tutor, &lesson)) {
        drop(svc, &lesson, "queue full");
    }
}

/* ---- before the lesson ---- */

/* Take the first lessons of the queue, up to the second one of an account. */
static void call_class(struct tutor *t)
{
    t->pupils = 0;
    (void)pthread_mutex_lock(&t->mutex);
    for (bool met = false; t->count > 0 && t->pupils < LESSONS_IN_CLASS;) {
        const struct lesson *next = &t->ring[t->head];
        for (size_t i = 0; i < t->pupils && !met; i++) {
            met = uuid_eq(t->pupil[i].lesson.account, next->account);
        }
        if (met) {
            break;
        }
        t->pupil[t->pupils++] = (struct pupil){.lesson = *next};
        t->head = (t->head + 1) % LESSONS_MAX;
        t->count -= 1;
    }
    (void)pthread_mutex_unlock(&t->mutex);
}

static bool is_durable(const struct tutor *t)
{
    for (size_t i = 0; i < t->pupils; i++) {
        if (journal_durable(t->pupil[i].lesson.lane) < t->pupil[i].lesson.position) {
            return false;
        }
    }
    return true;
}

/* The records of the end may still be on their way to the disk; who is late then is tried again. */
static void wait_for_journal(struct tutor *t)
{
    const mono_t end = mono_after_ms(clock_mono(clock_system()), DURABLE_WAIT_MS);
    while (!is_durable(t) && clock_mono(clock_system()).ns < end.ns &&
           journal_state_of(t->svc->journal) == JOURNAL_RUNNING) {
        (void)nanosleep(&(struct timespec){.tv_nsec = DURABLE_LOOK_US * 1000L}, NULL);
    }
    for (size_t i = 0; i < t->pupils; i++) {
        if (journal_durable(t->pupil[i].lesson.lane) < t->pupil[i].lesson.position) {
            t->pupil[i].fate = FATE_AGAIN;
        }
    }
}

static err_t read_newest(struct service *svc, struct pupil *p)
{
    struct profile_head head = {0};
    size_t damaged = 0; /* the next login sets them aside; what is sound learns on */
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_profile_head(&tx, p->lesson.account, &head));
    TRY(profile_read(svc, &tx, p->lesson.account, head.revision, &p->profile, &damaged));
    p->base = head.revision;
    return ERR_OK;
}

static void note_names(struct tutor *t, struct pupil *p)
{
    p->names = canara_profile_parts(p->profile);
    for (size_t i = 0; i < p->names; i++) {
        canara_part_t part = {0};
        if (canara_profile_save(p->profile, i, t->bytes[0], &part) == CANARA_OK) {
            memcpy(p->name[i], part.name, sizeof p->name[i]);
        }
    }
}

static void sit_down(struct tutor *t, struct pupil *p)
{
    uint8_t wanted = 0;
    if (failed(read_newest(t->svc, p))) {
        p->fate = FATE_AGAIN;
        return;
    }
    note_names(t, p);
    if (canara_learn_begin(p->profile, &p->lesson.engine, CANARA_TRUST_GATED, &wanted) !=
        CANARA_OK) {
        p->fate = FATE_DROPPED;
    } else if (wanted == 0) {
        p->fate = FATE_REFUSED;
    }
}

/* ---- the lesson ---- */

static bool is_in_class(const struct pupil *p)
{
    return p->fate == FATE_WAITING || p->fate == FATE_LISTENING;
}

static struct pupil *find_pupil(struct tutor *t, uuid_t session)
{
    for (size_t i = 0; i < t->pupils; i++) {
        if (is_in_class(&t->pupil[i]) && !t->pupil[i].heard &&
            uuid_eq(t->pupil[i].lesson.session, session)) {
            return &t->pupil[i];
        }
    }
    return NULL;
}

static void listen(struct tutor *t, const journal_record_t *record)
{
    struct pupil *p = find_pupil(t, record->session);
    if (p == NULL) {
        return;
    }
    if (record->kind == JOURNAL_SESSION_OPEN) {
        p->fate = FATE_LISTENING;
    }
    if (record->kind != JOURNAL_EVENT || p->fate != FATE_LISTENING) {
        return;
    }
    scanned_event_t event = {0};
    scan_fault_t fault = {0};
    if (event_scan_stored(t->scratch, record->type, record->data, &event, &fault) != SCAN_OK ||
        canara_learn(p->profile, &event.event, record->at.ms) != CANARA_OK) {
        p->fate = FATE_DROPPED;
    }
}

/* A stop waits only so long; a class that is broken off has taught nothing. */
static bool is_over(struct tutor *t)
{
    if (!atomic_load(&t->stopping)) {
        return false;
    }
    (void)pthread_mutex_lock(&t->mutex);
    const mono_t deadline = t->deadline;
    (void)pthread_mutex_unlock(&t->mutex);
    return clock_mono(clock_system()).ns >= deadline.ns;
}

static err_t walk_journal(struct tutor *t, uint64_t from)
{
    struct journal *j = t->svc->journal;
    struct journal_reader *reader = NULL;
    TRY(journal_reader_open(journal_dir(j), from, journal_committed(j), &reader, NULL));
    err_t e = ERR_OK;
    bool more = true;
    for (size_t n = 1; !failed(e) && more; n++) {
        journal_record_t record = {0};
        e = journal_reader_next(reader, &record, &more);
        if (!failed(e) && more) {
            listen(t, &record);
        }
        if (n % RECORDS_PER_LOOK == 0 && is_over(t)) {
            e = err_new(ERR_TIMEOUT);
        }
    }
    journal_reader_close(&reader);
    return e;
}

/* When the first of those was opened who are in class and have not heard everything; false: there is none. */
static bool first_opened(const struct tutor *t, wall_t *out)
{
    bool any = false;
    for (size_t i = 0; i < t->pupils; i++) {
        const struct pupil *p = &t->pupil[i];
        if (is_in_class(p) && !p->heard && (!any || p->lesson.created.ms < out->ms)) {
            *out = p->lesson.created;
            any = true;
        }
    }
    return any;
}

/* Read for those whose opening was not met from further back: the clock may have been ahead then. */
static err_t walk_for_the_rest(struct tutor *t, uint64_t from)
{
    wall_t since = {0};
    for (size_t i = 0; i < t->pupils; i++) {
        t->pupil[i].heard = t->pupil[i].fate == FATE_LISTENING;
    }
    if (!first_opened(t, &since)) {
        return ERR_OK;
    }
    const uint64_t before =
        journal_sequence_since(t->svc->journal, wall_after_ms(since, -JOURNAL_AHEAD_MS));
    return before < from ? walk_journal(t, before) : ERR_OK;
}

static void give_lesson(struct tutor *t)
{
    wall_t since = {0};
    if (!first_opened(t, &since)) {
        return;
    }
    const uint64_t from = journal_sequence_since(t->svc->journal, since);
    err_t e = walk_journal(t, from);
    if (!failed(e)) {
        e = walk_for_the_rest(t, from);
    }
    if (failed(e)) {
        log_event(t->svc->log, LOG_WARN, "lesson.journal", FIELD_INT("error", (int64_t)e.code));
    }
    for (size_t i = 0; i < t->pupils; i++) {
        struct pupil *p = &t->pupil[i];
        if (is_in_class(p) && !p->heard && failed(e)) {
            p->fate = FATE_AGAIN;
        } else if (p->fate == FATE_WAITING) {
            p->fate = FATE_DROPPED; /* retention has taken its opening: half a session is none */
        }
    }
}

/* ---- after the lesson ---- */

/* Collect what changed and what went. Returns how many. */
static size_t collect(struct tutor *t, const struct pupil *p, canara_part_t *held,
                      struct profile_part *out)
{
    size_t count = 0;
    bool kept[CANARA_PROFILE_PARTS] = {false};
    const size_t parts = canara_profile_parts(p->profile);
    MUST(parts <= CANARA_PROFILE_PARTS);
    for (size_t i = 0; i < parts; i++) {
        MUST(canara_profile_save(p->profile, i, t->bytes[i], &held[i]) == CANARA_OK);
        for (size_t k = 0; k < p->names; k++) {
            kept[k] = kept[k] || strcmp(p->name[k], held[i].name) == 0;
        }
        if (held[i].changed != 0) {
            out[count++] =
                (struct profile_part){.name = held[i].name, .content = {t->bytes[i], held[i].size}};
        }
    }
    for (size_t k = 0; k < p->names; k++) {
        if (!kept[k]) {
            out[count++] = (struct profile_part){.name = p->name[k]};
        }
    }
    return count;
}

/* An alarm of the profile, and the part that raised it: names of parts are of [a-z0-9:_-]. */
static err_t note_alarm(struct service *svc, struct store_tx *tx, const struct pupil *p,
                        const char *part, const char *kind)
{
    char detail[DETAIL_BYTES];
    (void)snprintf(detail, sizeof detail, "{\"revision\":%u,\"part\":\"%s\"}", p->base + 1, part);
    const audit_entry_t entry = {
        .kind = kind, .account = p->lesson.account, .session = p->lesson.session, .detail = detail};
    return audit_append(svc->audit, tx, &entry);
}

static err_t save(struct tutor *t, const struct pupil *p, const canara_lesson_t *lesson,
                  enum profile_answer *out)
{
    canara_part_t held[CANARA_PROFILE_PARTS];
    struct profile_part part[2 * CANARA_PROFILE_PARTS];
    struct service *svc = t->svc;
    const wall_t now = clock_wall(svc->clock);
    const wall_t old =
        wall_after_ms(clock_vouched(svc), -(svc->rules.session_age_ms + PROFILE_MARGIN_MS));
    const struct profile_save all = {.account = p->lesson.account,
                                     .base = p->base,
                                     .at = now,
                                     .part = part,
                                     .count = collect(t, p, held, part)};
    size_t purged = 0;
    *out = PROFILE_SAVED;
    if (all.count == 0 && lesson->drifted == 0 && lesson->waiting == 0) {
        return ERR_OK;
    }
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_WRITE, &tx));
    TRY(store_profile_save(&tx, &all, out));
    if (*out != PROFILE_SAVED) {
        return ERR_OK;
    }
    TRY(store_profile_purge(&tx, all.account, PROFILE_REVISIONS_KEPT, old, &purged));
    if (lesson->drifted != 0) {
        TRY(note_alarm(svc, &tx, p, lesson->drifted_part, "profile.drifted"));
    }
    if (lesson->waiting != 0) {
        TRY(note_alarm(svc, &tx, p, lesson->waiting_part, "profile.waiting"));
    }
    return store_commit(&tx);
}

static void tell(const struct service *svc, const struct pupil *p, const char *part,
                 const char *event)
{
    log_event(svc->log, LOG_WARN, event, FIELD_UUID("account", p->lesson.account),
              FIELD_UUID("session", p->lesson.session), FIELD_TEXT("part", part));
}

static enum fate finish(struct tutor *t, const struct pupil *p)
{
    canara_lesson_t lesson = {0};
    enum profile_answer answer = PROFILE_GONE;
    if (canara_learn_end(p->profile, clock_wall(t->svc->clock).ms, &lesson) != CANARA_OK) {
        return FATE_DROPPED;
    }
    if (failed(save(t, p, &lesson, &answer)) || answer != PROFILE_SAVED) {
        return FATE_AGAIN;
    }
    if (lesson.drifted != 0) {
        counter_add_shared(&t->svc->profiles.drifted, 1);
        tell(t->svc, p, lesson.drifted_part, "profile.drifted");
    }
    if (lesson.waiting != 0) {
        counter_add_shared(&t->svc->profiles.waiting, 1);
        tell(t->svc, p, lesson.waiting_part, "profile.waiting");
    }
    return lesson.learnt != 0 ? FATE_LEARNT : FATE_REFUSED;
}

/* Count a pupil off; true when he has to come again. */
static bool dismiss(struct tutor *t, struct pupil *p)
{
    canara_profile_free(&p->profile);
    switch (p->fate) {
    case FATE_LEARNT: counter_add_shared(&t->svc->profiles.learnt, 1); return false;
    case FATE_REFUSED: counter_add_shared(&t->svc->profiles.refused, 1); return false;
    case FATE_DROPPED: drop(t->svc, &p->lesson, "not readable"); return false;
    case FATE_WAITING:
    case FATE_LISTENING:
    case FATE_AGAIN: break;
    }
    p->lesson.tries += 1;
    if (p->lesson.tries >= TRIES_MAX || !put(t, &p->lesson)) {
        drop(t->svc, &p->lesson, "tried too often");
        return false;
    }
    return true;
}

size_t tutor_teach(struct tutor *t)
{
    size_t again = 0;
    call_class(t);
    wait_for_journal(t);
    for (size_t i = 0; i < t->pupils; i++) {
        if (t->pupil[i].fate == FATE_WAITING) {
            sit_down(t, &t->pupil[i]);
        }
    }
    give_lesson(t);
    for (size_t i = 0; i < t->pupils; i++) {
        struct pupil *p = &t->pupil[i];
        if (p->fate == FATE_LISTENING) {
            p->fate = finish(t, p);
        }
        again += dismiss(t, p) ? 1U : 0U;
    }
    return again;
}

/* ---- the thread ---- */

void tutor_stop(struct tutor *t)
{
    (void)pthread_mutex_lock(&t->mutex);
    t->deadline = mono_after_ms(clock_mono(clock_system()), LAST_CLASSES_MS);
    atomic_store(&t->stopping, true);
    (void)pthread_cond_broadcast(&t->work);
    (void)pthread_mutex_unlock(&t->mutex);
}

/* Wait for a stop; or for a lesson, unless `ms` are to pass first. */
static void wait_up_to(struct tutor *t, int64_t ms, bool for_work)
{
    const mono_t due = mono_after_ms(clock_mono(clock_system()), ms);
    const struct timespec until = {.tv_sec = due.ns / NS_PER_S, .tv_nsec = due.ns % NS_PER_S};
    int code = 0;
    (void)pthread_mutex_lock(&t->mutex);
    while (code == 0 && !atomic_load(&t->stopping) && !(for_work && t->count > 0)) {
        code = pthread_cond_timedwait(&t->work, &t->mutex, &until);
    }
    (void)pthread_mutex_unlock(&t->mutex);
}

void tutor_run(struct tutor *t)
{
    while (!atomic_load(&t->stopping)) {
        if (tutor_depth(t) == 0) {
            wait_up_to(t, IDLE_MS, true);
        } else if (tutor_teach(t) > 0) {
            wait_up_to(t, AGAIN_MS, false);
        }
    }
    while (tutor_depth(t) > 0 && !is_over(t)) {
        if (tutor_teach(t) > 0) {
            break; /* whoever has to wait now waits in vain */
        }
    }
}
