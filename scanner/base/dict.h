/* Things found by text, and kept in the order in which they came. A look-up takes logarithmic time whatever the keys
 * are, for peers choose many of them. */
#ifndef SCANNER_BASE_DICT_H
#define SCANNER_BASE_DICT_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/slice.h"

struct dict;

struct dict *dict_new(void);
void dict_free(struct dict *); /* the things themselves are borrowed, never freed here */

/* A key that is there already keeps its place and gets the new value. True when the key is new. */
bool dict_put(struct dict *, struct slice key, void *value);
/* NULL when there is none. */
void *dict_find(const struct dict *, struct slice key);

size_t dict_count(const struct dict *);
/* In the order of first adding; NULL past the end. */
void *dict_at(const struct dict *, size_t i);
const char *dict_key_at(const struct dict *, size_t i);

#endif
