#include "app/loadtest/loadtest_prepare.h"

#include "app/cli/progress.h"
#include "app/house/house.h"
#include "app/loadtest/loadtest_people.h"
#include "base/rng.h"
#include "base/util.h"
#include "codec/base64.h"
#include "codec/uuid_text.h"
#include "crypto/secret.h"
#include "domain/accounts/account.h"
#include "domain/ground/audit.h"
#include "load/rhythm.h"
#include "load/tokens.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BATCH = 1000, /* accounts or sessions of one transaction */
    SALT_BYTES = 16,
    TAG_BYTES = 32,
    DURABLE_LOOK_NS = 200000,
    DEVICE_BYTES = 32,
    MPIN_BYTES = 8,
    SETTINGS_SET = 6
};

struct job {
    const struct prepare *p;
    struct house *house;
    struct service *svc;
    struct progress progress;
    struct learnt_person *people;     /* RHYTHM_PEOPLE of them */
    uuid_t *account;                  /* ids by number */
    struct load_login *login;         /* those that can log in */
    char (*mpin)[MPIN_BYTES];         /* of the first accounts */
    char verifier[PWHASH_TEXT_BYTES]; /* up to its salt: the form of every other one */
    FILE *tokens;
    size_t done, all; /* for the progress */
    char *why;
};

PRINTF_LIKE(2, 3) static err_t fault(char *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, PREPARE_WHY_BYTES, format, args);
    va_end(args);
    return err_new(ERR_IO);
}

static void advance(struct job *j, size_t by)
{
    j->done += by;
    progress_at(&j->progress, j->done, j->all);
}

/* ---- the directory ---- */

static void close_directory(DIR **d)
{
    if (*d != NULL) {
        (void)closedir(*d);
    }
}

/* A directory that holds anything is refused: whoever may write there gets no sessions by this. */
static err_t take_directory(const char *dir, char *why)
{
    if (mkdir(dir, 0700) == 0) {
        return ERR_OK;
    }
    char words[96] = "";
    if (errno != EEXIST) {
        return fault(why, "%s: cannot be made: %s", dir, strerror_r(errno, words, sizeof words));
    }
    CLEANUP(close_directory) DIR *d = opendir(dir);
    if (d == NULL) {
        return fault(why, "%s: is there and cannot be read: %s", dir,
                     strerror_r(errno, words, sizeof words));
    }
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) { /* NOLINT: one thread */
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            return fault(why, "%s: is not empty; this command only fills a new directory", dir);
        }
    }
    return ERR_OK;
}

static err_t open_tokens(struct job *j)
{
    char path[HOUSE_PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/tokens", j->p->dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    j->tokens = fd < 0 ? NULL : fdopen(fd, "w");
    if (j->tokens == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        return fault(j->why, "%s: cannot be written", path);
    }
    return tokens_write_head(j->tokens);
}

/* Settings of the directory alone: neither the environment nor a .env may lend a key to it. */
static err_t load_settings(const struct prepare *p, struct settings *out, char *why)
{
    char dir[HOUSE_PATH_BYTES];
    char hours[64];
    struct settings_report report;
    (void)snprintf(dir, sizeof dir, "DATA_DIR=%s", p->dir);
    (void)snprintf(hours, sizeof hours, "SESSION_MAX_HOURS=%lld", (long long)p->hours);
    const char *const set[SETTINGS_SET] = {
        dir, hours, "DEBUG=True", "LOOPS=1", "REPLAY_MEMORY_MB=0", "LOG_LEVEL=warn"};
    const struct settings_sources from = {.set = set, .sets = SETTINGS_SET};
    return failed(settings_load(&from, out, &report)) ? fault(why, "%s", report.fault) : ERR_OK;
}

/* ---- accounts ---- */

static void random_text(char *out, size_t bytes, size_t cap)
{
    uint8_t raw[TAG_BYTES];
    size_t len = 0;
    rng_fill(raw, bytes);
    MUST(!failed(base64_encode((span_t){raw, bytes}, out, cap - 1, &len)));
    while (len > 0 && out[len - 1] == '=') {
        len--;
    }
    out[len] = '\0';
}

/* Salt and tag at random: it reads, and costs a login, like any other; nobody knows what it is of. */
static void unknown_verifier(const struct job *j, char out[PWHASH_TEXT_BYTES])
{
    char salt[BASE64_LEN(SALT_BYTES) + 1];
    char tag[BASE64_LEN(TAG_BYTES) + 1];
    random_text(salt, SALT_BYTES, sizeof salt);
    random_text(tag, TAG_BYTES, sizeof tag);
    const int len = snprintf(out, PWHASH_TEXT_BYTES, "%s%s$%s", j->verifier, salt, tag);
    MUST(len > 0 && len < PWHASH_TEXT_BYTES);
}

/* The form of a verifier, with this server's cost and this directory's pepper, from a real one. */
static err_t learn_verifier(struct job *j)
{
    const struct pwhash_subject nobody = {.account = uuid_random(), .purpose = PWHASH_PASSWORD};
    TRY(pwhash_make(j->svc->keys, &j->svc->hashing, nobody, SPAN_LIT("nobody"), j->verifier));
    for (int i = 0; i < 2; i++) {
        char *const cut = strrchr(j->verifier, '$');
        MUST(cut != NULL);
        *cut = '\0';
    }
    (void)strncat(j->verifier, "$", sizeof j->verifier - strlen(j->verifier) - 1);
    return ERR_OK;
}

static span_t text_of(const char *s)
{
    return (span_t){(const uint8_t *)s, strlen(s)};
}

static err_t known_password(struct job *j, struct account_row *row, struct load_login *login)
{
    const struct pwhash_subject who = {.account = row->id, .purpose = PWHASH_PASSWORD};
    random_text(login->password, SALT_BYTES, sizeof login->password);
    const int len = snprintf(login->email, sizeof login->email, "%s", row->email);
    MUST(len > 0 && (size_t)len < sizeof login->email);
    return pwhash_make(j->svc->keys, &j->svc->hashing, who, text_of(login->password),
                       row->password_hash);
}

static err_t known_mpin(struct job *j, struct account_row *row, char mpin[MPIN_BYTES])
{
    const struct pwhash_subject who = {.account = row->id, .purpose = PWHASH_MPIN};
    uint32_t number = 0;
    rng_fill(&number, sizeof number);
    (void)snprintf(mpin, MPIN_BYTES, "%04u", (unsigned)(number % 10000U));
    return pwhash_make(j->svc->keys, &j->svc->hashing, who, text_of(mpin), row->mpin_hash);
}

/* Those who log in have no sessions: a login too many would end them under somebody's hands. */
static err_t make_row(struct job *j, size_t number, struct account_row *row)
{
    const size_t accounts = (size_t)j->p->accounts;
    *row = (struct account_row){.id = uuid_random(), .created = clock_wall(j->svc->clock)};
    (void)snprintf(row->email, sizeof row->email, "load%07zu@example.com", number);
    memcpy(row->email_key, row->email, sizeof row->email_key);
    unknown_verifier(j, row->password_hash);
    unknown_verifier(j, row->mpin_hash);
    if (number >= accounts) {
        return known_password(j, row, &j->login[number - accounts]);
    }
    j->account[number] = row->id;
    return number < (size_t)j->p->logins ? known_mpin(j, row, j->mpin[number]) : ERR_OK;
}

static err_t save_profile(struct job *j, struct store_tx *tx, size_t number)
{
    const struct learnt_person *who = &j->people[number % RHYTHM_PEOPLE];
    struct profile_part part[PEOPLE_PARTS_MAX];
    enum profile_answer answer = PROFILE_GONE;
    for (size_t i = 0; i < who->parts; i++) {
        part[i] = (struct profile_part){.name = who->part[i].name,
                                        .content = {who->bytes[i], who->part[i].size}};
    }
    const struct profile_save all = {.account = j->account[number],
                                     .at = clock_wall(j->svc->clock),
                                     .part = part,
                                     .count = who->parts};
    TRY(store_profile_save(tx, &all, &answer));
    return answer == PROFILE_SAVED ? ERR_OK : err_new(ERR_STORAGE);
}

/* Hash before the transaction begins: it would hold the store for as long. */
static err_t account_batch(struct job *j, struct account_row *rows, size_t from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(make_row(j, from + i, &rows[i]));
    }
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(j->svc->store, STORE_WRITE, &tx));
    for (size_t i = 0; i < count; i++) {
        enum account_created created = ACCOUNT_EMAIL_TAKEN;
        TRY(store_account_create(&tx, &rows[i], &created));
        MUST(created == ACCOUNT_CREATED);
        if (from + i < (size_t)j->p->learnt) {
            TRY(save_profile(j, &tx, from + i));
        }
    }
    return store_commit(&tx);
}

static err_t make_accounts(struct job *j)
{
    struct account_row *rows = calloc(BATCH, sizeof *rows);
    err_t e = rows == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    const size_t all = (size_t)(j->p->accounts + j->p->logins);
    for (size_t from = 0; !failed(e) && from < all; from += BATCH) {
        const size_t count = size_min(BATCH, all - from);
        e = account_batch(j, rows, from, count);
        advance(j, count);
    }
    free(rows);
    return e;
}

/* ---- sessions ---- */

static void say_nothing(struct shard_watcher *self, struct live *live, enum notice what,
                        enum session_end how, const canara_verdict_t *verdict)
{
    (void)self;
    (void)live;
    (void)what;
    (void)how;
    (void)verdict;
}

static err_t write_token(struct job *j, const struct session_row *row, size_t account)
{
    struct load_session s = {.person = (unsigned)(account % RHYTHM_PEOPLE)};
    uuid_print(row->id, s.id);
    _Static_assert((int)TOKENS_TOKEN_BYTES >= (int)TOKEN_TEXT_BYTES, "a token fits");
    TRY(session_sign(j->svc, row, s.token));
    if (account < (size_t)j->p->logins) {
        (void)snprintf(s.mpin, sizeof s.mpin, "%s", j->mpin[account]);
    }
    return tokens_write_session(j->tokens, &s);
}

static err_t store_session(struct job *j, struct store_tx *tx, size_t number, session_seed_t *seed)
{
    const size_t account = number % (size_t)j->p->accounts;
    const wall_t now = clock_wall(j->svc->clock);
    struct device_standing was = {0};
    *seed =
        (session_seed_t){.row = {.id = uuid_random(),
                                 .account = j->account[account],
                                 .created = now,
                                 .last_activity = now,
                                 .expires_max = wall_after_ms(now, j->svc->rules.session_age_ms)},
                         .profile_revision = account < (size_t)j->p->learnt ? 1 : 0};
    (void)snprintf(seed->row.device_id, DEVICE_BYTES, "device-%zu",
                   number / (size_t)j->p->accounts);
    (void)snprintf(seed->email, sizeof seed->email, "load%07zu@example.com", account);
    device_key_of(seed->row.device_id, seed->row.device_key);
    TRY(store_device_touch(tx, seed->row.account, seed->row.device_key, now, &was));
    TRY(store_session_create(tx, &seed->row));
    return number < (size_t)j->p->tokens ? write_token(j, &seed->row, account) : ERR_OK;
}

static err_t wait_until_durable(struct job *j, struct journal_lane *lane)
{
    journal_kick(lane);
    while (journal_durable(lane) < journal_appended(lane)) {
        if (journal_state_of(j->svc->journal) != JOURNAL_RUNNING) {
            return fault(j->why, "the journal could not be written");
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = DURABLE_LOOK_NS}, NULL);
    }
    return ERR_OK;
}

/* As a login does it: first the store, then the opening in the journal, which pins the profile. */
static err_t session_batch(struct job *j, session_seed_t *seeds, size_t from, size_t count)
{
    {
        CLEANUP(store_rollback) struct store_tx tx = {0};
        TRY(store_begin(j->svc->store, STORE_WRITE, &tx));
        for (size_t i = 0; i < count; i++) {
            TRY(store_session(j, &tx, from + i, &seeds[i]));
        }
        TRY(store_commit(&tx));
    }
    struct shard_watcher watcher = {.notify = say_nothing};
    struct journal_lane *const lane = journal_lane(j->svc->journal, 0);
    const struct shard_config config = {.service = j->svc,
                                        .ledger = j->house->ledger,
                                        .lane = lane,
                                        .watcher = &watcher,
                                        .sessions_max = BATCH};
    CLEANUP(shard_free) struct shard *shard = NULL;
    TRY(shard_new(&config, &shard));
    for (size_t i = 0; i < count; i++) {
        struct live *live = NULL;
        TRY(shard_open(shard, &seeds[i], &live));
    }
    return wait_until_durable(j, lane);
}

static err_t make_sessions(struct job *j)
{
    session_seed_t *seeds = calloc(BATCH, sizeof *seeds);
    err_t e = seeds == NULL ? err_new(ERR_NOMEM) : ERR_OK;
    const size_t all = (size_t)j->p->sessions;
    for (size_t from = 0; !failed(e) && from < all; from += BATCH) {
        const size_t count = size_min(BATCH, all - from);
        e = session_batch(j, seeds, from, count);
        advance(j, count);
    }
    free(seeds);
    return e;
}

/* ---- all of it ---- */

static err_t learn_people(struct job *j)
{
    for (unsigned i = 0; i < RHYTHM_PEOPLE && j->p->learnt > 0; i++) {
        if (failed(people_learn(j->svc->model, i, clock_wall(j->svc->clock), &j->people[i]))) {
            return fault(j->why, "the engine did not learn person %u", i);
        }
        advance(j, 1);
    }
    return ERR_OK;
}

/* The sessions have no entry each in the audit: this one stands for all of them. */
static err_t note(struct job *j)
{
    char detail[128];
    (void)snprintf(detail, sizeof detail, "{\"accounts\":%lld,\"sessions\":%lld}",
                   (long long)j->p->accounts, (long long)j->p->sessions);
    const audit_entry_t entry = {.kind = "loadtest.prepared", .detail = detail};
    return audit_record(j->svc->audit, j->svc->store, &entry);
}

static err_t fill(struct job *j)
{
    TRY(open_tokens(j));
    TRY(learn_people(j));
    TRY(learn_verifier(j));
    TRY(note(j));
    TRY(make_accounts(j));
    TRY(make_sessions(j));
    for (size_t i = 0; i < (size_t)j->p->logins; i++) {
        TRY(tokens_write_login(j->tokens, &j->login[i]));
    }
    return ERR_OK;
}

static err_t close_tokens(struct job *j, err_t e)
{
    if (j->tokens == NULL) {
        return e;
    }
    const bool written = fflush(j->tokens) == 0 && ferror(j->tokens) == 0;
    return fclose(j->tokens) == 0 && written ? e : err_new(ERR_IO);
}

static err_t work(struct job *j)
{
    const size_t accounts = (size_t)j->p->accounts;
    const size_t logins = (size_t)j->p->logins;
    j->all = accounts + logins + (size_t)j->p->sessions + RHYTHM_PEOPLE;
    j->people = calloc(RHYTHM_PEOPLE, sizeof *j->people);
    j->account = calloc(accounts, sizeof *j->account);
    j->login = calloc(logins + 1, sizeof *j->login);
    j->mpin = calloc(logins + 1, sizeof *j->mpin);
    err_t e = j->people == NULL || j->account == NULL || j->login == NULL || j->mpin == NULL
                  ? err_new(ERR_NOMEM)
                  : ERR_OK;
    progress_init(&j->progress, "canara loadtest prepare", clock_system(), j->p->progress);
    if (!failed(e)) {
        e = close_tokens(j, fill(j));
        memory_wipe(j->login, (logins + 1) * sizeof *j->login);
        memory_wipe(j->mpin, (logins + 1) * sizeof *j->mpin);
    }
    progress_deinit(&j->progress);
    free(j->people);
    free(j->account);
    free(j->login);
    free(j->mpin);
    return e;
}

static err_t furnish(const struct prepare *p, struct house *house, char *why)
{
    CLEANUP(settings_wipe) struct settings settings = {0};
    TRY(load_settings(p, &settings, why));
    TRY(take_directory(p->dir, why));
    if (failed(house_up_offline(house, &settings, clock_system()))) {
        return fault(why, "%s", house->why);
    }
    struct job job = {.p = p, .house = house, .svc = &house->service, .why = why};
    const err_t e = work(&job);
    house_down(house);
    if (failed(e) && why[0] == '\0') {
        return fault(why, "%s: the database or the disk refused (error %d)", p->dir, (int)e.code);
    }
    return e;
}

err_t loadtest_prepare(const struct prepare *p, char why[PREPARE_WHY_BYTES])
{
    struct house *house = calloc(1, sizeof *house);
    why[0] = '\0';
    const err_t e = house == NULL ? fault(why, "out of memory") : furnish(p, house, why);
    free(house);
    return e;
}
