#include "scanner/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/slice.h"

/* One line, whatever was put in: a table's text may hold anything. */
static void one_line(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = ' ';
}

static void __attribute__((format(printf, 3, 0))) fill(char *out, size_t size, const char *format, va_list args)
{
    /* An argument may point into the old text, so the new one is made beside it. */
    char text[ERROR_TEXT_MAX];

    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    one_line(text);
    snprintf(out, size, "%s", text);
}

static void __attribute__((format(printf, 5, 0)))
set(struct error *err, int status, const char *file, int line, const char *format, va_list args)
{
    char place[ERROR_FILE_MAX];

    snprintf(place, sizeof(place), "%s", file != NULL ? file : "");
    one_line(place);
    fill(err->text, sizeof(err->text), format, args);
    memcpy(err->file, place, sizeof(err->file));
    err->fix[0] = '\0';
    err->status = status;
    err->line = line;
}

void error_set(struct error *err, int status, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return;
    va_start(args, format);
    set(err, status, NULL, 0, format, args);
    va_end(args);
}

void error_set_at(struct error *err, int status, const char *file, int line, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return;
    va_start(args, format);
    set(err, status, file, line, format, args);
    va_end(args);
}

void error_fix(struct error *err, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return;
    va_start(args, format);
    fill(err->fix, sizeof(err->fix), format, args);
    va_end(args);
}

void error_to_text(const struct error *err, char *out, size_t size)
{
    char line[16] = "";

    if (err->line > 0)
        snprintf(line, sizeof(line), ":%d", err->line);
    snprintf(out, size, "%s%s%s%s%s%s", err->file, err->file[0] ? line : "", err->file[0] ? ": " : "", err->text,
             err->fix[0] ? "; " : "", err->fix);
}
