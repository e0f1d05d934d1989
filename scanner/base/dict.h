/* Things found by text, and kept in the order in which they came. Peers choose many of the keys, so they are hashed with a
 * secret: who does not know it cannot choose keys that all fall into one place. */
#ifndef SCANNER_BASE_DICT_H
#define SCANNER_BASE_DICT_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/slice.h"

struct dict;

struct dict *dict_new(void);
/* The same, but keys are not copied: the memory of each is to last until the key is removed, or the dict freed. */
struct dict *dict_new_borrowing(void);
void dict_free(struct dict *); /* the things themselves are borrowed, never freed here */

/* A key that is there already keeps its place and gets the new value. True when the key is new. */
bool dict_put(struct dict *, struct slice key, void *value);
/* NULL when there is none. */
void *dict_find(const struct dict *, struct slice key);
/* Gives what was found by the key, which is not there any more; NULL when there was none. */
void *dict_remove(struct dict *, struct slice key);

size_t dict_count(const struct dict *);
/* In the order of first adding; NULL past the end. After a removal, what came later is one place nearer. */
void *dict_at(struct dict *, size_t i);
const char *dict_key_at(struct dict *, size_t i);

#endif
