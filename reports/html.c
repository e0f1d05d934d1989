#include "reports/html.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "reports/escape.h"

/* The longest that escape_terminal makes of one octet, with room to spare. */
#define GROWTH 8

static const char *entity_of(char c)
{
    static const struct {
        char        c;
        const char *entity;
    } entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" } };
    size_t i;

    for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
        if (entities[i].c == c)
            return entities[i].entity;
    return NULL;
}

/* Adds text; what the function names for a character stands in its place. */
static void add_replaced(struct buf *out, struct slice text, const char *(*replacement)(char))
{
    size_t from = 0, i;

    for (i = 0; i < text.n; i++) {
        const char *instead = replacement(text.p[i]);

        if (instead == NULL)
            continue;
        buf_add(out, text.p + from, i - from);
        buf_add_text(out, instead);
        from = i + 1;
    }
    buf_add_slice(out, slice_from_index(text, from));
}

/* Text as a terminal could show it, then with replacements. */
static void add_shown(struct buf *out, const char *text, const char *(*replacement)(char))
{
    struct slice given = slice_of(text);
    struct buf   shown;

    buf_init(&shown, GROWTH * given.n + 64);
    escape_terminal(given, &shown);
    add_replaced(out, buf_slice(&shown), replacement);
    buf_clear(&shown);
}

void html_text(struct buf *out, const char *text)
{
    add_shown(out, text, entity_of);
}

void html_printf(struct buf *out, const char *format, ...)
{
    const char *at;
    va_list     args;

    va_start(args, format);
    while ((at = strchr(format, '%')) != NULL) {
        buf_add(out, format, (size_t)(at - format));
        if (at[1] == 's')
            html_text(out, va_arg(args, const char *));
        else if (at[1] == 'd')
            buf_printf(out, "%d", va_arg(args, int));
        else if (at[1] == 'z' && at[2] == 'u')
            buf_printf(out, "%zu", va_arg(args, size_t));
        else
            assert(!"html_printf: an unknown conversion");
        format = at + (at[1] == 'z' ? 3 : 2);
    }
    va_end(args);
    buf_add_text(out, format);
}

static const char *json_escape_of(char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '<':
        return "\\u003c";
    case '\n':
        return "\\n";
    default:
        return NULL;
    }
}

void html_json_markup(struct buf *out, const char *markup)
{
    buf_add_char(out, '"');
    add_replaced(out, slice_of(markup), json_escape_of);
    buf_add_char(out, '"');
}

void html_json_text(struct buf *out, const char *text)
{
    buf_add_char(out, '"');
    add_shown(out, text, json_escape_of);
    buf_add_char(out, '"');
}
