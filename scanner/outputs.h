/* The reports that a command writes: one for each --FORMAT FILE, and the text report unless something else takes its place. */
#ifndef SCANNER_OUTPUTS_H
#define SCANNER_OUTPUTS_H

#include "reports/formats.h"
#include "scanner/options.h"
#include "scanner/output.h"

struct outputs {
    struct output       *items[OUTPUTS_MAX + 1];   /* one for each wish; then the text report's own */
    const struct format *formats[OUTPUTS_MAX + 1];
    bool                 begun[OUTPUTS_MAX + 1];   /* JSON lines that are written while the run goes on: the header is */
    size_t               count;
};

/* Opens every one before any work is done, so that a name that cannot be written is told at once. */
bool outputs_open(struct outputs *, const struct options *, struct error *err);
/* Only those that the options name: no text report beside them. */
bool outputs_open_named(struct outputs *, const struct options *, struct error *err);
/* Whether standard output is one of those, or to stay empty. */
bool outputs_take_stdout(const struct options *);
/* Whether one of them can be written destination by destination; *all: every one. */
bool outputs_can_stream(const struct outputs *, bool *all);
/* Writes one, and the header before the first; outputs_write() then adds the end. A failure is told there too. */
void outputs_stream(struct outputs *, const struct report *, const struct result *);
/* Writes the report to every one; false when one cannot be kept (none of the others is touched by that). */
bool outputs_write(struct outputs *, const struct report *, const struct options *, struct error *err);
/* What was not written leaves no trace. */
void outputs_abandon(struct outputs *);

/* The exit status that a report asks for: by its verdicts, acknowledged faults left out; of news or a
 * proposed configuration by what turns worse. */
int report_status(const struct report *, enum fail_on);

#endif
