#include "crypto/secret.h"

#include <sodium.h>

#include <sys/prctl.h>
#include <sys/resource.h>

err_t crypto_start(void)
{
    return sodium_init() < 0 ? err_new(ERR_IO) : ERR_OK;
}

bool ct_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

err_t key_memory_new(size_t len, void **out)
{
    void *const at = sodium_malloc(len);
    if (at == NULL) {
        return err_new(ERR_NOMEM);
    }
    sodium_memzero(at, len);
    *out = at;
    return ERR_OK;
}

void key_memory_free(void **at)
{
    sodium_free(*at); /* wipes, and aborts if the guard bytes were written over */
    *at = NULL;
}

err_t process_harden(void)
{
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return err_new(ERR_IO);
    }
    const struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none) == 0 ? ERR_OK : err_new(ERR_IO);
}
