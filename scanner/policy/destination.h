/* What the user named, and in which form. */
#ifndef SCANNER_POLICY_DESTINATION_H
#define SCANNER_POLICY_DESTINATION_H

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"
#include "scanner/config/config.h"

enum destination_form {
    DESTINATION_ADDRESS,   /* user@domain; a bare domain became postmaster@domain: routed */
    DESTINATION_NEXTHOP,   /* [host], [host]:port, host:port: by default_transport's service */
    DESTINATION_TRANSPORT  /* transport:next-hop: as it stands */
};

struct destination {
    enum destination_form form;
    const char *text;       /* as the user wrote it */
    const char *address;    /* ADDRESS: local@domain */
    const char *transport;  /* TRANSPORT: service name */
    const char *nexthop;    /* NEXTHOP and TRANSPORT */
};

/* The forms of the contract: text before the first ':' (outside brackets) that is a master.cf service, or smtp, lmtp, relay,
 * error, retry, discard, is a transport unless digits alone follow. False: no form fits; *err (status 64) teaches them. */
bool destination_parse(struct region *, struct destination *, struct slice text, const struct config *, struct error *err);

#endif
