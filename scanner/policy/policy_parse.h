/* What the two halves of policy_parse() share: tokens and attributes. */
#ifndef SCANNER_POLICY_POLICY_PARSE_H
#define SCANNER_POLICY_POLICY_PARSE_H

#include "scanner/policy/policy.h"

struct policy_parser {
    struct region *region;
    struct policy *policy;
    const struct service *service;
    const struct config *config;
    const struct view *view;
    struct version version;
    struct slice rest;       /* not read yet */
    unsigned seen;           /* attributes that came already: a bit for each row of the table */
    const char *wanted_file; /* a trust anchor file that was not read yet */
    const char *ours;        /* why one could not be read that Postfix may well read */
};

/* Marks the policy invalid, with Postfix's words for it. Always false. */
bool policy_fail(struct policy_parser *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void policy_hint(struct policy_parser *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* About a brace that does not belong where it stands. */
void policy_hint_braces(struct policy_parser *);

/* policy_attributes.c: one attribute; false after policy_fail(). */
bool policy_attribute_apply(struct policy_parser *, struct slice name, struct slice value);
/* What depends on several of them, once all are read. */
bool policy_attributes_finish(struct policy_parser *);

/* policy_tafile.c: does smtp(8) find a PEM object in the text, and nothing broken? NULL, or why not. */
const char *policy_tafile_trouble(struct slice text);

#endif
