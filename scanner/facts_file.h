/* The facts file: JSON Lines, one fact a line behind a header. Written by scan --save-facts, read by replay. */
#ifndef SCANNER_FACTS_FILE_H
#define SCANNER_FACTS_FILE_H

#include "reports/formats.h"
#include "scanner/base/address.h"
#include "scanner/base/error.h"
#include "scanner/base/json.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts.h"
#include "scanner/losses.h"
#include "scanner/policy/policy.h"

struct facts_header {
    int64_t     started, finished;   /* of the run that observed */
    bool        complete, journal;   /* journal: of a run that goes on, or was cut off (journal.h) */
    const char *resolver;            /* NULL: not told */
    struct report_sharing sharing;   /* what was asked, so that a replay tells it too */
    struct losses lost;              /* network processes, likewise */
    const struct prefix *allow;      /* --allow-address of that run: what it contacted, a replay may judge */
    size_t      allow_count;
    struct text_list begun_for;      /* of a journal (purpose.h); none: not told */
};

/* What two files tell together: from the first start to the last finish. */
void facts_header_add(struct region *, struct facts_header *all, const struct facts_header *one);

/* Writes all facts. False when the sink failed. */
bool facts_file_write(const struct facts_header *, struct facts *, const struct sink *);

/* The same in parts, by a run that does not keep all facts: first a header whose end nobody knows yet, then single facts and
 * in the end what was kept; last, over the first header, the one that holds. It has the same start, resolver and addresses. */
bool facts_file_begin(const struct facts_header *, const struct sink *);
bool facts_file_add_destination(const char *text, const struct sink *);
bool facts_file_add_dns(const struct dns_fact *, const struct sink *);
bool facts_file_add_kept(struct facts *, const struct sink *);
bool facts_file_end(const struct facts_header *, const struct sink *);

/* One line of such a file: the header, as a new value; and a line with its number, 1 being the header, which fills *header,
 * any other adding to facts. False: *err (65). */
struct json *facts_header_to_json(const struct facts_header *);
bool facts_file_read_line(struct region *, const char *path, int number, struct slice line, struct facts_header *,
                          struct facts *, struct error *err);

/* Reads a file into facts; what the header gives lives in the region. False: *err (66 missing, 65 malformed) with line. */
bool facts_file_read(struct region *, const char *path, struct facts_header *, struct facts *, struct error *err);

#endif
