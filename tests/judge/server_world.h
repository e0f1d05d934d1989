/* Mail servers written as text, for tests: what each address does when it is talked to. */
#ifndef TESTS_JUDGE_SERVER_WORLD_H
#define TESTS_JUDGE_SERVER_WORLD_H

#include "scanner/facts/facts.h"

/* Holds all conversations that are wanted with the servers of the text, and adds them to the facts. A line each:
 * "ADDRESS BEHAVIOUR [chain=LABEL,LABEL]"; the table in server_world.c has the behaviours, pki.c the labels; without a
 * chain the server is anonymous. An address that is not listed refuses the connection. False: none was wanted. */
bool server_world_answer(struct facts *, const struct wants *, const char *servers);

#endif
