#include "scanner/own_names.h"
#include "tests/lib/check.h"

static struct destination items[] = {
    { .text = "only.example", .address = "postmaster@only.example" },
    { .text = "user@twice.example", .address = "user@twice.example" },
    { .text = "Twice.Example", .address = "postmaster@Twice.Example" },
    { .text = "smtp:hop.example", .transport = "smtp", .nexthop = "hop.example" },
    { .text = "relayed.example", .address = "postmaster@relayed.example" },
};

static const struct {
    const char *name;
    bool        only;
} rows[] = {
    { "only.example", true },      { "ONLY.example", true },  { "twice.example", false }, { "hop.example", true },
    { "smtp:hop.example", false }, { "none.example", false }, { "", false },
};

int main(void)
{
    struct destinations list = { .items = items, .count = sizeof(items) / sizeof(items[0]) };
    struct own_names   *names = own_names_new(&list);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_ok(own_names_is_only(names, slice_of(rows[i].name)) == rows[i].only, "%s is one destination's alone: %s",
                 rows[i].name, rows[i].only ? "yes" : "no");
    own_names_share(names, SLICE("Relayed.example"));
    own_names_share(names, SLICE("none.example"));
    check_ok(!own_names_is_only(names, SLICE("relayed.example")), "another came to it");
    check_ok(own_names_is_only(names, SLICE("only.example")), "the others are as they were");
    own_names_free(names);
    return check_done();
}
