/* Tables that take long: patterns that would not come to an end are ended, whatever they do, and what is quick stays right. */
#include "scanner/patience.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/child.h"
#include "tests/lib/check.h"

/* Slow by way of its back references, for keys of some length only. */
#define SLOW "/^(a*)(a*)(a*)(a*)(a*)(a*)(a*)(a*)\\1\\2\\3\\4\\5\\6\\7\\8b$/ slow\n/./ any\n"
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"

static const char *rules;
static int processes; /* that were begun */

static void one_more(void)
{
    processes++;
}

static enum table_load read_rules(void *arg, struct region *region, const char *path, struct slice *text, struct error *err)
{
    (void)arg;
    (void)region;
    (void)path;
    (void)err;
    *text = slice_of(rules);
    return TABLE_LOAD_OK;
}

static struct table *open_rules(struct config *config, const char *text)
{
    struct table_loader loader = { .read_file = read_rules };
    struct table_options options = { .version = { 3, 7, 11 }, .utf8 = true, .guard = config->guard };

    rules = text;
    return table_open(config->region, SLICE("regexp:/r"), &options, &loader);
}

static enum table_status ask(const struct config *config, const struct table *t, const char *key)
{
    return table_lookup(t, config->region, slice_of(key), NULL).status;
}

static size_t notices(const struct config *config)
{
    size_t n = 0;

    for (const struct table_notice *notice = config->notices; notice != NULL; notice = notice->next)
        n += strcmp(notice->code, TABLE_SLOW_PATTERN) == 0;
    return n;
}

static void test_endless(void)
{
    struct config config = { .region = region_new() };
    struct table *t;
    double begun, before = 0;

    patience_set(&config, 0);
    t = open_rules(&config, SLOW);
    is_int(ask(&config, t, "aab"), TABLE_FOUND, "a short key is done at once");
    is_int(notices(&config), 0, "and nothing is told");
    for (int i = 0; i < PATIENCE_PATTERN_TRIES + PATIENCE_LATER_TRIES; i++) {
        begun = child_clock();
        if (ask(&config, t, LONG) != TABLE_UNREADABLE)
            check_note("try %d had an answer", i);
        before = child_clock() - begun;
        if (i == 0)
            check_ok(before >= PATIENCE_PATTERN_SECONDS, "a long one is given up after its time: %.2f s", before);
        if (i == PATIENCE_PATTERN_TRIES)
            is_int(ask(&config, t, "aab"), TABLE_FOUND, "short keys still have their answer");
    }
    is_int(notices(&config), 1, "it is told once");
    is_text(config.notices->file, "/r", "by file");
    is_int(config.notices->line, 1, "and line");
    is_int(ask(&config, t, "aab"), TABLE_UNREADABLE, "after so many it is not tried any more");
    check_ok(waitpid(-1, NULL, WNOHANG) < 0, "no process is left");
    region_free(config.region);
}

/* Ends the process that tries patterns, as if somebody else did. */
static void end_others(void)
{
    siginfo_t info;

    signal(SIGUSR1, SIG_IGN);
    kill(0, SIGUSR1);
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    signal(SIGUSR1, SIG_DFL);
}

/* One process serves all keys and all patterns; another begins where it does not know a pattern, or was ended. */
static void test_one_process(void)
{
    struct config config = { .region = region_new() };
    struct table *t, *other;
    int found = 0;

    patience_set(&config, 0);
    processes = 0;
    t = open_rules(&config, "/^(a*)b\\1$/ $1\n/^(.)\\1$/ two\n");
    is_int(processes, 2, "each pattern is compiled in a process that knows it");
    for (int i = 0; i < 500; i++) {
        found += ask(&config, t, "aabaa") == TABLE_FOUND;
        found += ask(&config, t, "xx") == TABLE_FOUND;
        found += ask(&config, t, "xy") == TABLE_NOT_FOUND;
    }
    is_int(found, 1500, "all keys are answered");
    is_int(processes, 2, "by one process");
    is_text(table_lookup(t, config.region, SLICE("aabaa"), NULL).value, "aa", "which says what a group matched");
    other = open_rules(&config, SLOW);
    is_int(ask(&config, other, "aab"), TABLE_FOUND, "a later pattern is known too");
    is_int(processes, 3, "by another process");
    is_int(ask(&config, other, LONG), TABLE_UNREADABLE, "one that was ended over a key");
    is_int(ask(&config, t, "xx"), TABLE_FOUND, "is replaced");
    is_int(processes, 4, "once");
    end_others();
    is_int(ask(&config, t, "xx"), TABLE_FOUND, "as is one that was ended by others");
    is_int(processes, 5, "once");
    region_free(config.region);
    check_ok(waitpid(-1, NULL, WNOHANG) < 0, "it ends with the configuration");
}

/* The C library takes all the memory that there is to repeat so much. */
static void test_memory(void)
{
    struct config config = { .region = region_new() };
    struct table *t;

    patience_set(&config, 0);
    t = open_rules(&config, "/(((((a{1,250}){1,250}){1,250}){1,250}){1,250})/ x\n/./ any\n");
    is_int(ask(&config, t, "b"), TABLE_UNREADABLE, "what comes of a pattern that is too large is not known");
    region_free(config.region);
}

static void test_deadline(void)
{
    struct config config = { .region = region_new() };
    double begun = child_clock();
    struct table *t;

    patience_set(&config, begun + 1.5);
    t = open_rules(&config, SLOW);
    is_int(ask(&config, t, LONG), TABLE_UNREADABLE, "the deadline ends it");
    check_ok(patience_left(&config, 60) <= 0, "then there is no time left");
    is_int(ask(&config, t, "x"), TABLE_UNREADABLE, "and nothing is tried");
    is_int(notices(&config), 1, "what it was spent on is told");
    region_free(config.region);
}

int main(void)
{
    setpgid(0, 0);
    pthread_atfork(NULL, one_more, NULL);
    test_endless();
    test_one_process();
    test_memory();
    test_deadline();
    return check_done();
}
