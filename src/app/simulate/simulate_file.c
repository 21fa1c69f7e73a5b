/* simulate_file.c - simulated sessions as the lines that the server would have kept. */
#include "app/cli/stop_signal.h"
#include "app/persona/persona_secret.h"
#include "app/simulate/simulate.h"
#include "codec/event_scan.h"
#include "codec/json_write.h"
#include "codec/uuid_text.h"

#include <stdlib.h>
#include <string.h>

enum { DAY_MS = 86400000, BANKING_HOURS_MS = 8 * 3600000, LINE_MAX = PERSONA_EVENT_MAX + 1024 };

struct pen {
    struct event_scratch *scratch;
    scanned_event_t *scanned; /* [EVENTS_PER_MESSAGE_MAX] */
    struct buf event, line;
    FILE *out;
    uint64_t written; /* lines */
};

void simulate_people_init(struct simulate_people *people, const struct simulate *s)
{
    rng_seed(&people->rng, s->seed);
}

uint64_t simulate_next_person(struct simulate_people *people)
{
    return rng_u64(&people->rng);
}

static void pen_deinit(struct pen *p)
{
    free(p->scratch);
    free(p->scanned);
    buf_deinit(&p->event);
    buf_deinit(&p->line);
}

static err_t pen_init(struct pen *p, FILE *out)
{
    *p = (struct pen){.out = out,
                      .scratch = malloc(sizeof *p->scratch),
                      .scanned = calloc(EVENTS_PER_MESSAGE_MAX, sizeof *p->scanned)};
    buf_init(&p->event, PERSONA_EVENT_MAX);
    buf_init(&p->line, LINE_MAX);
    return p->scratch == NULL || p->scanned == NULL ? err_new(ERR_NOMEM) : ERR_OK;
}

/* A name like one of the server's: version 4, from the person's own stream. */
static uuid_t draw_session(struct rng *r)
{
    uuid_t id;
    const uint64_t bits[2] = {rng_u64(r), rng_u64(r)};
    memcpy(id.byte, bits, sizeof id.byte);
    id.byte[6] = (uint8_t)((id.byte[6] & 0x0f) | 0x40);
    id.byte[8] = (uint8_t)((id.byte[8] & 0x3f) | 0x80);
    return id;
}

static err_t write_line(struct pen *p, wall_t at, uuid_t session, const char *email)
{
    size_t count = 0;
    scan_fault_t fault;
    MUST(event_scan(p->scratch, buf_span(&p->event), p->scanned, &count, &fault) == SCAN_OK);
    MUST(count == 1);
    buf_clear(&p->line);
    struct json_writer w;
    json_writer_init(&w, &p->line);
    json_begin_object(&w);
    json_name(&w, "timestamp");
    json_time(&w, at);
    json_name(&w, "event_type");
    json_text(&w, p->scanned[0].type);
    json_name(&w, "data");
    json_raw(&w, p->scanned[0].data);
    json_name(&w, "session_id");
    json_uuid(&w, session);
    json_name(&w, "user_email");
    json_cstr(&w, email);
    json_end_object(&w);
    TRY(json_finish(&w));
    TRY(buf_append_byte(&p->line, '\n'));
    p->written++;
    return fwrite(p->line.ptr, 1, p->line.len, p->out) == p->line.len ? ERR_OK : err_new(ERR_IO);
}

/* One session: of whom, in whose account, when. */
struct visit {
    uint64_t account;
    unsigned number;
    wall_t begin;
    uuid_t session;
    const char *email;
};

/* The password opens a session and the MPIN proves it. The server would have kept how many keys; these
 * people are made up, so that their rhythm may be there to learn from. What follows is later. */
static err_t write_secrets(struct pen *p, const struct persona *persona, struct visit *v)
{
    struct persona_secret secret;
    if (persona->kind != PERSONA_OWNER && persona->kind != PERSONA_OTHER) {
        return ERR_OK;
    }
    secret_init(&secret, persona, v->account, v->number);
    for (int field = 0; field < SECRET_FIELDS; field++) {
        int64_t took = 0;
        TRY(secret_event(&secret, (enum secret_field)field, &p->event, &took));
        v->begin = wall_after_ms(v->begin, took);
        TRY(write_line(p, v->begin, v->session, v->email));
    }
    return ERR_OK;
}

static err_t write_session(struct pen *p, const struct simulate *s, struct visit *v)
{
    struct persona persona;
    persona_init(&persona, s->kind, v->account, v->number);
    TRY(write_secrets(p, &persona, v));
    for (;;) {
        int64_t due = 0;
        bool more = false;
        TRY(persona_next(&persona, &due, &p->event, &more));
        if (!more || due > s->minutes * 60000) {
            return ERR_OK;
        }
        TRY(write_line(p, wall_after_ms(v->begin, due), v->session, v->email));
    }
}

err_t simulate_write(const struct simulate *s, FILE *out, int stop_fd, uint64_t *events)
{
    struct simulate_people people;
    CLEANUP(pen_deinit) struct pen p = {0};
    TRY(pen_init(&p, out));
    simulate_people_init(&people, s);
    for (unsigned n = 0; n < s->persons; n++) {
        const uint64_t who = simulate_next_person(&people);
        struct rng own;
        char email[96];
        rng_seed(&own, who);
        (void)snprintf(email, sizeof email, "person%u-seed%llu@canara.example", n + 1,
                       (unsigned long long)s->seed);
        for (unsigned k = 0; k < s->sessions; k++) {
            if (stop_signal_came(stop_fd)) {
                return err_new(ERR_TIMEOUT);
            }
            struct visit v = {.account = who, .number = k, .email = email};
            v.session = draw_session(&own);
            const int64_t at = (int64_t)rng_below(&own, BANKING_HOURS_MS) + (int64_t)k * DAY_MS;
            v.begin = wall_after_ms(s->start, at);
            TRY(write_session(&p, s, &v));
        }
    }
    *events = p.written;
    return fflush(out) == 0 ? ERR_OK : err_new(ERR_IO);
}
