/* Worse, better, appeared, vanished: two looks at the same destinations. Two configurations, two reports, two runs. */
#ifndef REPORTS_COMPARE_H
#define REPORTS_COMPARE_H

#include "reports/standing.h"

/* In the order in which they are told. */
enum change_kind { CHANGE_WORSE, CHANGE_BETTER, CHANGE_OTHER, CHANGE_APPEARED, CHANGE_VANISHED, CHANGE_SAME };
#define CHANGE_KINDS (CHANGE_SAME + 1)
const char *change_word(enum change_kind);             /* "worse" ... "same" */

/* deliver < unknown < downgrade < defer < bounce; but from a fault into unknown is neither worse nor better. OTHER: the same
 * verdict, yet another level, effective level, TLS word, reason or set of hosts, or the domain publishes something else. Reasons that come and go with the network
 * (a timeout, then a refused connection) are one. */
enum change_kind verdicts_compare(enum verdict before, enum verdict after);   /* WORSE, BETTER, OTHER; SAME for equal ones */
enum change_kind standing_compare(const struct standing *before, const struct standing *after);

struct change {
    enum change_kind       kind;
    const struct standing *before;   /* NULL: APPEARED */
    const struct standing *after;    /* NULL: VANISHED */
    const char            *note;     /* one sentence more; NULL */
};

struct changes {
    struct change *items;            /* by kind, then in the order of the destinations */
    size_t         count;
    size_t         by_kind[CHANGE_KINDS];  /* SAME is counted here, and not among the items */
};

void changes_init(struct changes *, struct region *, size_t room);
/* Counts it; keeps it unless it is SAME. There must be room. */
void changes_add(struct changes *, struct change);
/* By kind; the order within a kind is kept. */
void changes_sort(struct changes *, struct region *);

/* By name, in the order of after; what vanished comes last, in the order of before. */
void changes_find(struct changes *, struct region *, const struct standing *before, size_t before_count,
                  const struct standing *after, size_t after_count);
/* A report and the one proposed instead of it. */
void changes_of_proposed(struct changes *, struct region *, const struct report *);
enum change_kind change_of_proposed(const struct report *, const struct result *);
/* --as: from the configuration as it is to the mechanism. */
enum change_kind change_of_as(const struct report *, const struct result *);

/* How many new verdicts of each kind there are among what turned worse: for the exit status. */
void changes_count_verdicts(const struct changes *, size_t counts[VERDICT_UNKNOWN + 1]);

/* What has not come about yet. Each is told once. */
enum outlook_kind {
    OUTLOOK_SOON,      /* the verdict will turn worse within the horizon */
    OUTLOOK_AVERTED,   /* it was to, and will not */
    OUTLOOK_ADVICE     /* an entry could be better */
};
#define OUTLOOK_KINDS (OUTLOOK_ADVICE + 1)
const char *outlook_word(enum outlook_kind);           /* "soon", "averted", "advice" */

struct outlook {
    enum outlook_kind kind;
    const char       *destination;
    const char       *text;        /* a sentence without full stop */
    const char       *paste;       /* the line of the policy table that it speaks of; NULL */
};

/* What a run has to say that the one before it had not. */
struct news {
    int64_t         run, before;   /* numbers in the history; before 0: there was none, and of what appeared only faults are
                                      among the changes */
    int64_t         since;         /* when the run before began */
    struct changes  changes;
    struct findings findings;      /* critical, about the whole, with the day since when if it is not new */
    struct outlook *outlooks;      /* in the order of the destinations */
    size_t          outlook_count;
};

/* What became of the MTA-STS policy and its id, in words; NULL: nothing, or it is not known on both sides. */
const char *policy_difference(struct region *, const struct standing_published *before, const struct standing_published *after);

/* What is different, in words: "level may -> dane, TLS anonymous -> verified"; "" when nothing is. */
const char *standing_difference(struct region *, const struct standing *before, const struct standing *after);
/* Of that, what the domain publishes otherwise. */
const char *standing_publication_difference(struct region *, const struct standing *before, const struct standing *after);

#endif
