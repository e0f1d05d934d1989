#include "scanner/replay.h"

#include <string.h>

static bool read_facts(struct audit *audit, struct facts_header *header, struct error *err)
{
    const struct option_list *files = &audit->options->arguments;
    size_t                    i;

    for (i = 0; i < files->count; i++) {
        struct facts_header one = { 0 };

        if (!facts_file_read(audit->region, files->items[i], &one, audit->facts, err))
            return false;
        if (i == 0)
            *header = one;
        else
            facts_header_add(audit->region, header, &one);
    }
    return true;
}

/* What the scan was told to contact is judged as it was; --allow-address adds more. */
static void allow_as_before(struct audit *audit, const struct facts_header *header)
{
    struct options *options = region_alloc(audit->region, sizeof(*options));
    size_t          i, n = 0;

    *options = *audit->options;
    options->allow_count += header->allow_count;
    options->allow = region_array(audit->region, options->allow_count + 1, sizeof(*options->allow));
    for (i = 0; i < audit->options->allow_count; i++)
        options->allow[n++] = audit->options->allow[i];
    for (i = 0; i < header->allow_count; i++)
        options->allow[n++] = header->allow[i];
    audit->options = options;
}

bool replay_facts(struct audit *audit, struct error *err)
{
    struct facts_header header = { .complete = true };
    const char        **texts;
    size_t              i, count;

    if (!read_facts(audit, &header, err))
        return false;
    allow_as_before(audit, &header);
    count = facts_destination_count(audit->facts);
    texts = region_array(audit->region, count + 1, sizeof(*texts));
    for (i = 0; i < count; i++)
        texts[i] = facts_destination(audit->facts, i);
    if (!destinations_from_texts(audit->region, &audit->destinations, audit->config, texts, count, err)) {
        err->status = EXIT_DATA_ERROR; /* the file's fault, not that of the command line */
        return false;
    }
    audit_add_proposed_destinations(audit);
    audit_replay(audit, false, header.started);
    audit->outcome.lost = header.lost;
    audit_report(audit, header.started, header.finished, header.complete, header.resolver);
    audit->report.sharing = header.sharing;
    return true;
}
