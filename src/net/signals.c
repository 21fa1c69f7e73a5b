#include "net/signals.h"

#include "base/util.h"

#include <sys/signalfd.h>
#include <unistd.h>

static void arrived(struct watch *self, uint32_t events)
{
    (void)events;
    struct signals *s = CONTAINER_OF(self, struct signals, watch);
    struct signalfd_siginfo info;
    if (read(self->fd, &info, sizeof info) == (ssize_t)sizeof info) {
        s->caught(s, (int)info.ssi_signo); /* may deinit: nothing is touched after it */
    }
}

/* Those that ask for something other than an end. */
sigset_t signals_held(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigaddset(&set, SIGUSR2);
    return set;
}

static sigset_t our_signals(void)
{
    sigset_t set = signals_held();
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    return set;
}

void signals_hold(void)
{
    const sigset_t held = signals_held();
    MUST(pthread_sigmask(SIG_BLOCK, &held, NULL) == 0);
}

err_t signals_init(struct signals *s, struct loop *loop,
                   void (*caught)(struct signals *self, int signal_number))
{
    const sigset_t ours = our_signals();
    sigset_t before;
    const int fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0) {
        return err_new(ERR_IO);
    }
    if (pthread_sigmask(SIG_BLOCK, &ours, &before) != 0) {
        (void)close(fd);
        return err_new(ERR_IO);
    }
    *s = (struct signals){.watch = {.fd = fd, .events = EPOLLIN, .ready = arrived},
                          .loop = loop,
                          .before = before,
                          .caught = caught};
    const err_t watched = loop_watch(loop, &s->watch);
    if (failed(watched)) {
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        (void)close(fd);
        return watched;
    }
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignore, NULL);
    return ERR_OK;
}

void signals_deinit(struct signals *s)
{
    loop_unwatch(s->loop, &s->watch);
    (void)close(s->watch.fd);
    s->watch.fd = -1;
    (void)pthread_sigmask(SIG_SETMASK, &s->before, NULL);
}
