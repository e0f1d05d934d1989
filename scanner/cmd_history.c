#include <stdio.h>
#include <time.h>

#include "reports/page.h"
#include "reports/story.h"
#include "scanner/command.h"
#include "scanner/history.h"
#include "scanner/output.h"

#define DAY 86400

struct telling {
    struct region  *region;
    struct history *history;
    struct page     page;
};

static const char *number(struct region *region, size_t n)
{
    return n > 0 ? region_printf(region, "%zu", n) : "-";
}

static void put_run(struct telling *t, const struct history_run *run)
{
    const size_t *by = run->by_verdict;
    struct cell   cells[] = {
        { 4, TONE_PLAIN, region_printf(t->region, "%lld", (long long)run->id) },
        { 19, TONE_PLAIN, region_printf(t->region, "%.19s", time_text(t->region, run->started)) },
        { 7, TONE_PLAIN, number(t->region, by[VERDICT_DELIVER]) },
        { 9, by[VERDICT_DOWNGRADE] > 0 ? TONE_YELLOW : TONE_PLAIN, number(t->region, by[VERDICT_DOWNGRADE]) },
        { 5, by[VERDICT_DEFER] > 0 ? TONE_RED : TONE_PLAIN, number(t->region, by[VERDICT_DEFER]) },
        { 6, by[VERDICT_BOUNCE] > 0 ? TONE_RED : TONE_PLAIN, number(t->region, by[VERDICT_BOUNCE]) },
        { 7, by[VERDICT_UNKNOWN] > 0 ? TONE_MAGENTA : TONE_PLAIN, number(t->region, by[VERDICT_UNKNOWN]) },
        { 7, TONE_PLAIN, number(t->region, run->announced) },
        { 10, TONE_RED, run->complete ? "" : "incomplete" },
    };

    page_row(&t->page, 0, cells, sizeof(cells) / sizeof(cells[0]));
}

static bool put_runs(struct telling *t, struct error *err)
{
    static const struct cell heading[] = {
        { 4, TONE_DIM, "RUN" },   { 19, TONE_DIM, "STARTED (UTC)" }, { 7, TONE_DIM, "DELIVER" }, { 9, TONE_DIM, "DOWNGRADE" },
        { 5, TONE_DIM, "DEFER" }, { 6, TONE_DIM, "BOUNCE" },   { 7, TONE_DIM, "UNKNOWN" }, { 7, TONE_DIM, "CHANGES" },
    };
    struct history_run *runs;
    size_t              i, count;

    if (!history_runs(t->history, t->region, 0, &runs, &count, err))
        return false;
    if (count > 0)
        page_row(&t->page, 0, heading, sizeof(heading) / sizeof(heading[0]));
    for (i = 0; i < count; i++)
        put_run(t, &runs[i]);
    return true;
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "-";
}

static void put_span(struct telling *t, const struct history_span *span)
{
    const struct standing *s = &span->standing;

    page_printf(&t->page, (struct place){ .indent = 2 }, "%s to %s, %zu run%s", time_text(t->region, span->from),
                time_text(t->region, span->to), span->runs, span->runs == 1 ? "" : "s");
    page_printf(&t->page, (struct place){ .indent = 4, .tone = tone_of_verdict(s->verdict) },
                "%s, level %s, in force %s, TLS %s, %s", verdict_word(s->verdict), or_none(s->level),
                or_none(s->effective_level), or_none(s->tls), s->reason);
    if (s->verdict != VERDICT_DELIVER)
        page_text(&t->page, (struct place){ .indent = 4 }, or_none(s->why));
    if (s->hosts[0] != '\0')
        page_printf(&t->page, (struct place){ .indent = 4 }, "hosts %s", s->hosts);
}

static void put_seen(struct telling *t, const struct history_change *change)
{
    const char *what = change->before.verdict != change->after.verdict
                           ? region_printf(t->region, "%s -> %s", verdict_word(change->before.verdict),
                                           verdict_word(change->after.verdict))
                           : standing_difference(t->region, &change->before, &change->after);

    if (change->times == 1)
        page_printf(&t->page, (struct place){ .indent = 2 }, "%s: %s, once, %s", change_word(change->kind), what,
                    time_text(t->region, change->first_seen));
    else
        page_printf(&t->page, (struct place){ .indent = 2 }, "%s: %s, %zu times, first %s, last %s",
                    change_word(change->kind), what, change->times, time_text(t->region, change->first_seen),
                    time_text(t->region, change->last_seen));
}

static bool put_life(struct telling *t, const char *destination, struct error *err)
{
    struct history_life life;
    size_t              i;

    if (!history_life(t->history, t->region, destination, &life, err))
        return false;
    if (life.span_count == 0) {
        error_set(err, EXIT_USAGE_ERROR, "%s: the history has never seen it", destination);
        error_fix(err, "write it as a run with --history had it");
        return false;
    }
    page_text(&t->page, (struct place){ .tone = TONE_BOLD }, destination);
    for (i = 0; i < life.span_count; i++)
        put_span(t, &life.spans[i]);
    if (life.change_count > 0)
        page_text(&t->page, (struct place){ .tone = TONE_DIM }, "changes seen");
    for (i = 0; i < life.change_count; i++)
        put_seen(t, &life.changes[i]);
    return true;
}

static bool print(struct telling *t, const struct options *options, struct error *err)
{
    struct output        *output = output_open("-", err);
    struct report_options how = { 0 };
    struct sink           sink;
    bool                  good = output != NULL;
    size_t                i;

    if (!good)
        return false;
    sink = output_sink(output);
    how.colour = output_is_terminal(output);
    how.width = output_width(output);
    page_init(&t->page, &how, &sink);
    if (options->arguments.count == 0)
        good = put_runs(t, err);
    for (i = 0; good && i < options->arguments.count; i++)
        good = put_life(t, options->arguments.items[i], err);
    if (good)
        return output_commit(output, err);
    output_abandon(output);
    return false;
}

static bool prune(struct telling *t, const struct options *options, struct error *err)
{
    size_t runs;

    if (!history_prune(t->history, (int64_t)time(NULL) - (int64_t)options->keep * DAY, &runs, err) ||
        !history_commit(t->history, err))
        return false;
    if (!options->quiet)
        printf("%zu run%s forgotten\n", runs, runs == 1 ? "" : "s");
    return true;
}

int cmd_history(struct region *region, const struct options *options)
{
    struct telling t = { .region = region };
    struct error   err;
    bool           good;

    if (options->history == NULL) {
        error_set(&err, EXIT_USAGE_ERROR, "history: no --history is named");
        error_fix(&err, "add --history FILE");
        return command_fail(&err);
    }
    t.history = history_open(options->history, options->has_keep ? HISTORY_CHANGE : HISTORY_READ, &err);
    good = t.history != NULL && (options->has_keep ? prune(&t, options, &err) : print(&t, options, &err));
    history_close(t.history);
    return good ? EXIT_ALL_DELIVER : command_fail(&err);
}
