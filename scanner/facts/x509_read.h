/* Reading a certificate whose public key the thread's library context may not know. */
#ifndef SCANNER_FACTS_X509_READ_H
#define SCANNER_FACTS_X509_READ_H

#include <openssl/x509.h>

/* d2i_X509() or d2i_X509_AUX(). */
typedef X509 *x509_read_fn(X509 **, const unsigned char **der, long n);

/* As d2i_X509(3): the caller's own, or NULL; der moves behind what was read. A certificate whose key can not be had in the
 * default library context is read in the global one, which has all that the system has. Errors may stay in the queue. */
X509 *x509_read(x509_read_fn *, const unsigned char **der, long n);

#endif
