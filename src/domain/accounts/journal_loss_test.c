/* What proves a loss, and what giving it up does. */
#include "domain/accounts/journal_loss.h"

#include "domain/sessions/checkpoint_steps_test.h"
#include "domain/sessions/recovery_checkpoint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Flip a bit so many bytes before the end of the file; 0: none. */
static void spoil(struct house *h, const char *name, off_t before_end)
{
    char path[SCRATCH_PATH];
    uint8_t byte = 0;
    struct stat st;
    scratch_path(&h->dir, name, path);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pread(fd, &byte, 1, st.st_size - before_end), 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, st.st_size - before_end), 1);
    (void)close(fd);
}

static void checkpoints_say_how_far_the_journal_was_durable(void **state)
{
    struct house *h = *state;
    struct checkpoint_proof p = {0};
    assert_false(checkpoint_proof_read(h->dir.path, &p));
    (void)register_account(h, ANN);
    (void)log_in(h, ANN, "phone");
    write_checkpoint(h);
    const uint64_t first = journal_committed(h->svc.journal);
    (void)log_in(h, ANN, "phone");
    write_checkpoint(h);
    const uint64_t second = journal_committed(h->svc.journal);
    assert_true(checkpoint_proof_read(h->dir.path, &p));
    assert_int_equal(p.durable, second);
    assert_int_equal(p.mark.sequence, second);
    assert_string_equal(p.name, CHECKPOINT_NAME);

    spoil(h, CHECKPOINT_NAME, 1); /* its end cannot be read; its head says as much */
    assert_true(checkpoint_proof_read(h->dir.path, &p));
    assert_int_equal(p.durable, second);
    char path[SCRATCH_PATH];
    scratch_path(&h->dir, CHECKPOINT_NAME, path);
    assert_int_equal(truncate(path, 50), 0);
    assert_true(checkpoint_proof_read(h->dir.path, &p));
    assert_int_equal(p.durable, first);
    assert_string_equal(p.name, CHECKPOINT_OLD_NAME);
}

static void whoever_was_in_is_out_and_asked_for_the_mpin_when_he_comes_back(void **state)
{
    struct house *h = *state;
    (void)register_account(h, ANN);
    uuid_t id[3];
    for (size_t i = 0; i < ARRAY_LEN(id); i++) {
        id[i] = log_in(h, ANN, "phone")->id;
    }
    settle(h);
    uint64_t ended = 0;
    assert_ok(journal_loss_accept(&h->svc, &ended));
    assert_int_equal(house_audited(h, "operator.journal_loss"), 1);
    assert_int_equal(ended, 3);
    for (size_t i = 0; i < ARRAY_LEN(id); i++) {
        assert_int_equal(stored_session(h, id[i]).end, END_REVOKED);
    }
    session_seed_t seed = {0};
    credentials_t cred = {0};
    open_session(h, ANN, "phone", &seed, &cred);
    assert_true(seed.restricted);
    enum audit_verdict verdict = AUDIT_BROKEN;
    uint64_t records = 0;
    uint64_t at = 0;
    assert_ok(audit_verify(h->svc.audit, h->svc.store, NULL, &verdict, &records, &at));
    assert_int_equal(verdict, AUDIT_INTACT);
    assert_ok(journal_loss_accept(&h->svc, &ended));
    assert_int_equal(ended, 1);
}

static int begin(void **state)
{
    return house_set_up(state, HOUSE_SQLITE, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(checkpoints_say_how_far_the_journal_was_durable, begin,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            whoever_was_in_is_out_and_asked_for_the_mpin_when_he_comes_back, begin, tear_down),
    };
    return cmocka_run_group_tests_name("journal_loss", tests, NULL, NULL);
}
