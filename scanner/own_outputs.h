/* The outputs of a command that writes no report of deliveries, but a document of its own: lint, diff, history. A file for
 * each --FORMAT FILE that it takes, and the text on standard output unless something else takes its place. */
#ifndef SCANNER_OWN_OUTPUTS_H
#define SCANNER_OWN_OUTPUTS_H

#include "reports/formats.h"
#include "scanner/options.h"
#include "scanner/output.h"

/* One way to write it. The last row of a table has format NULL. */
struct own_format {
    const char *format;      /* "text", "json" ...: as the option table spells it */
    bool (*write)(const void *document, const struct report_options *, const struct sink *);
};

struct own_outputs {
    struct output *items[OUTPUTS_MAX + 1];
    const char    *formats[OUTPUTS_MAX + 1];
    size_t         count;
};

/* Opens every one before any work is done, so that a name that cannot be written is told at once. False: *err. */
bool own_outputs_open(struct own_outputs *, const struct options *, struct error *err);
/* False: one of them cannot be kept; none of the others is touched by that. */
bool own_outputs_write(struct own_outputs *, const struct own_format *, const void *document, struct error *err);
/* What was not written leaves no trace. */
void own_outputs_abandon(struct own_outputs *);

#endif
