/* Files that an earlier run wrote: which kind one is, and reports read back. */
#ifndef SCANNER_SAVED_FILE_H
#define SCANNER_SAVED_FILE_H

#include "reports/report.h"
#include "scanner/base/error.h"
#include "scanner/base/json.h"
#include "scanner/base/slice.h"

/* Reads a report, JSON or JSON lines, and checks it; it lives in the region. The tree is for report_merge(); free it with
 * json_free. NULL: *err (66 missing, 65 malformed) names file and line. */
struct json *saved_file_report(struct region *, const char *path, struct report *, struct error *err);

enum saved_kind {
    SAVED_OTHER,      /* none of ours */
    SAVED_REPORT,
    SAVED_FACTS,
    SAVED_JOURNAL,    /* facts too, of a run that goes on or was cut off */
    SAVED_HISTORY,    /* the database */
    SAVED_RUNS,       /* what history, diff and lint write as JSON, for other programs */
    SAVED_CHANGES,
    SAVED_LINT
};
/* By its first bytes, or by the member "format" of its first value. False: *err (66). */
bool saved_file_kind(struct region *, const char *path, enum saved_kind *, struct error *err);
/* "a report", "a facts file" ... Not of SAVED_OTHER. */
const char *saved_kind_words(enum saved_kind);
/* The text of a file is not what was wanted (never SAVED_OTHER): where it is of another kind of ours, *err becomes an error
 * (65) that says which, and what to name instead; else it stays as it is. */
void saved_kind_explain(const char *path, struct slice text, enum saved_kind wanted, struct error *err);
/* False: it is a file of another kind of ours; *err (65). What else is wrong with it SQLite knows, which mends what a crash left. */
bool saved_file_may_be_history(const char *path, struct error *err);

#endif
