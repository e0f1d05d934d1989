#include "scanner/algorithms.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "scanner/base/mem.h"

/* What nobody here asks for: by what stands in the names of an algorithm, so that what a later release adds is kept. */
static const struct unwanted {
    int         operation;
    const char *names[16];
} unwanted[] = {
    /* Modes and sizes without a cipher suite; AES in ECB and CTR is what random numbers are made with. */
    { OSSL_OP_CIPHER, { "CFB", "OFB", "WRAP", "XTS", "SIV", "OCB", "CTS", "-192-", "-EDE-", "-EDE3-ECB", "SM4", "ARIA-128-ECB",
                        "ARIA-256-ECB", "CAMELLIA-128-ECB", "CAMELLIA-256-ECB" } },
    { OSSL_OP_MAC, { "CMAC", "GMAC", "KMAC", "BLAKE2", "SIPHASH", "POLY1305" } },
    { OSSL_OP_KDF, { "KRB5", "PBKDF", "PKCS12", "SSH", "X942", "X963", "SCRYPT", "SSKDF", "KBKDF", "ARGON2" } },
    /* SM2 shares its object identifier with EC: each EC key would be tried for both. */
    { OSSL_OP_KEYMGMT, { "TLS1-PRF", "HKDF", "SCRYPT", "SIPHASH", "POLY1305", "CMAC", "SM2" } },
    { OSSL_OP_KEYEXCH, { "TLS1-PRF", "HKDF", "SCRYPT" } },
    { OSSL_OP_SIGNATURE, { "SIPHASH", "POLY1305", "CMAC", "SM2" } },
    { OSSL_OP_ASYM_CIPHER, { "SM2" } },
    /* Keys that sign nothing stand in no certificate of a chain. */
    { OSSL_OP_DECODER, { "DH", "X25519", "X448", "SM2" } },
};

#define OPERATIONS (OSSL_OP__HIGHEST + 1)

/* The provider that does the work; ours only chooses. */
static OSSL_PROVIDER  *base;
static OSSL_ALGORITHM *chosen[OPERATIONS];

/* Of the decoders only those of the public key in a certificate are of use. */
static bool can_be_asked_for(int operation, const OSSL_ALGORITHM *algorithm)
{
    return operation != OSSL_OP_DECODER || (strstr(algorithm->property_definition, "input=der") != NULL &&
                                            strstr(algorithm->property_definition, "structure=SubjectPublicKeyInfo") != NULL);
}

static bool is_wanted(const struct unwanted *row, const OSSL_ALGORITHM *algorithm)
{
    for (size_t i = 0; i < sizeof row->names / sizeof *row->names && row->names[i] != NULL; i++)
        if (strstr(algorithm->algorithm_names, row->names[i]) != NULL)
            return false;
    return can_be_asked_for(row->operation, algorithm);
}

static void choose(const struct unwanted *row)
{
    int no_cache = 0;
    const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(base, row->operation, &no_cache);
    OSSL_ALGORITHM *kept = NULL;
    size_t n = 0;

    for (; all != NULL && all->algorithm_names != NULL; all++)
        if (is_wanted(row, all)) {
            kept = mem_grow(kept, n + 2, sizeof *kept);
            kept[n++] = *all;
            memset(&kept[n], 0, sizeof kept[n]);
        }
    chosen[row->operation] = kept;
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache)
{
    (void)context;
    *no_cache = 0;
    if (operation > 0 && operation < OPERATIONS && chosen[operation] != NULL)
        return chosen[operation];
    return OSSL_PROVIDER_query_operation(base, operation, no_cache);
}

static int capabilities(void *context, const char *capability, OSSL_CALLBACK *tell, void *arg)
{
    (void)context;
    return OSSL_PROVIDER_get_capabilities(base, capability, tell, arg);
}

static const OSSL_DISPATCH functions[] = {
    { OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
    { OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))capabilities },
    { 0, NULL },
};

static int start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core, const OSSL_DISPATCH **own, void **context)
{
    (void)handle;
    (void)core;
    *own = functions;
    /* What is made by the functions of the base is made in its own context. */
    *context = OSSL_PROVIDER_get0_provider_ctx(base);
    return 1;
}

static int is_other(OSSL_PROVIDER *provider, void *others)
{
    *(bool *)others |= strcmp(OSSL_PROVIDER_get0_name(provider), "default") != 0;
    return 1;
}

void algorithms_narrow(void)
{
    /* By its name: a provider that is loaded into "the default" would follow when that becomes another. */
    OSSL_LIB_CTX *global = OSSL_LIB_CTX_get0_global_default(), *narrow;
    bool others = false;

    base = OSSL_PROVIDER_load(global, "default");
    if (base == NULL || !OSSL_PROVIDER_do_all(global, is_other, &others) || others ||
        EVP_default_properties_is_fips_enabled(global))
        return;
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++)
        choose(&unwanted[i]);
    narrow = OSSL_LIB_CTX_new();
    if (narrow != NULL && OSSL_PROVIDER_add_builtin(narrow, "fewer-algorithms", start) == 1 &&
        OSSL_PROVIDER_load(narrow, "fewer-algorithms") != NULL)
        OSSL_LIB_CTX_set0_default(narrow);
}
