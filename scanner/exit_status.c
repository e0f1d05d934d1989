#include "scanner/exit_status.h"

int exit_status_of(const size_t counts[VERDICT_UNKNOWN + 1], enum fail_on fail_on, bool complete)
{
    int status = EXIT_ALL_DELIVER;

    if (fail_on == FAIL_ON_NEVER)
        status = EXIT_ALL_DELIVER;
    else if (counts[VERDICT_DEFER] > 0 || counts[VERDICT_BOUNCE] > 0)
        status = EXIT_DEFER;
    else if (counts[VERDICT_DOWNGRADE] > 0 && fail_on == FAIL_ON_DOWNGRADE)
        status = EXIT_DOWNGRADE;
    else if (counts[VERDICT_UNKNOWN] > 0)
        status = EXIT_UNKNOWN;
    if (status == EXIT_ALL_DELIVER && !complete)
        status = EXIT_UNKNOWN;
    return status;
}
