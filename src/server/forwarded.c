#include "server/forwarded.h"

#include "base/limits.h"

#include <string.h>

/* ---- lists ---- */

/* Behind the quoted string that opens at `at`, RFC 9110 5.6.4; 0: it does not end. */
static size_t quoted_end(span_t text, size_t at)
{
    for (size_t i = at + 1; i < text.len; i++) {
        if (text.ptr[i] == '"') {
            return i + 1;
        }
        i += text.ptr[i] == '\\' ? 1U : 0U;
    }
    return 0;
}

/* Take what stands before the first `separator` that is not quoted, and cut both off; `*more` is false
 * when there is none. False: a quoted string does not end, and nobody knows what is within it. */
static bool take_first(span_t *list, uint8_t separator, span_t *item, bool *more)
{
    size_t at = 0;
    while (at < list->len && list->ptr[at] != separator) {
        at = list->ptr[at] == '"' ? quoted_end(*list, at) : at + 1;
        if (at == 0) {
            return false;
        }
    }
    const size_t used = at < list->len ? at + 1 : at;
    *item = span_trim((span_t){list->ptr, at});
    *more = at < list->len;
    *list = (span_t){list->ptr + used, list->len - used};
    return true;
}

/* Take what stands behind the last comma, and cut both off; `*more` is false when there is none. No
 * address of X-Forwarded-For has a quoted comma. */
static span_t take_last(span_t *list, bool *more)
{
    size_t from = list->len;
    while (from > 0 && list->ptr[from - 1] != ',') {
        from--;
    }
    const span_t item = {list->ptr + from, list->len - from};
    *more = from > 0;
    list->len = from == 0 ? 0 : from - 1;
    return span_trim(item);
}

/* ---- addresses ---- */

/* Nothing, or the port behind an address: ":47011", ":_hidden" (RFC 7239, 6). */
static bool is_port(span_t text)
{
    if (text.len > 0 && (text.ptr[0] != ':' || text.len == 1)) {
        return false;
    }
    for (size_t i = 1; i < text.len; i++) {
        const uint8_t b = text.ptr[i];
        const bool letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
        if (!letter && !(b >= '0' && b <= '9') && b != '.' && b != '_' && b != '-') {
            return false;
        }
    }
    return true;
}

static err_t parse_with_port(span_t text, size_t from, size_t end, size_t port,
                             struct peer_address *out)
{
    if (!is_port((span_t){text.ptr + port, text.len - port})) {
        return err_new(ERR_FORMAT);
    }
    return address_parse((span_t){text.ptr + from, end - from}, out);
}

/* "192.0.2.43", "192.0.2.43:47011", "[2001:db8::17]", "[2001:db8::17]:4711", with quotes or not. */
static err_t parse_node(span_t text, struct peer_address *out)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"') {
        text = (span_t){text.ptr + 1, text.len - 2};
    }
    if (text.len == 0) {
        return err_new(ERR_FORMAT);
    }
    if (text.ptr[0] == '[') {
        const uint8_t *close = memchr(text.ptr, ']', text.len);
        const size_t end = close == NULL ? 0 : (size_t)(close - text.ptr);
        return close == NULL ? err_new(ERR_FORMAT) : parse_with_port(text, 1, end, end + 1, out);
    }
    const uint8_t *colon = memchr(text.ptr, ':', text.len);
    const size_t end = colon == NULL ? text.len : (size_t)(colon - text.ptr);
    const bool v4 = memchr(text.ptr, '.', end) != NULL;
    return v4 ? parse_with_port(text, 0, end, end, out) : address_parse(text, out);
}

/* Whether the text is not empty and nothing in it belongs to a quoted string or stands apart. */
static bool is_bare(span_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\' || text.ptr[i] == ' ' ||
            text.ptr[i] == '\t') {
            return false;
        }
    }
    return text.len > 0;
}

/* name=value or name="value", RFC 7239, 4. Values need not be tokens: many write a bare host:port. */
static bool split_pair(span_t pair, span_t *name, span_t *value)
{
    const uint8_t *equals = pair.len == 0 ? NULL : memchr(pair.ptr, '=', pair.len);
    if (equals == NULL) {
        return false;
    }
    const size_t at = (size_t)(equals - pair.ptr);
    *name = (span_t){pair.ptr, at};
    *value = (span_t){equals + 1, pair.len - at - 1};
    if (!is_bare(*name) || value->len == 0) {
        return false;
    }
    return value->ptr[0] == '"' ? quoted_end(*value, 0) == value->len : is_bare(*value);
}

/* The `for` of one element, by=...;for=...;proto=..., which has exactly one. */
static err_t parse_element(span_t element, struct peer_address *out)
{
    struct peer_address found = {.port = 0};
    bool has = false;
    for (bool more = true; more;) {
        span_t pair;
        span_t name;
        span_t value;
        if (!take_first(&element, ';', &pair, &more)) {
            return err_new(ERR_FORMAT);
        }
        if (pair.len == 0) {
            continue;
        }
        if (!split_pair(pair, &name, &value)) {
            return err_new(ERR_FORMAT);
        }
        if (!http_name_eq(name, "for")) {
            continue;
        }
        if (has) {
            return err_new(ERR_FORMAT);
        }
        TRY(parse_node(value, &found));
        has = true;
    }
    if (!has) {
        return err_new(ERR_FORMAT);
    }
    *out = found;
    return ERR_OK;
}

/* ---- walks: from the right end of one line, while `found` is a proxy of ours. False: what stands
 * there is no address that a proxy of ours has written. ---- */

static bool walk_addresses(const struct cidr_list *trusted, span_t list, struct peer_address *found)
{
    bool more = true;
    while (more && cidr_list_has(trusted, found)) {
        if (failed(parse_node(take_last(&list, &more), found))) {
            return false;
        }
    }
    return true;
}

/* Where a quoted string begins shows only from the left: the line is split before it is walked. */
static bool walk_elements(const struct cidr_list *trusted, span_t list, struct peer_address *found)
{
    span_t last[LIMIT_FORWARDED_HOPS]; /* the newest ones, in turn */
    size_t count = 0;
    for (bool more = true; more; count++) {
        if (!take_first(&list, ',', &last[count % LIMIT_FORWARDED_HOPS], &more)) {
            return false;
        }
    }

    for (size_t i = 0; i < count && cidr_list_has(trusted, found); i++) {
        if (i == LIMIT_FORWARDED_HOPS ||
            failed(parse_element(last[(count - 1 - i) % LIMIT_FORWARDED_HOPS], found))) {
            return false;
        }
    }
    return true;
}

struct peer_address forwarded_for(const struct cidr_list *trusted, struct peer_address peer,
                                  const struct http_request *req)
{
    const bool elements = http_header_count(req, "x-forwarded-for") == 0;
    const char *name = elements ? "forwarded" : "x-forwarded-for";
    struct peer_address found = peer;
    for (size_t i = req->header_count; i > 0 && cidr_list_has(trusted, &found); i--) {
        const struct http_header *h = &req->headers[i - 1];
        if (!http_name_eq(h->name, name)) {
            continue;
        }
        const bool read = elements ? walk_elements(trusted, h->value, &found)
                                   : walk_addresses(trusted, h->value, &found);
        if (!read) {
            return (struct peer_address){.port = 0};
        }
    }
    return found;
}
