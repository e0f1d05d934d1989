/* The mail of logs and queue for people: what a destination carries, and what each table entry guards. */
#ifndef REPORTS_TEXT_MAIL_H
#define REPORTS_TEXT_MAIL_H

#include "reports/mail.h"
#include "reports/page.h"

/* Lines "weight" and "entry" under a destination, at that place (its label is ours); nothing where nothing is known. */
void page_weight(struct page *, struct place, struct region *, const struct report *, const struct result *);

/* The table entries by the mail that they guard; all of them when verbose. Nothing where neither log nor queue was read. */
void page_mail(struct page *, struct region *, const struct report *, bool verbose);

#endif
