/* The steps of a house that open what is kept: keys, journal, store, buffer files. */
#include "app/house/house_steps.h"
#include "base/fd.h"
#include "base/steady_clock.h"
#include "base/util.h"
#include "base/write_all.h"
#include "domain/sessions/recovery_checkpoint.h"
#include "journal/frame.h"
#include "journal/view_file.h"
#include "store/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- whether there is a database, and whose it is ---- */

/* Where the view keeps how far it is. */
#define POSITION_NAME "session_buffers/position"

/* Says that DATA_DIR has had a database, wherever that lies. */
#define DATABASE_NOTE "database.known"

static bool has_segments(const struct house *h)
{
    CLEANUP(segment_list_deinit) struct segment_list list = {0};
    const int fd = open(h->journal_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno != ENOENT;
    }
    const bool listed = !failed(segment_list_read(fd, &list));
    (void)close(fd);
    return !listed || list.count > 0;
}

/* A database that is not there was lost, unless everything beside it is new, too. */
static bool database_is_known(const struct house *h)
{
    static const char *const names[] = {DATABASE_NOTE, CHECKPOINT_NAME, CHECKPOINT_OLD_NAME,
                                        POSITION_NAME};
    char path[HOUSE_PATH_BYTES];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", h->settings->data_dir, names[i]);
        if (access(path, F_OK) == 0) {
            return true;
        }
    }
    return has_segments(h);
}

err_t house_lock_up(struct house *h)
{
    const struct store_config config = {.url = h->settings->database_url,
                                        .data_dir = h->settings->data_dir};
    char why[STORE_WHY_BYTES] = "";
    h->own_lock = -1;
    if (access(h->settings->database_path, F_OK) != 0 && database_is_known(h)) {
        return house_fault(h,
                           "%s: is missing, and DATA_DIR has known a database: restore it, or "
                           "mount its disk; to begin anew, empty DATA_DIR",
                           h->settings->database_path); /* not even a lock is put there */
    }
    int *place = h->store_lock != NULL ? h->store_lock : &h->own_lock;
    return failed(store_lock_take(&config, place, why)) ? house_fault(h, "%s", why) : ERR_OK;
}

void house_lock_down(struct house *h)
{
    if (h->own_lock >= 0) {
        (void)close(h->own_lock);
        h->own_lock = -1;
    }
}

/* ---- keys ---- */

err_t house_keys_up(struct house *h)
{
    TRY(kit_keys(h->kit, h->settings, h->why));
    h->service.keys = h->kit->keys;
    opaque_key_init(&h->service.refresh_key, h->service.keys, "refresh");
    opaque_key_init(&h->service.ticket_key, h->service.keys, "ticket");
    return ERR_OK;
}

void house_keys_down(struct house *h)
{
    hmac_key_wipe(&h->service.refresh_key);
    hmac_key_wipe(&h->service.ticket_key);
    h->service.keys = NULL;
}

/* ---- the journal ---- */

enum { WHERE_BYTES = 192 }; /* a reason, a name of a file, a number */

/* Which frames the journal must hold: whoever else has been told of them says so. */
struct proof {
    struct checkpoint_proof seen;
    uint64_t holds;
    uint64_t view; /* the view has finished what is below */
    const char *who;
};

/* Only what is whole for certain may accuse; a damaged one is told of by the view. */
static uint64_t view_place(const char *dir)
{
    CLEANUP(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    uint64_t place = 0;
    return fd >= 0 && view_place_read(fd, &place) == VIEW_PLACE_SEALED ? place : 0;
}

static struct proof proof_of(const struct house *h)
{
    struct proof p = {0};
    if (h->accept_loss) {
        return p;
    }
    (void)checkpoint_proof_read(h->settings->data_dir, &p.seen);
    p.view = view_place(h->view_dir);
    p.holds = p.seen.durable;
    p.who = p.seen.name;
    if (p.view > p.holds) {
        p.holds = p.view;
        p.who = POSITION_NAME;
    }
    return p;
}

/* A frame that is another is the checkpoint's word; a journal that ends too early, that of whoever saw most of it. */
static const char *witness(const struct proof *p, const struct journal_fault *why)
{
    const bool marked = why->reason != NULL && strcmp(why->reason, JOURNAL_ENDS_EARLY) != 0;
    const char *who = marked ? p->seen.name : p->who;
    return who == NULL ? "its configuration" : who;
}

/* The place of the view misses frames, and a checkpoint that can be read misses none: either they were
 * written after it, or the file is not of this DATA_DIR. */
static bool accuses_alone(const struct proof *p, const struct journal_fault *why)
{
    return p->who != NULL && strcmp(p->who, POSITION_NAME) == 0 && p->seen.name != NULL &&
           why->reason != NULL && strcmp(why->reason, JOURNAL_ENDS_EARLY) == 0 &&
           why->next >= p->seen.durable;
}

static err_t short_fault_of(struct house *h, const char *where, const struct journal_fault *why,
                            const struct proof *p)
{
    static const char way_out[] = "restore what is missing, or give it up with canara accept-loss, "
                                  "which ends all sessions";
    if (accuses_alone(p, why)) {
        return house_fault(h,
                           "journal: %s, says " POSITION_NAME " alone, and %s misses nothing: look "
                           "at that file first; if it was copied here from elsewhere, move it "
                           "away; if not, %s",
                           where, p->seen.name, way_out);
    }
    return house_fault(h, "journal: %s, says %s: %s", where, witness(p, why), way_out);
}

static err_t journal_fault_of(struct house *h, err_t e, const struct journal_fault *why,
                              const struct proof *p)
{
    char where[WHERE_BYTES];
    if (e.code == ERR_LIMIT) {
        return house_fault(h, "DATA_DIR=%s: another server is running on it",
                           h->settings->data_dir);
    }
    (void)snprintf(where, sizeof where, "%s%s%s at byte %" PRIu64,
                   why->reason == NULL ? "failed" : why->reason,
                   why->file[0] == '\0' ? "" : ", file ", why->file, why->offset);
    h->journal_is_short = e.code == ERR_RANGE;
    return h->journal_is_short ? short_fault_of(h, where, why, p)
                               : house_fault(h, "journal: %s", where);
}

err_t house_journal_up(struct house *h)
{
    const struct settings *s = h->settings;
    const struct proof proof = proof_of(h);
    const struct journal_config config = {
        .dir = h->journal_dir,
        .verify_from = proof.seen.name != NULL ? &proof.seen.mark : NULL,
        .holds = proof.holds,
        .view_done = h->data_alone ? 0 : proof.view,
        .lanes = s->loops,
        .commit_us = s->journal_commit_us,
        .max_bytes = (uint64_t)s->journal_max_gb << 30,
        .retention_days = (int)s->journal_retention_days,
        .young_ms = (int64_t)s->session_max_hours * 3600 * MS_PER_S,
        .asked = h->asked,
        .clock = h->clock,
        .vouched = steady_clock_vouched(h->service.steady),
        .log = h->log};
    struct journal_fault why = {0};
    const err_t e = journal_open(&config, &h->service.journal, &why);
    return failed(e) ? journal_fault_of(h, e, &why, &proof) : ERR_OK;
}

void house_journal_down(struct house *h)
{
    journal_close(&h->service.journal);
}

/* ---- the store ---- */

static bool write_note(const char *dir)
{
    static const char text[] = "canara-database 1\n";
    const int folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int fd =
        openat(folder, DATABASE_NOTE, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    const bool written = fd >= 0 &&
                         !failed(write_all(fd, (span_t){(const uint8_t *)text, sizeof text - 1})) &&
                         fsync(fd) == 0 && fsync(folder) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (folder >= 0) {
        (void)close(folder);
    }
    return written;
}

/* Its name counts, not what is in it. */
static err_t note_database(struct house *h, bool is_new)
{
    char path[HOUSE_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/" DATABASE_NOTE, h->settings->data_dir);
    if (access(path, F_OK) == 0 || write_note(h->settings->data_dir)) {
        return ERR_OK;
    }
    if (is_new) {
        return house_fault(h, "%s: cannot be written", path);
    }
    log_event(h->log, LOG_WARN, "store.not_noted"); /* a full disk; the next start tries again */
    return ERR_OK;
}

err_t house_store_up(struct house *h)
{
    const bool is_new = access(h->settings->database_path, F_OK) != 0;
    const struct store_config config = {.url = h->settings->database_url,
                                        .data_dir = h->settings->data_dir,
                                        .log = h->log,
                                        .clock = h->clock,
                                        .known = database_is_known(h)};
    char why[STORE_WHY_BYTES] = "";
    if (failed(store_open(&config, &h->service.store, why))) {
        return house_fault(h, "%s", why);
    }
    const err_t noted = note_database(h, is_new);
    if (failed(noted)) {
        store_close(&h->service.store);
    }
    return noted;
}

void house_store_down(struct house *h)
{
    store_close(&h->service.store);
}

static err_t email_of(void *context, uuid_t account, char out[VIEW_EMAIL_BYTES])
{
    struct service *svc = context;
    struct account_row row = {0};
    bool found = false;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(svc->store, STORE_READ, &tx));
    TRY(store_account_by_id(&tx, account, &row, &found));
    (void)snprintf(out, VIEW_EMAIL_BYTES, "%s", found ? row.email : "");
    account_wipe(&row);
    return ERR_OK;
}

err_t house_view_up(struct house *h)
{
    const struct view_config config = {.dir = h->view_dir,
                                       .journal = h->service.journal,
                                       .email_of = email_of,
                                       .context = &h->service,
                                       .retention_days = (int)h->settings->journal_retention_days,
                                       .clock = h->clock,
                                       .vouched = steady_clock_vouched(h->service.steady),
                                       .log = h->log};
    const err_t e = view_open(&config, &h->service.view);
    if (e.code == ERR_RANGE) {
        return house_fault(h, "%s: must be a directory of ours, mode 0700", h->view_dir);
    }
    if (failed(e)) {
        return e.code == ERR_NOMEM
                   ? house_fault(h, "the view of the journal could not be started: no memory, or "
                                    "no thread for it")
                   : house_fault(h, "%s: buffer files cannot be written there", h->view_dir);
    }
    return ERR_OK;
}

void house_view_down(struct house *h)
{
    view_close(&h->service.view);
}
