/*
 * body.h - reading the members of a JSON body, each with its fault in the words of docs/api.md.
 *
 * Floor      api
 * Ownership  texts borrow from the call's JSON tree.
 * Errors     a fault is added and false returned; the caller answers once with all of them.
 * Threads    whoever holds the call.
 */
#ifndef API_BODY_H
#define API_BODY_H

#include "api/problem.h"
#include "codec/email.h"

#include <stdbool.h>

/* A required text of low..high bytes. */
bool body_text(const struct call *c, struct faults *f, const char *field, size_t low, size_t high,
               span_t *out);

/* The same, optional: true with an empty span when absent or null. */
bool body_text_optional(const struct call *c, struct faults *f, const char *field, size_t low,
                        size_t high, span_t *out);

/* An e-mail address. */
bool body_email(const struct call *c, struct faults *f, const char *field, email_t *out);

/* A new password: length, blocklist, and the address nowhere in it. */
bool body_new_password(const struct call *c, struct faults *f, const char *field,
                       const email_t *email, span_t *out);

/* An MPIN as text; its form is a matter of body_mpin_form(). */
bool body_mpin(const struct call *c, struct faults *f, const char *field, span_t *out);

/* False (and the 400 answered) unless the MPIN has exactly the digits that are asked for. */
bool body_mpin_form(struct call *c, span_t mpin);

/* Add a fault when a new MPIN is too easy to guess. */
void body_mpin_strength(const struct call *c, struct faults *f, const char *field, span_t mpin);

/* A UUID, required or optional. */
bool body_uuid(const struct call *c, struct faults *f, const char *field, bool required,
               uuid_t *out);

/* A true or false, optional, false when absent. */
bool body_flag(const struct call *c, struct faults *f, const char *field, bool *out);

/* Whether the body has the field, and not as null. */
bool body_is_given(const struct call *c, const char *field);

#endif
