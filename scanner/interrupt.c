#include "scanner/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t came;
static int tell[2] = { -1, -1 };

static void on_signal(int number)
{
    int error = errno;

    if (came) {
        /* By the signal's own way, once this handler has returned. */
        signal(number, SIG_DFL);
        raise(number);
    } else if (tell[1] >= 0 && write(tell[1], "", 1) < 0) {
        /* The pipe is new and empty: this cannot be, and would change nothing but when it is seen. */
    }
    came = 1;
    errno = error;
}

void interrupt_catch(void)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, now;
    size_t i;

    if (pipe2(tell, O_CLOEXEC | O_NONBLOCK) != 0)
        tell[0] = tell[1] = -1;
    sigemptyset(&action.sa_mask);
    /* What whoever started us had turned off (nohup, a shell's background) stays so. */
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (sigaction(numbers[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaction(numbers[i], &action, NULL);
}

bool interrupt_came(void)
{
    return came != 0;
}

int interrupt_descriptor(void)
{
    return tell[0];
}
