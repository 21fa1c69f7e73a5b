/* forest_avx2.c - compiled for processors with AVX2 (CMakeLists.txt); empty for others. */
#if defined(__AVX2__)
#include "engine/arithmetic/forest.h"
#include "engine/arithmetic/numbers.h"

#include <assert.h>
#include <immintrin.h>

enum { TABLE = 16, TABLES = FOREST_PLACES / TABLE };

static_assert(FOREST_PLACES % TABLE == 0 && TABLE == 2 * FOREST_BAND, "a table has two bands");
static_assert(FOREST_DEPTH == 4 && FOREST_ABREAST == 32, "levels and bytes of a vector");

/* Ranks by place, in both halves of each vector. */
struct ranks {
    __m256i table[TABLES];
};

/* Ranks of the features of one band; `*row` moves on. */
static __m128i rank_band(const struct forest *f, size_t band, __m256 x, size_t *row)
{
    __m256i rank = _mm256_setzero_si256();
    for (size_t i = 0; i < f->rows[band]; i++, (*row)++) {
        const __m256 t = _mm256_loadu_ps(f->threshold[*row]);
        rank = _mm256_sub_epi32(rank, _mm256_castps_si256(_mm256_cmp_ps(t, x, _CMP_LE_OQ)));
    }
    return _mm_packs_epi32(_mm256_castsi256_si128(rank), _mm256_extracti128_si256(rank, 1));
}

/* False when a number is NaN. */
static bool find_ranks(const struct forest *f, const double *x, struct ranks *r)
{
    float SCRATCH at[FOREST_PLACES];
    __m256 missing = _mm256_setzero_ps();
    size_t row = 0;
    for (size_t i = 0; i < FOREST_PLACES; i++) {
        at[i] = (float)x[f->place_feature[i]];
    }
    for (size_t k = 0; k < TABLES; k++) {
        const __m256 low = _mm256_loadu_ps(at + k * TABLE);
        const __m256 high = _mm256_loadu_ps(at + k * TABLE + FOREST_BAND);
        missing = _mm256_or_ps(missing, _mm256_cmp_ps(low, high, _CMP_UNORD_Q));
        const __m128i a = rank_band(f, 2 * k, low, &row);
        const __m128i b = rank_band(f, 2 * k + 1, high, &row);
        r->table[k] = _mm256_broadcastsi128_si256(_mm_packus_epi16(a, b));
    }
    return _mm256_movemask_ps(missing) == 0;
}

/* The ranks at these places: a byte beyond a table has its highest bit set, and gives 0. */
static inline __m256i ranks_at(const struct ranks *r, __m256i place)
{
    __m256i rank = _mm256_setzero_si256();
#pragma GCC unroll 5
    for (size_t k = 0; k < TABLES; k++) {
        const __m256i within = _mm256_adds_epu8(
            _mm256_sub_epi8(place, _mm256_set1_epi8((char)(k * TABLE))), _mm256_set1_epi8(0x70));
        rank = _mm256_or_si256(rank, _mm256_shuffle_epi8(r->table[k], within));
    }
    return rank;
}

static __m256i load(const uint8_t *at)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* What stands at one of the splits of a level, the one that the way so far leads to; a, b and c are all ones
 * where it went left at the first three levels. */
static inline __m256i first_of(const uint8_t (*split)[FOREST_TREES], size_t at)
{
    return load(split[0] + at);
}

static inline __m256i second_of(const uint8_t (*split)[FOREST_TREES], size_t at, __m256i a)
{
    return _mm256_blendv_epi8(load(split[2] + at), load(split[1] + at), a);
}

static inline __m256i pair_of(const uint8_t (*split)[FOREST_TREES], size_t at, __m256i left)
{
    return _mm256_blendv_epi8(load(split[1] + at), load(split[0] + at), left);
}

static inline __m256i third_of(const uint8_t (*split)[FOREST_TREES], size_t at, __m256i a,
                               __m256i b)
{
    return _mm256_blendv_epi8(pair_of(split + 5, at, b), pair_of(split + 3, at, b), a);
}

static inline __m256i fourth_of(const uint8_t (*split)[FOREST_TREES], size_t at, __m256i a,
                                __m256i b, __m256i c)
{
    const __m256i left =
        _mm256_blendv_epi8(pair_of(split + 9, at, c), pair_of(split + 7, at, c), b);
    const __m256i right =
        _mm256_blendv_epi8(pair_of(split + 13, at, c), pair_of(split + 11, at, c), b);
    return _mm256_blendv_epi8(right, left, a);
}

/* All ones where the rank is no more than the split's. */
static inline __m256i goes_left(__m256i rank, __m256i most)
{
    return _mm256_cmpeq_epi8(_mm256_max_epu8(rank, most), most);
}

/* Twice the leaf's number, and 1 more where it went right. */
static inline __m256i one_level_down(__m256i leaf, __m256i left)
{
    const __m256i right = _mm256_xor_si256(left, _mm256_set1_epi8(-1));
    return _mm256_sub_epi8(_mm256_add_epi8(leaf, leaf), right);
}

/* Numbers of the leaves that 32 trees end in, the first of which stands at `at`. */
static inline __m256i walk(const struct forest *f, size_t at, const struct ranks *r)
{
    const __m256i a = goes_left(ranks_at(r, first_of(f->place, at)), first_of(f->rank, at));
    const __m256i b = goes_left(ranks_at(r, second_of(f->place, at, a)), second_of(f->rank, at, a));
    const __m256i c =
        goes_left(ranks_at(r, third_of(f->place, at, a, b)), third_of(f->rank, at, a, b));
    const __m256i d =
        goes_left(ranks_at(r, fourth_of(f->place, at, a, b, c)), fourth_of(f->rank, at, a, b, c));
    __m256i leaf = one_level_down(_mm256_setzero_si256(), a);
    leaf = one_level_down(leaf, b);
    leaf = one_level_down(leaf, c);
    return one_level_down(leaf, d);
}

bool forest_margin_avx2(const struct forest *f, const double *x, double *margin)
{
    struct ranks SCRATCH r;
    uint8_t SCRATCH leaf[FOREST_TREES];
    if (!find_ranks(f, x, &r)) {
        return false;
    }
    for (size_t first = 0; first < FOREST_TREES; first += FOREST_ABREAST) {
        _mm256_storeu_si256((__m256i *)(void *)(leaf + first), walk(f, first, &r));
    }
    double sum[4] = {0.0, 0.0, 0.0, 0.0};
    for (size_t t = 0; t < FOREST_TREES; t += 4) { /* trees that are not there have leaves of 0 */
        sum[0] += (double)f->leaf[t][leaf[t]];
        sum[1] += (double)f->leaf[t + 1][leaf[t + 1]];
        sum[2] += (double)f->leaf[t + 2][leaf[t + 2]];
        sum[3] += (double)f->leaf[t + 3][leaf[t + 3]];
    }
    *margin = f->base + ((sum[0] + sum[1]) + (sum[2] + sum[3]));
    return true;
}
#else
typedef int forest_avx2_is_empty;
#endif
