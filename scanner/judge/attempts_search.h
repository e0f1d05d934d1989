/* The search behind attempts.c: addresses reduced to what tells their attempts apart, and which ends can still be reached
 * from a point on the way. Only attempts*.c include this. */
#ifndef SCANNER_JUDGE_ATTEMPTS_SEARCH_H
#define SCANNER_JUDGE_ATTEMPTS_SEARCH_H

#include <stdint.h>

#include "scanner/base/dict.h"
#include "scanner/judge/attempts.h"

/* The kinds of ends, as bits of a set. */
enum {
    END_DELIVER = 1, END_DOWNGRADE = 2, END_DEFER = 4, END_BOUNCE = 8, END_UNKNOWN = 16,
    END_LEFT_NONE = 32, END_LEFT_SOFT = 64, END_LEFT_HARD = 128
};

/* What is left in why: nothing, a 4.x.x or a 5.x.x. */
enum left { LEFT_NONE, LEFT_SOFT, LEFT_HARD };

/* All that matters of an attempt. Either it ends the delivery, or the next address is tried. */
struct step {
    unsigned  end;        /* one bit, or 0: goes on */
    bool      in_session; /* at the last server of all, the delivery is settled */
    bool      counts;     /* against the session limit */
    bool      silent;     /* why stays */
    enum left why;
};

/* Addresses that nothing tells apart. */
struct step_class {
    unsigned    group;    /* preference, and family where one is preferred: groups are tried in order */
    int         family;   /* 0 when it makes no difference */
    struct step step;
};

/* An address of a host whose policy depends on the address that is tried first. */
struct open_member {
    int    family;
    size_t if_policy_of[2]; /* its class once an IPv4, an IPv6 address has decided */
};

/* Such a host: its members sorted. Hosts of equal members are of one kind. */
struct open_kind {
    const struct open_member *members;
    size_t                    count;
};

/* A point on the way. counts: untried addresses of each class, then untouched hosts of each open kind. */
struct point {
    uint16_t  tried, sessions;
    uint16_t  why;
    uint16_t  left[2];    /* of each family, how many may still be tried, when families are balanced */
    uint16_t  begun;
    uint16_t  counts[];
};

struct search {
    unsigned address_limit;   /* 0: does not bind */
    unsigned session_limit;   /* 0: none */
    bool     balanced, final;
    unsigned balance_total;   /* balanced: how many are tried */
    bool     first_decides;   /* both families have more than half: the first one gets the odd address */
    struct step_class *classes;
    size_t   class_count;
    struct open_kind *kinds;
    size_t   kind_count;
    struct dict *memory;      /* normalised point -> set of ends */
    size_t   memory_used;
    bool     exhausted;       /* out of memory: no set is complete any more */
};

size_t point_size(const struct search *);
/* The end of a list that left that in why. */
unsigned search_left_end(enum left);
/* The class of an address whose own family has decided. */
size_t search_member_class(const struct open_member *);

/* What is tried next: class (of_kind SIZE_MAX), or member of an untouched host of that kind. */
struct choice {
    size_t class, of_kind, member;
};

/* Whether the choice can be the next one; *after is the point behind it (may be NULL). Gives the ends of the delivery
 * when it settles or is the last one, as one bit, else 0. */
bool     search_allows(const struct search *, const struct point *, struct choice);
unsigned search_step(const struct search *, const struct point *, struct choice, struct point *after);
/* The set of all ends that can be reached from there; something must be left to be tried. */
unsigned search_ends(struct search *, const struct point *);

#endif
