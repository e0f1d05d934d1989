/* OpenSSL 3 looks through all its decoders, some sixty, for the public key of each certificate that it parses: half of
 * what parsing costs. Here it gets those that a certificate can ask for. */
#ifndef SCANNER_KEY_DECODERS_H
#define SCANNER_KEY_DECODERS_H

/* From here on this thread's default library context is one that offers all that the default provider offers, except
 * decoders of anything but the public keys of certificates. For private keys there is the global context,
 * OSSL_LIB_CTX_get0_global_default(). Where the system's configuration names other providers or default
 * properties nothing is changed: Postfix would use them. To be called once, before anything else of the library. */
void key_decoders_narrow(void);

#endif
