#include "scanner/config/parameters_table.h"

#define ALL                                                                                                            \
    { 0, 0, 0 },                                                                                                       \
    {                                                                                                                  \
        0, 0, 0                                                                                                        \
    }
#define SINCE(a, b, c)                                                                                                 \
    { a, b, c },                                                                                                       \
    {                                                                                                                  \
        0, 0, 0                                                                                                        \
    }
#define WITHIN(a, b, c, d, e, f)                                                                                       \
    { a, b, c },                                                                                                       \
    {                                                                                                                  \
        d, e, f                                                                                                        \
    }
#define P(group, kind, name, initial, least, most, ...)                                                                \
    { GROUP_##group, PARAMETER_##kind, name, initial, least, most, __VA_ARGS__ },

const struct parameter_row parameter_rows[] = {
#include "scanner/config/parameters_shared.def"
#include "scanner/config/parameters_client.def"
#include "scanner/config/parameters_rewrite.def"
#include "scanner/config/parameters_tls.def"
};
const size_t parameter_row_count = sizeof(parameter_rows) / sizeof(parameter_rows[0]);

static bool group_applies(enum parameter_group group, enum program program)
{
    bool client = program == PROGRAM_SMTP || program == PROGRAM_LMTP;

    switch (group) {
    case GROUP_SHARED:
        return true;
    case GROUP_CLIENT:
    case GROUP_TLS:
        return client;
    case GROUP_SMTP:
        return program == PROGRAM_SMTP;
    case GROUP_LMTP:
        return program == PROGRAM_LMTP;
    case GROUP_REWRITE:
        return program == PROGRAM_REWRITE;
    }
    return false;
}

bool parameter_row_applies(const struct parameter_row *row, enum program program, struct version v)
{
    if (!group_applies(row->group, program) ||
        !version_at_least(v, row->since.major, row->since.minor, row->since.patch))
        return false;
    return row->before.major == 0 || !version_at_least(v, row->before.major, row->before.minor, row->before.patch);
}
