#include <signal.h>
#include <stdio.h>

#include "scanner/algorithms.h"
#include "scanner/base/mem.h"
#include "scanner/command.h"
#include "scanner/libraries.h"
#include "scanner/output.h"

int main(int argc, char **argv)
{
    int status;

    mem_keep_freed();
    libraries_use_mem();
    algorithms_narrow();
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is told of, as a full disk is */
    status = command_main(argc, argv);

    /* A full disk or a closed pipe shows only now: a report that was cut must not look like success. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        /* Where a report went there, that has been told. */
        if (status != EXIT_CANNOT_CREATE && !output_nobody_reads())
            fputs("posttls-audit: standard output could not be written\n", stderr);
        return EXIT_CANNOT_CREATE;
    }
    return status;
}
