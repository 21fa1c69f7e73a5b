/* argon2.c - bare Argon2id at the service's cost: what logins are measured against.
 *
 * bench_argon2 THREADS SECONDS [libsodium]: hashes on so many threads for so long, prints hashes a second and
 * the CPU of one in ms. By libargon2 in memory that each thread keeps, as the service does; or by libsodium,
 * which takes new memory for each. */
#include "base/clock.h"

#include <argon2.h>
#include <sodium.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 64, SECONDS_MAX = 60, MEMORY_KIB = 19456, PASSES = 2, HASH_BYTES = 32 };

static const char password[] = "bench-horse-77";
static const uint8_t salt[crypto_pwhash_SALTBYTES] = "bench salt bench";

struct worker {
    pthread_t thread;
    mono_t end;
    bool by_libsodium;
    uint64_t hashes;
};

static _Thread_local uint8_t *kept;

static int lend(uint8_t **memory, size_t bytes)
{
    if (kept == NULL) {
        kept = malloc(bytes);
    }
    *memory = kept;
    return kept != NULL ? ARGON2_OK : ARGON2_MEMORY_ALLOCATION_ERROR;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libargon2's type */
static void take_back(uint8_t *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
}

static bool hash_by_libargon2(void)
{
    uint8_t out[HASH_BYTES];
    uint8_t given[sizeof password];
    uint8_t salted[sizeof salt];
    memcpy(given, password, sizeof given);
    memcpy(salted, salt, sizeof salted);
    argon2_context order = {.out = out,
                            .outlen = sizeof out,
                            .pwd = given,
                            .pwdlen = sizeof password - 1,
                            .salt = salted,
                            .saltlen = sizeof salt,
                            .t_cost = PASSES,
                            .m_cost = MEMORY_KIB,
                            .lanes = 1,
                            .threads = 1,
                            .version = ARGON2_VERSION_13,
                            .allocate_cbk = lend,
                            .free_cbk = take_back};
    return argon2id_ctx(&order) == ARGON2_OK;
}

static bool hash_by_libsodium(void)
{
    uint8_t out[HASH_BYTES];
    return crypto_pwhash_argon2id(out, sizeof out, password, sizeof password - 1, salt, PASSES,
                                  (size_t)MEMORY_KIB * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static void *hash(void *context)
{
    struct worker *const w = context;
    while (clock_mono(clock_system()).ns < w->end.ns &&
           (w->by_libsodium ? hash_by_libsodium() : hash_by_libargon2())) {
        w->hashes += 1;
    }
    free(kept);
    return NULL;
}

static long number(const char *text, long most)
{
    char *end = NULL;
    const long n = strtol(text, &end, 10);
    return *end == '\0' && n >= 1 && n <= most ? n : 0;
}

int main(int argc, char **argv)
{
    static struct worker worker[THREADS_MAX];
    const bool by_libsodium = argc == 4 && strcmp(argv[3], "libsodium") == 0;
    const long threads = argc == 3 || by_libsodium ? number(argv[1], THREADS_MAX) : 0;
    const long seconds = argc == 3 || by_libsodium ? number(argv[2], SECONDS_MAX) : 0;
    if (threads == 0 || seconds == 0 || sodium_init() < 0) {
        (void)fprintf(stderr, "usage: bench_argon2 THREADS SECONDS [libsodium]\n");
        return 2;
    }
    uint64_t hashes = 0;
    const mono_t begin = clock_mono(clock_system());
    for (long i = 0; i < threads; i++) {
        worker[i].by_libsodium = by_libsodium;
        worker[i].end = mono_after_ms(begin, seconds * MS_PER_S);
        if (pthread_create(&worker[i].thread, NULL, hash, &worker[i]) != 0) {
            return 1;
        }
    }
    for (long i = 0; i < threads; i++) {
        (void)pthread_join(worker[i].thread, NULL);
        hashes += worker[i].hashes;
    }
    const double took = (double)(clock_mono(clock_system()).ns - begin.ns) / (double)NS_PER_S;
    struct timespec spent = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    const double cpu_ms = (double)spent.tv_sec * 1e3 + (double)spent.tv_nsec / 1e6;
    (void)printf("%.3f %.3f\n", (double)hashes / took, cpu_ms / (double)hashes);
    return 0;
}
