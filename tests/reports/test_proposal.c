/* What a proposed configuration sets otherwise, by name. */
#include "reports/proposal.h"
#include "reports/saved.h"
#include "tests/lib/check.h"

/* Two sets of parameters, and what is told: "a: 1 -> 2; b: not set -> x". */
static const struct {
    const char *now, *then, *told;
} rows[] = {
    { "{}", "{}", "" },
    { "{\"a\":\"1\",\"b\":\"x\"}", "{\"b\":\"x\",\"a\":\"1\"}", "" },
    { "{\"smtp_tls_security_level\":\"may\"}", "{\"smtp_tls_security_level\":\"dane\"}",
      "smtp_tls_security_level: may -> dane" },
    { "{\"c\":\"1\",\"a\":\"1\"}", "{\"b\":\"2\",\"a\":\"\"}", "a: 1 -> empty; b: not set -> 2; c: 1 -> not set" },
    { "{\"m\":\"texthash:/etc/postfix/t, hash:/etc/postfix/u\"}", "{\"m\":\"texthash:/etc/postfix.new/t, hash:/etc/postfix.new/u\"}",
      "" },
    { "{\"m\":\"texthash:/etc/postfix/t\"}", "{\"m\":\"texthash:/etc/postfix.new/u\"}",
      "m: texthash:/etc/postfix/t -> texthash:/etc/postfix.new/u" },
    { "{\"m\":\"texthash:/etc/postfix/t\"}", "{\"m\":\"texthash:/etc/postfix.new/t x\"}",
      "m: texthash:/etc/postfix/t -> texthash:/etc/postfix.new/t x" },
};

static struct json *configuration(struct region *region, const char *directory, const char *parameters)
{
    struct error err = { 0 };
    struct json *json = json_read(slice_of(region_printf(region, "{\"config_dir\":\"%s\",\"parameters\":%s}", directory, parameters)),
                                  &err);

    check_ok(json != NULL, "%s: %s", parameters, err.text);
    return json;
}

int main(void)
{
    size_t i, k;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region             *region = region_new();
        struct saved               now = { .configuration = configuration(region, "/etc/postfix", rows[i].now) };
        struct saved               then = { .configuration = configuration(region, "/etc/postfix.new", rows[i].then) };
        struct report              proposed = { .saved = &then };
        struct report              report = { .saved = &now, .proposed = &proposed };
        struct proposal_parameter *items;
        size_t                     count = proposal_parameters(region, &report, &items);
        const char                *told = "";

        for (k = 0; k < count; k++)
            told = region_printf(region, "%s%s%s: %s -> %s", told, k > 0 ? "; " : "", items[k].name, items[k].now, items[k].then);
        is_text(told, rows[i].told, "row %zu", i);
        json_free(now.configuration);
        json_free(then.configuration);
        region_free(region);
    }
    return check_done();
}
