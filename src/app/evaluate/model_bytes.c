#include "app/evaluate/model_bytes.h"

#include "app/cli/whole_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *words_of(enum canara_status status)
{
    if (status == CANARA_BAD_VERSION) {
        return "is a model of another version of this program";
    }
    return status == CANARA_NO_MEMORY ? "the memory is used up"
                                      : "is no model, or a damaged one; canara train makes them";
}

err_t model_bytes_open(const char *command, const char *path, struct buf *bytes,
                       struct canara_model **out)
{
    char words[96] = "";
    if (path != NULL) {
        const err_t e = whole_file_read(path, bytes);
        if (failed(e)) {
            (void)fprintf(stderr, "%s: %s: %s\n", command, path,
                          e.code == ERR_IO ? strerror_r(errno, words, sizeof words)
                                           : "is too large for a model");
            return e;
        }
    }
    span_t text = buf_span(bytes);
    if (path == NULL) {
        text.ptr = canara_model_builtin(&text.len);
    }
    const enum canara_status status = canara_model_open(text.ptr, text.len, out);
    if (status != CANARA_OK) {
        (void)fprintf(stderr, "%s: %s: %s\n", command, path == NULL ? "the built-in model" : path,
                      words_of(status));
        return err_new(status == CANARA_NO_MEMORY ? ERR_NOMEM : ERR_FORMAT);
    }
    return ERR_OK;
}
