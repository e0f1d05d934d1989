#include "scanner/https_trust.h"

#include <stdlib.h>

#include "probes/https_fetch.h"
#include "scanner/exit_status.h"
#include "scanner/files.h"

#define BUNDLE_MAX ((size_t)16 << 20)

bool https_trust_read(struct region *region, struct slice *pem, struct error *err)
{
    const char  *path = getenv("SSL_CERT_FILE");
    struct error why;

    if (path == NULL || path[0] == '\0')
        path = https_default_trust();
    if (path == NULL) {
        error_set(err, EXIT_DATA_ERROR, "no file with trusted authorities is known here");
        return false;
    }
    if (file_read(region, path, BUNDLE_MAX, pem, NULL, &why))
        return true;
    error_set(err, EXIT_DATA_ERROR, "%s: %s", path, why.text);
    return false;
}
