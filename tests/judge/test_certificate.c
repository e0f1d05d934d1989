#include "scanner/judge/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/judge/certificate_case.h"
#include "tests/judge/pki.h"
#include "tests/lib/check.h"

static void judge_case(struct certificate_case *c, struct trust *trust, struct certificate_verdict *verdict)
{
    struct fixture *f = c->fixture;

    certificate_judge(f->region, verdict, trust, &f->config, f->smtp, &c->policy, &c->effective, &c->match,
                      &c->conversation, f->facts, c->when);
}

/* A moment later, the verdict is not the kept one, but signatures are known: as without them. */
static void check_known_signatures(struct certificate_case *c, struct trust *trust, const char *name)
{
    struct certificate_verdict with, without;
    struct trust *fresh = trust_new();

    c->when++;
    judge_case(c, trust, &with);
    judge_case(c, fresh, &without);
    check_ok(with.matched == without.matched && with.reason == without.reason && with.x509_error == without.x509_error &&
                 with.valid_until == without.valid_until && with.tlsa_matched == without.tlsa_matched &&
                 with.anchor_ends == without.anchor_ends,
             "%s: with signatures that are known", name);
    is_text(with.word, without.word, "%s: the word, with signatures that are known", name);
    is_text(with.detail, without.detail, "%s: the sentence, with signatures that are known", name);
    is_text(with.ending, without.ending, "%s: the end, with signatures that are known", name);
    trust_free(fresh);
}

static void check_row(const struct certificate_row *row)
{
    struct certificate_case c;
    struct certificate_verdict verdict, again;
    struct trust *trust = trust_new();
    int64_t until = row->until == 0 ? INT64_MAX : PKI_NOW + row->until * PKI_DAY;

    certificate_case_open(&c, row);
    judge_case(&c, trust, &verdict);
    is_text(verdict.word, row->word, "%s: word", row->name);
    is_int(verdict.matched, row->matched, "%s: matched", row->name);
    is_int(verdict.x509_error, row->error, "%s: error", row->name);
    if (!row->matched)
        is_text(reason_code(verdict.reason), row->reason, "%s: reason", row->name);
    is_int(verdict.valid_until, until, "%s: valid until", row->name);
    is_int(verdict.expired_ignored, row->expired_ignored, "%s: dates ignored", row->name);
    is_int(verdict.fell_to_encrypt, row->fell_to_encrypt, "%s: fell to encrypt", row->name);
    is_int(verdict.tlsa_matched, row->record - 1, "%s: record", row->name);
    is_int(verdict.tlsa_unusable, row->unusable, "%s: unusable records", row->name);
    is_int(verdict.detail == NULL, row->matched, "%s: a sentence", row->name);
    if (row->detail != NULL)
        check_ok(verdict.detail != NULL && strstr(verdict.detail, row->detail) != NULL, "%s: says \"%s\": %s",
                 row->name, row->detail, verdict.detail == NULL ? "" : verdict.detail);
    judge_case(&c, trust, &again);
    check_ok(again.matched == verdict.matched && again.word == verdict.word && again.reason == verdict.reason &&
                 again.valid_until == verdict.valid_until && again.tlsa_matched == verdict.tlsa_matched,
             "%s: once more, the same", row->name);
    is_text(again.detail, verdict.detail, "%s: once more, the same sentence", row->name);
    is_text(again.ending, verdict.ending, "%s: once more, the same end", row->name);
    check_known_signatures(&c, trust, row->name);
    trust_free(trust);
    certificate_case_close(&c);
}

/* One trust for all rows of one time: nothing of one judgement is taken for another. */
static void test_sharing(void)
{
    struct trust *trust = trust_new();
    struct certificate_case *cases = calloc(certificate_row_count, sizeof *cases);
    struct certificate_verdict verdict;

    for (size_t i = 0; i < certificate_row_count; i++)
        certificate_case_open(&cases[i], &certificate_rows[i]);
    for (size_t i = 0; i < certificate_row_count; i++) {
        judge_case(&cases[i], trust, &verdict);
        is_text(verdict.word, certificate_rows[i].word, "%s: shared", certificate_rows[i].name);
    }
    for (size_t i = 0; i < certificate_row_count; i++)
        certificate_case_close(&cases[i]);
    trust_free(trust);
    free(cases);
}

static const struct certificate_row plain = { .name = "plain", .level = LEVEL_VERIFY, .chain = "leaf int" };

/* What is not among the facts is not judged. */
static void test_missing(void)
{
    struct certificate_case c;
    struct certificate_verdict verdict;
    struct trust *trust = trust_new();

    certificate_case_open(&c, &plain);
    c.conversation.certificates[1] = "0000000000000000000000000000000000000000000000000000000000000000";
    judge_case(&c, trust, &verdict);
    is_int(verdict.matched, false, "a certificate that is not observed: no match");
    is_text(reason_code(verdict.reason), "not-observed", "a certificate that is not observed: said so");
    certificate_case_close(&c);
    trust_free(trust);
}

/* policy_failure fails every certificate, unless the connection is one to be used again. */
static void test_policy_failure(void)
{
    struct certificate_case c;
    struct certificate_verdict verdict;
    struct trust *trust = trust_new();

    certificate_case_open(&c, &plain);
    c.policy.sts.failure = "validation-failure";
    judge_case(&c, trust, &verdict);
    is_text(verdict.word, "untrusted", "policy_failure: word");
    is_int(verdict.matched, false, "policy_failure: no match");
    c.effective.level = LEVEL_ENCRYPT;
    judge_case(&c, trust, &verdict);
    is_text(verdict.word, "untrusted", "policy_failure at encrypt: word");
    is_int(verdict.matched, true, "policy_failure at encrypt: match");
    c.effective.level = LEVEL_VERIFY;
    c.policy.connection_reuse = 1;
    judge_case(&c, trust, &verdict);
    is_text(verdict.word, "verified", "policy_failure and connection_reuse: word");
    certificate_case_close(&c);
    trust_free(trust);
}

/* A chain of as many certificates as a conversation keeps. */
static void test_long_chain(void)
{
    struct certificate_case c;
    struct certificate_verdict verdict;
    struct trust *trust = trust_new();
    size_t room = CONVERSATION_CERTIFICATES_MAX;

    certificate_case_open(&c, &plain);
    while (c.conversation.certificate_count < room)
        c.conversation.certificates[c.conversation.certificate_count++] = c.conversation.certificates[1];
    judge_case(&c, trust, &verdict);
    is_text(verdict.word, "verified", "%zu certificates", room);
    certificate_case_close(&c);
    trust_free(trust);
}

/* A leaf with any bit turned is no longer what its authority signed. */
static void test_damage(void)
{
    struct certificate_case c;
    struct certificate_verdict verdict;
    struct trust *trust = trust_new();
    unsigned char *der = NULL;
    int n = i2d_X509(pki_certificate(SLICE("leaf")), &der), wrong = 0;

    certificate_case_open(&c, &plain);
    for (int i = 0; i < n; i++) {
        struct cert cert = { .der = der, .der_length = (size_t)n };

        snprintf(cert.id, sizeof cert.id, "%064x", (unsigned)i);
        der[i] ^= (unsigned char)(1 << i % 8);
        c.conversation.certificates[0] = facts_add_cert(c.fixture->facts, &cert)->id;
        der[i] ^= (unsigned char)(1 << i % 8);
        judge_case(&c, trust, &verdict);
        wrong += verdict.matched || strcmp(verdict.word, "untrusted") != 0 || verdict.detail == NULL;
    }
    is_int(wrong, 0, "%d damaged certificates", n);
    certificate_case_close(&c);
    OPENSSL_free(der);
    trust_free(trust);
}

/* More verdicts than are kept. */
static void test_full_cache(void)
{
    struct certificate_case c;
    struct certificate_verdict verdict = { 0 };
    struct trust *trust = trust_new();
    bool same = true;

    certificate_case_open(&c, &plain);
    c.effective.level = LEVEL_MAY;
    c.conversation.certificate_count = 0;
    for (int i = 0; i < 40000; i++) {
        c.when++;
        judge_case(&c, trust, &verdict);
        same = same && strcmp(verdict.word, "anonymous") == 0;
    }
    check_ok(same, "40000 moments");
    certificate_case_close(&c);
    trust_free(trust);
}

int main(void)
{
    for (size_t i = 0; i < certificate_row_count; i++)
        check_row(&certificate_rows[i]);
    test_sharing();
    test_missing();
    test_policy_failure();
    test_long_chain();
    test_damage();
    test_full_cache();
    pki_clear();
    return check_done();
}
