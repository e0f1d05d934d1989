/* A set of certificate ids (SHA-256, hex). */
#ifndef PROBES_ID_SET_H
#define PROBES_ID_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/facts/certs.h"

struct id_set {
    char  (*slots)[CERT_ID_TEXT]; /* "" is free */
    size_t  room, count;
};

void id_set_init(struct id_set *);
void id_set_clear(struct id_set *);
bool id_set_has(const struct id_set *, const char *id);
/* False: it was there already, or is no id. */
bool id_set_add(struct id_set *, const char *id);

#endif
