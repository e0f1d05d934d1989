#include "scanner/base/utc.h"

#include <stdio.h>

#define SECONDS_A_DAY 86400

/* Days from 1970-01-01 in the proleptic Gregorian calendar. The year is taken to begin in March, so that the leap day
 * comes last; 400 years have 146097 days. */
static int64_t days_from_date(int64_t year, unsigned month, unsigned day)
{
    int64_t era;
    unsigned in_era, in_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    in_era = (unsigned)(year - era * 400);
    in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + (int64_t)(in_era * 365 + in_era / 4 - in_era / 100 + in_year) - 719468;
}

static void date_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t era;
    unsigned of_era, in_era, in_year, m;

    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    of_era = (unsigned)(days - era * 146097);
    in_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    in_year = of_era - (365 * in_era + in_era / 4 - in_era / 100);
    m = (5 * in_year + 2) / 153;
    *day = in_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = in_era + era * 400 + (*month <= 2);
}

void utc_to_text(int64_t when, char out[UTC_TEXT_MAX])
{
    int64_t days = when / SECONDS_A_DAY, seconds = when % SECONDS_A_DAY, year;
    unsigned month, day, s;

    if (seconds < 0) {
        seconds += SECONDS_A_DAY;
        days--;
    }
    s = (unsigned)seconds;
    date_from_days(days, &year, &month, &day);
    snprintf(out, UTC_TEXT_MAX, "%04lld-%02u-%02uT%02u:%02u:%02uZ", (long long)year, month, day, s / 3600, s / 60 % 60,
             s % 60);
}

/* Takes exactly `digits` digits off the front. */
static bool take_number(struct slice *rest, size_t digits, unsigned long min, unsigned long max, unsigned *value)
{
    unsigned long v;

    if (rest->n < digits || !slice_to_number(slice_head(*rest, digits), max, &v) || v < min)
        return false;
    *rest = slice_from_index(*rest, digits);
    *value = (unsigned)v;
    return true;
}

static bool take_char(struct slice *rest, const char *any_of)
{
    for (; *any_of != '\0'; any_of++)
        if (rest->n > 0 && rest->p[0] == *any_of) {
            *rest = slice_from_index(*rest, 1);
            return true;
        }
    return false;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(struct slice *rest, int64_t *days)
{
    unsigned year, month, day;

    if (!take_number(rest, 4, 0, 9999, &year) || !take_char(rest, "-") || !take_number(rest, 2, 1, 12, &month) ||
        !take_char(rest, "-") || !take_number(rest, 2, 1, days_in_month(year, month), &day))
        return false;
    *days = days_from_date(year, month, day);
    return true;
}

/* partial-time of RFC 3339 section 5.6; a fraction is dropped. A leap second is the second after it. */
static bool take_time(struct slice *rest, int64_t *seconds)
{
    unsigned hour, minute, second, digit;

    if (!take_number(rest, 2, 0, 23, &hour) || !take_char(rest, ":") || !take_number(rest, 2, 0, 59, &minute) ||
        !take_char(rest, ":") || !take_number(rest, 2, 0, 60, &second))
        return false;
    if (take_char(rest, ".")) {
        if (!take_number(rest, 1, 0, 9, &digit))
            return false;
        while (take_number(rest, 1, 0, 9, &digit))
            continue;
    }
    *seconds = (int64_t)hour * 3600 + minute * 60 + second;
    return true;
}

static bool take_offset(struct slice *rest, int64_t *seconds)
{
    unsigned hour, minute;
    bool minus;

    *seconds = 0;
    if (take_char(rest, "Zz"))
        return true;
    minus = rest->n > 0 && rest->p[0] == '-';
    if (!take_char(rest, "+-") || !take_number(rest, 2, 0, 23, &hour) || !take_char(rest, ":") ||
        !take_number(rest, 2, 0, 59, &minute))
        return false;
    *seconds = ((int64_t)hour * 3600 + minute * 60) * (minus ? -1 : 1);
    return true;
}

bool utc_parse(struct slice text, int64_t *when)
{
    int64_t days, seconds = 0, offset = 0;

    if (!take_date(&text, &days))
        return false;
    if (text.n > 0 &&
        (!take_char(&text, "Tt ") || !take_time(&text, &seconds) || !take_offset(&text, &offset) || text.n > 0))
        return false;
    *when = days * SECONDS_A_DAY + seconds - offset;
    return true;
}
