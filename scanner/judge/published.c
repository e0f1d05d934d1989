#include "scanner/judge/published.h"

#include <string.h>
#include <strings.h>

#include "scanner/config/mechanisms.h"
#include "scanner/judge/published_impl.h"
#include "scanner/policy/sts_look.h"
#include "scanner/policy/tlsa.h"
#include "scanner/policy/tlsrpt.h"

/* What one inquiry works with. */
struct inquiring {
    struct publication        about;
    const struct judge_input *input;
    const struct destination *destination;
    published_judge_fn       *judge;
    const struct service     *service;   /* whose resolver settings are those of the lookups */
    bool                      wanted;
};

const char *published_domain(struct region *region, const struct nexthop *nexthop)
{
    struct address address;
    char *domain;

    if (nexthop->literal || nexthop->is_unix || address_parse(&address, slice_of(nexthop->ascii)))
        return NULL;
    domain = region_text(region, nexthop->ascii);
    for (char *p = domain; *p != '\0'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return domain;
}

/* Is it asked for? */

static bool uses_sts(const struct result *configured)
{
    const struct policy *policy = configured->hops[0].policy;

    return mechanisms_have_socketmap(&configured->route->service->policy_maps) || (policy != NULL && policy->sts.type_sts);
}

static bool is_asked_for(const struct result *configured, const struct judge_input *input)
{
    if (configured->route->kind != ROUTE_CLIENT || configured->hop_count == 0 || configured->hops[0].nexthop == NULL ||
        params_program(configured->route->service->params) != PROGRAM_SMTP)
        return false;
    return input->published || input->as == MECHANISM_STS || uses_sts(configured);
}

/* Other rules */

static struct as_if judge_as(struct inquiring *q, enum mechanism mechanism, bool as_enforced)
{
    struct judge_input input = *q->input;
    struct result *result = region_alloc(q->about.region, sizeof(*result));

    input.as = mechanism;
    input.as_enforced = as_enforced;
    input.horizon_days = 0;
    input.explain = false;
    q->judge(q->about.region, result, &input, q->destination);
    q->wanted |= result->wanted;
    return (struct as_if){ .judged = true,
                           .verdict = result->verdict,
                           .effective_level = result->forecast.effective_level,
                           .reason = result->forecast.reason,
                           .dsn = result->forecast.dsn,
                           .tls = result->forecast.tls,
                           .text = result->forecast.text };
}

/* DANE */

static bool is_first_of_name(const struct mail_hosts *hosts, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (strcasecmp(hosts->hosts[k].ascii, hosts->hosts[i].ascii) == 0)
            return false;
    return true;
}

/* The records of a name count when any of its addresses leads to them. */
static enum tlsa_status tlsa_of_name(struct inquiring *q, const struct mail_hosts *hosts, size_t first)
{
    enum tlsa_status status = hosts->hosts[first].unknown != NULL ? TLSA_UNKNOWN : TLSA_NONE;
    struct tlsa tlsa;

    for (size_t i = first; i < hosts->count; i++) {
        if (!hosts->hosts[i].has_address || strcasecmp(hosts->hosts[i].ascii, hosts->hosts[first].ascii) != 0)
            continue;
        tlsa_find_published(q->about.region, &tlsa, q->service, &hosts->hosts[i], q->input->view);
        q->wanted |= tlsa.status == TLSA_WANTED && q->input->view->wants != NULL;
        if (tlsa.status == TLSA_FOUND)
            return TLSA_FOUND;
        if (tlsa.status != TLSA_NONE)
            status = TLSA_UNKNOWN;
    }
    return status;
}

static bool mx_is_insecure(const struct mail_hosts *hosts)
{
    return hosts->used_mx && (hosts->mx_dnssec == NULL || strcmp(hosts->mx_dnssec, "secure") != 0);
}

static void find_dane(struct inquiring *q, const struct mail_hosts *hosts)
{
    struct published_dane *dane = &q->about.published->dane;
    size_t unknown = 0;

    if (hosts->wanted)
        return;
    for (size_t i = 0; i < hosts->count; i++) {
        enum tlsa_status status;

        if (!is_first_of_name(hosts, i))
            continue;
        status = mx_is_insecure(hosts) ? TLSA_NONE : tlsa_of_name(q, hosts, i);
        dane->hosts++;
        dane->with_tlsa += status == TLSA_FOUND;
        unknown += status == TLSA_UNKNOWN;
    }
    if (unknown > 0 || hosts->unknown != NULL)
        dane->state = DANE_UNKNOWN;
    else if (dane->with_tlsa == 0)
        dane->state = DANE_NONE;
    else
        dane->state = dane->with_tlsa < dane->hosts ? DANE_SOME : DANE_ALL;
    if (dane->with_tlsa > 0 && q->service->as_dane != NULL)
        dane->as_if = judge_as(q, MECHANISM_DANE, false);
}

/* MTA-STS */

static const char *fault_words(struct region *region, const struct sts_look *look)
{
    const char *sentence = sts_fault_sentence(look->fault);

    if (look->detail != NULL && look->place.line > 0)
        return region_printf(region, "%s (line %u: %s)", sentence, look->place.line, look->detail);
    if (look->place.line > 0)
        return region_printf(region, "%s (line %u)", sentence, look->place.line);
    return look->detail != NULL ? region_printf(region, "%s (%s)", sentence, look->detail) : sentence;
}

static const char *unknown_words(struct region *region, const char *code, const char *detail)
{
    enum reason reason = REASON_NOT_OBSERVED;

    reason_parse(code, &reason);
    return detail != NULL ? region_printf(region, "%s (%s)", reason_sentence(reason), detail) : reason_sentence(reason);
}

/* Each host of the MX set against the patterns. */
static void match_hosts(struct inquiring *q, const struct mail_hosts *hosts)
{
    struct published_sts *sts = &q->about.published->sts;

    sts->hosts = region_array(q->about.region, hosts->count + 1, sizeof(*sts->hosts));
    for (size_t i = 0; i < hosts->count; i++)
        if (is_first_of_name(hosts, i))
            sts->hosts[sts->host_count++] =
                (struct sts_host){ hosts->hosts[i].ascii, sts_mx_fits(&sts->mx, hosts->hosts[i].ascii) };
}

static void take_policy(struct inquiring *q, const struct sts_look *look, const struct mail_hosts *hosts)
{
    static const enum sts_state states[] = {
        [STS_MODE_NONE] = STS_MODE_IS_NONE, [STS_MODE_TESTING] = STS_TESTING, [STS_MODE_ENFORCE] = STS_ENFORCE
    };
    struct published_sts *sts = &q->about.published->sts;

    sts->state = states[look->policy.mode];
    sts->max_age = look->policy.max_age;
    sts->mx = look->policy.mx;
    if (hosts->used_mx || hosts->mx_status == LOOKUP_NOT_FOUND)
        match_hosts(q, hosts);
    if (q->service->as_sts == NULL || sts->state == STS_MODE_IS_NONE)
        return;
    sts->as_if = judge_as(q, MECHANISM_STS, false);
    if (sts->state == STS_TESTING)
        sts->enforced = judge_as(q, MECHANISM_STS, true);
}

static void find_sts(struct inquiring *q, const struct mail_hosts *hosts)
{
    struct published *published = q->about.published;
    struct published_sts *sts = &published->sts;
    struct sts_look look;

    sts->state = STS_NONE;
    sts->max_age = -1;
    if (published->domain == NULL)
        return;
    sts_look(q->about.region, &look, q->service, published->domain, q->input->allow, q->input->allow_count, q->input->view);
    sts->id = look.id;
    switch (look.found) {
    case STS_LOOK_WANTED:
        q->wanted |= q->input->view->wants != NULL;
        sts->state = STS_UNKNOWN;
        break;
    case STS_LOOK_UNKNOWN:
        sts->state = STS_UNKNOWN;
        sts->reason = look.unknown;
        sts->why = unknown_words(q->about.region, look.unknown, look.detail);
        break;
    case STS_LOOK_NONE:
        break;
    case STS_LOOK_INVALID:
        sts->state = STS_INVALID;
        sts->reason = sts_fault_word(look.fault);
        sts->why = fault_words(q->about.region, &look);
        sts->line = look.place.line;
        break;
    case STS_LOOK_POLICY:
        take_policy(q, &look, hosts);
        break;
    }
}

/* TLS reporting */

static void take_tlsrpt(struct inquiring *q, const struct lookup_result *answer)
{
    struct published_tlsrpt *tlsrpt = &q->about.published->tlsrpt;
    struct region *region = q->about.region;
    enum tlsrpt_fault fault;

    if (!tlsrpt_record_select(region, sts_answer(region, answer), &fault, &tlsrpt->rua))
        return;
    tlsrpt->state = TLSRPT_VALID;
    if (fault == TLSRPT_FAULT_FINE)
        return;
    tlsrpt->state = TLSRPT_INVALID;
    tlsrpt->rua.count = 0;
    tlsrpt->reason = tlsrpt_fault_word(fault);
    tlsrpt->why = tlsrpt_fault_sentence(fault);
}

static void find_tlsrpt(struct inquiring *q)
{
    struct published *published = q->about.published;
    struct published_tlsrpt *tlsrpt = &published->tlsrpt;
    struct lookup_result answer;

    tlsrpt->state = TLSRPT_NONE;
    if (published->domain == NULL)
        return;
    answer = sts_ask(q->about.region, q->service, region_printf(q->about.region, "_smtp._tls.%s", published->domain),
                     DNS_TXT, q->input->view);
    if (answer.status == LOOKUP_OK) {
        take_tlsrpt(q, &answer);
    } else if (answer.status != LOOKUP_NOT_FOUND) {
        q->wanted |= answer.status == LOOKUP_WANTED && q->input->view->wants != NULL;
        tlsrpt->state = TLSRPT_UNKNOWN;
        tlsrpt->reason = answer.unknown_reason != NULL ? answer.unknown_reason : "dns-lookup-failed";
        tlsrpt->why = unknown_words(q->about.region, tlsrpt->reason, NULL);
    }
}

/* Who decides */

/* The name of the table that answered, which of a unionmap or pipemap is a member; "proxy:" may stand before it. */
static bool is_socketmap(const char *name)
{
    static const char proxy[] = "proxy:";

    if (strncmp(name, proxy, sizeof(proxy) - 1) == 0)
        name += sizeof(proxy) - 1;
    return strncmp(name, "socketmap:", 10) == 0;
}

static enum mechanism followed(const struct policy *policy)
{
    bool socketmap = policy->from_table && policy->answer.table != NULL && is_socketmap(policy->answer.table);

    if (policy->level == LEVEL_DANE || policy->level == LEVEL_DANE_ONLY)
        return MECHANISM_DANE;
    if (policy->sts.type_sts || (socketmap && (policy->level == LEVEL_SECURE || policy->level == LEVEL_VERIFY)))
        return MECHANISM_STS;
    return policy->from_table ? MECHANISM_TABLE : MECHANISM_NONE;
}

void published_tell(struct region *region, struct result *result, const struct result *configured,
                    const struct judge_input *input, const struct destination *destination, published_judge_fn *judge)
{
    struct inquiring q = { .about = { .region = region, .result = result, .configured = configured },
                           .input = input, .destination = destination, .judge = judge };
    const struct mail_hosts *hosts;

    if (!is_asked_for(configured, input))
        return;
    hosts = configured->hops[0].mail_hosts;
    q.service = configured->route->service;
    q.about.published = region_alloc(region, sizeof(*q.about.published));
    q.about.published->domain = published_domain(region, configured->hops[0].nexthop);
    q.about.published->follows = followed(configured->hops[0].policy);
    find_dane(&q, hosts);
    find_sts(&q, hosts);
    find_tlsrpt(&q);
    result->wanted |= q.wanted;
    if (result->wanted)
        return;
    published_write_lines(&q.about);
    published_add_findings(&q.about);
    result->published = q.about.published;
}
