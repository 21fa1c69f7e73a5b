#include "domain/ground/words.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <string.h>

static void every_bit_comes_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 8, 64, 72, 720, WORDS_BYTES_MAX};
    uint64_t seed = 11;
    for (int round = 0; round < 500; round++) {
        const size_t size = sizes[random_below(&seed, ARRAY_LEN(sizes))];
        uint8_t from[WORDS_BYTES_MAX] = {0};
        uint8_t to[WORDS_BYTES_MAX];
        uint8_t packed[WORDS_PACKED_MAX(WORDS_BYTES_MAX)];
        for (size_t i = 0; i < size; i++) {
            if (random_below(&seed, 8) == 0) {
                from[i] = (uint8_t)random_below(&seed, 256);
            }
        }
        struct byte_writer w = {.at = packed, .left = WORDS_PACKED_MAX(size)};
        words_pack(&w, from, size);
        assert_false(w.failed);
        const size_t len = WORDS_PACKED_MAX(size) - w.left;
        struct byte_reader r = {.at = packed, .left = len};
        words_unpack(&r, to, size);
        assert_false(r.failed);
        assert_int_equal(r.left, 0);
        assert_memory_equal(from, to, size);
        struct byte_reader cut = {.at = packed, .left = len == 0 ? 0 : len - 1};
        words_unpack(&cut, to, size);
        assert_int_equal(cut.failed, size > 0);
    }
}

/* A session of which little is known yet takes hardly more than what is known. */
static void what_is_zero_takes_a_bit_for_eight_words(void **state)
{
    (void)state;
    uint64_t from[90] = {[3] = 7, [89] = 9};
    uint8_t packed[WORDS_PACKED_MAX(sizeof from)];
    struct byte_writer w = {.at = packed, .left = sizeof packed};
    words_pack(&w, from, sizeof from);
    assert_false(w.failed);
    assert_int_equal(sizeof packed - w.left, 2 + 2 + 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_bit_comes_back),
                                       cmocka_unit_test(what_is_zero_takes_a_bit_for_eight_words)};
    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
