/* The libraries that allocate for themselves. A failed allocation of theirs must not pass for an answer (a certificate that
 * cannot be verified, a report that ends too early): it ends the program where our own do. */
#ifndef SCANNER_LIBRARIES_H
#define SCANNER_LIBRARIES_H

/* To be called first of all, once. */
void libraries_use_mem(void);

#endif
