#include "tests/lib/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks, failures;

/* Text as one line of printable ASCII: TAP is read by line, and a terminal reads the log. */
static void put_escaped(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];

        if (c == '\\')
            printf("\\\\");
        else if (c >= ' ' && c < 0x7f)
            putchar(c);
        else
            printf("\\x%02x", c);
    }
}

static bool __attribute__((format(printf, 4, 0)))
report(const char *file, int line, bool ok, const char *format, va_list args)
{
    char text[1024];

    vsnprintf(text, sizeof(text), format, args);
    for (char *p = text; *p != '\0'; p++)
        if (*p == '#') /* would begin a TAP directive */
            *p = '=';
    printf("%s %d - ", ok ? "ok" : "not ok", ++checks);
    put_escaped(slice_of(text));
    putchar('\n');
    if (!ok) {
        failures++;
        printf("# %s:%d\n", file, line);
    }
    return ok;
}

static void show(const char *label, const struct slice *value)
{
    printf("#   %s: ", label);
    if (value == NULL) {
        printf("(null)\n");
        return;
    }
    putchar('"');
    put_escaped(*value);
    printf("\"\n");
}

bool check_ok_at(const char *file, int line, bool ok, const char *condition, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(file, line, ok, format, args);
    va_end(args);
    if (!ok)
        printf("#   false: %s\n", condition);
    fflush(stdout);
    return ok;
}

bool check_int_at(const char *file, int line, long long got, long long want, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    report(file, line, got == want, format, args);
    va_end(args);
    if (got != want)
        printf("#   got: %lld\n#   want: %lld\n", got, want);
    fflush(stdout);
    return got == want;
}

bool check_text_at(const char *file, int line, const char *got, const char *want, const char *format, ...)
{
    bool same = got == NULL || want == NULL ? got == want : strcmp(got, want) == 0;
    va_list args;

    va_start(args, format);
    report(file, line, same, format, args);
    va_end(args);
    if (!same) {
        struct slice g = slice_of(got), w = slice_of(want);

        show("got", got != NULL ? &g : NULL);
        show("want", want != NULL ? &w : NULL);
    }
    fflush(stdout);
    return same;
}

bool check_slice_at(const char *file, int line, struct slice got, struct slice want, const char *format, ...)
{
    bool same = slice_eq(got, want);
    va_list args;

    va_start(args, format);
    report(file, line, same, format, args);
    va_end(args);
    if (!same) {
        show("got", &got);
        show("want", &want);
    }
    fflush(stdout);
    return same;
}

void check_skip(const char *format, ...)
{
    va_list args;

    printf("ok %d # SKIP ", ++checks);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

void check_note(const char *format, ...)
{
    va_list args;

    printf("# ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

int check_done(void)
{
    printf("1..%d\n", checks);
    return failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

const char *check_source_path(const char *path)
{
    static char full[4096];
    const char *top = getenv("abs_top_srcdir");

    snprintf(full, sizeof(full), "%s/%s", top != NULL ? top : ".", path);
    return full;
}

char *check_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(check_source_path(path), "rb");
    char *data = NULL;
    size_t room = 0, n = 0;

    if (file == NULL) {
        printf("Bail out! %s cannot be opened\n", check_source_path(path));
        exit(EXIT_FAILURE);
    }
    do {
        room = room * 2 + 4096;
        data = realloc(data, room + 1);
        if (data == NULL)
            abort();
        n += fread(data + n, 1, room - n, file);
    } while (n == room);
    fclose(file);
    data[n] = '\0';
    if (size != NULL)
        *size = n;
    return data;
}
