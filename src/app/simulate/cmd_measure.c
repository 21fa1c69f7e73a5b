/* cmd_measure.c - canara simulate --measure: read, prepare, run, print. */
#include "app/cli/command.h"
#include "app/cli/progress.h"
#include "app/evaluate/model_bytes.h"
#include "app/simulate/measure.h"
#include "app/simulate/measure_print.h"
#include "engine/people/model.h"

#include <string.h>
#include <unistd.h>

enum { JSON_BYTES = 256 * 1024 };

static int out_of(err_t e)
{
    (void)fprintf(stderr, "canara simulate: %s\n",
                  e.code == ERR_RANGE ? "too few people for a model" : "out of memory");
    return EXIT_CODE_FAILED;
}

static err_t print(const struct measure_options *o, const struct trial_report *r)
{
    CLEANUP(buf_deinit) struct buf text;
    buf_init(&text, JSON_BYTES);
    if (!o->json) {
        measure_table(r, stdout);
        return ERR_OK;
    }
    TRY(measure_json(r,
                     &(struct measure_told){
                         .seed = o->seed, .people = o->people, .random_percent = o->random_percent},
                     &text));
    (void)printf("%.*s\n", (int)text.len, (const char *)text.ptr);
    return ERR_OK;
}

static err_t run(struct measure *m, const struct measure_row *row, struct trial_report *out)
{
    struct progress progress;
    progress_init(&progress, "canara simulate", clock_system(), isatty(STDERR_FILENO) != 0);
    m->progress = progress_at;
    m->progress_ctx = &progress;
    err_t e = measure_prepare(m, MEASURE_MODEL_PEOPLE, MEASURE_MODEL_SESSIONS);
    if (!failed(e)) {
        e = measure_run(m, row, out);
    }
    progress_deinit(&progress);
    return e;
}

int measure_command(const struct measure_options *o)
{
    CLEANUP(measure_deinit) struct measure m = {.people = 0};
    CLEANUP(buf_deinit) struct buf bytes;
    struct trial_report report = {.count = 0};
    const struct measure_row *const row = measure_find(o->name);
    buf_init(&bytes, MODEL_BYTES_MAX);
    if (row == NULL && strcmp(o->name, "all") != 0) {
        (void)fprintf(stderr, "canara simulate: --measure: must be all or one of\n%s",
                      MEASURE_NAMES);
        return EXIT_CODE_USAGE;
    }
    err_t e = measure_init(&m, o->seed, o->people);
    if (!failed(e) && o->model != NULL &&
        failed(model_bytes_open("canara simulate", o->model, &bytes, &m.troupe.model))) {
        return EXIT_CODE_FAILED;
    }
    m.random_percent = o->random_percent;
    if (!failed(e)) {
        e = run(&m, row, &report);
    }
    if (!failed(e)) {
        e = print(o, &report);
    }
    return failed(e) ? out_of(e) : EXIT_CODE_DONE;
}
