/* What jansson takes fits the room that its text says it needs. */
#include "codec/json_room.h"

#include "base/util.h"
#include "codec/json_read.h"
#include "tests/support/unit.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_BYTES = 65536 };

static json_t *load(const char *text, size_t len)
{
    json_error_t error;
    return json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
}

/* jansson's allocator, as it calls it. */
static json_malloc_t taker(void)
{
    json_malloc_t take = NULL;
    json_free_t give = NULL;
    json_get_alloc_funcs(&take, &give);
    return take;
}

static void a_room_gives_what_it_has_and_no_more(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 1000; bytes++) {
        struct json_room *room = json_room_new(bytes);
        assert_non_null(room);
        const json_malloc_t take = taker();
        json_room_enter(room);
        size_t taken = 0;
        for (uint8_t *at = NULL; (at = take(taken % 50)) != NULL; taken++) {
            assert_int_equal((uintptr_t)at % 16, 0);
            assert_ptr_equal(json_room_of(at), room);
            memset(at, 0xff, taken % 50);
            assert_ptr_equal(json_room_of(at), room);
        }
        assert_null(take(SIZE_MAX));
        json_room_leave();
        assert_true(json_room_was_full(room));
        assert_true(json_room_used(room) <= bytes);
        assert_true(bytes < 32 || taken > 0);
        json_room_free(&room);
        assert_null(room);
    }
    assert_null(json_room_new(SIZE_MAX));
}

static void outside_of_rooms_memory_is_the_heaps(void **state)
{
    (void)state;
    struct json_room *room = json_room_new(1024); /* installs the allocator */
    json_t *const tree = load("{\"a\":[1]}", 9);
    assert_non_null(tree);
    assert_int_equal(json_room_used(room), 0);
    json_decref(tree);
    json_room_free(&room);
    json_room_free(&room);
}

/* Behind what is there already; a # is the number. */
static size_t put(char *text, size_t len, const char *piece, unsigned n)
{
    for (const char *c = piece; *c != '\0'; c++) {
        if (*c == '#') {
            len += (size_t)snprintf(text + len, 12, "%u", n);
        } else {
            text[len++] = *c;
        }
    }
    return len;
}

/* Pieces that cost much for their bytes, as many as a body has room for. */
static void the_greediest_bodies_fit(void **state)
{
    (void)state;

    static const struct {
        const char *open, *piece, *close; /* #: its number */
    } rows[] = {
        {"[", "{},", "0]"},
        {"[", "[],", "0]"},
        {"[", "1,", "0]"},
        {"[", "\"\",", "0]"},
        {"[", "[{}],", "0]"},
        {"[", "{\"\":0},", "0]"},
        {"[", "[1,2,3,4,5,6,7,8,9],", "0]"},
        {"[", "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1},", "0]"},
        {"[", "1.5,", "0]"},
        {"[", "\"\\u0001\\ud83d\\ude00\",", "0]"},
        {"{", "\"#\":0,", "\"z\":0}"},
        {"{", "\"#\":\"\",", "\"z\":0}"},
        {"{", "\"#\":{},", "\"z\":0}"},
        {"\"", "a", "\""},
        {"\"", "\\u00e4", "\""},
        {"{\"", "k", "\":[]}"},
        {"[{\"a\":", "1", "}]"},
        {"[", "{\"\":\"\"},", "0]"},
        {"[", "\"\":", "0]"}, /* names where there are none */
        {"[", "\"\",", ":::]"},
        {"{\"\":[\"", "\\u0041", "\"]}"},
        {"[", "12345678901234567,", "0]"},
        {"[", "1            ,", "0]"},
        {"[1", "0", "]"}, /* a number that is too large */
        {"{\"", "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkk#\":\"vvvvvvvvvvvvvvvv\",\"", "\":0}"},
        {"", "a", ""},  /* no JSON at all */
        {"\"", "a", ""} /* without its end */
    };

    char *text = malloc(BODY_BYTES + 64);
    assert_non_null(text);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = put(text, 0, rows[i].open, 0);
        for (unsigned n = 0; len + 96 < BODY_BYTES; n++) {
            len = put(text, len, rows[i].piece, n);
        }
        len = put(text, len, rows[i].close, 0);
        struct json *tree = NULL;
        struct json_fault fault = {0};
        const err_t parsed = json_parse((span_t){(const uint8_t *)text, len}, &tree, &fault);
        if (parsed.code == ERR_NOMEM) {
            fail_msg("row %zu did not fit", i);
        }
        json_free(&tree);
    }
    free(text);
}

/* Any cut of a text, and any byte of it another: it is taken or refused, and never for want of room. */
static void no_text_needs_more_than_it_says(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":\"text \\u00e4\\ud83d\\ude00\",\"b\":[1,2.5e3,{\"c\":null},[[]],{}],\"d\":"
        "{\"e\":[true,false,\"\"]},\"f\":1,\"g\":2,\"h\":3,\"i\":4,\"j\":5,\"k\":6,\"l\":[9,8,7]}";
    static const char bytes[] = "\"\\{}[],:0aeu-. \x80\xc3";
    for (size_t len = 1; len < sizeof text; len++) {
        for (size_t b = 0; b < sizeof bytes; b++) {
            char cut[sizeof text];
            memcpy(cut, text, sizeof text);
            for (size_t at = b == 0 ? len - 1 : 0; at < len; at += 3) {
                if (b > 0) {
                    cut[at] = bytes[b - 1];
                }
                struct json *tree = NULL;
                const err_t parsed = json_parse((span_t){(const uint8_t *)cut, len}, &tree, NULL);
                assert_true(!failed(parsed) || parsed.code == ERR_FORMAT);
                json_free(&tree);
                cut[at] = text[at];
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_gives_what_it_has_and_no_more),
        cmocka_unit_test(outside_of_rooms_memory_is_the_heaps),
        cmocka_unit_test(no_text_needs_more_than_it_says),
        cmocka_unit_test(the_greediest_bodies_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
