/* Destinations that are in the same trouble, told once: what is to be done, and what will break. */
#ifndef REPORTS_HTML_GROUPS_H
#define REPORTS_HTML_GROUPS_H

#include "reports/trouble.h"

struct html_group {
    enum verdict          verdict;
    const char           *host;                   /* whose trouble it is; NULL */
    const char           *why;                    /* a sentence */
    struct remedy         remedy;                 /* of the first; what suits none of the others is left out */
    const char           *remedy_for_all;         /* the sentence without names; NULL */
    const struct result  *shown[GROUP_SHOWN], *last;
    size_t                count;                  /* destinations */
    enum severity         severity;               /* of what will turn worse */
    size_t                number;                 /* once the groups are sorted */
    size_t                born;                   /* order of appearance */
};

struct html_groups;

/* Everything lives in the region. */
struct html_groups *html_groups_new(struct region *);
/* Adds a destination that is not delivered as asked to the group of its trouble. */
struct html_group *html_groups_add(struct html_groups *, const struct story *);
/* Adds it to a group for each of its findings that say what will turn worse. */
void html_groups_add_soon(struct html_groups *, const struct story *);
/* Once they are sorted: bit i for the group of number i, among them the destination's; bit most for all from there on. */
unsigned html_groups_soon_mask(const struct html_groups *, const struct story *, size_t most);
/* Worst verdict first, then the largest group, then order of appearance; numbers them. */
void html_groups_sort(struct html_groups *);
size_t html_groups_count(const struct html_groups *);
const struct html_group *html_groups_at(const struct html_groups *, size_t i);
/* Frees what is not in the region. */
void html_groups_free(struct html_groups *);

#endif
