/* Saved reports: what is read is written in every format, and a report that is written again reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "reports/formats.h"
#include "reports/read_report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM ((size_t)1 << 26)

static bool add(void *arg, const char *bytes, size_t n)
{
    return buf_add(arg, bytes, n);
}

static struct buf written(const struct report *report, const struct format *format)
{
    struct report_options options = { .verbose = true };
    struct buf            out;
    struct sink           sink = { add, &out };

    buf_init(&out, ROOM);
    if (!format->write(report, &options, &sink) && !out.overflow)
        abort();
    return out;
}

static bool read_text(struct region *region, struct report *report, struct slice text)
{
    struct error err = { 0 };
    struct json *tree = report_parse(text, &err);
    bool         good = tree != NULL && report_read(region, report, tree, &err);

    if (!good && err.text[0] == '\0')
        abort();
    json_free(tree);
    return good;
}

static void check_again(struct slice saved)
{
    struct region *region = region_new();
    struct report  report;
    struct buf     again;

    if (!read_text(region, &report, saved))
        abort();
    again = written(&report, format_find("json"));
    if (!slice_eq(saved, buf_slice(&again)))
        abort();
    buf_clear(&again);
    region_free(region);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region       *region = region_new();
    const struct format *format;
    struct report        report;
    size_t               i;

    if (read_text(region, &report, slice_from((const char *)data, size))) {
        for (i = 0; (format = format_at(i)) != NULL; i++) {
            struct buf out = written(&report, format);

            if (strcmp(format->word, "json") == 0)
                check_again(buf_slice(&out));
            buf_clear(&out);
        }
    }
    region_free(region);
    return 0;
}
