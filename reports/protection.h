/* Who is protected by what: what domains publish, what guards mail to them here, and what --as would change. In words and
 * counts, shared by the formats for people. */
#ifndef REPORTS_PROTECTION_H
#define REPORTS_PROTECTION_H

#include "reports/report.h"

/* What was found of the domain, judged for the configuration as it is; NULL: it was not asked for. */
const struct published *result_published(const struct result *);
/* Whether any destination has that. */
bool report_has_published(const struct report *);

/* What a domain publishes to have its mail authenticated: the strongest of it. */
enum publishes {
    PUBLISHES_BOTH,       /* DANE, and an MTA-STS policy in force */
    PUBLISHES_DANE,
    PUBLISHES_ENFORCE,
    PUBLISHES_TESTING,
    PUBLISHES_BROKEN,     /* an MTA-STS record or policy that does not hold */
    PUBLISHES_NOTHING,
    PUBLISHES_UNKNOWN,
    PUBLISHES_COUNT
};
enum publishes publishes_of(const struct published *);
const char *publishes_word(enum publishes);   /* "DANE and MTA-STS" */

/* What guards mail to a destination, by its forecast. */
enum guard {
    GUARD_DANE, GUARD_STS,
    GUARD_POLICY,         /* authenticated by an entry, or by a level of main.cf other than dane */
    GUARD_ENCRYPTED,      /* with whoever answers */
    GUARD_CLEAR,
    GUARD_HELD,           /* deferred or bounced: nothing is sent */
    GUARD_UNKNOWN,
    GUARD_COUNT
};
enum guard guard_of(const struct report *, const struct result *);
const char *guard_word(enum guard);           /* "own policy" */

struct protection {
    size_t asked;                                  /* destinations of which it was asked */
    size_t cells[PUBLISHES_COUNT][GUARD_COUNT];
    size_t guards[GUARD_COUNT], publishes[PUBLISHES_COUNT];
    size_t willing, served;                        /* domains that can be authenticated by what they publish; those that are */
};
void protection_count(struct protection *, const struct report *);
/* "5 of 7 domains that publish DANE or enforce MTA-STS get their mail authenticated". */
const char *protection_sentence(struct region *, const struct protection *);

/* "the table", "DANE"; of MECHANISM_NONE "nothing that the domain publishes". */
const char *mechanism_name(enum mechanism);
/* One sentence each, without full stop. The first: what decides about a result that tells what its domain publishes, and what
 * comes of DANE where that cannot be followed. */
const char *winner_text(struct region *, const struct result *);
const char *dane_text(struct region *, const struct published_dane *);
const char *sts_text(struct region *, const struct published_sts *);
const char *tlsrpt_text(struct region *, const struct published_tlsrpt *);
/* "deliver, level dane, TLS verified"; "defer, DSN 4.7.5: the server's certificate ..."; NULL: nothing was judged. */
const char *as_if_text(struct region *, const struct as_if *);
/* "mx1.example.net, *.example.org and 12 more" */
const char *sts_patterns_text(struct region *, const struct published_sts *, size_t shown);
/* Hosts that fit no pattern, or those that do. */
const char *sts_hosts_text(struct region *, const struct published_sts *, bool fits, size_t shown);

/* --as, of one destination. */
struct as_change {
    bool judged;                                   /* both ways */
    bool worse, better, gains, loses;              /* gains, loses: authentication */
};
struct as_change as_change_of(const struct result *);
/* "If DANE were followed for all, 3 of 4812 destinations would newly defer, 611 would gain authentication". */
const char *as_sentence(struct region *, const struct report *);

#endif
