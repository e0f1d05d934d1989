#include "scanner/key_decoders.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#define DECODERS_MAX 16

/* The provider that does the work; ours only chooses. */
static OSSL_PROVIDER *base;
static OSSL_ALGORITHM decoders[DECODERS_MAX + 1];

/* Keys that can stand in a certificate of a chain: those that sign. */
static bool can_sign(const char *names)
{
    static const char *const keys[] = { "EC", "RSA", "RSA-PSS", "DSA", "ED25519", "ED448", "SM2" };
    size_t n = strcspn(names, ":");

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strlen(keys[i]) == n && OPENSSL_strncasecmp(names, keys[i], n) == 0)
            return true;
    return false;
}

static void choose_decoders(void)
{
    int no_cache = 0;
    const OSSL_ALGORITHM *all = OSSL_PROVIDER_query_operation(base, OSSL_OP_DECODER, &no_cache);
    size_t n = 0;

    for (; all != NULL && all->algorithm_names != NULL && n < DECODERS_MAX; all++)
        if (strstr(all->property_definition, "input=der") != NULL &&
            strstr(all->property_definition, "structure=SubjectPublicKeyInfo") != NULL && can_sign(all->algorithm_names))
            decoders[n++] = *all;
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache)
{
    (void)context;
    *no_cache = 0;
    return operation == OSSL_OP_DECODER ? decoders : OSSL_PROVIDER_query_operation(base, operation, no_cache);
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

void key_decoders_narrow(void)
{
    /* By its name: a provider that is loaded into "the default" would follow when that becomes another. */
    OSSL_LIB_CTX *global = OSSL_LIB_CTX_get0_global_default(), *narrow;
    bool others = false;

    base = OSSL_PROVIDER_load(global, "default");
    if (base == NULL || !OSSL_PROVIDER_do_all(global, is_other, &others) || others ||
        EVP_default_properties_is_fips_enabled(global))
        return;
    choose_decoders();
    narrow = OSSL_LIB_CTX_new();
    if (narrow != NULL && OSSL_PROVIDER_add_builtin(narrow, "fewer-decoders", start) == 1 &&
        OSSL_PROVIDER_load(narrow, "fewer-decoders") != NULL)
        OSSL_LIB_CTX_set0_default(narrow);
}
