/* What the loops want written: in batches, through an absence of the store, to the last item. */
#include "domain/accounts/ledger.h"

#include "domain/sessions/steps_test.h"

#include <pthread.h>

enum { MANY = 3 * LEDGER_BATCH + 7 };

struct writer {
    struct house *house;
    pthread_t thread;
};

static void *run(void *context)
{
    struct writer *w = context;
    ledger_run(w->house->ledger, 3600);
    return NULL;
}

static void start(struct writer *w, struct house *h)
{
    w->house = h;
    assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
}

static void stop(struct writer *w)
{
    ledger_stop(w->house->ledger);
    assert_int_equal(pthread_join(w->thread, NULL), 0);
}

static void wait_until_empty(struct house *h)
{
    while (ledger_depth(h->ledger) > 0) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    }
}

static ledger_item_t end_of(const session_seed_t *seed, enum session_end how)
{
    return (ledger_item_t){.session = seed->row.id,
                           .account = seed->row.account,
                           .at = {SCRIPTED_WALL_MS + 1000},
                           .risk = 0.97,
                           .level = (uint8_t)CANARA_LEVEL_BLOCKED,
                           .how = how};
}

/* Of a session that the store does not know. */
static ledger_item_t end_of_nobody(void)
{
    return (ledger_item_t){.session = {{1}}, .at = {SCRIPTED_WALL_MS}, .how = END_EXPIRED};
}

static void post(struct house *h, const ledger_item_t *item)
{
    uint64_t place = 0;
    assert_ok(ledger_post(h->ledger, item, &place));
    assert_true(place > 0);
}

static void open_one(struct house *h, session_seed_t *seed, credentials_t *cred)
{
    (void)register_account(h, ANN);
    open_session(h, ANN, "phone", seed, cred);
}

static void everything_posted_is_written_to_the_last_item(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct writer w;
    open_one(h, &seed, &cred);
    const ledger_item_t last = end_of(&seed, END_EXPIRED);
    for (int i = 1; i < MANY; i++) {
        const ledger_item_t item = end_of_nobody();
        post(h, &item);
    }
    post(h, &last);
    assert_int_equal(ledger_depth(h->ledger), MANY);
    start(&w, h);
    wait_until_empty(h);
    stop(&w);
    const struct session_row row = stored_session(h, seed.row.id);
    assert_int_equal(row.end, END_EXPIRED);
    assert_int_equal(row.ended.ms, last.at.ms);
}

static void a_block_ends_the_session_its_tokens_and_marks_the_account(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    session_seed_t next = {0};
    credentials_t cred = {0};
    struct session_row refreshed = {0};
    enum refresh_outcome outcome = REFRESH_DONE;
    uint32_t wait_s = 0;
    struct writer w;
    open_one(h, &seed, &cred);
    const ledger_item_t item = end_of(&seed, END_BLOCKED);
    post(h, &item);
    start(&w, h);
    stop(&w);
    const struct session_row row = stored_session(h, seed.row.id);
    assert_int_equal(row.end, END_BLOCKED);
    assert_int_equal(row.ended.ms, SCRIPTED_WALL_MS + 1000);
    assert_near(row.risk, 0.97, 0.0, "what its status shows afterwards");
    const refresh_ask_t ask = {.token = span_of(cred.refresh_token)};
    assert_ok(look_and_refresh(h, &ask, &refreshed, &cred, &outcome, &wait_s));
    assert_int_equal(outcome, REFRESH_REFUSED);
    open_session(h, ANN, "phone", &next, &cred);
    assert_true(next.restricted);
}

static void a_challenge_marks_the_account_and_ends_nothing(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    session_seed_t next = {0};
    credentials_t cred = {0};
    enum session_end how = END_NONE;
    struct writer w;
    open_one(h, &seed, &cred);
    ledger_item_t item = end_of(&seed, END_NONE);
    item.mpin_required = true;
    post(h, &item);
    assert_false(ledger_holds_end(h->ledger, seed.row.id, &how));
    start(&w, h);
    stop(&w);
    const struct session_row row = stored_session(h, seed.row.id);
    assert_int_equal(row.end, END_NONE);
    assert_true(row.mpin_required); /* by that a start knows that the account has heard of it */
    open_session(h, ANN, "phone", &next, &cred);
    assert_true(next.owes && !next.restricted);
}

static void the_first_reason_of_an_end_stays(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    bool ended = false;
    enum session_end before = END_NONE;
    struct writer w;
    open_one(h, &seed, &cred);
    assert_ok(session_end_stored(&h->svc, seed.row.id, END_LOGGED_OUT, &ended, &before));
    const ledger_item_t item = end_of(&seed, END_EXPIRED);
    post(h, &item);
    start(&w, h);
    stop(&w);
    assert_int_equal(stored_session(h, seed.row.id).end, END_LOGGED_OUT);
}

static void while_the_store_is_away_items_wait_and_are_written_when_it_is_back(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct writer w;
    open_one(h, &seed, &cred);
    store_scripted_fail_begins(h->svc.store, UINT64_MAX);
    start(&w, h);
    for (int i = 1; i <= 10; i++) {
        const ledger_item_t item = i < 10 ? end_of_nobody() : end_of(&seed, END_EXPIRED);
        post(h, &item);
        (void)nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    assert_int_equal(ledger_depth(h->ledger), 10); /* nothing is dropped */
    store_scripted_fail_begins(h->svc.store, 0);
    wait_until_empty(h);
    assert_int_equal(stored_session(h, seed.row.id).end, END_EXPIRED);
    stop(&w);
}

static void new_items_do_not_shorten_the_wait_for_a_store_that_is_away(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct writer w;
    open_one(h, &seed, &cred);
    store_scripted_fail_commits(h->svc.store, UINT64_MAX);
    const uint64_t before = store_scripted_operations(h->svc.store);
    start(&w, h);
    for (int i = 1; i <= 100; i++) { /* over 100 ms: at most a first try and one or two more */
        const ledger_item_t item = end_of_nobody();
        post(h, &item);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    const uint64_t asked = store_scripted_operations(h->svc.store) - before;
    store_scripted_fail_commits(h->svc.store, 0);
    stop(&w);
    /* Without the wait each of the hundred posts would write all that wait: thousands. */
    assert_in_range(asked, 1, 1500);
    assert_int_equal(ledger_depth(h->ledger), 0);
}

static void a_batch_is_written_whole_or_again(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct writer w;
    open_one(h, &seed, &cred);
    const ledger_item_t first = end_of_nobody();
    const ledger_item_t second = end_of(&seed, END_BLOCKED);
    post(h, &first);
    post(h, &second);
    store_scripted_fail_operation(h->svc.store, 4, err_new(ERR_STORAGE)); /* in its middle */
    start(&w, h);
    wait_until_empty(h);
    stop(&w);
    assert_int_equal(stored_session(h, seed.row.id).end, END_BLOCKED);
    uint64_t records = 0;
    uint64_t at = 0;
    enum audit_verdict verdict = AUDIT_BROKEN;
    assert_ok(audit_verify(h->svc.audit, h->svc.store, NULL, &verdict, &records, &at));
    assert_int_equal(verdict, AUDIT_INTACT);
    assert_int_equal(records, 3); /* registered, opened, blocked: once each */
}

static void a_stop_writes_what_is_queued_even_after_a_failure(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct writer w;
    open_one(h, &seed, &cred);
    store_scripted_fail_begins(h->svc.store, UINT64_MAX);
    const ledger_item_t item = end_of(&seed, END_BLOCKED);
    post(h, &item);
    start(&w, h);
    (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* it waits for a next try */
    store_scripted_fail_begins(h->svc.store, 0);
    stop(&w);
    assert_int_equal(ledger_depth(h->ledger), 0);
    assert_int_equal(stored_session(h, seed.row.id).end, END_BLOCKED);
}

static void a_stop_does_not_wait_for_a_store_that_is_away(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct writer w;
    open_one(h, &seed, &cred);
    store_scripted_fail_begins(h->svc.store, UINT64_MAX);
    const ledger_item_t item = end_of(&seed, END_BLOCKED);
    post(h, &item);
    start(&w, h);
    stop(&w);
    assert_int_equal(ledger_depth(h->ledger), 1);
    store_scripted_fail_begins(h->svc.store, 0);
}

static void a_full_ledger_refuses_and_keeps_what_it_has(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    open_one(h, &seed, &cred);
    const ledger_item_t expired = end_of_nobody();
    ledger_item_t blocked = expired;
    uint64_t place = 7;
    blocked.how = END_BLOCKED;
    for (size_t i = 0; i < LEDGER_ITEMS_MAX - LEDGER_FOR_MARKS; i++) {
        post(h, &expired);
    }
    assert_err(ledger_post(h->ledger, &expired, &place), ERR_LIMIT);
    for (size_t i = 0; i < LEDGER_FOR_MARKS; i++) { /* there is room for these all the same */
        post(h, &blocked);
    }
    assert_err(ledger_post(h->ledger, &blocked, &place), ERR_LIMIT);
    assert_int_equal(place, 7);
    assert_int_equal(ledger_depth(h->ledger), LEDGER_ITEMS_MAX);
}

static void a_place_is_written_when_the_store_has_it_and_not_before(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    struct writer w;
    uint64_t first = 0;
    uint64_t second = 0;
    open_one(h, &seed, &cred);
    const ledger_item_t item = end_of_nobody();
    assert_ok(ledger_post(h->ledger, &item, &first));
    assert_int_equal(first, 1);
    assert_false(ledger_has_written(h->ledger, first));
    start(&w, h);
    stop(&w);
    assert_ok(ledger_post(h->ledger, &item, &second));
    assert_int_equal(second, 2);
    assert_true(ledger_has_written(h->ledger, first));
    assert_false(ledger_has_written(h->ledger, second));
}

static void marked_after_a_crash(struct house *h, enum account_mark expected)
{
    session_seed_t next = {0};
    credentials_t cred = {0};
    house_crash(h); /* what the ledger holds is lost */
    house_start(h);
    open_session(h, ANN, "phone", &next, &cred);
    assert_int_equal(next.restricted, expected == MARK_BLOCKED);
    assert_int_equal(next.owes, expected == MARK_CHALLENGED);
    assert_int_equal(next.row.mpin_required, expected != MARK_NONE);
}

static void whoever_ends_a_session_in_the_store_leaves_the_mark_that_waits(void **state)
{
    enum { WAYS = 6 };
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    session_seed_t seed = {0};
    session_seed_t next = {0};
    credentials_t cred = {0};
    credentials_t other = {0};
    bool ended = false;
    enum session_end before = END_NONE;
    struct session_row row = {0};
    enum refresh_outcome outcome = REFRESH_DONE;
    uint32_t wait_s = 0;
    refresh_ask_t ask = {0};
    mpin_result_t wrong = {0};
    for (int way = 0; way < 2 * WAYS; way++) {
        const enum account_mark mark = way < WAYS ? MARK_BLOCKED : MARK_CHALLENGED;
        mpin_result_t right = {0};
        open_session(h, ANN, "phone", &seed, &cred);
        scripted_clock_pass(&h->clock, 1); /* the oldest goes when there are too many */
        open_session(h, ANN, "laptop", &next, &other);
        scripted_clock_pass(&h->clock, 1);
        assert_ok(mpin_check(&h->svc, ann, seed.row.id, span_of(MPIN), &right));
        assert_int_equal(right.answer, MPIN_RIGHT);
        marked_after_a_crash(h, MARK_NONE);
        const change_order_t password = order_password(h, &next.row, PASSWORD, PASSWORD);
        const change_order_t mpin = order_mpin(h, &next.row, MPIN, MPIN);
        const ledger_item_t item = end_of(&seed, mark == MARK_BLOCKED ? END_BLOCKED : END_NONE);
        post(h, &item);
        switch (way % WAYS) {
        case 0:
            assert_ok(session_end_stored(&h->svc, seed.row.id, END_REVOKED, &ended, &before));
            break;
        case 1: open_session(h, ANN, "phone", &next, &other); break;
        case 2: assert_int_equal(change(h, password).answer, CHANGED); break;
        case 3: assert_int_equal(change(h, mpin).answer, CHANGED); break;
        case 4:
            other = cred;
            ask.token = span_of(cred.refresh_token);
            assert_ok(look_and_refresh(h, &ask, &row, &other, &outcome, &wait_s));
            assert_ok(look_and_refresh(h, &ask, &row, &other, &outcome, &wait_s));
            assert_int_equal(outcome, REFRESH_STOLEN);
            break;
        default:
            for (uint32_t i = 0; i < h->svc.rules.mpin_attempts; i++) {
                assert_ok(mpin_check(&h->svc, ann, seed.row.id, span_of(WRONG), &wrong));
            }
            assert_int_equal(wrong.answer, MPIN_LOCKED_NOW);
            scripted_clock_pass(&h->clock, HOUR_MS); /* of the lock nothing is left */
        }
        marked_after_a_crash(h, mark);
    }
}

static void a_block_counts_for_the_next_login_before_it_is_written(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    credentials_t cred = {0};
    const uuid_t ann = register_account(h, "ann@example.com");
    open_session(h, "ann@example.com", "phone", &seed, &cred);
    const ledger_item_t expired = end_of(&seed, END_EXPIRED);
    post(h, &expired);
    ledger_places_t newest;
    assert_int_equal(ledger_holds_mark(h->ledger, ann, &newest), MARK_NONE);
    const ledger_item_t block = end_of(&seed, END_BLOCKED);
    post(h, &block); /* nobody runs the ledger: it waits there */
    assert_int_equal(ledger_holds_mark(h->ledger, ann, &newest), MARK_BLOCKED);
    assert_int_equal(ledger_holds_mark(h->ledger, seed.row.id, &newest), MARK_NONE);
    assert_int_equal(ledger_holds_mark(NULL, ann, &newest), MARK_NONE);
    open_session(h, "ann@example.com", "phone", &seed, &cred);
    assert_true(seed.restricted);
    assert_true(seed.row.mpin_required);
}

/* Its MPIN was on its way to be hashed when it was blocked: whoever knows the MPIN and always has one under
 * way is held back by the block all the same. */
static void an_mpin_of_a_session_that_was_blocked_meanwhile_lifts_nothing(void **state)
{
    struct house *h = *state;
    session_seed_t seed = {0};
    session_seed_t next = {0};
    credentials_t cred = {0};
    mpin_result_t r = {0};
    struct writer w;
    open_one(h, &seed, &cred);
    const ledger_item_t block = end_of(&seed, END_BLOCKED);
    open_session(h, ANN, "phone", &next, &cred);
    assert_false(next.restricted);
    post(h, &block);
    open_session(h, ANN, "phone", &next, &cred); /* marks the account, too */
    assert_ok(mpin_check(&h->svc, seed.row.account, seed.row.id, span_of(MPIN), &r));
    assert_int_equal(r.answer, MPIN_RIGHT);
    start(&w, h);
    stop(&w);
    for (int i = 0; i < 2; i++) { /* the store knows by now */
        open_session(h, ANN, "phone", &next, &cred);
        assert_true(next.restricted);
        assert_ok(mpin_check(&h->svc, seed.row.account, seed.row.id, span_of(MPIN), &r));
        assert_int_equal(r.answer, MPIN_RIGHT);
    }
    assert_ok(mpin_check(&h->svc, seed.row.account, next.row.id, span_of(MPIN), &r));
    open_session(h, ANN, "phone", &next, &cred);
    assert_false(next.restricted);
}

/* A clock that posts when one thread asks it for the n-th time, and lets the ledger's thread write it if it can
 * before it tells. */
struct interrupting {
    struct house *house;
    pthread_t asked_by;
    unsigned asked, at;
    ledger_item_t item;
    bool written;
};

struct interrupting_clock {
    struct clock face;
    struct interrupting *what;
};

static struct interrupting *interrupting(const struct clock *self)
{
    return ((const struct interrupting_clock *)(const void *)self)->what;
}

static wall_t interrupting_wall(const struct clock *self)
{
    struct interrupting *const i = interrupting(self);
    if (pthread_equal(i->asked_by, pthread_self()) && ++i->asked == i->at) {
        uint64_t place = 0;
        assert_ok(ledger_post(i->house->ledger, &i->item, &place));
        for (int wait = 0; wait < 40 && !i->written; wait++) {
            (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
            i->written = ledger_has_written(i->house->ledger, place);
        }
    }
    return clock_wall(&i->house->clock.face);
}

static mono_t interrupting_mono(const struct clock *self)
{
    return clock_mono(&interrupting(self)->house->clock.face);
}

/* Give a right MPIN while the ledger takes, and writes, what `i` posts. */
static void check_interrupted(struct house *h, struct interrupting *i, uuid_t session)
{
    mpin_result_t r = {0};
    struct steady_clock *own = NULL;
    struct steady_clock *const kept = h->svc.steady;
    struct writer w;
    const struct interrupting_clock clock = {
        .face = {.mono = interrupting_mono, .wall = interrupting_wall}, .what = i};
    i->house = h;
    i->asked_by = pthread_self();
    assert_ok(steady_clock_new(&clock.face, &own));
    steady_clock_begin(own, &(steady_record_t){0});
    h->svc.clock = &clock.face;
    h->svc.steady = own;
    start(&w, h);
    i->asked = 0;
    assert_ok(mpin_check(&h->svc, i->item.account, session, span_of(MPIN), &r));
    i->asked_by = w.thread; /* nobody is interrupted any more */
    i->at = 0;
    stop(&w);
    h->svc.clock = &h->clock.face;
    h->svc.steady = kept;
    steady_clock_free(&own);
    assert_int_equal(r.answer, MPIN_RIGHT);
}

/* Whatever moment of it: before the comparison, after it, or while it is settled; written by then or not. */
static void what_is_posted_while_an_mpin_is_compared_and_settled_stands(void **state)
{
    static const enum session_end marks[] = {END_BLOCKED, END_NONE};
    struct house *h = *state;
    session_seed_t seed = {0};
    session_seed_t other = {0};
    session_seed_t next = {0};
    credentials_t cred = {0};
    (void)register_account(h, ANN);
    for (size_t m = 0; m < ARRAY_LEN(marks); m++) {
        unsigned moments = 0;
        unsigned written = 0;
        for (bool reached = true; reached; moments++) {
            open_session(h, ANN, "phone", &seed, &cred);
            open_session(h, ANN, "laptop", &other, &cred);
            assert_false(seed.row.mpin_required);
            struct interrupting i = {.at = moments + 1, .item = end_of(&other, marks[m])};
            check_interrupted(h, &i, seed.row.id);
            reached = i.asked > moments;
            written += i.written;
            open_session(h, ANN, "tablet", &next, &cred);
            assert_int_equal(next.restricted, reached && marks[m] == END_BLOCKED);
            assert_int_equal(next.owes, reached && marks[m] == END_NONE);
            mpin_result_t r = {0};
            assert_ok(mpin_check(&h->svc, next.row.account, next.row.id, span_of(MPIN), &r));
        }
        assert_true(moments > 4); /* two before the comparison, two after it */
        assert_true(written > 0 && written < moments);
    }
}

static void what_a_comparison_could_not_write_the_ledger_writes(void **state)
{
    struct house *h = *state;
    const uuid_t ann = register_account(h, ANN);
    mpin_result_t r = {0};
    store_scripted_fail_operation(h->svc.store, 7,
                                  err_new(ERR_STORAGE)); /* the first after the try */
    assert_ok(mpin_check(&h->svc, ann, (uuid_t){{1}}, span_of(WRONG), &r));
    store_scripted_fail_operation(h->svc.store, 0, ERR_OK);
    assert_int_equal(house_audited(h, "mpin.failed"), 0);
    struct writer w;
    start(&w, h);
    stop(&w);
    assert_int_equal(house_audited(h, "mpin.failed"), 1);
}

int main(void)
{
// clang-format off
#define SENTENCE(f) cmocka_unit_test_setup_teardown(f, with_scripted, tear_down)
#define ON_SQLITE(f) cmocka_unit_test_setup_teardown(f, with_sqlite, tear_down)
    // clang-format on
    const struct CMUnitTest tests[] = {
        ON_SQLITE(everything_posted_is_written_to_the_last_item),
        ON_SQLITE(a_block_ends_the_session_its_tokens_and_marks_the_account),
        ON_SQLITE(a_challenge_marks_the_account_and_ends_nothing),
        SENTENCE(the_first_reason_of_an_end_stays),
        SENTENCE(while_the_store_is_away_items_wait_and_are_written_when_it_is_back),
        SENTENCE(new_items_do_not_shorten_the_wait_for_a_store_that_is_away),
        SENTENCE(a_batch_is_written_whole_or_again),
        SENTENCE(a_stop_writes_what_is_queued_even_after_a_failure),
        SENTENCE(a_stop_does_not_wait_for_a_store_that_is_away),
        SENTENCE(a_full_ledger_refuses_and_keeps_what_it_has),
        SENTENCE(a_block_counts_for_the_next_login_before_it_is_written),
        SENTENCE(a_place_is_written_when_the_store_has_it_and_not_before),
        SENTENCE(an_mpin_of_a_session_that_was_blocked_meanwhile_lifts_nothing),
        ON_SQLITE(what_is_posted_while_an_mpin_is_compared_and_settled_stands),
        SENTENCE(what_a_comparison_could_not_write_the_ledger_writes),
        ON_SQLITE(whoever_ends_a_session_in_the_store_leaves_the_mark_that_waits),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
