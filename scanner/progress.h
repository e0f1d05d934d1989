/* One line of progress on standard error: done/total, rate, in flight, time left. */
#ifndef SCANNER_PROGRESS_H
#define SCANNER_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/options.h"

struct progress {
    bool    on;
    bool    shown;       /* a line stands there */
    int64_t started_ms;
    int64_t next_ms;     /* not to be drawn again before */
};

void progress_start(struct progress *, const struct options *, int64_t now_ms);
/* Draws at most a few times a second. */
void progress_show(struct progress *, int64_t now_ms, size_t done, size_t total, size_t in_flight);
/* Clears the line. */
void progress_end(struct progress *);

#endif
