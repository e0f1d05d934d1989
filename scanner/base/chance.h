/* Where chance decides (a randmap): the outcomes of one judgement are numbered, and each is judged. */
#ifndef SCANNER_BASE_CHANCE_H
#define SCANNER_BASE_CHANCE_H

#include <stddef.h>

struct chance {
    size_t choice;   /* the number of the outcome that is wanted */
    size_t outcomes; /* start with 1: how many there are, as far as chance was asked; each random table takes its digit */
};

#endif
