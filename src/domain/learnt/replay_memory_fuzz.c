/* replay_memory_fuzz.c - any bytes as a saved memory: taken whole, or refused and nothing taken. */
#include "domain/learnt/replay_memory.h"

#include "base/util.h"
#include "codec/crc32c.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT: libFuzzer's name */

enum { HEAD = 64, MEMORY = 4096 };

/* With true checksums, so that what lies behind them is reached. */
static void mend(uint8_t *copy, size_t len)
{
    if (len < HEAD) {
        return;
    }
    const uint32_t body = crc32c(0, (span_t){copy + HEAD, len - HEAD});
    memcpy(copy + 48, &body, sizeof body);
    const uint32_t head = crc32c(0, (span_t){copy, 52});
    memcpy(copy + 52, &head, sizeof head);
}

static void read_it(span_t bytes)
{
    struct replay_memory *m = NULL;
    struct replay_memory *n = NULL;
    struct buf text;
    replay_saved_t saved = {0};
    MUST(!failed(replay_memory_new(MEMORY, clock_system(), &m)));
    if (failed(replay_memory_read(m, bytes, &saved))) {
        MUST(replay_memory_count(m) == 0);
        replay_memory_free(&m);
        return;
    }
    buf_init(&text, 1 << 20);
    MUST(!failed(replay_memory_new(MEMORY, clock_system(), &n)));
    MUST(!failed(replay_memory_write(m, saved.sequence, &text)) &&
         !failed(replay_memory_read(n, buf_span(&text), &saved)) &&
         replay_memory_count(n) == replay_memory_count(m));
    buf_deinit(&text);
    replay_memory_free(&m);
    replay_memory_free(&n);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t *const copy = malloc(len + 1);
    MUST(copy != NULL);
    if (len > 0) {
        memcpy(copy, bytes, len);
    }
    read_it((span_t){copy, len});
    mend(copy, len);
    read_it((span_t){copy, len});
    free(copy);
    return 0;
}
