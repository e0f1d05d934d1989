/* Whose certificates a policy host may have: the authorities that this system trusts. */
#ifndef SCANNER_HTTPS_TRUST_H
#define SCANNER_HTTPS_TRUST_H

#include <stdbool.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/base/slice.h"

/* Reads the file that SSL_CERT_FILE in the environment names, else the one that libcurl was built with. PEM into the
 * region. False: there is no such file, or it cannot be read; *err says which. */
bool https_trust_read(struct region *, struct slice *pem, struct error *err);

#endif
