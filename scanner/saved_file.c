#include "scanner/saved_file.h"

#include <stdio.h>
#include <string.h>

#include "reports/json_parts.h"
#include "reports/read_report.h"
#include "scanner/exit_status.h"
#include "scanner/facts/facts_json.h"
#include "scanner/files.h"

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
    return NULL;
}

/* Where the first value of a file ends is found by its line: facts and JSON lines have a whole object in it, other JSON
 * is one value. */
bool saved_file_kind(struct region *region, const char *path, enum saved_kind *kind, struct error *err)
{
    struct slice text;
    struct json *json;
    const char  *format;

    if (!file_read(region, path, FILE_SIZE_MAX, &text, NULL, err))
        return false;
    json = json_read(slice_head(text, slice_find(text, '\n')), NULL);
    if (json == NULL)
        json = json_read(text, NULL);
    format = json_get_text(json, "format");
    *kind = SAVED_OTHER;
    if (format != NULL && strcmp(format, REPORT_FORMAT) == 0)
        *kind = SAVED_REPORT;
    else if (format != NULL && strcmp(format, FACTS_FORMAT) == 0)
        *kind = SAVED_FACTS;
    json_free(json);
    return true;
}
