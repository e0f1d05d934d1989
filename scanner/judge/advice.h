/* What could be better than a policy entry as it stands, though mail goes: each line was judged on the same facts before it is
 * told. */
#ifndef SCANNER_JUDGE_ADVICE_H
#define SCANNER_JUDGE_ADVICE_H

#include "scanner/judge/trial.h"

/* A line of the policy table for one next-hop. */
struct advice {
    enum finding_code code;     /* CAN_BE_TIGHTENED ... FINGERPRINT_ENDS */
    const char   *key;          /* the next-hop: what the line begins with */
    const char   *value;        /* what it should say; NULL: it is to be taken out */
    const char   *text;         /* why, without full stop */
    const struct policy *policy; /* the entry as it is */
    const struct pin *pin;      /* FINGERPRINT_UNUSED: that one; else NULL */
    size_t        runs;         /* of the history, in a row, that found it; 0: not known */
    bool          later;        /* not within the horizon: it is no finding */
    bool          held_back;    /* they are too few yet: it is no finding */
    struct advice *next;
};

/* A fingerprint of an entry. */
struct pin {
    const char *key;            /* the next-hop */
    const char *text;           /* "AB:CD:..." */
    const char *digits;         /* the same without colons, as the judgement compares it */
    const char *hosts;          /* that show it: "mx1.example.net, mx2.example.net (1 of 2 addresses)"; "": none does */
    bool        of_certificate, of_key;
    int64_t     not_after;      /* when the first of those certificates ends; INT64_MAX: nobody shows it */
    struct pin *next;
};

struct advice_found {
    struct advice *advice;
    struct pin    *pins;
    bool           wanted;      /* facts are missing, and were noted in the view's wants: ask, and call again */
    bool           unseen;      /* a stricter line could not be judged on these facts */
    bool           told;        /* it is among the findings of the result */
};

enum advice_scope {
    ADVICE_ENTRIES,             /* lines of tables alone */
    ADVICE_ALL                  /* and where main.cf alone sets the level */
};

/* For one destination; result is its final judgement with that input. With wants in the view, what a stricter line would need
 * is wanted, where what was seen leaves a chance that it would do. Everything lives in the region or with the result. */
void advice_find(struct region *, struct advice_found *, struct trial *, const struct judge_input *, const struct result *,
                 enum advice_scope);

/* Whether a finding with that code is advice. */
bool advice_is_code(const char *code);
/* The reason, with the runs that it held for. */
const char *advice_text(struct region *, const struct advice *);
/* "example.org secure"; NULL: the line is to be taken out. */
const char *advice_line(struct region *, const struct advice *);

#endif
