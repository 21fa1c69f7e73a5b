#include "app/model_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORDS_BYTES = 128 };

static err_t fault(const char *path, const char *what, char why[MODEL_WHY_BYTES])
{
    (void)snprintf(why, MODEL_WHY_BYTES, "MODEL_FILE=%s: %s", path, what);
    return err_new(ERR_FORMAT);
}

static const char *word_of(enum canara_status status)
{
    switch (status) {
    case CANARA_BAD_VERSION: return "is a model of another version of this program";
    case CANARA_NO_MEMORY: return "needs more memory than there is";
    case CANARA_OK:
    case CANARA_BAD_VALUE:
    case CANARA_BAD_TIME:
    case CANARA_BAD_FORMAT:
    case CANARA_FULL: break;
    }
    return "is damaged, or no model";
}

static err_t open_bytes(const char *path, const void *bytes, size_t size, struct canara_model **out,
                        char why[MODEL_WHY_BYTES])
{
    struct canara_model *model = NULL;
    const enum canara_status opened = canara_model_open(bytes, size, &model);
    if (opened != CANARA_OK) {
        return fault(path, word_of(opened), why);
    }
    *out = model;
    return ERR_OK;
}

static err_t read_and_open(FILE *file, const char *path, struct canara_model **out,
                           char why[MODEL_WHY_BYTES])
{
    struct stat st;
    if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode)) {
        return fault(path, "is not a file", why);
    }
    if (st.st_size < 1 || st.st_size > MODEL_FILE_BYTES_MAX) {
        return fault(path, "must have 1 byte to 64 MiB", why);
    }
    const size_t size = (size_t)st.st_size;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) {
        return fault(path, "needs more memory than there is", why);
    }
    const err_t e = fread(bytes, 1, size, file) == size ? open_bytes(path, bytes, size, out, why)
                                                        : fault(path, "cannot be read", why);
    free(bytes);
    return e;
}

err_t model_file_open(const char *path, struct canara_model **out, char why[MODEL_WHY_BYTES])
{
    if (path[0] == '\0') {
        size_t size = 0;
        const void *bytes = canara_model_builtin(&size);
        return open_bytes("(built in)", bytes, size, out, why);
    }
    /* O_NONBLOCK: a FIFO in its place must not hang the start. */
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (file == NULL) {
        char words[WORDS_BYTES];
        const int reason = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return fault(path, strerror_r(reason, words, sizeof words), why);
    }
    const err_t e = read_and_open(file, path, out, why);
    (void)fclose(file);
    return e;
}
