/* The destinations of a run, in the order given, each text once: arguments, a file, what mail goes to, or all that the configuration names. */
#ifndef SCANNER_DESTINATIONS_H
#define SCANNER_DESTINATIONS_H

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/config/config.h"
#include "scanner/judge/result.h"
#include "scanner/maillog.h"
#include "scanner/options.h"
#include "scanner/policy/destination.h"

struct destinations {
    struct destination *items;
    size_t              count;
    bool                from_configuration; /* none was named: those that never leave by SMTP are left out */
};

/* Fills destinations; maillog NULL: there is none. Findings: what names no concrete destination is counted in one notice. False: *err says which
 * argument, or which line of the file, is no destination (64), or that the file is missing (66). */
bool destinations_collect(struct region *, struct destinations *, const struct config *, const struct options *,
                          struct maillog *, struct findings *, struct error *err);

/* The same from a list of texts (replay). */
bool destinations_from_texts(struct region *, struct destinations *, const struct config *, const char *const *texts,
                             size_t count, struct error *err);

/* Makes both hold the same texts in the same order: those of one, then what only other has; each is read as its own
 * configuration reads it, or where that cannot, as the other one does. */
void destinations_align(struct region *, struct destinations *one, const struct config *, struct destinations *other,
                        const struct config *other_config);

#endif
