/* Destinations of the text report that one cause brings into the same trouble: told once. */
#ifndef REPORTS_TEXT_GROUPS_H
#define REPORTS_TEXT_GROUPS_H

#include "reports/trouble.h"

#define TEXT_GROUP_MIN 4 /* fewer have room for a block each, and for what each has of its own */
#define TEXT_CELLS     8

struct text_group {
    const struct result *first;
    const char          *names[GROUP_SHOWN];
    size_t               count;
    const char          *cells[TEXT_CELLS];  /* of the row; "" where they differ */
    const char          *policy;             /* where it stands; NULL: nowhere, or they differ */
    struct weight        weight;             /* of all; share NAN: not known */
    bool                 weighed;
    bool                 told;
};

struct text_groups;

/* Everything lives in the region. */
struct text_groups *text_groups_new(struct region *);
/* Frees what is not in the region. */
void text_groups_free(struct text_groups *);
/* Adds a destination to the group of those in the same trouble of which the same is told. cells: TEXT_CELLS of them. */
struct text_group *text_groups_add(struct text_groups *, const struct story *, const char *told, const char *const *cells);

#endif
