/* importer_stop_test.c - an import that is stopped ends soon, and leaves nothing. */
#include "base/util.h"
#include "lab/sets/importer.h"
#include "tests/support/scratch.h"
#include "tests/support/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PEOPLE = 3, ENTRIES = 40 };

/* Asked so often; the answer is yes from the one numbered `last` on. */
struct asker {
    size_t asked, last;
};

static bool stopped(void *arg)
{
    struct asker *const a = arg;
    return ++a->asked > a->last;
}

static void write_meu(FILE *to)
{
    (void)fputs("Subject,Hold .\n", to);
    for (unsigned row = 0; row < PEOPLE * ENTRIES; row++) {
        (void)fprintf(to, "%u", 1 + row / ENTRIES);
        for (unsigned i = 0; i < 71; i++) {
            (void)fputs(i < 14 ? ",90" : i < 40 ? ",300" : ",0.25", to);
        }
        (void)fputc('\n', to);
    }
}

static void write_antal(FILE *to)
{
    for (unsigned row = 0; row < PEOPLE * ENTRIES; row++) {
        (void)fprintf(to, "%u", 1 + row / ENTRIES);
        for (unsigned v = 0; v < 15; v++) {
            (void)fprintf(to, ",0.%u%02u", v, row);
        }
        (void)fputc('\n', to);
    }
}

static void write_delbot(FILE *to)
{
    (void)fputs("resolution:1536,754\n1000,Move,775,212\n1010,Move,770,210\n", to);
}

static size_t names_in(const char *path)
{
    size_t n = 0;
    DIR *const d = opendir(path);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) { /* NOLINT: one thread */
        n += e->d_name[0] == '.' ? 0 : 1;
    }
    assert_int_equal(closedir(d), 0);
    return n;
}

/* A set whose files lie in "src", and where it is to go. */
struct job {
    struct scratch dir;
    const struct importer *importer;
    char src[SCRATCH_PATH], out[SCRATCH_PATH];
};

static err_t import(const struct job *j, struct asker *a)
{
    struct import_report report;
    const struct import_watch watch = {.stopped = stopped, .arg = a};
    const err_t e = importer_run(j->importer, j->src, j->out, &watch, &report);
    assert_true(!failed(e) || strstr(report.fault, "was stopped") != NULL);
    return e;
}

/* At each place where it is asked. */
static void stop_everywhere(const struct job *j, size_t asks)
{
    for (size_t last = 0; last < asks; last++) {
        struct asker a = {.last = last};
        assert_err(import(j, &a), ERR_TIMEOUT);
        assert_int_equal(a.asked, last + 1);        /* one yes is enough */
        assert_int_equal(names_in(j->dir.path), 1); /* src */
    }
}

static void a_stop_leaves_nothing_wherever_it_comes(void **state)
{
    static const struct {
        const char *set, *folder, *file;
        void (*write)(FILE *to);
        size_t asks; /* at least: before and behind, and for each person, file or row */
    } rows[] = {
        {"meu-mobile-ksd", "", "meu-mobile-ksd-2016.csv", write_meu,
         2 + 2 * PEOPLE * ENTRIES + PEOPLE},
        {"antal-scroll-touch", "", "antal_dataset1.csv", write_antal, 2 + 2 * PEOPLE},
        {"delbot-mouse", "/circles_bot_gan", "GAN1_1.txt", write_delbot, 2 + 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(scratch_remove) struct scratch dir = scratch_new();
        struct job j = {.dir = dir, .importer = importer_find(rows[i].set)};
        struct asker never = {.last = SIZE_MAX};
        char path[2 * SCRATCH_PATH];
        scratch_path(&dir, "src", j.src);
        scratch_path(&dir, "out", j.out);
        assert_int_equal(mkdir(j.src, 0700), 0);
        (void)snprintf(path, sizeof path, "%s%s", j.src, rows[i].folder);
        (void)mkdir(path, 0700);
        (void)snprintf(path, sizeof path, "%s%s/%s", j.src, rows[i].folder, rows[i].file);
        FILE *const f = fopen(path, "w");
        assert_non_null(f);
        rows[i].write(f);
        assert_int_equal(fclose(f), 0);
        stop_everywhere(&j, rows[i].asks);
        assert_ok(import(&j, &never));
        assert_true(never.asked >= rows[i].asks);
        assert_int_equal(names_in(dir.path), 2); /* and out */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_leaves_nothing_wherever_it_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
