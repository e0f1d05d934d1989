/* The journal of --resume: a facts file that grows while the run goes on, one write a fact, so that whatever ends the run
 * (kill -9 at any time) costs no more than what was under way. A run that starts with it finds what was observed; one that
 * came to its end removes it. Locked while it is open. */
#ifndef SCANNER_JOURNAL_H
#define SCANNER_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/error.h"
#include "scanner/base/region.h"
#include "scanner/facts/facts.h"
#include "scanner/facts_file.h"

/* An older one is another night's: it is put aside, and the run begins anew. Seconds. */
#define JOURNAL_AGE_MAX 86400

struct journal;

struct journal_found {
    int64_t started;                  /* when the run began: now, or in an earlier process */
    size_t  questions, conversations, policies; /* that were answered in an earlier one, temporary refusals included */
    bool    too_old;                  /* there was one, of another night */
};

/* Opens or makes it, and reads into facts what it holds. The header, its members started, allow and begun_for filled, is that
 * of a new one, which notes what --allow-address allows, so that a replay of it judges what the run contacted. One that was
 * begun for something else is left alone: it holds what another command will want. NULL: *err says why: 73 cannot be written,
 * 65 no journal, or of another command, 75 another run has it. */
struct journal *journal_open(const char *path, const struct facts_header *, struct facts *, struct journal_found *,
                             struct error *err);

/* Each keeps one fact. Those that our own surroundings are to blame for are not kept: they are worth another try. */
void journal_destination(struct journal *, const char *text);   /* for a replay of the journal: a resumed run has its own */
void journal_dns(struct journal *, const struct dns_fact *);
void journal_cert(struct journal *, const struct cert *);
void journal_fetch(struct journal *, const struct policy_fetch *);
/* One with a temporary refusal and attempts 1 is kept as a refusal that is still to be asked again. */
void journal_conversation(struct journal *, const struct conversation *);

/* The refusal that an earlier process met and could not ask again; NULL: none. */
const struct conversation *journal_refusal(const struct journal *, const struct profile *);

/* False: something could not be kept (a full disk); *err (73) says why. The run itself is none the worse. */
bool journal_is_whole(const struct journal *, struct error *err);

/* complete: the run needs no journal any more, and it is removed. Frees; NULL is fine. */
void journal_close(struct journal *, bool complete);

#endif
