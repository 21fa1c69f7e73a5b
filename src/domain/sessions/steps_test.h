/*
 * steps_test.h - what many tests of the domain do: an account, a login, a message of events.
 *
 * Floor      domain/sessions (tests only)
 * Threads    as house_test.h.
 */
#ifndef DOMAIN_STEPS_TEST_H
#define DOMAIN_STEPS_TEST_H

#include "domain/accounts/secret_change.h"
#include "domain/sessions/house_test.h"

#define ANN      "ann@example.org"
#define PASSWORD "correct horse battery"
#define MPIN     "8305"
#define WRONG    "1111"

static inline uuid_t account_of(struct house *h, const char *email)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct account_row row = {0};
    bool found = false;
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_account_by_email(&tx, email, &row, &found));
    assert_true(found);
    return row.id;
}

static inline uuid_t register_account(struct house *h, const char *email)
{
    enum register_answer answer = REGISTER_EMAIL_TAKEN;
    assert_ok(account_register(&h->svc, email, email, span_of(PASSWORD), span_of(MPIN), &answer));
    assert_int_equal(answer, REGISTERED);
    return account_of(h, email);
}

static inline login_t login_from(const char *email, const char *device)
{
    login_t login = {.address_narrow = 7, .address_wide = 70};
    (void)snprintf(login.email_key, sizeof login.email_key, "%s", email);
    (void)snprintf(login.device_id, sizeof login.device_id, "%s", device);
    return login;
}

/* Look and prove; true when the password was compared and right. */
static inline bool try_login(struct house *h, login_t *login, const char *password)
{
    bool right = false;
    assert_ok(login_look(&h->svc, login));
    if (login->wait_s > 0) {
        return false;
    }
    assert_ok(login_prove(&h->svc, login, span_of(password), &right));
    return right;
}

/* The login of a right password, as far as the store. */
static inline void open_session(struct house *h, const char *email, const char *device,
                                session_seed_t *seed, credentials_t *credentials)
{
    login_t login = login_from(email, device);
    assert_true(try_login(h, &login, PASSWORD));
    assert_ok(login_open(&h->svc, &login, seed, credentials));
}

/* As a request does it: what the look refuses goes no further. */
static inline err_t look_and_refresh(struct house *h, const refresh_ask_t *ask,
                                     struct session_row *row, credentials_t *out,
                                     enum refresh_outcome *outcome, uint32_t *wait_s)
{
    TRY(account_refresh_look(&h->svc, ask, row, outcome));
    return *outcome == REFRESH_REFUSED ? ERR_OK
                                       : account_refresh(&h->svc, ask, row, out, outcome, wait_s);
}

/* The whole login: the session lives in the shard. */
static inline struct live *log_in(struct house *h, const char *email, const char *device)
{
    session_seed_t seed = {0};
    credentials_t credentials = {0};
    struct live *live = NULL;
    open_session(h, email, device, &seed, &credentials);
    assert_ok(shard_open(h->shard, &seed, &live));
    return live;
}

static inline struct session_row stored_session(struct house *h, uuid_t id)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct session_row row = {0};
    bool found = false;
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_session_get(&tx, id, &row, &found));
    assert_true(found);
    return row;
}

static inline size_t live_in_store(struct house *h, uuid_t account)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    static _Thread_local struct session_row rows[MPIN_SESSIONS_MAX];
    size_t count = 0;
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_sessions_live_of(&tx, account, rows, MPIN_SESSIONS_MAX, &count));
    return count;
}

static inline struct mpin_state tries_of(struct house *h, uuid_t account)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    struct mpin_state state = {0};
    assert_ok(store_begin(h->svc.store, STORE_READ, &tx));
    assert_ok(store_mpin_load(&tx, account, &state));
    return state;
}

/* ---- change of secrets, as a session would: prove, then write */

static inline change_order_t order_password(struct house *h, const struct session_row *who,
                                            const char *old, const char *fresh)
{
    change_order_t order = {.account = who->account, .session = who->id};
    bool right = false;
    assert_ok(password_change_order(&h->svc, span_of(old), span_of(fresh), &order, &right));
    assert_true(right);
    return order;
}

static inline change_order_t order_mpin(struct house *h, const struct session_row *who,
                                        const char *old, const char *fresh)
{
    change_order_t order = {.account = who->account, .session = who->id};
    mpin_result_t r = {0};
    assert_ok(mpin_check(&h->svc, who->account, who->id, span_of(old), &r));
    assert_int_equal(r.answer, MPIN_RIGHT);
    assert_ok(mpin_change_order(&h->svc, &r, span_of(fresh), &order));
    return order;
}

static inline change_t change(struct house *h, change_order_t order)
{
    change_t out = {0};
    assert_ok(secret_change(&h->svc, &order, &out));
    return out;
}

/* ---- events */

static inline size_t scan(struct house *h, const char *text)
{
    size_t count = 0;
    scan_fault_t fault = {0};
    if (event_scan(h->scratch, span_of(text), h->events, &count, &fault) != SCAN_OK) {
        fail_msg("%s: %s", text, fault.message);
    }
    return count;
}

static inline behaviour_result_t send(struct house *h, struct live *live, const char *text)
{
    behaviour_result_t result = {0};
    const size_t count = scan(h, text);
    behaviour_take(h->shard, live, h->events, count, clock_mono(shard_service(h->shard)->clock),
                   &result);
    return result;
}

/* Wait until all that the lane took is on the disk. */
static inline void settle(struct house *h)
{
    struct journal_lane *lane = shard_lane(h->shard);
    journal_kick(lane);
    while (journal_durable(lane) < journal_appended(lane)) {
        assert_int_not_equal(journal_state_of(h->svc.journal), JOURNAL_FAILED);
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
}

static inline void predict(struct house *h, struct live *live, double risk)
{
    (void)behaviour_fact(h->shard, live, "ml_analysis_result", SPAN_LIT("{}"),
                         CANARA_FACT_PREDICTED_RISK, risk);
}

/* A session as it was, for when it is not there any more. */
struct as_it_was {
    struct live live;
    canara_session_t engine;
};

static inline struct as_it_was as_it_is(const struct live *live)
{
    struct as_it_was k = {.live = *live};
    k.engine = *live_engine(live, &k.engine);
    return k;
}

static inline void same_engine(const struct live *live, const canara_session_t *before)
{
    canara_session_t room;
    assert_memory_equal(live_engine(live, &room), before, sizeof *before);
}

static inline canara_verdict_t peek(struct house *h, const struct live *live)
{
    canara_verdict_t v = {0};
    canara_session_t room;
    canara_peek(live_engine(live, &room), &h->svc.rules.risk, clock_wall(&h->clock.face).ms, &v);
    return v;
}

#endif
