#include "base/wipe.h"

#include <stdint.h>
#include <string.h>

enum { STACK_BYTES = 32768 };

void memory_wipe(void *at, size_t len)
{
    if (len > 0) {
        explicit_bzero(at, len);
    }
}

/* Not inlined: its frame has to lie where those of the others did. Written once, not zeroed before. */
__attribute__((noinline)) void stack_wipe(void)
{
    __attribute__((uninitialized)) uint8_t left[STACK_BYTES];
    explicit_bzero(left, sizeof left);
}
