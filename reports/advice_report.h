/* Advice for people, wherever it comes from: a scan, saved facts, a saved report, the history. */
#ifndef REPORTS_ADVICE_REPORT_H
#define REPORTS_ADVICE_REPORT_H

#include "reports/formats.h"
#include "scanner/judge/advice.h"

struct advice_item {
    const char *destination, *code, *text;
    const char *entry;   /* as it is: "/etc/postfix/tls_policy:12: example.net may"; NULL: not known */
    const char *paste;   /* the line to be; NULL: none */
};

struct advice_document {
    const char         *source;        /* "facts of 2026-11-20 01:15:00 UTC" */
    struct advice_item *items;
    size_t              count;
    const struct pin  **pins;
    size_t              pin_count;
    int64_t             when;          /* days left are counted from here */
    size_t              unseen;        /* destinations for which a stricter line could not be judged */
    bool                no_table;      /* no policy table is there to take a line */
    size_t              held_back;     /* lines that did not hold for so many */
    unsigned long       runs;
};

/* There must be room for one item more. */
void advice_document_add(struct advice_document *, struct advice_item);
/* The advice of a report's results, or where they are read from a file, the findings that are advice. Lives in the region. */
void advice_document_of_report(struct advice_document *, struct region *, const struct report *);

bool advice_document_write(const struct advice_document *, const struct report_options *, const struct sink *);

#endif
