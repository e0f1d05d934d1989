/* The history, and a comparison, for other programs: history.schema.json, changes.schema.json. */
#ifndef SCANNER_HISTORY_JSON_H
#define SCANNER_HISTORY_JSON_H

#include "reports/formats.h"
#include "scanner/history.h"

#define HISTORY_FORMAT "posttls-audit/history"
#define HISTORY_FORMAT_VERSION 1
#define CHANGES_FORMAT "posttls-audit/changes"
#define CHANGES_FORMAT_VERSION 1

/* How a destination fared. */
struct history_subject {
    const char                     *destination;
    struct history_life             life;
    struct history_acknowledgement *acknowledged;         /* in force */
    size_t                          acknowledged_count;
};

/* The runs, or when somebody asked for destinations, these. */
struct history_document {
    struct history_run     *runs;
    size_t                  run_count;
    struct history_subject *subjects;
    size_t                  subject_count;
};
bool history_json_write(const struct history_document *, const struct sink *);

/* Two looks, and what is different. Of a run of a history: its number; of a report: its file. */
struct compared_side {
    int64_t     run;         /* 0: it is a file */
    const char *file;        /* NULL: it is a run */
    int64_t     started;
    bool        complete;    /* not cut short */
};
struct compared {
    struct compared_side  before, after;
    const struct changes *changes;
};
bool compared_json_write(const struct compared *, const struct sink *);

#endif
