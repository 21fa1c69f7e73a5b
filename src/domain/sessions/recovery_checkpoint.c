#include "domain/sessions/recovery_checkpoint.h"

#include "base/fd.h"
#include "base/hash_map.h"
#include "base/rng.h"
#include "base/util.h"
#include "domain/sessions/behaviour.h"
#include "domain/sessions/sleepers.h"
#include "journal/journal_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- which one ---- */

static const char *const names[] = {CHECKPOINT_NAME, CHECKPOINT_OLD_NAME};

/* The descriptor is somebody else's to close from now on. */
static int let_go(int *fd)
{
    const int kept = *fd;
    *fd = -1;
    return kept;
}

/* Open a file of ours; -1: there is none. */
static int open_own(const char *dir, const char *name)
{
    struct stat st;
    CLEANUP(fd_close) int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(fd_close)
    int fd = folder < 0 ? -1 : openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        (st.st_mode & 077) != 0) {
        return -1;
    }
    return let_go(&fd);
}

bool checkpoint_proof_read(const char *dir, struct checkpoint_proof *out)
{
    struct checkpoint_proof proof = {0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        checkpoint_head_t head = {0};
        uint64_t end = 0;
        CLEANUP(fd_close) int fd = open_own(dir, names[i]);
        if (fd < 0 || failed(checkpoint_read_head(fd, &head))) {
            continue;
        }
        if (proof.name == NULL) {
            proof.mark = head.mark;
        }
        if (failed(checkpoint_read_end(fd, &end)) || end < head.mark.sequence) {
            end = head.mark.sequence; /* so much its head alone says */
        }
        if (end > proof.durable) {
            proof.durable = end;
            proof.name = names[i];
        }
    }
    *out = proof;
    return proof.name != NULL;
}

/* Whether the journal goes on where the checkpoint ends; `why` if not. */
static bool fits_journal(struct service *svc, const struct checkpoint_reader *c, const char **why)
{
    struct journal *j = svc->journal;
    struct journal_reader *reader = NULL;
    *why = "the journal is older than it";
    if (c->end > journal_committed(j)) {
        return false;
    }
    *why = "the journal does not hold its frame";
    if (failed(journal_reader_open_at(journal_dir(j), &c->head.mark, journal_committed(j), &reader,
                                      NULL))) {
        return false;
    }
    journal_reader_close(&reader);
    *why = "too much was written since";
    return journal_bytes_since(j, &c->head.mark) <= SLEEPERS_TAIL_MAX;
}

static bool fits(struct service *svc, const struct checkpoint_reader *c, const char **why)
{
    checkpoint_basis_t mine;
    checkpoint_basis_of(svc, &mine);
    *why = "of another model, engine or thresholds";
    return checkpoint_basis_eq(&c->head.basis, &mine) && fits_journal(svc, c, why);
}

static err_t try_one(struct service *svc, const char *dir, const char *name,
                     struct checkpoint_reader *out, bool *found)
{
    const char *why = "damaged, or of another version";
    CLEANUP(fd_close) int fd = open_own(dir, name);
    if (fd < 0) {
        return ERR_OK;
    }
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    CLEANUP(checkpoint_reader_close) struct checkpoint_reader c = {0};
    const err_t e = checkpoint_reader_open(fd, &c);
    if (e.code == ERR_NOMEM) {
        return e;
    }
    if (failed(e) || !fits(svc, &c, &why)) {
        log_event(svc->log, LOG_WARN, "checkpoint.passed_over", FIELD_TEXT("file", name),
                  FIELD_TEXT("why", why));
        return ERR_OK;
    }
    *out = c;
    c.block = NULL;
    (void)let_go(&fd);
    *found = true;
    return ERR_OK;
}

err_t checkpoint_find(struct service *svc, const char *dir, struct checkpoint_reader *out,
                      bool *found)
{
    *found = false;
    for (size_t i = 0; i < ARRAY_LEN(names) && !*found; i++) {
        TRY(try_one(svc, dir, names[i], out, found));
    }
    return ERR_OK;
}

/* ---- who lives, says the store ---- */

/* What a start has met of a session. */
struct met {
    bool restored; /* out of the checkpoint */
    bool answered; /* an MPIN of it is in the journal behind */
};

struct living {
    struct map index; /* of an id in `id` */
    uuid_t *id;
    struct met *met; /* of each, once all are known */
    uint32_t count, cap;
};

static void living_deinit(struct living *l)
{
    map_deinit(&l->index);
    free(l->id);
    free(l->met);
}

static err_t note_living(void *ctx, uuid_t id)
{
    struct living *l = ctx;
    if (l->count == l->cap) {
        const uint32_t cap = l->cap == 0 ? 4096 : 2 * l->cap;
        uuid_t *grown = reallocarray(l->id, cap, sizeof *grown);
        if (grown == NULL) {
            return err_new(ERR_NOMEM);
        }
        l->id = grown;
        l->cap = cap;
    }
    TRY(map_put(&l->index, id, l->count));
    l->id[l->count++] = id;
    return ERR_OK;
}

static err_t read_living(struct service *svc, struct living *l)
{
    uint64_t seed = 0;
    rng_fill(&seed, sizeof seed);
    map_init(&l->index, seed);
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_session_ids_live(&tx, note_living, l));
    l->met = calloc((size_t)l->count + 1, sizeof *l->met);
    return l->met == NULL ? err_new(ERR_NOMEM) : ERR_OK;
}

/* ---- sessions ---- */

struct start {
    struct recovery_round *r;
    const struct recovery_owner *owner;
    struct living living;
    struct sleepers *sleepers;
};

static void start_deinit(struct start *st)
{
    living_deinit(&st->living);
}

/* Nobody may ask for it, and so wake it, for long. Its row is read for this alone: of those who are asked for
 * an MPIN there are few. Not of one that has been answered since: its row says so, and its state not yet. */
static err_t owe_saved(struct service *svc, struct shard *s, struct live *live)
{
    struct session_row row = {0};
    bool found = false;
    if (!behaviour_mpin_required(s, live)) {
        return ERR_OK;
    }
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_session_get(&tx, live->id, &row, &found));
    live->mpin_due = found && row.mpin_required;
    recovery_owe(s, live);
    return ERR_OK;
}

static err_t restore_saved(struct start *st, const saved_session_t *saved)
{
    uint32_t at = 0;
    struct live *live = NULL;
    if (!map_get(&st->living.index, saved->id, &at) || st->living.met[at].restored) {
        return ERR_OK; /* ended since: the store knows how */
    }
    struct shard *s = st->owner->of(st->owner->ctx, saved->id);
    TRY(shard_restore_saved(s, saved, &live));
    st->living.met[at].restored = true;
    st->r->report.sessions += 1;
    behaviour_restore(s, live);
    if (saved->blocked) { /* and the store never heard of it */
        st->r->report.blocked += 1;
        shard_end(s, live, (enum session_end)saved->how, false);
        return ERR_OK;
    }
    return ERR_OK;
}

static err_t restore_all_saved(struct start *st, struct checkpoint_reader *saved)
{
    saved_session_t session;
    uint64_t done = 0;
    for (bool more = true;; done++) {
        if (asked_now(st->r->svc->asked, done)) {
            return err_new(ERR_TIMEOUT);
        }
        TRY(checkpoint_reader_next(saved, &session, &more));
        if (!more) {
            return ERR_OK;
        }
        TRY(restore_saved(st, &session));
    }
}

/* Opened since: what the journal has of them is all behind the mark. */
static err_t restore_young(struct start *st)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(st->r->svc->store, STORE_READ, &tx));
    for (uint32_t i = 0; i < st->living.count; i++) {
        struct session_row row = {0};
        struct live *live = NULL;
        bool found = false;
        bool locked_out = false;
        if (st->living.met[i].restored) {
            continue;
        }
        TRY(store_session_get(&tx, st->living.id[i], &row, &found));
        if (found) {
            TRY(recovery_restore(st->r, &tx, st->owner->of(st->owner->ctx, row.id), &row, &live,
                                 &locked_out));
        }
        if (live != NULL) {
            live->asleep = true;
            live->opens_late = true;
            live_recount(st->owner->of(st->owner->ctx, row.id), live);
        }
    }
    return ERR_OK;
}

/* ---- what the journal has since ---- */

static err_t keep_record(struct start *st, const journal_record_t *record)
{
    struct live *live = shard_peek(st->owner->of(st->owner->ctx, record->session), record->session);
    if (live == NULL || (record->line != 0 && record->line <= live->lines)) {
        return ERR_OK;
    }
    if (record->kind == JOURNAL_SESSION_OPEN) {
        profile_pin_t pin = {0};
        if (!live->opens_late) {
            return ERR_OK; /* its state goes beyond its opening */
        }
        TRY(profile_pin_read(record, &pin));
        live->profile_revision = pin.revision;
        live->unopened = false;
    }
    uint32_t at = 0;
    if (record->fact == (uint16_t)CANARA_FACT_MPIN_PASSED &&
        map_get(&st->living.index, record->session, &at)) {
        st->living.met[at].answered = true;
    }
    return sleepers_keep(st->sleepers, live, record);
}

static err_t keep_records(struct start *st, const journal_mark_t *mark)
{
    struct journal *j = st->r->svc->journal;
    struct journal_reader *reader = NULL;
    TRY(journal_reader_open_at(journal_dir(j), mark, journal_committed(j), &reader, NULL));
    err_t e = ERR_OK;
    uint64_t done = 0;
    for (bool more = true; !failed(e); done++) {
        journal_record_t record = {0};
        if (asked_now(st->r->svc->asked, done)) {
            e = err_new(ERR_TIMEOUT);
            break;
        }
        e = journal_reader_next(reader, &record, &more);
        if (failed(e) || !more) {
            break;
        }
        e = keep_record(st, &record);
    }
    if (e.code == ERR_FORMAT) {
        recovery_note_fault(st->r, reader);
    }
    journal_reader_close(&reader);
    return e;
}

/* Those who have something to play are called in the background; the time of the others is over, or
 * they sleep on. */
static err_t call_or_expire(struct start *st)
{
    for (uint32_t i = 0; i < st->living.count; i++) {
        const uuid_t id = st->living.id[i];
        struct shard *s = st->owner->of(st->owner->ctx, id);
        struct live *live = shard_peek(s, id);
        if (live == NULL) {
            continue;
        }
        if (st->living.met[i].restored && !st->living.met[i].answered && !live->blocked) {
            TRY(owe_saved(st->r->svc, s, live));
        }
        if (live->unplayed != 0 || live->opens_late) {
            st->r->report.asleep += 1;
            TRY(sleepers_call(st->sleepers, live));
        } else if (shard_expire(s, live, clock_mono(shard_service(s)->clock))) {
            st->r->report.expired += 1;
            journal_kick(shard_lane(s));
        }
    }
    return ERR_OK;
}

err_t recovery_from_checkpoint(struct recovery_round *r, struct checkpoint_reader *saved,
                               const struct recovery_owner *owner)
{
    CLEANUP(start_deinit) struct start st = {.r = r, .owner = owner};
    TRY(read_living(r->svc, &st.living));
    TRY(sleepers_new(r->svc, &st.sleepers)); /* whoever made the service frees it */
    TRY(restore_all_saved(&st, saved));
    TRY(restore_young(&st));
    TRY(keep_records(&st, &saved->head.mark));
    return call_or_expire(&st);
}
