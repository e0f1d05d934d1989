#include "scanner/libraries.h"

#include <openssl/crypto.h>

#include "probes/engine/loop.h"
#include "scanner/base/json.h"
#include "scanner/base/mem.h"

static void *crypto_alloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return mem_grow(NULL, 1, size);
}

static void *crypto_grow(void *p, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (size == 0) {
        mem_free(p);
        return NULL;
    }
    return mem_grow(p, 1, size);
}

static void crypto_free(void *p, const char *file, int line)
{
    (void)file;
    (void)line;
    mem_free(p);
}

void libraries_use_mem(void)
{
    CRYPTO_set_mem_functions(crypto_alloc, crypto_grow, crypto_free);
    json_use_mem();
    loop_use_mem();
}
