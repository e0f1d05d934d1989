/* Members of a saved report, checked one by one. Only the readers include this. */
#ifndef REPORTS_READING_H
#define REPORTS_READING_H

#include "reports/report.h"
#include "scanner/base/error.h"
#include "scanner/base/json.h"

struct reading {
    struct region *region;
    struct report *report;
    const char    *where;   /* the destination, or the part of the report, for messages */
    struct error  *err;     /* the first thing that is wrong */
    bool           good;
};

void reading_fails(struct reading *, const char *key, const char *what);

/* NULL where the member is null or absent. Texts borrow from the tree. */
const char *read_text(struct reading *, const struct json *, const char *key);
/* The same, but a text must be there: "" after a failure. */
const char *need_text(struct reading *, const struct json *, const char *key);
const struct json *need_object(struct reading *, const struct json *, const char *key);
const struct json *need_array(struct reading *, const struct json *, const char *key);
bool    need_bool(struct reading *, const struct json *, const char *key);
/* From 0 to max; 0 where it is null or absent. */
int64_t read_number(struct reading *, const struct json *, const char *key, int64_t max);
int64_t need_time(struct reading *, const struct json *, const char *key);
enum verdict need_verdict(struct reading *, const struct json *, const char *key);
enum reason  need_reason(struct reading *, const struct json *, const char *key);
struct text_list read_texts(struct reading *, const struct json *array, const char *key);

void read_findings(struct reading *, const struct json *array, struct findings *);
/* What the history added: into the report. */
void read_trend(struct reading *, const struct json *array);
void read_changes(struct reading *, const struct json *);
/* NULL where it was not asked for. */
const struct published *read_published(struct reading *, const struct json *);
/* The mechanism of --as: into the report. */
void read_as(struct reading *, const struct json *);
/* What logs and the queue added (json_mail.c). */
const struct weight *read_weight(struct reading *, const struct json *);
void read_mail(struct reading *, const struct json *);
/* One destination, with what is proposed for it where the report proposes anything; it lives in the region. */
const struct result *read_result(struct reading *, const struct json *);

#endif
