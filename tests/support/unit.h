/* unit.h - cmocka with the headers it wants before it, and the checks that it lacks. */
#ifndef TESTS_SUPPORT_UNIT_H
#define TESTS_SUPPORT_UNIT_H

#include "base/err.h"
#include "base/span.h"

/* cmocka.h wants these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
/* clang-format on */

/* Fail unless |got - want| <= slack; `row` names the case. */
void assert_near(double got, double want, double slack, const char *row);

/* Named as cmocka names its own: NOLINTBEGIN(readability-identifier-naming) */
/* Fail unless the call succeeded. */
#define assert_ok(expr) assert_int_equal((expr).code, ERR_NONE)

/* Fail unless the call failed with `want`. */
#define assert_err(expr, want) assert_int_equal((expr).code, (want))
/* NOLINTEND(readability-identifier-naming) */

/* Fail unless the span holds exactly this text. */
void assert_span_text(span_t got, const char *want);

#endif
