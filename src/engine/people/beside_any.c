#include "engine/people/beside_body.h"

void beside_any(const struct population *pop, const struct beside_sample *s, struct beside *out)
{
    beside_body(pop, s, out);
}

#if defined(__x86_64__)
beside_fn *beside_best(void)
{
    return __builtin_cpu_supports("avx2") ? beside_avx2 : beside_any;
}
#else
beside_fn *beside_best(void)
{
    return beside_any;
}
#endif
