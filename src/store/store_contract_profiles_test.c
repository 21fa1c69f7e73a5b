/* What every driver promises: profiles in parts and revisions. */
#include "store/contract_test.h"
#include "store/store.h"
#include "tests/support/unit.h"

#include <stdio.h>

/* The parts of a revision as "name=content@since " sorted by name; for comparison at a glance. */
struct listing {
    char line[8][64];
    size_t count;
    size_t stop; /* fail at this call; 0: never */
};

static err_t list_part(void *ctx, const struct profile_part *part)
{
    struct listing *list = ctx;
    MUST(list->count < ARRAY_LEN(list->line));
    (void)snprintf(list->line[list->count], sizeof list->line[0], "%s=%.*s@%u ", part->name,
                   (int)size_min(part->content.len, 8), (const char *)part->content.ptr,
                   part->revision);
    list->count++;
    return list->count == list->stop ? err_new(ERR_LIMIT) : ERR_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void assert_parts(struct store_tx *tx, unsigned account, uint32_t revision, const char *want)
{
    struct listing list = {0};
    char all[512] = "";
    assert_ok(store_profile_load(tx, sample_id('a', account), revision, list_part, &list));
    qsort(list.line, list.count, sizeof list.line[0], by_text);
    for (size_t i = 0; i < list.count; i++) {
        (void)strncat(all, list.line[i], sizeof all - strlen(all) - 1);
    }
    assert_string_equal(all, want);
}

static struct profile_head head_of(struct store_tx *tx, unsigned account)
{
    struct profile_head head = {.revision = 77};
    assert_ok(store_profile_head(tx, sample_id('a', account), &head));
    return head;
}

static void save(struct store_tx *tx, uint32_t base, const char *name, const char *content)
{
    const span_t bytes = {(const uint8_t *)content, strlen(content)};
    assert_int_equal(save_part(tx, 1, base, name, bytes), PROFILE_SAVED);
}

static void every_revision_is_the_newest_part_of_each_name(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    add_account(&tx, 2);
    assert_int_equal(head_of(&tx, 1).revision, 0);
    assert_parts(&tx, 1, 0, "");
    save(&tx, 0, "pointer", "p1");
    save(&tx, 1, "keys:mpin", "m2");
    save(&tx, 2, "pointer", "p3");
    save(&tx, 3, "keys:mpin", "");
    assert_int_equal(save_part(&tx, 2, 0, "pointer", SPAN_LIT("other")), PROFILE_SAVED);

    static const char *const want[] = {"", "pointer=p1@1 ", "keys:mpin=m2@2 pointer=p1@1 ",
                                       "keys:mpin=m2@2 pointer=p3@3 ", "pointer=p3@3 "};
    for (uint32_t r = 0; r < ARRAY_LEN(want); r++) {
        assert_parts(&tx, 1, r, want[r]);
    }
    const struct profile_head head = head_of(&tx, 1);
    assert_int_equal(head.revision, 4);
    assert_int_equal(head.oldest, 0);
    assert_int_equal(head.saved.ms, 103);
    assert_int_equal(head_of(&tx, 2).revision, 1);
    assert_parts(&tx, 2, 1, "pointer=other@1 ");
    struct listing list = {.stop = 1};
    assert_err(store_profile_load(&tx, sample_id('a', 1), 3, list_part, &list), ERR_LIMIT);
    assert_int_equal(list.count, 1);
}

static void a_save_from_an_old_revision_is_told_so_and_changes_nothing(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    assert_int_equal(save_part(&tx, 1, 1, "pointer", SPAN_LIT("x")), PROFILE_OVERTAKEN);
    save(&tx, 0, "pointer", "p1");
    assert_int_equal(save_part(&tx, 1, 0, "pointer", SPAN_LIT("x")), PROFILE_OVERTAKEN);
    assert_int_equal(save_part(&tx, 1, 2, "pointer", SPAN_LIT("x")), PROFILE_OVERTAKEN);
    assert_parts(&tx, 1, 1, "pointer=p1@1 ");
    assert_int_equal(head_of(&tx, 1).revision, 1);
    assert_ok(store_commit(&tx));
}

static void a_profile_goes_back_to_any_whole_revision_and_to_nothing(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    const uuid_t id = sample_id('a', 1);
    enum profile_answer answer = PROFILE_OVERTAKEN;
    save(&tx, 0, "pointer", "p1");
    save(&tx, 1, "keys:mpin", "m2");
    save(&tx, 2, "pointer", "p3");
    assert_ok(store_profile_roll_back(&tx, id, 2, (wall_t){500}, &answer));
    assert_int_equal(answer, PROFILE_SAVED);
    assert_parts(&tx, 1, 4, "keys:mpin=m2@4 pointer=p1@4 ");
    assert_parts(&tx, 1, 3, "keys:mpin=m2@2 pointer=p3@3 ");
    assert_ok(store_profile_roll_back(&tx, id, 0, (wall_t){501}, &answer));
    assert_int_equal(answer, PROFILE_SAVED);
    assert_parts(&tx, 1, 5, "");
    assert_ok(store_profile_roll_back(&tx, id, 4, (wall_t){502}, &answer));
    assert_parts(&tx, 1, 6, "keys:mpin=m2@6 pointer=p1@6 ");
    assert_int_equal(head_of(&tx, 1).saved.ms, 502);

    assert_ok(store_profile_roll_back(&tx, id, 6, (wall_t){503}, &answer)); /* as it is */
    assert_int_equal(answer, PROFILE_SAVED);
    assert_ok(store_profile_roll_back(&tx, id, 7, (wall_t){503}, &answer));
    assert_int_equal(answer, PROFILE_GONE);
    assert_int_equal(head_of(&tx, 1).revision, 6);
    save(&tx, 6, "pointer", "p7");
    assert_parts(&tx, 1, 7, "keys:mpin=m2@6 pointer=p7@7 ");
}

static void a_part_that_is_set_aside_is_missing_from_then_on(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    const uuid_t id = sample_id('a', 1);
    uint32_t revision = 9;
    assert_ok(store_profile_set_aside(&tx, id, "pointer", (wall_t){200}, &revision));
    assert_int_equal(revision, 0);
    save(&tx, 0, "pointer", "p1");
    save(&tx, 1, "keys:mpin", "m2");
    assert_ok(store_profile_set_aside(&tx, id, "pointer", (wall_t){200}, &revision));
    assert_int_equal(revision, 3);
    assert_parts(&tx, 1, 3, "keys:mpin=m2@2 ");
    assert_parts(&tx, 1, 2, "keys:mpin=m2@2 pointer=p1@1 "); /* whoever pinned it sees the damage */
    enum profile_answer answer = PROFILE_GONE;
    assert_ok(store_profile_roll_back(&tx, id, 2, (wall_t){201}, &answer));
    assert_parts(&tx, 1, 4, "keys:mpin=m2@4 "); /* but it does not come back */
    save(&tx, 4, "pointer", "p5");
    assert_parts(&tx, 1, 5, "keys:mpin=m2@4 pointer=p5@5 ");
}

static void purging_keeps_the_newest_revisions_the_young_and_the_damaged(void **state)
{
    CLEANUP(store_rollback) struct store_tx tx = {0};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    const uuid_t id = sample_id('a', 1);
    size_t purged = 9;
    assert_ok(store_profile_purge(&tx, id, 1, (wall_t){1000}, &purged));
    assert_int_equal(purged, 0);
    uint32_t aside = 0;
    save(&tx, 0, "a", "1"); /* replaced at 101, 102, ... */
    save(&tx, 1, "a", "2");
    save(&tx, 2, "a", "3");
    save(&tx, 3, "b", "4");
    assert_ok(store_profile_set_aside(&tx, id, "b", (wall_t){104}, &aside));
    save(&tx, 5, "a", "6");

    assert_ok(store_profile_purge(&tx, id, 1, (wall_t){101}, &purged)); /* all too young */
    assert_int_equal(purged, 0);
    assert_ok(store_profile_purge(&tx, id, 5, (wall_t){1000}, &purged));
    assert_int_equal(purged, 1);
    assert_int_equal(head_of(&tx, 1).oldest, 2);
    assert_parts(&tx, 1, 2, "a=2@2 ");
    enum profile_answer answer = PROFILE_SAVED;
    assert_ok(store_profile_roll_back(&tx, id, 1, (wall_t){201}, &answer));
    assert_int_equal(answer, PROFILE_GONE);
    assert_ok(store_profile_purge(&tx, id, 1, (wall_t){1000}, &purged));
    assert_int_equal(purged, 2);
    assert_int_equal(head_of(&tx, 1).oldest, 6);
    assert_parts(&tx, 1, 4, "b=4@4 ");
    assert_parts(&tx, 1, 6, "a=6@6 ");
    assert_ok(store_profile_purge(&tx, id, 1, (wall_t){INT64_C(90) * 86400000 + 105}, &purged));
    assert_int_equal(purged, 1);
    assert_ok(store_commit(&tx));
}

static void parts_have_limits(void **state)
{
    static const uint8_t big[STORE_PART_BYTES + 1] = {7};
    static const char long_name[] = "123456789012345678901234567890123";
    struct profile_part many[STORE_PARTS_MAX + 1];
    char name[STORE_PARTS_MAX + 1][8];
    enum profile_answer answer = PROFILE_GONE;
    CLEANUP(store_rollback) struct store_tx tx = {0};
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        (void)snprintf(name[i], sizeof name[i], "%zu", i);
        many[i] = (struct profile_part){.name = name[i], .content = {big, STORE_PART_BYTES}};
    }
    struct profile_save all = {
        .account = sample_id('a', 1), .at = {1}, .part = many, .count = STORE_PARTS_MAX};
    begin(state, STORE_WRITE, &tx);
    add_account(&tx, 1);
    assert_ok(store_profile_save(&tx, &all, &answer));
    assert_int_equal(answer, PROFILE_SAVED);
    save(&tx, 1, long_name + 1, "ok");
    assert_ok(store_commit(&tx));

    const struct {
        const char *name;
        size_t len, count;
        int64_t at;
        unsigned account;
        enum err_code code;
    } bad[] = {
        {"a", sizeof big, 1, 1, 1, ERR_LIMIT},
        {long_name, 1, 1, 1, 1, ERR_RANGE},
        {"a", 1, STORE_PARTS_MAX + 1, 1, 1, ERR_LIMIT},
        {"a", 1, 1, 0, 1, ERR_RANGE},
        {"a", 1, 1, 1, 2, ERR_STORAGE},
    };

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        many[0] = (struct profile_part){.name = bad[i].name, .content = {big, bad[i].len}};
        all.account = sample_id('a', bad[i].account);
        all.base = bad[i].account == 1 ? 2 : 0;
        all.count = bad[i].count;
        all.at = (wall_t){bad[i].at};
        begin(state, STORE_WRITE, &tx);
        assert_err(store_profile_save(&tx, &all, &answer), bad[i].code);
        store_rollback(&tx);
    }
}

static const struct sentence sentences[] = {
    SENTENCE(every_revision_is_the_newest_part_of_each_name),
    SENTENCE(a_save_from_an_old_revision_is_told_so_and_changes_nothing),
    SENTENCE(a_profile_goes_back_to_any_whole_revision_and_to_nothing),
    SENTENCE(a_part_that_is_set_aside_is_missing_from_then_on),
    SENTENCE(purging_keeps_the_newest_revisions_the_young_and_the_damaged),
    SENTENCE(parts_have_limits),
};

int main(void)
{
    return contract_run(sentences, ARRAY_LEN(sentences));
}
