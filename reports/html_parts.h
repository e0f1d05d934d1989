/* Markup that many destinations share (a mail host, a certificate): kept once, named by number. */
#ifndef REPORTS_HTML_PARTS_H
#define REPORTS_HTML_PARTS_H

#include "reports/formats.h"
#include "scanner/base/buf.h"

struct html_parts;

struct html_parts *html_parts_new(void);
void html_parts_free(struct html_parts *);

/* Adds to out what stands for the markup: an empty element that names its part; with parts NULL the markup itself. */
void html_part(struct html_parts *, struct buf *out, const struct buf *markup);

/* Lists of JSON strings, each in a script element of its own with the id "KIND-N", so that a reader opens only those it
 * needs. */
#define HTML_LIST_LENGTH 100
struct html_lists {
    const char        *kind;
    const struct sink *sink;
    size_t             count;
};
bool html_lists_add(struct html_lists *, const char *markup);
bool html_lists_end(struct html_lists *);

/* All parts, as lists of the kind "part". */
bool html_parts_write(const struct html_parts *, const struct sink *);

#endif
