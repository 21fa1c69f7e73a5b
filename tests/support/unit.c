#include "tests/support/unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void assert_near(double got, double want, double slack, const char *row)
{
    if (!(fabs(got - want) <= slack)) {
        fail_msg("%s: got %.17g, want %.17g within %g", row, got, want, slack);
    }
}

void assert_span_text(span_t got, const char *want)
{
    if (got.len != strlen(want) || (got.len > 0 && memcmp(got.ptr, want, got.len) != 0)) {
        fail_msg("got \"%.*s\", want \"%s\"", (int)got.len, (const char *)got.ptr, want);
    }
}
