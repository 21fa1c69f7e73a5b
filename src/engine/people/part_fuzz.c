/* part_fuzz.c - any bytes as a part: refused, or one that is stored as it was and can be used.
 *
 * The bytes are tried as they are, and once more behind a right beginning of either version and
 * before a right checksum, so that the fields behind them are reached. */
#include "base/err.h"
#include "canara.h"
#include "engine/arithmetic/numbers.h"
#include "engine/profile/profile.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len); /* NOLINT: libFuzzer's name */

enum { BEGIN = 6, CHECK = 8 };

/* Let it score, learn and age: nothing of that may be led astray by what was loaded. */
static void use(struct part *p)
{
    struct sample s = {.kind = (enum sample_kind)p->kind, .context = p->context};
    double score[SCORES];
    uint8_t row[LENS_BYTES];
    struct lens lens;
    if (part_is_table(p)) {
        MUST(p->kind != PART_NAVIGATION ||
             fabs(navigation_ratio(&p->of.navigation, NULL, 1, 3, 1.0)) <= NAVIGATION_LIMIT);
        return;
    }
    memcpy(s.name, p->name, sizeof s.name);
    for (s.count = 0; s.count < p->features; s.count++) {
        s.x[s.count] = -1.0;
    }
    MUST(lens_bytes(p) <= sizeof row);
    lens_make(&lens, p, row);
    if (evidence_one_class(&lens, &s, score, NULL)) {
        MUST(isfinite(score[SCORE_ONE_CLASS]) && isfinite(score[SCORE_NEAREST]));
    }
    part_hold(p, &s, p->sessions, INT64_C(1750000000000), p->count % 2 == 0);
    if ((p->bits & PART_ANCHORED) != 0) {
        (void)part_let_in(p, p->sessions, INT64_C(1760000000000));
    }
    (void)part_release(p, p->sessions, INT64_C(1760000000000));
    part_accept(p, &s);
    part_refresh(p, true);
    MUST(isfinite(part_drift(p)) && isfinite(part_from_anchor(p, &s)));
}

static void check(const uint8_t *bytes, size_t len)
{
    struct part p;
    if (part_load(&p, bytes, len) != CANARA_OK) {
        return;
    }
    uint8_t again[CANARA_PART_BYTES];
    size_t size = 0;
    part_save(&p, again, &size);
    struct part q;
    MUST(part_load(&q, again, size) == CANARA_OK);
    /* one of an older version comes back as one of today's */
    MUST(bytes[4] != again[4] || (size == len && memcmp(again, bytes, size) == 0));
    use(&p);
}

/* Vectors, whose kind is the first byte, have one of their own. Of the others both that are read: today's where the
 * last byte is odd. The older inputs that are kept end evenly. */
static uint8_t version_for(const uint8_t *bytes, size_t len)
{
    if (len > 0 && bytes[0] == SAMPLE_FEATURES) {
        return 4;
    }
    return len > 0 && bytes[len - 1] % 2 == 1 ? 3 : 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t dressed[CANARA_PART_BYTES];
    check(bytes, len);
    if (len > sizeof dressed - BEGIN - CHECK) {
        return 0;
    }
    const uint8_t version = version_for(bytes, len);
    memcpy(dressed, (const uint8_t[BEGIN]){'C', 'N', 'R', 'P', version, 0}, BEGIN);
    memcpy(dressed + BEGIN, bytes, len);
    const uint64_t sum = fnv_add(FNV_START, dressed, BEGIN + len);
    memcpy(dressed + BEGIN + len, &sum, CHECK);
    check(dressed, BEGIN + len + CHECK);
    return 0;
}
