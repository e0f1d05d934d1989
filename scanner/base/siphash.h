/* SipHash-1-3: a hash of bytes that nobody can make collide who does not know the key. Aumasson and Bernstein, "SipHash: a
 * fast short-input PRF"; one round a word and three at the end, as hash tables use it. */
#ifndef SCANNER_BASE_SIPHASH_H
#define SCANNER_BASE_SIPHASH_H

#include <stdint.h>

#include "scanner/base/slice.h"

struct siphash_key {
    uint64_t first, second;
};

uint64_t siphash(struct siphash_key, struct slice);

#endif
