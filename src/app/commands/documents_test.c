/* The documents tell what the tables say: .env.example, docs/configuration.md, the manual page and
 * the completion scripts. Runs in the top folder of the tree. */
#include "app/commands/commands.h"
#include "app/operate/ctl.h"
#include "app/settings/settings_table.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DOCUMENT_MAX = 256 * 1024 };

static void free_text(char **text)
{
    free(*text);
}

static char *read_document(const char *path)
{
    FILE *const f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("cannot open %s", path);
    }
    char *const text = calloc(1, DOCUMENT_MAX);
    assert_non_null(text);
    const size_t n = fread(text, 1, DOCUMENT_MAX - 1, f);
    assert_true(n > 0 && n < DOCUMENT_MAX - 1);
    assert_int_equal(fclose(f), 0);
    return text;
}

static size_t count_of(const char *text, const char *piece)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, piece)) != NULL; p += strlen(piece)) {
        n++;
    }
    return n;
}

static void the_example_is_what_the_code_prints(void **state)
{
    (void)state;
    CLEANUP(free_text) char *printed = NULL;
    size_t len = 0;
    FILE *const to = open_memstream(&printed, &len);
    assert_non_null(to);
    settings_print_example(to);
    assert_int_equal(fclose(to), 0);
    CLEANUP(free_text) char *kept = read_document(".env.example");
    if (strcmp(kept, printed) != 0) {
        fail_msg(".env.example is stale: canara check-config --example > .env.example");
    }
}

static void the_example_loads_but_for_the_secrets(void **state)
{
    (void)state;
    const struct settings_sources from = {.env_file = ".env.example"};
    struct settings s;
    struct settings_report report;
    assert_err(settings_load(&from, &s, &report), ERR_RANGE);
    assert_non_null(strstr(report.fault, "SECRET_KEY: is not set"));
    assert_int_equal(report.warnings, 0);

    static const char *const set[] = {"DEBUG=True"};
    const struct settings_sources debug = {.set = set, .sets = 1, .env_file = ".env.example"};
    assert_ok(settings_load(&debug, &s, &report));
}

static void the_configuration_page_has_every_row(void **state)
{
    (void)state;
    CLEANUP(free_text) char *page = read_document("docs/configuration.md");
    size_t count = 0;
    const struct setting_row *const rows = settings_rows(&count);
    for (size_t i = 0; i < count; i++) {
        const bool none = rows[i].fallback[0] == '\0';
        char line[512];
        (void)snprintf(line, sizeof line, "\n| `%s` | %s%s%s | %s |", rows[i].name, none ? "" : "`",
                       none ? "none" : rows[i].fallback, none ? "" : "`", rows[i].allowed);
        if (count_of(page, line) != 1) {
            fail_msg("docs/configuration.md has no line %s", line + 1);
        }
    }
    assert_int_equal(count_of(page, "\n| `"), count); /* and no row of another name */
}

static void the_manual_page_names_every_command(void **state)
{
    (void)state;
    CLEANUP(free_text) char *page = read_document("packaging/canara.1");
    size_t count = 0;
    const struct command *const all = commands_all(&count);
    for (size_t i = 0; i < count; i++) {
        char line[64];
        (void)snprintf(line, sizeof line, "\n.TP\n.B %s\n", all[i].name);
        if (strstr(page, line) == NULL) {
            fail_msg("packaging/canara.1 says nothing of %s", all[i].name);
        }
    }
}

static void the_manual_page_names_every_verb_of_ctl(void **state)
{
    (void)state;
    CLEANUP(free_text) char *page = read_document("packaging/canara.1");
    char *const section = strstr(page, "\n.TP\n.B ctl\n");
    assert_non_null(section);
    char *const next = strstr(section + 1, "\n.TP\n");
    assert_non_null(next);
    *next = '\0';
    for (size_t i = 0; ctl_verb_name(i) != NULL; i++) {
        char listed[64], last[64];
        (void)snprintf(listed, sizeof listed, "%s,", ctl_verb_name(i));
        (void)snprintf(last, sizeof last, "%s.\n", ctl_verb_name(i));
        if (strstr(section, listed) == NULL && strstr(section, last) == NULL) {
            fail_msg("packaging/canara.1 says nothing of ctl %s", ctl_verb_name(i));
        }
    }
}

/* All that stands in backquotes there and begins like a metric is one. */
static void the_handbook_names_metrics_that_there_are(void **state)
{
    (void)state;
    CLEANUP(free_text) char *handbook = read_document("docs/operations.md");
    CLEANUP(free_text) char *metrics = read_document("docs/metrics.md");
    size_t count = 0;
    for (const char *at = strstr(handbook, "`canara_"); at != NULL;
         at = strstr(at + 1, "`canara_")) {
        const int length = (int)strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
        char row[128];
        (void)snprintf(row, sizeof row, "\n| %.*s |", length, at + 1);
        if (strstr(metrics, row) == NULL) {
            fail_msg("docs/operations.md names %.*s, which docs/metrics.md does not have", length,
                     at + 1);
        }
        count++;
    }
    assert_true(count > 0);
}

/* Run a command with its output in a file; gives the text. */
static char *output_of(const char *path, int argc, char **argv, int want)
{
    (void)fflush(stdout);
    const int kept = dup(STDOUT_FILENO);
    assert_true(kept >= 0);
    assert_non_null(freopen(path, "w", stdout));
    const int code = commands_main(argc, argv);
    (void)fflush(stdout);
    assert_true(dup2(kept, STDOUT_FILENO) >= 0);
    assert_int_equal(close(kept), 0);
    assert_int_equal(code, want);
    return read_document(path);
}

static void completions_and_help_name_everything(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "out", path);
    size_t commands = 0;
    size_t settings = 0;
    const struct command *const all = commands_all(&commands);
    const struct setting_row *const rows = settings_rows(&settings);
    static const char *const shells[] = {"bash", "zsh", "fish"};
    for (size_t l = 0; l < 4; l++) {
        char program[] = "canara";
        char help[] = "help";
        char completion[] = "completion";
        char shell[8] = "";
        (void)snprintf(shell, sizeof shell, "%s", l < 3 ? shells[l] : "");
        char *argv[] = {program, l < 3 ? completion : help, shell, NULL};
        CLEANUP(free_text) char *text = output_of(path, l < 3 ? 3 : 2, argv, EXIT_CODE_DONE);
        for (size_t i = 0; i < commands; i++) {
            assert_non_null(strstr(text, all[i].name));
        }
        assert_true(l == 3 || strstr(text, "scaled-manhattan") != NULL);
        for (size_t i = 0; l < 3 && i < settings; i++) {
            assert_non_null(strstr(text, rows[i].name));
        }
    }
}

static void every_command_has_help_and_a_mistyped_one_a_hint(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char path[SCRATCH_PATH];
    scratch_path(&dir, "out", path);
    size_t count = 0;
    const struct command *const all = commands_all(&count);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        char help[] = "--help";
        char program[] = "canara";
        (void)snprintf(name, sizeof name, "%s", all[i].name);
        char *argv[] = {program, name, help, NULL};
        CLEANUP(free_text) char *text = output_of(path, 3, argv, EXIT_CODE_DONE);
        assert_non_null(strstr(text, "usage: canara"));
        assert_string_equal(commands_nearest(all[i].name), all[i].name);
    }
    char program[] = "canara";
    char wrong[] = "chek-config";
    char *argv[] = {program, wrong, NULL};
    assert_int_equal(commands_main(2, argv), EXIT_CODE_USAGE);
    assert_int_equal(commands_main(1, argv), EXIT_CODE_USAGE);
    assert_string_equal(commands_nearest("chek-config"), "check-config");
    assert_null(commands_nearest("zzzzzzzzzz"));
}

static void keygen_makes_what_the_key_ring_takes(void **state)
{
    (void)state;
    CLEANUP(scratch_remove) struct scratch dir = scratch_new();
    char out[SCRATCH_PATH];
    char pepper[SCRATCH_PATH];
    scratch_path(&dir, "out", out);
    scratch_path(&dir, "pepper", pepper);
    char program[] = "canara";
    char keygen[] = "keygen";
    char secret[] = "secret";
    char pepper_word[] = "pepper";
    char *first[] = {program, keygen, secret, NULL};
    CLEANUP(free_text) char *key = output_of(out, 3, first, EXIT_CODE_DONE);
    key[strcspn(key, "\n")] = '\0';
    char *second[] = {program, keygen, pepper_word, pepper, NULL};
    CLEANUP(free_text) char *file = output_of(out, 4, second, EXIT_CODE_DONE);
    file[strcspn(file, "\n")] = '\0';
    const char *const set[] = {key, file, "HOST=127.0.0.1"};
    const struct settings_sources from = {.set = set, .sets = 3};
    CLEANUP(settings_wipe) struct settings s;
    struct settings_report report;
    assert_ok(settings_load(&from, &s, &report));

    char *again[] = {program, keygen, pepper_word, pepper, NULL};
    assert_int_equal(commands_main(4, again), EXIT_CODE_FAILED); /* never over an existing one */
    char *alone[] = {program, keygen, pepper_word, NULL};
    assert_int_equal(commands_main(3, alone), EXIT_CODE_USAGE);
    char *none[] = {program, keygen, NULL};
    assert_int_equal(commands_main(2, none), EXIT_CODE_USAGE);

    char check[] = "check-config";
    char option[] = "--set";
    char data[SCRATCH_PATH + 16];
    char host[] = "HOST=127.0.0.1";
    (void)snprintf(data, sizeof data, "DATA_DIR=%s", dir.path);
    CLEANUP(scratch_remove) struct scratch elsewhere = scratch_new();
    char other[SCRATCH_PATH + 16];
    (void)snprintf(other, sizeof other, "DATA_DIR=%s", elsewhere.path);
    char *checked[] = {program, check, option, key,   option, file,
                       option,  host,  option, other, NULL};
    CLEANUP(free_text) char *values = output_of(out, 10, checked, EXIT_CODE_DONE);
    assert_non_null(strstr(values, "SECRET_KEY=set\n"));
    assert_null(strstr(values, key + sizeof "SECRET_KEY"));
    char *inside[] = {program, check, option, key, option, file, option, host, option, data, NULL};
    assert_int_equal(commands_main(10, inside), EXIT_CODE_FAILED); /* pepper inside DATA_DIR */
    assert_int_equal(chmod(elsewhere.path, 0755), 0);
    assert_int_equal(commands_main(10, checked), EXIT_CODE_FAILED); /* serve refuses it, too */
    assert_int_equal(chmod(elsewhere.path, 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_what_the_code_prints),
        cmocka_unit_test(the_example_loads_but_for_the_secrets),
        cmocka_unit_test(the_configuration_page_has_every_row),
        cmocka_unit_test(the_manual_page_names_every_command),
        cmocka_unit_test(the_manual_page_names_every_verb_of_ctl),
        cmocka_unit_test(the_handbook_names_metrics_that_there_are),
        cmocka_unit_test(completions_and_help_name_everything),
        cmocka_unit_test(every_command_has_help_and_a_mistyped_one_a_hint),
        cmocka_unit_test(keygen_makes_what_the_key_ring_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
