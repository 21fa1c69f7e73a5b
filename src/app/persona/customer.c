#include "app/persona/customer.h"

#include "base/rng.h"
#include "codec/json_write.h"
#include "crypto/secret.h"

#include <string.h>

enum { BODY_BYTES = 2048 };

static void copy(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from);
}

void customer_invent(struct customer *who, const char *name, const char *device_id)
{
    uint64_t draw[3];
    rng_fill(draw, sizeof draw);
    *who = (struct customer){0};
    (void)snprintf(who->email, sizeof who->email, "%.24s-%016llx@canara.example", name,
                   (unsigned long long)draw[0]);
    (void)snprintf(who->password, sizeof who->password, "%016llx%016llx",
                   (unsigned long long)draw[1], (unsigned long long)draw[2]);
    copy(who->mpin, sizeof who->mpin, "4829");
    copy(who->device_id, sizeof who->device_id, device_id);
}

void customer_wipe(struct customer *who)
{
    memory_wipe(who, sizeof *who);
}

/* ---- bodies ---- */

static void member(struct json_writer *w, const char *name, const char *value)
{
    json_name(w, name);
    json_cstr(w, value);
}

static void typed(struct json_writer *w, const struct customer *who, enum secret_field field)
{
    if (who->hand != NULL) {
        json_name(w, "keystrokes");
        (void)secret_type(who->hand, field, false, w);
    }
}

static void begin(struct json_writer *w, char body[BODY_BYTES])
{
    json_writer_init_fixed(w, body, BODY_BYTES);
    json_begin_object(w);
}

static err_t post(struct client *c, const char *path, const char *bearer, struct json_writer *w,
                  struct client_answer *out)
{
    json_end_object(w);
    const struct client_request q = {
        .method = "POST", .path = path, .bearer = bearer, .body = json_written(w)};
    const err_t e = failed(w->error) ? w->error : client_ask(c, &q, out);
    memory_wipe(w->ptr, w->cap);
    return e;
}

err_t customer_register(struct client *c, const struct customer *who, struct client_answer *out)
{
    char body[BODY_BYTES];
    struct json_writer w;
    begin(&w, body);
    member(&w, "email", who->email);
    member(&w, "password", who->password);
    member(&w, "mpin", who->mpin);
    return post(c, CUSTOMER_API "/auth/register", NULL, &w, out);
}

static void take_text(const struct json *json, const char *name, char *to, size_t size)
{
    span_t text = {0};
    if (json_get_text(json, name, &text) && text.len < size) {
        memcpy(to, text.ptr, text.len + 1); /* NUL-terminated, json_read.h */
    }
}

err_t customer_login(struct client *c, struct customer *who, struct client_answer *out)
{
    char body[BODY_BYTES];
    struct json_writer w;
    begin(&w, body);
    member(&w, "email", who->email);
    member(&w, "password", who->password);
    member(&w, "device_id", who->device_id);
    typed(&w, who, SECRET_PASSWORD);
    TRY(post(c, CUSTOMER_API "/auth/login", NULL, &w, out));
    if (out->status == 200) {
        take_text(out->json, "session_token", who->token, sizeof who->token);
        take_text(out->json, "session_id", who->session, sizeof who->session);
    }
    return ERR_OK;
}

err_t customer_mpin(struct client *c, const struct customer *who, const char *mpin,
                    struct client_answer *out)
{
    char body[BODY_BYTES];
    struct json_writer w;
    begin(&w, body);
    member(&w, "mpin", mpin);
    typed(&w, who, SECRET_MPIN);
    return post(c, CUSTOMER_API "/auth/verify-mpin", who->token, &w, out);
}

err_t customer_logout(struct client *c, const struct customer *who, struct client_answer *out)
{
    const struct client_request q = {
        .method = "POST", .path = CUSTOMER_API "/auth/logout", .bearer = who->token};
    return client_ask(c, &q, out);
}

err_t customer_evaluate(struct client *c, const struct customer *who, const char *amount,
                        bool beneficiary_new, struct client_answer *out)
{
    char body[BODY_BYTES];
    struct json_writer w;
    begin(&w, body);
    member(&w, "action", "transfer");
    member(&w, "amount", amount);
    member(&w, "currency", "INR");
    json_name(&w, "beneficiary_new");
    json_bool(&w, beneficiary_new);
    return post(c, CUSTOMER_API "/risk/evaluate", who->token, &w, out);
}

/* ---- questions ---- */

static err_t get(struct client *c, const struct customer *who, const char *path,
                 struct client_answer *out)
{
    const struct client_request q = {.method = "GET", .path = path, .bearer = who->token};
    return client_ask(c, &q, out);
}

err_t customer_status(struct client *c, const struct customer *who, struct client_answer *out)
{
    return get(c, who, CUSTOMER_API "/auth/session-status", out);
}

err_t customer_summary(struct client *c, const struct customer *who, struct client_answer *out)
{
    char path[128];
    (void)snprintf(path, sizeof path, CUSTOMER_API "/ws/sessions/%s/behavior-summary",
                   who->session);
    return get(c, who, path, out);
}

err_t customer_socket(struct client_socket *s, const struct customer *who, unsigned *refused)
{
    char path[128];
    (void)snprintf(path, sizeof path, CUSTOMER_API "/ws/behavior/%s", who->session);
    return client_socket_open(s, path, who->token, refused);
}
