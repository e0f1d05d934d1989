/* How long the limits make a scan last. */
#include "scanner/plan.h"
#include "tests/lib/check.h"

#define MOST 100

/* Conversations with so many addresses each, of so many networks, in turn. */
static const struct {
    const char            *what;
    struct schedule_limits limits;   /* concurrency, per_host, per_provider, rate, interval */
    size_t                 count, addresses, networks;
    bool                   same_name;
    int64_t                want;     /* milliseconds */
} rows[] = {
    { "nothing", { 0 }, 0, 1, 1, false, 0 },
    { "one", { 0 }, 1, 1, 1, false, 1000 },
    { "no limits", { 0 }, 100, 1, 1, false, 1000 },
    { "ten at a time", { .concurrency = 10 }, 100, 100, 100, false, 10000 },
    { "one at a time with an address", { .per_host = 1 }, 6, 2, 2, false, 3000 },
    { "two at a time with a network", { .per_provider = 2 }, 9, 9, 1, false, 5000 },
    { "two at a time with a network, of three", { .per_provider = 2 }, 9, 9, 3, false, 2000 },
    { "two at a time with a name", { .per_provider = 2 }, 9, 9, 9, true, 5000 },
    { "five a second", { .rate = 5 }, 20, 20, 20, false, 4000 },
    { "three seconds between two", { .interval = 3 }, 4, 1, 1, false, 10000 },
};

int main(void)
{
    struct address addresses[MOST];
    struct planned planned[MOST];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < rows[i].count; k++) {
            size_t n = k % rows[i].addresses;

            addresses[k] = (struct address){ .family = FAMILY_IPV4,
                                             .bytes = { 192, 0, (uint8_t)(n % rows[i].networks), (uint8_t)n } };
            planned[k] = (struct planned){ &addresses[k], rows[i].same_name ? "mx.hosting.example" : NULL };
        }
        is_int(plan_duration(&rows[i].limits, planned, rows[i].count), rows[i].want, "%s", rows[i].what);
    }
    return check_done();
}
