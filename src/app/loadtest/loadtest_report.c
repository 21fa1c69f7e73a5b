#include "app/loadtest/loadtest_report.h"

#include "base/util.h"
#include "codec/json_write.h"

#include <inttypes.h>

enum { JSON_MAX = 65536 };

#define US 1000.0

static double us_of(int64_t ns)
{
    return (double)ns / US;
}

static double per_answer_us(double seconds, uint64_t answers)
{
    return answers == 0 ? 0.0 : seconds * 1e6 / (double)answers;
}

static double rate(uint64_t n, const struct load_result *r)
{
    return r->seconds > 0.0 ? (double)n / r->seconds : 0.0;
}

/* ---- a table ---- */

static void print_times(FILE *to, const struct latency *l)
{
    if (l->count == 0) { /* no answer is no quick one */
        (void)fprintf(to, " %9s %9s %9s %9s %9s %9s\n", "-", "-", "-", "-", "-", "-");
        return;
    }
    (void)fprintf(to, " %9.0f %9.0f %9.0f %9.0f %9.0f %9.0f\n", us_of(latency_at(l, 0.5)),
                  us_of(latency_at(l, 0.9)), us_of(latency_at(l, 0.99)),
                  us_of(latency_at(l, 0.999)), us_of(latency_at(l, 0.9999)), us_of(l->max_ns));
}

static void print_scenario(FILE *to, enum scenario s, const struct load_plan *plan,
                           const struct load_result *r)
{
    (void)fprintf(to, "%-8s %10" PRIu64 " %10.0f", scenario_name(s), r->tally.answers[s],
                  rate(r->tally.answers[s], r));
    print_times(to, &r->tally.latency[s]);
    if (plan->per_second > 0.0 && r->tally.sent[s].count > 0) {
        (void)fprintf(to, "%-30s", "  since they were sent");
        print_times(to, &r->tally.sent[s]);
    }
}

static void print_levels(FILE *to, const struct tally *t)
{
    static const char *const names[TALLY_LEVELS] = {"normal", "monitor", "challenge", "blocked"};
    (void)fprintf(to, "levels   ");
    for (size_t i = 0; i < TALLY_LEVELS; i++) {
        (void)fprintf(to, " %s %" PRIu64, names[i], t->level[i]);
    }
    (void)fprintf(to, "; challenges %" PRIu64 ", blocks %" PRIu64 "\n", t->challenges, t->blocks);
}

static void print_cpu(FILE *to, const struct load_result *r)
{
    const uint64_t answers = tally_answers(&r->tally);
    (void)fprintf(to, "client    %.2f cores, %.2f us an answer\n", r->client_cpu_s / r->seconds,
                  per_answer_us(r->client_cpu_s, answers));
    if (r->server_measured) {
        (void)fprintf(to, "server    %.2f cores, %.2f us an answer", r->server_cpu_s / r->seconds,
                      per_answer_us(r->server_cpu_s, answers));
        if (r->tally.events > answers) {
            (void)fprintf(to, ", %.2f us an event",
                          per_answer_us(r->server_cpu_s, r->tally.events));
        }
        (void)fprintf(to, ", %.1f MB of its own\n", (double)r->server_bytes / 1e6);
    }
}

void loadtest_report_table(FILE *to, const struct load_plan *plan, const struct load_result *r)
{
    const struct tally *const t = &r->tally;
    (void)fprintf(to, "%zu connections (%zu at most), %zu in the air, %s, %.1f s%s\n",
                  plan->connections, r->connected_most, plan->depth,
                  plan->per_second > 0.0 ? "open loop" : "closed loop", r->seconds,
                  r->stopped ? ", stopped" : "");
    (void)fprintf(to, "%-8s %10s %10s %9s %9s %9s %9s %9s %9s\n", "", "answers", "a second",
                  "p50 us", "p90", "p99", "p99.9", "p99.99", "max");
    for (size_t s = 0; s < SCENARIOS; s++) {
        if (plan->mix.weight[s] > 0 && s != SCENARIO_IDLE) {
            print_scenario(to, (enum scenario)s, plan, r);
        }
    }
    if (t->events > 0) {
        (void)fprintf(to, "events    %" PRIu64 " acknowledged, %.0f a second\n", t->events,
                      rate(t->events, r));
        print_levels(to, t);
    }
    print_cpu(to, r);
    if (t->unsent > 0) {
        (void)fprintf(to, "unsent    %" PRIu64 " were due and had to wait to the end\n", t->unsent);
    }
    for (size_t i = 0; i < TROUBLES; i++) {
        if (t->trouble[i] > 0) {
            const char *const why = i == TROUBLE_TLS ? r->tls_why : "";
            (void)fprintf(to, "%-9s %" PRIu64 "%s%s\n", trouble_name((enum trouble)i),
                          t->trouble[i], why[0] == '\0' ? "" : ", the first: ", why);
        }
    }
}

/* ---- JSON ---- */

static void number(struct json_writer *w, const char *name, uint64_t value)
{
    json_name(w, name);
    json_uint(w, value);
}

static void fixed(struct json_writer *w, const char *name, double value)
{
    json_name(w, name);
    json_fixed(w, value, 3);
}

static void write_latency(struct json_writer *w, const struct latency *l)
{
    static const struct {
        const char *name;
        double share;
    } rows[] = {{"p50_us", 0.5},
                {"p90_us", 0.9},
                {"p99_us", 0.99},
                {"p999_us", 0.999},
                {"p9999_us", 0.9999}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        fixed(w, rows[i].name, us_of(latency_at(l, rows[i].share)));
    }
    fixed(w, "max_us", us_of(l->max_ns));
    fixed(w, "mean_us", l->count == 0 ? 0.0 : l->sum_ns / (double)l->count / US);
    number(w, "measured", l->count);
}

static void write_scenarios(struct json_writer *w, const struct load_plan *plan,
                            const struct load_result *r)
{
    json_name(w, "scenarios");
    json_begin_object(w);
    for (size_t s = 0; s < SCENARIOS; s++) {
        if (plan->mix.weight[s] == 0) {
            continue;
        }
        json_name(w, scenario_name((enum scenario)s));
        json_begin_object(w);
        number(w, "answers", r->tally.answers[s]);
        fixed(w, "per_second", rate(r->tally.answers[s], r));
        write_latency(w, &r->tally.latency[s]);
        json_name(w, "since_sent");
        json_begin_object(w);
        write_latency(w, &r->tally.sent[s]);
        json_end_object(w);
        json_end_object(w);
    }
    json_end_object(w);
}

static void write_events(struct json_writer *w, const struct load_result *r)
{
    static const char *const names[TALLY_LEVELS] = {"level_normal", "level_monitor",
                                                    "level_challenge", "level_blocked"};
    const struct tally *const t = &r->tally;
    number(w, "events", t->events);
    fixed(w, "events_per_second", rate(t->events, r));
    for (size_t i = 0; i < TALLY_LEVELS; i++) {
        number(w, names[i], t->level[i]);
    }
    number(w, "challenges", t->challenges);
    number(w, "blocks", t->blocks);
}

static void write_cpu(struct json_writer *w, const struct load_result *r)
{
    const uint64_t answers = tally_answers(&r->tally);
    fixed(w, "client_cpu_s", r->client_cpu_s);
    fixed(w, "client_us_per_answer", per_answer_us(r->client_cpu_s, answers));
    if (!r->server_measured) {
        return;
    }
    fixed(w, "server_cpu_s", r->server_cpu_s);
    fixed(w, "server_us_per_answer", per_answer_us(r->server_cpu_s, answers));
    fixed(w, "server_us_per_event", per_answer_us(r->server_cpu_s, r->tally.events));
    json_name(w, "server_bytes");
    json_int(w, r->server_bytes);
}

err_t loadtest_report_json(FILE *to, const struct load_plan *plan, const struct load_result *r)
{
    struct buf text;
    struct json_writer w;
    buf_init(&text, JSON_MAX);
    json_writer_init(&w, &text);
    json_begin_object(&w);
    json_name(&w, "loop");
    json_cstr(&w, plan->per_second > 0.0 ? "open" : "closed");
    number(&w, "connections", plan->connections);
    number(&w, "connected", r->connected_most);
    number(&w, "depth", plan->depth);
    number(&w, "batch", plan->batch);
    fixed(&w, "rate", plan->per_second);
    fixed(&w, "seconds", r->seconds);
    json_name(&w, "stopped");
    json_bool(&w, r->stopped);
    json_name(&w, "tls");
    json_bool(&w, plan->tls != NULL);
    if (r->tls_why[0] != '\0') {
        json_name(&w, "tls_why");
        json_cstr(&w, r->tls_why);
    }
    number(&w, "answers", tally_answers(&r->tally));
    write_scenarios(&w, plan, r);
    write_events(&w, r);
    write_cpu(&w, r);
    number(&w, "connects", r->tally.connects);
    number(&w, "unsent", r->tally.unsent);
    json_name(&w, "troubles");
    json_begin_object(&w);
    for (size_t i = 0; i < TROUBLES; i++) {
        if (r->tally.trouble[i] > 0) {
            number(&w, trouble_name((enum trouble)i), r->tally.trouble[i]);
        }
    }
    json_end_object(&w);
    json_end_object(&w);
    err_t e = json_finish(&w);
    if (!failed(e) && fprintf(to, "%.*s\n", (int)text.len, (const char *)text.ptr) < 0) {
        e = err_new(ERR_IO);
    }
    buf_deinit(&text);
    return e;
}
