/* How the conversation with one address is held, as this configuration would hold it. */
#ifndef SCANNER_POLICY_PROFILE_H
#define SCANNER_POLICY_PROFILE_H

#include "scanner/policy/effective_level.h"

/* The profile for the level in force. At level none the profile is that of may: STARTTLS is probed all the same.
 * *handshake_error (may be NULL) gets the words when settings fail the handshake locally (profile.no_handshake). */
void profile_make(struct region *, struct profile *, const struct config *, const struct service *,
                  const struct nexthop *, const struct policy *, const struct mail_hosts *, const struct mail_host *,
                  const struct effective *, const char **handshake_error);

#endif
