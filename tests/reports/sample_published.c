/* The sample's destinations with what their domains publish: each state, hostile text in every field that strangers fill. */
#include "tests/reports/sample.h"

#define EVIL "\033[2J\xc2\x9b" "31m\xe2\x80\xae" "evil\xff</script>\n"
#define LIST(...) { (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *) }
#define HOSTS(...) .hosts = (struct sts_host[]){ __VA_ARGS__ }, \
                   .host_count = sizeof((struct sts_host[]){ __VA_ARGS__ }) / sizeof(struct sts_host)

#define VERIFIED(level) { true, VERDICT_DELIVER, level, REASON_DELIVERED, "2.0.0", "verified", NULL }
#define TRUSTED { true, VERDICT_DELIVER, "may", REASON_DELIVERED, "2.0.0", "trusted", NULL }
#define DEFERRED(level, reason) { true, VERDICT_DEFER, level, reason, "4.7.5", "untrusted", "Server certificate not " EVIL }
#define MANY "a." EVIL, "*.b.example", "c.example", "d.example", "e.example", "f.example", "g.example", "h.example", \
             "i.example", "j.example", "k.example", "l.example"

/* One for each result of the sample; that without a domain is [host]. */
static struct published published[] = {
    { "good.example", MECHANISM_TABLE, { DANE_ALL, 1, 1, VERIFIED("dane") },
      { STS_ENFORCE, .id = "20261101T000000", .max_age = 604800, .mx = LIST("mx.good.example", "*.spare.example"),
        HOSTS({ "mx.good.example", true }), .as_if = VERIFIED("secure") },
      { .state = TLSRPT_VALID, .rua = LIST("mailto:tls@good.example", "https://reports.example/v1") },
      "good.example dane", "good.example dane" },
    { "example.net", MECHANISM_TABLE, { DANE_NONE, 1, 0, TRUSTED },
      { STS_ENFORCE, .id = "1", .max_age = 3601, .mx = LIST("mx1.example.net"), HOSTS({ "mx.hosting.example", false }),
        .as_if = DEFERRED("secure", REASON_STS_MX_MISMATCH) },
      { .state = TLSRPT_NONE }, NULL, NULL },
    { "clear.example", MECHANISM_DANE, { DANE_NONE, 1, 0, { true, VERDICT_DOWNGRADE, "may", REASON_DELIVERED_IN_CLEAR,
                                                           "2.0.0", "none", NULL } },
      { STS_INVALID, .reason = "policy-mode", .why = "the mode of the policy is not enforce, testing or none: " EVIL,
        .line = 2, .id = "7", .max_age = -1 },
      { .state = TLSRPT_INVALID, .reason = "rua-scheme", .why = "an rua of the record is neither mailto: nor https:: " EVIL },
      NULL, NULL },
    { "typo.example", MECHANISM_TABLE, { .state = DANE_UNKNOWN },
      { STS_UNKNOWN, .reason = "dns-lookup-failed", .why = "the record cannot be looked up", .max_age = -1 },
      { .state = TLSRPT_UNKNOWN, .reason = "dns-lookup-failed", .why = "the record cannot be looked up" }, NULL, NULL },
    { "pinned.example", MECHANISM_TABLE, { DANE_NONE, 1, 0, TRUSTED }, { STS_NONE, .max_age = -1, .as_if = TRUSTED },
      { .state = TLSRPT_NONE }, NULL, NULL },
    { "dane.example", MECHANISM_DANE, { DANE_ALL, 1, 1, DEFERRED("dane", REASON_TLSA_MISMATCH) },
      { STS_TESTING, .id = "8", .max_age = 86400, .mx = LIST("*.dane.example"), HOSTS({ "mx.dane.example", true }),
        .as_if = TRUSTED, .enforced = DEFERRED("secure", REASON_CERTIFICATE_NOT_TRUSTED) },
      { .state = TLSRPT_NONE }, NULL, NULL },
    { .domain = NULL },
    { NULL, MECHANISM_NONE, { .state = DANE_NONE }, { STS_NONE, .max_age = -1 }, { .state = TLSRPT_NONE }, NULL, NULL },
    { "list.example", MECHANISM_TABLE, { DANE_SOME, 3, 1, VERIFIED("dane") },
      { STS_MODE_IS_NONE, .id = EVIL, .max_age = 0, .mx = LIST(MANY), HOSTS({ EVIL, true }, { "two.example", false }),
        .as_if = TRUSTED },
      { .state = TLSRPT_VALID, .rua = LIST("mailto:" EVIL) }, "list.example dane", "list.example dane " EVIL },
};

void sample_publish(struct sample *sample)
{
    size_t i;

    for (i = 0; i < sample->report.count; i++)
        if (i != 6)   /* was not asked */
            ((struct result *)sample->report.results[i])->published = &published[i];
}

void sample_follow(struct sample *sample, enum mechanism mechanism)
{
    static const enum verdict now[] = { VERDICT_DELIVER, VERDICT_DELIVER, VERDICT_DOWNGRADE, VERDICT_DEFER, VERDICT_BOUNCE,
                                        VERDICT_DELIVER, VERDICT_UNKNOWN, VERDICT_BOUNCE, VERDICT_DELIVER };
    struct result *result;
    size_t         i;

    for (i = 0; i < sample->report.count; i++) {
        result = (struct result *)sample->report.results[i];
        result->configured = sample_result(sample, result->destination->text, now[i],
                                           now[i] == VERDICT_DELIVER ? REASON_DELIVERED : result->forecast.reason);
    }
    result = (struct result *)sample->report.results[0];
    result->forecast.tls = result->first_attempt.tls = "verified";
    ((struct result *)sample->report.results[8]->configured)->forecast.tls = "verified";
    report_count_as(&sample->report, mechanism);
}
