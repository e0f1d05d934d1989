/* The formats a report can be written in: a format is a row and a function. */
#ifndef REPORTS_FORMATS_H
#define REPORTS_FORMATS_H

#include "reports/report.h"

/* Where bytes go. write gives false when they cannot be kept; nothing more is written then. */
struct sink {
    bool (*write)(void *arg, const char *data, size_t n);
    void *arg;
};
bool sink_write(const struct sink *, struct slice);
bool sink_text(const struct sink *, const char *text);
bool sink_printf(const struct sink *, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct report_options {
    bool colour;      /* text: the sink is a terminal that takes colours */
    bool verbose;     /* text: hosts and their story under every destination */
    int  width;       /* text, explain: columns; 0: 80 */
    int64_t last_success; /* metrics: when a run last had seen, for a report that has not; 0: not known */
    bool policy_only; /* explain: nothing was observed; routing and policy alone */
};

struct format {
    const char *word;    /* "text", "json", ...: the option is --word FILE */
    const char *help;    /* "the report as one JSON object" */
    bool (*write)(const struct report *, const struct report_options *, const struct sink *);
    /* The same in parts, while the run goes on; NULL: it can only be written whole. */
    bool (*write_header)(const struct report *, const struct sink *);
    bool (*write_destination)(const struct report *, const struct result *, const struct sink *);
    bool (*write_end)(const struct report *, const struct sink *);
};

/* NULL when there is none; row i, NULL past the end. */
const struct format *format_find(const char *word);
const struct format *format_at(size_t i);

/* JSON lines, destination by destination: a header, any number of destinations in order of completion (with their
 * certificates inside), a summary. The run part of the header has finished null. */
bool report_jsonl_header(const struct report *, const struct sink *);
bool report_jsonl_destination(const struct report *, const struct result *, const struct sink *);
bool report_jsonl_summary(const struct report *, const struct sink *);

/* What explain prints: every step in order, from routing to what would make it better. */
bool report_explain(const struct report *, const struct result *, const struct report_options *, const struct sink *);

#endif
