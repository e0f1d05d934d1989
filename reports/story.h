/* What matters in a result, in words: shared by the reports for people. */
#ifndef REPORTS_STORY_H
#define REPORTS_STORY_H

#include "reports/report.h"

struct story {
    struct region            *region;
    const struct report      *report;
    const struct result      *result;
    const struct hop_result  *hop;     /* the next-hop at which the forecast was settled; NULL: none */
    const struct host_result *host;    /* the host that settled it, or whose trouble is left; NULL: none */
    const struct policy      *policy;  /* in force there; NULL: none */
    const struct finding     *cause;   /* the finding that says why; NULL: none */
};

/* What the functions below give lives in the region. */
void story_find(struct story *, struct region *, const struct report *, const struct result *);

/* The text of a finding without the advice at its end. */
const char *finding_fact(struct region *, const struct finding *);
/* Why the forecast is as it is: one sentence. */
const char *story_why(const struct story *);
/* Per-site tables are asked for each host: whether its policy says something else than the next-hop's. */
bool policy_differs(const struct policy *of_host, const struct policy *of_hop);
/* Where a policy stands: the answer of its table; of a global level the parameter's file, line and value, and no key. Empty
 * when it stands nowhere. */
struct table_answer policy_answer(const struct result *, const struct policy *);
/* Is the record one of those that Postfix can use? */
bool tlsa_is_usable(const struct tlsa *, const struct dns_record *);
/* The result type of RFC 8460 for a finding that has a reason's code; NULL. */
const char *finding_rfc8460(const struct finding *);
/* A policy of which nothing is known, because its table could not be read or asked. */
bool story_policy_unread(const struct story *);
/* A certificate is not trusted because no authority is, on our own side. */
bool story_lacks_authorities(const struct story *);
/* "secure"; "may (dane)" where the level in force is not that of the policy; "invalid" for one that Postfix rejects; "-". */
const char *story_level(const struct story *);
/* Where a policy comes from: "/etc/postfix/tls_policy:12: example.net secure match=nexthop". NULL: from nowhere. */
const char *story_entry(const struct story *, const struct policy *);
/* "/etc/postfix/tls_policy:12"; line 0: the file alone. */
const char *file_place(struct region *, const char *file, int line);
/* Where a table's answer stands: the line, or the table; "" when neither is known. */
const char *answer_place(struct region *, const struct table_answer *);
/* As in Postfix's log: "relay=..., dsn=4.7.5, status=deferred (Server certificate not verified)". NULL: not known. */
const char *forecast_log(struct region *, const struct forecast *);
/* The same with the recipient in front where there is one, and with parentheses for the server's reply to a message that is
 * sent, which nobody has seen. */
const char *forecast_log_line(struct region *, const struct destination *, const struct forecast *);
/* "a, b, c and 5 more": at most shown of the items; total is how many there are in truth. */
const char *join_texts(struct region *, const char *const *items, size_t count, size_t total, const char *separator,
                       size_t shown);
/* "2026-11-20 01:15:00 UTC"; "2026-11-20". */
const char *time_text(struct region *, int64_t when);
const char *date_text(struct region *, int64_t when);

/* What to do about the verdict (remedy.c). text NULL: nothing. */
struct remedy {
    const char *text;
    const char *paste;   /* what to write where it belongs: a table line, a DNS record; NULL */
};
struct remedy story_remedy(const struct story *);
/* The sentence of the table for a reason, without names; NULL: nothing to be done. For tests. */
const char *remedy_sentence(enum reason);

#endif
