#include "scanner/losses.h"

#include "scanner/base/buf.h"

#define TEXT_CEILING 512

static void add_part(struct buf *out, const char *what, size_t count)
{
    if (count == 0)
        return;
    buf_printf(out, "%s%s", out->n > 0 ? " and " : "", what);
    if (count > 1)
        buf_printf(out, " %zu times", count);
}

static void add_signal(struct buf *out, const struct losses *lost)
{
    if (lost->ended > 0 && lost->signal > 0)
        buf_printf(out, "%s by signal %zu", lost->ended > 1 ? ", at last" : "", lost->signal);
}

void losses_tell(struct region *region, struct findings *findings, const struct losses *lost)
{
    struct buf text;

    if (lost->ended + lost->silent + lost->wrong == 0)
        return;
    buf_init(&text, TEXT_CEILING);
    add_part(&text, "ended", lost->ended);
    add_signal(&text, lost);
    add_part(&text, "no longer answered", lost->silent);
    add_part(&text, "broke its protocol", lost->wrong);
    if (lost->again > 0)
        buf_printf(&text, "; %zu conversation%s asked again", lost->again, lost->again == 1 ? " was" : "s were");
    findings_add(region, findings, finding_word(FINDING_WORKER_DIED), finding_severity(FINDING_WORKER_DIED), NULL, NULL, 0,
                 "the network process %s", buf_text(&text));
    buf_clear(&text);
}
