/* Trust anchor files: does OpenSSL's PEM reader get through them? The certificates themselves are read later. */
#include <string.h>

#include "scanner/policy/policy_parse.h"

#define BEGIN  SLICE("-----BEGIN ")
#define END    SLICE("-----END ")
#define DASHES SLICE("-----")

/* One line off *rest, without its line end and the blanks before it. */
static bool next_line(struct slice *rest, struct slice *line)
{
    size_t end = slice_find(*rest, '\n');

    if (rest->n == 0)
        return false;
    *line = slice_head(*rest, end);
    *rest = slice_from_index(*rest, end + 1);
    while (line->n > 0 && (unsigned char)line->p[line->n - 1] <= ' ')
        line->n--;
    return true;
}

/* "-----BEGIN NAME-----": the name. */
static bool is_boundary(struct slice line, struct slice prefix, struct slice *name)
{
    if (line.n < prefix.n + DASHES.n || !slice_starts_with(line, prefix) || !slice_ends_with(line, DASHES))
        return false;
    *name = slice_from(line.p + prefix.n, line.n - prefix.n - DASHES.n);
    return true;
}

static bool is_base64(struct slice line)
{
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');

        if (!letter && c != '+' && c != '/' && c != '=')
            return false;
    }
    return true;
}

/* From the line after BEGIN to END, headers ("Proc-Type: ...") and the empty line behind them aside. */
static const char *read_body(struct slice *rest, struct slice name)
{
    struct slice line, end_name;
    bool good = true, headers = false;

    while (next_line(rest, &line)) {
        if (is_boundary(line, END, &end_name)) {
            if (!slice_eq(name, end_name))
                return "bad end line";
            return good ? NULL : "bad base64 decode";
        }
        if (slice_find(line, ':') < line.n)
            headers = true;
        else if (line.n == 0)
            headers = false;
        else if (!headers)
            good = good && is_base64(line);
    }
    return "bad end line";
}

const char *policy_tafile_trouble(struct slice text)
{
    struct slice line, name;
    size_t objects = 0;

    while (next_line(&text, &line)) {
        const char *trouble;

        if (!is_boundary(line, BEGIN, &name))
            continue;
        trouble = read_body(&text, name);
        if (trouble != NULL)
            return trouble;
        objects++;
    }
    return objects > 0 ? NULL : "no certificate or public key in it";
}
