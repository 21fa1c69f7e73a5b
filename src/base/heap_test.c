#include "base/heap.h"

#include "base/util.h"
#include "tests/support/unit.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECES = 8000, PIECE_BYTES = 3000, KEPT_EACH = 100 };

static size_t own_bytes(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    assert_non_null(f);
    char line[256];
    unsigned long kib = 0;
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "RssAnon:", 8) == 0) {
            kib = strtoul(line + 8, NULL, 10);
        }
    }
    assert_int_equal(fclose(f), 0);
    return (size_t)kib * 1024;
}

/* A sanitizer's heap is not the C library's. */
static bool is_heap_of_libc(void)
{
    const size_t before = mallinfo2().uordblks;
    void *volatile p = malloc(PIECE_BYTES); /* or the compiler leaves it out */
    const bool grown = mallinfo2().uordblks > before;
    free(p);
    return grown;
}

static void fill(void **piece)
{
    for (size_t i = 0; i < PIECES; i++) {
        if (piece[i] == NULL) {
            piece[i] = malloc(PIECE_BYTES);
            assert_non_null(piece[i]);
            memset(piece[i], 1, PIECE_BYTES);
        }
    }
}

static void thin_out(void **piece, size_t each)
{
    for (size_t i = 0; i < PIECES; i++) {
        if (each == 0 || i % each != 0) {
            free(piece[i]);
            piece[i] = NULL;
        }
    }
}

static void what_lies_free_between_what_stays_goes_back_once(void **state)
{
    (void)state;
    if (!is_heap_of_libc()) {
        skip();
    }
    void **piece = calloc(PIECES, sizeof *piece);
    assert_non_null(piece);
    struct heap_keeper k = {0};
    (void)heap_give_back(&k);
    for (int wave = 0; wave < 3; wave++) {
        fill(piece);
        assert_false(heap_give_back(&k)); /* all of it is in use */
        const size_t full = own_bytes();
        thin_out(piece, KEPT_EACH);
        assert_true(heap_give_back(&k));
        assert_true(own_bytes() + (size_t)PIECES * PIECE_BYTES / 2 < full);
        assert_false(heap_give_back(&k)); /* nothing more is free than before */
    }
    thin_out(piece, 0);
    free(piece);
}

static void a_little_is_not_worth_it(void **state)
{
    (void)state;
    struct heap_keeper k = {0};
    (void)heap_give_back(&k);
    void *piece[100];
    for (size_t i = 0; i < ARRAY_LEN(piece); i++) {
        piece[i] = malloc(PIECE_BYTES);
        assert_non_null(piece[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(piece); i++) {
        free(piece[i]);
    }
    assert_false(heap_give_back(&k));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lies_free_between_what_stays_goes_back_once),
        cmocka_unit_test(a_little_is_not_worth_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
