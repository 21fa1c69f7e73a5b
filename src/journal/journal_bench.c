/* journal_bench.c - durable events per second, and CPU per event, of one lane and the writer.
 *
 *     journal_journal_bench DIR [outstanding] [seconds] [commit_us]
 *
 * Flood: append as long as the lane takes. Then `outstanding` clients with one event in flight each:
 * append that many, wait for the commit, again. */
#include "journal/journal.h"

#include "base/util.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double cpu_s(void)
{
    struct rusage r;
    MUST(getrusage(RUSAGE_SELF, &r) == 0);
    return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6;
}

static void wait_durable(struct journal_lane *lane, uint64_t position)
{
    while (journal_durable(lane) < position) {
        struct pollfd p = {.fd = journal_lane_fd(lane), .events = POLLIN};
        (void)poll(&p, 1, 1000);
        journal_lane_ack(lane);
    }
}

/* Append up to `burst` records between waits, for `seconds`. */
static void run(struct journal *j, const char *name, unsigned burst, double seconds)
{
    static const char data[] = "{\"words_per_minute\":61.5,\"backspace_frequency\":0.04,"
                               "\"key_press_intervals\":[0.11,0.15,0.13,0.21,0.09,0.12,0.18,0.13,"
                               "0.15,0.13,0.21,0.09,0.12,0.18,0.13,0.15,0.13,0.21,0.09,0.12]}";
    const journal_record_t record = {.kind = JOURNAL_EVENT,
                                     .line = 1,
                                     .seq = JOURNAL_NO_SEQ,
                                     .fact = JOURNAL_NO_FACT,
                                     .type = SPAN_INIT("typing_pattern"),
                                     .data = SPAN_INIT(data)};
    size_t size = 0;
    MUST(!failed(journal_record_size(&record, &size)));
    struct journal_lane *lane = journal_lane(j, 0);
    struct journal_stats before;
    struct journal_stats after;
    journal_stats_read(j, &before);
    const double cpu = cpu_s();
    const mono_t start = clock_mono(clock_system());
    mono_t now = start;
    uint64_t position = 0;
    while ((double)(now.ns - start.ns) < seconds * 1e9) {
        unsigned n = 0;
        while (n < burst && !failed(journal_append(lane, &record, &position))) {
            n++;
        }
        journal_kick(lane);
        if (burst < 100000) {
            wait_durable(lane, position);
        } else {
            wait_durable(lane, position > (1 << 20) ? position - (1 << 20) : 0);
        }
        now = clock_mono(clock_system());
    }
    wait_durable(lane, position);
    const double wall = (double)(clock_mono(clock_system()).ns - start.ns) * 1e-9;
    const double spent = cpu_s() - cpu;
    journal_stats_read(j, &after);
    const double records = (double)(after.records - before.records);
    const double frames = (double)(after.frames - before.frames);
    (void)printf("%-12s %zu-byte records: %.0f/s durable, %.0f commits/s, %.1f a commit, "
                 "%.3f us CPU each, mean commit %.0f us\n",
                 name, size, records / wall, frames / wall, records / frames, spent / records * 1e6,
                 (double)(after.commit.sum_ns - before.commit.sum_ns) / frames * 1e-3);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s DIR [outstanding] [seconds] [commit_us]\n", argv[0]);
        return 2;
    }
    const unsigned outstanding = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 64;
    const double seconds = argc > 3 ? strtod(argv[3], NULL) : 3.0;
    const struct journal_config config = {
        .dir = argv[1],
        .lanes = 1,
        .commit_us = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 0,
        .max_bytes = UINT64_C(1) << 30,
        .view_done = JOURNAL_NO_VIEW,
        .clock = clock_system(),
    };
    struct journal *j = NULL;
    struct journal_fault why = {.reason = ""};
    if (failed(journal_open(&config, &j, &why))) {
        (void)fprintf(stderr, "%s: %s\n", why.file, why.reason);
        return 1;
    }
    run(j, "one", 1, seconds / 3);
    run(j, "outstanding", outstanding, seconds);
    run(j, "flood", UINT32_MAX, seconds);
    journal_close(&j);
    return 0;
}
