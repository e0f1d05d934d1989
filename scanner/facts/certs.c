#include "scanner/facts/certs.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/dict.h"
#include "scanner/base/mem.h"
#include "scanner/base/region.h"
#include "scanner/facts/members.h"
#include "scanner/facts/parsed.h"

struct certs {
    struct region      *region;
    struct dict        *by_id;
    struct parsed      *parsed;
    cert_fill_fn       *fill;
    const struct cert **sorted; /* NULL, or out of date when sorted_count differs */
    size_t              sorted_count;
};

struct certs *certs_new(void)
{
    struct certs *all = mem_alloc(sizeof(*all));

    all->region = region_new();
    all->by_id = dict_new();
    all->parsed = parsed_new();
    return all;
}

void certs_free(struct certs *all)
{
    if (all == NULL)
        return;
    dict_free(all->by_id);
    parsed_free(all->parsed);
    region_free(all->region);
    mem_free(all->sorted);
    mem_free(all);
}

void certs_fill_with(struct certs *all, cert_fill_fn *fill)
{
    all->fill = fill;
}

const struct cert *certs_find_der(const struct certs *all, const char *id)
{
    return dict_find(all->by_id, slice_of(id));
}

const struct cert *certs_find(const struct certs *all, const char *id)
{
    struct cert *cert = dict_find(all->by_id, slice_of(id));
    X509 *x509;

    if (cert == NULL || cert->subject != NULL || all->fill == NULL)
        return cert;
    x509 = parsed_get(all->parsed, cert);
    all->fill(all->region, x509, cert);
    X509_free(x509);
    return cert;
}

X509 *certs_x509(const struct certs *all, const char *id)
{
    const struct cert *cert = certs_find_der(all, id);

    return cert != NULL ? parsed_get(all->parsed, cert) : NULL;
}

const struct cert *certs_add(struct certs *all, const struct cert *c)
{
    const struct cert *known = certs_find_der(all, c->id);
    struct cert *copy;

    if (known != NULL)
        return known;
    copy = region_alloc(all->region, sizeof(*copy));
    record_copy(all->region, cert_text_members, copy, c, sizeof(*copy));
    if (c->dns_name_count > 0)
        copy->dns_names = region_copy(all->region, c->dns_names, c->dns_name_count * sizeof(*c->dns_names));
    for (size_t i = 0; i < c->dns_name_count; i++)
        copy->dns_names[i] = region_text(all->region, c->dns_names[i]);
    dict_put(all->by_id, slice_of(copy->id), copy);
    return copy;
}

size_t certs_count(const struct certs *all)
{
    return dict_count(all->by_id);
}

static int by_id(const void *a, const void *b)
{
    return strcmp((*(const struct cert *const *)a)->id, (*(const struct cert *const *)b)->id);
}

static void sort(struct certs *all)
{
    size_t n = certs_count(all);

    all->sorted = mem_grow(all->sorted, n, sizeof(*all->sorted));
    for (size_t i = 0; i < n; i++)
        all->sorted[i] = dict_at(all->by_id, i);
    qsort(all->sorted, n, sizeof(*all->sorted), by_id);
    all->sorted_count = n;
}

const struct cert *certs_at(struct certs *all, size_t i)
{
    if (all->sorted_count != certs_count(all))
        sort(all);
    return i < all->sorted_count ? all->sorted[i] : NULL;
}
