/* SARIF 2.1.0 (OASIS), for tools that show findings beside the file and line they are about. Written a result at a time. */
#ifndef REPORTS_SARIF_H
#define REPORTS_SARIF_H

#include "reports/formats.h"

struct sarif_rule {
    const char *id, *text;       /* a code, and what it means */
    const char *result_type;     /* RFC 8460; NULL */
};

/* Row i of a closed list; false past the end. */
typedef bool sarif_rule_fn(size_t i, struct sarif_rule *);
/* All findings, then all reasons. */
sarif_rule_fn sarif_finding_rule;

struct sarif_run {
    const char    *version;      /* of this program */
    int64_t        started, finished;
    bool           timed;        /* started and finished are known */
    bool           complete;
    sarif_rule_fn *rule;
};

struct sarif_result {
    const char   *rule;          /* id; one that the list lacks is written all the same */
    enum severity severity;
    const char   *text;
    const char   *destination;   /* NULL: of none */
    const char   *file;          /* NULL: no place is known */
    int           line;          /* 0: the file as a whole */
    const char   *fix;           /* what to write there instead; NULL */
};

struct sarif {
    const struct sink *sink;
    struct dict       *rules;    /* id -> row */
    size_t             results;
    bool               good;     /* false once the sink failed */
};

/* Begin, any number of results, end. Everything is borrowed for the call; run->rule may give texts that live no longer. */
void sarif_begin(struct sarif *, const struct sink *, const struct sarif_run *);
void sarif_add(struct sarif *, const struct sarif_result *);
bool sarif_end(struct sarif *);

#endif
