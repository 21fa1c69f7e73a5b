#include "app/commands/commands.h"

#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

/* Whoever started us may have closed some of the first three. What is opened next would get such a number,
 * and everything printed or logged would go into it. */
static bool fill_standard_descriptors(void)
{
    int fd = -1;
    do {
        fd = open("/dev/null", O_RDWR); /* NOLINT(android-cloexec-open): children need them, too */
    } while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    return fill_standard_descriptors() ? commands_main(argc, argv) : EXIT_CODE_FAILED;
}
