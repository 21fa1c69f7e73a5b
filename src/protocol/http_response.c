#include "protocol/http_response.h"

#include "base/util.h"
#include "protocol/http_parse.h"

/* clang-format off */
static const struct {
    unsigned status;
    const char *reason;
} reasons[] = {
    {100, "Continue"},             {101, "Switching Protocols"},
    {200, "OK"},                   {201, "Created"},
    {202, "Accepted"},             {204, "No Content"},
    {301, "Moved Permanently"},    {302, "Found"},
    {304, "Not Modified"},         {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},   {400, "Bad Request"},
    {401, "Unauthorized"},         {403, "Forbidden"},
    {404, "Not Found"},            {405, "Method Not Allowed"},
    {406, "Not Acceptable"},       {408, "Request Timeout"},
    {409, "Conflict"},             {410, "Gone"},
    {411, "Length Required"},      {412, "Precondition Failed"},
    {413, "Content Too Large"},    {414, "URI Too Long"},
    {415, "Unsupported Media Type"}, {417, "Expectation Failed"},
    {421, "Misdirected Request"},  {422, "Unprocessable Content"},
    {423, "Locked"},               {426, "Upgrade Required"},
    {428, "Precondition Required"}, {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
    {501, "Not Implemented"},      {502, "Bad Gateway"},
    {503, "Service Unavailable"},  {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"}, {507, "Insufficient Storage"},
};

/* clang-format on */

static const span_t crlf = SPAN_INIT("\r\n");

/* "OK" for 200 and so on; "Unknown" for a status that is not in the table. */
static const char *reason_of(unsigned status)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Unknown";
}

static span_t text_of(const char *text)
{
    return (span_t){(const uint8_t *)text, strlen(text)};
}

err_t http_response_begin(struct buf *out, unsigned status)
{
    MUST(status >= 100 && status <= 999);
    const uint8_t digits[] = {(uint8_t)('0' + status / 100), (uint8_t)('0' + status / 10 % 10),
                              (uint8_t)('0' + status % 10), ' '};
    TRY(buf_append(out, SPAN_LIT("HTTP/1.1 ")));
    TRY(buf_append(out, (span_t){digits, sizeof digits}));
    TRY(buf_append(out, text_of(reason_of(status))));
    return buf_append(out, crlf);
}

static bool value_is_safe(span_t value)
{
    unsigned bad = 0;
    for (size_t i = 0; i < value.len; i++) {
        const unsigned c = value.ptr[i];
        bad |= (c < 0x20U && c != '\t') || c == 0x7fU ? 1U : 0U;
    }
    return bad == 0;
}

err_t http_response_header(struct buf *out, const char *name, span_t value)
{
    const span_t label = text_of(name);
    MUST(label.len > 0 && http_all_in(HTTP_SET_TOKEN, label) && value_is_safe(value));
    TRY(buf_reserve(out, label.len + value.len + 4));
    TRY(buf_append(out, label));
    TRY(buf_append(out, SPAN_LIT(": ")));
    TRY(buf_append(out, value));
    return buf_append(out, crlf);
}

err_t http_response_number(struct buf *out, const char *name, uint64_t value)
{
    uint8_t digits[20]; /* of 2^64 - 1 */
    size_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return http_response_header(out, name, (span_t){digits + at, sizeof digits - at});
}

err_t http_response_end_head(struct buf *out, size_t body_len)
{
    TRY(http_response_number(out, "Content-Length", body_len));
    return buf_append(out, crlf);
}

err_t http_response_end(struct buf *out, span_t body)
{
    TRY(http_response_end_head(out, body.len));
    return buf_append(out, body);
}

err_t http_response_finish(struct buf *out)
{
    return buf_append(out, crlf);
}

err_t http_response_continue(struct buf *out)
{
    return buf_append(out, SPAN_LIT("HTTP/1.1 100 Continue\r\n\r\n"));
}

struct civil {
    int64_t year;
    unsigned month; /* 1..12 */
    unsigned day;   /* 1..31 */
};

/* Days since 1970-01-01 to a date, walking 400, 100, 4 and 1 year cycles from 1 March 2000. */
static struct civil civil_from_days(int64_t days)
{
    const int64_t since = days - 11017; /* 2000-03-01 */
    int64_t cycle = since / 146097;
    int64_t left = since % 146097;
    if (left < 0) {
        left += 146097;
        cycle--;
    }
    const int64_t centuries = left / 36524 < 3 ? left / 36524 : 3;
    left -= centuries * 36524;
    const int64_t fours = left / 1461;
    left -= fours * 1461;
    const int64_t ones = left / 365 < 3 ? left / 365 : 3;
    left -= ones * 365;

    static const int64_t month_days[] = {31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 29};
    unsigned month = 0; /* from March */
    while (left >= month_days[month]) {
        left -= month_days[month];
        month++;
    }
    return (struct civil){
        .year = 2000 + 400 * cycle + 100 * centuries + 4 * fours + ones + (month >= 10 ? 1 : 0),
        .month = month >= 10 ? month - 9 : month + 3,
        .day = (unsigned)left + 1,
    };
}

static void two_digits(char out[2], unsigned n)
{
    out[0] = (char)('0' + n / 10 % 10);
    out[1] = (char)('0' + n % 10);
}

void http_date(wall_t at, char out[HTTP_DATE_LEN])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970-01-01 was a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    static const int64_t last = INT64_C(253402300799); /* end of 9999 */
    int64_t seconds = at.ms < 0 ? 0 : at.ms / MS_PER_S;
    seconds = seconds > last ? last : seconds;
    const struct civil date = civil_from_days(seconds / 86400);
    const unsigned time = (unsigned)(seconds % 86400);

    memcpy(out, "Thu, 01 Jan 1970 00:00:00 GMT", HTTP_DATE_LEN);
    memcpy(out, days + seconds / 86400 % 7 * 3, 3);
    two_digits(out + 5, date.day);
    memcpy(out + 8, months + (size_t)(date.month - 1) * 3, 3);
    two_digits(out + 12, (unsigned)(date.year / 100));
    two_digits(out + 14, (unsigned)(date.year % 100));
    two_digits(out + 17, time / 3600);
    two_digits(out + 20, time / 60 % 60);
    two_digits(out + 23, time % 60);
}
