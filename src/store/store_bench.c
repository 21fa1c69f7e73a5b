/* What the store costs: rows in batches, a look-up, one durable write. */
#include "store/store.h"

#include "store/house_test.h"

enum { ACCOUNTS = 10000, BATCH = 100, LOOKUPS = 50000, WRITES = 2000, DECISIONS = 20000 };

static double seconds_since(mono_t start)
{
    return (double)(clock_mono(clock_system()).ns - start.ns) / (double)NS_PER_S;
}

static err_t add_accounts(struct store *st, unsigned first)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(st, STORE_WRITE, &tx));
    for (unsigned n = first; n < first + BATCH; n++) {
        const struct account_row row = sample_account(n);
        enum account_created answer = ACCOUNT_EMAIL_TAKEN;
        TRY(store_account_create(&tx, &row, &answer));
    }
    return store_commit(&tx);
}

static err_t add_decisions(struct store *st, unsigned first)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(st, STORE_WRITE, &tx));
    for (unsigned n = first; n < first + BATCH; n++) {
        const struct decision_row row = sample_decision(n, n % 100, n % ACCOUNTS);
        TRY(store_decision_put(&tx, &row));
    }
    return store_commit(&tx);
}

/* `round` must differ each time: SQLite does not write a page that stays as it was. */
static err_t save_activity(struct store *st, unsigned round)
{
    struct session_activity items[BATCH] = {0};
    for (unsigned n = 0; n < BATCH; n++) {
        items[n] =
            (struct session_activity){sample_id('s', n), {9000 + (int64_t)round}, 0.5, 1, false};
    }
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(st, STORE_WRITE, &tx));
    TRY(store_session_save_activity(&tx, items, BATCH));
    return store_commit(&tx);
}

static err_t look_up(struct store *st, unsigned n)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    const struct account_row want = sample_account(n);
    struct account_row got = {0};
    bool found = false;
    TRY(store_begin(st, STORE_READ, &tx));
    TRY(store_account_by_email(&tx, want.email_key, &got, &found));
    return found ? store_commit(&tx) : err_new(ERR_STORAGE);
}

static err_t spend_try(struct store *st, unsigned n)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct mpin_state tries = {0};
    TRY(store_begin(st, STORE_WRITE, &tx));
    TRY(store_mpin_load(&tx, sample_id('a', n % ACCOUNTS), &tries));
    tries.failures++;
    TRY(store_mpin_save(&tx, sample_id('a', n % ACCOUNTS), &tries));
    return store_commit(&tx);
}

static err_t add_sessions(struct store *st)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(st, STORE_WRITE, &tx));
    for (unsigned n = 0; n < BATCH; n++) {
        const struct session_row row = sample_session(n, n);
        TRY(store_session_create(&tx, &row));
    }
    return store_commit(&tx);
}

/* ---- profiles: parts of 3.1 kB, as a full ring of 50 samples of 31 features has */

enum { PART_BYTES = 3100, PARTS_MAX = 4, LOADS = 20 };

static err_t save_profiles(struct store *st, unsigned first, size_t parts)
{
    static const char *const name[PARTS_MAX] = {"keys:password", "keys:mpin", "pointer", "pages"};
    uint8_t content[PART_BYTES];
    memset(content, (int)(first & 0xff), sizeof content);
    struct profile_part part[PARTS_MAX] = {{0}};
    for (size_t i = 0; i < parts; i++) {
        part[i] = (struct profile_part){.name = name[i], .content = {content, sizeof content}};
    }
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(st, STORE_WRITE, &tx));
    for (unsigned n = first; n < first + BATCH; n++) {
        struct profile_head head = {0};
        enum profile_answer answer = PROFILE_GONE;
        TRY(store_profile_head(&tx, sample_id('a', n), &head));
        const struct profile_save save = {.account = sample_id('a', n),
                                          .base = head.revision,
                                          .at = {(int64_t)head.revision + 1},
                                          .part = part,
                                          .count = parts};
        TRY(store_profile_save(&tx, &save, &answer));
    }
    return store_commit(&tx);
}

static err_t count_part(void *ctx, const struct profile_part *part)
{
    size_t *count = ctx;
    *count += part->content.len == PART_BYTES ? 1U : 0U;
    return ERR_OK;
}

/* Whole profiles of accounts from all over the file, as logins ask for them. */
static err_t load_profiles(struct store *st, unsigned round, size_t *count)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    TRY(store_begin(st, STORE_READ, &tx));
    for (unsigned n = 0; n < BATCH; n++) {
        const uuid_t who = sample_id('a', (round * BATCH + n) * 7919 % ACCOUNTS);
        struct profile_head head = {0};
        TRY(store_profile_head(&tx, who, &head));
        TRY(store_profile_load(&tx, who, head.revision, count_part, count));
    }
    return store_commit(&tx);
}

/* `parts` a profile, saved `times`: the newest is looked for among what it replaced. */
static err_t measure_profiles(struct store *st, size_t parts, unsigned times)
{
    mono_t start = clock_mono(clock_system());
    for (unsigned i = 0; i < times; i++) {
        for (unsigned n = 0; n < ACCOUNTS; n += BATCH) {
            TRY(save_profiles(st, n, parts));
        }
    }
    printf("%zu part(s) a profile: saves %9.0f parts/s\n", parts,
           (double)ACCOUNTS * times * (double)parts / seconds_since(start));

    size_t count = 0;
    start = clock_mono(clock_system());
    for (unsigned round = 0; round < LOADS * ACCOUNTS / BATCH; round++) {
        TRY(load_profiles(st, round, &count));
    }
    const double seconds = seconds_since(start);
    printf("profile loads/s             %9.0f profiles/s, %9.0f parts/s\n",
           LOADS * ACCOUNTS / seconds, (double)count / seconds);
    return ERR_OK;
}

static err_t measure(struct store *st)
{
    mono_t start = clock_mono(clock_system());
    for (unsigned n = 0; n < ACCOUNTS; n += BATCH) {
        TRY(add_accounts(st, n));
    }
    printf("accounts, batches of %d     %9.0f rows/s\n", BATCH, ACCOUNTS / seconds_since(start));

    start = clock_mono(clock_system());
    for (unsigned n = 0; n < DECISIONS; n += BATCH) {
        TRY(add_decisions(st, n));
    }
    printf("decisions, batches of %d    %9.0f rows/s\n", BATCH, DECISIONS / seconds_since(start));

    TRY(add_sessions(st));
    start = clock_mono(clock_system());
    for (unsigned n = 0; n < WRITES; n++) {
        TRY(save_activity(st, n));
    }
    printf("activity, batches of %d     %9.0f rows/s\n", BATCH,
           WRITES * BATCH / seconds_since(start));

    start = clock_mono(clock_system());
    for (unsigned n = 0; n < LOOKUPS; n++) {
        TRY(look_up(st, n * 7919 % ACCOUNTS));
    }
    printf("account look-up             %9.2f us\n", seconds_since(start) * 1e6 / LOOKUPS);

    TRY(measure_profiles(st, 1, 1));
    TRY(measure_profiles(st, 4, 10));

    start = clock_mono(clock_system());
    for (unsigned n = 0; n < WRITES; n++) {
        TRY(spend_try(st, n));
    }
    printf("one durable write           %9.1f us\n", seconds_since(start) * 1e6 / WRITES);
    return ERR_OK;
}

int main(void)
{
    struct house house;
    house_begin(&house);
    err_t e = house_open(&house);
    e = failed(e) ? e : measure(house.store);
    house_end(&house);
    if (failed(e)) {
        (void)fprintf(stderr, "store_bench failed: %d %s\n", (int)e.code, house.why);
    }
    return failed(e);
}
