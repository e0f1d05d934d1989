/* Whether smtp(8) could start its TLS engine with this configuration. tls_client_init() of Postfix. */
#ifndef SCANNER_TLS_ENGINE_H
#define SCANNER_TLS_ENGINE_H

#include "scanner/config/config.h"

/* NULL when it starts, or is never started because nothing asks for TLS; else why "disabling TLS support": a CAfile that
 * is missing, empty or not PEM, a client certificate or key that cannot be used, an unknown fingerprint digest. */
const char *tls_engine_check(struct region *, const struct service *);

#endif
