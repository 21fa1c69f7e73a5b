/* boost_files_fuzz.c - any bytes as a table: refused with a word, or written back as they came. */
#include "lab/bots/boost_files.h"

#include <string.h>

/* libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char why[BOOST_WHY_BYTES] = "";
    float margin[4];
    (void)boost_margins_parse((span_t){bytes, len}, margin, 4, why).code;
    why[0] = '\0';
    CLEANUP(boost_table_deinit) struct boost_table t = {0};
    if (failed(boost_table_parse((span_t){bytes, len}, &t, why))) {
        MUST(why[0] != '\0' && t.x == NULL);
        return 0;
    }
    CLEANUP(buf_deinit) struct buf again;
    buf_init(&again, BOOST_BYTES_MAX);
    MUST(!failed(boost_table_write(&t, &again, why)));
    MUST(span_eq(buf_span(&again), (span_t){bytes, len}));
    return 0;
}
