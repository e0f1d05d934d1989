/* The HTML report in the making: what is counted and grouped once, and the sections that are made from it. */
#ifndef REPORTS_HTML_PAGE_H
#define REPORTS_HTML_PAGE_H

#include "reports/html_groups.h"
#include "reports/html_story.h"

/* A host's own certificate, and how many destinations it was seen for. */
struct html_leaf {
    const struct cert   *cert;
    const char          *host;
    const struct result *last;     /* the destination that was counted last */
    size_t               destinations;
    size_t               bucket;       /* how long it still lasts: html_pictures.c */
    size_t               place;        /* among all, the first to end first */
};

#define LEVEL_ROWS (LEVEL_SECURE - LEVEL_INVALID + 2)   /* the last is that of no policy */
#define GROUPS_SHOWN 25                                 /* of what needs doing, and of what will break */
#define LEAVES_SHOWN 8                                  /* certificates that are named */

struct html_page {
    const struct report  *report;
    const struct sink    *sink;
    struct region        *region;
    const struct result **results;      /* worst first */
    struct html_group   **troubles;     /* of results[i]; NULL: delivered as asked, or acknowledged */
    struct html_groups   *todo, *soon;
    size_t                acknowledged; /* destinations whose fault is */
    size_t                by_level[LEVEL_ROWS][VERDICT_UNKNOWN + 1];  /* rows: html_level_row */
    struct dict          *leaves;       /* certificate id -> struct html_leaf */
    struct html_leaf    **by_end;       /* the same, the first to end first */
    bool                  log_tells_tls;
    struct dict          *news;         /* destination -> struct change, what the history says of it */
};

/* Worst first; the order of every list of verdicts. */
extern const enum verdict html_verdict_order[];
#define HTML_VERDICTS 5

/* The level that the policy asks for: its row, and the row's word. */
size_t html_level_row(const struct story *);
const char *html_level_word(size_t row);

/* Sorts what was seen of certificates into by_end, and each into its bucket. */
void html_leaves_sort(struct html_page *);
/* The certificate of a host itself; NULL: none was seen, or it is none. */
struct html_leaf *html_leaf_of(const struct html_page *, const struct host_result *);

/* Sections that fit into memory whatever the report is. */
void html_title(struct html_page *, struct buf *);
void html_generator(struct html_page *, struct buf *);
void html_headline(struct html_page *, struct buf *);
void html_run(struct html_page *, struct buf *);
void html_tiles(struct html_page *, struct buf *);
void html_todo(struct html_page *, struct buf *);
void html_soon(struct html_page *, struct buf *);
void html_better(struct html_page *, struct buf *);
void html_local(struct html_page *, struct buf *);
void html_changes(struct html_page *, struct buf *);
void html_pictures(struct html_page *, struct buf *);
/* Among the pictures. Nothing where no mail log was given. The mask: what the log and the forecast have of a destination. */
void html_mail(struct html_page *, struct buf *);
unsigned html_mail_mask(const struct html_page *, const struct result *);
/* Beside it: the table entries by the mail that they guard. Nothing where neither log nor queue was read. */
void html_entries(struct html_page *, struct buf *);
/* Whether the log has words about the TLS of deliveries. */
bool html_mail_tells_tls(const struct report *);
/* Among the pictures. Nothing where there are fewer than two runs to compare. */
void html_trend(struct html_page *, struct buf *);
/* What domains publish, and what guards their mail. Nothing where none was asked. */
void html_protection(struct html_page *, struct buf *);
/* What --as would change; nothing without. The mask: how it would change a destination. */
void html_as(struct html_page *, struct buf *);
unsigned html_as_mask(const struct result *);
void html_configuration(struct html_page *, struct buf *);

/* A finding about the whole, as an item of a list. */
void html_finding(struct region *, struct buf *, const struct finding *);

/* Sections that grow with the number of destinations: straight to the sink. The list for readers without JavaScript, and
 * the data for those with it. */
bool html_plain_list(struct html_page *, const struct sink *);
bool html_data(struct html_page *, const struct sink *);

#endif
