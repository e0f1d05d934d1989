/* The closed lists: every code is there once, spelt as codes are. */
#include "scanner/judge/result.h"

#include <string.h>

#include "tests/lib/check.h"

static bool is_code(const char *text)
{
    return text != NULL && text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

static size_t times(const char *wanted)
{
    const char *code, *sentence;
    size_t found = 0;

    for (size_t i = 0; finding_row(i, &code, &sentence); i++)
        found += strcmp(code, wanted) == 0;
    return found;
}

static void test_rows(void)
{
    const char *code, *sentence;
    size_t rows = 0;

    for (; finding_row(rows, &code, &sentence); rows++) {
        check_ok(is_code(code), "code %s", code);
        is_int(times(code), 1, "%s is listed once", code);
        check_ok(sentence[0] != '\0' && sentence[strlen(sentence) - 1] != '.', "%s has a sentence", code);
    }
    is_int(rows, (int)FINDING_COUNT + (int)REASON_COUNT, "every finding and every reason has a row");
}

static void test_reasons(void)
{
    enum reason reason;

    for (int i = 0; i < REASON_COUNT; i++) {
        check_ok(reason_parse(reason_code((enum reason)i), &reason) && (int)reason == i, "reason %s parses",
                 reason_code((enum reason)i));
    }
    check_ok(!reason_parse("delivery", &reason), "no reason");
    check_ok(!reason_parse(NULL, &reason), "no text");
    is_text(reason_rfc8460(REASON_CERTIFICATE_EXPIRED), "certificate-expired", "a result type of RFC 8460");
    is_text(reason_rfc8460(REASON_DELIVERED), NULL, "no result type");
}

static void test_findings(void)
{
    struct region *region = region_new();
    struct findings findings = { 0 };

    findings_add(region, &findings, "no-tlsa", SEVERITY_CRITICAL, "mx1", NULL, 0, "there are %d", 0);
    findings_add(region, &findings, finding_word(FINDING_ORDER_MATTERS), finding_severity(FINDING_ORDER_MATTERS), NULL,
                 "/etc/postfix/tls_policy", 7, "it does");
    is_int(findings.count, 2, "two findings");
    is_text(findings.first->text, "there are 0", "the first one");
    is_text(findings.first->next->code, "order-matters", "the second one");
    is_int(findings.first->next->line, 7, "with its line");
    check_ok(findings.first->next->next == NULL, "and no more");
    region_free(region);
}

int main(void)
{
    test_rows();
    test_reasons();
    test_findings();
    is_text(verdict_word(VERDICT_NOT_TRIED), "not-tried", "a verdict");
    is_text(severity_word(SEVERITY_CRITICAL), "critical", "a severity");
    return check_done();
}
