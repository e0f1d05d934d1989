/* What scan, explain and replay share: the configuration and perhaps a proposed one, the facts, the run over the
 * destinations, the report, its outputs. */
#ifndef SCANNER_AUDIT_H
#define SCANNER_AUDIT_H

#include "reports/formats.h"
#include "scanner/facts_file.h"
#include "scanner/history.h"
#include "scanner/judge/advice.h"
#include "scanner/judge/judge.h"
#include "scanner/options.h"
#include "scanner/outputs.h"
#include "scanner/run.h"

struct audit {
    struct region          *region;
    const struct options   *options;
    struct config          *config;
    struct facts           *facts;
    struct trust           *trust;
    struct destinations     destinations;
    struct config          *proposed_config;           /* NULL: none is proposed; the next three are unused then */
    struct trust           *proposed_trust;
    struct destinations     proposed_destinations;     /* the same texts */
    struct report           proposed;
    struct run_outcome      outcome;
    struct report           report;
    struct outputs          outputs;
    struct maillog         *mail;                      /* --from-log, --from-queue; NULL */
    struct history         *history;                   /* --history; NULL */
    struct news             news;
    bool                    results_kept;              /* else they were streamed and forgotten */
    bool                    replayed;                  /* the arguments were facts files */
    enum advice_scope       advice_scope;              /* of what the report advises, and of what --advise asks for */
    struct trial           *trial;                     /* of what is advised; NULL until something might be */
    int64_t                 began_ms;                  /* when the program began, on the monotonic clock */
    struct journal         *journal;                   /* --resume; NULL */
    struct journal_found    resumed;                   /* what it held */
    struct output          *facts_output;              /* --save-facts; NULL */
    bool                    facts_streamed;            /* to it, as far as they are not kept */
};

/* Reads the configuration. False: *err. */
bool audit_init(struct audit *, struct region *, const struct options *, struct error *err);
void audit_clear(struct audit *);

/* Opens every output (with_reports false: only the facts file) before any work is done, so that a name that cannot be
 * written is told at once. */
bool audit_open_outputs(struct audit *, bool with_reports, struct error *err);

/* Reads what --from-log and --from-queue name. */
bool audit_read_mail(struct audit *, struct error *err);

/* Makes the proposed configuration's destinations out of audit->destinations; those that only it names are added to both.
 * To be called once destinations are there. */
void audit_add_proposed_destinations(struct audit *);

/* Over the network; observes into audit->facts. */
bool audit_run(struct audit *, struct error *err);
/* From the facts alone. */
void audit_replay(struct audit *, bool ask_tables, int64_t evaluated_at);

/* Fills the report from the outcome: findings of the whole, faults of the surroundings, counts. */
void audit_report(struct audit *, int64_t started, int64_t finished, bool complete, const char *resolver);

/* Destinations that never leave by SMTP are told only to who asked for them. */
bool audit_is_shown(const struct audit *, const struct result *);

/* Opens --resume; what an earlier process observed goes into audit->facts. */
bool audit_open_journal(struct audit *, struct error *err);

/* Opens --history, so that an overlap is told before any work is done; and adds the run to it (audit_write keeps it). */
bool audit_open_history(struct audit *, struct error *err);
bool audit_record(struct audit *, struct error *err);

/* Writes the facts file and every output; false when one cannot be kept (none of the others is touched by that).
 * The history is kept last: what was not written is news next time too. */
bool audit_write(struct audit *, struct error *err);

/* The status by verdicts. */
int audit_status(const struct audit *);

#endif
