#include "net/address.h"

#include "base/util.h"
#include "tests/support/random.h"
#include "tests/support/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static span_t span_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

static struct peer_address parsed(const char *text)
{
    struct peer_address a = {.port = 9};
    assert_ok(address_parse(span_of(text), &a));
    assert_int_equal(a.port, 0);
    return a;
}

static void addresses_are_read_and_printed_in_one_form(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *in, *out;
        bool v4, loopback;
    } cases[] = {
        {"192.0.2.1",              "192.0.2.1",      true,  false},
        {"127.0.0.1",              "127.0.0.1",      true,  true },
        {"127.255.0.3",            "127.255.0.3",    true,  true },
        {"::ffff:127.0.0.1",       "127.0.0.1",      true,  true },
        {"::ffff:192.0.2.1",       "192.0.2.1",      true,  false},
        {"::1",                    "::1",            false, true },
        {"::2",                    "::2",            false, false},
        {"::",                     "::",             false, false},
        {"2001:DB8:0:0:0:0:0:1",   "2001:db8::1",    false, false},
        {"0.0.0.0",                "0.0.0.0",        true,  false},
        {"255.255.255.255",        "255.255.255.255", true, false},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const struct peer_address a = parsed(cases[c].in);
        char text[ADDRESS_TEXT_BYTES];
        address_print(&a, text);
        assert_string_equal(text, cases[c].out);
        assert_int_equal(address_is_v4(&a), cases[c].v4);
        assert_int_equal(address_is_loopback(&a), cases[c].loopback);
        const struct peer_address again = parsed(text);
        assert_memory_equal(a.bytes, again.bytes, sizeof a.bytes);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        " ",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1.2.3.4 ",
        " 1.2.3.4",
        "01.2.3.4",
        "localhost",
        "[::1]",
        "::1%eth0",
        "1.2.3.4:80",
        "1.2.3.4/8",
        "g::",
        ":::",
        "1:2:3:4:5:6:7:8:9",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd"};
    struct peer_address a = {.port = 9};
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        assert_err(address_parse(span_of(cases[c]), &a), ERR_FORMAT);
    }
    assert_err(address_parse(SPAN_LIT("1.2.3.4\0"), &a), ERR_FORMAT);
    assert_int_equal(a.port, 9);
}

static void the_kernels_forms_are_understood(void **state)
{
    (void)state;
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
    const struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {htonl(0xc0000201)}};
    memcpy(&from, &in, sizeof in);
    struct peer_address a = address_from_socket(&from);
    const struct peer_address v4 = parsed("192.0.2.1");
    assert_memory_equal(a.bytes, v4.bytes, sizeof a.bytes);
    assert_int_equal(a.port, 80);

    const struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = htons(81), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    memcpy(&from, &in6, sizeof in6);
    a = address_from_socket(&from);
    const struct peer_address loopback = parsed("::1");
    assert_memory_equal(a.bytes, loopback.bytes, sizeof a.bytes);
    assert_int_equal(a.port, 81);

    from = (struct sockaddr_storage){.ss_family = AF_UNIX};
    a = address_from_socket(&from);
    assert_true(address_is_loopback(&a));
}

static void keys_follow_prefixes_and_never_meet(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *a, *b;
        bool same_narrow, same_wide;
    } cases[] = {
        {"192.0.2.1",       "192.0.2.1",         true,  true },
        {"192.0.2.1",       "::ffff:192.0.2.1",  true,  true },
        {"192.0.2.1",       "192.0.2.2",         false, true },
        {"192.0.2.1",       "192.0.3.1",         false, false},
        {"2001:db8:1:1::1", "2001:db8:1:1:8::2", true,  true },
        {"2001:db8:1:1::1", "2001:db8:1:2::1",   false, true },
        {"2001:db8:1::1",   "2001:db8:2::1",     false, false},
        {"192.0.2.1",       "2001:db8::1",       false, false},
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        const struct peer_address a = parsed(cases[c].a);
        const struct peer_address b = parsed(cases[c].b);
        assert_int_equal(address_narrow_key(&a) == address_narrow_key(&b), cases[c].same_narrow);
        assert_int_equal(address_wide_key(&a) == address_wide_key(&b), cases[c].same_wide);
        assert_true(address_narrow_key(&a) != address_wide_key(&a));
        assert_true(address_narrow_key(&a) != address_wide_key(&b));
    }
}

static void networks_hold_what_lies_in_them(void **state)
{
    (void)state;

    /* clang-format off */
    static const struct {
        const char *list, *address;
        bool in;
    } cases[] = {
        {"",                           "127.0.0.1",        false},
        {"10.0.0.0/8",                 "10.255.0.1",       true },
        {"10.0.0.0/8",                 "11.0.0.1",         false},
        {"10.0.0.0/8",                 "::ffff:10.0.0.1",  true },
        {" 10.0.0.0/8 ,\t::1",         "::1",              true },
        {"192.0.2.1",                  "192.0.2.1",        true },
        {"192.0.2.1",                  "192.0.2.2",        false},
        {"192.0.2.128/25",             "192.0.2.129",      true },
        {"192.0.2.128/25",             "192.0.2.127",      false},
        {"0.0.0.0/0",                  "203.0.113.9",      true },
        {"0.0.0.0/0",                  "2001:db8::1",      false},
        {"::/0",                       "2001:db8::1",      true },
        {"::/0",                       "203.0.113.9",      false},
        {"::/80",                      "203.0.113.9",      false},
        {"::ffff:10.0.0.0/104",        "10.1.2.3",         true },
        {"2001:db8::/33",              "2001:db8:7fff::1", true },
        {"2001:db8::/33",              "2001:db8:8000::1", false},
        {"10.0.0.0/8,192.168.0.0/16",  "192.168.9.9",      true },
    };

    /* clang-format on */
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        struct cidr_list list;
        assert_ok(cidr_list_parse(span_of(cases[c].list), &list));
        const struct peer_address a = parsed(cases[c].address);
        assert_int_equal(cidr_list_has(&list, &a), cases[c].in);
    }
}

static bool in_prefix_naively(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    for (unsigned i = 0; i < bits; i++) {
        if (((a[i / 8] ^ b[i / 8]) & (0x80U >> i % 8)) != 0) {
            return false;
        }
    }
    return true;
}

static void matching_agrees_with_comparing_bit_by_bit(void **state)
{
    (void)state;
    uint64_t seed = 20250706;
    for (int round = 0; round < 3000; round++) {
        struct cidr_list list = {.count = 1};
        struct peer_address a = {.port = 0};
        list.net[0].bits = (uint8_t)random_below(&seed, 129);
        for (size_t i = 0; i < 16; i++) {
            list.net[0].bytes[i] = (uint8_t)(random_u64(&seed) | (i == 0 ? 0x20U : 0U));
            a.bytes[i] = list.net[0].bytes[i];
        }
        const size_t bit = random_below(&seed, 128);
        a.bytes[bit / 8] ^= (uint8_t)(0x80U >> bit % 8);
        assert_int_equal(cidr_list_has(&list, &a),
                         in_prefix_naively(a.bytes, list.net[0].bytes, list.net[0].bits));
    }
}

static void slips_of_the_hand_in_a_list_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        ",",           "10.0.0.0/8,",    ",10.0.0.0/8", "10.0.0.0/8,,::1",
        "10.0.0.1/8",  "10.0.0.0/33",    "10.0.0.0/",   "10.0.0.0/+8",
        "10.0.0.0/08", "10.0.0.0/8/8",   "/8",          "::1/129",
        "::1/127",     "10.0.0.0/8 ::1", "10.0.0.0/ 8", "10.0.0.0/1000",
        "localhost",   "10.0.0.0/8;::1"};
    struct cidr_list list = {.count = 3};
    for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
        assert_err(cidr_list_parse(span_of(cases[c]), &list), ERR_FORMAT);
    }
    assert_int_equal(list.count, 3);

    const span_t one = SPAN_LIT("::1,");
    uint8_t text[(LIMIT_CIDRS + 1) * 4];
    for (size_t i = 0; i < LIMIT_CIDRS + 1; i++) {
        memcpy(text + i * 4, one.ptr, one.len);
    }
    assert_err(cidr_list_parse((span_t){text, sizeof text - 1}, &list), ERR_LIMIT);
    assert_ok(cidr_list_parse((span_t){text, sizeof text - 5}, &list));
    assert_int_equal(list.count, LIMIT_CIDRS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_printed_in_one_form),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(the_kernels_forms_are_understood),
        cmocka_unit_test(keys_follow_prefixes_and_never_meet),
        cmocka_unit_test(networks_hold_what_lies_in_them),
        cmocka_unit_test(matching_agrees_with_comparing_bit_by_bit),
        cmocka_unit_test(slips_of_the_hand_in_a_list_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
