#include "scanner/judge/hop.h"

#include <string.h>
#include <strings.h>

#include "scanner/judge/published_impl.h"
#include "scanner/policy/profile.h"
#include "scanner/policy/sts_look.h"

/* What looks at one host. */
struct looking {
    struct region *region;
    struct hop    *hop;
    struct effective *effectives; /* of all hosts */
};

static const struct view *view_of(const struct hop *hop)
{
    return hop->input->view;
}

/* Tables */

/* The policy is per host only where the obsolete table decides. */
static bool policy_is_per_host(const struct service *service)
{
    return service->policy_maps.count == 0 && service->per_site.count > 0;
}

/* The policy of a client that follows MTA-STS. False: none is in force for this next-hop. */
static bool find_sts_policy(struct looking *look, struct policy *policy)
{
    const struct hop *hop = look->hop;
    const struct judge_input *input = hop->input;
    const char *domain = published_domain(look->region, &hop->nexthop);
    struct sts_look found;

    if (!hop->service->follows_sts || domain == NULL)
        return false;
    sts_look(look->region, &found, hop->service, domain, input->allow, input->allow_count, input->view);
    return sts_follow(look->region, policy, &found, domain, input->as_enforced, input->view);
}

static const struct policy *find_policy(struct looking *look, const char *host, struct policy_step **steps)
{
    struct policy *policy = region_alloc(look->region, sizeof(*policy));
    const struct hop *hop = look->hop;

    if (!find_sts_policy(look, policy))
        policy_find(look->region, policy, hop->service, hop->input->config, &hop->nexthop, host, view_of(hop), steps);
    look->hop->wanted |= policy->trouble == POLICY_WANTS && view_of(hop)->wants != NULL;
    return policy;
}

static enum lookup_answer answer_of(struct looking *look, const struct table_answer *answer)
{
    switch (answer->status) {
    case TABLE_FOUND:
        return ANSWER_YES;
    case TABLE_ERROR:
        return ANSWER_ERROR;
    case TABLE_NOT_FOUND:
        return ANSWER_NO;
    case TABLE_WANTED:
        look->hop->wanted |= view_of(look->hop)->wants != NULL;
        return ANSWER_UNKNOWN;
    case TABLE_UNREADABLE:
        break;
    }
    return ANSWER_UNKNOWN;
}

static enum lookup_answer ask(struct looking *look, const struct table_list *list, const char *key,
                              struct table_answer *answer)
{
    struct table_asker asker = route_asker(view_of(look->hop));

    *answer = table_list_find(list, look->region, slice_of(key), false, &asker);
    return answer_of(look, answer);
}

static bool has_word(const char *list, const char *wanted)
{
    struct slice rest = slice_of(list), word;

    while (slice_next_token(&rest, ", \t\r\n", &word))
        if (slice_eq_text_nocase(word, wanted))
            return true;
    return false;
}

/* smtp_discard_ehlo_keyword_address_maps, else smtp_discard_ehlo_keywords. */
static enum lookup_answer discards_starttls(struct looking *look, const struct mail_host *host)
{
    const struct service *service = look->hop->service;
    const char *keywords = params_text(service->params, "smtp_discard_ehlo_keywords");
    char address[ADDRESS_TEXT_MAX];
    struct table_answer answer;
    enum lookup_answer found = ANSWER_NO;

    address_to_text(&host->address, address);
    if (service->discard_ehlo_maps.count > 0)
        found = ask(look, &service->discard_ehlo_maps, address, &answer);
    if (found == ANSWER_ERROR || found == ANSWER_UNKNOWN)
        return found;
    if (found == ANSWER_YES)
        keywords = answer.value;
    return has_word(keywords, "starttls") ? ANSWER_YES : ANSWER_NO;
}

/* smtp_pix_workaround_maps, in place of smtp_pix_workarounds; an error counts as no entry. */
static bool pix_without_esmtp(struct looking *look, const struct mail_host *host, bool otherwise)
{
    char address[ADDRESS_TEXT_MAX];
    struct table_answer answer;

    address_to_text(&host->address, address);
    if (look->hop->service->pix_maps.count == 0 ||
        ask(look, &look->hop->service->pix_maps, address, &answer) != ANSWER_YES)
        return otherwise;
    return has_word(answer.value, "disable_esmtp");
}

/* What smtp_reply_filter makes of one line; the last one of an EHLO reply has a space behind its code. */
static enum filter_effect filter_line(struct looking *look, struct slice line, bool in_ehlo)
{
    const char *key = region_slice(look->region, line);
    struct table_answer answer;
    bool keyword = in_ehlo && line.n > 4 && slice_eq_text_nocase(slice_from_index(line, 4), "STARTTLS");

    switch (ask(look, &look->hop->service->reply_filter, key, &answer)) {
    case ANSWER_NO:
        return FILTER_NOTHING;
    case ANSWER_ERROR:
        return FILTER_ERROR;
    case ANSWER_UNKNOWN:
        return FILTER_CHANGES;
    case ANSWER_YES:
        break;
    }
    if (strcmp(answer.value, key) == 0)
        return FILTER_NOTHING;
    return keyword && strncmp(answer.value, key, 4) == 0 ? FILTER_HIDES_STARTTLS : FILTER_CHANGES;
}

/* What smtp_reply_filter makes of the replies that were seen: the strongest effect. */
static enum filter_effect filter_replies(struct looking *look, const struct conversation *seen)
{
    const struct reply *const replies[] = { &seen->greeting, &seen->ehlo, &seen->helo, &seen->starttls,
                                            &seen->tls_greeting, &seen->tls_ehlo, &seen->tls_helo };
    enum filter_effect effect = FILTER_NOTHING;

    for (size_t i = 0; i < sizeof(replies) / sizeof(*replies); i++) {
        struct slice rest = slice_of(replies[i]->text != NULL ? replies[i]->text : ""), line;

        while (slice_next_token(&rest, "\n", &line)) {
            enum filter_effect one = filter_line(look, line, replies[i] == &seen->ehlo);

            effect = one > effect ? one : effect;
        }
    }
    return effect;
}

/* smtp_sasl_passwd_lookup(): the sender where it decides, the host, the next-hop. */
static enum lookup_answer credentials(struct looking *look, const struct mail_host *host)
{
    const struct hop *hop = look->hop;
    const struct service *service = hop->service;
    bool by_sender = params_bool(service->params, "smtp_sender_dependent_authentication") &&
                     params_program(service->params) == PROGRAM_SMTP && hop->input->sender != NULL &&
                     hop->input->sender[0] != '\0';
    const char *keys[] = { by_sender ? hop->input->sender : NULL, host->ascii, hop->nexthop.text };
    struct table_answer answer;

    if (service->sasl_password_maps.count == 0)
        return ANSWER_NO;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        enum lookup_answer found = keys[i] != NULL ? ask(look, &service->sasl_password_maps, keys[i], &answer) : ANSWER_NO;

        if (found != ANSWER_NO)
            return found;
    }
    return ANSWER_NO;
}

/* Hosts */

/* No level: nobody talks to the host. */
static bool is_contacted(const struct host_case *c)
{
    const struct effective *effective = c->effective;

    return c->host->has_address && !c->host->not_allowed && effective->level > LEVEL_NOT_FOUND && !effective->wanted &&
           effective->unknown == NULL && !effective->skipped_silently && !effective->tlsa.panics;
}

static void judge_certificate(struct looking *look, struct host_case *c, const struct match *match)
{
    const struct judge_input *input = look->hop->input;
    struct certificate_verdict *verdict;

    if (c->conversation == NULL || !c->conversation->established || c->effective->level <= LEVEL_NONE)
        return;
    verdict = region_alloc(look->region, sizeof(*verdict));
    certificate_judge(look->region, verdict, input->trust, input->config, c->service, c->policy, c->effective, match,
                      c->conversation, input->view->facts, input->when);
    c->certificate = verdict;
}

/* How the host would be talked to, and what was seen when it was. */
static void observe(struct looking *look, struct host_case *c, const struct match **match)
{
    struct hop *hop = look->hop;
    struct profile *profile;
    struct match *loaded;

    if (!is_contacted(c))
        return;
    profile = region_alloc(look->region, sizeof(*profile));
    loaded = region_alloc(look->region, sizeof(*loaded));
    profile_make(look->region, profile, hop->input->config, hop->service, &hop->nexthop, c->policy, &hop->mail_hosts,
                 c->host, c->effective, &c->handshake_error);
    match_find(look->region, loaded, hop->input->config, hop->service, &hop->nexthop, c->policy, &hop->mail_hosts,
               c->host, c->effective);
    profile->pix_no_esmtp = pix_without_esmtp(look, c->host, profile->pix_no_esmtp);
    c->profile = profile;
    c->discards_starttls = discards_starttls(look, c->host);
    c->credentials = credentials(look, c->host);
    c->conversation = view_conversation(view_of(hop), profile);
    hop->wanted |= c->conversation == NULL && view_of(hop)->wants != NULL;
    if (c->conversation != NULL && hop->service->reply_filter.count > 0)
        c->filter = filter_replies(look, c->conversation);
    judge_certificate(look, c, loaded);
    *match = loaded;
}

static void find_effective(struct looking *look, size_t i, const struct policy *policy)
{
    struct hop *hop = look->hop;
    struct effective *effective = &look->effectives[i];

    effective_level_find(look->region, effective, hop->input->config, hop->service, &hop->nexthop, policy,
                         &hop->mail_hosts, &hop->mail_hosts.hosts[i], view_of(hop));
    hop->wanted |= effective->wanted && view_of(hop)->wants != NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_effect(const struct effective *a, const struct effective *b)
{
    return a->level == b->level && a->dane_in_use == b->dane_in_use && a->left_aside == b->left_aside &&
           a->unusable == b->unusable && a->tlsa.panics == b->tlsa.panics && same_text(a->unknown, b->unknown) &&
           same_text(a->tlsa.base_domain, b->tlsa.base_domain) && same_text(a->why.text, b->why.text);
}

bool hop_same_host(const struct mail_host *a, const struct mail_host *b)
{
    return a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

/* The address of the other family whose policy this one would have to live with, were it tried first; SIZE_MAX: none. */
static size_t other_family(const struct hop *hop, size_t i)
{
    const struct mail_host *host = &hop->mail_hosts.hosts[i];

    for (size_t k = 0; k < hop->mail_hosts.count; k++) {
        const struct mail_host *other = &hop->mail_hosts.hosts[k];

        if (other->has_address && other->address.family != host->address.family && hop_same_host(host, other))
            return k;
    }
    return SIZE_MAX;
}

static void cross(struct looking *look, size_t i)
{
    struct hop *hop = look->hop;
    const struct match *match;
    size_t other = hop->mail_hosts.hosts[i].has_address ? other_family(hop, i) : SIZE_MAX;

    if (other == SIZE_MAX || same_effect(&look->effectives[i], &look->effectives[other]))
        return;
    hop->crossed[i] = region_alloc(look->region, sizeof(*hop->crossed[i]));
    *hop->crossed[i] = (struct host_case){ .service = hop->service, .delivery = hop->route->nexthop,
                                           .host = hop->cases[i].host, .best = hop->cases[i].best,
                                           .policy = hop->cases[i].policy, .effective = &look->effectives[other] };
    observe(look, hop->crossed[i], &match);
}

static unsigned best_preference(const struct mail_hosts *hosts)
{
    unsigned best = UINT32_MAX;

    for (size_t i = 0; i < hosts->count; i++)
        if (hosts->hosts[i].has_address && hosts->hosts[i].preference < best)
            best = hosts->hosts[i].preference;
    return best;
}

static void look_at_hosts(struct looking *look, struct hop_result *result)
{
    struct hop *hop = look->hop;
    size_t count = hop->mail_hosts.count;
    unsigned best = best_preference(&hop->mail_hosts);
    bool per_host = policy_is_per_host(hop->service);

    look->effectives = region_array(look->region, count, sizeof(*look->effectives));
    hop->cases = region_array(look->region, count, sizeof(*hop->cases));
    hop->crossed = region_array(look->region, count, sizeof(*hop->crossed));
    result->hosts = region_array(look->region, count, sizeof(*result->hosts));
    result->host_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct mail_host *host = &hop->mail_hosts.hosts[i];
        const struct policy *policy = per_host ? find_policy(look, host->host, NULL) : &hop->policy;

        find_effective(look, i, policy);
        hop->cases[i] = (struct host_case){ .service = hop->service, .delivery = hop->route->nexthop, .host = host,
                                            .best = host->preference == best, .policy = policy,
                                            .effective = &look->effectives[i] };
    }
    for (size_t i = 0; i < count; i++) {
        observe(look, &hop->cases[i], &result->hosts[i].match);
        cross(look, i);
    }
}

/* Whom the conversations that are wanted, of this hop or another, are with: politeness goes by their names. */
static void report_hosts(const struct hop *hop, struct hop_result *result)
{
    for (size_t i = 0; i < result->host_count; i++) {
        result->hosts[i].host = hop->cases[i].host;
        result->hosts[i].profile = hop->cases[i].profile;
    }
}

void hop_init(struct region *region, struct hop *hop, const struct judge_input *input, const struct route *route,
              struct slice text, bool fallback, struct hop_result *result)
{
    struct looking look = { .region = region, .hop = hop };
    struct policy_step *steps = NULL;
    struct error error;

    *hop = (struct hop){ .input = input, .route = route, .service = route->service, .fallback = fallback };
    hop->text = region_slice(region, text);
    *result = (struct hop_result){ .text = hop->text, .fallback = fallback };
    if (!nexthop_parse(region, &hop->nexthop, text, route->service->params, &error)) {
        hop->error = region_text(region, error.text);
        return;
    }
    result->nexthop = &hop->nexthop;
    hop->policy = *find_policy(&look, hop->nexthop.host, input->explain ? &steps : NULL);
    result->policy = &hop->policy;
    result->steps = steps;
    result->mail_hosts = &hop->mail_hosts;
    if (hop->nexthop.is_unix)
        return;
    mail_hosts_find(region, &hop->mail_hosts, input->config, hop->service, &hop->nexthop, input->allow,
                    input->allow_count, input->view);
    if (hop->mail_hosts.wanted) {
        hop->wanted |= input->view->wants != NULL;
        return;
    }
    hop->wanted |= mail_hosts_want_tlsa(region, hop->service, &hop->mail_hosts, input->view) &&
                   input->view->wants != NULL;
    look_at_hosts(&look, result);
    report_hosts(hop, result);
    if (!hop->wanted)
        hop_list_attempts(region, hop);
}
