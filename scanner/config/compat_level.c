#include "scanner/config/compat_level.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* Postfix packs the parts into one long, ten bits each for the minor and the patch level. */
#define MINOR_MAX 1023
#define MAJOR_MAX INT_MAX

/* Reads the number *text starts with and moves behind it. What strtol() takes, Postfix takes: blanks, a plus sign. */
static bool take_part(const char **text, int max, int *part)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(*text, &end, 10);
    if (end == *text || errno == ERANGE || value < 0 || value > max || (*end != '\0' && *end != '.'))
        return false;
    *part = (int)value;
    *text = end;
    return true;
}

bool compat_level_parse(struct version *level, const char *text)
{
    int part[3] = { 0, 0, 0 };

    *level = (struct version){ 0, 0, 0 };
    for (int i = 0; i < 3; i++) {
        if (!take_part(&text, i == 0 ? MAJOR_MAX : MINOR_MAX, &part[i]))
            return false;
        if (*text == '\0') {
            *level = (struct version){ part[0], part[1], part[2] };
            return true;
        }
        text++;
    }
    return false;
}

int compat_level_compare(struct version a, struct version b)
{
    if (version_at_least(a, b.major, b.minor, b.patch))
        return version_at_least(b, a.major, a.minor, a.patch) ? 0 : 1;
    return -1;
}
