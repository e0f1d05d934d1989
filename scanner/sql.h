/* The one file that knows SQLite. A database of ours: opened with care, changed in transactions, errors kept: once a
 * statement has failed nothing more is done, and sql_failed() says why. */
#ifndef SCANNER_SQL_H
#define SCANNER_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"

struct sql;

/* Opens a regular file, never through a symbolic link; with create, makes one by running schema. NULL: *err (66 missing, 65
 * not one of ours or damaged, 73 it cannot be written, 75 somebody else writes it). */
struct sql *sql_open(const char *path, bool create, const char *schema, struct error *err);
/* Rolls back what is not committed. NULL is fine. */
void sql_close(struct sql *);

/* Several statements at once, without values: a schema, settings. */
void sql_script(struct sql *, const char *);
void sql_begin(struct sql *);   /* at once the only writer */
void sql_commit(struct sql *);
/* False: all is well. */
bool sql_failed(const struct sql *, struct error *err);

/* Values for the ?s of a statement: one letter each, i (int64_t), t (const char *, NULL gives null). text must be a literal:
 * statements are prepared once. */
void sql_do(struct sql *, const char *text, const char *types, ...);
int64_t sql_last_id(const struct sql *);
int64_t sql_changed(const struct sql *);   /* rows of the last sql_do */

/* Rows of a query; one use of a text at a time. sql_next: true, a row is there; false, there are no more, and the query is
 * over. Ends early with sql_end. */
struct sql_query;
struct sql_query *sql_query(struct sql *, const char *text, const char *types, ...);
bool sql_next(struct sql_query *);
void sql_end(struct sql_query *);
int64_t sql_integer(const struct sql_query *, int column);                       /* null gives 0 */
const char *sql_text(const struct sql_query *, int column, struct region *);     /* a copy; null gives NULL */

/* The first column of the first row; otherwise when there is none. */
int64_t sql_value(struct sql *, int64_t otherwise, const char *text, const char *types, ...);

#endif
