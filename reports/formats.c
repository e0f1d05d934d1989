#include "reports/formats.h"

#include <string.h>

#include "reports/writers.h"

static const struct format formats[] = {
    { .word = "text", .help = "the report for people", .write = report_text_write },
    { .word = "json", .help = "the report as one JSON object", .write = report_json_write },
    { .word = "jsonl", .help = "the report as JSON lines", .write = report_jsonl_write,
      .write_header = report_jsonl_header, .write_destination = report_jsonl_destination,
      .write_end = report_jsonl_summary },
    { .word = "html", .help = "the report as one HTML file", .write = report_html_write },
    { .word = "csv", .help = "a table for spreadsheets, a row for each destination", .write = report_csv_write },
    { .word = "junit", .help = "JUnit XML, a test case for each destination", .write = report_junit_write },
    { .word = "sarif", .help = "SARIF, findings beside the table lines they are about", .write = report_sarif_write },
    { .word = "metrics", .help = "OpenMetrics, for a collector of text files", .write = report_metrics_write },
};

#define FORMAT_COUNT (sizeof(formats) / sizeof(formats[0]))

const struct format *format_at(size_t i)
{
    return i < FORMAT_COUNT ? &formats[i] : NULL;
}

const struct format *format_find(const char *word)
{
    size_t i;

    for (i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i].word, word) == 0)
            return &formats[i];
    return NULL;
}
