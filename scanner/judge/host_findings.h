/* Findings about one address of one next-hop. Only the judge's own files include this. */
#ifndef SCANNER_JUDGE_HOST_FINDINGS_H
#define SCANNER_JUDGE_HOST_FINDINGS_H

#include "scanner/judge/judge_findings.h"

/* Everything worth telling of host number place of hop number number. */
void host_add_findings(const struct inquiry *, size_t number, size_t place);
/* Adds a finding unless the same one is there already. False: there are too many of them. */
bool finding_add_once(const struct inquiry *, const char *code, enum severity, const char *host, const char *file,
                      int line, const char *text);
/* How much something matters that makes a host of the hop end a delivery so. */
enum severity hop_severity(const struct inquiry *, size_t number, enum verdict);

#endif
