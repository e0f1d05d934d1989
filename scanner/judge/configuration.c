/* Our own side: what is wrong with the configuration as a whole, and with the resolver. */
#include <string.h>

#include "scanner/judge/judge.h"

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

/* MTA-STS is judged as the level secure. */
static bool asks_about_sts(const struct review *review, const struct service *service)
{
    return (review->input->published || review->input->as == MECHANISM_STS) && params_program(service->params) == PROGRAM_SMTP;
}

/* What is said of several files names the one. */
static const char *error_text(const struct review *review, const struct config_file *file)
{
    return strchr(file->error, '/') != NULL ? file->error
                                            : region_printf(review->region, "%s: %s", file->path, file->error);
}

/* A client that has no TLS for it verifies nothing, and the file is named by what says so. */
static bool stops_engine(const struct service *service, const struct config_file *file)
{
    return file == service->ca_file && service->engine_error != NULL;
}

static void review_authorities(const struct review *review, const struct service *service)
{
    const struct config_file *files[] = { service->ca_file, service->ca_path };

    if ((!uses(service, needs_authority) && !asks_about_sts(review, service)) || params_text(service->params, "smtp_tls_trust_anchor_file")[0] != '\0')
        return;
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
        if (files[i] != NULL && files[i]->error != NULL && !files[i]->only_ours && !stops_engine(service, files[i]))
            tell(review, FINDING_LOCAL_NO_CA, NULL, 0,
                 region_printf(review->region, "%s%s; the levels verify and secure trust %s%s",
                               error_text(review, files[i]), i > 0 && service->chrooted ? " (the service runs in a chroot)" : "",
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
                         error_text(review, file), effect);
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
    struct dns_tally dns = facts_dns_tally(review->input->view->facts);

    if (dns.answers >= ANSWERS_MIN && dns.secure == 0)
        tell(review, FINDING_LOCAL_RESOLVER_NOT_VALIDATING, NULL, 0,
             region_printf(review->region, "none of %zu DNS answers was DNSSEC-secure: does the resolver validate?",
                           dns.answers));
    if (dns.secure_from_afar > 0)
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
    if (dane || input->published || input->as == MECHANISM_DANE)
        review_resolver(&review);
    review_web_anchors(&review);
}
