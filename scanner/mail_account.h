/* Whose policy the mail of logs and of the queue goes by: each destination of it is looked up as the judgement does, and
 * what it weighs is added to the entry that answers. */
#ifndef SCANNER_MAIL_ACCOUNT_H
#define SCANNER_MAIL_ACCOUNT_H

#include "reports/mail.h"
#include "scanner/maillog.h"

/* Addresses that transport_maps lists: their mail may have a route of its own. */
const struct dict *mail_addresses_apart(struct region *, const struct config *);

/* Gives the report its account, and every result its weight and its entry. The results, the facts, whether the run was
 * complete must be there. Entries that a long log shows to be unused become findings. */
void mail_account_make(struct region *, struct report *, const struct maillog *);

#endif
