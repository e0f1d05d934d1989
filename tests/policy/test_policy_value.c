/* A table value, row by row: release, value, and what smtp(8) makes of it. */
#include "tests/lib/check.h"
#include "tests/policy/fixture.h"
#include "scanner/policy/policy.h"

static const char *join(struct region *region, const struct text_list *list)
{
    const char *text = "";

    for (size_t i = 0; i < list->count; i++)
        text = region_printf(region, "%s%s%s", text, i > 0 ? "|" : "", list->items[i]);
    return text;
}

static const char *add(struct region *region, const char *text, const char *name, const char *value)
{
    return value == NULL ? text : region_printf(region, "%s %s=%s", text, name, value);
}

/* "LEVEL name=value ...": what the policy holds, lists joined by bars; or "error: ...", with "hint: ..." when there is
 * one. */
static const char *policy_text(struct region *region, const struct policy *policy)
{
    const char *text;

    if (policy->trouble == POLICY_WANTS)
        return "wants";
    if (policy->trouble != POLICY_FINE)
        return region_printf(region, "error: %s%s%s", policy->error, policy->hint != NULL ? "; hint: " : "",
                             policy->hint != NULL ? policy->hint : "");
    text = level_word(policy->level);
    text = add(region, text, "ciphers", policy->ciphers);
    text = add(region, text, "protocols", policy->protocols);
    text = add(region, text, "exclude", policy->exclude);
    text = add(region, text, "servername", policy->servername);
    text = add(region, text, "match", policy->match != NULL ? join(region, policy->match) : NULL);
    text = add(region, text, "tafile", policy->tafiles != NULL ? join(region, policy->tafiles) : NULL);
    if (policy->connection_reuse >= 0)
        text = region_printf(region, "%s reuse=%d", text, policy->connection_reuse);
    if (policy->enable_rpk >= 0)
        text = region_printf(region, "%s rpk=%d", text, policy->enable_rpk);
    if (policy->sts.has_type)
        text = region_printf(region, "%s type=%s", text, policy->sts.type_sts ? "sts" : "other");
    text = add(region, text, "domain", policy->sts.domain);
    text = add(region, text, "failure", policy->sts.failure);
    text = add(region, text, "ttl", policy->sts.ttl);
    text = add(region, text, "mx", policy->sts.mx_patterns.count > 0 ? join(region, &policy->sts.mx_patterns) : NULL);
    text = add(region, text, "strings", policy->sts.strings.count > 0 ? join(region, &policy->sts.strings) : NULL);
    return policy->warning == NULL ? text : region_printf(region, "%s; warning: %s", text, policy->warning);
}

#define AROUND_ONE "; hint: braces go around one attribute: \"{ name = value }\""
#define NEEDS_310 "; hint: \"{ name = value }\" needs Postfix 3.10 or later; write name=value"
#define BUILT_IN "error: built-in policy has unexpected attribute policy_ttl, policy_domain, policy_string, " \
                 "mx_host_pattern or policy_failure; hint: add policy_type=sts"

static const struct {
    const char *version, *value, *result;
} rows[] = {
    /* Shape. */
    { "3.7.11", "none", "none" },
    { "3.7.11", "may", "may" },
    { "3.7.11", "Secure", "secure" },
    { "3.7.11", "DANE-ONLY", "dane-only" },
    { "3.7.11", " ,\tencrypt\r\n", "encrypt" },
    { "3.9.5", "secure match=x }", "error: malformed attribute/value pair \"}\": missing '=' after attribute name" NEEDS_310 },
    { "3.11.0", "secure match=x }", "error: malformed attribute/value pair \"}\": missing '=' after attribute name" AROUND_ONE },
    { "3.11.0", "encrypt { { protocols = TLSv1.2 } }",
      "error: malformed attribute/value pair \"{ protocols = TLSv1.2 }\": missing '=' after attribute name" AROUND_ONE },
    { "3.11.0", "encrypt { {protocols=TLSv1.2} }", "error: invalid attribute name: \"{protocols\"" AROUND_ONE },
    { "3.7.11", "", "error: invalid empty policy; hint: name a level, e.g. \"encrypt\"" },
    { "3.7.11", " , ", "error: invalid empty policy; hint: name a level, e.g. \"encrypt\"" },
    { "3.7.11", "sucure", "error: invalid security level \"sucure\"; hint: did you mean \"secure\"?" },
    { "3.7.11", "half-dane", "error: invalid security level \"half-dane\"; hint: did you mean \"dane\"?" },
    { "3.7.11", "MUST", "error: invalid security level \"MUST\"; hint: did you mean \"verify\"?" },
    { "3.7.11", "match=x secure",
      "error: invalid security level \"match=x\"; hint: the level comes first, then the attributes" },
    { "3.7.11", "\"secure\"", "error: invalid security level \"\"secure\"\"; hint: did you mean \"secure\"?" },
    { "3.7.11", "verify,match=x", "verify match=x" },
    { "3.7.11", "verify match=x,protocols=!TLSv1:!TLSv1.1", "verify protocols=!TLSv1:!TLSv1.1 match=x" },
    { "3.7.11", "secure,verify",
      "error: malformed attribute/value pair \"verify\": missing '=' after attribute name; hint: attributes are written "
      "name=value" },
    { "3.7.11", "secure # comment",
      "error: malformed attribute/value pair \"#\": missing '=' after attribute name; hint: a comment needs a line of its "
      "own" },
    { "3.7.11", "secure match = x",
      "error: malformed attribute/value pair \"match\": missing '=' after attribute name; hint: write name=value without "
      "spaces around the \"=\"" },
    { "3.7.11", "secure match =x",
      "error: malformed attribute/value pair \"match\": missing '=' after attribute name; hint: write name=value without "
      "spaces around the \"=\"" },
    { "3.7.11", "secure match= x", "error: attribute \"match\" has empty value" },
    { "3.7.11", "secure =x",
      "error: malformed attribute/value pair \"=x\": missing attribute name; hint: write name=value without spaces around "
      "the \"=\"" },
    { "3.7.11", "secure Match=a MATCH=b", "secure match=a|b" },
    { "3.7.11", "encrypt ciphers=a=b", "encrypt ciphers=a=b" },
    /* Level none. */
    { "3.7.11", "none match=x garbage", "none; warning: ignoring attribute \"match=x\" with TLS disabled" },
    { "3.7.11", "none # later", "none; warning: ignoring attribute \"#\" with TLS disabled" },
    /* Attributes of all releases. */
    { "3.4.29", "may ciphers=high protocols=TLSv1.2 exclude=aNULL:MD5 servername=x.example connection_reuse=YES",
      "may ciphers=high protocols=TLSv1.2 exclude=aNULL:MD5 servername=x.example reuse=1" },
    { "3.7.11", "encrypt protocols=>=TLSv1.2", "encrypt protocols=>=TLSv1.2" },
    { "3.7.11", "encrypt protocols>=TLSv1.2",
      "error: invalid attribute name: \"protocols>\"; hint: write \"protocols=>=...\"" },
    { "3.7.11", "encrypt protocols=", "encrypt protocols=" },
    { "3.7.11", "encrypt exclude=", "encrypt exclude=" },
    { "3.7.11", "encrypt ciphers=", "error: attribute \"ciphers\" has empty value" },
    { "3.7.11", "encrypt ciphers=foo", "encrypt ciphers=foo" },
    { "3.7.11", "encrypt ciphers=high ciphers=medium", "error: attribute \"ciphers\" is specified multiple times" },
    { "3.7.11", "encrypt protocols= protocols=", "error: attribute \"protocols\" is specified multiple times" },
    { "3.7.11", "encrypt exclude= Exclude=a", "error: attribute \"Exclude\" is specified multiple times" },
    { "3.7.11", "verify servername=hostname servername=x", "error: attribute \"servername\" is specified multiple times" },
    { "3.7.11", "verify servername=hostname", "verify servername=hostname" },
    { "3.7.11", "verify servername=",
      "error: \"servername=\" specifies an invalid hostname; hint: write a host name in its ASCII form, \"hostname\" or "
      "\"nexthop\"" },
    { "3.7.11", "verify servername=192.0.2.1",
      "error: \"servername=192.0.2.1\" specifies an invalid hostname; hint: write a host name in its ASCII form, "
      "\"hostname\" or \"nexthop\"" },
    { "3.7.11", "dane servername=b\xc3\xbc.example",
      "error: \"servername=b\xc3\xbc.example\" specifies an invalid hostname; hint: write a host name in its ASCII form, "
      "\"hostname\" or \"nexthop\"" },
    { "3.7.11", "may connection_reuse=yes connection_reuse=no", "may reuse=0" },
    { "3.7.11", "may connection_reuse=on",
      "error: attribute \"connection_reuse\" has bad value: \"on\"; hint: write yes or no" },
    { "3.7.11", "may connection_reuse=", "error: attribute \"connection_reuse\" has bad value: \"\"; hint: write yes or no" },
    { "3.7.11", "secure macth=x", "error: invalid attribute name: \"macth\"; hint: did you mean \"match\"?" },
    { "3.7.11", "secure matches=x", "error: invalid attribute name: \"matches\"; hint: did you mean \"match\"?" },
    { "3.7.11", "secure colour=x", "error: invalid attribute name: \"colour\"" },
    /* match. */
    { "3.7.11", "secure match=nexthop:dot-nexthop:.example.org", "secure match=nexthop|dot-nexthop|.example.org" },
    { "3.7.11", "secure match=a::b match=c", "secure match=a|b|c" },
    { "3.7.11", "secure match=:", "secure match=" },
    { "3.7.11", "verify match=a|b", "verify match=a|b" },
    { "3.7.11", "fingerprint match=AA:BB|CC:DD match=EE", "fingerprint match=AA:BB|CC:DD|EE" },
    { "3.7.11", "fingerprint match=||", "fingerprint match=" },
    { "3.7.11", "may match=x",
      "error: attribute \"match\" invalid at security level \"may\"; hint: \"match\" is for fingerprint, verify and "
      "secure; leave it away or choose another level" },
    { "3.7.11", "encrypt match=x",
      "error: attribute \"match\" invalid at security level \"encrypt\"; hint: \"match\" is for fingerprint, verify and "
      "secure; leave it away or choose another level" },
    { "3.7.11", "dane match=x",
      "error: attribute \"match\" invalid at security level \"dane\"; hint: \"match\" is for fingerprint, verify and "
      "secure; leave it away or choose another level" },
    { "3.7.11", "dane-only match=",
      "error: attribute \"match\" has empty value" },
    /* tafile: the level comes before the value. */
    { "3.7.11", "encrypt tafile=",
      "error: attribute \"tafile\" invalid at security level \"encrypt\"; hint: \"tafile\" is for verify and secure; leave "
      "it away or choose another level" },
    { "3.7.11", "fingerprint tafile=/good",
      "error: attribute \"tafile\" invalid at security level \"fingerprint\"; hint: \"tafile\" is for verify and secure; "
      "leave it away or choose another level" },
    { "3.7.11", "secure tafile=", "error: attribute \"tafile\" has empty value" },
    { "3.7.11", "secure tafile=/good tafile=/two", "secure tafile=/good|/two" },
    { "3.7.11", "secure tafile=/missing", "error: error opening trust anchor file: /missing: No such file or directory" },
    { "3.7.11", "secure tafile=/empty",
      "error: error reading trust anchor file: /empty: no certificate or public key in it" },
    { "3.7.11", "secure tafile=/cut", "error: error reading trust anchor file: /cut: bad end line" },
    { "3.7.11", "secure tafile=/odd", "error: error reading trust anchor file: /odd: bad base64 decode" },
    { "3.7.11", "secure tafile=/unread", "wants" },
    { "3.7.11", "secure tafile=/unread colour=x", "error: invalid attribute name: \"colour\"" },
    /* Releases. */
    { "3.8.6", "may enable_rpk=yes",
      "error: invalid attribute name: \"enable_rpk\"; hint: \"enable_rpk\" needs Postfix 3.9 or later" },
    { "3.9.0", "may enable_rpk=yes enable_rpk=No", "may rpk=0" },
    { "3.9.0", "secure enable_rpk=yes", "secure rpk=1" },
    { "3.9.0", "may enable_rpk=1", "error: attribute \"enable_rpk\" has bad value: \"1\"; hint: write yes or no" },
    { "3.9.14", "secure policy_type=sts",
      "error: invalid attribute name: \"policy_type\"; hint: \"policy_type\" needs Postfix 3.10 or later" },
    { "3.9.14", "secure { match = x }",
      "error: malformed attribute/value pair \"{\": missing '=' after attribute name" NEEDS_310 },
    { "3.9.14", "secure {match=x}", "error: invalid attribute name: \"{match\"" NEEDS_310 },
    { "3.10.0", "secure { match = x }", "secure match=x" },
    { "3.10.0", "secure {match=x}", "secure match=x" },
    { "3.10.0", "may { protocols = >=TLSv1.2,\t<=TLSv1.2 }", "may protocols=>=TLSv1.2, <=TLSv1.2" },
    { "3.10.0", "secure { match = x } { exclude =  }", "secure exclude= match=x" },
    { "3.10.0", "secure {match=x}y",
      "error: malformed attribute/value pair \"match=x\": syntax error after '}' in \"{match=x}y\"" },
    { "3.10.0", "secure { match = x",
      "error: malformed attribute/value pair \"match = x\": missing '}' in \"{ match = x\"" },
    { "3.10.0", "secure match={a b}", "secure match={a b}" },
    { "3.10.0", "secure { }", "error: malformed attribute/value pair \"\": missing attribute name" },
    { "3.10.0", "secure {}", "error: malformed attribute/value pair \"\": missing attribute name" },
    /* MTA-STS. */
    { "3.10.0",
      "secure match=mx.example policy_type=sts policy_domain=example policy_ttl=86400 policy_string=version:STSv1 "
      "mx_host_pattern=mx.example mx_host_pattern=*.example",
      "secure match=mx.example type=sts domain=example ttl=86400 mx=mx.example|*.example strings=version:STSv1" },
    { "3.10.5", "secure match=mx.example policy_type=STS mx_host_pattern=mx.example",
      "secure match=hostname type=sts mx=mx.example" },
    { "3.11.6", "secure match=mx.example policy_type=sts mx_host_pattern=mx.example",
      "secure match=hostname type=sts mx=mx.example" },
    { "3.11.6", "secure match=mx.example policy_type=sts", "secure match=mx.example type=sts" },
    { "3.11.6", "secure policy_type=sts mx_host_pattern=", "secure type=sts mx=" },
    { "3.11.6", "secure match=a policy_type=no-policy-found mx_host_pattern=x", "secure match=a type=other mx=x" },
    { "3.11.6", "may policy_type=no-policy-found policy_failure=sts-policy-invalid",
      "may type=other failure=sts-policy-invalid" },
    { "3.11.6", "may policy_type=tlsa", "error: attribute \"policy_type\" has an unexpected value: \"tlsa\"" },
    { "3.11.6", "may policy_type=", "error: attribute \"policy_type\" has an unexpected value: \"\"" },
    { "3.11.6", "may policy_type=sts policy_failure=sts-polcy-invalid",
      "error: attribute \"policy_failure\" has an unexpected value: \"sts-polcy-invalid\"; hint: did you mean "
      "\"sts-policy-invalid\"?" },
    { "3.11.6", "may policy_type=sts policy_domain=a..b",
      "error: attribute \"policy_domain\" has a malformed value: \"a..b\"" },
    { "3.11.6", "may policy_type=sts policy_ttl=1d", "error: attribute \"policy_ttl\" has a malformed value: \"1d\"" },
    { "3.11.6", "may policy_type=sts policy_ttl=", "error: attribute \"policy_ttl\" has a malformed value: \"\"" },
    { "3.11.6", "may policy_type=sts policy_ttl=99999999999",
      "error: attribute \"policy_ttl\" has a malformed value: \"99999999999\"" },
    { "3.11.6", "may policy_type=sts policy_ttl=1 policy_ttl=2",
      "error: attribute \"policy_ttl\" is specified multiple times" },
    { "3.11.6", "may policy_ttl=1", BUILT_IN },
    { "3.11.6", "secure mx_host_pattern=x", BUILT_IN },
    { "3.11.6", "secure policy_string=", BUILT_IN },
};

#define CERTIFICATE "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

static void add_files(struct fixture *f)
{
    fixture_file(f, "/good", "text before\n" CERTIFICATE, NULL);
    fixture_file(f, "/two", CERTIFICATE "-----BEGIN PUBLIC KEY-----\r\nMIIB\r\n-----END PUBLIC KEY-----\r\n", NULL);
    fixture_file(f, "/missing", "", "No such file or directory");
    fixture_file(f, "/empty", "", NULL);
    fixture_file(f, "/cut", CERTIFICATE "-----BEGIN CERTIFICATE-----\nMIIB\n", NULL);
    fixture_file(f, "/odd", "-----BEGIN CERTIFICATE-----\nM*IB\n-----END CERTIFICATE-----\n", NULL);
}

static void test_rows(void)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *f = fixture_new("", rows[i].version, NULL);
        struct policy policy;

        add_files(f);
        policy_parse(f->region, &policy, slice_of(rows[i].value), f->smtp, &f->config, &f->view);
        is_text(policy_text(f->region, &policy), rows[i].result, "\"%s\" in %s", rows[i].value, rows[i].version);
        if (policy.trouble == POLICY_BAD_VALUE) {
            is_int(policy.level, LEVEL_INVALID, "\"%s\" has no level", rows[i].value);
            is_text(policy.dsn, "4.7.5", "\"%s\" defers", rows[i].value);
            is_text(policy.text, "client TLS configuration problem", "\"%s\" as logged", rows[i].value);
        }
        fixture_free(f);
    }
}

static void test_wanted_file(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct view replay = { .facts = f->facts };
    struct policy policy;

    policy_parse(f->region, &policy, SLICE("secure tafile=/a tafile=/b"), f->smtp, &f->config, &f->view);
    is_int(policy.trouble, POLICY_WANTS, "files that were not read are wanted");
    is_text(wants_file_at(f->wants, 0), "/a", "the first");
    is_text(wants_file_at(f->wants, 1), "/b", "and the second at once");
    policy_parse(f->region, &policy, SLICE("secure tafile=/a"), f->smtp, &f->config, &replay);
    is_int(policy.trouble, POLICY_UNREADABLE, "in a replay nobody can read them");
    is_int(policy.level, LEVEL_INVALID, "and there is no level");
    fixture_free(f);
}

static void test_attributes(void)
{
    struct fixture *f = fixture_new("", "3.7.11", NULL);
    struct policy policy;

    policy_parse(f->region, &policy, SLICE("secure MATCH=a Ciphers=high bogus"), f->smtp, &f->config, &f->view);
    is_int(policy.attribute_count, 2, "attributes before the error are kept for reports");
    is_text(policy.attributes[0].name, "match", "in lower case");
    is_text(policy.attributes[0].value, "a", "with their value");
    is_text(policy.attributes[1].name, "ciphers", "in order");
    fixture_free(f);
}

static void test_patterns_off(void)
{
    struct fixture *f = fixture_new("smtp_tls_enforce_sts_mx_patterns = no\n", "3.11.6", NULL);
    struct policy policy;

    policy_parse(f->region, &policy, SLICE("secure match=a policy_type=sts mx_host_pattern=b"), f->smtp, &f->config,
                 &f->view);
    is_text(policy_text(f->region, &policy), "secure match=a type=sts mx=b", "patterns that are not enforced");
    fixture_free(f);
}

int main(void)
{
    test_rows();
    test_wanted_file();
    test_attributes();
    test_patterns_off();
    return check_done();
}
