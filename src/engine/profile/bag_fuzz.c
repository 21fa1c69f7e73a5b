/*
 * bag_fuzz.c - any bytes survive being loaded as a part, an own part or a page, and what was taken in
 *              can be saved, learnt on and scored; crowds of any bytes are refused or can be used.
 *
 * The first byte says what the rest is; each is tried as it comes and with its checksum put right.
 */
#include "base/err.h"
#include "canara.h"
#include "engine/arithmetic/numbers.h"
#include "engine/profile/bags.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_AT = 6 }; /* of every sort of part */

/* libFuzzer's name. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT */

static void load(const uint8_t *bytes, size_t len)
{
    struct canara_profile *profile = NULL;
    if (canara_profile_new(NULL, &profile) != CANARA_OK) {
        return;
    }
    if (canara_profile_load(profile, bytes, len) == CANARA_OK) {
        uint8_t again[CANARA_PART_BYTES];
        canara_part_t part;
        MUST(canara_profile_parts(profile) >= 1 ||
             bytes[KIND_AT] == SAMPLE_FEATURES); /* of before: passed over */
        for (size_t i = 0; i < canara_profile_parts(profile); i++) {
            MUST(canara_profile_save(profile, i, again, &part) == CANARA_OK);
            MUST(canara_profile_load(profile, again, part.size) == CANARA_OK);
        }
        MUST(bags_settle(profile, 0) == CANARA_OK);
    }
    canara_profile_free(&profile);
}

/* Every row of a crowd is learnt by half of them against the whole. */
static void crowd(const uint8_t *bytes, size_t len)
{
    struct crowds c;
    if (crowds_read((struct byte_reader){.at = bytes, .left = len}, &c) != CANARA_OK) {
        return;
    }
    for (size_t i = 0; i < c.count; i++) {
        const struct crowd *one = &c.crowd[i];
        struct own own = {.context = one->context, .kind = one->kind, .features = one->features};
        const size_t n = one->rows < 40 ? one->rows : 40;
        MUST(own_work_out(&own, &(struct own_rows){.crowd = one, .row = one->row, .count = n}));
        double score[SCORES];
        own_scores(&own, one, one->row, score);
        MUST(isfinite(score[CROWD_HISTOGRAM]) && fabs(score[CROWD_TREES]) <= OWN_TREES_CLIP &&
             fabs(score[CROWD_AXES]) <= AXES_CLIP);
    }
    crowds_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    if (len < 16 || len > 1 << 16) {
        return 0;
    }
    if (bytes[0] % 2 == 0) {
        crowd(bytes + 1, len - 1);
        return 0;
    }
    load(bytes + 1, len - 1);
    uint8_t *sealed = malloc(len - 1);
    if (sealed == NULL) {
        return 0;
    }
    memcpy(sealed, bytes + 1, len - 1);
    const uint64_t sum = fnv_add(FNV_START, sealed, len - 1 - sizeof sum);
    memcpy(sealed + len - 1 - sizeof sum, &sum, sizeof sum);
    load(sealed, len - 1);
    free(sealed);
    return 0;
}
