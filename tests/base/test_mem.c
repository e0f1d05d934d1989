#include "scanner/base/mem.h"
#include "tests/lib/check.h"

#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static void test_allocation(void)
{
    char *p = mem_alloc(100);
    char *text = mem_text("hello");

    check_ok(p[0] == 0 && memcmp(p, p + 1, 99) == 0, "new memory is zeroed");
    p = mem_grow(p, 50, 10);
    check_ok(p[99] == 0, "grown memory keeps what was there");
    mem_free(p);
    is_text(text, "hello", "a copy of text");
    mem_free(text);
    check_ok(mem_text(NULL) == NULL, "a copy of no text");
    mem_free(NULL);
    p = mem_array(0, 10);
    check_ok(p != NULL, "an empty array is memory too");
    p = mem_grow(p, 0, 0);
    check_ok(p != NULL, "grown to nothing, still memory");
    mem_free(p);
}

static void overflow(void)
{
    mem_free(mem_grow(NULL, SIZE_MAX / 2, 3));
}

static void exhausted(void)
{
    mem_exhausted();
}

/* Runs what ends the program in a child; gives its status and what it said. */
static int status_of(void (*run)(void), char *said, size_t size)
{
    int ends[2], status = 0;
    ssize_t n;
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        return -1;
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        run();
        _exit(0);
    }
    close(ends[1]);
    n = read(ends[0], said, size - 1);
    said[n > 0 ? n : 0] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
    char said[200];

    test_allocation();
    is_int(status_of(overflow, said, sizeof(said)), EX_SOFTWARE, "a size beyond counting ends the program");
    is_text(said, "posttls-audit: out of memory\n", "and says why");
    is_int(status_of(exhausted, said, sizeof(said)), EX_SOFTWARE, "so does a library that ran out");
    return check_done();
}
