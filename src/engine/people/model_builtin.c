/* model_builtin.c - where the built-in model lies: see model_builtin.S. BUILTIN_NAME is its name, read
 * from its bytes when the build is configured. */
#include <canara.h>

extern const uint8_t canara_builtin_begin[];
extern const uint8_t canara_builtin_end[];

const void *canara_model_builtin(size_t *size)
{
    *size = (size_t)((uintptr_t)canara_builtin_end - (uintptr_t)canara_builtin_begin);
    return canara_builtin_begin;
}

const char *canara_model_version(void)
{
    return BUILTIN_NAME;
}
