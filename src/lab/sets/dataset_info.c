#include "lab/sets/dataset_info.h"

#include "base/util.h"
#include "codec/utf8.h"

#include <string.h>

struct taking {
    struct pool *pool;
    const struct json *tree;
    uint32_t notes;
};

/* Copy characters while they fit; one that would steer a terminal becomes a question mark. */
static err_t keep_clean(struct taking *t, span_t text, size_t longest, const char **out)
{
    char room[DATASET_TEXT_BYTES + 1];
    size_t len = 0;
    MUST(longest <= DATASET_TEXT_BYTES);
    while (text.len > 0) {
        const size_t step = utf8_sequence(text);
        const span_t one = {text.ptr, step};
        if (step == 0 || len + step > longest) {
            t->notes |= NOTE_BIT(NOTE_CUT);
            break;
        }
        if (utf8_is_printable(one)) {
            memcpy(room + len, one.ptr, step);
            len += step;
        } else {
            t->notes |= NOTE_BIT(NOTE_CUT);
            room[len++] = '?';
        }
        text = (span_t){text.ptr + step, text.len - step};
    }
    *out = pool_text(t->pool, (span_t){(const uint8_t *)room, len});
    return *out == NULL ? err_new(ERR_NOMEM) : ERR_OK;
}

/* Take a text; `absent` is the note of one that is not there. */
static err_t take(struct taking *t, const char *name, size_t longest, uint32_t absent,
                  const char **out)
{
    span_t text = {0};
    if (!json_get_text(t->tree, name, &text) || text.len == 0) {
        t->notes |= absent;
    }
    return keep_clean(t, text, longest, out);
}

/* The last part of a path. */
static span_t folder_name(const char *dir)
{
    size_t end = strlen(dir);
    while (end > 0 && dir[end - 1] == '/') {
        end--;
    }
    size_t first = end;
    while (first > 0 && dir[first - 1] != '/') {
        first--;
    }
    const span_t name = {(const uint8_t *)dir + first, end - first};
    const bool says_nothing =
        name.len == 0 || span_eq(name, SPAN_LIT(".")) || span_eq(name, SPAN_LIT(".."));
    return says_nothing ? SPAN_LIT("unnamed") : name;
}

static bool is_known_modality(const char *text)
{
    static const char *const known[] = {"keystrokes", "pointer", "touch", "features", "mixed"};
    size_t i = 0;
    while (i < ARRAY_LEN(known) && strcmp(text, known[i]) != 0) {
        i++;
    }
    return i < ARRAY_LEN(known);
}

err_t dataset_info_take(struct pool *pool, const struct json *tree, const char *dir,
                        struct dataset_info *out, uint32_t *notes)
{
    struct taking t = {.pool = pool, .tree = tree};
    const uint32_t absent = NOTE_BIT(NOTE_INFO);
    if (json_kind(tree) != JSON_KIND_OBJECT) {
        return err_new(ERR_FORMAT);
    }
    TRY(take(&t, "name", DATASET_NAME_LONGEST, absent, &out->name));
    TRY(take(&t, "source", DATASET_TEXT_BYTES, absent, &out->source));
    TRY(take(&t, "licence", DATASET_TEXT_BYTES, absent, &out->licence));
    TRY(take(&t, "modality", DATASET_NAME_LONGEST, 0, &out->modality));
    TRY(take(&t, "note", DATASET_TEXT_BYTES, 0, &out->note));
    if (out->name[0] == '\0') {
        TRY(keep_clean(&t, folder_name(dir), DATASET_NAME_LONGEST, &out->name));
    }
    if (out->name[0] == '\0') { /* of a folder that is not UTF-8 */
        out->name = "unnamed";
    }
    *notes = t.notes | (is_known_modality(out->modality) ? 0 : NOTE_BIT(NOTE_MODALITY));
    return ERR_OK;
}
