/*
 * journal_probe.c - a program that does nothing but journal, in segments so small that they change
 * every few frames and old ones go: what a server meets once an hour.
 *
 *     journal_probe write DIR    says "found N" (the newest line), then each line once it is durable
 *     journal_probe read DIR     says "first FIRST last LAST", or what is wrong, with status 1
 */
#include "tests/support/journal.h"

enum { PAD_MOST = 700 };

static int usage(void)
{
    (void)fprintf(stderr, "journal_probe write|read DIR\n");
    return 2;
}

/* First and newest line; what is between has to be complete. */
static bool look(const char *dir, uint64_t *first, uint64_t *last)
{
    CLEANUP(journal_reader_close) struct journal_reader *reader = NULL;
    struct journal_fault why = {0};
    if (failed(journal_reader_open(dir, 0, JOURNAL_TO_THE_END, &reader, &why))) {
        (void)printf("cannot be opened: %s\n", why.reason);
        return false;
    }
    journal_record_t record = {0};
    for (bool more = true;;) {
        if (failed(journal_reader_next(reader, &record, &more))) {
            why = *journal_reader_fault(reader);
            (void)printf("%s at %llu: %s\n", why.file, (unsigned long long)why.offset, why.reason);
            return false;
        }
        if (!more) {
            return true;
        }
        if (*last != 0 && record.line != *last + 1) {
            (void)printf("line %llu follows %llu\n", (unsigned long long)record.line,
                         (unsigned long long)*last);
            return false;
        }
        *first = *first == 0 ? record.line : *first;
        *last = record.line;
    }
}

static int read_all(const char *dir)
{
    uint64_t first = 0;
    uint64_t last = 0;
    if (!look(dir, &first, &last)) {
        return 1;
    }
    (void)printf("first %llu last %llu\n", (unsigned long long)first, (unsigned long long)last);
    return 0;
}

static int write_on(const char *dir)
{
    struct journal_config config = testing_config(dir);
    config.segment_bytes = UINT64_C(16) * 1024;
    config.max_bytes = 6 * config.segment_bytes;
    struct journal *j = NULL;
    struct journal_fault why = {0};
    if (failed(journal_open(&config, &j, &why))) {
        (void)printf("%s at %llu: %s\n", why.file, (unsigned long long)why.offset, why.reason);
        return 1;
    }
    uint64_t first = 0;
    uint64_t line = 0;
    bool going = look(dir, &first, &line);
    (void)printf("found %llu\n", (unsigned long long)line);
    while (going) {
        char data[PAD_MOST + 8];
        (void)snprintf(data, sizeof data, "{\"a\":%0*d}", (int)(line * 37 % PAD_MOST) + 1, 0);
        const journal_record_t record = testing_record(testing_id(1), ++line, data);
        going = testing_append(j, &record);
        if (going) {
            (void)printf("%llu\n", (unsigned long long)line);
            (void)fflush(stdout);
        }
    }
    journal_close(&j);
    return 1; /* only a kill ends it otherwise */
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return usage();
    }
    if (strcmp(argv[1], "read") == 0) {
        return read_all(argv[2]);
    }
    return strcmp(argv[1], "write") == 0 ? write_on(argv[2]) : usage();
}
