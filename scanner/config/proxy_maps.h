/* Which tables proxymap(8) looks up for other programs. postconf(5): proxy_read_maps. */
#ifndef SCANNER_CONFIG_PROXY_MAPS_H
#define SCANNER_CONFIG_PROXY_MAPS_H

#include <stdbool.h>

#include "scanner/config/parameters.h"

/* name: a whole table name, with its "proxy:". The parameters are main.cf's alone: what master.cf gives to a service
 * does not count. When false, the program that opens the table dies; since Postfix 3.11 every lookup is an error. */
bool proxy_maps_permit(const struct params *main_cf, const char *name);

#endif
