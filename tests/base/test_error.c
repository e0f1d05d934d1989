#include "scanner/base/error.h"
#include "tests/lib/check.h"

#include <string.h>

static void test_text(void)
{
    struct error err;
    char text[2048];

    error_set(&err, 64, "unknown option \"%s\"", "--frob");
    error_to_text(&err, text, sizeof(text));
    is_text(text, "unknown option \"--frob\"", "without a place");
    is_int(err.status, 64, "status");

    error_set_at(&err, 65, "tls_policy", 12, "unknown attribute \"%s\"", "matches");
    error_to_text(&err, text, sizeof(text));
    is_text(text, "tls_policy:12: unknown attribute \"matches\"", "with file and line");
    error_fix(&err, "did you mean \"%s\"?", "match");
    error_to_text(&err, text, sizeof(text));
    is_text(text, "tls_policy:12: unknown attribute \"matches\"; did you mean \"match\"?", "with a remedy");

    error_set_at(&err, 0, "main.cf", 0, "missing");
    error_to_text(&err, text, sizeof(text));
    is_text(text, "main.cf: missing", "with a file and no line; the remedy is forgotten");

    error_set_at(&err, 0, NULL, 3, "no file");
    error_to_text(&err, text, sizeof(text));
    is_text(text, "no file", "a line without a file");

    error_to_text(&err, text, 3);
    is_text(text, "no", "a small place for it");
}

static void test_limits(void)
{
    struct error err;
    char longer[3000], text[4000];

    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    error_set_at(&err, 0, longer, 1, "%s", longer);
    error_fix(&err, "%s", longer);
    is_int(strlen(err.text), ERROR_TEXT_MAX - 1, "a long text is cut");
    is_int(strlen(err.file), ERROR_FILE_MAX - 1, "a long file is cut");
    is_int(strlen(err.fix), ERROR_TEXT_MAX - 1, "a long remedy is cut");

    error_set(&err, 0, "a\nb\x1b[31mc");
    error_to_text(&err, text, sizeof(text));
    is_text(text, "a b [31mc", "one line, no control characters");

    error_set(&err, 1, "first");
    error_set_at(&err, 2, err.text, 7, "after %s", err.text);
    error_to_text(&err, text, sizeof(text));
    is_text(text, "first:7: after first", "an error made of itself");

    error_set(NULL, 0, "x");
    error_set_at(NULL, 0, "f", 1, "x");
    error_fix(NULL, "x");
    check_ok(true, "nobody wants to know");
}

int main(void)
{
    test_text();
    test_limits();
    return check_done();
}
