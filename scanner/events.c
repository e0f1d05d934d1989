#include "scanner/events.h"

#include <string.h>
#include <syslog.h>

#include "reports/compare.h"
#include "reports/escape.h"

#define EVENTS_MAX 1000
#define FIELD_MAX 200

static int priority_of(enum verdict verdict)
{
    static const int priorities[] = { [VERDICT_DELIVER] = LOG_INFO, [VERDICT_DOWNGRADE] = LOG_NOTICE,
                                      [VERDICT_DEFER] = LOG_WARNING, [VERDICT_BOUNCE] = LOG_WARNING,
                                      [VERDICT_UNKNOWN] = LOG_NOTICE, [VERDICT_NOT_TRIED] = LOG_INFO };

    return priorities[verdict];
}

/* One field on one line, and not without end. */
static const char *field(struct region *region, const char *text)
{
    const char *safe = escape_text(region, text);

    return strlen(safe) <= FIELD_MAX ? safe : region_printf(region, "%.*s...", FIELD_MAX, safe);
}

static void log_result(struct region *region, const struct result *result)
{
    const struct forecast *forecast = &result->forecast;

    syslog(priority_of(result->verdict), "%s: verdict=%s, dsn=%s, tls=%s, relay=%s, reason=%s%s",
           field(region, result->destination->text), verdict_word(result->verdict),
           forecast->dsn != NULL ? forecast->dsn : "none", forecast->tls != NULL ? forecast->tls : "none",
           forecast->relay != NULL ? field(region, forecast->relay) : "none", reason_code(forecast->reason),
           result->acknowledged != NULL ? ", acknowledged" : "");
}

static void log_change(struct region *region, const struct change *change)
{
    const struct standing *told = change->after != NULL ? change->after : change->before;

    syslog(change->kind == CHANGE_WORSE || change->kind == CHANGE_APPEARED ? priority_of(told->verdict) : LOG_INFO,
           "%s: change=%s, before=%s, verdict=%s, reason=%s", field(region, told->destination), change_word(change->kind),
           change->before != NULL ? verdict_word(change->before->verdict) : "none",
           change->after != NULL ? verdict_word(change->after->verdict) : "none", field(region, told->reason));
}

static size_t log_news(struct region *region, const struct changes *changes)
{
    size_t i;

    for (i = 0; i < changes->count && i < EVENTS_MAX; i++)
        log_change(region, &changes->items[i]);
    return changes->count;
}

static size_t log_results(struct region *region, const struct report *report)
{
    size_t i, count = 0;

    for (i = 0; i < report->count; i++)
        if (report->results[i]->verdict != VERDICT_DELIVER && count++ < EVENTS_MAX)
            log_result(region, report->results[i]);
    return count;
}

void events_log(const struct report *report)
{
    const size_t  *by = report->counts.by_verdict;
    struct region *region = region_new();
    size_t         count;

    openlog("posttls-audit", LOG_PID, LOG_MAIL);
    count = report->news_only ? log_news(region, &report->news->changes) : log_results(region, report);
    if (count > EVENTS_MAX)
        syslog(LOG_NOTICE, "%zu more are not logged", count - EVENTS_MAX);
    if (count > 0 || !report->news_only)
        syslog(LOG_INFO, "run: destinations=%zu, deliver=%zu, downgrade=%zu, defer=%zu, bounce=%zu, unknown=%zu%s",
               report->count, by[VERDICT_DELIVER], by[VERDICT_DOWNGRADE], by[VERDICT_DEFER], by[VERDICT_BOUNCE],
               by[VERDICT_UNKNOWN], report->complete ? "" : ", incomplete");
    closelog();
    region_free(region);
}
