/* What is wrong has a remedy, and the words of the closed lists are there. */
#include "reports/formats.h"
#include "reports/story.h"
#include "tests/lib/check.h"
#include "tests/reports/sample.h"

static bool needs_nothing(enum reason reason)
{
    return reason == REASON_DELIVERED || reason == REASON_NOT_SMTP;
}

static void check_reasons(struct sample *sample)
{
    int reason;

    for (reason = 0; reason < REASON_COUNT; reason++) {
        struct story story;

        check_ok((remedy_sentence((enum reason)reason) == NULL) == needs_nothing((enum reason)reason),
                 "%s: what to do", reason_code((enum reason)reason));
        story_find(&story, sample->fixture->region, &sample->report,
                   sample_result(sample, "bare.example", VERDICT_UNKNOWN, (enum reason)reason));
        check_ok((story_remedy(&story).text == NULL) == needs_nothing((enum reason)reason) && story_why(&story) != NULL,
                 "%s: nothing but the reason is known", reason_code((enum reason)reason));
    }
}

/* The certificate offers names; only harmless ones may be copied into a table. */
static void check_paste(struct sample *sample, size_t result, const char *want)
{
    struct story story;

    story_find(&story, sample->fixture->region, &sample->report, sample->report.results[result]);
    is_text(story_remedy(&story).paste, want, "to paste for %s", sample->report.results[result]->destination->text);
}

/* What the finding that is the cause adds to the sentence. */
static void check_causes(struct sample *sample)
{
    static const struct {
        enum reason reason;
        const char *code, *file, *text, *why, *remedy;
    } rows[] = {
        { REASON_POLICY_INVALID, "service-does-not-start", "/etc/postfix/main.cf", "the service smtp does not start: bad",
          "the service smtp does not start: bad", "correct /etc/postfix/main.cf:7" },
        { REASON_POLICY_INVALID, "service-does-not-start", NULL, "the service smtp does not start: bad",
          "the service smtp does not start: bad", "correct the parameter" },
        { REASON_DELIVERED_IN_CLEAR, "tls-engine-unavailable", NULL, "no TLS engine", "no TLS engine",
          "repair the TLS settings in main.cf; the finding on top names the parameter" },
        { REASON_CERTIFICATE_NOT_TRUSTED, "certificate-not-trusted", NULL,
          "no certificate authority is configured (smtp_tls_CAfile, smtp_tls_CApath), so no certificate is trusted",
          "no certificate authority is configured (smtp_tls_CAfile, smtp_tls_CApath), so no certificate is trusted",
          "name the authorities that are to be trusted with smtp_tls_CAfile" },
        { REASON_TRANSPORT_ERROR, "transport-error", "/etc/postfix/transport", "the transport error settles the mail: x",
          "the transport error settles the mail: x", "if this is not wanted, correct /etc/postfix/transport:7" },
        { REASON_TABLE_ERROR, "table-error", NULL, "hash:/x: open database /x.db: No such file or directory",
          "hash:/x: open database /x.db: No such file or directory", "build the table:" },
        { REASON_TABLE_ERROR, "table-error", NULL, "hash:/x: open database /x.db: Permission denied",
          "hash:/x: open database /x.db: Permission denied", "repair the table; the finding names it" },
        { REASON_TABLE_UNREADABLE, "table-unreadable", NULL, "policy table lookup error: mysql:/x: unsupported dictionary type",
          "policy table lookup error: mysql:/x: unsupported dictionary type",
          "scan as root on the machine that runs Postfix, or install the table type's package here" },
        { REASON_TABLE_UNREADABLE, "table-unreadable", NULL, "regexp:/x, line 2: " TABLE_PATTERN_ENDLESS,
          "regexp:/x, line 2: " TABLE_PATTERN_ENDLESS,
          "rewrite the pattern so that every key is soon done with: Postfix tries it for as long as it takes" },
        { REASON_TABLE_UNREADABLE, "table-unreadable", NULL, "regexp:/x, line 2: " TABLE_PATTERN_UNTRIED,
          "regexp:/x, line 2: " TABLE_PATTERN_UNTRIED, "scan again with a longer --deadline" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct result *result = sample_result(sample, "bare.example", VERDICT_DEFER, rows[i].reason);
        struct story story;

        findings_add(sample->fixture->region, &result->findings, rows[i].code, SEVERITY_CRITICAL, NULL, rows[i].file,
                     rows[i].file != NULL ? 7 : 0, "%s", rows[i].text);
        story_find(&story, sample->fixture->region, &sample->report, result);
        is_text(story_why(&story), rows[i].why, "why, row %zu", i);
        is_text(story_remedy(&story).text, rows[i].remedy, "what to do, row %zu", i);
    }
}

/* What builds a table that is missing, to be pasted as it is. */
static void check_tables(struct sample *sample)
{
    static const struct {
        const char *text, *paste;
    } rows[] = {
        { "hash:/x: open database /x.db: No such file or directory", "postmap hash:/x" },
        { "policy table lookup error: hash:/etc/postfix/tls_policy: open database /etc/postfix/tls_policy.db: No such file or "
          "directory", "postmap hash:/etc/postfix/tls_policy" },
        { "per-site table lookup error: proxy:btree:/x: open database /x.db: No such file or directory", "postmap btree:/x" },
        { "policy table lookup error: hash:/x: open database /x.db: Permission denied", NULL },
        { "policy table lookup error", NULL },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct result *result = sample_result(sample, "bare.example", VERDICT_DEFER, REASON_TABLE_ERROR);
        struct story story;

        findings_add(sample->fixture->region, &result->findings, "table-error", SEVERITY_CRITICAL, NULL, NULL, 0, "%s",
                     rows[i].text);
        story_find(&story, sample->fixture->region, &sample->report, result);
        is_text(story_remedy(&story).paste, rows[i].paste, "to paste for: %s", rows[i].text);
    }
}

/* Where our own side is to blame, and where that is told. */
static void check_own_side(struct sample *sample)
{
    static const char on_top[] = "repair what the finding on top names, then scan again";
    static const struct {
        enum reason reason;
        const char *on_top;
        enum ending ending;
        const char *error, *want;
    } rows[] = {
        { REASON_LOCAL_FAULT, "local-no-connections", ENDING_CONNECT_FAILED, "refused", on_top },
        { REASON_LOCAL_FAULT, NULL, ENDING_LOCAL, "Too many open files",
          "repair what kept this machine from it (Too many open files), then scan again" },
        { REASON_LOCAL_FAULT, "local-no-connections", ENDING_LOCAL, "Too many open files", on_top },
        { REASON_LOCAL_FAULT, NULL, ENDING_COMPLETE, NULL, on_top },
        { REASON_PROBE_CUT_SHORT, "local-no-connections", ENDING_CUT_SHORT, NULL, on_top },
        { REASON_PROBE_CUT_SHORT, "local-no-ca", ENDING_CUT_SHORT, NULL, "scan again with a longer --timeout" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct conversation conversation = { .ending = rows[i].ending, .error = rows[i].error };
        const struct host_result host = { .conversation = &conversation };
        const struct findings before = sample->report.findings;
        struct story story = { .region = sample->fixture->region, .report = &sample->report, .host = &host,
                               .result = sample_result(sample, "bare.example", VERDICT_UNKNOWN, rows[i].reason) };

        sample->report.findings = (struct findings){ 0 };
        if (rows[i].on_top != NULL)
            findings_add(sample->fixture->region, &sample->report.findings, rows[i].on_top, SEVERITY_CRITICAL, NULL, NULL, 0,
                         "it is us");
        is_text(story_remedy(&story).text, rows[i].want, "our own side, row %zu", i);
        sample->report.findings = before;
    }
}

/* An entry that parses, and lacks what its level needs. */
static void check_missing(struct sample *sample)
{
    static const char setting[] = "set smtp_dns_support_level = dnssec in main.cf, which DANE needs; or choose another level";
    static const struct {
        enum reason reason;
        enum level level;
        const char *warning, *want;
    } rows[] = {
        { REASON_POLICY_INVALID, LEVEL_FINGERPRINT, "x",
          "the level fingerprint needs fingerprints: add match= to the entry, or set smtp_tls_fingerprint_cert_match" },
        { REASON_POLICY_INVALID, LEVEL_DANE_ONLY, "x.example: dane-only configured with dnssec lookups disabled", setting },
        { REASON_TLSA_LEFT_ASIDE, LEVEL_DANE, "x.example: dane configured with dnssec lookups disabled", setting },
        { REASON_POLICY_INVALID, LEVEL_DANE_ONLY, "x", "correct the policy entry" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct policy policy = { .level = rows[i].level };
        struct result *result = sample_result(sample, "bare.example", VERDICT_DEFER, rows[i].reason);
        struct story story = { .region = sample->fixture->region, .report = &sample->report, .policy = &policy,
                               .result = result };

        findings_add(sample->fixture->region, &result->findings, "policy-warning", SEVERITY_WARNING, NULL, NULL, 0, "%s",
                     rows[i].warning);
        is_text(story_remedy(&story).text, rows[i].want, "what is missing, row %zu", i);
    }
}

/* Only what stands in a table can be taken out of it. */
static void check_gone(struct sample *sample)
{
    const struct policy listed = { .level = LEVEL_MAY, .from_table = true, .source = "texthash:/etc/postfix/tls_policy" };
    const struct policy global = { .level = LEVEL_MAY, .source = "smtp_tls_security_level" };
    struct story story = { .region = sample->fixture->region, .report = &sample->report,
                           .result = sample_result(sample, "bare.example", VERDICT_BOUNCE, REASON_NO_SUCH_DOMAIN) };

    story.policy = &listed;
    is_text(story_remedy(&story).text, "correct the name, or take it out of the tables", "a name in a table");
    story.policy = &global;
    is_text(story_remedy(&story).text, "correct the name, in the address or in what routes to it", "a name in none");
}

/* Under --as mta-sts there is no entry to put right. */
static void check_as(struct sample *sample)
{
    static const struct {
        enum reason reason;
        const char *entry, *as;
    } rows[] = {
        { REASON_STS_MX_MISMATCH, "refresh the policy entry from the domain's MTA-STS policy; if it stays, tell the operator",
          "tell the operator: the domain's MTA-STS policy has to name the hosts of its MX records" },
        { REASON_CERTIFICATE_NAME_MISMATCH,
          "ask the operator for a certificate with the right name, or correct match= of the policy entry",
          "ask the operator for a certificate with the name of the host" },
        { REASON_CONNECT_REFUSED, "check the port, the route and the firewalls of both sides",
          "check the port, the route and the firewalls of both sides" },
    };
    const struct policy policy = { .level = LEVEL_SECURE };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct story story = { .region = sample->fixture->region, .report = &sample->report, .policy = &policy,
                               .result = sample_result(sample, "bare.example", VERDICT_DEFER, rows[i].reason) };

        is_text(story_remedy(&story).text, rows[i].entry, "by an entry, row %zu", i);
        sample->report.as.mechanism = MECHANISM_STS;
        is_text(story_remedy(&story).text, rows[i].as, "--as mta-sts, row %zu", i);
        sample->report.as.mechanism = MECHANISM_NONE;
    }
    sample->report.as.mechanism = MECHANISM_STS;
    check_paste(sample, 1, NULL);
    check_paste(sample, 4, NULL);
    sample->report.as.mechanism = MECHANISM_NONE;
}

/* The level of a policy that Postfix rejects, and of one that nobody could read. */
static void check_levels(struct sample *sample)
{
    static const struct {
        enum policy_trouble trouble;
        enum reason reason;
        enum level level;
        const char *want;
    } rows[] = {
        { POLICY_FINE, REASON_DELIVERED, LEVEL_SECURE, "secure" },
        { POLICY_BAD_VALUE, REASON_POLICY_INVALID, LEVEL_INVALID, "invalid" },
        { POLICY_UNREADABLE, REASON_TABLE_UNREADABLE, LEVEL_INVALID, "-" },
        { POLICY_TABLE_ERROR, REASON_TABLE_ERROR, LEVEL_INVALID, "-" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct policy policy = { .level = rows[i].level, .trouble = rows[i].trouble };
        struct story story = { .region = sample->fixture->region, .report = &sample->report, .policy = &policy,
                               .result = sample_result(sample, "bare.example", VERDICT_UNKNOWN, rows[i].reason) };

        is_text(story_level(&story), rows[i].want, "level, row %zu", i);
    }
}

static void check_formats(void)
{
    size_t i;

    for (i = 0; format_at(i) != NULL; i++)
        check_ok(format_find(format_at(i)->word) == format_at(i), "format %s is found", format_at(i)->word);
    check_ok(format_find("pdf") == NULL && format_find("") == NULL, "unknown formats are not");
}

int main(void)
{
    struct sample sample;

    sample_init(&sample);
    check_reasons(&sample);
    check_causes(&sample);
    check_paste(&sample, 1, "example.net secure match=mx.hosting.example");
    check_paste(&sample, 4, "pinned.example fingerprint match="
                            "12:30:5A:DF:D7:0E:B8:8F:1F:78:A6:FD:51:12:F0:75:46:08:08:3D:D5:58:52:92:B5:9A:BA:E3:C4:67:83:87");
    check_paste(&sample, 5, "_25._tcp.mx.dane.example. IN TLSA 3 1 1 "
                            "c4a429c1fbc4fb3340e29c8a5254e0761eab434b4c0bbf44eb36c70f27cb1867");
    check_paste(&sample, 3, NULL);
    check_levels(&sample);
    check_tables(&sample);
    check_own_side(&sample);
    check_missing(&sample);
    check_gone(&sample);
    check_as(&sample);
    check_formats();
    sample_clear(&sample);
    return check_done();
}
