/* What every worker is told first, as the records that worker.h describes. */
#ifndef SCANNER_WORKERS_SETUP_H
#define SCANNER_WORKERS_SETUP_H

#include "probes/worker.h"
#include "scanner/base/error.h"
#include "scanner/base/json.h"
#include "scanner/base/slice.h"

/* Give a new record; free with json_free(). NULL: the user to become is unknown to a caller that is root; *err says so. */
struct json *worker_setup_to_json(const struct worker_setup *, struct error *err);
struct json *worker_chain_to_json(const struct client_chain *);
/* As many records as it takes, each of whole certificates; *count of them, in memory that mem_free() takes. */
struct json **worker_trusted_to_json(struct slice pem, size_t *count);

#endif
