#include "app/house/model_file.h"

#include "app/cli/whole_file.h"
#include "base/buf.h"
#include "base/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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

static err_t cannot_read(err_t e, const char *path, char why[MODEL_WHY_BYTES])
{
    char words[WORDS_BYTES];
    if (e.code == ERR_IO) {
        return fault(path, strerror_r(errno, words, sizeof words), why);
    }
    return fault(path,
                 e.code == ERR_RANGE   ? "is not a file"
                 : e.code == ERR_LIMIT ? "must have 1 byte to 64 MiB"
                                       : "needs more memory than there is",
                 why);
}

err_t model_file_open(const char *path, struct canara_model **out, char why[MODEL_WHY_BYTES])
{
    if (path[0] == '\0') {
        size_t size = 0;
        const void *bytes = canara_model_builtin(&size);
        return open_bytes("(built in)", bytes, size, out, why);
    }
    CLEANUP(buf_deinit) struct buf bytes;
    buf_init(&bytes, MODEL_FILE_BYTES_MAX);
    const err_t read = whole_file_read_regular(path, &bytes);
    if (failed(read)) {
        return cannot_read(read, path, why);
    }
    return bytes.len == 0 ? cannot_read(err_new(ERR_LIMIT), path, why)
                          : open_bytes(path, bytes.ptr, bytes.len, out, why);
}
