#include <stdio.h>
#include <string.h>
#include <time.h>

#include "reports/page.h"
#include "reports/story.h"
#include "scanner/command.h"
#include "scanner/history_json.h"
#include "scanner/own_outputs.h"

#define DAY 86400

struct telling {
    struct region *region;
    struct page    page;
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

static void put_runs(struct telling *t, const struct history_document *document)
{
    static const struct cell heading[] = {
        { 4, TONE_DIM, "RUN" },   { 19, TONE_DIM, "STARTED (UTC)" }, { 7, TONE_DIM, "DELIVER" }, { 9, TONE_DIM, "DOWNGRADE" },
        { 5, TONE_DIM, "DEFER" }, { 6, TONE_DIM, "BOUNCE" },   { 7, TONE_DIM, "UNKNOWN" }, { 7, TONE_DIM, "CHANGES" },
    };
    size_t i;

    if (document->run_count > 0)
        page_row(&t->page, 0, heading, sizeof(heading) / sizeof(heading[0]));
    for (i = 0; i < document->run_count; i++)
        put_run(t, &document->runs[i]);
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "-";
}

static const char *or_unknown(const char *text)
{
    return text != NULL ? text : "not known";
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

static void put_publication(struct telling *t, const struct history_publication *publication)
{
    const struct standing_published *p = publication->published;

    page_printf(&t->page, (struct place){ .indent = 2 }, "%s to %s, %zu run%s", time_text(t->region, publication->from),
                time_text(t->region, publication->to), publication->runs, publication->runs == 1 ? "" : "s");
    page_printf(&t->page, (struct place){ .indent = 4 }, "DANE %s, MTA-STS %s%s%s, TLS reporting %s", or_unknown(p->dane),
                or_unknown(p->sts), p->sts_id != NULL ? ", id " : "", p->sts_id != NULL ? p->sts_id : "",
                or_unknown(p->tlsrpt));
    if (p->sts_policy != NULL)
        page_text(&t->page, (struct place){ .indent = 4 }, p->sts_policy);
}

static void put_subject(struct telling *t, const struct history_subject *subject)
{
    const struct history_life *life = &subject->life;
    size_t                     i;

    page_text(&t->page, (struct place){ .tone = TONE_BOLD }, subject->destination);
    for (i = 0; i < life->span_count; i++)
        put_span(t, &life->spans[i]);
    if (life->change_count > 0)
        page_text(&t->page, (struct place){ .tone = TONE_DIM }, "changes seen");
    for (i = 0; i < life->change_count; i++)
        put_seen(t, &life->changes[i]);
    if (subject->acknowledged_count > 0)
        page_text(&t->page, (struct place){ .tone = TONE_DIM }, "acknowledged");
    for (i = 0; i < subject->acknowledged_count; i++)
        page_printf(&t->page, (struct place){ .indent = 2 }, "%s until %s: %s", subject->acknowledged[i].reason,
                    time_text(t->region, subject->acknowledged[i].until), subject->acknowledged[i].comment);
    if (life->publication_count > 0)
        page_text(&t->page, (struct place){ .tone = TONE_DIM }, "published");
    for (i = 0; i < life->publication_count; i++)
        put_publication(t, &life->publications[i]);
}

static bool write_text(const void *what, const struct report_options *options, const struct sink *sink)
{
    const struct history_document *document = what;
    struct telling                 t = { .region = region_new() };
    size_t                         i;

    page_init(&t.page, options, sink);
    put_runs(&t, document);
    for (i = 0; i < document->subject_count; i++)
        put_subject(&t, &document->subjects[i]);
    region_free(t.region);
    return t.page.good;
}

static bool write_json(const void *document, const struct report_options *options, const struct sink *sink)
{
    (void)options;
    return history_json_write(document, sink);
}

static const struct own_format formats[] = { { "text", write_text }, { "json", write_json }, { NULL, NULL } };

/* Those of the destination, of all that are in force. */
static bool find_acknowledged(struct region *region, struct history *history, struct history_subject *subject,
                              struct error *err)
{
    struct history_acknowledgement *all;
    size_t                          i, count;

    if (!history_acknowledgements(history, region, time(NULL), &all, &count, err))
        return false;
    subject->acknowledged = region_array(region, count + 1, sizeof(*all));
    for (i = 0; i < count; i++)
        if (strcmp(all[i].destination, subject->destination) == 0)
            subject->acknowledged[subject->acknowledged_count++] = all[i];
    return true;
}

static bool find_subject(struct region *region, struct history *history, struct history_subject *subject, struct error *err)
{
    if (!history_life(history, region, subject->destination, &subject->life, err))
        return false;
    if (subject->life.span_count > 0)
        return find_acknowledged(region, history, subject, err);
    error_set(err, EXIT_USAGE_ERROR, "%s: the history has never seen it", subject->destination);
    error_fix(err, "write it as a run with --history had it");
    return false;
}

static bool find(struct region *region, struct history *history, const struct options *options,
                 struct history_document *document, struct error *err)
{
    size_t i, count = options->arguments.count;

    if (count == 0)
        return history_runs(history, region, 0, &document->runs, &document->run_count, err);
    document->subjects = region_array(region, count, sizeof(*document->subjects));
    for (i = 0; i < count; i++) {
        document->subjects[i].destination = options->arguments.items[i];
        if (!find_subject(region, history, &document->subjects[i], err))
            return false;
    }
    document->subject_count = count;
    return true;
}

static bool tell(struct region *region, struct history *history, const struct options *options, struct error *err)
{
    struct history_document document = { 0 };
    struct own_outputs      outputs = { .count = 0 };
    bool good = own_outputs_open(&outputs, options, err) && find(region, history, options, &document, err) &&
                own_outputs_write(&outputs, formats, &document, err);

    own_outputs_abandon(&outputs);
    return good;
}

static bool prune(struct history *history, const struct options *options, struct error *err)
{
    size_t runs;

    if (!history_prune(history, (int64_t)time(NULL) - (int64_t)options->keep * DAY, &runs, err) ||
        !history_commit(history, err))
        return false;
    if (!options->quiet)
        printf("%zu run%s forgotten\n", runs, runs == 1 ? "" : "s");
    return true;
}

/* What can be told before the file is opened. */
static bool options_agree(const struct options *options, struct error *err)
{
    if (options->history == NULL) {
        error_set(err, EXIT_USAGE_ERROR, "history: no --history is named");
        error_fix(err, "add --history FILE");
        return false;
    }
    if (options->has_keep && (options->output_count > 0 || options->arguments.count > 0)) {
        error_set(err, EXIT_USAGE_ERROR, "history: --keep forgets runs, and lists nothing");
        error_fix(err, "run it apart, without destinations and formats");
        return false;
    }
    return true;
}

int cmd_history(struct region *region, const struct options *options)
{
    struct history *history;
    struct error    err;
    bool            good;

    if (!options_agree(options, &err))
        return command_fail(&err);
    history = history_open(options->history, options->has_keep ? HISTORY_CHANGE : HISTORY_READ, &err);
    good = history != NULL && (options->has_keep ? prune(history, options, &err) : tell(region, history, options, &err));
    history_close(history);
    return good ? EXIT_ALL_DELIVER : command_fail(&err);
}
