/* Findings that need no facts: what is wrong with the tables and main.cf as they stand. Pure. */
#ifndef SCANNER_JUDGE_LINT_H
#define SCANNER_JUDGE_LINT_H

#include <stddef.h>

#include "scanner/judge/result.h"

enum lint_code {
#define LINT(name, code, severity, sentence, mail, remedy) LINT_##name,
#include "scanner/judge/lint.def"
#undef LINT
    LINT_COUNT
};

/* A row of the closed list. */
struct lint_row {
    const char *code;
    enum severity severity; /* a finding may be worse, where a table as a whole breaks */
    const char *sentence;   /* what it is */
    const char *mail;       /* what happens to mail */
    const char *remedy;
};
const struct lint_row *lint_row(enum lint_code);

struct lint_finding {
    enum lint_code code;
    enum severity severity;
    const char *file; /* NULL: not in a file */
    int line;         /* 0: not known */
    const char *text; /* a sentence without full stop */
    const char *mail; /* what happens to mail */
    const char *fix;  /* the line to put instead, a command, or what to do */
    bool fix_is_line;
};

/* Findings of one code are kept up to here; all are counted. */
#define LINT_PER_CODE_MAX 1000

struct lint_result {
    struct lint_finding **items; /* main.cf first, then file by file, by line */
    size_t count;
    size_t left_out;                           /* beyond LINT_PER_CODE_MAX */
    size_t by_severity[SEVERITY_CRITICAL + 1]; /* those left out included */
};

/* A file behind a table, as the file system has it. */
struct lint_file {
    const char *path; /* as the table names it */
    bool owner_reads; /* mail_owner may */
    bool all_write;   /* everybody may change it */
    const struct lint_file *next;
};

struct lint_input {
    const struct config *config;
    const struct view *view;       /* of no facts; config->files has what tafile attributes name */
    const struct lint_file *files; /* may be NULL */
    const char *distant_resolver;  /* an address of resolv.conf that is not of this machine; NULL: none */
};

/* Fills the result; everything in it lives in the region or in config. */
void lint_run(struct region *, struct lint_result *, const struct lint_input *);

/* Notes in wants the trust anchor files that entries name, for config->files. */
void lint_want_files(const struct config *, struct wants *);

#endif
