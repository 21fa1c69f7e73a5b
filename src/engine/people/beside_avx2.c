/* beside_avx2.c - compiled for processors with AVX2 (CMakeLists.txt); empty for others. */
#if defined(__AVX2__)
#include "engine/people/beside_body.h"

void beside_avx2(const struct population *pop, const struct beside_sample *s, struct beside *out)
{
    beside_body(pop, s, out);
}
#else
typedef int beside_avx2_is_empty;
#endif
