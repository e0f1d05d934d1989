/* Facts of several machines as one. */
#ifndef SCANNER_MERGE_FACTS_H
#define SCANNER_MERGE_FACTS_H

#include "scanner/facts_file.h"

struct facts_part {
    struct facts_header header;
    struct facts       *facts;
};

/* Adds all parts to facts: destinations in the order of the parts, each once; of two observations of the same thing the one
 * whose run finished last, unless that run did not come to observe it. *header tells of all of them; what it points to is
 * in the region or the parts' own. */
void merge_facts(struct region *, const struct facts_part *parts, size_t count, struct facts *facts,
                 struct facts_header *header);

#endif
