#include "reports/formats.h"

#include <string.h>

#include "reports/writers.h"

static const struct format formats[] = {
    { "text", "the report for people", report_text_write },
    { "json", "the report as one JSON object", report_json_write },
    { "jsonl", "the report as JSON lines", report_jsonl_write },
    { "html", "the report as one HTML file", report_html_write },
    { "csv", "a table for spreadsheets, a row for each destination", report_csv_write },
    { "junit", "JUnit XML, a test case for each destination", report_junit_write },
    { "sarif", "SARIF, findings beside the table lines they are about", report_sarif_write },
    { "metrics", "OpenMetrics, for a collector of text files", report_metrics_write },
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
