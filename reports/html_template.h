/* The page's fixed text: reports/html/report.html with its style and script, made by reports/html/make-template. */
#ifndef REPORTS_HTML_TEMPLATE_H
#define REPORTS_HTML_TEMPLATE_H

struct html_piece {
    const char *text;
    const char *slot;   /* what follows the text; NULL: nothing, the end */
};

/* The last one has no slot. */
extern const struct html_piece html_template[];

#endif
