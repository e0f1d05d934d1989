#include "reports/page.h"

#include <stdarg.h>

#include "reports/escape.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 40
#define WIDTH_MAX 120 /* longer lines are hard to read */

static const char *const codes[] = {
    [TONE_PLAIN] = "",          [TONE_BOLD] = "\033[1m",    [TONE_DIM] = "\033[2m",     [TONE_RED] = "\033[1;31m",
    [TONE_YELLOW] = "\033[33m", [TONE_GREEN] = "\033[32m",  [TONE_MAGENTA] = "\033[35m",
};

void page_init(struct page *page, const struct report_options *options, const struct sink *sink)
{
    int width = options->width > 0 ? options->width : WIDTH_DEFAULT;

    if (width < WIDTH_MIN)
        width = WIDTH_MIN;
    *page = (struct page){ sink, width < WIDTH_MAX ? width : WIDTH_MAX, options->colour, true };
}

static void put(struct page *page, struct slice text)
{
    page->good = page->good && sink_write(page->sink, text);
}

static void put_spaces(struct page *page, int n)
{
    static const char spaces[] = "                                ";

    for (; n > 0; n -= (int)sizeof(spaces) - 1)
        put(page, slice_head(SLICE(spaces), (size_t)n));
}

static void put_toned(struct page *page, enum tone tone, struct slice text)
{
    bool coloured = page->colour && tone != TONE_PLAIN && text.n > 0;

    if (coloured)
        put(page, slice_of(codes[tone]));
    put(page, text);
    if (coloured)
        put(page, SLICE("\033[0m"));
}

void page_blank(struct page *page)
{
    put(page, SLICE("\n"));
}

/* Where to break a word of which so many bytes fit. */
static size_t break_word(struct slice word, size_t fitting)
{
    size_t end = fitting;

    while (end > fitting / 2 && word.p[end - 1] != ':' && word.p[end - 1] != ',' && word.p[end - 1] != '/')
        end--;
    return end > fitting / 2 ? end : fitting;
}

/* Takes what fits into one line off *rest: whole words, or a piece of one that is longer than a line. */
static struct slice take_line(struct slice *rest, int columns)
{
    size_t       fitting = text_fitting(*rest, columns), end = fitting;
    struct slice line;

    if (fitting < rest->n) {
        while (end > 0 && rest->p[end] != ' ')
            end--;
        if (end == 0)
            end = break_word(*rest, fitting);
    }
    line = slice_head(*rest, end);
    *rest = slice_trim_left(slice_from_index(*rest, end));
    while (line.n > 0 && line.p[line.n - 1] == ' ')
        line.n--;
    return line;
}

static void put_paragraph(struct page *page, struct place place, struct slice label, struct slice text)
{
    int  margin = place.indent + place.label_width;
    int  label_width = text_width(label);
    bool first = true;

    if (margin > page->width / 2)
        margin = page->width / 2;
    if (label.n > 0) {
        put_spaces(page, place.indent);
        put_toned(page, place.label_tone, label);
        if (place.indent + label_width >= margin && text.n > 0) {
            page_blank(page);
            label.n = 0;
        }
    }
    while (text.n > 0) {
        struct slice line = take_line(&text, page->width - margin);

        put_spaces(page, first && label.n > 0 ? margin - place.indent - label_width : margin);
        put_toned(page, place.tone, line);
        page_blank(page);
        first = false;
    }
    if (first && label.n > 0)
        page_blank(page);
}

void page_text(struct page *page, struct place place, const char *text)
{
    struct region *region = region_new();

    put_paragraph(page, place, slice_of(escape_text(region, place.label)), slice_trim(slice_of(escape_text(region, text))));
    region_free(region);
}

void page_printf(struct page *page, struct place place, const char *format, ...)
{
    struct region *region = region_new();
    va_list        args;

    va_start(args, format);
    page_text(page, place, region_vprintf(region, format, args));
    va_end(args);
    region_free(region);
}

void page_paste(struct page *page, struct place place, const char *text)
{
    struct region *region = region_new();

    put_spaces(page, place.indent);
    put_toned(page, place.label_tone, slice_of(place.label != NULL ? place.label : ""));
    put_spaces(page, place.label_width - (place.label != NULL ? text_width(slice_of(place.label)) : 0));
    put_toned(page, place.tone, slice_of(escape_text(region, text)));
    page_blank(page);
    region_free(region);
}

void page_row(struct page *page, int indent, const struct cell *cells, size_t count)
{
    struct region *region = region_new();
    int            column = 0, target = indent;
    size_t         i;

    while (count > 0 && (cells[count - 1].text == NULL || cells[count - 1].text[0] == '\0'))
        count--;
    for (i = 0; i < count; i++) {
        struct slice text = slice_of(escape_text(region, cells[i].text));
        int          width = text_width(text);

        if (text.n > 0 && column > 0 && (column + 2 > target || target + width > page->width)) {
            page_blank(page);
            column = 0;
        }
        if (text.n > 0) {
            put_spaces(page, target - column);
            put_toned(page, cells[i].tone, text);
            column = target + width;
        }
        target += cells[i].width + 2;
    }
    page_blank(page);
    region_free(region);
}

enum tone tone_of_verdict(enum verdict verdict)
{
    static const enum tone tones[] = {
        [VERDICT_DELIVER] = TONE_GREEN, [VERDICT_DOWNGRADE] = TONE_YELLOW,  [VERDICT_DEFER] = TONE_RED,
        [VERDICT_BOUNCE] = TONE_RED,    [VERDICT_UNKNOWN] = TONE_MAGENTA,   [VERDICT_NOT_TRIED] = TONE_DIM,
    };

    return tones[verdict];
}

enum tone tone_of_severity(enum severity severity)
{
    static const enum tone tones[] = {
        [SEVERITY_NOTICE] = TONE_PLAIN, [SEVERITY_WARNING] = TONE_YELLOW, [SEVERITY_CRITICAL] = TONE_RED,
    };

    return tones[severity];
}
