#include "codec/json_read.h"
#include "lab/statistics/numbers.h"
#include "lab/trials/report.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

/* What is read, and where its faults are told. */
struct reading {
    const char *file;
    struct report_fault *fault;
};

PRINTF_LIKE(3, 4)

static err_t fault(const struct reading *r, enum err_code code, const char *format, ...)
{
    char words[REPORT_FAULT_BYTES / 2];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (r->fault != NULL) {
        /* A long path is cut before the words are. */
        (void)snprintf(r->fault->text, sizeof r->fault->text, "%.*s: %s",
                       REPORT_FAULT_BYTES / 2 - 4, r->file == NULL ? "result" : r->file, words);
    }
    return err_new(code);
}

/* Names go to a terminal: nothing below a blank, no DEL, and not too long. */
static bool is_plain(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < ' ' || text.ptr[i] == 0x7f) {
            return false;
        }
    }
    return text.len > 0 && text.len <= REPORT_MODEL_BYTES;
}

static char *copy_of(span_t text)
{
    char *const copy = malloc(text.len + 1);
    if (copy != NULL) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

static err_t take_text(const struct reading *r, const struct json *tree, const char *key,
                       char **out)
{
    span_t text = {0};
    if (!json_get_text(tree, key, &text) || !is_plain(text)) {
        return fault(r, ERR_FORMAT, "%s: not a text of 1 to %d printable bytes", key,
                     REPORT_MODEL_BYTES);
    }
    *out = copy_of(text);
    return *out == NULL ? err_new(ERR_NOMEM) : ERR_OK;
}

/* null is NaN; else a rate. False: neither. */
static bool take_rate(const struct json *value, double *out)
{
    double rate = NAN;
    if (json_kind(value) != JSON_KIND_NULL && !json_as_double(value, &rate)) {
        return false;
    }
    if (rate < 0.0 || rate > 1.0) {
        return false;
    }
    *out = rate;
    return true;
}

static err_t take_user(const struct reading *r, const struct json *list, struct report_past *p)
{
    const size_t at = p->count;
    const struct json *const item = json_item(list, at);
    struct report_past_user *const user = &p->user[at];
    span_t model = {0};
    if (!json_get_text(item, "model", &model) || !is_plain(model)) {
        return fault(r, ERR_FORMAT, "per_user[%zu].model: not a text of 1 to %d printable bytes",
                     at, REPORT_MODEL_BYTES);
    }
    if (!take_rate(json_get(item, "eer"), &user->eer)) {
        return fault(r, ERR_RANGE, "per_user[%zu].eer: not a number from 0 to 1, nor null", at);
    }
    user->model = copy_of(model);
    if (user->model == NULL) {
        return err_new(ERR_NOMEM);
    }
    p->count++;
    return ERR_OK;
}

static int by_model(const void *a, const void *b)
{
    return strcmp(((const struct report_past_user *)a)->model,
                  ((const struct report_past_user *)b)->model);
}

static err_t take_users(const struct reading *r, const struct json *tree, struct report_past *p)
{
    const struct json *const list = json_get(tree, "per_user");
    const size_t count = json_count(list);
    if (json_kind(list) != JSON_KIND_ARRAY || count == 0 || count > REPORT_USERS) {
        return fault(r, ERR_FORMAT, "per_user: not a list of 1 to %d users", REPORT_USERS);
    }
    p->user = calloc(count, sizeof *p->user);
    if (p->user == NULL) {
        return err_new(ERR_NOMEM);
    }
    while (p->count < count) {
        TRY(take_user(r, list, p));
    }
    qsort(p->user, p->count, sizeof *p->user, by_model);
    for (size_t i = 1; i < p->count; i++) {
        if (by_model(&p->user[i - 1], &p->user[i]) == 0) {
            return fault(r, ERR_FORMAT, "per_user: %.64s is there twice", p->user[i].model);
        }
    }
    return ERR_OK;
}

static err_t parse(const struct reading *r, span_t json, struct report_past *out)
{
    CLEANUP(json_free) struct json *tree = NULL;
    CLEANUP(report_past_deinit) struct report_past p = {.mean_eer = NAN};
    struct json_fault where = {0};
    const err_t parsed = json_parse(json, &tree, &where);
    if (failed(parsed)) {
        return fault(r, parsed.code, "byte %zu: %s", where.at,
                     where.message == NULL ? "not read" : where.message);
    }
    if (json_kind(tree) != JSON_KIND_OBJECT) {
        return fault(r, ERR_FORMAT, "not a JSON object");
    }
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): the analyser does not see CLEANUP */
    TRY(take_text(r, tree, "dataset", &p.dataset));
    TRY(take_text(r, tree, "detector", &p.detector));
    if (!take_rate(json_get(tree, "mean_eer"), &p.mean_eer)) {
        return fault(r, ERR_RANGE, "mean_eer: not a number from 0 to 1, nor null");
    }
    TRY(take_users(r, tree, &p));
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
    *out = p;
    p = (struct report_past){0};
    return ERR_OK;
}

err_t report_parse(span_t json, const char *name, struct report_past *out,
                   struct report_fault *told)
{
    const struct reading r = {.file = name, .fault = told};
    (void)fault(&r, ERR_NOMEM, "no memory"); /* unless something better is told below */
    if (json.len > REPORT_FILE_BYTES) {
        return fault(&r, ERR_LIMIT, "more than %d bytes", REPORT_FILE_BYTES);
    }
    return parse(&r, json, out);
}

static void file_close(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file); /* it was only read */
    }
}

err_t report_read(const char *path, struct report_past *out, struct report_fault *told)
{
    const struct reading r = {.file = path, .fault = told};
    CLEANUP(file_close) FILE *file = fopen(path, "re");
    if (file == NULL) {
        char words[64] = "";
        return fault(&r, ERR_IO, "%s", strerror_r(errno, words, sizeof words));
    }
    CLEANUP(buf_deinit) struct buf text;
    buf_init(&text, REPORT_FILE_BYTES + 1);
    TRY(buf_reserve(&text, REPORT_FILE_BYTES + 1)); /* one more tells "too long" */
    text.len = fread(text.ptr, 1, REPORT_FILE_BYTES + 1, file);
    if (ferror(file) != 0) {
        return fault(&r, ERR_IO, "cannot be read");
    }
    return report_parse(buf_span(&text), path, out, told);
}

void report_past_deinit(struct report_past *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->user[i].model);
    }
    free(p->user);
    free(p->dataset);
    free(p->detector);
    *p = (struct report_past){0};
}

/* The earlier EER of a model; NaN when it is not there. */
static double past_eer(const struct report_past *past, const char *model)
{
    size_t low = 0;
    size_t high = past->count;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        const int order = strcmp(past->user[mid].model, model);
        if (order == 0) {
            return past->user[mid].eer;
        }
        if (order < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return NAN;
}

err_t report_compare(const struct report *now, const struct report_past *past,
                     struct bootstrap_options options, struct bootstrap_difference *out)
{
    if (now->users == NULL || now->user_eer == NULL) {
        return err_new(ERR_RANGE);
    }
    CLEANUP(numbers_free) double *before = numbers_new(now->user_count);
    if (before == NULL) {
        return err_new(ERR_NOMEM);
    }
    for (size_t u = 0; u < now->user_count; u++) {
        before[u] = past_eer(past, now->users[u].model);
    }
    return bootstrap_paired(now->user_eer, before, now->user_count, options, out);
}
