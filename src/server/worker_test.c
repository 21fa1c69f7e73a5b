/* What loops do besides connections: news, visits, waiting for descriptors. */
#include "net/stream.h"
#include "server/visitor_test.h"

#include <sys/resource.h>
#include <sys/un.h>

static unsigned one = 1;
static unsigned three = 3;

/* ---- mail */

struct round {
    struct site *site;
    size_t visits[3];
    pthread_t in[3];
    sem_t all;
};

static void visit(void *ctx, struct shard *shard)
{
    struct round *r = ctx;
    for (unsigned i = 0; i < server_loops(r->site->server); i++) {
        if (server_shard(r->site->server, i) == shard) {
            r->visits[i] += 1;
            r->in[i] = pthread_self();
        }
    }
}

static void visited(void *ctx)
{
    struct round *r = ctx;
    (void)sem_post(&r->all);
}

static void a_visit_goes_to_every_loop_once_and_in_its_thread(void **state)
{
    struct site *s = *state;
    struct courier *courier = s->api.courier;
    struct round r = {.site = s};
    assert_int_equal(sem_init(&r.all, 0, 0), 0);
    for (size_t times = 1; times <= 3; times++) {
        assert_ok(courier->every_loop(courier, visit, visited, &r));
        while (sem_wait(&r.all) != 0) {
            assert_int_equal(errno, EINTR);
        }
        for (unsigned i = 0; i < server_loops(s->server); i++) {
            assert_int_equal(r.visits[i], times);
            assert_true(pthread_equal(r.in[i], s->server->worker[i]->thread));
        }
    }
    (void)sem_destroy(&r.all);
}

static void news_of_nobody_is_no_trouble(void **state)
{
    struct site *s = *state;
    struct courier *courier = s->api.courier;
    for (uint8_t i = 0; i < 50; i++) {
        courier->tell(courier, (uuid_t){{i}}, i % 2 == 0 ? TELL_BLOCK : TELL_END, END_OPERATOR, 0);
    }
    struct visitor v;
    visitor_open(&v, s);
    visitor_ask(&v, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&v, false), 200);
    visitor_close(&v);
}

struct last {
    uuid_t id;
    uint32_t failures;
    sem_t read;
};

static void look_for(void *ctx, struct shard *shard)
{
    struct last *last = ctx;
    const struct live *live = shard_peek(shard, last->id);
    last->failures = live == NULL ? last->failures : live->mpin_failures;
}

static void looked(void *ctx)
{
    struct last *last = ctx;
    (void)sem_post(&last->read);
}

/* However many news there are, and whatever memory: each comes, in the order of its worker. */
static void more_news_than_letters_all_arrive(void **state)
{
    struct site *s = *state;
    struct courier *courier = s->api.courier;
    struct visitor v;
    struct badge b;
    visitor_open(&v, s);
    site_register(s, ANN);
    badge_get(&b, &v, ANN, "phone");
    visitor_close(&v);
    for (unsigned i = 0; i < 3 * NEWS_MAX; i++) {
        courier->tell(courier, b.id, TELL_MPIN_FAILURES, END_NONE, i);
    }
    struct last last = {.id = b.id};
    assert_int_equal(sem_init(&last.read, 0, 0), 0);
    assert_ok(courier->every_loop(courier, look_for, looked, &last));
    while (sem_wait(&last.read) != 0) {
        assert_int_equal(errno, EINTR);
    }
    assert_int_equal(last.failures, 3 * NEWS_MAX - 1);
    (void)sem_destroy(&last.read);
}

/* ---- without descriptors */

static int lowest_free(void)
{
    const int fd = dup(STDOUT_FILENO);
    assert_true(fd >= 0);
    (void)close(fd);
    return fd;
}

/* Who is in is served; who comes is hung up on instead of being left waiting. */
static void without_descriptors_those_who_are_in_are_served(void **state)
{
    struct site *s = *state;
    struct rlimit usual = {0};
    struct visitor old;
    visitor_open(&old, s);
    visitor_ask(&old, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&old, false), 200);

    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct visitor late = {.fd = fd};
    const struct timeval patience = {.tv_sec = SITE_PATIENCE_S};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    buf_init(&late.in, (size_t)1 << 20);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    const struct rlimit none = {.rlim_cur = (rlim_t)lowest_free(), .rlim_max = usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons(server_port(s->server)),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int connected = connect(fd, (const struct sockaddr *)&to, sizeof to);
    const bool ended = connected == 0 && visitor_ends(&late);
    visitor_ask(&old, "GET", "/health/live", "", "");
    const unsigned served = visitor_read(&old, false);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
    assert_true(ended);
    assert_int_equal(served, 200);
    visitor_close(&late);

    visitor_open(&late, s);
    visitor_ask(&late, "GET", "/health/live", "", "");
    assert_int_equal(visitor_read(&late, false), 200);
    visitor_close(&late);
    visitor_close(&old);
}

/* ---- without even a spare one */

enum { PUBLIC, CONTROL, LISTENERS };

/* What only the first loop may touch. */
struct look {
    struct worker *worker;
    int bare; /* the listener that loses its spare descriptor; LISTENERS: none */
    uint64_t round;
    uint32_t wants[LISTENERS]; /* events */
    sem_t over;
};

static void look_around(void *ctx, struct shard *shard)
{
    struct look *l = ctx;
    struct worker *w = l->worker;
    if (shard != w->shard) {
        return;
    }
    if (l->bare != LISTENERS) {
        stream_close(l->bare == PUBLIC ? &w->listener.spare_fd : &w->control.spare_fd);
    }
    l->round = w->round;
    l->wants[PUBLIC] = w->accept_watch.events;
    l->wants[CONTROL] = w->control_watch.events;
}

static void look_is_over(void *ctx)
{
    (void)sem_post(&((struct look *)ctx)->over);
}

static struct look look(struct site *s, int bare)
{
    struct look l = {.worker = s->server->worker[0], .bare = bare};
    assert_int_equal(sem_init(&l.over, 0, 0), 0);
    assert_ok(s->api.courier->every_loop(s->api.courier, look_around, look_is_over, &l));
    while (sem_wait(&l.over) != 0) {
        assert_int_equal(errno, EINTR);
    }
    (void)sem_destroy(&l.over);
    return l;
}

static bool both_accept(struct site *s)
{
    const struct look l = look(s, LISTENERS);
    return l.wants[PUBLIC] == EPOLLIN && l.wants[CONTROL] == EPOLLIN;
}

static void make_caller(struct visitor *v, int family)
{
    const struct timeval patience = {.tv_sec = SITE_PATIENCE_S};
    *v = (struct visitor){.fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(setsockopt(v->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    buf_init(&v->in, (size_t)1 << 20);
}

static bool call_at(const struct visitor *v, const struct site *s, int listener)
{
    if (listener == PUBLIC) {
        const struct sockaddr_in to = {.sin_family = AF_INET,
                                       .sin_port = htons(server_port(s->server)),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        return connect(v->fd, (const struct sockaddr *)&to, sizeof to) == 0;
    }
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%.100s", s->config.control_path);
    return connect(v->fd, (const struct sockaddr *)&to, sizeof to) == 0;
}

static bool comes_to_an_end(const struct visitor *v)
{
    struct pollfd end = {.fd = v->fd, .events = POLLIN};
    return poll(&end, 1, 3000) == 1;
}

struct taken {
    struct rlimit usual;
    size_t count;
    int fd[64];
};

/* Take every descriptor up to this one: a spare that is given up is free to be used, and no other. */
static void take_all(struct taken *t, int last)
{
    t->count = 0;
    while (lowest_free() < last) {
        assert_true(t->count < ARRAY_LEN(t->fd));
        t->fd[t->count++] = dup(STDOUT_FILENO);
    }
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &t->usual), 0);
    const struct rlimit none = {.rlim_cur = (rlim_t)lowest_free(), .rlim_max = t->usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void give_back(const struct taken *t)
{
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &t->usual), 0);
    for (size_t i = 0; i < t->count; i++) {
        (void)close(t->fd[i]);
    }
}

/* Without descriptors, and one of the listeners without its spare: it alone pauses. */
static void pause_one(struct site *s, int bare)
{
    const int other = bare == PUBLIC ? CONTROL : PUBLIC;
    struct taken taken;
    struct visitor waits;
    struct visitor refused;
    make_caller(&waits, bare == PUBLIC ? AF_INET : AF_UNIX);
    make_caller(&refused, other == PUBLIC ? AF_INET : AF_UNIX);
    (void)nanosleep(&(struct timespec){.tv_nsec = 100000000},
                    NULL); /* the journal opens its next */
    (void)look(s, bare);
    take_all(&taken, refused.fd);
    const bool called = call_at(&waits, s, bare);
    const struct look before = look(s, LISTENERS);
    (void)nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
    const struct look after = look(s, LISTENERS);
    const bool ended = call_at(&refused, s, other) && comes_to_an_end(&refused);
    give_back(&taken);
    assert_true(called);
    assert_in_range(after.round - before.round, 0, 50); /* it sleeps, and does not spin */
    assert_int_equal(after.wants[other], EPOLLIN);
    assert_true(ended);
    visitor_close(&refused);

    visitor_ask(&waits, "GET", bare == PUBLIC ? "/health/live" : "/ctl/status", "", "");
    assert_int_equal(visitor_read(&waits, false), 200); /* the pause has an end */
    visitor_close(&waits);
    site_wait(both_accept, s);
}

static void a_listener_that_cannot_accept_pauses_alone(void **state)
{
    const unsigned *const loops = *state;
    for (int bare = 0; bare < LISTENERS; bare++) {
        struct site s;
        char path[SCRATCH_PATH];
        site_make(&s, *loops, false);
        scratch_path(&s.house.dir, "control.sock", path);
        assert_true(strlen(path) <= 100);
        s.config.control_path = path;
        site_open(&s);
        pause_one(&s, bare);
        site_end(&s);
    }
}

/* ---- without a disk */

static bool journal_runs(struct site *s)
{
    return journal_state_of(s->house.svc.journal) == JOURNAL_RUNNING;
}

static unsigned post_event(struct visitor *v, const struct badge *b)
{
    char target[128];
    char headers[SITE_TOKEN_BYTES + 128];
    (void)snprintf(target, sizeof target, "/api/v1/ws/sessions/%s/events", b->session);
    (void)snprintf(headers, sizeof headers, "%sContent-Type: application/json\r\n",
                   b->authorization);
    visitor_ask(v, "POST", target, headers, "[{\"event_type\":\"app_resume\",\"data\":{}}]");
    return visitor_read(v, false);
}

enum { TIMES = 9 };

static void on_a_full_disk_events_are_refused_until_there_is_room(void **state)
{
    struct site *s = *state;
    site_register(s, ANN);
    for (int i = 0; i < TIMES; i++) {
        struct visitor v;
        struct badge b;
        visitor_open(&v, s);
        badge_get(&b, &v, ANN, "phone");
        assert_int_equal(post_event(&v, &b), 200);
        atomic_store(&s->disk.error, ENOSPC);
        for (int k = 0; k < 3; k++) { /* the first one waits for the disk in vain */
            assert_int_equal(post_event(&v, &b), 503);
            assert_true(visitor_heard(&v, "\"urn:canara:problem:unavailable\""));
        }
        visitor_ask(&v, "GET", "/api/v1/auth/session-status", b.authorization, "");
        assert_int_equal(visitor_read(&v, false), 200); /* reading goes on */
        atomic_store(&s->disk.error, 0);
        site_wait(journal_runs, s);
        assert_int_equal(post_event(&v, &b), 200);
        visitor_close(&v);
    }
    assert_false(server_is_draining(s->server));
}

static bool is_draining(struct site *s)
{
    return server_is_draining(s->server);
}

/* Nothing is said to be on the disk that is not, and the server asks for its own end. */
static void a_journal_that_has_failed_acknowledges_nothing_and_ends_the_server(void **state)
{
    struct site *s = *state;
    struct visitor v[TIMES];
    struct badge b[TIMES];
    site_register(s, ANN);
    for (int i = 0; i < TIMES; i++) {
        visitor_open(&v[i], s);
        badge_get(&b[i], &v[i], ANN, "phone");
        if (i % 2 == 1) {
            assert_int_equal(visitor_upgrade(&v[i], &b[i], ""), 101);
            visitor_expect(&v[i], "\"connection_established\"");
        }
    }
    atomic_store(&s->disk.error, EIO);
    for (int i = 0; i < TIMES; i++) {
        if (i % 2 == 1) {
            visitor_say(&v[i], "{\"event_type\":\"app_resume\",\"data\":{}}");
        } else {
            assert_int_equal(post_event(&v[i], &b[i]), 503);
        }
    }
    site_wait(is_draining, s);
    assert_string_equal(server_drained_by(s->server), "journal");
    site_stop(s);
    for (int i = 1; i < TIMES; i += 2) {
        assert_int_equal(visitor_hear(&v[i]), WS_CLOSE);
        assert_true(v[i].item.code == 1001 || v[i].item.code == 1013);
    }
    for (int i = 0; i < TIMES; i++) {
        visitor_close(&v[i]);
    }
}

/* ---- acknowledgements that find no place */

/* Something to be done within the only loop. */
struct within {
    struct site *site;
    bool fill;
    atomic_bool done;
};

static void fill_or_empty(void *ctx, struct shard *shard)
{
    const struct within *in = ctx;
    struct worker *w = in->site->server->worker[0];
    ack_t ack = {.position = UINT64_MAX, .conn = UINT32_MAX};
    assert_ptr_equal(w->shard, shard);
    while (in->fill ? !failed(acks_push(&w->acks, &ack)) : acks_pop(&w->acks, UINT64_MAX, &ack)) {}
}

static void note_done(void *ctx)
{
    struct within *in = ctx;
    atomic_store(&in->done, true);
}

static void in_the_loop(struct site *s, bool fill)
{
    struct within in = {.site = s, .fill = fill};
    assert_ok(server_visit(s->server, fill_or_empty, note_done, &in));
    for (int ms = 0; !atomic_load(&in.done); ms++) {
        assert_true(ms < 20000);
        (void)usleep(1000);
    }
}

/* A client that was never told would wait for ever, with its socket open. */
static void an_event_whose_acknowledgement_finds_no_place_ends_its_socket(void **state)
{
    static const char event[] = "{\"event_type\":\"app_resume\",\"data\":{}}";
    struct site *s = *state;
    struct visitor v;
    struct badge b;
    site_register(s, ANN);
    visitor_open(&v, s);
    badge_get(&b, &v, ANN, "phone");
    assert_int_equal(visitor_upgrade(&v, &b, ""), 101);
    visitor_expect(&v, "\"connection_established\"");
    visitor_say(&v, event);
    visitor_expect(&v, "\"data_received\"");
    in_the_loop(s, true);
    visitor_say(&v, event);
    visitor_expect_close(&v, 1013);
    visitor_close(&v);
    in_the_loop(s, false);
}

#define BOTH(name) SITE_TEST(name, one), SITE_TEST(name, three)

int main(void)
{
    /* clang-format off */
    const struct CMUnitTest tests[] = {
        SITE_TEST(an_event_whose_acknowledgement_finds_no_place_ends_its_socket, one),
        BOTH(a_visit_goes_to_every_loop_once_and_in_its_thread),
        BOTH(news_of_nobody_is_no_trouble),
        BOTH(more_news_than_letters_all_arrive),
        BOTH(without_descriptors_those_who_are_in_are_served),
        cmocka_unit_test_prestate(a_listener_that_cannot_accept_pauses_alone, &one),
        BOTH(on_a_full_disk_events_are_refused_until_there_is_room),
        BOTH(a_journal_that_has_failed_acknowledges_nothing_and_ends_the_server),
    };
    /* clang-format on */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
