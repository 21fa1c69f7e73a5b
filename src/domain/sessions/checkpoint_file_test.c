/* What a checkpoint may hold, byte by byte: whatever no keeper would have written is none. */
#include "domain/sessions/checkpoint_file.h"

#include "base/util.h"
#include "codec/crc32c.h"
#include "domain/ground/service.h"
#include "domain/sessions/recovery_checkpoint.h"
#include "tests/support/unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define YEAR_10000_MS INT64_C(253402300800000)

enum { FILE_MAX = 4 << 20, AT_FLAGS = 88, MARK = 7, END = 9 };

static saved_session_t sample(void)
{
    static const uint8_t id[16] = {1, 2, 3};
    saved_session_t s = {.created = {1},
                         .last_activity = {YEAR_10000_MS - 1},
                         .expires_max = {1000},
                         .lines = UINT64_MAX,
                         .events = 5,
                         .seq = -1,
                         .profile_revision = 6,
                         .mpin_failures = 7,
                         .restricted = true,
                         .unpinned = true,
                         .email = SPAN_LIT("ann@example.org"),
                         .device_id = SPAN_LIT("")};
    memcpy(s.id.byte, id, sizeof id);
    canara_session_begin(&s.engine, 1000);
    return s;
}

/* A file of one block with `count` times this session; the caller closes it. */
struct draft {
    struct buf text;
    size_t begun;
    uint64_t count, end;
};

static void begin_draft(struct draft *d)
{
    const checkpoint_head_t head = {.mark = {.sequence = MARK, .segment = 1}, .at = {1000}};
    *d = (struct draft){.end = END};
    buf_init(&d->text, FILE_MAX);
    assert_ok(checkpoint_write_head(&d->text, &head));
    assert_ok(checkpoint_begin_block(&d->text, &d->begun));
}

static void add(struct draft *d, const saved_session_t *s)
{
    assert_ok(checkpoint_write_session(&d->text, s));
    d->count++;
}

static int file_of(const struct draft *d)
{
    const int fd = memfd_create("checkpoint", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, d->text.ptr, d->text.len), d->text.len);
    return fd;
}

static err_t open_file(int fd)
{
    CLEANUP(checkpoint_reader_close) struct checkpoint_reader r = {0};
    const err_t e = checkpoint_reader_open(fd, &r);
    (void)close(fd);
    return e;
}

static err_t open_draft(struct draft *d)
{
    if (d->count > 0) {
        checkpoint_end_block(&d->text, d->begun, (uint32_t)d->count);
    }
    assert_ok(checkpoint_write_end(&d->text, d->count, d->end));
    const err_t e = open_file(file_of(d));
    buf_deinit(&d->text);
    return e;
}

static err_t open_one(const saved_session_t *s)
{
    struct draft d;
    begin_draft(&d);
    add(&d, s);
    return open_draft(&d);
}

static void a_session_comes_back_as_it_was_saved(void **state)
{
    (void)state;

    enum { MANY = 700 };
    struct draft d;
    saved_session_t s = sample();
    begin_draft(&d);
    for (int i = 0; i < MANY; i++) {
        add(&d, &s);
    }
    checkpoint_end_block(&d.text, d.begun, MANY);
    assert_ok(checkpoint_begin_block(&d.text, &d.begun)); /* without a session: it is taken back */
    checkpoint_end_block(&d.text, d.begun, 0);
    assert_ok(checkpoint_write_end(&d.text, MANY, END));
    const int fd = file_of(&d);
    struct checkpoint_reader r = {0};
    assert_ok(checkpoint_reader_open(fd, &r));
    assert_int_equal(r.sessions, MANY);
    assert_int_equal(r.end, END);
    bool more = false;
    for (int i = 0; i < MANY; i++) {
        saved_session_t got = {0};
        assert_ok(checkpoint_reader_next(&r, &got, &more));
        assert_true(more);
        assert_memory_equal(&got.id, &s.id, sizeof s.id);
        assert_int_equal(got.created.ms, s.created.ms);
        assert_int_equal(got.last_activity.ms, s.last_activity.ms);
        assert_int_equal(got.expires_max.ms, s.expires_max.ms);
        assert_true(got.lines == s.lines && got.events == 5 && got.seq == -1);
        assert_true(got.profile_revision == 6 && got.mpin_failures == 7);
        assert_true(got.restricted && got.unpinned && !got.blocked && got.how == s.how);
        assert_span_text(got.email, "ann@example.org");
        assert_int_equal(got.device_id.len, 0);
        assert_memory_equal(&got.engine, &s.engine, sizeof s.engine);
    }
    assert_ok(checkpoint_reader_next(&r, &s, &more));
    assert_false(more);
    checkpoint_reader_close(&r);
    (void)close(fd);
    buf_deinit(&d.text);
}

static void what_no_session_is_makes_no_checkpoint(void **state)
{
    (void)state;
    static const char nul[] = "ann\0@example.org";
    static uint8_t text[STORE_EMAIL_BYTES + STORE_DEVICE_BYTES];
    memset(text, 'x', sizeof text);
    saved_session_t s = sample();
    assert_ok(open_one(&s));
    s.how = 1;
    assert_err(open_one(&s), ERR_FORMAT); /* how it ended, and it did not */
    s.blocked = true;
    assert_ok(open_one(&s));
    s.how = 0;
    assert_err(open_one(&s), ERR_FORMAT);
    s = sample();
    s.seq = -2;
    assert_err(open_one(&s), ERR_FORMAT);
    for (int i = 0; i < 3; i++) {
        static const int64_t bad[] = {0, -1, YEAR_10000_MS};
        for (size_t k = 0; k < ARRAY_LEN(bad); k++) {
            s = sample();
            wall_t *const time[] = {&s.created, &s.last_activity, &s.expires_max};
            time[i]->ms = bad[k];
            assert_err(open_one(&s), ERR_FORMAT);
        }
    }
    s = sample();
    s.email = (span_t){0};
    assert_err(open_one(&s), ERR_FORMAT);
    s.email = (span_t){(const uint8_t *)nul, sizeof nul - 1};
    assert_err(open_one(&s), ERR_FORMAT);
    s.email = (span_t){text, STORE_EMAIL_BYTES - 1};
    s.device_id = (span_t){text, STORE_DEVICE_BYTES - 1};
    assert_ok(open_one(&s)); /* as long as they may be with their NUL */
    s.email.len++;
    assert_err(open_one(&s), ERR_FORMAT);
    s.email.len--;
    s.device_id.len++;
    assert_err(open_one(&s), ERR_FORMAT);
}

static void flags_of_a_later_version_are_not_passed_over(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 256; flags++) {
        struct draft d;
        const saved_session_t s = sample();
        begin_draft(&d);
        add(&d, &s);
        d.text.ptr[d.begun + CHECKPOINT_BLOCK_HEAD + AT_FLAGS] = (uint8_t)flags;
        const err_t e = open_draft(&d);
        assert_int_equal(e.code, flags < 8 && flags % 2 == 0 ? ERR_NONE : ERR_FORMAT);
    }
}

enum flaw {
    SOUND,
    NO_SESSIONS,
    ONE_UNCOUNTED,
    ONE_TOO_MANY,
    OTHER_SUM,
    ENDS_BEFORE_MARK,
    BYTE_BEHIND,
    NO_END,
    FLAWS
};

/* A file in which every checksum is right, and one thing is not. */
static err_t open_flawed(enum flaw flaw)
{
    struct draft d;
    const saved_session_t s = sample();
    begin_draft(&d);
    if (flaw == NO_SESSIONS) {
        checkpoint_end_block(&d.text, d.begun, 0);
        return open_draft(&d);
    }
    add(&d, &s);
    add(&d, &s);
    const uint32_t told = flaw == ONE_UNCOUNTED ? 1 : flaw == ONE_TOO_MANY ? 3 : 2;
    checkpoint_end_block(&d.text, d.begun, told);
    if (flaw != NO_END) {
        assert_ok(checkpoint_write_end(&d.text, flaw == OTHER_SUM ? 3 : told,
                                       flaw == ENDS_BEFORE_MARK ? MARK - 1 : MARK));
    }
    if (flaw == BYTE_BEHIND) {
        assert_ok(buf_append_byte(&d.text, 0));
    }
    const err_t e = open_file(file_of(&d));
    buf_deinit(&d.text);
    return e;
}

static void what_does_not_add_up_is_no_checkpoint(void **state)
{
    (void)state;
    for (int flaw = 0; flaw < FLAWS; flaw++) {
        const err_t e = open_flawed((enum flaw)flaw);
        assert_int_equal(e.code, flaw <= NO_SESSIONS ? ERR_NONE : ERR_FORMAT);
    }
}

/* Put a block of this head behind the file's; its checksum is right. */
static void add_block(struct draft *d, uint32_t len, uint32_t sessions, uint32_t zero)
{
    uint32_t head[4] = {len, sessions, zero, 0};
    const size_t at = d->text.len;
    assert_ok(buf_append(&d->text, (span_t){(const uint8_t *)head, sizeof head}));
    for (uint32_t i = 0; i < len; i++) {
        assert_ok(buf_append_byte(&d->text, 0));
    }
    const uint32_t crc = crc32c(0, (span_t){d->text.ptr + at, 12});
    head[3] = crc32c(crc, (span_t){d->text.ptr + at + sizeof head, len});
    memcpy(d->text.ptr + at, head, sizeof head);
}

static void blocks_of_other_shapes_are_refused(void **state)
{
    (void)state;

    static const struct {
        uint32_t len, sessions, zero;
    } bad[] = {{16, 0, 1}, {15, 0, 0}, {17, 0, 0}, {CHECKPOINT_BLOCK_MAX + 1, 1, 0}};

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct draft d;
        begin_draft(&d);
        checkpoint_end_block(&d.text, d.begun, 0);
        add_block(&d, bad[i].len, bad[i].sessions, bad[i].zero);
        assert_err(open_file(file_of(&d)), ERR_FORMAT);
        buf_deinit(&d.text);
    }
}

/* ---- what is read without the sessions ---- */

static err_t end_of(const struct draft *d, size_t len, uint64_t *end)
{
    const int fd = file_of(d);
    assert_int_equal(ftruncate(fd, (off_t)len), 0);
    const err_t e = checkpoint_read_end(fd, end);
    (void)close(fd);
    return e;
}

static void the_end_is_read_of_a_whole_file_alone(void **state)
{
    (void)state;
    struct draft d;
    const saved_session_t s = sample();
    uint64_t end = 0;
    begin_draft(&d);
    checkpoint_end_block(&d.text, d.begun, 0);
    assert_ok(checkpoint_write_end(&d.text, 0, END)); /* nobody lives: the shortest there is */
    assert_ok(end_of(&d, d.text.len, &end));
    assert_int_equal(end, END);
    buf_deinit(&d.text);

    begin_draft(&d);
    add(&d, &s);
    checkpoint_end_block(&d.text, d.begun, 1);
    assert_ok(checkpoint_write_end(&d.text, 1, END));
    for (size_t len = 0; len < d.text.len; len++) {
        end = 77;
        assert_err(end_of(&d, len, &end), ERR_FORMAT);
        assert_int_equal(end, 77);
    }
    assert_ok(end_of(&d, d.text.len, &end));
    d.text.ptr[d.text.len - 1] ^= 1;
    assert_err(end_of(&d, d.text.len, &end), ERR_FORMAT);
    buf_deinit(&d.text);

    begin_draft(&d);
    checkpoint_end_block(&d.text, d.begun, 0);
    add_block(&d, 16, 1, 0); /* as long as the end, and one of sessions */
    assert_err(end_of(&d, d.text.len, &end), ERR_FORMAT);
    buf_deinit(&d.text);
}

static err_t read_head(const struct draft *d, size_t len)
{
    checkpoint_head_t head = {0};
    const int fd = file_of(d);
    assert_int_equal(ftruncate(fd, (off_t)len), 0);
    const err_t e = checkpoint_read_head(fd, &head);
    assert_int_equal(head.mark.sequence, failed(e) ? 0 : MARK);
    (void)close(fd);
    return e;
}

static void a_head_is_whole_or_none(void **state)
{
    (void)state;
    struct draft d;
    begin_draft(&d);
    assert_ok(read_head(&d, CHECKPOINT_HEAD_BYTES));
    for (size_t i = 0; i < CHECKPOINT_HEAD_BYTES; i++) {
        assert_err(read_head(&d, i), ERR_FORMAT);
        d.text.ptr[i] ^= 0x20;
        assert_err(read_head(&d, CHECKPOINT_HEAD_BYTES), ERR_FORMAT);
        d.text.ptr[i] ^= 0x20;
    }
    buf_clear(&d.text);
    const checkpoint_head_t early = {.mark = {.sequence = 1, .segment = 1}}; /* behind no frame */
    assert_ok(checkpoint_write_head(&d.text, &early));
    assert_err(read_head(&d, CHECKPOINT_HEAD_BYTES), ERR_FORMAT);
    buf_deinit(&d.text);
}

/* Under anything else the states of the engine mean something else. */
static void a_basis_is_the_same_in_all_or_another(void **state)
{
    (void)state;
    struct service svc = {.rules.risk = canara_config_default()};
    checkpoint_basis_t mine;
    checkpoint_basis_of(&svc, &mine);
    for (int what = 0; what < 6; what++) {
        checkpoint_basis_t other = mine;
        other.engine ^= what == 1 ? 1U : 0U;
        other.monitor += what == 2 ? 0.01 : 0.0;
        other.challenge += what == 3 ? 0.01 : 0.0;
        other.block += what == 4 ? 0.01 : 0.0;
        if (what == 5) {
            other.model[0] = 'm';
        }
        assert_int_equal(checkpoint_basis_eq(&mine, &other), what == 0);
    }
    assert_string_equal(mine.model, "");
    struct canara_model *model = NULL;
    size_t size = 0;
    const void *bytes = canara_model_builtin(&size);
    assert_int_equal(canara_model_open(bytes, size, &model), CANARA_OK);
    svc.model = model;
    checkpoint_basis_of(&svc, &mine);
    assert_string_equal(mine.model, canara_model_name(model));
    canara_model_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_comes_back_as_it_was_saved),
        cmocka_unit_test(what_no_session_is_makes_no_checkpoint),
        cmocka_unit_test(flags_of_a_later_version_are_not_passed_over),
        cmocka_unit_test(what_does_not_add_up_is_no_checkpoint),
        cmocka_unit_test(blocks_of_other_shapes_are_refused),
        cmocka_unit_test(the_end_is_read_of_a_whole_file_alone),
        cmocka_unit_test(a_head_is_whole_or_none),
        cmocka_unit_test(a_basis_is_the_same_in_all_or_another),
    };
    return cmocka_run_group_tests_name("checkpoint_file", tests, NULL, NULL);
}
