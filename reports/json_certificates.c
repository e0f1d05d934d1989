/* Certificates in the JSON report, with the pins that a policy entry would carry. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/json_parts.h"
#include "reports/pins.h"
#include "reports/saved.h"
#include "scanner/base/base64.h"
#include "scanner/base/mem.h"
#include "scanner/base/utc.h"

#define PEM_COLUMNS 64

static struct json *json_of_pins(const struct cert *cert, const char *digest)
{
    struct json   *pins = json_object();
    struct region *region = region_new();

    json_put(pins, "digest", json_text(digest));
    json_put(pins, "certificate", json_text(pin_of_certificate(region, cert, digest)));
    json_put(pins, "public_key", json_text(pin_of_key(region, cert, digest)));
    region_free(region);
    return pins;
}

static struct json *json_of_pem(const struct cert *cert)
{
    struct buf   flat, pem;
    struct slice rest;
    struct json *json;

    buf_init(&flat, 4 * (cert->der_length / 3 + 2));
    buf_init(&pem, 2 * flat.ceiling + 128);
    base64_encode(cert->der, cert->der_length, &flat);
    buf_add_text(&pem, "-----BEGIN CERTIFICATE-----\n");
    for (rest = buf_slice(&flat); rest.n > 0; rest = slice_from_index(rest, PEM_COLUMNS)) {
        buf_add_slice(&pem, slice_head(rest, PEM_COLUMNS));
        buf_add_char(&pem, '\n');
    }
    buf_add_text(&pem, "-----END CERTIFICATE-----\n");
    json = json_text(buf_text(&pem));
    buf_clear(&flat);
    buf_clear(&pem);
    return json;
}

static struct json *json_of_certificate(const struct cert *cert, const char *digest)
{
    struct json *json = json_object(), *names = json_array();
    size_t       i;

    for (i = 0; i < cert->dns_name_count; i++)
        json_push(names, json_text(cert->dns_names[i]));
    json_put(json, "subject", cert->unparsable ? json_null() : json_text(cert->subject));
    json_put(json, "issuer", cert->unparsable ? json_null() : json_text(cert->issuer));
    json_put(json, "not_before", cert->unparsable ? json_null() : json_of_time(cert->not_before));
    json_put(json, "not_after", cert->unparsable ? json_null() : json_of_time(cert->not_after));
    json_put(json, "dns_names", names);
    json_put(json, "dns_name_count", json_integer((int64_t)cert->dns_name_total));
    json_put(json, "key", cert->unparsable ? json_null() : json_text(cert->key));
    json_put(json, "signature", cert->unparsable ? json_null() : json_text(cert->signature));
    json_put(json, "pins", json_of_pins(cert, digest));
    json_put(json, "sha256", json_text(cert->id));
    json_put(json, "sha1", json_text(cert->sha1));
    json_put(json, "spki_sha256", cert->unparsable ? json_null() : json_text(cert->spki_sha256));
    json_put(json, "spki_sha1", cert->unparsable ? json_null() : json_text(cert->spki_sha1));
    json_put(json, "pem", json_of_pem(cert));
    return json;
}

void used_certificates(struct dict *used, const struct report *report, const struct result *result)
{
    size_t h, i, k;

    if (result->proposed != NULL)
        used_certificates(used, report, result->proposed);
    for (h = 0; h < result->hop_count; h++) {
        for (i = 0; i < result->hops[h].host_count; i++) {
            const struct conversation *conversation = result->hops[h].hosts[i].conversation;

            for (k = 0; conversation != NULL && k < conversation->certificate_count; k++) {
                const char *id = conversation->certificates[k];

                dict_put(used, slice_of(id), (void *)facts_cert(report->facts, id));
            }
        }
    }
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp((*(const struct cert *const *)a)->id, (*(const struct cert *const *)b)->id);
}

struct json *json_of_certificates(const struct report *report, struct dict *used)
{
    const char         *digest = report_digest(report);
    struct json        *json = json_object();
    const struct cert **certs = mem_array(dict_count(used) + 1, sizeof(*certs));
    size_t              i, n = 0;
    char                key[sizeof("sha256:") + CERT_ID_TEXT];

    for (i = 0; i < dict_count(used); i++)
        if ((certs[n] = dict_at(used, i)) != NULL)
            n++;
    qsort(certs, n, sizeof(*certs), compare_ids);
    for (i = 0; i < n; i++) {
        snprintf(key, sizeof(key), "sha256:%s", certs[i]->id);
        json_put(json, key, report->saved != NULL ? saved_certificate_json(report, key) : json_of_certificate(certs[i], digest));
    }
    mem_free(certs);
    return json;
}
