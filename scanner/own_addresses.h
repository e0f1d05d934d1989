/* The addresses that Postfix takes for its own: inet_interfaces and proxy_interfaces. postconf(5). */
#ifndef SCANNER_OWN_ADDRESSES_H
#define SCANNER_OWN_ADDRESSES_H

#include "scanner/config/config.h"

/* Fills config->own_addresses from the parameters of config->rewrite. "all" means those of this machine, host names are
 * looked up in the hosts file and DNS as Postfix does. */
void own_addresses_find(struct config *);

#endif
