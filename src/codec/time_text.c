#include "codec/time_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MS_PER_DAY    INT64_C(86400000)
#define MS_PER_HOUR   INT64_C(3600000)
#define MS_PER_MINUTE INT64_C(60000)

enum { DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468, FRACTION_MAX = 9 };

struct civil {
    int64_t year, month, day;
};

/* Hinnant 2013: eras of 400 years that begin in March, so that leap days come last. */
static struct civil civil_from_days(int64_t days)
{
    const int64_t shifted = days + DAYS_TO_1970;
    const int64_t era = shifted / DAYS_PER_ERA;
    const int64_t doe = shifted % DAYS_PER_ERA;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t march_month = (5 * doy + 2) / 153;
    const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (struct civil){
        .year = yoe + era * 400 + (month <= 2 ? 1 : 0),
        .month = month,
        .day = doy - (153 * march_month + 2) / 5 + 1,
    };
}

static int64_t days_from_civil(struct civil date)
{
    const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
    const int64_t era = year / 400;
    const int64_t yoe = year - era * 400;
    const int64_t march_month = date.month > 2 ? date.month - 3 : date.month + 9;
    const int64_t doy = (153 * march_month + 2) / 5 + date.day - 1;
    const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * DAYS_PER_ERA + doe - DAYS_TO_1970;
}

static void put_digits(char *out, int64_t value, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

void time_print(wall_t at, char out[TIME_TEXT_SIZE])
{
    const int64_t ms = at.ms < 0 ? 0 : at.ms > TIME_TEXT_LAST_MS ? TIME_TEXT_LAST_MS : at.ms;
    const struct civil date = civil_from_days(ms / MS_PER_DAY);
    const int64_t of_day = ms % MS_PER_DAY;

    memcpy(out, "0000-00-00T00:00:00.000Z", TIME_TEXT_SIZE);
    put_digits(out, date.year, 4);
    put_digits(out + 5, date.month, 2);
    put_digits(out + 8, date.day, 2);
    put_digits(out + 11, of_day / MS_PER_HOUR, 2);
    put_digits(out + 14, of_day / MS_PER_MINUTE % 60, 2);
    put_digits(out + 17, of_day / MS_PER_S % 60, 2);
    put_digits(out + 20, of_day % MS_PER_S, 3);
}

/* Take `count` digits off the front of `text`. */
static bool take_digits(span_t *text, size_t count, int64_t *out)
{
    if (text->len < count) {
        return false;
    }
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text->ptr[i] < '0' || text->ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (text->ptr[i] - '0');
    }
    *text = (span_t){text->ptr + count, text->len - count};
    *out = value;
    return true;
}

static bool take_byte(span_t *text, uint8_t byte)
{
    if (text->len == 0 || text->ptr[0] != byte) {
        return false;
    }
    *text = (span_t){text->ptr + 1, text->len - 1};
    return true;
}

/* An optional point and 1 to 9 digits, cut to milliseconds. */
static bool take_fraction(span_t *text, int64_t *ms)
{
    *ms = 0;
    if (!take_byte(text, '.')) {
        return true;
    }
    size_t count = 0;
    int64_t digit = 0;
    for (; take_digits(text, 1, &digit); count++) {
        *ms = count < 3 ? *ms * 10 + digit : *ms;
    }
    for (size_t i = count; i < 3; i++) {
        *ms *= 10;
    }
    return count > 0 && count <= FRACTION_MAX;
}

/* `Z` or +hh:mm or -hh:mm; how far the clock on the wall is before UTC. */
static bool take_offset(span_t *text, int64_t *ms)
{
    *ms = 0;
    if (take_byte(text, 'Z')) {
        return true;
    }
    int64_t hours = 0;
    int64_t minutes = 0;
    const bool behind = take_byte(text, '-');
    if ((!behind && !take_byte(text, '+')) || !take_digits(text, 2, &hours) ||
        !take_byte(text, ':') || !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    const int64_t offset = hours * MS_PER_HOUR + minutes * MS_PER_MINUTE;
    *ms = behind ? -offset : offset;
    return true;
}

static bool date_exists(struct civil date)
{
    if (date.year < 1970 || date.month < 1 || date.month > 12 || date.day < 1) {
        return false;
    }
    const struct civil back = civil_from_days(days_from_civil(date));
    return back.month == date.month && back.day == date.day;
}

err_t time_parse(span_t text, wall_t *out)
{
    struct civil date = {0};
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t ms = 0;
    int64_t offset = 0;
    const bool has_date = take_digits(&text, 4, &date.year) && take_byte(&text, '-') &&
                          take_digits(&text, 2, &date.month) && take_byte(&text, '-') &&
                          take_digits(&text, 2, &date.day) && take_byte(&text, 'T');
    const bool has_time = has_date && take_digits(&text, 2, &hour) && take_byte(&text, ':') &&
                          take_digits(&text, 2, &minute) && take_byte(&text, ':') &&
                          take_digits(&text, 2, &second);
    if (!has_time || !take_fraction(&text, &ms) || !take_offset(&text, &offset) || text.len > 0) {
        return err_new(ERR_FORMAT);
    }
    if (!date_exists(date) || hour > 23 || minute > 59 || second > 59) {
        return err_new(ERR_RANGE);
    }
    const int64_t at = days_from_civil(date) * MS_PER_DAY + hour * MS_PER_HOUR +
                       minute * MS_PER_MINUTE + second * MS_PER_S + ms - offset;
    if (at < 0 || at > TIME_TEXT_LAST_MS) {
        return err_new(ERR_RANGE);
    }
    *out = (wall_t){at};
    return ERR_OK;
}
