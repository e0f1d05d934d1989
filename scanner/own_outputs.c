#include "scanner/own_outputs.h"

#include <string.h>

static bool open_one(struct own_outputs *outputs, const char *format, const char *file, struct error *err)
{
    struct output *output = output_open(file, err);

    if (output == NULL)
        return false;
    outputs->formats[outputs->count] = format;
    outputs->items[outputs->count++] = output;
    return true;
}

bool own_outputs_open(struct own_outputs *outputs, const struct options *options, struct error *err)
{
    bool   taken = options->quiet;
    size_t i;

    outputs->count = 0;
    for (i = 0; i < options->output_count; i++) {
        const struct output_wish *wish = &options->outputs[i];

        taken |= strcmp(wish->file, "-") == 0 || strcmp(wish->format, "text") == 0;
        if (!open_one(outputs, wish->format, wish->file, err))
            return false;
    }
    return taken || open_one(outputs, "text", "-", err);
}

bool own_outputs_write(struct own_outputs *outputs, const struct own_format *formats, const void *document, struct error *err)
{
    bool   good = true;
    size_t i;

    for (i = 0; i < outputs->count; i++) {
        struct sink           sink = output_sink(outputs->items[i]);
        struct report_options options = { .colour = output_is_terminal(outputs->items[i]),
                                          .width = output_width(outputs->items[i]) };
        struct error          why;
        size_t                k;

        for (k = 0; strcmp(formats[k].format, outputs->formats[i]) != 0; k++)
            ;
        formats[k].write(document, &options, &sink);
        if (!output_commit(outputs->items[i], &why)) {
            if (good || err->text[0] == '\0')
                *err = why;
            good = false;
        }
        outputs->items[i] = NULL;
    }
    return good;
}

void own_outputs_abandon(struct own_outputs *outputs)
{
    size_t i;

    for (i = 0; i < outputs->count; i++)
        output_abandon(outputs->items[i]);
    outputs->count = 0;
}
