/* The functions behind the rows of formats.c. Only formats.c and the tests name them. */
#ifndef REPORTS_WRITERS_H
#define REPORTS_WRITERS_H

#include "reports/formats.h"

bool report_text_write(const struct report *, const struct report_options *, const struct sink *);
bool report_json_write(const struct report *, const struct report_options *, const struct sink *);
bool report_jsonl_write(const struct report *, const struct report_options *, const struct sink *);
bool report_html_write(const struct report *, const struct report_options *, const struct sink *);
bool report_csv_write(const struct report *, const struct report_options *, const struct sink *);
bool report_junit_write(const struct report *, const struct report_options *, const struct sink *);
bool report_sarif_write(const struct report *, const struct report_options *, const struct sink *);
bool report_metrics_write(const struct report *, const struct report_options *, const struct sink *);

#endif
