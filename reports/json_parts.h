/* The members of the JSON report, each as a value: shared by the object and by the lines. The caller frees them. */
#ifndef REPORTS_JSON_PARTS_H
#define REPORTS_JSON_PARTS_H

#include "reports/formats.h"
#include "scanner/base/dict.h"
#include "scanner/base/json.h"

#define REPORT_FORMAT "posttls-audit/report"
#define REPORT_FORMAT_VERSION 1

struct standing;           /* standing.h */
struct standing_published; /* the same */
struct changes;  /* compare.h */

struct json *json_of_time(int64_t when);   /* RFC 3339 */
struct json *json_of_generator(const struct report *);
/* still_running: what is only known at the end is null. */
struct json *json_of_run(const struct report *, bool still_running);
struct json *json_of_configuration(const struct report *);
/* The configuration of report->proposed, with its summary and findings. */
struct json *json_of_proposed(const struct report *);
struct json *json_of_summary(const struct report *);
/* What --as comes to; of a report that has it. */
struct json *json_of_as(const struct report *);
struct json *json_of_published(const struct published *);   /* NULL gives null */
struct json *json_of_texts(const struct text_list *);
struct json *json_of_findings(const struct findings *);
/* What logs and the queue add. */
struct json *json_of_weight(const struct weight *);
struct json *json_of_mail(const struct report *);
/* What the history adds. */
struct json *json_of_trend(const struct report *);
struct json *json_of_changes(const struct report *);
/* Parts of it, for documents of their own. Counts by verdict become members of an object. */
void json_put_verdicts(struct json *object, const size_t *by_verdict);
struct json *json_of_standing(const struct standing *);   /* NULL gives null */
struct json *json_of_standing_published(const struct standing_published *); /* the same */
struct json *json_of_change_list(const struct changes *);
struct json *json_of_result(const struct report *, const struct result *);   /* never changed: it may be shared */

/* The lookups behind a result, in order. */
struct json *json_of_lookups(const struct report *, const struct result *);

/* Notes the certificates that a result names: id -> struct cert. */
void used_certificates(struct dict *, const struct report *, const struct result *);
/* They as an object, in the order of their ids. */
struct json *json_of_certificates(const struct report *, struct dict *);

/* Writes a value in one line. */
bool sink_json(const struct sink *, const struct json *);

#endif
