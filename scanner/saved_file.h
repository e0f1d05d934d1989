/* Files that an earlier run wrote: reports and facts. */
#ifndef SCANNER_SAVED_FILE_H
#define SCANNER_SAVED_FILE_H

#include "reports/report.h"
#include "scanner/base/error.h"
#include "scanner/base/json.h"

/* Reads a report, JSON or JSON lines, and checks it; it lives in the region. The tree is for report_merge(); free it with
 * json_free. NULL: *err (66 missing, 65 malformed) names file and line. */
struct json *saved_file_report(struct region *, const char *path, struct report *, struct error *err);

enum saved_kind { SAVED_REPORT, SAVED_FACTS, SAVED_OTHER };
/* By the member "format" of its first value. False: *err (66). */
bool saved_file_kind(struct region *, const char *path, enum saved_kind *, struct error *err);

#endif
