/* A report that was read from a file: what of it formats write again as it stands. Only reports/ includes this. */
#ifndef REPORTS_SAVED_H
#define REPORTS_SAVED_H

#include "reports/report.h"
#include "scanner/base/json.h"

struct saved {
    struct json *generator, *run, *configuration, *certificates;   /* live as long as the report's region */
};

/* Every result of a saved report is one of these. */
struct saved_result {
    struct result      result;
    const struct json *json;
};

/* The destination as the file has it, keys of later versions included: another reference. */
struct json *saved_result_json(const struct result *);
/* The certificate with that key, "sha256:..."; another reference. */
struct json *saved_certificate_json(const struct report *, const char *key);

#endif
