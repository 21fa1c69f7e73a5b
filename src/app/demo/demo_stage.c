#include "app/demo/demo_stage.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAIN "\x1b[0m"
#define BOLD  "\x1b[1m"
#define DIM   "\x1b[2m"
#define RED   "\x1b[1;31m"
#define GREEN "\x1b[32m"
#define ERASE "\r\x1b[2K"

static bool is_set(const char *name)
{
    const char *const value = getenv(name); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    return value != NULL && value[0] != '\0';
}

static bool is_dumb(void)
{
    const char *const term = getenv("TERM"); /* NOLINT(concurrency-mt-unsafe): nobody sets it */
    return term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0;
}

void stage_init(struct stage *s, FILE *out)
{
    const bool terminal = isatty(fileno(out)) == 1 && !is_dumb();
    *s =
        (struct stage){.out = out, .terminal = terminal, .colour = terminal && !is_set("NO_COLOR")};
}

static const char *ink(const struct stage *s, const char *sequence)
{
    return s->colour ? sequence : "";
}

void stage_clear(struct stage *s)
{
    if (s->progress) {
        (void)fputs(ERASE, s->out);
        s->progress = false;
    }
}

void stage_act(struct stage *s, const char *title, const char *story)
{
    stage_clear(s);
    (void)fprintf(s->out, "\n%s%s%s\n%s%s%s\n", ink(s, BOLD), title, ink(s, PLAIN), ink(s, DIM),
                  story, ink(s, PLAIN));
    (void)fflush(s->out);
}

static void __attribute__((format(printf, 3, 0)))
print(struct stage *s, const char *head, const char *format, va_list args)
{
    stage_clear(s);
    (void)fputs(head, s->out);
    (void)vfprintf(s->out, format, args);
}

void stage_say(struct stage *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(s, "        ", format, args);
    va_end(args);
    (void)fputc('\n', s->out);
    (void)fflush(s->out);
}

void stage_progress(struct stage *s, const char *format, ...)
{
    if (!s->terminal) {
        return;
    }
    va_list args;
    va_start(args, format);
    print(s, "        ", format, args);
    va_end(args);
    s->progress = true;
    (void)fflush(s->out);
}

bool stage_expect(struct stage *s, bool happened, const char *format, ...)
{
    char head[32];
    (void)snprintf(head, sizeof head, "  %s%s%s  ", ink(s, happened ? GREEN : RED),
                   happened ? "ok  " : "FAIL", ink(s, PLAIN));
    va_list args;
    va_start(args, format);
    print(s, head, format, args);
    va_end(args);
    (void)fputc('\n', s->out);
    (void)fflush(s->out);
    s->passed += happened ? 1 : 0;
    s->failed += happened ? 0 : 1;
    return happened;
}

void stage_broken(struct stage *s, const char *why)
{
    (void)stage_expect(s, false, "the play goes on to its end: %s", why);
}

void stage_end(struct stage *s)
{
    stage_clear(s);
    const bool well = s->failed == 0 && s->passed > 0;
    (void)fprintf(s->out, "\n%s%u of %u things happened as they should%s\n",
                  ink(s, well ? GREEN : RED), s->passed, s->passed + s->failed, ink(s, PLAIN));
    (void)fflush(s->out);
}
