/* Hosts in the reports for people. */
#ifndef REPORTS_TEXT_HOST_H
#define REPORTS_TEXT_HOST_H

#include "reports/page.h"
#include "reports/story.h"

struct host_context {
    const struct story      *story;
    const struct hop_result *hop;
    bool                     all;   /* explain: what was said and shown, and how it was asked for */
};

/* The host and what came of it, at column indent. */
void page_host(struct page *, int indent, const struct host_context *, const struct host_result *);

/* "MX, secure: 10 mx1.example.net, 20 mx2.example.net"; "no MX record"; NULL where none was asked for. */
const char *mx_text(struct region *, const struct mail_hosts *);
/* What a certificate must show: "example.net or a name below example.net"; "one of 2 sha256 fingerprints". */
const char *match_text(struct region *, const struct host_result *);

#endif
