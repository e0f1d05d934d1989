/* Parameter values that are lists of words, at commas and white space. */
#ifndef SCANNER_POLICY_WORDS_H
#define SCANNER_POLICY_WORDS_H

#include "scanner/config/parameters.h"

/* Does the value of that parameter have the word? Any case. */
bool words_have(const struct params *, const char *parameter, const char *word);

#endif
