/* OpenSSL 3 goes through all its decoders, and all algorithms of any kind that it has loaded, for the public key of each
 * certificate that it parses: two thirds of what parsing costs. Here it gets fewer. */
#ifndef SCANNER_ALGORITHMS_H
#define SCANNER_ALGORITHMS_H

/* From here on this thread's default library context is one that offers all of the default provider that TLS, digests and
 * the public keys of certificates can ask for, but SM2: a certificate with such a key is read by x509_read(). For private
 * keys there is the global context, OSSL_LIB_CTX_get0_global_default(). Where the system's configuration names other
 * providers or default properties nothing is changed: Postfix would use them. To be called once, before anything else of
 * the library. */
void algorithms_narrow(void);

#endif
