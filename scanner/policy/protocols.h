/* Protocol lists and bounds: "!SSLv2, >=TLSv1.2", and what OpenSSL's client then offers. postconf(5) smtp_tls_protocols. */
#ifndef SCANNER_POLICY_PROTOCOLS_H
#define SCANNER_POLICY_PROTOCOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/config/version.h"

struct protocols {
    uint16_t min, max;      /* wire versions, 0: no bound */
    uint64_t disabled;      /* OpenSSL SSL_OP_NO_* bits */
};

/* False: an unknown token ("Invalid TLS protocol list"): the handshake fails. *bad (may be NULL) is the token. */
bool protocols_parse(struct protocols *, struct slice list, struct version, struct slice *bad);
/* The versions that a client with these settings offers, for people: "TLSv1.2-TLSv1.3"; "none". */
const char *protocols_to_text(struct region *, const struct protocols *);

#endif
