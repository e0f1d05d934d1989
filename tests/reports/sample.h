/* A report made by hand: one destination of each kind, hostile text in every field that strangers fill. */
#ifndef TESTS_REPORTS_SAMPLE_H
#define TESTS_REPORTS_SAMPLE_H

#include "reports/report.h"
#include "tests/policy/fixture.h"

struct sample {
    struct fixture *fixture;
    struct report   report;
};

void sample_init(struct sample *);
void sample_clear(struct sample *);
/* Adds what the domains publish. */
void sample_publish(struct sample *);
/* The same verdicts as those of --as, beside others of the configuration as it is. */
void sample_follow(struct sample *, enum mechanism);

/* A result of that reason with nothing else in it, in the sample's region. */
struct result *sample_result(struct sample *, const char *destination, enum verdict, enum reason);

#endif
