#include "scanner/saved_file.h"

#include <stdio.h>
#include <string.h>

#include "reports/json_parts.h"
#include "reports/lint_report.h"
#include "reports/read_report.h"
#include "scanner/exit_status.h"
#include "scanner/facts/facts_json.h"
#include "scanner/files.h"
#include "scanner/history_json.h"

/* Of every SQLite database. */
#define HISTORY_BEGINS "SQLite format 3"

static void at_file(struct error *err, const char *path)
{
    err->status = EXIT_DATA_ERROR;
    snprintf(err->file, sizeof(err->file), "%s", path);
}

struct json *saved_file_report(struct region *region, const char *path, struct report *report, struct error *err)
{
    struct slice text;
    struct json *tree;

    if (!file_read(region, path, FILE_SIZE_MAX, &text, NULL, err))
        return NULL;
    tree = report_parse(text, err);
    if (tree != NULL && report_read(region, report, tree, err))
        return tree;
    json_free(tree);
    at_file(err, path);
    if (err->fix[0] == '\0')
        error_fix(err, "reports are written by scan --json");
    saved_kind_explain(path, text, SAVED_REPORT, err);
    return NULL;
}

/* What it is called, what to name where it is wanted, and what else can be done with it. */
static const struct {
    const char *words, *format, *instead, *use;
} kinds[] = {
    [SAVED_OTHER] = { NULL, NULL, NULL, NULL },
    [SAVED_REPORT] = { "a report", REPORT_FORMAT, "name what scan --json or --jsonl wrote",
                       "a report is for report, diff, merge and advise" },
    [SAVED_FACTS] = { "a facts file", FACTS_FORMAT, "name what scan --save-facts wrote",
                      "a facts file is for replay, merge and advise" },
    [SAVED_JOURNAL] = { "a journal", NULL, "name a file of its own for --resume", "a journal is for scan --resume" },
    [SAVED_HISTORY] = { "a history", NULL, "name what scan --history wrote, or a new file", "a history is named with --history" },
    [SAVED_RUNS] = { "JSON of history", HISTORY_FORMAT, NULL, "JSON of history is for other programs" },
    [SAVED_CHANGES] = { "JSON of diff", CHANGES_FORMAT, NULL, "JSON of diff is for other programs" },
    [SAVED_LINT] = { "JSON of lint", LINT_FORMAT, NULL, "JSON of lint is for other programs" },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

const char *saved_kind_words(enum saved_kind kind)
{
    return kinds[kind].words;
}

static enum saved_kind kind_of_value(const struct json *json)
{
    const char *format = json_get_text(json, "format");
    size_t      i;

    for (i = 0; i < KIND_COUNT; i++)
        if (format != NULL && kinds[i].format != NULL && strcmp(format, kinds[i].format) == 0)
            return i == SAVED_FACTS && json_get_bool(json, "journal", false) ? SAVED_JOURNAL : (enum saved_kind)i;
    return SAVED_OTHER;
}

/* Where the first value of a text ends is found by its line: facts and JSON lines have a whole object in it, other JSON is
 * one value. */
static enum saved_kind kind_of(struct slice text)
{
    struct json    *json;
    enum saved_kind kind;

    if (slice_starts_with(text, SLICE(HISTORY_BEGINS)))
        return SAVED_HISTORY;
    json = json_read(slice_head(text, slice_find(text, '\n')), NULL);
    if (json == NULL)
        json = json_read(text, NULL);
    kind = kind_of_value(json);
    json_free(json);
    return kind;
}

bool saved_file_kind(struct region *region, const char *path, enum saved_kind *kind, struct error *err)
{
    struct slice text;

    if (!file_read(region, path, FILE_SIZE_MAX, &text, NULL, err))
        return false;
    *kind = kind_of(text);
    return true;
}

void saved_kind_explain(const char *path, struct slice text, enum saved_kind wanted, struct error *err)
{
    enum saved_kind kind = kind_of(text);

    if (kind == SAVED_OTHER || kind == wanted)
        return;
    error_set_at(err, EXIT_DATA_ERROR, path, 0, "%s, not %s", kinds[kind].words, kinds[wanted].words);
    error_fix(err, "%s; %s", kinds[wanted].instead, kinds[kind].use);
}

static bool begins_like_history(const char *path)
{
    char   head[sizeof(HISTORY_BEGINS) - 1];
    FILE  *file = fopen(path, "re");
    size_t n = file != NULL ? fread(head, 1, sizeof(head), file) : 0;

    if (file != NULL)
        fclose(file);
    return n == 0 || (n == sizeof(head) && memcmp(head, HISTORY_BEGINS, n) == 0);
}

bool saved_file_may_be_history(const char *path, struct error *err)
{
    struct region *region;
    struct slice   text;
    struct error   other = { 0 };

    if (begins_like_history(path))
        return true;
    region = region_new();
    if (file_read(region, path, FILE_SIZE_MAX, &text, NULL, NULL))
        saved_kind_explain(path, text, SAVED_HISTORY, &other);
    region_free(region);
    if (other.status == 0)
        return true;
    *err = other;
    return false;
}
