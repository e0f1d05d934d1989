/* resolv.conf(5): the name servers and options that a stub resolver takes from it. */
#ifndef SCANNER_RESOLV_CONF_H
#define SCANNER_RESOLV_CONF_H

#include <stdbool.h>

#include "probes/dns_client.h"
#include "scanner/base/error.h"
#include "scanner/base/slice.h"

#define RESOLV_CONF_FILE "/etc/resolv.conf"

struct resolv_conf {
    struct dns_setup dns;       /* at least one resolver: 127.0.0.1 when the text names none */
    bool             trust_ad;  /* options trust-ad */
    bool             by_default; /* the text names none */
};

/* Fills conf. Lines that are not understood are passed over, as the C library does; at most three name servers count. */
void resolv_conf_parse(struct slice text, struct resolv_conf *conf);
/* Reads the file. One that is missing is as an empty one. False: it is there and cannot be read; *err says why. */
bool resolv_conf_read(const char *path, struct resolv_conf *conf, struct error *err);

#endif
