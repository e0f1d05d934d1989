/* One destination's whole story in HTML. */
#ifndef REPORTS_HTML_STORY_H
#define REPORTS_HTML_STORY_H

#include "reports/html_parts.h"
#include "reports/story.h"
#include "scanner/base/json.h"

struct html_teller {
    const struct report *report;
    struct region       *region;   /* of what is being told just now */
    struct html_parts   *parts;    /* what is shared goes there; NULL: it is told wherever it belongs */
};

/* Why, what to do, the log line, the policy entry, other findings, the route with its hosts, the command that shows it
 * again. The story was found in the teller's region. */
void html_story(struct html_teller *, struct buf *, const struct story *);

/* "until 2026-12-01: they know"; of a result that is acknowledged. */
const char *acknowledgement_text(const struct story *);
/* What would become of it under the proposed configuration; nothing when none is. */
void html_proposed(struct buf *, const struct story *);

/* What its domain publishes, and what the configuration makes of it without --as; nothing where neither is known. */
void html_published(struct buf *, const struct story *);
void html_configured(struct buf *, const struct story *);

/* A host of the JSON report, with its chain, its TLSA records and what was said. */
void html_host(struct html_teller *, struct buf *, const struct json *host);

/* The word with its mark; NULL is left out. */
void html_verdict(struct buf *, const char *word);
void html_severity(struct buf *, enum severity);
/* A term and what it is, where there is something to say. */
void html_term(struct buf *, const char *term, const char *text);
void html_term_code(struct buf *, const char *term, const char *text);
/* What to do, and what to paste where. */
void html_remedy(struct buf *, const struct remedy *);
/* Whole days from one time to another, rounded down. */
int64_t days_between(int64_t from, int64_t to);
/* "in 6 days", "3 days ago". */
const char *days_text(struct region *, int64_t from, int64_t to);

#endif
