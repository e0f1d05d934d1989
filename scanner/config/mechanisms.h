/* The same SMTP client, were DANE or MTA-STS followed for every destination. */
#ifndef SCANNER_CONFIG_MECHANISMS_H
#define SCANNER_CONFIG_MECHANISMS_H

#include "scanner/config/config.h"

/* Fills service->as_dane and service->as_sts of a client, from its parameters: without tables of policies, with the level and
 * the lookups that the mechanism needs. Leaves them NULL where there is nothing to be followed: LMTP, wrapper mode. Gives the
 * one for MTA-STS, for trust anchors to be added; NULL: there is none. */
struct service *mechanisms_add(struct region *, struct service *);

/* Does the configuration itself go by MTA-STS, as far as its tables tell? A socketmap, or a release that has the attributes. */
bool mechanisms_may_be_used(const struct service *);

/* Is one of the tables a socketmap, or made of one (unionmap, pipemap)? */
bool mechanisms_have_socketmap(const struct table_list *);

#endif
