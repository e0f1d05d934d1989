/* What is wrong has a remedy, and the words of the closed lists are there. */
#include "reports/formats.h"
#include "reports/story.h"
#include "tests/lib/check.h"
#include "tests/reports/sample.h"

static bool needs_nothing(enum reason reason)
{
    return reason == REASON_DELIVERED || reason == REASON_NOT_SMTP;
}

static void check_reasons(struct sample *sample)
{
    int reason;

    for (reason = 0; reason < REASON_COUNT; reason++) {
        struct story story;

        check_ok((remedy_sentence((enum reason)reason) == NULL) == needs_nothing((enum reason)reason),
                 "%s: what to do", reason_code((enum reason)reason));
        story_find(&story, sample->fixture->region, &sample->report,
                   sample_result(sample, "bare.example", VERDICT_UNKNOWN, (enum reason)reason));
        check_ok((story_remedy(&story).text == NULL) == needs_nothing((enum reason)reason) && story_why(&story) != NULL,
                 "%s: nothing but the reason is known", reason_code((enum reason)reason));
    }
}

/* The certificate offers names; only harmless ones may be copied into a table. */
static void check_paste(struct sample *sample, size_t result, const char *want)
{
    struct story story;

    story_find(&story, sample->fixture->region, &sample->report, sample->report.results[result]);
    is_text(story_remedy(&story).paste, want, "to paste for %s", sample->report.results[result]->destination->text);
}

static void check_formats(void)
{
    size_t i;

    for (i = 0; format_at(i) != NULL; i++)
        check_ok(format_find(format_at(i)->word) == format_at(i), "format %s is found", format_at(i)->word);
    check_ok(format_find("pdf") == NULL && format_find("") == NULL, "unknown formats are not");
}

int main(void)
{
    struct sample sample;

    sample_init(&sample);
    check_reasons(&sample);
    check_paste(&sample, 1, "example.net secure match=mx.hosting.example");
    check_paste(&sample, 4, "pinned.example fingerprint match="
                            "12:30:5A:DF:D7:0E:B8:8F:1F:78:A6:FD:51:12:F0:75:46:08:08:3D:D5:58:52:92:B5:9A:BA:E3:C4:67:83:87");
    check_paste(&sample, 5, "_25._tcp.mx.dane.example. IN TLSA 3 1 1 "
                            "c4a429c1fbc4fb3340e29c8a5254e0761eab434b4c0bbf44eb36c70f27cb1867");
    check_paste(&sample, 3, NULL);
    check_formats();
    sample_clear(&sample);
    return check_done();
}
