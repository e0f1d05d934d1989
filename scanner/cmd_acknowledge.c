#include <stdio.h>
#include <time.h>

#include "reports/escape.h"
#include "reports/story.h"
#include "scanner/command.h"
#include "scanner/history.h"
#include "scanner/output.h"

static bool check(const struct options *options, struct error *err)
{
    bool adding = options->arguments.count > 0 && !options->withdraw;

    if (options->history == NULL) {
        error_set(err, EXIT_USAGE_ERROR, "acknowledge: no --history is named");
        error_fix(err, "add --history FILE");
    } else if (options->withdraw && options->arguments.count == 0) {
        error_set(err, EXIT_USAGE_ERROR, "acknowledge --withdraw: no destination is named");
    } else if (adding && (!options->has_until || options->comment == NULL)) {
        error_set(err, EXIT_USAGE_ERROR, "acknowledge: %s is missing", options->has_until ? "--comment" : "--until");
        error_fix(err, "say until when, and why: --until 2027-01-31 --comment 'new certificate is ordered'");
    } else if (adding && options->until <= (int64_t)time(NULL)) {
        error_set(err, EXIT_USAGE_ERROR, "acknowledge: --until is in the past");
    } else {
        return true;
    }
    return false;
}

static bool list(struct region *region, struct history *history, struct error *err)
{
    struct history_acknowledgement *items;
    struct output                  *output;
    struct sink                     sink;
    size_t                          i, count;

    if (!history_acknowledgements(history, region, time(NULL), &items, &count, err) ||
        (output = output_open("-", err)) == NULL)
        return false;
    sink = output_sink(output);
    for (i = 0; i < count; i++)
        sink_printf(&sink, "%s  %s  until %s: %s\n", escape_text(region, items[i].destination), items[i].reason,
                    time_text(region, items[i].until), escape_text(region, items[i].comment));
    return output_commit(output, err);
}

static bool change(struct history *history, const struct options *options, struct error *err)
{
    int64_t now = time(NULL);
    size_t  i;

    for (i = 0; i < options->arguments.count; i++) {
        const char *destination = options->arguments.items[i];

        if (options->withdraw ? !history_withdraw(history, destination, now, err)
                              : !history_acknowledge(history, destination, now, options->until, options->comment, err))
            return false;
    }
    return history_commit(history, err);
}

int cmd_acknowledge(struct region *region, const struct options *options)
{
    struct history *history = NULL;
    struct error    err;
    bool            good = check(options, &err);

    if (good)
        history = history_open(options->history, options->arguments.count > 0 ? HISTORY_CHANGE : HISTORY_READ, &err);
    good = history != NULL &&
           (options->arguments.count > 0 ? change(history, options, &err) : list(region, history, &err));
    history_close(history);
    return good ? EXIT_ALL_DELIVER : command_fail(&err);
}
