/* A saved report back into a result: every format gives the bytes that the run itself would have given. */
#ifndef REPORTS_READ_REPORT_H
#define REPORTS_READ_REPORT_H

#include "reports/report.h"
#include "scanner/base/error.h"
#include "scanner/base/json.h"

/* The tree of a saved report: one JSON object, or JSON lines put together to one. Free with json_free. NULL, and *err says
 * what is wrong and in which line (status 0, no file: the caller knows them). */
struct json *report_parse(struct slice text, struct error *err);

/* Fills the report from such a tree; it lives in the region and keeps the tree as long as that. What formats need is
 * checked, closed lists included; other keys are kept for the JSON formats as they stand. False: *err names the place. */
bool report_read(struct region *, struct report *, struct json *tree, struct error *err);

/* Joins the trees of several reports of the same format into a new one. A destination that is in more than one is taken
 * from the run that finished last of those that observed it, and stands where it stood first; the configuration is that of the run that finished
 * last. Each tree must be one that report_read() takes; count is at least 1. */
struct json *report_merge(struct json *const *trees, size_t count);

#endif
