#include "scanner/progress.h"

#include <stdio.h>
#include <unistd.h>

#define DRAW_EVERY_MS 200

void progress_start(struct progress *progress, const struct options *options, int64_t now_ms)
{
    *progress = (struct progress){ .started_ms = now_ms };
    progress->on = !options->quiet && (options->progress == PROGRESS_ALWAYS ||
                                       (options->progress == PROGRESS_AUTO && isatty(STDERR_FILENO)));
}

static void print_duration(int64_t seconds)
{
    if (seconds >= 3600)
        fprintf(stderr, "%lldh%02lldm", (long long)(seconds / 3600), (long long)(seconds / 60 % 60));
    else
        fprintf(stderr, "%lld:%02lld", (long long)(seconds / 60), (long long)(seconds % 60));
}

void progress_show(struct progress *progress, int64_t now_ms, size_t done, size_t total, size_t in_flight)
{
    int64_t elapsed = now_ms - progress->started_ms;

    if (!progress->on || now_ms < progress->next_ms)
        return;
    progress->next_ms = now_ms + DRAW_EVERY_MS;
    progress->shown = true;
    fprintf(stderr, "\r%zu/%zu destinations, %.1f/s, %zu in flight, ", done, total,
            elapsed > 0 ? (double)done * 1000.0 / (double)elapsed : 0.0, in_flight);
    if (done > 0) {
        print_duration((int64_t)((double)elapsed / (double)done * (double)(total - done) / 1000.0));
        fputs(" left", stderr);
    } else {
        print_duration(elapsed / 1000);
        fputs(" gone", stderr);
    }
    fputs("\033[K", stderr);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
    progress->shown = false;
}
