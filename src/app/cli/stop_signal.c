#include "app/cli/stop_signal.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

err_t stop_signal_open(int *fd)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t stop;
    (void)sigemptyset(&stop);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        (void)sigaddset(&stop, numbers[i]);
    }
    const int opened = signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
    (void)sigaddset(&stop, SIGPIPE); /* a closed pipe is told by the stream */
    if (opened < 0 || pthread_sigmask(SIG_BLOCK, &stop, NULL) != 0) {
        return err_new(ERR_IO);
    }
    *fd = opened;
    return ERR_OK;
}

bool stop_signal_came(int fd)
{
    struct pollfd look = {.fd = fd, .events = POLLIN};
    return poll(&look, 1, 0) == 1;
}

int stop_signal_take(int fd)
{
    struct signalfd_siginfo came;
    return fd >= 0 && read(fd, &came, sizeof came) == (ssize_t)sizeof came ? (int)came.ssi_signo
                                                                           : 0;
}
