/* The files behind tables as the file system has them: who may read them, who may change them. For lint. */
#ifndef SCANNER_LINT_FILES_H
#define SCANNER_LINT_FILES_H

#include "scanner/judge/lint.h"

/* A list of the files of all tables that the configuration names, each once. */
const struct lint_file *lint_files_find(struct region *, const struct config *);

#endif
