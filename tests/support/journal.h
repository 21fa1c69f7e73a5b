/* journal.h - what tests with a journal share: a folder of their own, records, waiting. */
#ifndef TESTS_SUPPORT_JOURNAL_H
#define TESTS_SUPPORT_JOURNAL_H

#include "base/util.h"
#include "journal/journal.h"
#include "journal/journal_read.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TESTING_PATH 128

static inline int testing_remove_one(const char *path, const struct stat *st, int type,
                                     struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Make a folder below /tmp (or $TMPDIR); `out` ends with no slash. */
static inline void testing_folder(char out[TESTING_PATH])
{
    const char *base = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): before any thread */
    const int n =
        snprintf(out, TESTING_PATH, "%s/canara-journal-XXXXXX", base == NULL ? "/tmp" : base);
    assert_true(n > 0 && n < TESTING_PATH - 32);
    assert_non_null(mkdtemp(out));
}

static inline void testing_folder_remove(const char *folder)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): a folder of the test's own */
    (void)nftw(folder, testing_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The same as setup and teardown of a test: the state is the folder's path. */
static inline int testing_folder_make(void **state)
{
    char *folder = malloc(TESTING_PATH);
    assert_non_null(folder);
    testing_folder(folder);
    *state = folder;
    return 0;
}

static inline int testing_folder_end(void **state)
{
    testing_folder_remove(*state);
    free(*state);
    return 0;
}

static inline void testing_join(char out[TESTING_PATH], const char *folder, const char *name)
{
    const int n = snprintf(out, TESTING_PATH, "%s/%s", folder, name);
    assert_true(n > 0 && n < TESTING_PATH);
}

/* A lawful version 4 id with `n` in it. */
static inline uuid_t testing_id(uint8_t n)
{
    uuid_t id = {{0x10, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, n}};
    return id;
}

static inline journal_record_t testing_record(uuid_t session, uint64_t line, const char *data)
{
    return (journal_record_t){.kind = JOURNAL_EVENT,
                              .session = session,
                              .account = testing_id(200),
                              .at = {INT64_C(1782900000000) + (int64_t)line},
                              .line = line,
                              .seq = JOURNAL_NO_SEQ,
                              .fact = JOURNAL_NO_FACT,
                              .type = SPAN_INIT("typing_pattern"),
                              .data = {(const uint8_t *)data, strlen(data)}};
}

static inline struct journal_config testing_config(const char *dir)
{
    return (struct journal_config){.dir = dir,
                                   .lanes = 1,
                                   .commit_us = 1,
                                   .segment_bytes = 4096,
                                   .lane_bytes = (size_t)64 * 1024,
                                   .probe_ms = 5,
                                   .view_done = JOURNAL_NO_VIEW,
                                   .clock = clock_system()};
}

/* Wait until `position` is durable; false when the journal has failed before. */
static inline bool testing_wait(struct journal *j, struct journal_lane *lane, uint64_t position)
{
    while (journal_durable(lane) < position) {
        struct pollfd p = {.fd = journal_lane_fd(lane), .events = POLLIN};
        (void)poll(&p, 1, 20);
        journal_lane_ack(lane);
        if (journal_state_of(j) == JOURNAL_FAILED) {
            return journal_durable(lane) >= position;
        }
    }
    return true;
}

/* Append one record and wait for it; false when the journal has failed or refuses. */
static inline bool testing_append(struct journal *j, const journal_record_t *record)
{
    struct journal_lane *lane = journal_lane(j, 0);
    uint64_t position = 0;
    if (failed(journal_append(lane, record, &position))) {
        return false;
    }
    journal_kick(lane);
    return testing_wait(j, lane, position);
}

struct testing_count {
    uint64_t records;
    uint64_t last_line;
    bool ordered; /* lines ascend by one from 1 */
    err_t result;
    struct journal_fault fault;
};

/* Read a whole directory. */
static inline struct testing_count testing_read(const char *dir)
{
    struct testing_count count = {.ordered = true};
    struct journal_reader *reader = NULL;
    assert_ok(journal_reader_open(dir, 0, JOURNAL_TO_THE_END, &reader, NULL));
    journal_record_t record = {0};
    for (bool more = true;;) {
        count.result = journal_reader_next(reader, &record, &more);
        if (failed(count.result) || !more) {
            break;
        }
        count.records++;
        count.ordered = count.ordered && record.line == count.last_line + 1;
        count.last_line = record.line;
    }
    count.fault = *journal_reader_fault(reader);
    journal_reader_close(&reader);
    return count;
}

/* Read a file into memory that the caller frees. */
static inline uint8_t *testing_load(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        *len = 0;
        return NULL;
    }
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    const long size = ftell(f);
    assert_true(size >= 0);
    rewind(f);
    uint8_t *bytes = calloc(1, (size_t)size + 1);
    assert_non_null(bytes);
    *len = fread(bytes, 1, (size_t)size, f);
    assert_int_equal(*len, size);
    (void)fclose(f);
    return bytes;
}

static inline void testing_store(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    assert_true(len == 0 || fwrite(bytes, 1, len, f) == len);
    assert_int_equal(fclose(f), 0);
}

#endif
