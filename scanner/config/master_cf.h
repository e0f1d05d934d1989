/* master.cf: services, the program each runs, its -o overrides. master(5). */
#ifndef SCANNER_CONFIG_MASTER_CF_H
#define SCANNER_CONFIG_MASTER_CF_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"

struct master_override {
    const char *name;
    const char *value; /* raw */
};

struct master_service {
    const char *name;           /* "smtp", "relay", "smtp-dane" ... */
    const char *type;           /* unix, inet, fifo, pass, unix-dgram */
    bool        is_private;     /* the queue manager reaches private services only */
    char        chroot;         /* 'y', 'n' or '-' as written */
    const char *program;        /* base name of the command: smtp, lmtp, error, local, pipe ... */
    const struct master_override *overrides;
    size_t      override_count;
    const struct error *option_error; /* NULL, or why the process dies at start: "-o name" without "=" ... */
    int         line;
};

struct master_cf {
    const char                  *file;
    const struct master_service *services;
    size_t                       service_count;
};

/* NULL, and *err (status 78, file, line, remedy), where Postfix itself would refuse to read it. */
struct master_cf *master_cf_parse(struct region *, const char *file, struct slice text, struct error *err);
/* The service of that name that a transport can name, or NULL. Only private services of type unix are transports; of two
 * with one name the last is in force. */
const struct master_service *master_cf_transport(const struct master_cf *, const char *name);

#endif
