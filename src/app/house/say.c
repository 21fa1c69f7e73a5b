#include "app/house/say.h"

#include "base/limits.h"
#include "base/line_sink.h"
#include "base/util.h"

#include <stdarg.h>
#include <stdio.h>

void say(int fd, const char *format, ...)
{
    char line[LIMIT_LOG_LINE_BYTES];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0) {
        return;
    }
    const size_t len = size_min((size_t)n, sizeof line - 1);
    line[len] = '\n'; /* in the place of the NUL */
    struct line_sink sink;
    line_sink_init(&sink, fd);
    (void)line_sink_write(&sink, line, len + 1);
    line_sink_deinit(&sink);
}
