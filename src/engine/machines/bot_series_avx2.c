/* bot_series_avx2.c - compiled for processors with AVX2 (CMakeLists.txt); empty for others. */
#if defined(__AVX2__)
#include "engine/machines/bot_series_body.h"

void bot_series_avx2(struct bot_series *s, double f[MOVE_FEATURES])
{
    bot_series_body(s, f);
}
#else
typedef int bot_series_avx2_is_empty;
#endif
