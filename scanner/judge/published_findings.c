/* What of a publication is worth telling, and the table line that honours it. */
#include <string.h>
#include <strings.h>

#include "scanner/base/buf.h"
#include "scanner/judge/published_impl.h"

/* A line has room for a thousand patterns, each as a pattern and as a name to match. */
#define LINE_MAX_LENGTH ((size_t)256 * 1024)
/* So many names are told in one sentence. */
#define NAMES_SHOWN 5

static struct finding *tell(const struct publication *about, enum finding_code code, const struct table_answer *entry,
                            const char *text)
{
    return findings_add(about->region, &about->result->findings, finding_word(code), finding_severity(code), NULL,
                 entry != NULL ? entry->file : NULL, entry != NULL ? entry->line : 0, "%s", text);
}

/* Outcomes */

/* What is the fault of TLS or of what is published, and not of a server that is down for everybody. */
static bool is_protection(enum reason reason)
{
    static const enum reason reasons[] = {
        REASON_STARTTLS_NOT_OFFERED,      REASON_STARTTLS_REFUSED,    REASON_TLS_HANDSHAKE_FAILED,
        REASON_CERTIFICATE_NOT_TRUSTED,   REASON_CERTIFICATE_EXPIRED, REASON_CERTIFICATE_NOT_YET_VALID,
        REASON_CERTIFICATE_NAME_MISMATCH, REASON_TLSA_MISMATCH,       REASON_TLSA_LOOKUP_FAILED,
        REASON_STS_MX_MISMATCH,
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
        if (reasons[i] == reason)
            return true;
    return false;
}

static bool trusts(const struct config_file *file)
{
    return file != NULL && file->error == NULL;
}

/* That no authority is trusted here, or none can be read, is nothing that the domain could help. */
static bool is_our_own(const struct publication *about, const struct as_if *as_if)
{
    const struct service *service = about->configured->route->service;

    return as_if->reason == REASON_CERTIFICATE_NOT_TRUSTED && !trusts(service->ca_file) &&
           !trusts(service->ca_path) && !trusts(service->default_ca);
}

static bool would_defer(const struct publication *about, const struct as_if *as_if)
{
    return as_if->judged && (as_if->verdict == VERDICT_DEFER || as_if->verdict == VERDICT_BOUNCE) &&
           is_protection(as_if->reason) && !is_our_own(about, as_if);
}

static bool is_verified(const char *tls)
{
    return tls != NULL && strcmp(tls, "verified") == 0;
}

static bool would_authenticate(const struct as_if *as_if)
{
    return as_if->judged && as_if->verdict == VERDICT_DELIVER && is_verified(as_if->tls);
}

static bool is_sent(enum verdict verdict)
{
    return verdict == VERDICT_DELIVER || verdict == VERDICT_DOWNGRADE;
}

/* What the domain wishes for, by an authenticated way that works. DANE comes first: RFC 8461 section 2. */
static bool wishes_dane(const struct published *published)
{
    return published->dane.state == DANE_ALL && would_authenticate(&published->dane.as_if);
}

static bool wishes_sts(const struct published *published)
{
    return published->sts.state == STS_ENFORCE && would_authenticate(&published->sts.as_if);
}

static const struct policy *entry_of(const struct publication *about)
{
    return about->configured->hops[0].policy;
}

/* The entry is weaker than what is published */

static void tell_weakened(const struct publication *about)
{
    const struct policy *entry = entry_of(about);
    const struct result *configured = about->configured;
    struct version version = params_version(configured->route->service->params);
    bool dane = wishes_dane(about->published), sts = wishes_sts(about->published);
    struct finding *finding;

    if (!entry->from_table || !is_sent(configured->verdict) || is_verified(configured->forecast.tls) || (!dane && !sts))
        return;
    if (dane && about->published->follows == MECHANISM_DANE)
        return; /* what keeps it from DANE is told otherwise */
    finding = tell(about, FINDING_TABLE_WEAKENS, &entry->answer,
                   region_printf(about->region, "the entry asks for %s; the domain publishes %s%s%s, with which mail would be "
                                                "authenticated",
                                 level_word(entry->level), dane ? "TLSA records for all its hosts" : "",
                                 dane && sts ? " and " : "", sts ? "an MTA-STS policy in mode enforce" : ""));
    finding->paste = version_at_least(version, 3, 10, 0) ? about->published->line_3_10 : about->published->line;
}

/* The entry accepts no name that the policy allows */

static bool is_below(const char *name, const char *parent)
{
    size_t n = strlen(name), m = strlen(parent);

    return n > m + 1 && name[n - m - 1] == '.' && strcasecmp(name + n - m, parent) == 0;
}

/* Can a host name fit both: a pattern, and a name to match (".x": any name below x)? */
static bool overlap(const char *pattern, const char *name)
{
    const char *parent = pattern[0] == '*' ? pattern + 2 : NULL, *dot = strchr(name, '.');

    if (name[0] == '.')
        return parent == NULL ? is_below(pattern, name + 1)
                              : strcasecmp(parent, name + 1) == 0 || is_below(parent, name + 1);
    if (parent == NULL)
        return strcasecmp(pattern, name) == 0;
    return dot != NULL && strcasecmp(dot + 1, parent) == 0;
}

static bool any_overlap(const struct text_list *patterns, const struct text_list *names)
{
    for (size_t i = 0; i < patterns->count; i++)
        for (size_t k = 0; k < names->count; k++)
            if (overlap(patterns->items[i], names->items[k]))
                return true;
    return false;
}

static const char *joined(struct region *region, const struct text_list *list)
{
    const char *text = "";

    for (size_t i = 0; i < list->count && i < NAMES_SHOWN; i++)
        text = region_printf(region, "%s%s%s", text, i > 0 ? ", " : "", list->items[i]);
    return list->count > NAMES_SHOWN ? region_printf(region, "%s and %zu more", text, list->count - NAMES_SHOWN) : text;
}

static void tell_contradicted(const struct publication *about)
{
    const struct policy *entry = entry_of(about);
    const struct published_sts *sts = &about->published->sts;
    const struct hop_result *hop = &about->configured->hops[0];
    const struct match *match = NULL;

    if (!entry->from_table || !level_is_pkix(entry->level) || (sts->state != STS_ENFORCE && sts->state != STS_TESTING))
        return;
    for (size_t i = 0; i < hop->host_count; i++) {
        match = hop->hosts[i].match;
        if (match == NULL || match->names.count == 0 || any_overlap(&sts->mx, &match->names))
            return;
    }
    if (match == NULL)
        return;
    tell(about, FINDING_TABLE_CONTRADICTS, &entry->answer,
         region_printf(about->region, "the entry accepts %s, and the domain's MTA-STS policy allows %s: with the "
                                      "entry, mail to a host whose certificate has only names of that policy %s",
                       joined(about->region, &match->names), joined(about->region, &sts->mx),
                       is_sent(about->configured->verdict) ? "will defer" : "defers"));
}

/* The publication itself fails */

/* Whom we trust is our own choice. */
static const char *reason_words(enum reason reason)
{
    if (reason == REASON_CERTIFICATE_NOT_TRUSTED)
        return "the certificate chain does not lead to an authority that is trusted here";
    return reason_sentence(reason);
}

static void tell_would_defer(const struct publication *about)
{
    const struct published *published = about->published;

    if (would_defer(about, &published->dane.as_if))
        tell(about, FINDING_DANE_WOULD_DEFER, NULL,
             region_printf(about->region, "whoever follows the TLSA records of the domain cannot deliver to it: %s; its "
                                          "operator should know",
                           reason_words(published->dane.as_if.reason)));
    if (published->sts.state == STS_ENFORCE && would_defer(about, &published->sts.as_if))
        tell(about, FINDING_STS_WOULD_DEFER, NULL,
             region_printf(about->region, "whoever follows the MTA-STS policy of the domain cannot deliver to it: %s; its "
                                          "operator should know",
                           reason_words(published->sts.as_if.reason)));
    if (would_defer(about, &published->sts.enforced))
        tell(about, FINDING_STS_TESTING_FAILS, NULL,
             region_printf(about->region, "the MTA-STS policy of the domain is in testing; were it enforced, mail would be "
                                          "deferred: %s",
                           reason_words(published->sts.enforced.reason)));
}

/* Hosts outside, while others are inside: without those nothing fits, and that is told otherwise. */
static void tell_outside(const struct publication *about)
{
    const struct published_sts *sts = &about->published->sts;
    struct text_list outside = { region_array(about->region, sts->host_count + 1, sizeof(*outside.items)), 0 };

    if (sts->state != STS_ENFORCE && sts->state != STS_TESTING)
        return;
    for (size_t i = 0; i < sts->host_count; i++)
        if (!sts->hosts[i].fits)
            outside.items[outside.count++] = sts->hosts[i].host;
    if (outside.count > 0 && outside.count < sts->host_count)
        tell(about, FINDING_STS_HOST_OUTSIDE, NULL,
             region_printf(about->region, "the domain's MTA-STS policy does not allow %s: senders that follow it pass over %s",
                           joined(about->region, &outside), outside.count == 1 ? "this host" : "these hosts"));
}

static void tell_disagreement(const struct publication *about)
{
    const struct as_if *dane = &about->published->dane.as_if, *sts = &about->published->sts.as_if;
    bool dane_defers = would_defer(about, dane), sts_defers = would_defer(about, sts);

    if (!dane->judged || !sts->judged || about->published->sts.state != STS_ENFORCE)
        return;
    if ((dane_defers && is_sent(sts->verdict)) || (sts_defers && is_sent(dane->verdict)))
        tell(about, FINDING_DANE_AND_STS_DISAGREE, NULL,
             region_printf(about->region, "the domain's %s; its %s",
                           dane_defers ? "TLSA records would defer mail" : "MTA-STS policy would defer mail",
                           dane_defers ? "MTA-STS policy would let it through" : "TLSA records would let it through"));
}

/* It does not hold */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static void tell_invalid(const struct publication *about)
{
    const struct published_sts *sts = &about->published->sts;
    const struct published_tlsrpt *tlsrpt = &about->published->tlsrpt;
    enum finding_code code = FINDING_STS_POLICY_INVALID;

    if (sts->state == STS_INVALID) {
        if (begins(sts->reason, "record-"))
            code = FINDING_STS_RECORD_INVALID;
        else if (begins(sts->reason, "fetch-"))
            code = FINDING_STS_FETCH_FAILED;
        tell(about, code, NULL, region_printf(about->region, "MTA-STS of %s: %s; senders go on as if there were no policy",
                                              about->published->domain, sts->why));
    }
    if (tlsrpt->state == TLSRPT_INVALID)
        tell(about, FINDING_TLSRPT_INVALID, NULL,
             region_printf(about->region, "TLS reporting of %s: %s; nobody sends it reports", about->published->domain,
                           tlsrpt->why));
}

void published_add_findings(const struct publication *about)
{
    /* Under --as no entry decides. */
    if (about->result == about->configured) {
        tell_weakened(about);
        tell_contradicted(about);
    }
    tell_would_defer(about);
    tell_outside(about);
    tell_disagreement(about);
    tell_invalid(about);
}

static bool is_among(const char *code, const enum finding_code *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(code, finding_word(codes[i])) == 0)
            return true;
    return false;
}

static void forget(struct findings *findings, const enum finding_code *codes, size_t count)
{
    struct finding **last = &findings->first;

    while (*last != NULL) {
        if (is_among((*last)->code, codes, count)) {
            *last = (*last)->next;
            findings->count--;
        } else {
            last = &(*last)->next;
        }
    }
    findings->tail = findings->first != NULL ? last : NULL;
}

void published_forget_failures(struct findings *findings)
{
    static const enum finding_code codes[] = { FINDING_DANE_WOULD_DEFER, FINDING_STS_WOULD_DEFER, FINDING_STS_TESTING_FAILS,
                                               FINDING_DANE_AND_STS_DISAGREE };

    forget(findings, codes, sizeof(codes) / sizeof(*codes));
}

void published_forget_fetch(struct findings *findings)
{
    static const enum finding_code code = FINDING_STS_FETCH_FAILED;

    forget(findings, &code, 1);
}

/* The line */

/* match= takes ".example.com" for what the policy calls "*.example.com". */
static void add_match(struct buf *line, const struct text_list *patterns)
{
    buf_add_text(line, " match=");
    for (size_t i = 0; i < patterns->count; i++)
        buf_printf(line, "%s%s", i > 0 ? ":" : "", patterns->items[i] + (patterns->items[i][0] == '*'));
    buf_add_text(line, " servername=hostname");
}

static const char *taken(struct region *region, struct buf *line)
{
    const char *text = line->overflow ? NULL : region_text(region, buf_text(line));

    buf_clear(line);
    return text;
}

static void write_sts_lines(const struct publication *about, const char *key)
{
    struct published *published = about->published;
    const struct text_list *patterns = &published->sts.mx;
    struct buf line;

    buf_init(&line, LINE_MAX_LENGTH);
    buf_printf(&line, "%s secure", key);
    add_match(&line, patterns);
    published->line = region_text(about->region, buf_text(&line));
    buf_printf(&line, " policy_type=sts policy_domain=%s", published->domain);
    for (size_t i = 0; i < patterns->count; i++)
        buf_printf(&line, " mx_host_pattern=%s", patterns->items[i]);
    published->line_3_10 = taken(about->region, &line);
}

void published_write_lines(const struct publication *about)
{
    struct published *published = about->published;
    const char *key = about->configured->hops[0].nexthop->text;

    if (wishes_dane(published) && published->follows != MECHANISM_DANE)
        published->line = published->line_3_10 = region_printf(about->region, "%s dane", key);
    else if (wishes_sts(published) && !wishes_dane(published) && published->follows != MECHANISM_STS)
        write_sts_lines(about, key);
}
