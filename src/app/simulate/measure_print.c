#include "app/simulate/measure_print.h"

#include "codec/json_write.h"

#include <math.h>

enum { NUMBER_BYTES = 24 };

static const char *number(char out[NUMBER_BYTES], double x)
{
    if (isnan(x)) {
        (void)snprintf(out, NUMBER_BYTES, "-");
    } else if (isinf(x)) {
        (void)snprintf(out, NUMBER_BYTES, "never");
    } else {
        (void)snprintf(out, NUMBER_BYTES, "%.4g", x);
    }
    return out;
}

static const char *goal(char out[NUMBER_BYTES], const struct trial_figure *f)
{
    out[0] = '\0';
    if (f->goal != TRIAL_NO_GOAL) {
        (void)snprintf(out, NUMBER_BYTES, "%s %.4g%s",
                       f->goal == TRIAL_AT_MOST ? "<=" : ">=", f->limit,
                       trial_is_met(f) ? "" : "  missed");
    }
    return out;
}

void measure_table(const struct trial_report *r, FILE *out)
{
    (void)fprintf(out, "%-18s %-50s %-8s %8s  %-17s %7s  %s\n", "measure", "figure", "unit",
                  "value", "95 % interval", "people", "goal");
    for (size_t i = 0; i < r->count; i++) {
        const struct trial_figure *const f = &r->figure[i];
        char value[NUMBER_BYTES];
        char lo[NUMBER_BYTES];
        char hi[NUMBER_BYTES];
        char wanted[NUMBER_BYTES];
        char ci[2 * NUMBER_BYTES + 8];
        (void)snprintf(ci, sizeof ci, "%s to %s", number(lo, f->ci.lo), number(hi, f->ci.hi));
        (void)fprintf(out, "%-18s %-50s %-8s %8s  %-17s %7zu  %s\n", f->measure, f->name, f->unit,
                      number(value, f->value), ci, f->people, goal(wanted, f));
    }
}

/* JSON has no word for "never" and "nobody". */
static void real_member(struct json_writer *w, const char *name, double x)
{
    json_name(w, name);
    if (isfinite(x)) {
        json_number(w, x);
    } else {
        json_nil(w);
    }
}

err_t measure_json(const struct trial_report *r, const struct measure_told *told, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_begin_object(&w);
    json_name(&w, "seed");
    json_uint(&w, told->seed);
    json_name(&w, "people");
    json_uint(&w, told->people);
    json_name(&w, "random_challenge");
    json_uint(&w, told->random_percent);
    json_name(&w, "figures");
    json_begin_array(&w);
    for (size_t i = 0; i < r->count; i++) {
        const struct trial_figure *const f = &r->figure[i];
        json_begin_object(&w);
        json_name(&w, "measure");
        json_cstr(&w, f->measure);
        json_name(&w, "name");
        json_cstr(&w, f->name);
        json_name(&w, "unit");
        json_cstr(&w, f->unit);
        real_member(&w, "value", f->value);
        real_member(&w, "lo", f->ci.lo);
        real_member(&w, "hi", f->ci.hi);
        json_name(&w, "people");
        json_uint(&w, f->people);
        if (f->goal != TRIAL_NO_GOAL) {
            real_member(&w, f->goal == TRIAL_AT_MOST ? "at_most" : "at_least", f->limit);
            json_name(&w, "met");
            json_bool(&w, trial_is_met(f));
        }
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    return json_finish(&w);
}
