#include "base/write_all.h"

#include <errno.h>
#include <unistd.h>

err_t write_all(int fd, span_t bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        const ssize_t put = write(fd, bytes.ptr + done, bytes.len - done);
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put <= 0) {
            const bool full = put < 0 && (errno == ENOSPC || errno == EDQUOT);
            return err_new(full ? ERR_STORAGE : ERR_IO);
        }
        done += (size_t)put;
    }
    return ERR_OK;
}
