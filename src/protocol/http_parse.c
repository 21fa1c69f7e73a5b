#include "protocol/http_parse.h"

#include "base/err.h"
#include "base/util.h"

enum {
    FIRST_LINE_MAX = HTTP_TARGET_MAX + 64, /* target, method (<= 32), version, blanks */
    CHUNK_LINE_MAX = 256,                  /* size and extensions */
    LENGTH_DIGITS_MAX = 16,
    CHUNK_DIGITS_MAX = 8,
};

enum line { LINE_MORE, LINE_READY, LINE_BARE, LINE_LONG };

/* One bit per ASCII byte; http_values_test.c compares them with the grammar's letters. */
/* clang-format off */
static const uint64_t sets[][2] = {
    [HTTP_SET_TOKEN]    = {UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe)}, /* 9110 5.6.2 */
    [HTTP_SET_PATH]     = {UINT64_C(0x2ffffff200000000), UINT64_C(0x47fffffe87ffffff)}, /* 3986 3.3   */
    [HTTP_SET_QUERY]    = {UINT64_C(0xaffffff200000000), UINT64_C(0x47fffffe87ffffff)}, /* 3986 3.4   */
    [HTTP_SET_HOST]     = {UINT64_C(0x03ff600000000000), UINT64_C(0x47fffffe87fffffe)}, /* unreserved */
    [HTTP_SET_B64TOKEN] = {UINT64_C(0x23ffe80000000000), UINT64_C(0x47fffffe87fffffe)}, /* 6750 2.1   */
};

/* clang-format on */

bool http_in(enum http_set set, uint8_t c)
{
    return c < 128 && ((sets[set][c >> 6U] >> (c & 63U)) & 1U) != 0;
}

bool http_all_in(enum http_set set, span_t text)
{
    const uint64_t low = sets[set][0];
    const uint64_t high = sets[set][1];
    uint64_t all = 1;
    for (size_t i = 0; i < text.len; i++) { /* a token has 400 bytes: no branch for each */
        const uint64_t c = text.ptr[i];
        all &= ((c < 64 ? low : high) >> (c & 63U)) & ~(c >> 7U);
    }
    return all != 0;
}

int http_hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const uint8_t lower = (uint8_t)(c | 0x20U);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

span_t http_trim(span_t text)
{
    while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

bool http_refuse(struct http_reader *r, unsigned status, const char *reason)
{
    r->status = (uint16_t)status;
    r->reason = reason;
    r->phase = HTTP_PHASE_BAD;
    return false;
}

bool http_once(struct http_reader *r, enum http_fact fact)
{
    if (http_has(r, fact)) {
        return http_refuse(r, 400, "a field that may stand once was sent twice");
    }
    http_note(r, fact);
    return true;
}

bool http_take_length(struct http_reader *r, span_t value)
{
    if (!http_once(r, HTTP_ONCE_LENGTH)) {
        return false;
    }
    if (http_has(r, HTTP_ONCE_CODING)) {
        return http_refuse(r, 400, "Content-Length beside Transfer-Encoding");
    }
    if (value.len == 0 || value.len > LENGTH_DIGITS_MAX) {
        return http_refuse(r, 400, "Content-Length is not a number");
    }
    uint64_t n = 0; /* 16 digits fit */
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9') {
            return http_refuse(r, 400, "Content-Length is not a number");
        }
        n = n * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    if (n > r->body_max) {
        return http_refuse(r, 413, "body too large");
    }
    r->body_len = (uint32_t)n;
    return true;
}

bool http_take_coding(struct http_reader *r, span_t value)
{
    if (!http_once(r, HTTP_ONCE_CODING)) {
        return false;
    }
    if (http_has(r, HTTP_ONCE_LENGTH)) {
        return http_refuse(r, 400, "Transfer-Encoding beside Content-Length");
    }
    if (http_has(r, HTTP_IS_1_0)) {
        return http_refuse(r, 400, "Transfer-Encoding in HTTP/1.0");
    }
    if (!http_name_eq(value, "chunked")) {
        return http_refuse(r, 501, "transfer coding other than chunked");
    }
    return true;
}

bool http_take_connection(struct http_reader *r, span_t value)
{
    if (http_list_has(value, "close")) {
        http_note(r, HTTP_SAYS_CLOSE);
    }
    if (http_list_has(value, "keep-alive")) {
        http_note(r, HTTP_SAYS_KEEP);
    }
    return true;
}

void http_enter_body(struct http_reader *r)
{
    r->phase = http_has(r, HTTP_ONCE_CODING) ? HTTP_PHASE_CHUNK_SIZE : HTTP_PHASE_BODY;
}

/* Look for the end of the line that begins at line_start, in bytes[0..len) but not at or beyond
 * `end`. The line comes out without its CR LF. */
static enum line line_next(struct http_reader *r, const uint8_t *bytes, size_t len, size_t end,
                           span_t *out)
{
    const size_t stop = size_min(len, end);
    if (r->scanned < stop) {
        const uint8_t *from = bytes + r->scanned;
        const uint8_t *lf = memchr(from, '\n', stop - r->scanned);
        if (lf != NULL) {
            const uint8_t *start = bytes + r->line_start;
            r->scanned = (uint32_t)(lf + 1 - bytes);
            r->line_start = r->scanned;
            if (lf == start || lf[-1] != '\r') {
                return LINE_BARE;
            }
            *out = (span_t){start, (size_t)(lf - start) - 1};
            return LINE_READY;
        }
        r->scanned = (uint32_t)stop;
    }
    return len >= end ? LINE_LONG : LINE_MORE;
}

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Whether one of eight bytes is below 0x20, the tab included, or 0x7f. No sum carries over. */
static inline bool have_control(const uint8_t *at)
{
    uint64_t eight = 0;
    memcpy(&eight, at, sizeof eight);
    const uint64_t seven = eight & ~HIGH_BITS;
    const uint64_t printable = seven + EACH_BYTE * 0x60;
    const uint64_t not_del = (seven ^ (EACH_BYTE * 0x7f)) + ~HIGH_BITS;
    return ((printable & not_del) | eight | ~HIGH_BITS) != UINT64_MAX;
}

/* RFC 9110 5.5: no control byte but the tab. */
static bool value_is_safe(span_t value)
{
    unsigned bad = 0;
    size_t i = 0;
    while (i < value.len) {
        if (value.len - i >= 8 && !have_control(value.ptr + i)) {
            i += 8;
            continue;
        }
        const unsigned c = value.ptr[i++];
        bad |= (c < 0x20U && c != '\t') || c == 0x7fU ? 1U : 0U;
    }
    return bad == 0;
}

/* RFC 9112 5.1: no blank before the colon; 5.2: no folding; 5.5: no control byte but the tab. */
static bool field_split(struct http_reader *r, span_t line, struct http_header *out)
{
    const uint8_t *colon = memchr(line.ptr, ':', line.len);
    if (colon == NULL || colon == line.ptr) {
        return http_refuse(r, 400, "field without a name or a colon");
    }
    const span_t name = {line.ptr, (size_t)(colon - line.ptr)};
    if (!http_all_in(HTTP_SET_TOKEN, name)) {
        return http_refuse(r, 400, "field name is not a token");
    }
    const span_t value = {colon + 1, line.len - name.len - 1};
    if (!value_is_safe(value)) {
        return http_refuse(r, 400, "control byte in a field");
    }
    *out = (struct http_header){.name = name, .value = http_trim(value)};
    return true;
}

static bool take_field(struct http_reader *r, const struct http_rules *rules, span_t line,
                       struct http_message *m)
{
    if (m->header_count == HTTP_HEADERS_MAX) {
        return http_refuse(r, 431, "too many fields");
    }
    struct http_header *field = &m->headers[m->header_count];
    if (!field_split(r, line, field) || !rules->field(r, field, m)) {
        return false;
    }
    m->header_count++;
    r->header_count = (uint8_t)m->header_count;
    return true;
}

static bool take_first_line(struct http_reader *r, const struct http_rules *rules, span_t line,
                            struct http_message *m)
{
    if (line.len == 0) {
        if (http_has(r, HTTP_EMPTY_LINE)) {
            return http_refuse(r, 400, "empty lines before the first line");
        }
        http_note(r, HTTP_EMPTY_LINE); /* RFC 9112 2.2: one may be skipped */
        return true;
    }
    r->phase = HTTP_PHASE_FIELDS;
    return rules->first_line(r, line, m);
}

static bool take_head_line(struct http_reader *r, const struct http_rules *rules, span_t line,
                           struct http_message *m)
{
    if (r->phase == HTTP_PHASE_START) {
        return take_first_line(r, rules, line, m);
    }
    if (line.len > 0) {
        return take_field(r, rules, line, m);
    }
    r->head_len = r->scanned;
    return rules->head_end(r, m);
}

static bool head_line_refused(struct http_reader *r, enum line line)
{
    if (line == LINE_BARE) {
        return http_refuse(r, 400, "line feed without carriage return");
    }
    if (r->phase == HTTP_PHASE_START) {
        return http_refuse(r, 414, "first line too long");
    }
    return http_refuse(r, 431, "head too long");
}

/* What begins with a byte that begins no message is refused before its line ends (TLS, noise). */
static bool first_byte_is_possible(struct http_reader *r, const uint8_t *bytes, size_t len)
{
    if (r->phase != HTTP_PHASE_START || len <= r->line_start) {
        return true;
    }
    const uint8_t c = bytes[r->line_start];
    if (http_in(HTTP_SET_TOKEN, c) || c == '\r') {
        return true;
    }
    return http_refuse(r, 400, "not an HTTP message");
}

static enum http_progress head_read(struct http_reader *r, const struct http_rules *rules,
                                    const uint8_t *bytes, size_t len, struct http_message *m)
{
    m->bytes = bytes;
    m->header_count = r->header_count;
    while (r->phase == HTTP_PHASE_START || r->phase == HTTP_PHASE_FIELDS) {
        if (!first_byte_is_possible(r, bytes, len)) {
            return HTTP_BAD;
        }
        const size_t end =
            r->phase == HTTP_PHASE_START ? (size_t)r->line_start + FIRST_LINE_MAX : HTTP_HEAD_MAX;
        span_t line = {0};
        const enum line found = line_next(r, bytes, len, end, &line);
        if (found == LINE_MORE) {
            return HTTP_MORE;
        }
        if (found != LINE_READY) {
            (void)head_line_refused(r, found);
            return HTTP_BAD;
        }
        if (!take_head_line(r, rules, line, m)) {
            return HTTP_BAD;
        }
    }
    return HTTP_READY;
}

static size_t token_end(span_t text, size_t i)
{
    while (i < text.len && http_in(HTTP_SET_TOKEN, text.ptr[i])) {
        i++;
    }
    return i;
}

/* Behind the closing quote of a string whose opening quote stands before `i`; 0 without one. */
static size_t quoted_end(span_t text, size_t i)
{
    for (; i < text.len && text.ptr[i] != '"'; i++) {
        i += text.ptr[i] == '\\' ? 1U : 0U;
        if (i >= text.len || text.ptr[i] < 0x20 || text.ptr[i] == 0x7f) {
            return 0;
        }
    }
    return i < text.len ? i + 1 : 0;
}

/* One chunk extension, RFC 9112 7.1.1 without its optional blanks: ;name[=token or "quoted"].
 * Returns the bytes it takes, 0 when it is malformed. */
static size_t extension_len(span_t text)
{
    const size_t name_end = token_end(text, 1); /* behind the semicolon */
    if (name_end == 1 || name_end == text.len || text.ptr[name_end] == ';') {
        return name_end == 1 ? 0 : name_end;
    }
    if (text.ptr[name_end] != '=') {
        return 0;
    }
    const size_t start = name_end + 1;
    if (start < text.len && text.ptr[start] == '"') {
        return quoted_end(text, start + 1);
    }
    const size_t value_end = token_end(text, start);
    return value_end == start ? 0 : value_end;
}

static bool extensions_are_valid(span_t text)
{
    while (text.len > 0) {
        const size_t n = text.ptr[0] == ';' ? extension_len(text) : 0;
        if (n == 0) {
            return false;
        }
        text = (span_t){text.ptr + n, text.len - n};
    }
    return true;
}

static bool take_chunk_line(struct http_reader *r, span_t line)
{
    uint64_t size = 0;
    size_t digits = 0;
    while (digits < line.len && http_hex(line.ptr[digits]) >= 0) {
        if (digits == CHUNK_DIGITS_MAX) {
            return http_refuse(r, 400, "chunk size too long");
        }
        size = size << 4U | (uint64_t)http_hex(line.ptr[digits]);
        digits++;
    }
    if (digits == 0) {
        return http_refuse(r, 400, "chunk size is not a number");
    }
    if (!extensions_are_valid((span_t){line.ptr + digits, line.len - digits})) {
        return http_refuse(r, 400, "chunk extension is malformed");
    }
    if (size > r->body_max - r->body_len) {
        return http_refuse(r, 413, "body too large");
    }
    r->overhead += (uint32_t)line.len + 4; /* its CR LF and the one behind the data */
    if (r->overhead > HTTP_CHUNK_OVERHEAD_MAX) {
        return http_refuse(r, 413, "chunks too small");
    }
    r->chunk_left = (uint32_t)size;
    r->phase = size == 0 ? HTTP_PHASE_TRAILER : HTTP_PHASE_CHUNK_DATA;
    return true;
}

static enum http_progress chunk_size_read(struct http_reader *r, const uint8_t *bytes, size_t len)
{
    const size_t spare = HTTP_CHUNK_OVERHEAD_MAX - r->overhead;
    const size_t end = r->line_start + size_min(CHUNK_LINE_MAX, spare);
    span_t line = {0};
    switch (line_next(r, bytes, len, end, &line)) {
    case LINE_MORE: return HTTP_MORE;
    case LINE_READY: return take_chunk_line(r, line) ? HTTP_READY : HTTP_BAD;
    case LINE_BARE: (void)http_refuse(r, 400, "line feed in a chunk size"); return HTTP_BAD;
    case LINE_LONG:
        (void)(spare < CHUNK_LINE_MAX ? http_refuse(r, 413, "chunks too small")
                                      : http_refuse(r, 400, "chunk size line too long"));
        return HTTP_BAD;
    }
    return HTTP_BAD;
}

static enum http_progress chunk_data_read(struct http_reader *r, uint8_t *bytes, size_t len)
{
    const size_t take = size_min(r->chunk_left, len - r->scanned);
    memmove(bytes + r->head_len + r->body_len, bytes + r->scanned, take);
    r->scanned += (uint32_t)take;
    r->body_len += (uint32_t)take;
    r->chunk_left -= (uint32_t)take;
    if (r->chunk_left > 0) {
        return HTTP_MORE;
    }
    r->phase = HTTP_PHASE_CHUNK_END;
    return HTTP_READY;
}

/* CR LF behind the data of a chunk, or behind the last chunk: no trailer is taken. */
static enum http_progress chunk_crlf_read(struct http_reader *r, const uint8_t *bytes, size_t len)
{
    static const uint8_t crlf[2] = {'\r', '\n'};
    const size_t have = size_min(2, len - r->scanned);
    if (have > 0 && memcmp(bytes + r->scanned, crlf, have) != 0) {
        (void)http_refuse(r, 400,
                          r->phase == HTTP_PHASE_TRAILER ? "trailer fields are not taken"
                                                         : "chunk is longer than its size");
        return HTTP_BAD;
    }
    if (have < 2) {
        return HTTP_MORE;
    }
    r->scanned += 2;
    r->line_start = r->scanned;
    r->phase = r->phase == HTTP_PHASE_TRAILER ? HTTP_PHASE_DONE : HTTP_PHASE_CHUNK_SIZE;
    return HTTP_READY;
}

static enum http_progress length_read(struct http_reader *r, size_t len)
{
    const size_t end = (size_t)r->head_len + r->body_len;
    r->scanned = (uint32_t)size_min(len, end);
    if (len < end) {
        return HTTP_MORE;
    }
    r->phase = HTTP_PHASE_DONE;
    return HTTP_READY;
}

/* Steps until the body is complete, refused, or out of bytes. */
static enum http_progress body_read(struct http_reader *r, uint8_t *bytes, size_t len)
{
    enum http_progress step = HTTP_READY;
    while (step == HTTP_READY && r->phase != HTTP_PHASE_DONE) {
        if (r->phase == HTTP_PHASE_BODY) {
            step = length_read(r, len);
        } else if (r->phase == HTTP_PHASE_CHUNK_SIZE) {
            step = chunk_size_read(r, bytes, len);
        } else if (r->phase == HTTP_PHASE_CHUNK_DATA) {
            step = chunk_data_read(r, bytes, len);
        } else {
            step = chunk_crlf_read(r, bytes, len);
        }
    }
    return step;
}

static void head_again(const struct http_reader *r, const struct http_rules *rules,
                       const uint8_t *bytes, struct http_message *m)
{
    struct http_reader again = {.body_max = r->body_max, .phase = HTTP_PHASE_START};
    const enum http_progress same = head_read(&again, rules, bytes, r->head_len, m);
    MUST(same == HTTP_READY && again.head_len == r->head_len); /* the caller kept the bytes */
}

enum http_progress http_message_read(struct http_reader *r, const struct http_rules *rules,
                                     uint8_t *bytes, size_t len, struct http_message *m)
{
    MUST(len >= r->scanned && r->phase != HTTP_PHASE_DONE);
    if (r->phase == HTTP_PHASE_BAD) {
        return HTTP_BAD;
    }
    enum http_progress step = HTTP_MORE;
    if (len > 0) {
        step = head_read(r, rules, bytes, len, m);
        step = step == HTTP_READY ? body_read(r, bytes, len) : step;
    }
    if (step == HTTP_MORE) {
        http_note(r, HTTP_IN_PIECES);
    }
    if (step != HTTP_READY) {
        return step;
    }
    if (http_has(r, HTTP_IN_PIECES)) {
        head_again(r, rules, bytes, m);
    }
    m->body = (span_t){bytes + r->head_len, r->body_len};
    m->used = r->scanned;
    return HTTP_READY;
}
