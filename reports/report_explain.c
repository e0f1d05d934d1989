/* What explain prints: every step in order, from routing to what would make it better. */
#include <string.h>

#include "reports/page.h"
#include "reports/story.h"
#include "reports/text_host.h"
#include "reports/text_lookup.h"
#include "reports/text_published.h"
#include "scanner/judge/advice.h"

#define INDENT 3
#define LABEL_WIDTH 13
#define NAMES_SHOWN 20

struct explanation {
    struct page         page;
    struct region      *region;
    struct story        story;
    int                 step;        /* number of the last heading */
    bool                policy_only;
};

static struct place line(const char *label)
{
    return (struct place){ .indent = INDENT, .label_width = LABEL_WIDTH, .label = label, .label_tone = TONE_DIM };
}

static void put_step(struct explanation *e, const char *title)
{
    page_blank(&e->page);
    page_printf(&e->page, (struct place){ .tone = TONE_BOLD }, "%d. %s", ++e->step, title);
}

/* Routing */

static const char *kind_words(enum route_kind kind)
{
    static const char *const words[] = {
        [ROUTE_CLIENT] = NULL,
        [ROUTE_OTHER] = "this never leaves by SMTP",
        [ROUTE_ERROR] = "the transport settles the mail by itself",
        [ROUTE_DISCARD] = "the mail is thrown away",
        [ROUTE_MISSING] = "master.cf has no such service",
        [ROUTE_TABLE_ERROR] = "a table fails: address resolver failure",
        [ROUTE_UNREADABLE] = "a table cannot be read here: the way is not known",
        [ROUTE_WANTS] = "a table was never asked: the way is not known",
    };

    return words[kind];
}

static void put_routing(struct explanation *e)
{
    const struct destination *destination = e->story.result->destination;
    const struct route       *route = e->story.result->route;
    const struct route_step  *step;

    put_step(e, "Routing");
    if (destination->form == DESTINATION_ADDRESS)
        page_text(&e->page, line("address"), destination->address);
    else
        page_text(&e->page, line("next-hop"), "as given; no routing");
    if (route == NULL)
        return;
    for (step = route->steps; step != NULL; step = step->next) {
        struct key_lookup lookup = lookup_of_route(step);

        if (step->key != NULL)
            page_lookup(&e->page, INDENT + LABEL_WIDTH, e->region, &lookup);
        else if (step->result != NULL)
            page_printf(&e->page, line(NULL), "%s: %s", step->what, step->result);
    }
    if (route->address_class != NULL)
        page_text(&e->page, line("class"), route->address_class);
    if (route->transport != NULL)
        page_text(&e->page, line("transport"), route->transport);
    if (route->nexthop != NULL)
        page_text(&e->page, line("next-hop"), route->nexthop);
    if (kind_words(route->kind) != NULL)
        page_text(&e->page, line("outcome"), kind_words(route->kind));
}

/* Policy */

static void put_attributes(struct explanation *e, const struct policy *policy)
{
    size_t i;

    for (i = 0; i < policy->attribute_count; i++)
        page_printf(&e->page, line(i == 0 ? "attributes" : NULL), "%s=%s", policy->attributes[i].name,
                    policy->attributes[i].value);
}

static const char *level_of(const struct policy *policy)
{
    if (level_word(policy->level) != NULL)
        return level_word(policy->level);
    return policy->trouble == POLICY_BAD_VALUE ? "invalid" : "-";
}

static void put_policy(struct explanation *e, const struct policy *policy, const struct policy_step *step)
{
    struct place red = line("error");

    red.tone = TONE_RED;
    page_steps(&e->page, INDENT + LABEL_WIDTH, e->region, step);
    if (story_entry(&e->story, policy) != NULL)
        page_text(&e->page, line("decided by"), story_entry(&e->story, policy));
    page_text(&e->page, line("level"), level_of(policy));
    put_attributes(e, policy);
    if (policy->error != NULL)
        page_text(&e->page, red, policy->error);
    if (policy->trouble != POLICY_FINE && policy->dsn != NULL && policy->text != NULL)
        page_printf(&e->page, line("effect"), "all mail that it governs is deferred: %s %s", policy->dsn, policy->text);
    if (policy->hint != NULL)
        page_text(&e->page, line("hint"), policy->hint);
    if (policy->warning != NULL)
        page_text(&e->page, line("warning"), policy->warning);
}

/* Hosts */

static void put_mx(struct explanation *e, const struct hop_result *hop)
{
    const struct mail_hosts *hosts = hop->mail_hosts;
    const char              *mx = mx_text(e->region, hosts);

    if (hop->nexthop != NULL && hop->nexthop->literal)
        page_text(&e->page, line("MX"), "not asked for: the next-hop stands in brackets");
    else if (mx != NULL)
        page_text(&e->page, line("MX"), mx);
    if (hosts->mx_rname != NULL && hosts->mx_qname != NULL && strcmp(hosts->mx_rname, hosts->mx_qname) != 0)
        page_printf(&e->page, line(NULL), "of %s, an alias of %s", hosts->mx_rname, hosts->mx_qname);
    if (hosts->backup_for_self)
        page_text(&e->page, line("note"), "this machine is one of the MX hosts: only better ones are tried");
    if (hosts->why.text != NULL)
        page_printf(&e->page, line("lookups"), "%s %s", hosts->why.dsn != NULL ? hosts->why.dsn : "", hosts->why.text);
}

/* What a word of the match list stands for; hosts are not known yet. */
static const char *name_to_match(struct explanation *e, const struct hop_result *hop, struct slice word)
{
    const char *nexthop = hop->nexthop != NULL ? hop->nexthop->host : "the next-hop";

    if (slice_eq_text_nocase(word, "nexthop"))
        return nexthop;
    if (slice_eq_text_nocase(word, "dot-nexthop"))
        return region_printf(e->region, ".%s (any name below)", nexthop);
    if (slice_eq_text_nocase(word, "hostname"))
        return "the name of the MX host";
    return region_slice(e->region, word);
}

/* The names that smtp(8) would match. */
static const char *names_to_match(struct explanation *e, const struct hop_result *hop)
{
    const struct policy  *policy = hop->policy;
    const struct service *service = e->story.result->route != NULL ? e->story.result->route->service : NULL;
    const char           *names[NAMES_SHOWN];
    struct slice          rest = { NULL, 0 }, word;
    size_t                count = 0, total = 0, i;

    for (i = 0; policy->match != NULL && i < policy->match->count; i++, total++)
        if (count < NAMES_SHOWN)
            names[count++] = name_to_match(e, hop, slice_of(policy->match->items[i]));
    if (policy->match == NULL && service != NULL && level_is_pkix(policy->level))
        rest = slice_of(params_text(service->params, policy->level == LEVEL_VERIFY ? "smtp_tls_verify_cert_match"
                                                                                   : "smtp_tls_secure_cert_match"));
    for (; slice_next_token(&rest, ":, \t\r\n", &word); total++)
        if (count < NAMES_SHOWN)
            names[count++] = name_to_match(e, hop, word);
    return join_texts(e->region, names, count, total, ", ", NAMES_SHOWN);
}

static void put_matching(struct explanation *e, const struct hop_result *hop)
{
    const struct policy *policy = hop->policy;
    const char          *names;

    if (!level_needs_match(policy->level))
        return;
    if (level_is_dane(policy->level)) {
        page_text(&e->page, line("to match"), "the TLSA records of the host");
        return;
    }
    names = names_to_match(e, hop);
    page_text(&e->page, line("to match"), names[0] != '\0' ? names : "nothing: no certificate is accepted");
}

static void put_hop(struct explanation *e, const struct hop_result *hop, size_t number)
{
    struct host_context context = { &e->story, hop, true };
    size_t              i;

    put_step(e, region_printf(e->region, "Policy of the %s%s", hop->fallback ? "fallback relay " : number > 0 ?
                                                               "next next-hop " : "next-hop ",
                              hop->nexthop != NULL ? hop->nexthop->text : hop->text));
    if (hop->policy != NULL) {
        put_policy(e, hop->policy, hop->steps);
        put_matching(e, hop);
    }
    if (hop->mail_hosts == NULL || e->policy_only)
        return;
    put_step(e, "Mail hosts");
    put_mx(e, hop);
    for (i = 0; i < hop->host_count; i++) {
        if (i > 0 || hop->mail_hosts->mx_dnssec != NULL)
            page_blank(&e->page);
        page_host(&e->page, INDENT, &context, &hop->hosts[i]);
    }
}

static void put_published(struct explanation *e)
{
    if (result_published(e->story.result) == NULL)
        return;
    put_step(e, "What the domain publishes, and who wins");
    if (e->policy_only) {
        page_text(&e->page, line("domain"), "was not asked: --offline");
        page_text(&e->page, line("wins"), winner_text(e->region, e->story.result));
        return;
    }
    page_published(&e->page, line(NULL), e->region, e->story.result, true);
}

/* Forecast */

/* Beside --as: the forecast of the configuration as it is. */
static void put_configured(struct explanation *e)
{
    const struct result *now = e->story.result->configured;
    struct story         story;

    if (now == NULL)
        return;
    story_find(&story, e->region, e->story.report, now);
    page_printf(&e->page, line("as it is"), "%s (%s): %s", verdict_word(now->verdict), reason_code(now->forecast.reason),
                story_why(&story));
    if (story_entry(&story, story.policy) != NULL)
        page_text(&e->page, line(NULL), story_entry(&story, story.policy));
}

static void put_forecast(struct explanation *e)
{
    const struct result *result = e->story.result;
    const char          *log = forecast_log_line(e->region, result->destination, &result->forecast);
    const char          *first = forecast_log_line(e->region, result->destination, &result->first_attempt);
    struct place         verdict = line("verdict");

    put_step(e, e->story.report->as.mechanism == MECHANISM_NONE
                    ? "Forecast"
                    : region_printf(e->region, "Forecast, as if %s were followed", mechanism_name(e->story.report->as.mechanism)));
    verdict.tone = tone_of_verdict(result->verdict);
    page_text(&e->page, line("log"), log != NULL ? log : "not known");
    if (log != NULL && first != NULL && strcmp(log, first) != 0)
        page_printf(&e->page, line("first"), "of a message that has just arrived: %s", first);
    if (result->forecast.tls != NULL)
        page_text(&e->page, line("TLS"), result->forecast.tls);
    page_printf(&e->page, verdict, "%s (%s)", verdict_word(result->verdict), reason_code(result->forecast.reason));
    page_text(&e->page, line("why"), story_why(&e->story));
    if (!result->certain && result->verdict <= VERDICT_BOUNCE)
        page_printf(&e->page, line("orders"), "at best %s, at worst %s, by the order in which Postfix tries the hosts",
                    verdict_word(result->best), verdict_word(result->worst));
    put_configured(e);
}

/* Told at the end. */
static bool is_advice(const struct explanation *e, const struct finding *finding)
{
    return e->story.result->verdict == VERDICT_DELIVER && advice_is_code(finding->code);
}

static void put_findings(struct explanation *e)
{
    const struct finding *finding;
    bool                  first = true;

    for (finding = e->story.result->findings.first; finding != NULL; finding = finding->next) {
        struct place place = line(severity_word(finding->severity));

        if (is_advice(e, finding))
            continue;
        if (first)
            put_step(e, "Findings");
        first = false;
        place.label_tone = tone_of_severity(finding->severity);
        page_printf(&e->page, place, "%s%s%s (%s)", finding->host != NULL ? finding->host : "",
                    finding->host != NULL ? ": " : "", finding_fact(e->region, finding), finding->code);
        place.label = NULL;
        if (finding->file != NULL)
            page_text(&e->page, place, file_place(e->region, finding->file, finding->line));
    }
}

/* True: there is some. */
static bool put_advice(struct explanation *e)
{
    const struct finding *finding;
    bool                  any = false;

    for (finding = e->story.result->findings.first; finding != NULL; finding = finding->next) {
        if (!is_advice(e, finding))
            continue;
        any = true;
        page_text(&e->page, (struct place){ .indent = INDENT }, finding->text);
        if (finding->paste != NULL)
            page_paste(&e->page, (struct place){ .indent = INDENT }, finding->paste);
    }
    return any;
}

/* Mail goes now; but is all well? */
static const char *nothing_to_do(const struct explanation *e)
{
    const struct finding *finding;

    if (e->story.result->verdict != VERDICT_DELIVER)
        return "nothing is known";
    for (finding = e->story.result->findings.first; finding != NULL; finding = finding->next)
        if (finding->severity != SEVERITY_NOTICE)
            return "nothing is needed for mail to go today; the findings tell what may come";
    return "nothing is needed";
}

static void put_remedy(struct explanation *e)
{
    struct remedy remedy = story_remedy(&e->story);

    put_step(e, "What would make it better");
    if (put_advice(e) && remedy.text == NULL)
        return;
    page_text(&e->page, (struct place){ .indent = INDENT }, remedy.text != NULL ? remedy.text : nothing_to_do(e));
    if (remedy.paste != NULL)
        page_paste(&e->page, (struct place){ .indent = INDENT }, remedy.paste);
}

/* Without observations, and nothing decided before one is needed. */
static bool is_open(const struct explanation *e)
{
    return e->policy_only && e->story.result->verdict == VERDICT_UNKNOWN;
}

static void put_end(struct explanation *e)
{
    put_forecast(e);
    put_findings(e);
    put_remedy(e);
}

bool report_explain(const struct report *report, const struct result *result, const struct report_options *options,
                    const struct sink *sink)
{
    struct explanation e = { .region = region_new(), .policy_only = options->policy_only };
    size_t             h;

    page_init(&e.page, options, sink);
    story_find(&e.story, e.region, report, result);
    page_printf(&e.page, (struct place){ .tone = TONE_BOLD }, "%s%s%s", result->destination->text,
                options->policy_only ? "" : ": ", options->policy_only ? "" : verdict_word(result->verdict));
    put_routing(&e);
    for (h = 0; h < result->hop_count; h++)
        put_hop(&e, &result->hops[h], h);
    put_published(&e);
    if (!is_open(&e))
        put_end(&e);
    page_blank(&e.page);
    region_free(e.region);
    return e.page.good;
}
