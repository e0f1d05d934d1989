/* Lines for people: aligned by display width, wrapped, coloured when asked, hostile text escaped. */
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

#include "reports/formats.h"

enum tone { TONE_PLAIN, TONE_BOLD, TONE_DIM, TONE_RED, TONE_YELLOW, TONE_GREEN, TONE_MAGENTA };

struct page {
    const struct sink *sink;
    int  width;
    bool colour;
    bool good;       /* false once the sink has failed; nothing is written then */
};

void page_init(struct page *, const struct report_options *, const struct sink *);
void page_blank(struct page *);

/* A paragraph: the label at column indent (may be NULL), the text at indent + label_width, wrapped, the following lines
 * under its first. A word that is longer than a line is broken, behind a ':' or ',' if there is one.
 * Everything is escaped. */
struct place {
    int         indent, label_width;
    const char *label;
    enum tone   label_tone, tone;
};
void page_text(struct page *, struct place, const char *text);
void page_printf(struct page *, struct place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, but never wrapped: for what is copied from here to somewhere else. */
void page_paste(struct page *, struct place, const char *text);

/* One line of cells, two spaces between; a cell wider than its width moves those after it, and what would pass the right
 * edge goes to the next line, under the first cell that stands there. Empty cells at the end leave nothing. */
struct cell {
    int         width;
    enum tone   tone;
    const char *text;
};
void page_row(struct page *, int indent, const struct cell *, size_t count);

enum tone tone_of_verdict(enum verdict);
enum tone tone_of_severity(enum severity);

#endif
