#include "scanner/judge/host_findings.h"

#include <string.h>

/* So many findings of one destination are kept: a hostile set of hosts must not flood a report. */
#define FINDINGS_MAX 100

/* One address under inquiry. */
struct suspect {
    const struct inquiry   *inquiry;
    const struct hop       *hop;
    size_t                  number;
    const struct host_case *c;
    const struct attempt   *attempt; /* NULL: it has no address */
    const struct host_result *result;
};

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool finding_add_once(const struct inquiry *inquiry, const char *code, enum severity severity, const char *host,
                      const char *file, int line, const char *text)
{
    struct findings *findings = &inquiry->result->findings;

    for (const struct finding *f = findings->first; f != NULL; f = f->next)
        if (same(f->code, code) && same(f->host, host) && same(f->text, text))
            return true;
    if (findings->count >= FINDINGS_MAX)
        return false;
    findings_add(inquiry->region, findings, code, severity, host, file, line, "%s", text);
    return true;
}

static bool is_failure(enum verdict verdict)
{
    return verdict == VERDICT_DEFER || verdict == VERDICT_BOUNCE;
}

enum severity hop_severity(const struct inquiry *inquiry, size_t number, enum verdict verdict)
{
    enum verdict overall = inquiry->result->verdict;
    bool tried = number < inquiry->chain->count;

    if (!tried)
        return SEVERITY_NOTICE;
    if (is_failure(overall))
        return verdict == overall || inquiry->end->hop == number ? SEVERITY_CRITICAL : SEVERITY_WARNING;
    return inquiry->chain->hops[number].fallback ? SEVERITY_NOTICE : SEVERITY_WARNING;
}

static void tell(const struct suspect *s, enum finding_code code, const char *text)
{
    finding_add_once(s->inquiry, finding_word(code), finding_severity(code), s->c->host->ascii, NULL, 0, text);
}

/* The reason of a host that fails, or lets mail go in the clear */

static const char *with_remedy(const struct suspect *s, enum reason reason, const char *text)
{
    const char *remedy = reason_remedy(reason);

    return remedy != NULL ? region_printf(s->inquiry->region, "%s; %s", text, remedy) : text;
}

static const char *handshake_words(const struct suspect *s)
{
    const struct host_case *c = s->c;
    const char *error = c->handshake_error;

    if (error == NULL && c->conversation != NULL)
        error = c->conversation->error;
    if (error == NULL)
        return "the TLS handshake fails";
    return region_printf(s->inquiry->region, "the TLS handshake fails: %s", error);
}

/* Without a remedy where it is our own doing. */
static const char *not_offered_words(const struct suspect *s)
{
    if (s->c->conversation->starttls_offered)
        return "the host offers STARTTLS, but our configuration discards the keyword";
    if (s->c->conversation->starttls_beyond_limit)
        return "the host offers STARTTLS too late in its EHLO reply for Postfix to see it";
    return with_remedy(s, REASON_STARTTLS_NOT_OFFERED, "the host does not offer STARTTLS");
}

static const char *refused_words(const struct suspect *s)
{
    const char *reply = s->c->conversation->starttls.text;

    return reply == NULL ? reason_sentence(REASON_STARTTLS_REFUSED)
                         : region_printf(s->inquiry->region, "%s: %.*s", reason_sentence(REASON_STARTTLS_REFUSED),
                                         (int)strcspn(reply, "\n"), reply);
}

static const char *handshake_failure_words(const struct suspect *s)
{
    return with_remedy(s, REASON_TLS_HANDSHAKE_FAILED, handshake_words(s));
}

static const char *retry_words(const struct suspect *s)
{
    return region_printf(s->inquiry->region, "%s; mail that has waited is sent in the clear",
                         s->c->conversation->established ? "the session breaks inside TLS" : handshake_words(s));
}

/* NULL: facts of an older run, which do not say which line it was. */
static const char *excluded_words(const struct suspect *s)
{
    const char *place = s->c->conversation != NULL ? s->c->conversation->error : NULL;

    return place == NULL ? NULL : region_printf(s->inquiry->region, "%s excludes it: it was not contacted", place);
}

/* NULL: it is not said what was missing. */
static const char *shortage_words(const struct suspect *s)
{
    const struct conversation *c = s->c->conversation;

    if (c == NULL || c->ending != ENDING_LOCAL || c->error == NULL)
        return NULL;
    return region_printf(s->inquiry->region, "%s: %s", reason_sentence(REASON_LOCAL_FAULT), c->error);
}

static const char *postfix_words(const struct suspect *s)
{
    return s->attempt->forecast.text;
}

static const char *plain_words(const struct suspect *s)
{
    return with_remedy(s, s->attempt->forecast.reason, reason_sentence(s->attempt->forecast.reason));
}

/* Reasons that are told in a way of their own; NULL gives the usual way. */
static const struct telling {
    enum reason  reason;
    const char *(*words)(const struct suspect *);
} tellings[] = {
    { REASON_STARTTLS_NOT_OFFERED, not_offered_words }, { REASON_STARTTLS_REFUSED, refused_words },
    { REASON_TLS_HANDSHAKE_FAILED, handshake_failure_words }, { REASON_PLAINTEXT_RETRY, retry_words },
    { REASON_CONNECT_REFUSED, postfix_words }, { REASON_CONNECT_TIMEOUT, postfix_words },
    { REASON_CONNECTION_LOST, postfix_words }, { REASON_GREETING_REFUSED, postfix_words },
    { REASON_HELO_REFUSED, postfix_words }, { REASON_LOOPS_BACK, plain_words }, { REASON_NO_TLSA, plain_words },
    { REASON_NOT_DNSSEC, plain_words }, { REASON_WRAPPER_NEEDS_ENCRYPT, plain_words },
    { REASON_STS_MX_MISMATCH, plain_words }, { REASON_EXCLUDED, excluded_words },
    { REASON_LOCAL_FAULT, shortage_words },
};

/* The plain words of a reason, with what was seen and what can be done. */
static const char *words(const struct suspect *s, enum reason reason)
{
    const char *text = s->attempt->forecast.text;

    for (size_t i = 0; i < sizeof(tellings) / sizeof(*tellings); i++)
        if (tellings[i].reason == reason && tellings[i].words(s) != NULL)
            return tellings[i].words(s);
    if (s->c->certificate != NULL && s->c->certificate->detail != NULL && s->c->certificate->reason == reason)
        return with_remedy(s, reason, s->c->certificate->detail);
    if (s->attempt->end == ATTEMPT_DIES && text != NULL)
        return text;
    if (text != NULL)
        text = region_printf(s->inquiry->region, "%s: %s", reason_sentence(reason), text);
    return with_remedy(s, reason, text != NULL ? text : reason_sentence(reason));
}

static enum severity severity_of(const struct suspect *s)
{
    if (s->result->verdict == VERDICT_NOT_TRIED)
        return SEVERITY_NOTICE;
    return hop_severity(s->inquiry, s->number, s->attempt->verdict);
}

/* An invalid policy is told once, for the next-hop. */
static bool is_told_elsewhere(const struct suspect *s)
{
    return s->c->policy->trouble != POLICY_FINE;
}

static void tell_reason(const struct suspect *s)
{
    enum reason reason = s->attempt->forecast.reason;

    if (reason == REASON_DELIVERED_IN_CLEAR)
        reason = host_clear_cause(s->c);
    if (reason == REASON_DELIVERED || reason == REASON_DELIVERED_IN_CLEAR || is_told_elsewhere(s))
        return;
    finding_add_once(s->inquiry, reason_code(reason), severity_of(s), s->c->host->ascii, NULL, 0, words(s, reason));
}

static void tell_absence(const struct suspect *s)
{
    const struct mail_host *host = s->c->host;

    if (s->hop->count == 0 && same(host->why.text, s->hop->mail_hosts.why.text))
        return; /* told of the next-hop */
    if (host->unknown != NULL)
        finding_add_once(s->inquiry, host->unknown, SEVERITY_WARNING, host->ascii, NULL, 0,
                         host->why.text != NULL ? host->why.text : "the addresses of the host could not be observed");
    else if (host->why.text != NULL && host->why.reason != NULL)
        finding_add_once(s->inquiry, host->why.reason, hop_severity(s->inquiry, s->number, s->result->verdict),
                         host->ascii, NULL, 0, host->why.text);
}

/* What was seen on the way */

static void tell_conversation(const struct suspect *s)
{
    const struct conversation *seen = s->c->conversation;
    struct region *region = s->inquiry->region;

    if (seen == NULL)
        return;
    if (seen->attempts > 1)
        finding_add_once(s->inquiry, reason_code(REASON_TEMPORARY_REFUSAL), SEVERITY_WARNING, s->c->host->ascii, NULL, 0,
                         region_printf(region, "the host refused at first with %d and was asked again; this may be meant "
                                               "for the scanner only", seen->first_refusal.code));
    if (seen->injected > 0)
        tell(s, FINDING_PLAINTEXT_INJECTED,
             region_printf(region, "%zu bytes of plaintext came together with the reply to STARTTLS; Postfix discards them",
                           seen->injected));
    if (seen->starttls_beyond_limit && !seen->starttls_offered)
        tell(s, FINDING_STARTTLS_BEYOND_LIMIT, finding_sentence(FINDING_STARTTLS_BEYOND_LIMIT));
}

static void tell_dates(const struct suspect *s)
{
    const struct certificate_verdict *verdict = s->c->certificate;

    if (verdict == NULL || !level_needs_match(s->c->effective->level) || !verdict->matched)
        return;
    if (verdict->expired_ignored)
        tell(s, FINDING_EXPIRED_BUT_PINNED, "the certificate is outside its dates; the policy does not look at them");
}

static void tell_tlsa(const struct suspect *s)
{
    const struct effective *effective = s->c->effective;
    const struct tlsa *tlsa = &effective->tlsa;
    size_t unusable = tlsa->count - tlsa->usable_count;

    if (effective->warning != NULL)
        finding_add_once(s->inquiry, finding_word(FINDING_DANE_NOT_IN_FORCE), finding_severity(FINDING_DANE_NOT_IN_FORCE),
                         NULL, NULL, 0, effective->warning);
    if (tlsa->insecure_records)
        tell(s, FINDING_TLSA_INSECURE, "TLSA records exist but are not DNSSEC-secure: they do not count");
    if (s->c->certificate != NULL && effective->dane_in_use)
        unusable += s->c->certificate->tlsa_unusable;
    if (tlsa->status == TLSA_FOUND && unusable > 0 && unusable < tlsa->count)
        tell(s, FINDING_TLSA_PARTLY_UNUSABLE,
             region_printf(s->inquiry->region, "%zu of %zu TLSA records cannot be used", unusable, tlsa->count));
}

static const struct attempt *attempt_at(const struct hop *hop, size_t place)
{
    for (size_t k = 0; k < hop->count; k++)
        if (hop->places[k] == place)
            return &hop->aged[k].by_policy_of[hop->aged[k].family == 6];
    return NULL;
}

void host_add_findings(const struct inquiry *inquiry, size_t number, size_t place)
{
    const struct hop *hop = &inquiry->chain->hops[number];
    struct suspect s = { inquiry, hop, number, &hop->cases[place], attempt_at(hop, place),
                         &inquiry->result->hops[number].hosts[place] };

    if (!s.c->host->has_address) {
        tell_absence(&s);
        return;
    }
    if (s.attempt == NULL)
        return;
    tell_reason(&s);
    tell_conversation(&s);
    tell_dates(&s);
    tell_tlsa(&s);
}
