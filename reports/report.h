/* The result of a run, ordered and counted: what every format is made from. Reports read; they never judge, never probe. */
#ifndef REPORTS_REPORT_H
#define REPORTS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/region.h"
#include "scanner/config/config.h"
#include "scanner/facts/facts.h"
#include "scanner/judge/published.h"

struct news; /* compare.h */
struct mail_account; /* mail.h */

struct report_counts {
    size_t destinations;
    size_t by_verdict[VERDICT_UNKNOWN + 1];
};

/* What was asked of others, and what the destinations would have asked for, each for itself. */
struct report_sharing {
    size_t questions_asked, questions_needed;           /* DNS */
    size_t conversations_asked, conversations_needed;   /* profiles; a retry is not counted */
    size_t policies_asked, policies_needed;             /* of MTA-STS, over HTTPS */
};

/* --as: what the run would come to if every destination followed one mechanism, against the configuration as it is. Of the
 * destinations that are judged both ways; results[i]->configured tells how each stands. */
struct report_as {
    enum mechanism mechanism;        /* MECHANISM_DANE, MECHANISM_STS; MECHANISM_NONE: no --as, and the rest is empty */
    size_t worse, better;            /* verdicts, by their ranking */
    size_t would_defer, would_bounce, would_downgrade; /* those that turn worse, by what they turn to */
    size_t gain_authentication;      /* mail would be sent, and the TLS word become verified */
    size_t lose_authentication;      /* mail is sent verified, and would be sent without */
};

/* What one run of the history counted. */
struct trend_run {
    int64_t finished;
    size_t  by_verdict[VERDICT_UNKNOWN + 1];
};
#define TREND_MAX 90   /* runs */

/* What a format looks at here has to be read back from the JSON report too (read_report.c). */
struct report {
    /* run */
    int64_t     started, finished, evaluated_at;   /* seconds since 1970 */
    bool        complete;                          /* false: interrupted or past its deadline */
    const char *cut_short_by;                      /* "interrupted", "deadline"; NULL: it is complete, or that is not known */
    const char *journal;                           /* of a run that was cut short, to go on with (--resume); NULL: none */
    struct text_list confinement;                  /* of the process that spoke to the network, in words; empty: there was none */
    const char *resolver;                          /* "127.0.0.1:53"; NULL: none was asked (replay without the information) */
    struct report_sharing sharing;                 /* all 0: nobody was asked (replay) */
    const struct config *config;
    const struct facts  *facts;                    /* certificates, transcripts */
    struct findings      findings;                 /* of the run as a whole */
    const struct result **results;                 /* in the order given by the user */
    size_t               count;
    struct report_counts counts;                   /* kept by report_count */
    bool                 explained;                /* explain: each lookup is told */
    const struct report *proposed;                 /* the same run under a proposed configuration: config, findings, results
                                                      (those of results[i]->proposed) and counts are its own; NULL: none */
    const struct news   *news;                     /* what changed since the run before; NULL: no history is kept */
    bool                 news_only;                /* the text report tells that instead of everything */
    const struct trend_run *trend;                 /* the last runs of the history that looked at the same, oldest first, this */
    size_t               trend_count;              /* one last; 0: no history is kept */
    struct report_as     as;                       /* results[i] are the verdicts as if, then; made by report_count_as */
    const struct mail_account *mail;               /* of --from-log and --from-queue; NULL: neither was read */
    const struct saved  *saved;                    /* read from a file (read_report.h); config is NULL then. Else NULL */
};

/* What the run was made with; a saved report says so itself. They borrow from the report or live in the region. */
const char *report_program_version(const struct report *);
const char *report_config_dir(const struct report *);
const char *report_postfix_version(struct region *, const struct report *);
const char *report_digest(const struct report *);   /* smtp_tls_fingerprint_digest of the SMTP client; "" without client */

/* Whether the clients have per-site tables (smtp_tls_per_site), and no policy table that would take their place. */
bool report_is_per_site(const struct report *);

/* Whether the verdict is unknown for a fault of our own that a finding of the run tells of: nothing was learnt of it. */
bool report_hides(const struct report *, const struct result *);
/* Whether it is complete and hides nothing. */
bool report_has_seen(const struct report *);

/* Fills counts. */
void report_count(struct report *);
/* Fills as, from results that have a configured one (protection.c). */
void report_count_as(struct report *, enum mechanism);
/* Whether nothing is known of it because the run was cut short. */
bool report_was_cut_off(const struct result *);
/* Of a run that is not complete: what ended it, how much of it is there and how to go on. In the region. */
const char *report_cut_short_text(struct region *, const struct report *);
/* The results, worst verdict first, then the order given. The array lives in the region. */
const struct result **report_worst_first(struct region *, const struct report *);

#endif
