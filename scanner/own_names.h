/* The domains of the destinations: whose DNS answers nobody else has need of. */
#ifndef SCANNER_OWN_NAMES_H
#define SCANNER_OWN_NAMES_H

#include "scanner/destinations.h"

struct own_names;

struct own_names *own_names_new(const struct destinations *);
void own_names_free(struct own_names *);

/* What is looked up when nothing else is configured: "example.org" of "user@example.org" and of "smtp:example.org". */
struct slice own_name_of(const struct destination *);
/* Whether one destination only has this domain, and nobody else had need of the name. Without regard to case. */
bool own_names_is_only(const struct own_names *, struct slice name);
/* Somebody else has. */
void own_names_share(struct own_names *, struct slice name);

#endif
