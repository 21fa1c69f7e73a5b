#include "server/forwarded.h"

#include <string.h>

/* Take what stands behind the last `separator`, and cut it off. */
static span_t take_last(span_t *list, uint8_t separator)
{
    size_t from = list->len;
    while (from > 0 && list->ptr[from - 1] != separator) {
        from--;
    }
    const span_t item = {list->ptr + from, list->len - from};
    list->len = from == 0 ? 0 : from - 1;
    return span_trim(item);
}

/* "192.0.2.43", "192.0.2.43:47011", "[2001:db8::17]", "[2001:db8::17]:4711", with quotes or not. */
static err_t parse_node(span_t text, struct peer_address *out)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"') {
        text = (span_t){text.ptr + 1, text.len - 2};
    }
    if (text.len > 0 && text.ptr[0] == '[') {
        const uint8_t *end = memchr(text.ptr, ']', text.len);
        if (end == NULL) {
            return err_new(ERR_FORMAT);
        }
        return address_parse((span_t){text.ptr + 1, (size_t)(end - text.ptr) - 1}, out);
    }
    const uint8_t *port = text.len == 0 ? NULL : memchr(text.ptr, ':', text.len);
    const bool v4 = port != NULL && memchr(text.ptr, '.', (size_t)(port - text.ptr)) != NULL;
    return address_parse(v4 ? (span_t){text.ptr, (size_t)(port - text.ptr)} : text, out);
}

/* The `for` of one element: by=…;for=…;proto=… */
static err_t parse_element(span_t element, struct peer_address *out)
{
    while (element.len > 0) {
        const span_t pair = take_last(&element, ';');
        if (pair.len > 4 && http_name_eq((span_t){pair.ptr, 4}, "for=")) {
            return parse_node((span_t){pair.ptr + 4, pair.len - 4}, out);
        }
    }
    return err_new(ERR_FORMAT);
}

/* Walk one line from its right end while `found` is a proxy of ours. False: what stands there is no
 * address, and a proxy of ours did not write it. */
static bool walk_line(const struct cidr_list *trusted, span_t list, bool elements,
                      struct peer_address *found)
{
    while (list.len > 0 && cidr_list_has(trusted, found)) {
        const span_t item = take_last(&list, ',');
        const err_t read = elements ? parse_element(item, found) : parse_node(item, found);
        if (failed(read)) {
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
    for (size_t i = req->header_count; i > 0; i--) {
        const struct http_header *h = &req->headers[i - 1];
        if (http_name_eq(h->name, name) && !walk_line(trusted, h->value, elements, &found)) {
            break;
        }
    }
    return found;
}
