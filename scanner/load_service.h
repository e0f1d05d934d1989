/* One transport of master.cf with its tables, trust anchors and client certificate. Part of load. */
#ifndef SCANNER_LOAD_SERVICE_H
#define SCANNER_LOAD_SERVICE_H

#include "scanner/config/config.h"

/* Certificates and keys: no file of them comes near this. */
#define CONFIG_FILE_MAX ((size_t)64 << 20)

/* Fills config->services. compiled: the installed Postfix's defaults, or NULL. */
void load_services(struct config *, const struct main_cf *compiled);
/* Fills the routing tables of the configuration. */
void load_routing_tables(struct config *);
/* queue_directory, where daemons work. */
const char *load_queue_directory(const struct config *);
/* A path as a daemon opens it: relative ones below the queue directory; inside the chroot when chrooted. */
const char *load_path(const struct config *, const char *path, bool chrooted);

#endif
