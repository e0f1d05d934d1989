#include "scanner/judge/horizon.h"

#include <string.h>

#include "scanner/base/utc.h"
#include "scanner/judge/host_findings.h"

#define DAY 86400

/* So many ends of certificates are followed for one destination. */
#define MOMENTS_MAX 32

/* The moment, as far as the level cares for dates. */
static int64_t end_of(const struct certificate_verdict *certificate, const struct effective *effective)
{
    if (certificate == NULL || effective == NULL || !level_needs_match(effective->level) || !certificate->matched ||
        certificate->fell_to_encrypt)
        return INT64_MAX;
    return certificate->valid_until;
}

static int64_t earlier(int64_t moment, const struct host_case *c)
{
    int64_t end = c != NULL ? end_of(c->certificate, c->effective) : INT64_MAX;

    return end < moment ? end : moment;
}

int64_t horizon_next(const struct hop *hops, size_t count)
{
    int64_t moment = INT64_MAX;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < hops[i].count; k++) {
            moment = earlier(moment, &hops[i].cases[hops[i].places[k]]);
            moment = earlier(moment, hops[i].crossed[hops[i].places[k]]);
        }
    }
    return moment;
}

static bool is_within(const struct judge_input *input, int64_t moment)
{
    return moment != INT64_MAX && moment - input->when <= (int64_t)input->horizon_days * DAY;
}

static const char *date_of(struct region *region, int64_t moment)
{
    char text[UTC_TEXT_MAX];

    utc_to_text(moment, text);
    text[strcspn(text, "T")] = '\0';
    return region_text(region, text);
}

/* Whose certificate */

/* A host that loses its certificate at a moment: the one that settles the delivery afterwards where it is among them. */
struct loss {
    const struct host_result *host;
    size_t                    others;   /* further hosts */
};

static bool same_name(const struct host_result *a, const struct host_result *b)
{
    return strcmp(a->host->ascii, b->host->ascii) == 0;
}

static bool settles(const struct host_result *host, const struct result *next)
{
    return host->relay != NULL && next->forecast.relay != NULL && strcmp(host->relay, next->forecast.relay) == 0;
}

static void add_loss(struct loss *loss, const struct host_result *host, const struct result *next)
{
    bool first = loss->host == NULL;

    if (!first && !same_name(loss->host, host))
        loss->others++;
    if (first || (settles(host, next) && !settles(loss->host, next)))
        loss->host = host;
}

static struct loss find_loss(const struct result *now, const struct result *next, int64_t moment)
{
    struct loss loss = { NULL, 0 };

    for (size_t h = 0; h < now->hop_count; h++) {
        for (size_t i = 0; i < now->hops[h].host_count; i++) {
            const struct host_result *host = &now->hops[h].hosts[i];
            bool known = i > 0 && same_name(host, &now->hops[h].hosts[i - 1]); /* another address of it */

            if (end_of(host->certificate, host->effective) == moment && (!known || settles(host, next)))
                add_loss(&loss, host, next);
        }
    }
    return loss;
}

/* "the certificate of mx1.example.net" */
static const char *certificate_words(struct region *region, const struct host_result *host)
{
    const struct certificate_verdict *certificate = host->certificate;

    if (certificate->ending == NULL)
        return region_printf(region, "the certificate of %s", host->host->ascii);
    if (certificate->anchor_ends)
        return region_printf(region, "the trust anchor \"%s\", to which the chain of %s leads,", certificate->ending,
                             host->host->ascii);
    return region_printf(region, "the certificate \"%s\" in the chain of %s", certificate->ending, host->host->ascii);
}

static const char *loss_words(struct region *region, const struct loss *loss)
{
    const char *words;

    if (loss->host == NULL)
        return "a certificate of one of its hosts";
    words = certificate_words(region, loss->host);
    if (loss->others == 0)
        return words;
    return region_printf(region, "%s (and %s of %zu more host%s)", words,
                         loss->host->certificate->ending == NULL ? "those" : "the chains", loss->others,
                         loss->others > 1 ? "s" : "");
}

/* Findings */

static const struct turn {
    const char   *words;
    enum severity severity;
} turns[] = {
    [VERDICT_DOWNGRADE] = { "will turn into a downgrade", SEVERITY_WARNING },
    [VERDICT_DEFER] = { "will defer", SEVERITY_CRITICAL },
    [VERDICT_BOUNCE] = { "will bounce", SEVERITY_CRITICAL },
};

static void tell_turn(const struct inquiry *inquiry, const struct result *now, const struct result *next, int64_t moment)
{
    const struct turn *turn = &turns[next->verdict];
    struct loss loss = find_loss(now, next, moment);
    struct region *region = inquiry->region;

    finding_add_once(inquiry, finding_word(FINDING_HORIZON), turn->severity,
                     loss.host != NULL ? region_text(region, loss.host->host->ascii) : NULL, NULL, 0,
                     region_printf(region, "%s from %s, when %s expires", turn->words, date_of(region, moment),
                                   loss_words(region, &loss)));
}

/* From one end of a certificate to the next. */
static void tell_turns(const struct inquiry *inquiry, const struct destination *destination, horizon_judge_fn *judge)
{
    struct judge_input later = *inquiry->input;
    const struct result *now = inquiry->result;
    enum verdict worst = now->verdict;
    struct region *scratch = region_new();

    later.horizon_days = 0;
    later.explain = false;
    for (int i = 0; i < MOMENTS_MAX && is_within(inquiry->input, now->next_end); i++) {
        struct result *next = region_alloc(scratch, sizeof(*next));

        later.when = now->next_end;
        judge(scratch, next, &later, destination);
        if (next->wanted || next->next_end <= now->next_end)
            break;
        if (next->verdict <= VERDICT_BOUNCE && next->verdict > worst) {
            tell_turn(inquiry, now, next, now->next_end);
            worst = next->verdict;
        }
        now = next;
    }
    region_free(scratch);
}

static bool is_told(const struct result *result, const char *host)
{
    for (const struct finding *f = result->findings.first; f != NULL; f = f->next)
        if (strcmp(f->code, finding_word(FINDING_HORIZON)) == 0 && f->host != NULL && strcmp(f->host, host) == 0)
            return true;
    return false;
}

/* A certificate that ends, and the verdict stays. */
static void tell_end(const struct inquiry *inquiry, const struct host_result *host)
{
    int64_t moment = end_of(host->certificate, host->effective);

    if (!is_within(inquiry->input, moment) || is_told(inquiry->result, host->host->ascii))
        return;
    finding_add_once(inquiry, finding_word(FINDING_CERTIFICATE_EXPIRES_SOON),
                     finding_severity(FINDING_CERTIFICATE_EXPIRES_SOON), host->host->ascii, NULL, 0,
                     region_printf(inquiry->region, "%s expires on %s", certificate_words(inquiry->region, host),
                                   date_of(inquiry->region, moment)));
}

void horizon_tell(struct region *region, struct result *result, const struct judge_input *input,
                  const struct destination *destination, horizon_judge_fn *judge)
{
    struct inquiry inquiry = { region, result, input, NULL, NULL };

    if (input->horizon_days <= 0 || !is_within(input, result->next_end))
        return;
    if (result->verdict < VERDICT_BOUNCE)
        tell_turns(&inquiry, destination, judge);
    for (size_t h = 0; h < result->hop_count; h++)
        for (size_t i = 0; i < result->hops[h].host_count; i++)
            tell_end(&inquiry, &result->hops[h].hosts[i]);
}
