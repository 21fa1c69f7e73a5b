/* page_test.c - rows of a page: added, merged, stored; bytes of nobody. */
#include "engine/profile/page.h"

#include "engine/arithmetic/numbers.h"
#include "engine/people/crowd_test.h"
#include "tests/support/unit.h"

#include <math.h>
#include <stdlib.h>

static void full_page_of(enum sample_kind kind, struct bag_page *p, uint8_t number,
                         uint32_t ordinal, uint64_t *seed)
{
    struct sample s;
    test_sample(&s, seed, 0.3);
    s.kind = kind;
    page_begin(p, &s, number, ordinal);
    for (size_t i = 0; i < page_rows(s.kind, s.count); i++) {
        test_sample(&s, seed, 0.3);
        s.kind = kind;
        page_add(p, &s);
    }
}

static void full_page(struct bag_page *p, uint8_t number, uint32_t ordinal, uint64_t *seed)
{
    full_page_of(SAMPLE_FEATURES, p, number, ordinal, seed);
}

static void rows_fill_the_room_and_come_back_in_order(void **state)
{
    (void)state;
    struct bag_page p;
    struct sample s;
    uint64_t seed = 3;
    test_sample(&s, &seed, 0.0);
    page_begin(&p, &s, 0, 1);
    const size_t rows = page_rows(s.kind, s.count);
    assert_true(rows > 100 && rows * s.count * cell_bytes_of(s.kind) <= PAGE_ROOM);
    for (size_t i = 0; i < rows; i++) {
        s.x[0] = (double)i;
        s.x[1] = i % 3 == 0 ? NAN : 1.0;
        page_add(&p, &s);
    }
    assert_int_equal(p.count, rows);
    for (size_t i = 0; i < rows; i++) {
        struct sample got;
        page_row(&p, i, &got);
        assert_int_equal(got.count, s.count);
        assert_true(got.context == s.context);
        assert_near(got.x[0], (double)i, 0.0, "a short float holds small whole numbers");
        assert_int_equal(isnan(got.x[1]) != 0, i % 3 == 0);
    }
}

/* A vector's row moves to the bases of the other page, and is rounded once more. */
static void check_merged(enum sample_kind kind, double nearly)
{
    struct bag_page a;
    struct bag_page b;
    struct sample want;
    struct sample got;
    uint64_t seed = 4;
    full_page_of(kind, &a, 0, 1, &seed);
    full_page_of(kind, &b, 1, 2, &seed);
    const struct bag_page was = a;
    a.trusted = a.count;
    b.level = 3;
    page_merge(&a, &b);
    assert_int_equal(a.count, was.count / 2 + b.count / 2);
    assert_int_equal(a.trusted, a.count);
    assert_int_equal(a.level, 4);
    for (size_t i = 0; i < a.count; i++) {
        const bool first = i < was.count / 2U;
        page_row(first ? &was : &b, 2 * (first ? i : i - was.count / 2U) + 1, &want);
        page_row(&a, i, &got);
        for (size_t f = 0; f < want.count; f++) {
            assert_true(isnan(want.x[f]) ? isnan(got.x[f]) : fabs(got.x[f] - want.x[f]) <= nearly);
        }
    }
    for (int i = 0; i < 300; i++) {
        page_merge(&a, &a);
    }
    assert_true(a.level < 64); /* a shift by it stays one */
}

static void every_second_row_of_two_pages_is_kept(void **state)
{
    (void)state;
    check_merged(SAMPLE_STROKE, 0.0);
    check_merged(SAMPLE_FEATURES, 5.0 / 512.0);
}

/* Columns of any unit and offset, one of them constant. */
static void rows_of_vectors_lie_about_the_first_of_their_page(void **state)
{
    (void)state;
    struct bag_page p;
    struct bag_page got;
    struct sample s = {.kind = SAMPLE_FEATURES, .context = 5, .count = 3};
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = 0;
    uint64_t seed = 8;
    double was[3][40];
    page_begin(&p, &s, 0, 1);
    for (size_t i = 0; i < 40; i++) {
        s.x[0] = 1e4 + random_in(&seed, -1.0, 1.0);
        s.x[1] = i == 0 ? NAN : 1e-6 * random_in(&seed, -1.0, 1.0);
        s.x[2] = 7.25;
        for (size_t f = 0; f < 3; f++) {
            s.x[f] = (double)(float)s.x[f];
            was[f][i] = s.x[f];
        }
        page_add(&p, &s);
    }
    page_save(&p, bytes, &size);
    assert_int_equal(page_load(&got, bytes, size), CANARA_OK);
    for (size_t i = 0; i < 40; i++) {
        page_row(&got, i, &s);
        assert_near(s.x[0], was[0][i], 2.0 / 512.0, "offset");
        assert_true(isnan(was[1][i]) ? isnan(s.x[1]) : fabs(s.x[1] - was[1][i]) <= 2e-6 / 512.0);
        assert_near(s.x[2], 7.25, 0.0, "constant");
    }
}

/* A base is a value that may have been sent, or none yet. */
static void bases_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static const float cases[] = {2e9F, -2e9F, INFINITY};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bag_page p;
        uint8_t bytes[CANARA_PART_BYTES];
        size_t size = 0;
        uint64_t seed = 9;
        full_page(&p, 0, 1, &seed);
        memcpy(p.cell, &cases[i], sizeof cases[i]);
        page_save(&p, bytes, &size);
        assert_int_equal(page_load(&p, bytes, size), CANARA_BAD_FORMAT);
    }
}

static void a_page_survives_its_bytes_and_no_others(void **state)
{
    (void)state;
    struct bag_page p;
    struct bag_page got;
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = 0;
    uint64_t seed = 5;
    full_page(&p, 9, 12, &seed);
    p.trusted = 7;
    page_save(&p, bytes, &size);
    assert_true(size <= CANARA_PART_BYTES);
    memset(&got, 0xee, sizeof got);
    assert_int_equal(page_load(&got, bytes, size), CANARA_OK);
    assert_int_equal(got.trusted, 7);
    assert_int_equal(got.changed, 0);
    assert_memory_equal(got.cell, p.cell, (size_t)p.count * TEST_FEATURES * 2);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(page_load(&got, bytes, cut), CANARA_BAD_FORMAT);
    }
    for (size_t at = 0; at < size; at += 3) {
        bytes[at] ^= 0x40;
        assert_int_equal(page_load(&got, bytes, size), CANARA_BAD_FORMAT);
        bytes[at] ^= 0x40;
    }
    assert_int_equal(page_load(&got, bytes, CANARA_PART_BYTES + 1), CANARA_BAD_FORMAT);
    assert_int_equal(got.ordinal, 12);
}

/* What a stranger may write with a right checksum. */
static void heads_that_cannot_be_are_refused(void **state)
{
    (void)state;

    static const struct {
        const char *row;
        size_t at;
        uint8_t value;
        enum canara_status status;
    } cases[] = {
        {"a version of later", 4, 9, CANARA_BAD_VERSION},
        {"a kind that is none", 6, 200, CANARA_BAD_FORMAT},
        {"a kind that no bag has", 6, SAMPLE_KEYS, CANARA_BAD_FORMAT},
        {"a number that is none", 7, 10, CANARA_BAD_FORMAT},
        {"a level beyond any", 8, 61, CANARA_BAD_FORMAT},
        {"no ordinal", 17, 0, CANARA_BAD_FORMAT},
        {"no features", 21, 0, CANARA_BAD_FORMAT},
        {"more trusted rows than rows", 26, 255, CANARA_BAD_FORMAT},
    };

    struct bag_page p;
    uint8_t bytes[CANARA_PART_BYTES];
    size_t size = 0;
    uint64_t seed = 6;
    full_page_of(SAMPLE_STROKE, &p, 0, 1, &seed);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        page_save(&p, bytes, &size);
        bytes[cases[i].at] = cases[i].value;
        struct byte_writer w = {.at = bytes + size - 8, .left = 8};
        write_u64(&w, fnv_add(FNV_START, bytes, size - 8));
        if (page_load(&p, bytes, size) != cases[i].status) {
            fail_msg("%s", cases[i].row);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_fill_the_room_and_come_back_in_order),
        cmocka_unit_test(every_second_row_of_two_pages_is_kept),
        cmocka_unit_test(rows_of_vectors_lie_about_the_first_of_their_page),
        cmocka_unit_test(bases_that_cannot_be_are_refused),
        cmocka_unit_test(a_page_survives_its_bytes_and_no_others),
        cmocka_unit_test(heads_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
