/* argon2.c - bare Argon2id at the service's cost: what logins are measured against.
 *
 * bench_argon2 THREADS SECONDS: hashes on so many threads for so long, prints hashes a second and the
 * CPU of one in ms. */
#include "base/clock.h"

#include <sodium.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { THREADS_MAX = 64, SECONDS_MAX = 60, MEMORY_BYTES = 19456 * 1024, PASSES = 2 };

struct worker {
    pthread_t thread;
    mono_t end;
    uint64_t hashes;
};

static void *hash(void *context)
{
    struct worker *const w = context;
    static const char password[] = "bench-horse-77";
    while (clock_mono(clock_system()).ns < w->end.ns) {
        char out[crypto_pwhash_STRBYTES];
        if (crypto_pwhash_str_alg(out, password, sizeof password - 1, PASSES, MEMORY_BYTES,
                                  crypto_pwhash_ALG_ARGON2ID13) != 0) {
            break;
        }
        w->hashes += 1;
    }
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
    const long threads = argc == 3 ? number(argv[1], THREADS_MAX) : 0;
    const long seconds = argc == 3 ? number(argv[2], SECONDS_MAX) : 0;
    if (threads == 0 || seconds == 0 || sodium_init() < 0) {
        (void)fprintf(stderr, "usage: bench_argon2 THREADS SECONDS\n");
        return 2;
    }
    uint64_t hashes = 0;
    const mono_t begin = clock_mono(clock_system());
    for (long i = 0; i < threads; i++) {
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
