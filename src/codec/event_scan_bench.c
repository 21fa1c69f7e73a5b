/* event_scan_bench.c - what one scanned event costs: median of many rounds, one core. */
#include "codec/event_scan.h"

#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 301, PER_ROUND = 2000 };

static const struct {
    const char *name;
    const char *text;
} subjects[] = {
    {"typing_pattern",
     "{\"event_type\":\"typing_pattern\",\"data\":{\"words_per_minute\":65,\"key_press_intervals\":"
     "[0.15,0.12,0.18,0.14,0.17,0.11,0.13],\"backspace_frequency\":0.02,"
     "\"timestamp\":\"2025-06-24T10:30:00Z\"},\"seq\":1234567,\"timestamp\":\"10:30:00\"}"},
    {"data first", "{\"data\":{\"words_per_minute\":65,\"key_press_intervals\":"
                   "[0.15,0.12,0.18,0.14,0.17,0.11,0.13],\"backspace_frequency\":0.02,"
                   "\"timestamp\":\"2025-06-24T10:30:00Z\"},\"event_type\":\"typing_pattern\"}"},
    {"navigation_pattern",
     "{\"event_type\": \"navigation_pattern\", \"data\": {\"page_switches_per_minute\": 4, "
     "\"current_page\": \"transfer\", \"time_on_page\": 45.2}}"},
    {"keystrokes, 2 keys",
     "{\"event_type\":\"keystrokes\",\"data\":{\"field\":\"iban\",\"keys\":[{\"down\":0,\"up\":80.5,"
     "\"class\":\"letter\",\"zone\":\"l1\"},{\"down\":120.25,\"up\":200,\"class\":\"digit\"}]}}"},
};

static double now_ns(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double *const x = a;
    const double *const y = b;
    return *x < *y ? -1 : *x > *y;
}

static double measure(struct event_scratch *s, scanned_event_t *events, span_t text)
{
    static double each[ROUNDS];
    for (size_t r = 0; r < ROUNDS; r++) {
        const double begin = now_ns();
        for (int i = 0; i < PER_ROUND; i++) {
            size_t count = 0;
            scan_fault_t fault = {0};
            MUST(event_scan(s, text, events, &count, &fault) == SCAN_OK && count == 1);
        }
        each[r] = (now_ns() - begin) / PER_ROUND;
    }
    qsort(each, ROUNDS, sizeof *each, compare);
    return each[ROUNDS / 2];
}

static void run_all(struct event_scratch *s, scanned_event_t *events)
{
    for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
        const span_t text = {(const uint8_t *)subjects[i].text, strlen(subjects[i].text)};
        (void)printf("%-20s %4zu bytes  %7.1f ns\n", subjects[i].name, text.len,
                     measure(s, events, text));
    }
}

int main(void)
{
    struct event_scratch *const s = calloc(1, sizeof *s);
    scanned_event_t *const events = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *events);
    if (s != NULL && events != NULL) {
        run_all(s, events);
    }
    free(events);
    free(s);
    return 0;
}
