#include "scanner/judge/result.h"

#include <string.h>

#include "scanner/base/names.h"

static const struct name verdict_words[] = {
    { VERDICT_DELIVER, "deliver" },   { VERDICT_DOWNGRADE, "downgrade" }, { VERDICT_DEFER, "defer" },
    { VERDICT_BOUNCE, "bounce" },     { VERDICT_UNKNOWN, "unknown" },     { VERDICT_NOT_TRIED, "not-tried" },
    { 0, NULL },
};

static const struct name severity_words[] = {
    { SEVERITY_NOTICE, "notice" }, { SEVERITY_WARNING, "warning" }, { SEVERITY_CRITICAL, "critical" }, { 0, NULL },
};

static const struct name weight_tls_words[] = {
    { WEIGHT_ANONYMOUS, "anonymous" }, { WEIGHT_UNTRUSTED, "untrusted" }, { WEIGHT_TRUSTED, "trusted" },
    { WEIGHT_VERIFIED, "verified" },   { 0, NULL },
};

static const struct reason_row {
    const char *code, *rfc8460, *sentence;
} reasons[REASON_COUNT] = {
#define REASON(name, code, rfc8460, sentence) [REASON_##name] = { code, rfc8460, sentence },
#include "scanner/judge/reasons.def"
#undef REASON
};

static const struct finding_code_row {
    const char   *code, *sentence;
    enum severity severity;
} finding_codes[FINDING_COUNT] = {
#define FINDING(name, code, severity, sentence) [FINDING_##name] = { code, sentence, SEVERITY_##severity },
#include "scanner/judge/findings.def"
#undef FINDING
};

const char *verdict_word(enum verdict verdict)
{
    return name_word(verdict_words, (int)verdict);
}

bool verdict_parse(const char *word, enum verdict *verdict)
{
    int code;

    if (!name_code_exact(verdict_words, slice_of(word), &code))
        return false;
    *verdict = (enum verdict)code;
    return true;
}

const char *severity_word(enum severity severity)
{
    return name_word(severity_words, (int)severity);
}

const char *weight_tls_word(enum weight_tls tls)
{
    return name_word(weight_tls_words, (int)tls);
}

const char *reason_code(enum reason reason)
{
    return reasons[reason].code;
}

const char *reason_sentence(enum reason reason)
{
    return reasons[reason].sentence;
}

const char *reason_rfc8460(enum reason reason)
{
    return reasons[reason].rfc8460;
}

static const char *const remedies[REASON_COUNT] = {
    [REASON_STARTTLS_NOT_OFFERED] = "tell its postmaster, or choose a level that the host can meet",
    [REASON_TLS_HANDSHAKE_FAILED] = "compare protocols and ciphers of both sides",
    [REASON_CERTIFICATE_NAME_MISMATCH] = "if the name belongs to the destination, add it to match=",
    [REASON_CERTIFICATE_NOT_TRUSTED] = "check smtp_tls_CAfile, or name the authority with tafile=",
    [REASON_FINGERPRINT_MISMATCH] = "if the new certificate is genuine, put its fingerprint into match=",
    [REASON_TLSA_MISMATCH] = "its postmaster has to publish TLSA records of the certificate in use",
    [REASON_TLSA_LOOKUP_FAILED] = "its name servers fail: DANE forbids to send without the answer",
    [REASON_WRAPPER_NEEDS_ENCRYPT] = "set the level encrypt or stronger where smtp_tls_wrappermode is on",
    [REASON_TLS_ENGINE_UNAVAILABLE] = "repair the certificate files that Postfix's TLS engine is to read",
    [REASON_NOT_DNSSEC] = "use dane, which takes what there is, or a level that does not need DNSSEC",
    [REASON_NO_TLSA] = "use dane, which takes what there is, or another level",
    [REASON_STS_MX_MISMATCH] = "the MTA-STS policy in the table is out of date, or the MX record is forged",
};

const char *reason_remedy(enum reason reason)
{
    return remedies[reason];
}

bool reason_parse(const char *code, enum reason *reason)
{
    for (int i = 0; code != NULL && i < REASON_COUNT; i++) {
        if (strcmp(reasons[i].code, code) == 0) {
            *reason = (enum reason)i;
            return true;
        }
    }
    return false;
}

const char *finding_word(enum finding_code code)
{
    return finding_codes[code].code;
}

const char *finding_sentence(enum finding_code code)
{
    return finding_codes[code].sentence;
}

enum severity finding_severity(enum finding_code code)
{
    return finding_codes[code].severity;
}

bool finding_row(size_t i, const char **code, const char **sentence)
{
    if (i < FINDING_COUNT) {
        *code = finding_codes[i].code;
        *sentence = finding_codes[i].sentence;
        return true;
    }
    i -= FINDING_COUNT;
    if (i >= REASON_COUNT)
        return false;
    *code = reasons[i].code;
    *sentence = reasons[i].sentence;
    return true;
}

struct finding *findings_add(struct region *region, struct findings *findings, const char *code, enum severity severity,
                             const char *host, const char *file, int line, const char *format, ...)
{
    struct finding *finding = region_alloc(region, sizeof *finding);
    va_list         arguments;

    va_start(arguments, format);
    *finding = (struct finding){ .code = code, .severity = severity, .host = host, .file = file, .line = line,
                                 .text = region_vprintf(region, format, arguments) };
    va_end(arguments);
    if (findings->tail == NULL)
        findings->tail = &findings->first;
    *findings->tail = finding;
    findings->tail = &finding->next;
    findings->count++;
    return finding;
}
