#include "journal/record.h"

#include "journal/bytes.h"

#include <string.h>

/* Where the fixed fields of a record stand. */
enum {
    AT_LENGTH = 0,
    AT_KIND = 4,
    AT_FLAGS = 5,
    AT_FACT = 6,
    AT_TYPE_LEN = 8,
    AT_TIME_LEN = 10,
    AT_DATA_LEN = 12,
    AT_SESSION = 16,
    AT_ACCOUNT = 32,
    AT_WALL = 48,
    AT_LINE = 56,
    AT_SEQ = 64,
    AT_VALUE = 72,
    FLAG_SECRET = 1
};

_Static_assert(AT_VALUE + sizeof(double) == JOURNAL_RECORD_FIXED, "the value ends the fixed part");

err_t journal_record_size(const journal_record_t *record, size_t *out)
{
    if (record->type.len > JOURNAL_TYPE_MAX || record->client_time.len > JOURNAL_CLIENT_TIME_MAX ||
        record->data.len > JOURNAL_DATA_MAX) {
        return err_new(ERR_RANGE);
    }
    *out = JOURNAL_RECORD_FIXED + record->type.len + record->client_time.len + record->data.len;
    return ERR_OK;
}

void journal_record_head(const journal_record_t *record, size_t size,
                         uint8_t out[JOURNAL_RECORD_FIXED])
{
    uint64_t value_bits = 0;
    memcpy(&value_bits, &record->value, sizeof value_bits);

    bytes_put32(out + AT_LENGTH, (uint32_t)size);
    out[AT_KIND] = (uint8_t)record->kind;
    out[AT_FLAGS] = record->secret ? FLAG_SECRET : 0;
    bytes_put16(out + AT_FACT, record->fact);
    bytes_put16(out + AT_TYPE_LEN, (uint16_t)record->type.len);
    bytes_put16(out + AT_TIME_LEN, (uint16_t)record->client_time.len);
    bytes_put32(out + AT_DATA_LEN, (uint32_t)record->data.len);
    memcpy(out + AT_SESSION, record->session.byte, sizeof record->session.byte);
    memcpy(out + AT_ACCOUNT, record->account.byte, sizeof record->account.byte);
    bytes_put64(out + AT_WALL, bytes_unsigned(record->at.ms));
    bytes_put64(out + AT_LINE, record->line);
    bytes_put64(out + AT_SEQ, bytes_unsigned(record->seq));
    bytes_put64(out + AT_VALUE, value_bits);
}

static bool kind_of(uint8_t byte, enum journal_kind *out)
{
    static const enum journal_kind kinds[] = {JOURNAL_EVENT, JOURNAL_FACT, JOURNAL_SESSION_OPEN,
                                              JOURNAL_SESSION_END};

    if (byte >= sizeof kinds / sizeof *kinds) {
        return false;
    }
    *out = kinds[byte];
    return true;
}

err_t journal_record_read(span_t bytes, journal_record_t *out, size_t *out_size)
{
    if (bytes.len < JOURNAL_RECORD_FIXED) {
        return err_new(ERR_FORMAT);
    }
    const uint8_t *in = bytes.ptr;
    const size_t type_len = bytes_get16(in + AT_TYPE_LEN);
    const size_t time_len = bytes_get16(in + AT_TIME_LEN);
    const size_t data_len = bytes_get32(in + AT_DATA_LEN);
    if (type_len > JOURNAL_TYPE_MAX || time_len > JOURNAL_CLIENT_TIME_MAX ||
        data_len > JOURNAL_DATA_MAX) {
        return err_new(ERR_FORMAT);
    }
    const size_t size = JOURNAL_RECORD_FIXED + type_len + time_len + data_len;
    if (bytes_get32(in + AT_LENGTH) != size || size > bytes.len || in[AT_FLAGS] > FLAG_SECRET) {
        return err_new(ERR_FORMAT);
    }
    journal_record_t record = {0};
    if (!kind_of(in[AT_KIND], &record.kind)) {
        return err_new(ERR_FORMAT);
    }

    const uint64_t value_bits = bytes_get64(in + AT_VALUE);
    memcpy(&record.value, &value_bits, sizeof record.value);
    memcpy(record.session.byte, in + AT_SESSION, sizeof record.session.byte);
    memcpy(record.account.byte, in + AT_ACCOUNT, sizeof record.account.byte);
    record.at.ms = bytes_signed(bytes_get64(in + AT_WALL));
    record.line = bytes_get64(in + AT_LINE);
    record.seq = bytes_signed(bytes_get64(in + AT_SEQ));
    record.secret = in[AT_FLAGS] == FLAG_SECRET;
    record.fact = bytes_get16(in + AT_FACT);
    const uint8_t *text = in + JOURNAL_RECORD_FIXED;
    record.type = (span_t){text, type_len};
    record.client_time = (span_t){text + type_len, time_len};
    record.data = (span_t){text + type_len + time_len, data_len};
    *out = record;
    *out_size = size;
    return ERR_OK;
}

const char *journal_kind_name(enum journal_kind kind)
{
    switch (kind) {
    case JOURNAL_EVENT: return "event";
    case JOURNAL_FACT: return "fact";
    case JOURNAL_SESSION_OPEN: return "session_open";
    case JOURNAL_SESSION_END: return "session_end";
    case JOURNAL_KINDS: break;
    }
    return "unknown";
}
