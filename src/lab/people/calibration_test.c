/* calibration_test.c - evidence that says nothing costs a bit, right evidence next to none. */
#include "lab/people/calibration.h"

#include "tests/support/unit.h"

static void evidence_is_judged_by_kind(void **state)
{
    (void)state;
    CLEANUP(calibration_free) struct calibration c = {.side = {{{NULL, 0, 0}}}};
    struct calibration_loss loss = {.genuine = 7};
    assert_err(calibration_loss(&c, SAMPLE_KEYS, &loss), ERR_RANGE);
    assert_int_equal(loss.genuine, 7);
    for (int i = 0; i < 3000; i++) {
        assert_ok(calibration_add(&c, SAMPLE_KEYS, i % 2 == 0, 0.0));
        assert_ok(calibration_add(&c, SAMPLE_STROKE, i % 2 == 0, i % 2 == 0 ? 9.0 : -9.0));
        assert_ok(calibration_add(&c, SAMPLE_ACTION, i % 2 == 0, i % 2 == 0 ? -3.0 : 3.0));
        assert_ok(calibration_add(NULL, SAMPLE_KEYS, true, 0.0));
    }
    assert_ok(calibration_loss(&c, SAMPLE_KEYS, &loss));
    assert_int_equal(loss.genuine, 1500);
    assert_int_equal(loss.impostor, 1500);
    assert_near(loss.cllr, 1.0, 1e-12, "nothing said");
    assert_near(loss.cllr_min, 1.0, 1e-12, "nothing to say");
    assert_ok(calibration_loss(&c, SAMPLE_STROKE, &loss));
    assert_true(loss.cllr < 0.001 && loss.cllr_min < 0.001);
    assert_ok(calibration_loss(&c, SAMPLE_ACTION, &loss)); /* sure and wrong */
    assert_true(loss.cllr > 4.0);
    assert_near(loss.cllr_min, 1.0, 1e-12, "the best that order allows");
    assert_err(calibration_loss(&c, SAMPLE_MOUSE, &loss), ERR_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(evidence_is_judged_by_kind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
