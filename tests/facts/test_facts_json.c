#include "scanner/facts/facts_json.h"
#include "tests/lib/check.h"

#include <stdint.h>
#include <string.h>

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char *line_of(struct json *j, struct buf *out)
{
    buf_init(out, SIZE_MAX);
    json_write(j, 0, out);
    json_free(j);
    return out->p;
}

/* Reads a line as its kind says, and writes what came of it. NULL: refused, and *err says why. */
static struct json *again(struct region *r, const struct json *j, struct error *err)
{
    const char *kind = json_get_text(j, "fact");
    struct dns_fact dns;
    struct conversation conversation;
    struct cert cert;
    struct table_fact table;
    struct policy_fetch fetch;

    if (strcmp(kind, "dns") == 0)
        return facts_dns_from_json(r, j, &dns, err) ? facts_dns_to_json(&dns) : NULL;
    if (strcmp(kind, "conversation") == 0)
        return facts_conversation_from_json(r, j, &conversation, err) ? facts_conversation_to_json(&conversation) : NULL;
    if (strcmp(kind, "certificate") == 0)
        return facts_cert_from_json(r, j, &cert, err) ? facts_cert_to_json(&cert) : NULL;
    if (strcmp(kind, "fetch") == 0)
        return facts_fetch_from_json(r, j, &fetch, err) ? facts_fetch_to_json(&fetch) : NULL;
    return facts_table_from_json(r, j, &table, err) ? facts_table_to_json(&table) : NULL;
}

/* Lines that come back as they went. */
static const char *const lines[] = {
    "{\"fact\":\"dns\",\"name\":\"example.net\",\"type\":\"MX\",\"outcome\":\"answered\",\"ad\":true,\"loopback\":true,"
    "\"records\":[{\"owner\":\"example.net\",\"type\":\"MX\",\"target\":\"mx1.example.net\",\"preference\":10},"
    "{\"owner\":\"\",\"type\":\"MX\",\"target\":\"\"},"
    "{\"owner\":\"x\",\"type\":\"CNAME\",\"malformed\":true},"
    "{\"owner\":\"x\",\"type\":\"SRV\",\"bad_name\":true,\"target\":\"a\\\\000b\",\"preference\":1,\"weight\":2,\"port\":65535},"
    "{\"owner\":\"mx1.example.net\",\"type\":\"A\",\"address\":\"192.0.2.1\"},"
    "{\"owner\":\"mx1.example.net\",\"type\":\"AAAA\",\"address\":\"2001:db8::1\"},"
    "{\"owner\":\"_25._tcp.mx1.example.net\",\"type\":\"TLSA\",\"rdata_length\":6,\"usage\":3,\"selector\":1,"
    "\"matching_type\":255,\"data\":\"AP/+\"},"
    "{\"owner\":\"_mta-sts.example.net\",\"type\":\"TXT\",\"text\":\"v=STSv1\"}],\"total\":600}",
    "{\"fact\":\"dns\",\"name\":\"nx.example\",\"type\":\"native\",\"outcome\":\"answered\",\"rcode\":3}",
    "{\"fact\":\"dns\",\"name\":\"\",\"type\":\"TLSA\",\"outcome\":\"no-resolver\",\"unparsable\":true,\"error\":\"why\"}",
    "{\"fact\":\"conversation\",\"profile\":{\"address\":\"192.0.2.1\",\"port\":25,\"lmtp\":true,\"wrapper\":true,"
    "\"helo_name\":\"me.example\",\"never_ehlo\":true,\"ehlo_needs_esmtp\":true,\"pix_no_esmtp\":true,"
    "\"line_limit\":4294967295,\"long_line_ends\":true,\"connect_timeout\":30,\"helo_timeout\":300,"
    "\"starttls_timeout\":300,\"no_handshake\":true,\"min_version\":769,\"max_version\":772,"
    "\"options\":1099511627776,\"ciphers\":\"aNULL:-aNULL\",\"groups\":\"\",\"security_level\":1,"
    "\"sni\":\"mx1.example.net\",\"client_chain\":\"" ID "\",\"source_address\":\"192.0.2.9\"},\"attempts\":2,"
    "\"first_refusal\":{\"code\":421,\"text\":\"421 later\"},\"phase\":\"tls-ehlo\",\"ending\":\"lost\","
    "\"error\":\"reset\",\"greeting\":{\"code\":220,\"text\":\"220-a\\n220 b\\u0001\xef\xbf\xbd\",\"cut\":true,\"garbage\":true},"
    "\"ehlo\":{\"code\":250,\"text\":\"250 x\"},\"helo\":{\"code\":500,\"text\":\"\",\"dsn\":\"5.5.1\"},"
    "\"starttls\":{\"code\":220},\"tls_greeting\":{\"code\":221},\"tls_ehlo\":{\"code\":250},\"tls_helo\":{\"code\":252},"
    "\"esmtp_in_greeting\":true,\"pix_banner\":true,\"starttls_offered\":true,\"starttls_beyond_limit\":true,"
    "\"ehlo_host\":\"mx1\",\"injected\":17,\"established\":true,\"protocol\":\"TLSv1.3\","
    "\"cipher\":\"TLS_AES_256_GCM_SHA384\",\"bits\":256,\"group\":\"X25519\",\"anonymous\":true,"
    "\"client_certificate_wanted\":true,\"certificates\":[\"" ID "\",\"" ID "\"],\"ms_connect\":1,\"ms_starttls\":2,"
    "\"ms_handshake\":3,\"when\":1795137300}",
    "{\"fact\":\"conversation\",\"profile\":{\"address\":\"2001:db8::1\",\"port\":24},\"phase\":\"connect\","
    "\"ending\":\"not-allowed\",\"when\":-5}",
    "{\"fact\":\"certificate\",\"id\":\"" ID "\",\"der\":\"MAMCAQA=\"}",
    "{\"fact\":\"table\",\"table\":\"ldap:/etc/postfix/x.cf\",\"key\":\"example.org\",\"status\":\"found\",\"value\":\"secure\"}",
    "{\"fact\":\"table\",\"table\":\"ldap:x\",\"key\":\"\",\"status\":\"not-found\"}",
    "{\"fact\":\"table\",\"table\":\"pgsql:x\",\"key\":\"k\",\"status\":\"error\",\"error\":\"no server\"}",
    "{\"fact\":\"fetch\",\"domain\":\"example.net\",\"outcome\":\"answered\",\"address\":\"192.0.2.1\",\"status\":200,"
    "\"media_type\":\"text/plain; charset=utf-8\",\"body\":\"version: STSv1\\r\\nx: \xef\xbf\xbd\",\"body_broken\":true,\"ms\":12,"
    "\"when\":1795137300}",
    "{\"fact\":\"fetch\",\"domain\":\"example.net\",\"outcome\":\"name-mismatch\",\"address\":\"2001:db8::1\",\"verify\":62,"
    "\"error\":\"hostname mismatch\",\"when\":-1}",
    "{\"fact\":\"fetch\",\"domain\":\"example.net\",\"outcome\":\"too-large\",\"status\":200}",
};

static void test_round_trips(void)
{
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct region *r = region_new();
        struct error err = { .text = "" };
        struct json *j = json_read(slice_of(lines[i]), &err), *copy;
        struct buf out;

        if (check_ok(j != NULL, "line %zu is JSON: %s", i, err.text)) {
            copy = again(r, j, &err);
            if (check_ok(copy != NULL, "line %zu is read: %s", i, err.text)) {
                is_text(line_of(copy, &out), lines[i], "line %zu comes back as it went", i);
                buf_clear(&out);
            }
        }
        json_free(j);
        region_free(r);
    }
}

/* Each has one fault; the second column is in the message. */
static const struct { const char *line, *message; } bad[] = {
    { "{\"fact\":\"dns\",\"type\":\"MX\",\"outcome\":\"answered\"}", "\"name\" is missing" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"outcome\":\"answered\"}", "\"type\" is missing" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"mx\",\"outcome\":\"answered\"}", "\"type\" is not one of its words" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":15,\"outcome\":\"answered\"}", "\"type\" is not one of its words" },
    { "{\"fact\":\"dns\",\"name\":7,\"type\":\"MX\",\"outcome\":\"answered\"}", "\"name\" is not text" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"MX\",\"outcome\":\"answered\",\"ad\":1}", "\"ad\" is neither" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"MX\",\"outcome\":\"answered\",\"rcode\":-1}", "\"rcode\" is out of range" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"MX\",\"outcome\":\"answered\",\"rcode\":1.5}", "\"rcode\" is not a whole" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"MX\",\"outcome\":\"answered\",\"records\":{}}", "\"records\" is not a list" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"MX\",\"outcome\":\"answered\",\"records\":[1],\"total\":1}", "\"records\" has an item" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"MX\",\"outcome\":\"answered\",\"records\":[{\"type\":\"A\"}],\"total\":1}", "\"owner\" is missing" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"MX\",\"outcome\":\"answered\",\"records\":[{\"owner\":\"x\",\"type\":\"A\"}]}", "\"total\" is less" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"A\",\"outcome\":\"answered\",\"records\":[{\"owner\":\"x\",\"type\":\"A\",\"address\":\"1.2.3\"}],\"total\":1}", "\"address\" is not an IP" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"A\",\"outcome\":\"answered\",\"records\":[{\"owner\":\"x\",\"type\":\"A\",\"preference\":65536}],\"total\":1}", "\"preference\" is out of range" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"A\",\"outcome\":\"answered\",\"records\":[{\"owner\":\"x\",\"type\":\"TLSA\",\"usage\":256}],\"total\":1}", "\"usage\" is out of range" },
    { "{\"fact\":\"dns\",\"name\":\"x\",\"type\":\"A\",\"outcome\":\"answered\",\"records\":[{\"owner\":\"x\",\"type\":\"TLSA\",\"data\":\"A\"}],\"total\":1}", "\"data\" is not base64" },
    { "{\"fact\":\"conversation\",\"phase\":\"done\",\"ending\":\"complete\"}", "\"profile\" is missing" },
    { "{\"fact\":\"conversation\",\"profile\":[],\"phase\":\"done\",\"ending\":\"complete\"}", "\"profile\" is not an object" },
    { "{\"fact\":\"conversation\",\"profile\":{\"port\":25},\"phase\":\"done\",\"ending\":\"complete\"}", "no address or port" },
    { "{\"fact\":\"conversation\",\"profile\":{\"address\":\"192.0.2.1\"},\"phase\":\"done\",\"ending\":\"complete\"}", "no address or port" },
    { "{\"fact\":\"conversation\",\"profile\":{\"address\":\"192.0.2.1\",\"port\":65536},\"phase\":\"done\",\"ending\":\"complete\"}", "\"port\" is out of range" },
    { "{\"fact\":\"conversation\",\"profile\":{\"address\":\"192.0.2.1\",\"port\":25},\"phase\":\"done\",\"ending\":\"fine\"}", "\"ending\" is not one" },
    { "{\"fact\":\"conversation\",\"profile\":{\"address\":\"192.0.2.1\",\"port\":25},\"phase\":\"done\",\"ending\":\"lost\",\"greeting\":{\"code\":1000}}", "\"code\" is out of range" },
    { "{\"fact\":\"conversation\",\"profile\":{\"address\":\"192.0.2.1\",\"port\":25},\"phase\":\"done\",\"ending\":\"lost\",\"greeting\":\"220\"}", "\"greeting\" is not an object" },
    { "{\"fact\":\"conversation\",\"profile\":{\"address\":\"192.0.2.1\",\"port\":25},\"phase\":\"done\",\"ending\":\"lost\",\"certificates\":[\"AB\"]}", "no SHA-256 digest" },
    { "{\"fact\":\"conversation\",\"profile\":{\"address\":\"192.0.2.1\",\"port\":25},\"phase\":\"done\",\"ending\":\"lost\",\"certificates\":[null]}", "\"certificates\" has an item" },
    { "{\"fact\":\"certificate\",\"id\":\"" ID "\"}", "\"der\" is missing" },
    { "{\"fact\":\"certificate\",\"id\":\"" ID "\",\"der\":\"\"}", "\"der\" is missing" },
    { "{\"fact\":\"certificate\",\"id\":\"" ID "0\",\"der\":\"MAMCAQA=\"}", "\"id\" is no SHA-256" },
    { "{\"fact\":\"certificate\",\"der\":\"MAMCAQA=\"}", "\"id\" is no SHA-256" },
    { "{\"fact\":\"table\",\"table\":\"x:y\",\"key\":\"k\",\"status\":\"found\"}", "lacks" },
    { "{\"fact\":\"table\",\"key\":\"k\",\"status\":\"not-found\"}", "lacks" },
    { "{\"fact\":\"fetch\",\"outcome\":\"timeout\"}", "\"domain\" is missing" },
    { "{\"fact\":\"fetch\",\"domain\":\"\",\"outcome\":\"timeout\"}", "\"domain\" is missing" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\"}", "\"outcome\" is missing" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\",\"outcome\":\"fine\"}", "\"outcome\" is not one of its words" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\",\"outcome\":\"answered\"}", "without its \"status\"" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\",\"outcome\":\"answered\",\"status\":99}", "without its \"status\"" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\",\"outcome\":\"answered\",\"status\":1000}", "\"status\" is out of range" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\",\"outcome\":\"answered\",\"status\":404,\"body\":\"a\"}", "a \"body\" without" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\",\"outcome\":\"lost\",\"status\":200,\"body\":\"a\"}", "a \"body\" without" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\",\"outcome\":\"lost\",\"address\":\"mx.example\"}", "\"address\" is not an IP" },
    { "{\"fact\":\"fetch\",\"domain\":\"x\",\"outcome\":\"lost\",\"verify\":65536}", "\"verify\" is out of range" },
};

static void test_refusals(void)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct region *r = region_new();
        struct error err = { .text = "" };
        struct json *j = json_read(slice_of(bad[i].line), &err);
        struct json *copy = again(r, j, &err);

        check_ok(copy == NULL, "refused: %s", bad[i].line);
        check_ok(strstr(err.text, bad[i].message) != NULL, "\"%s\" says %s", err.text, bad[i].message);
        json_free(copy);
        json_free(j);
        region_free(r);
    }
}

/* At a bound and one past it. */
static bool reads_dns(size_t records, size_t data_length, size_t name_length)
{
    static uint8_t octets[DNS_TLSA_DATA_MAX + 1];
    static struct dns_record list[DNS_RECORDS_MAX + 1];
    static char name[5000];
    struct region *r = region_new();
    struct dns_fact fact = { .name = name, .type = DNS_TLSA, .records = list, .count = records, .total = records }, got;
    struct json *j;
    bool ok;

    memset(name, 'a', name_length);
    name[name_length] = '\0';
    for (size_t i = 0; i < records; i++)
        list[i] = (struct dns_record){ .owner = "x", .type = DNS_TLSA, .data = octets, .data_length = i ? 0 : data_length };
    j = facts_dns_to_json(&fact);
    ok = facts_dns_from_json(r, j, &got, NULL);
    if (ok)
        is_int(got.count, (long long)records, "records read");
    json_free(j);
    region_free(r);
    return ok;
}

static bool reads_cert(size_t length)
{
    static uint8_t octets[CERT_DER_MAX + 1];
    struct region *r = region_new();
    struct cert cert = { .der = octets, .der_length = length }, got;
    struct json *j;
    bool ok;

    memset(cert.id, '0', sizeof cert.id - 1);
    j = facts_cert_to_json(&cert);
    ok = facts_cert_from_json(r, j, &got, NULL);
    json_free(j);
    region_free(r);
    return ok;
}

static bool reads_chain(size_t count)
{
    static const struct profile p = { .address = { FAMILY_IPV4, { 192, 0, 2, 1 } }, .port = 25 };
    static const char *ids[CONVERSATION_CERTIFICATES_MAX + 1];
    struct conversation c = { .profile = &p, .certificates = ids, .certificate_count = count }, got;
    struct region *r = region_new();
    struct json *j;
    bool ok;

    for (size_t i = 0; i < count; i++)
        ids[i] = "0000000000000000000000000000000000000000000000000000000000000000";
    j = facts_conversation_to_json(&c);
    ok = facts_conversation_from_json(r, j, &got, NULL);
    json_free(j);
    region_free(r);
    return ok;
}

static void test_bounds(void)
{
    check_ok(reads_cert(CERT_DER_MAX), "as large a certificate as may be");
    check_ok(!reads_cert(CERT_DER_MAX + 1), "one octet more");
    check_ok(reads_chain(CONVERSATION_CERTIFICATES_MAX), "as many certificates of a conversation as are kept");
    check_ok(!reads_chain(CONVERSATION_CERTIFICATES_MAX + 1), "one more");
    check_ok(reads_dns(DNS_RECORDS_MAX, 1, 1), "as many records as are kept");
    check_ok(!reads_dns(DNS_RECORDS_MAX + 1, 1, 1), "one more");
    check_ok(reads_dns(1, DNS_TLSA_DATA_MAX, 1), "as much TLSA data as is kept");
    check_ok(!reads_dns(1, DNS_TLSA_DATA_MAX + 1, 1), "one octet more");
    check_ok(reads_dns(0, 0, 4096), "a long name");
    check_ok(!reads_dns(0, 0, 4097), "one byte longer");
}

static void test_hostile_bytes(void)
{
    static const struct profile p = { .address = { FAMILY_IPV4, { 192, 0, 2, 1 } }, .port = 25 };
    char text[REPLY_TEXT_MAX + 1];
    struct conversation c = { .profile = &p, .greeting = { .code = 220, .text = text } }, got;
    struct region *r = region_new();
    struct json *j;

    memset(text, 0xff, REPLY_TEXT_MAX);
    text[REPLY_TEXT_MAX] = '\0';
    j = facts_conversation_to_json(&c);
    check_ok(facts_conversation_from_json(r, j, &got, NULL), "a long reply of bytes that are no UTF-8");
    is_int(strlen(got.greeting.text), 3 * REPLY_TEXT_MAX, "each of them becomes U+FFFD");
    check_ok(profile_eq(&p, got.profile), "the profile comes back equal");
    json_free(j);
    region_free(r);
}

static void test_not_objects(void)
{
    struct region *r = region_new();
    struct dns_fact fact;
    struct json *j = json_array();

    check_ok(!facts_dns_from_json(r, j, &fact, NULL), "a list is no fact");
    check_ok(!facts_dns_from_json(r, NULL, &fact, NULL), "nothing is no fact");
    json_free(j);
    j = facts_destination_to_json("example.org");
    is_text(json_get_text(j, "destination"), "example.org", "a destination");
    json_free(j);
    region_free(r);
}

int main(void)
{
    test_round_trips();
    test_refusals();
    test_bounds();
    test_hostile_bytes();
    test_not_objects();
    return check_done();
}
