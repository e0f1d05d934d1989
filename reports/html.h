/* HTML on its way into a buffer. What strangers wrote goes through these functions and no other way. */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include "scanner/base/buf.h"

#define HTML_MAX ((size_t)256 << 20) /* of one buffer: a section, or the story of one destination */

/* Text between tags or in a quoted attribute: escaped as for a terminal (reports/escape.h), then for HTML. NULL adds
 * nothing. */
void html_text(struct buf *, const char *text);
/* The format is markup; %s takes text and escapes it; %zu and %d take numbers; nothing else is known. */
void html_printf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A JSON string, quotes included, that can stand in a script element: no '<' is left in it. json_markup takes what these
 * functions made, json_text what strangers wrote. */
void html_json_markup(struct buf *, const char *markup);
void html_json_text(struct buf *, const char *text);

#endif
