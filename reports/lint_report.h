/* What lint found, for people and for programs. */
#ifndef REPORTS_LINT_REPORT_H
#define REPORTS_LINT_REPORT_H

#include "reports/formats.h"
#include "scanner/judge/lint.h"

#define LINT_FORMAT         "posttls-audit/lint"
#define LINT_FORMAT_VERSION 1

/* "FILE:LINE: SEVERITY: what [code]", then what happens to mail and the line to put instead; a summary at the end. */
bool lint_report_text(const struct config *, const struct lint_result *, const struct report_options *,
                      const struct sink *);
/* One object, valid against reports/lint.schema.json. */
bool lint_report_json(const struct config *, const struct lint_result *, const struct sink *);
/* SARIF 2.1.0. */
bool lint_report_sarif(const struct config *, const struct lint_result *, const struct sink *);

#endif
