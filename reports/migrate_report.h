/* A migration as text: the new tables, the lines of main.cf, remarks as comments. */
#ifndef REPORTS_MIGRATE_REPORT_H
#define REPORTS_MIGRATE_REPORT_H

#include "reports/formats.h"
#include "scanner/judge/migrate.h"

/* Each part begins with a comment "# FILE: ...", and what is no comment in it belongs into that file. */
bool migrate_report(const struct config *, const struct migration *, const struct sink *);

#endif
