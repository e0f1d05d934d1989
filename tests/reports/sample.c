#include "tests/reports/sample.h"

#include <string.h>

#include "reports/mail.h"
#include "scanner/base/base64.h"

#define START 1795137300 /* 2026-11-20T01:15:00Z */
#define EVIL "\033[2J\xc2\x9b" "31m\xe2\x80\xae" "evil\xff</script>\n"

static const char main_cf[] = "smtp_tls_security_level = dane\n"
                              "smtp_tls_policy_maps = texthash:/etc/postfix/tls_policy\n"
                              "smtp_tls_fingerprint_digest = sha256\n"
                              "smtp_sasl_password_maps = inline:{ mx=user:secret }\n"
                              "mydestination = $myhostname\n"
                              "myhostname = mail.example.com\n";

static const struct memory_file files[] = {
    { "/etc/postfix/tls_policy", "example.net secure match=example.net\n", TABLE_LOAD_OK },
    { NULL, NULL, TABLE_LOAD_OK },
};

/* CN=mx.hosting.example, self-signed. */
static const char leaf_text[] =
    "MIIBsDCCAVagAwIBAgIUEaRi2fI8S3115MskOIQrK974lKQwCgYIKoZIzj0EAwIwHTEbMBkGA1UEAwwSbXguaG9zdGluZy5leGFtcGxlMCAXDTI2"
    "MTEyMDA5MDE0M1oYDzIwNTEwNzEyMDkwMTQzWjAdMRswGQYDVQQDDBJteC5ob3N0aW5nLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC"
    "AAT4RJHeLkDcKxB1CMw6IuwzEpnNNrv4k3U+V2YnhNFoSTO32WX2nGObGcQU05Qx8b1b1kepJsrWwOnFLPBnccVYo3IwcDAdBgNVHQ4EFgQUt1i+"
    "DtMl7/Pj/ZklItoDzCrGnJowHwYDVR0jBBgwFoAUt1i+DtMl7/Pj/ZklItoDzCrGnJowDwYDVR0TAQH/BAUwAwEB/zAdBgNVHREEFjAUghJteC5o"
    "b3N0aW5nLmV4YW1wbGUwCgYIKoZIzj0EAwIDSAAwRQIhAOyRJSGZ10hXv2KbV0TVmKnXXhhqWwjsjFLPSO/B4n35AiA4gLLZITO1TZi0Lrvhu7Ru"
    "PBgVU2+hy29BR+4uuWv1Sw==";

static const char leaf_id[] = "c4a429c1fbc4fb3340e29c8a5254e0761eab434b4c0bbf44eb36c70f27cb1867";
static const char broken_id[] = "00000000000000000000000000000000000000000000000000000000000000ff";

static struct region *region_of(struct sample *sample)
{
    return sample->fixture->region;
}

static void *keep(struct sample *sample, const void *data, size_t size)
{
    return region_copy(region_of(sample), data, size);
}

#define KEEP(sample, type, ...) ((type *)keep(sample, &(type){ __VA_ARGS__ }, sizeof(type)))

static void add_certificates(struct sample *sample)
{
    static const char *names[] = { "mx.hosting.example", "*.hosting.example", "good.example\\00.evil" };
    struct cert        leaf = { .subject = "CN=mx.hosting.example", .issuer = "CN=Example \xe2\x80\xae" "AC",
                                .not_before = START - 86400, .not_after = START + 90 * 86400, .dns_names = names,
                                .dns_name_count = 3, .dns_name_total = 5000, .key = "EC P-256",
                                .signature = "ecdsa-with-SHA256" };
    struct cert        broken = { .der = (const uint8_t *)"junk", .der_length = 4, .unparsable = true };
    struct buf         der;

    buf_init(&der, sizeof(leaf_text));
    base64_decode(slice_of(leaf_text), &der);
    leaf.der = (const uint8_t *)der.p;
    leaf.der_length = der.n;
    memcpy(leaf.id, leaf_id, sizeof(leaf_id));
    memcpy(leaf.sha1, leaf_id, 40);
    memcpy(leaf.spki_sha256, leaf_id, sizeof(leaf_id));
    memcpy(leaf.spki_sha1, leaf_id, 40);
    memcpy(broken.id, broken_id, sizeof(broken_id));
    memcpy(broken.sha1, broken_id, 40);
    facts_add_cert(sample->fixture->facts, &leaf);
    facts_add_cert(sample->fixture->facts, &broken);
    buf_clear(&der);
}

struct result *sample_result(struct sample *sample, const char *destination, enum verdict verdict, enum reason reason)
{
    static const char *const statuses[] = { "sent", "sent", "deferred", "bounced", "unknown" };
    static const char *const dsns[] = { "2.0.0", "2.0.0", "4.7.5", "5.4.4", NULL };
    struct forecast    forecast = { .status = statuses[verdict], .dsn = dsns[verdict], .reason = reason };
    struct destination *what = KEEP(sample, struct destination, .text = destination, .address = destination);
    struct route       *route = KEEP(sample, struct route, .transport = "smtp", .service = sample->fixture->smtp,
                                     .nexthop = destination, .address_class = "default");

    if (verdict != VERDICT_UNKNOWN) {
        forecast.relay = "none";
        forecast.tls = "none";
    }
    return KEEP(sample, struct result, .destination = what, .route = route, .verdict = verdict, .best = verdict,
                .worst = verdict, .certain = true, .forecast = forecast, .first_attempt = forecast);
}

static struct policy *make_policy(struct sample *sample, enum level level, int line, const char *key, const char *value)
{
    struct policy *policy = KEEP(sample, struct policy, .level = level, .from_table = line > 0,
                                 .source = "smtp_tls_security_level");

    if (line == 0)
        return policy;
    policy->source = "texthash:/etc/postfix/tls_policy";
    policy->answer = (struct table_answer){ .status = TABLE_FOUND, .value = value, .table = policy->source,
                                            .file = "/etc/postfix/tls_policy", .line = line, .key = key };
    return policy;
}

static struct mail_hosts *make_mail_hosts(struct sample *sample, const char *host)
{
    struct mx_record *mx = KEEP(sample, struct mx_record, 10, host);

    return KEEP(sample, struct mail_hosts, .used_mx = true, .mx_status = LOOKUP_OK, .mx_dnssec = "insecure",
                .mx_records = mx, .mx_record_count = 1);
}

/* One next-hop with one host. */
static struct host_result *add_hop(struct sample *sample, struct result *result, const struct policy *policy,
                                   const char *host)
{
    struct hop_result  *hop = KEEP(sample, struct hop_result, .text = result->route->nexthop, .policy = policy,
                                  .mail_hosts = make_mail_hosts(sample, host));
    struct mail_host   *mail_host = KEEP(sample, struct mail_host, .host = host, .ascii = host, .preference = 10,
                                       .port = 25, .has_address = true);
    struct effective   *effective = KEEP(sample, struct effective, .level = policy->level);
    struct host_result *tried = KEEP(sample, struct host_result, .host = mail_host, .policy = policy,
                                     .effective = effective, .verdict = result->verdict,
                                     .reason = result->forecast.reason, .dsn = result->forecast.dsn, .tls = "none");

    address_parse(&mail_host->address, SLICE("192.0.2.1"));
    hop->nexthop = KEEP(sample, struct nexthop, .text = result->route->nexthop, .host = host, .port = 25);
    tried->relay = region_printf(region_of(sample), "%s[192.0.2.1]:25", host);
    hop->hosts = tried;
    hop->host_count = 1;
    result->hops = hop;
    result->hop_count = 1;
    result->forecast.relay = result->first_attempt.relay = tried->relay;
    result->forecast.effective_level = level_word(effective->level);
    return tried;
}

static struct profile *make_profile(struct sample *sample)
{
    return KEEP(sample, struct profile, .port = 25, .helo_name = "mail.example.com", .min_version = 0x0303,
                .ciphers = "DEFAULT");
}

static struct conversation *make_conversation(struct sample *sample, struct host_result *host, const char *greeting)
{
    struct profile      *profile = make_profile(sample);
    struct conversation *seen = KEEP(sample, struct conversation, .profile = profile, .attempts = 1, .phase = PHASE_DONE,
                                     .ms_connect = 12, .when = START);

    seen->greeting = (struct reply){ .code = 220, .text = greeting };
    seen->ehlo = (struct reply){ .code = 250, .text = "250-mx\n250 STARTTLS" };
    host->profile = profile;
    host->conversation = seen;
    return seen;
}

static void complete_tls(struct region *region, struct conversation *seen, const char *id)
{
    seen->starttls_offered = true;
    seen->starttls = (struct reply){ .code = 220, .text = "220 go ahead" };
    seen->established = true;
    seen->protocol = "TLSv1.3";
    seen->cipher = "TLS_AES_256_GCM_SHA384";
    seen->group = "X25519";
    seen->certificates = region_copy(region, &id, sizeof(id));
    seen->certificate_count = 1;
    seen->ms_starttls = 30;
    seen->ms_handshake = 41;
}

static struct text_list *list_of(struct sample *sample, const char *item)
{
    const char **items = KEEP(sample, const char *, item);

    return KEEP(sample, struct text_list, items, 1);
}

static struct result *name_mismatch(struct sample *sample)
{
    struct result    *result = sample_result(sample, "example.net", VERDICT_DEFER, REASON_CERTIFICATE_NAME_MISMATCH);
    struct policy    *policy = make_policy(sample, LEVEL_SECURE, 1, "example.net", "secure match=example.net");
    struct host_result *host = add_hop(sample, result, policy, "mx.hosting.example");
    struct match     *match = KEEP(sample, struct match, .names = *list_of(sample, "example.net"));

    policy->match = list_of(sample, "example.net");
    policy->attributes = KEEP(sample, struct policy_attribute, "match", "example.net");
    policy->attribute_count = 1;
    host->match = match;
    host->tls = result->forecast.tls = result->first_attempt.tls = "untrusted";
    result->forecast.text = host->text = "Server certificate not verified";
    complete_tls(region_of(sample), make_conversation(sample, host, "220 mx.hosting.example ESMTP"), leaf_id);
    findings_add(region_of(sample), &result->findings, "certificate-name-mismatch", SEVERITY_CRITICAL,
                 "mx.hosting.example", NULL, 0, "the certificate names mx.hosting.example; the policy accepts example.net; %s",
                 reason_remedy(REASON_CERTIFICATE_NAME_MISMATCH));
    findings_add(region_of(sample), &result->findings, "table-stale-index", SEVERITY_NOTICE, NULL, "/etc/postfix/tls_policy", 7,
                 "a notice, for --verbose");
    return result;
}

static struct result *in_the_clear(struct sample *sample)
{
    struct result      *result = sample_result(sample, "clear.example", VERDICT_DOWNGRADE, REASON_DELIVERED_IN_CLEAR);
    struct policy      *policy = make_policy(sample, LEVEL_DANE, 0, NULL, NULL);
    struct host_result *host = add_hop(sample, result, policy, "mx.clear.example");

    ((struct effective *)host->effective)->level = LEVEL_MAY;
    result->forecast.effective_level = "may";
    result->best = VERDICT_DELIVER;
    result->certain = false;
    result->share_worse = 0.5;
    make_conversation(sample, host, "220 " EVIL);
    findings_add(region_of(sample), &result->findings, "starttls-not-offered", SEVERITY_WARNING, "mx.clear.example", NULL, 0,
                 "the host does not offer STARTTLS; %s", reason_remedy(REASON_STARTTLS_NOT_OFFERED));
    return result;
}

static struct result *invalid_policy(struct sample *sample)
{
    struct result      *result = sample_result(sample, "typo.example", VERDICT_DEFER, REASON_POLICY_INVALID);
    struct policy      *policy = make_policy(sample, LEVEL_INVALID, 3, "typo.example", "secrue match=" EVIL);
    struct host_result *host = add_hop(sample, result, policy, "mx.typo.example");

    policy->trouble = POLICY_BAD_VALUE;
    policy->error = "invalid security level \"secrue\"";
    policy->hint = "did you mean \"secure\"?";
    host->relay = result->forecast.relay = "none";
    result->forecast.text = "client TLS configuration problem";
    findings_add(region_of(sample), &result->findings, "policy-invalid", SEVERITY_CRITICAL, NULL, "/etc/postfix/tls_policy", 3,
                 "%s; %s", policy->error, policy->hint);
    return result;
}

static struct result *pinned(struct sample *sample)
{
    struct result      *result = sample_result(sample, "pinned.example", VERDICT_DEFER, REASON_FINGERPRINT_MISMATCH);
    struct policy      *policy = make_policy(sample, LEVEL_FINGERPRINT, 4, "pinned.example", "fingerprint match=00");
    struct host_result *host = add_hop(sample, result, policy, "mx.pinned.example");

    host->match = KEEP(sample, struct match, .digest = "sha256", .digests = *list_of(sample, "00"));
    host->tls = result->forecast.tls = "untrusted";
    complete_tls(region_of(sample), make_conversation(sample, host, "220 mx"), leaf_id);
    return result;
}

static struct result *tlsa_mismatch(struct sample *sample)
{
    static const uint8_t digest[32] = { 0xab, 0xcd };
    struct result       *result = sample_result(sample, "dane.example", VERDICT_DEFER, REASON_TLSA_MISMATCH);
    struct policy       *policy = make_policy(sample, LEVEL_DANE, 0, NULL, NULL);
    struct host_result  *host = add_hop(sample, result, policy, "mx.dane.example");
    struct dns_record   *record = KEEP(sample, struct dns_record, .type = DNS_TLSA, .rdata_length = 35, .usage = 3,
                                     .selector = 1, .matching_type = 1, .data = digest, .data_length = sizeof(digest));
    struct tlsa         *tlsa = &((struct effective *)host->effective)->tlsa;

    *tlsa = (struct tlsa){ .status = TLSA_FOUND, .base_domain = "mx.dane.example", .dnssec = "secure", .count = 1,
                           .usable_count = 1 };
    tlsa->records = tlsa->usable = KEEP(sample, const struct dns_record *, record);
    complete_tls(region_of(sample), make_conversation(sample, host, "220 mx"), leaf_id);
    return result;
}

static struct result *delivered(struct sample *sample)
{
    struct result      *result = sample_result(sample, "good.example", VERDICT_DELIVER, REASON_DELIVERED);
    struct policy      *policy = make_policy(sample, LEVEL_ENCRYPT, 5, "good.example", "encrypt");
    struct host_result *host = add_hop(sample, result, policy, "mx.good.example");

    host->tls = result->forecast.tls = result->first_attempt.tls = "anonymous";
    complete_tls(region_of(sample), make_conversation(sample, host, "220 mx"), broken_id);
    findings_add(region_of(sample), &result->findings, "certificate-expires-soon", SEVERITY_WARNING, "mx.good.example", NULL, 0,
                 "a certificate that the verdict rests on is valid until %s", "2026-11-26");
    return result;
}

static struct result *not_contacted(struct sample *sample)
{
    struct result      *result = sample_result(sample, "inside.example", VERDICT_UNKNOWN, REASON_ADDRESS_NOT_ALLOWED);
    struct policy      *policy = make_policy(sample, LEVEL_MAY, 6, "inside.example", "may");
    struct host_result *host = add_hop(sample, result, policy, "mx.inside.example");

    address_parse(&((struct mail_host *)host->host)->address, SLICE("10.0.0.1"));
    ((struct mail_host *)host->host)->not_allowed = true;
    result->forecast.relay = host->relay = NULL;
    return result;
}

static struct result *bounced(struct sample *sample)
{
    struct result *result = sample_result(sample, EVIL, VERDICT_BOUNCE, REASON_TRANSPORT_ERROR);

    result->route = KEEP(sample, struct route, .kind = ROUTE_ERROR, .transport = "error", .nexthop = "5.1.1 " EVIL,
                         .dsn = "5.1.1", .status = "bounced", .text = EVIL);
    result->forecast.text = EVIL;
    return result;
}

/* What a route and a policy were found by. */
static void add_steps(struct sample *sample, struct result *result)
{
    struct table_answer none = { .status = TABLE_NOT_FOUND };
    struct table_answer found = { .status = TABLE_FOUND, .value = "smtp:[gateway.example]", .file = "/etc/postfix/transport",
                                  .line = 9, .table = "hash:/etc/postfix/transport" };
    struct table_answer broken = { .status = TABLE_ERROR, .table = "ldap:/etc/postfix/ldap.cf", .error = "it is down " EVIL };
    struct route_step  *third = KEEP(sample, struct route_step, .what = "default_transport", .result = "smtp", .answer = none);
    struct route_step  *second = KEEP(sample, struct route_step, .what = "transport_maps", .key = EVIL, .answer = found,
                                   .next = third);

    ((struct route *)result->route)->steps =
        KEEP(sample, struct route_step, .what = "mydestination", .key = "example.net", .answer = none, .result = "not listed",
             .next = second);
    result->hops[0].steps = KEEP(sample, struct policy_step, .parameter = "smtp_tls_policy_maps", .key = EVIL, .answer = broken);
}

/* A list of next-hops: hosts that fail, that are not tried, that have no address; and a fallback relay. */
static struct result *fallback(struct sample *sample)
{
    struct result       *result = sample_result(sample, "list.example", VERDICT_DOWNGRADE, REASON_PLAINTEXT_RETRY);
    struct policy       *policy = make_policy(sample, LEVEL_MAY, 8, ".example", "may protocols=TLSv1.3");
    struct host_result  *host = add_hop(sample, result, policy, "\xe4\xbe\x8b\xe3\x81\x88.example");
    struct hop_result   *hops = region_array(region_of(sample), 2, sizeof(*hops));
    struct host_result  *hosts = region_array(region_of(sample), 3, sizeof(*hosts));
    struct conversation *seen = make_conversation(sample, host, "220-first line\r\n220 second " EVIL);

    seen->attempts = 2;
    seen->first_refusal = (struct reply){ .code = 450, .text = "450 4.7.1 greylisted" };
    seen->starttls_offered = true;
    seen->starttls = (struct reply){ .code = 220, .text = "220 go ahead" };
    seen->phase = PHASE_HANDSHAKE;
    seen->ending = ENDING_TLS_FAILED;
    seen->error = "sslv3 alert handshake failure";
    hosts[0] = *host;
    hosts[1] = (struct host_result){ .host = KEEP(sample, struct mail_host, .host = "two.example", .ascii = "two.example",
                                                  .preference = 20, .port = 25, .has_address = true),
                                     .policy = make_policy(sample, LEVEL_ENCRYPT, 9, "two.example", "MUST_NOPEERMATCH"),
                                     .verdict = VERDICT_NOT_TRIED, .reason = REASON_DELIVERED };
    address_parse(&((struct mail_host *)hosts[1].host)->address, SLICE("2001:db8::2"));
    hosts[2] = (struct host_result){ .host = KEEP(sample, struct mail_host, .host = EVIL, .ascii = "three", .preference = 30,
                                                  .port = 25),
                                     .policy = policy, .verdict = VERDICT_DEFER, .reason = REASON_NO_ADDRESS, .dsn = "4.4.3" };
    hops[0] = result->hops[0];
    hops[0].hosts = hosts;
    hops[0].host_count = 3;
    hops[1] = (struct hop_result){ .text = "[relay.example", .fallback = true };
    result->hops = hops;
    result->hop_count = 2;
    result->first_attempt = (struct forecast){ .status = "deferred", .dsn = "4.7.5", .relay = host->relay, .tls = "none",
                                               .text = "Cannot start TLS: handshake failure" };
    result->best = VERDICT_DELIVER;
    result->certain = false;
    result->share_worse = 0.5;
    findings_add(region_of(sample), &result->findings, "order-matters", SEVERITY_WARNING, NULL, NULL, 0,
                 "it depends on the order");
    return result;
}

/* The mail of a log and of a queue: a key, a pattern of strangers' text, one that is not used, a fallback's, the level. */
static void add_mail(struct sample *sample)
{
    struct mail_account *mail = KEEP(sample, struct mail_account, .has_log = true, .whole = true, .from = START - 92 * 86400,
                                     .total = { .deliveries = 2000, .deferrals = 31, .bounces = 2, .bytes = 214000000,
                                                .tls = { 0, 1000, 400, 300 }, .last = START, .waiting = 43, .share = 1 });
    const struct mail_entry entries[] = {
        { .kind = MAIL_ENTRY_KEY, .parameter = "smtp_tls_policy_maps", .table = "texthash:/etc/postfix/tls_policy",
          .file = "/etc/postfix/tls_policy", .line = 1, .key = "example.net", .value = "secure match=example.net",
          .destinations = 3,
          .weight = { .deliveries = 280, .deferrals = 30, .bytes = 30000000, .tls = { 0, 0, 0, 280 }, .last = START,
                      .waiting = 41, .share = 0.14 } },
        { .kind = MAIL_ENTRY_KEY, .parameter = "smtp_tls_policy_maps", .table = "texthash:/etc/postfix/tls_policy",
          .file = "/etc/postfix/tls_policy", .line = 13, .key = "gone.example", .value = "dane-only",
          .weight = { .waiting = 0, .share = 0 } },
        { .kind = MAIL_ENTRY_PATTERN, .parameter = "smtp_tls_policy_maps", .table = "regexp:/etc/postfix/tls_regexp",
          .file = "/etc/postfix/tls_regexp", .line = 1, .key = "/" EVIL "/", .value = EVIL, .destinations = 1,
          .weight = { .deliveries = 1, .last = START - 86400, .waiting = 0, .share = 0.0005 } },
        { .kind = MAIL_ENTRY_KEY, .parameter = "smtp_tls_policy_maps", .table = "mysql:/etc/postfix/mysql.cf",
          .key = "[relay.example]", .value = "encrypt", .fallbacks = 7, .weight = { .waiting = 0, .share = 0 } },
        { .kind = MAIL_ENTRY_PARAMETER, .parameter = "smtp_tls_security_level", .file = "/etc/postfix/main.cf", .line = 4,
          .value = "may", .destinations = 900, .weight = { .deliveries = 1719, .deferrals = 1, .bounces = 2, .last = START,
                                                           .waiting = 2, .share = 0.8595 } },
    };

    mail->count = sizeof(entries) / sizeof(entries[0]);
    mail->entries = region_copy(region_of(sample), entries, sizeof(entries));
    sample->report.mail = mail;
    ((struct result *)sample->report.results[1])->weight =
        KEEP(sample, struct weight, .deliveries = 100, .deferrals = 30, .bytes = 1000000, .tls = { 0, 0, 0, 100 },
             .last = START, .waiting = 40, .share = 0.05);
    ((struct result *)sample->report.results[2])->weight =
        KEEP(sample, struct weight, .deliveries = 100, .last = START, .waiting = 0, .share = 0.05, .repeated = true);
    mail_join(&sample->report);
}

void sample_init(struct sample *sample)
{
    struct report  *report = &sample->report;
    struct result **results;

    sample->fixture = fixture_new(main_cf, "3.7.11", files);
    add_certificates(sample);
    *report = (struct report){ .started = START, .finished = START + 42, .evaluated_at = START, .complete = true,
                               .resolver = "127.0.0.1:53", .sharing = { 76, 90, 18, 30, 3, 5 },
                               .config = &sample->fixture->config,
                               .facts = sample->fixture->facts };
    findings_add(region_of(sample), &report->findings, "resolver-not-loopback", SEVERITY_WARNING, NULL, NULL, 0,
                 "DNSSEC status comes from a resolver that is not on this machine");
    findings_add(region_of(sample), &report->findings, "local-no-ca", SEVERITY_CRITICAL, NULL, "/etc/postfix/main.cf", 12,
                 "the file of smtp_tls_CAfile cannot be read: " EVIL);
    results = region_array(region_of(sample), 9, sizeof(*results));
    results[0] = delivered(sample);
    results[1] = name_mismatch(sample);
    results[2] = in_the_clear(sample);
    results[3] = invalid_policy(sample);
    results[4] = pinned(sample);
    results[5] = tlsa_mismatch(sample);
    results[6] = not_contacted(sample);
    results[7] = bounced(sample);
    results[8] = fallback(sample);
    add_steps(sample, results[1]);
    report->results = (const struct result **)results;
    report->count = 9;
    add_mail(sample);
    report_count(report);
}

void sample_clear(struct sample *sample)
{
    fixture_free(sample->fixture);
}
