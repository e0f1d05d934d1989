#include "reports/protection.h"

#include <string.h>

#include "reports/compare.h"
#include "reports/story.h"

#define URIS_SHOWN 6
#define DAY 86400

const struct published *result_published(const struct result *result)
{
    if (result->configured != NULL && result->configured->published != NULL)
        return result->configured->published;
    return result->published;
}

bool report_has_published(const struct report *report)
{
    size_t i;

    for (i = 0; i < report->count; i++)
        if (result_published(report->results[i]) != NULL)
            return true;
    return false;
}

/* What domains publish, what guards their mail */

enum publishes publishes_of(const struct published *published)
{
    bool dane = published->dane.state == DANE_ALL || published->dane.state == DANE_SOME;

    if (dane)
        return published->sts.state == STS_ENFORCE ? PUBLISHES_BOTH : PUBLISHES_DANE;
    switch (published->sts.state) {
    case STS_ENFORCE:
        return PUBLISHES_ENFORCE;
    case STS_TESTING:
        return PUBLISHES_TESTING;
    case STS_INVALID:
        return PUBLISHES_BROKEN;
    case STS_UNKNOWN:
        return PUBLISHES_UNKNOWN;
    default:
        return published->dane.state == DANE_UNKNOWN ? PUBLISHES_UNKNOWN : PUBLISHES_NOTHING;
    }
}

const char *publishes_word(enum publishes publishes)
{
    static const char *const words[] = {
        [PUBLISHES_BOTH] = "DANE and MTA-STS",    [PUBLISHES_DANE] = "DANE",
        [PUBLISHES_ENFORCE] = "MTA-STS, enforce", [PUBLISHES_TESTING] = "MTA-STS, testing",
        [PUBLISHES_BROKEN] = "MTA-STS, invalid",  [PUBLISHES_NOTHING] = "nothing",
        [PUBLISHES_UNKNOWN] = "not known",
    };

    return words[publishes];
}

static bool is_verified(const char *tls)
{
    return tls != NULL && strcmp(tls, "verified") == 0;
}

static bool is_sent(enum verdict verdict)
{
    return verdict == VERDICT_DELIVER || verdict == VERDICT_DOWNGRADE;
}

static enum guard authenticated_by(enum mechanism mechanism)
{
    if (mechanism == MECHANISM_DANE)
        return GUARD_DANE;
    return mechanism == MECHANISM_STS ? GUARD_STS : GUARD_POLICY;
}

enum guard guard_of(const struct report *report, const struct result *result)
{
    const struct published *published = result_published(result);
    const char             *tls = result->forecast.tls;

    if (result->verdict == VERDICT_DEFER || result->verdict == VERDICT_BOUNCE)
        return GUARD_HELD;
    if (!is_sent(result->verdict) || tls == NULL)
        return GUARD_UNKNOWN;
    if (strcmp(tls, "none") == 0)
        return GUARD_CLEAR;
    if (!is_verified(tls))
        return GUARD_ENCRYPTED;
    if (report->as.mechanism != MECHANISM_NONE)
        return authenticated_by(report->as.mechanism);
    return authenticated_by(published != NULL ? published->follows : MECHANISM_TABLE);
}

const char *guard_word(enum guard guard)
{
    static const char *const words[] = {
        [GUARD_DANE] = "DANE",          [GUARD_STS] = "MTA-STS",   [GUARD_POLICY] = "own policy", [GUARD_ENCRYPTED] = "TLS only",
        [GUARD_CLEAR] = "in the clear", [GUARD_HELD] = "not sent", [GUARD_UNKNOWN] = "not known",
    };

    return words[guard];
}

void protection_count(struct protection *protection, const struct report *report)
{
    size_t i;

    *protection = (struct protection){ 0 };
    for (i = 0; i < report->count; i++) {
        const struct published *published = result_published(report->results[i]);
        enum publishes          publishes;
        enum guard              guard;

        if (published == NULL)
            continue;
        publishes = publishes_of(published);
        guard = guard_of(report, report->results[i]);
        protection->asked++;
        protection->cells[publishes][guard]++;
        protection->publishes[publishes]++;
        protection->guards[guard]++;
        protection->willing += publishes <= PUBLISHES_ENFORCE;
        protection->served += publishes <= PUBLISHES_ENFORCE && guard <= GUARD_POLICY;
    }
}

const char *protection_sentence(struct region *region, const struct protection *protection)
{
    if (protection->willing == 0)
        return "No domain here publishes DANE or enforces MTA-STS";
    return region_printf(region, "%zu of %zu domain%s that publish%s DANE or enforce%s MTA-STS get%s mail authenticated",
                         protection->served, protection->willing, protection->willing == 1 ? "" : "s",
                         protection->willing == 1 ? "es" : "", protection->willing == 1 ? "s" : "",
                         protection->willing == 1 ? "s its" : " their");
}

/* In words */

const char *mechanism_name(enum mechanism mechanism)
{
    static const char *const names[] = {
        [MECHANISM_NONE] = "main.cf, for all alike", [MECHANISM_TABLE] = "the table", [MECHANISM_DANE] = "DANE",
        [MECHANISM_STS] = "MTA-STS",
    };

    return names[mechanism];
}

static bool lacks_dane(enum reason reason)
{
    return reason == REASON_NO_TLSA || reason == REASON_NOT_DNSSEC || reason == REASON_TLSA_UNUSABLE ||
           reason == REASON_TLSA_LOOKUP_FAILED;
}

const char *winner_text(struct region *region, const struct result *result)
{
    const struct result    *now = result->configured != NULL ? result->configured : result;
    const struct published *published = result_published(result);
    const struct policy    *policy = now->hop_count > 0 ? now->hops[0].policy : NULL;
    const char             *in_force = now->forecast.effective_level;

    if (published->follows != MECHANISM_DANE || policy == NULL)
        return mechanism_name(published->follows);
    if (policy->level == LEVEL_DANE_ONLY && now->verdict == VERDICT_DEFER && lacks_dane(now->forecast.reason))
        return region_printf(region, "neither: the level dane-only defers the mail: %s", reason_sentence(now->forecast.reason));
    if (policy->level == LEVEL_DANE && published->dane.state == DANE_NONE && in_force != NULL && strcmp(in_force, "dane") != 0)
        return region_printf(region, "neither: without secure TLSA records the level dane comes to %s", in_force);
    return mechanism_name(published->follows);
}

const char *dane_text(struct region *region, const struct published_dane *dane)
{
    switch (dane->state) {
    case DANE_ALL:
        return dane->hosts == 1 ? "its host has secure TLSA records"
                                : region_printf(region, "all %zu hosts have secure TLSA records", dane->hosts);
    case DANE_SOME:
        return region_printf(region, "%zu of %zu hosts %s secure TLSA records", dane->with_tlsa, dane->hosts,
                             dane->with_tlsa == 1 ? "has" : "have");
    case DANE_NONE:
        return "no secure TLSA records";
    default:
        return "not known";
    }
}

/* "7 days", "3600 seconds". */
static const char *age_text(struct region *region, int64_t seconds)
{
    bool    days = seconds >= DAY && seconds % DAY == 0;
    int64_t n = days ? seconds / DAY : seconds;

    return region_printf(region, "%lld %s%s", (long long)n, days ? "day" : "second", n == 1 ? "" : "s");
}

static const char *fault_text(struct region *region, const char *why, const char *reason, unsigned line)
{
    const char *place = line > 0 ? region_printf(region, ", line %u", line) : "";

    return region_printf(region, "%s (%s%s)", why != NULL ? why : "no reason is known", reason != NULL ? reason : "-", place);
}

const char *sts_text(struct region *region, const struct published_sts *sts)
{
    static const char *const modes[] = { [STS_MODE_IS_NONE] = "none", [STS_TESTING] = "testing", [STS_ENFORCE] = "enforce" };

    if (sts->state == STS_NONE)
        return "no policy";
    if (sts->state == STS_INVALID)
        return region_printf(region, "invalid: %s", fault_text(region, sts->why, sts->reason, sts->line));
    if (sts->state == STS_UNKNOWN)
        return region_printf(region, "not known: %s", fault_text(region, sts->why, sts->reason, 0));
    return region_printf(region, "mode %s, id %s, to be kept for %s", modes[sts->state], sts->id != NULL ? sts->id : "-",
                         age_text(region, sts->max_age));
}

const char *tlsrpt_text(struct region *region, const struct published_tlsrpt *tlsrpt)
{
    switch (tlsrpt->state) {
    case TLSRPT_VALID:
        return region_printf(region, "reports go to %s", join_texts(region, tlsrpt->rua.items, tlsrpt->rua.count,
                                                                    tlsrpt->rua.count, ", ", URIS_SHOWN));
    case TLSRPT_NONE:
        return "no reports are wanted";
    case TLSRPT_INVALID:
        return region_printf(region, "invalid: %s", fault_text(region, tlsrpt->why, tlsrpt->reason, 0));
    default:
        return region_printf(region, "not known: %s", fault_text(region, tlsrpt->why, tlsrpt->reason, 0));
    }
}

const char *as_if_text(struct region *region, const struct as_if *as_if)
{
    if (!as_if->judged)
        return NULL;
    if (as_if->verdict == VERDICT_DELIVER)
        return region_printf(region, "deliver, level %s, TLS %s", as_if->effective_level != NULL ? as_if->effective_level : "-",
                             as_if->tls != NULL ? as_if->tls : "-");
    return region_printf(region, "%s%s%s: %s", verdict_word(as_if->verdict), as_if->dsn != NULL ? ", DSN " : "",
                         as_if->dsn != NULL ? as_if->dsn : "", reason_sentence(as_if->reason));
}

const char *sts_patterns_text(struct region *region, const struct published_sts *sts, size_t shown)
{
    return join_texts(region, sts->mx.items, sts->mx.count, sts->mx.count, ", ", shown);
}

const char *sts_hosts_text(struct region *region, const struct published_sts *sts, bool fits, size_t shown)
{
    const char **names = region_array(region, sts->host_count + 1, sizeof(*names));
    size_t       i, count = 0;

    for (i = 0; i < sts->host_count; i++)
        if (sts->hosts[i].fits == fits)
            names[count++] = sts->hosts[i].host;
    return join_texts(region, names, count, count, ", ", shown);
}

/* --as */

struct as_change as_change_of(const struct result *result)
{
    const struct result *now = result->configured;
    struct as_change     change = { 0 };
    enum change_kind     kind;
    bool                 was, will;

    if (now == NULL || now->verdict == VERDICT_UNKNOWN || result->verdict == VERDICT_UNKNOWN)
        return change;
    kind = verdicts_compare(now->verdict, result->verdict);
    was = is_sent(now->verdict) && is_verified(now->forecast.tls);
    will = is_sent(result->verdict) && is_verified(result->forecast.tls);
    return (struct as_change){ .judged = true, .worse = kind == CHANGE_WORSE, .better = kind == CHANGE_BETTER,
                               .gains = will && !was, .loses = was && !will && is_sent(result->verdict) };
}

void report_count_as(struct report *report, enum mechanism mechanism)
{
    struct report_as *as = &report->as;
    size_t            i;

    *as = (struct report_as){ .mechanism = mechanism };
    for (i = 0; mechanism != MECHANISM_NONE && i < report->count; i++) {
        struct as_change change = as_change_of(report->results[i]);
        enum verdict     verdict = report->results[i]->verdict;

        as->worse += change.worse;
        as->better += change.better;
        as->would_defer += change.worse && verdict == VERDICT_DEFER;
        as->would_bounce += change.worse && verdict == VERDICT_BOUNCE;
        as->would_downgrade += change.worse && verdict == VERDICT_DOWNGRADE;
        as->gain_authentication += change.gains;
        as->lose_authentication += change.loses;
    }
}

static size_t untold(const struct report *report)
{
    size_t i, count = 0;

    for (i = 0; i < report->count; i++)
        count += !as_change_of(report->results[i]).judged;
    return count;
}

const char *as_sentence(struct region *region, const struct report *report)
{
    const struct report_as *as = &report->as;
    const char             *text;
    size_t                  unknown = untold(report);

    text = region_printf(region, "If %s were followed for all, %zu of %zu destination%s would newly defer",
                         mechanism_name(as->mechanism), as->would_defer, report->count, report->count == 1 ? "" : "s");
    if (as->would_bounce > 0)
        text = region_printf(region, "%s, %zu would bounce", text, as->would_bounce);
    if (as->would_downgrade > 0)
        text = region_printf(region, "%s, %zu would be downgraded", text, as->would_downgrade);
    text = region_printf(region, "%s, %zu would gain authentication", text, as->gain_authentication);
    if (as->lose_authentication > 0)
        text = region_printf(region, "%s, %zu would lose it", text, as->lose_authentication);
    return unknown > 0 ? region_printf(region, "%s; of %zu it cannot be told", text, unknown) : text;
}
