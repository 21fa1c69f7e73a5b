#include "load/tally.h"

#include "base/util.h"

static const char *const names[TROUBLES] = {
    [TROUBLE_REFUSED] = "refused",
    [TROUBLE_LOCAL] = "local",
    [TROUBLE_TLS] = "tls",
    [TROUBLE_CLOSED] = "closed",
    [TROUBLE_TIMEOUT] = "timeout",
    [TROUBLE_HTTP_401] = "http_401",
    [TROUBLE_HTTP_403] = "http_403",
    [TROUBLE_HTTP_410] = "http_410",
    [TROUBLE_HTTP_429] = "http_429",
    [TROUBLE_HTTP_503] = "http_503",
    [TROUBLE_HTTP_OTHER] = "http_other",
    [TROUBLE_WS_1001] = "ws_1001",
    [TROUBLE_WS_1008] = "ws_1008",
    [TROUBLE_WS_1013] = "ws_1013",
    [TROUBLE_WS_ENDED] = "ws_ended",
    [TROUBLE_WS_OTHER] = "ws_other",
    [TROUBLE_REJECTED] = "rejected",
    [TROUBLE_PROTOCOL] = "protocol",
    [TROUBLE_MISMATCH] = "mismatch",
};

const char *trouble_name(enum trouble t)
{
    return names[t];
}

bool trouble_is_overload(enum trouble t)
{
    return t == TROUBLE_HTTP_429 || t == TROUBLE_HTTP_503 || t == TROUBLE_WS_1013;
}

enum trouble trouble_of_status(unsigned status)
{
    static const struct {
        unsigned status;
        enum trouble trouble;
    } rows[] = {{401, TROUBLE_HTTP_401},
                {403, TROUBLE_HTTP_403},
                {410, TROUBLE_HTTP_410},
                {429, TROUBLE_HTTP_429},
                {503, TROUBLE_HTTP_503}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].status == status) {
            return rows[i].trouble;
        }
    }
    return TROUBLE_HTTP_OTHER;
}

enum trouble trouble_of_close(uint16_t code)
{
    static const struct {
        uint16_t code;
        enum trouble trouble;
    } rows[] = {{1001, TROUBLE_WS_1001},  {1008, TROUBLE_WS_1008},  {1013, TROUBLE_WS_1013},
                {4401, TROUBLE_WS_ENDED}, {4403, TROUBLE_WS_ENDED}, {4408, TROUBLE_WS_ENDED},
                {4409, TROUBLE_WS_ENDED}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].code == code) {
            return rows[i].trouble;
        }
    }
    return TROUBLE_WS_OTHER;
}

uint64_t tally_answers(const struct tally *t)
{
    uint64_t all = 0;
    for (size_t i = 0; i < SCENARIOS; i++) {
        all += t->answers[i];
    }
    return all;
}

uint64_t tally_troubles(const struct tally *t)
{
    uint64_t all = 0;
    for (size_t i = 0; i < TROUBLES; i++) {
        all += t->trouble[i];
    }
    return all;
}
