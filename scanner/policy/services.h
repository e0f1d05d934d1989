/* Names of TCP services -> port, as smtp(8) finds them. */
#ifndef SCANNER_POLICY_SERVICES_H
#define SCANNER_POLICY_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/slice.h"
#include "scanner/config/parameters.h"

/* From 3.6 on the parameter known_tcp_ports comes first; then the system's services database, for which the mail
 * services and a few others of the IANA registry stand here. A number is its own port. False: unknown. A port out of
 * range is given as 0. */
bool service_port(struct slice service, const struct params *, uint16_t *port);

#endif
