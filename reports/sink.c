#include <stdarg.h>
#include <stdio.h>

#include "reports/formats.h"
#include "scanner/base/mem.h"

bool sink_write(const struct sink *sink, struct slice text)
{
    return text.n == 0 || sink->write(sink->arg, text.p, text.n);
}

bool sink_text(const struct sink *sink, const char *text)
{
    return sink_write(sink, slice_of(text));
}

bool sink_printf(const struct sink *sink, const char *format, ...)
{
    va_list args;
    char   *text;
    bool    good;
    int     n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        mem_exhausted();
    good = sink->write(sink->arg, text, (size_t)n);
    mem_free(text);
    return good;
}
