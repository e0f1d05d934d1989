/* Our own side: what is wrong with the configuration as a whole, and with the place the scan was made from. */
#include <string.h>

#include "scanner/base/dict.h"
#include "scanner/judge/published_impl.h"

/* So many servers of so many networks, and none fares better: then it is us. */
#define ENDPOINTS_MIN 10
#define PROVIDERS_MIN 5
/* So many answers without one that is DNSSEC-secure make one wonder about the resolver. */
#define ANSWERS_MIN 10

struct review {
    struct region            *region;
    struct findings          *findings;
    const struct judge_input *input;
};

static bool is_told(const struct review *review, const char *code, const char *text)
{
    for (const struct finding *f = review->findings->first; f != NULL; f = f->next)
        if (strcmp(f->code, code) == 0 && strcmp(f->text, text) == 0)
            return true;
    return false;
}

static void tell(const struct review *review, enum finding_code code, const char *file, int line, const char *text)
{
    if (!is_told(review, finding_word(code), text))
        findings_add(review->region, review->findings, finding_word(code), finding_severity(code), NULL,
                     file != NULL && file[0] != '\0' ? file : NULL, line, "%s", text);
}

/* Tables */

static void tell_notice(const struct review *review, const struct table_notice *notice)
{
    static const char unreadable[] = "table-unreadable";

    if (strcmp(notice->code, unreadable) == 0) {
        if (!is_told(review, unreadable, notice->text))
            findings_add(review->region, review->findings, unreadable, SEVERITY_WARNING, NULL, notice->file, notice->line,
                         "%s", notice->text);
    } else if (notice->breaks)
        tell(review, FINDING_TABLE_BROKEN, notice->file, notice->line, notice->text);
    else if (strcmp(notice->code, finding_word(FINDING_TABLE_STALE_INDEX)) == 0)
        tell(review, FINDING_TABLE_STALE_INDEX, notice->file, notice->line, notice->text);
    else if (strcmp(notice->code, TABLE_SLOW_PATTERN) == 0)
        tell(review, FINDING_TABLE_SLOW_PATTERN, notice->file, notice->line, notice->text);
    else if (strcmp(notice->code, finding_word(FINDING_TABLE_SOURCE_ONLY)) == 0)
        tell(review, FINDING_TABLE_SOURCE_ONLY, notice->file, notice->line, notice->text);
}

/* The level that a policy table's entry names; LEVEL_NOT_FOUND when it names none. */
static enum level entry_level(const char *value)
{
    struct slice rest = slice_of(value), word;
    enum level level;

    if (!slice_next_token(&rest, ", \t\r\n", &word) || !level_parse(word, &level))
        return LEVEL_NOT_FOUND;
    return level;
}

/* Does the global level, or an entry of a table that can be listed, answer to the question? */
static bool uses(const struct service *service, bool (*wanted)(enum level, const char *value))
{
    struct region *scratch;
    struct table_entry entry;
    const char *parameter;
    bool found = false;

    if (wanted(policy_global_level(service->params, &parameter), ""))
        return true;
    scratch = region_new();
    for (size_t t = 0; t < service->policy_maps.count && !found; t++)
        for (size_t i = 0; !found && table_entry(service->policy_maps.tables[t], scratch, i, &entry); i++) {
            found = wanted(entry_level(entry.value), entry.value);
            region_empty(scratch);
        }
    region_free(scratch);
    return found;
}

static bool needs_authority(enum level level, const char *value)
{
    return level_is_pkix(level) && strstr(value, "tafile") == NULL;
}

static bool wants_dane(enum level level, const char *value)
{
    (void)value;
    return level_is_dane(level);
}

/* Services */

static bool is_readable(const struct config_file *file)
{
    return file != NULL && file->error == NULL;
}

static void review_authorities(const struct review *review, const struct service *service)
{
    const struct config_file *files[] = { service->ca_file, service->ca_path };

    if (!uses(service, needs_authority) || params_text(service->params, "smtp_tls_trust_anchor_file")[0] != '\0')
        return;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        if (files[i] != NULL && files[i]->error != NULL && !files[i]->only_ours)
            tell(review, FINDING_LOCAL_NO_CA, NULL, 0,
                 region_printf(review->region, "%s: %s%s; the levels verify and secure trust %s%s", files[i]->path,
                               files[i]->error, i > 0 && service->chrooted ? " (the service runs in a chroot)" : "",
                               is_readable(files[1 - i]) ? "only the authorities of " : "nobody",
                               is_readable(files[1 - i]) ? files[1 - i]->path : ""));
    if (files[0] == NULL && files[1] == NULL)
        tell(review, FINDING_LOCAL_NO_CA, NULL, 0,
             region_printf(review->region, "neither %s nor %s is set: the levels verify and secure trust nobody",
                           params_name(service->params, "smtp_tls_CAfile"),
                           params_name(service->params, "smtp_tls_CApath")));
}

/* Keys are for root alone to read, which we need not be. */
static void review_own_eyes(const struct review *review, const struct config_file *file, const char *effect)
{
    const char *code = reason_code(REASON_LOCAL_FAULT);
    const char *text;

    if (file == NULL || !file->only_ours)
        return;
    text = region_printf(review->region, "%s; Postfix may be able to read it, we are not: %s; run posttls-audit as root",
                         strchr(file->error, '/') != NULL ? file->error
                                                          : region_printf(review->region, "%s: %s", file->path, file->error),
                         effect);
    if (!is_told(review, code, text))
        findings_add(review->region, review->findings, code, SEVERITY_WARNING, NULL, file->path, 0, "%s", text);
}

static void review_per_site(const struct review *review, const struct service *service)
{
    const struct main_cf_entry *entry = NULL;

    if (params_text(service->params, "smtp_tls_policy_maps")[0] == '\0' ||
        params_text(service->params, "smtp_tls_per_site")[0] == '\0')
        return;
    params_is_set(service->params, "smtp_tls_per_site", &entry);
    tell(review, FINDING_PER_SITE_IGNORED, entry != NULL ? entry->file : NULL, entry != NULL ? entry->line : 0,
         region_printf(review->region, "%s is ignored because %s is set; posttls-audit migrate turns it into policies",
                       params_name(service->params, "smtp_tls_per_site"),
                       params_name(service->params, "smtp_tls_policy_maps")));
}

static void review_service(const struct review *review, const struct service *service)
{
    if (service->start_error != NULL) {
        const char *fix = service->start_error->fix;

        tell(review, FINDING_SERVICE_DOES_NOT_START, service->start_error->file, service->start_error->line,
             region_printf(review->region, "the service %s does not start: %s%s%s", service->name,
                           service->start_error->text, fix[0] != '\0' ? "; " : "", fix));
        return;
    }
    if (service->engine_error != NULL)
        tell(review, FINDING_LOCAL_TLS_ENGINE, NULL, 0,
             region_printf(review->region, "Postfix disables TLS: %s", service->engine_error));
    review_own_eyes(review, service->client_chain, "no client certificate is shown to the servers");
    review_own_eyes(review, service->ca_file, "whether a certificate is trusted is not known");
    review_authorities(review, service);
    review_per_site(review, service);
}

/* The resolver, as far as DANE rests on it */

static void review_resolver(const struct review *review)
{
    const struct facts *facts = review->input->view->facts;
    const struct dns_fact *fact;
    size_t answers = 0, secure = 0, distant = 0;

    for (size_t i = 0; (fact = facts_dns_at(facts, i)) != NULL; i++) {
        if (fact->outcome != DNS_ANSWERED || fact->type == DNS_NATIVE)
            continue;
        answers += fact->rcode == RCODE_NOERROR || fact->rcode == RCODE_NXDOMAIN;
        secure += fact->ad;
        distant += fact->ad && !fact->loopback;
    }
    if (answers >= ANSWERS_MIN && secure == 0)
        tell(review, FINDING_LOCAL_RESOLVER_NOT_VALIDATING, NULL, 0,
             region_printf(review->region, "none of %zu DNS answers was DNSSEC-secure: does the resolver validate?",
                           answers));
    if (distant > 0)
        tell(review, FINDING_RESOLVER_NOT_LOOPBACK, NULL, 0, finding_sentence(FINDING_RESOLVER_NOT_LOOPBACK));
}

/* MTA-STS rests on the certification authorities of the web, as this machine has them. */
static void review_web_anchors(const struct review *review)
{
    const struct policy_fetch *fetch;

    for (size_t i = 0; (fetch = facts_fetch_at(review->input->view->facts, i)) != NULL; i++) {
        if (fetch->outcome != FETCH_NO_ANCHORS)
            continue;
        findings_add(review->region, review->findings, finding_word(FINDING_LOCAL_NO_WEB_CA),
                     finding_severity(FINDING_LOCAL_NO_WEB_CA), NULL, NULL, 0, "%s%s%s",
                     finding_sentence(FINDING_LOCAL_NO_WEB_CA), fetch->error != NULL ? ": " : "",
                     fetch->error != NULL ? fetch->error : "");
        return;
    }
}

void judge_configuration(struct region *region, struct findings *findings, const struct judge_input *input)
{
    struct review review = { region, findings, input };
    bool dane = false;

    for (const struct service *s = input->config->services; s != NULL; s = s->next) {
        if (!s->is_client)
            continue;
        review_service(&review, s);
        dane |= uses(s, wants_dane);
    }
    for (const struct config_file *file = input->config->files; file != NULL; file = file->next)
        review_own_eyes(&review, file, "what Postfix makes of it is not known");
    for (const struct table_notice *notice = input->config->notices; notice != NULL; notice = notice->next)
        tell_notice(&review, notice);
    if (dane)
        review_resolver(&review);
    review_web_anchors(&review);
}

/* The surroundings of the scan */

/* Endpoints and the networks they are in, each counted once. */
struct census {
    struct region *region;
    struct dict   *endpoints, *providers;
};

static void census_init(struct census *census)
{
    census->region = region_new();
    census->endpoints = dict_new();
    census->providers = dict_new();
}

static void census_clear(struct census *census)
{
    dict_free(census->endpoints);
    dict_free(census->providers);
    region_free(census->region);
}

/* A provider is a /24 or a /48. */
static void census_add(struct census *census, const struct profile *profile)
{
    struct address network = profile->address;
    size_t kept = network.family == FAMILY_IPV6 ? 6 : 3;
    char text[ADDRESS_TEXT_MAX];

    address_to_text(&profile->address, text);
    dict_put(census->endpoints, slice_of(region_printf(census->region, "%s %u", text, profile->port)), census);
    memset(network.bytes + kept, 0, sizeof(network.bytes) - kept);
    address_to_text(&network, text);
    dict_put(census->providers, slice_of(region_text(census->region, text)), census);
}

static bool census_suffices(const struct census *census)
{
    return dict_count(census->endpoints) >= ENDPOINTS_MIN && dict_count(census->providers) >= PROVIDERS_MIN;
}

static bool failed_to_connect(const struct conversation *c)
{
    return c->phase == PHASE_CONNECT && (c->ending == ENDING_CONNECT_FAILED || c->ending == ENDING_CONNECT_TIMEOUT);
}

/* EHLO was answered, so STARTTLS could have been offered. */
static bool could_offer(const struct conversation *c)
{
    return !c->profile->wrapper && c->ehlo.code / 100 == 2;
}

static bool no_connections(const struct facts *facts)
{
    const struct conversation *c;
    struct census failing;
    bool any = false, suffices;

    census_init(&failing);
    for (size_t i = 0; (c = facts_conversation_at(facts, i)) != NULL; i++) {
        any |= c->phase > PHASE_CONNECT;
        if (failed_to_connect(c))
            census_add(&failing, c->profile);
    }
    suffices = census_suffices(&failing);
    census_clear(&failing);
    return !any && suffices;
}

static bool no_starttls(const struct facts *facts)
{
    const struct conversation *c;
    struct census plain;
    bool any = false, suffices;

    census_init(&plain);
    for (size_t i = 0; (c = facts_conversation_at(facts, i)) != NULL; i++) {
        any |= c->starttls_offered || c->starttls_beyond_limit;
        if (could_offer(c))
            census_add(&plain, c->profile);
    }
    suffices = census_suffices(&plain);
    census_clear(&plain);
    return !any && suffices;
}

static bool no_resolver(const struct facts *facts)
{
    const struct dns_fact *fact;
    size_t unanswered = 0, asked = 0, out_of_reach = 0;

    for (size_t i = 0; (fact = facts_dns_at(facts, i)) != NULL; i++) {
        if (fact->type == DNS_NATIVE || fact->outcome == DNS_EXCLUDED || fact->outcome == DNS_CUT_SHORT)
            continue;
        asked++;
        unanswered += fact->outcome == DNS_TIMEOUT || fact->outcome == DNS_NO_RESOLVER;
        out_of_reach += fact->outcome == DNS_NO_RESOLVER;
    }
    return asked > 0 && unanswered == asked && (out_of_reach > 0 || asked >= ANSWERS_MIN);
}

static const struct fault_row {
    enum local_fault  fault;
    bool            (*is_there)(const struct facts *);
    enum finding_code code;
    enum reason       reasons[4]; /* of forecasts that it may have made; the last one fills the row */
} faults[] = {
    { LOCAL_FAULT_RESOLVER, no_resolver, FINDING_LOCAL_RESOLVER,
      { REASON_RESOLVER_UNAVAILABLE, REASON_DNS_LOOKUP_FAILED, REASON_TLSA_LOOKUP_FAILED, REASON_TLSA_LOOKUP_FAILED } },
    { LOCAL_FAULT_CONNECT, no_connections, FINDING_LOCAL_NO_CONNECTIONS,
      { REASON_CONNECT_REFUSED, REASON_CONNECT_TIMEOUT, REASON_CONNECT_TIMEOUT, REASON_CONNECT_TIMEOUT } },
    { LOCAL_FAULT_STARTTLS, no_starttls, FINDING_LOCAL_STARTTLS_STRIPPED,
      { REASON_STARTTLS_NOT_OFFERED, REASON_DELIVERED_IN_CLEAR, REASON_DELIVERED_IN_CLEAR, REASON_DELIVERED_IN_CLEAR } },
};

enum local_fault judge_surroundings(struct region *region, struct findings *findings, const struct facts *facts)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        if (!faults[i].is_there(facts))
            continue;
        findings_add(region, findings, finding_word(faults[i].code), finding_severity(faults[i].code), NULL, NULL, 0, "%s",
                     finding_sentence(faults[i].code));
        return faults[i].fault;
    }
    return LOCAL_FAULT_NONE;
}

static bool touches(const struct fault_row *row, enum reason reason)
{
    for (size_t i = 0; i < sizeof(row->reasons) / sizeof(*row->reasons); i++)
        if (row->reasons[i] == reason)
            return true;
    return false;
}

/* What it did to the judgement of another rule is no news of the domain. */
static void apply_to_published(const struct fault_row *row, struct result *result)
{
    struct published *published = (struct published *)result->published;
    struct as_if *const all[] = { &published->dane.as_if, &published->sts.as_if, &published->sts.enforced };

    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
        if (all[i]->judged && all[i]->verdict != VERDICT_DELIVER && touches(row, all[i]->reason)) {
            all[i]->verdict = VERDICT_UNKNOWN;
            all[i]->reason = REASON_LOCAL_FAULT;
            published_forget_failures(&result->findings);
        }
}

void judge_apply_fault(struct result *result, enum local_fault fault)
{
    for (size_t i = 0; result->published != NULL && i < sizeof(faults) / sizeof(*faults); i++)
        if (faults[i].fault == fault)
            apply_to_published(&faults[i], result);
    /* Its own reason says more. */
    if (result->verdict == VERDICT_UNKNOWN)
        return;
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        if (faults[i].fault != fault || result->verdict == VERDICT_DELIVER ||
            !touches(&faults[i], result->forecast.reason))
            continue;
        result->verdict = result->best = result->worst = VERDICT_UNKNOWN;
        result->certain = false;
        result->forecast.reason = REASON_LOCAL_FAULT;
    }
}
