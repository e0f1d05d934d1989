#include "scanner/workers_setup.h"

#include <errno.h>
#include <pwd.h>
#include <sysexits.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/mem.h"

#define NOBODY 65534
#define PART_BYTES ((size_t)256 << 10)  /* of PEM in a record */

static struct json *resolvers_to_json(const struct dns_setup *dns)
{
    struct json *list = json_array();

    for (size_t i = 0; i < dns->count; i++) {
        struct json *resolver = json_object();
        char address[ADDRESS_TEXT_MAX];

        address_to_text(&dns->resolvers[i].address, address);
        json_put(resolver, "address", json_text(address));
        json_put(resolver, "port", json_integer(dns->resolvers[i].port));
        json_put(resolver, "scope", json_integer(dns->resolvers[i].scope));
        json_push(list, resolver);
    }
    return list;
}

static struct json *to_json(const struct worker_setup *setup, uint32_t uid, uint32_t gid)
{
    struct json *object = json_object(), *inner = json_object(), *dns = json_object();

    json_put(dns, "timeout", json_integer(setup->dns.timeout));
    json_put(dns, "attempts", json_integer(setup->dns.attempts));
    json_put(dns, "resolvers", resolvers_to_json(&setup->dns));
    json_put(inner, "timeout", json_integer(setup->timeout));
    json_put(inner, "uid", json_integer(uid));
    json_put(inner, "gid", json_integer(gid));
    json_put(inner, "lookups", json_bool(setup->lookups));
    json_put(inner, "https_port", json_integer(setup->https_port));
    json_put(inner, "dns", dns);
    json_put(object, "setup", inner);
    return object;
}

/* What getpwnam() gives where nobody has that name, and not a reason why it could not look. */
static bool is_unknown_user(int error)
{
    return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

static bool find_user(const char *user, uint32_t *uid, uint32_t *gid, struct error *err)
{
    const struct passwd *pw;

    *uid = *gid = NOBODY;
    if (geteuid() != 0)
        return true;
    errno = 0;
    pw = getpwnam(user ? user : "nobody");
    if (!pw && errno == ENOMEM)
        mem_exhausted();
    if (pw) {
        *uid = pw->pw_uid;
        *gid = pw->pw_gid;
    } else if (!is_unknown_user(errno)) {
        error_set(err, EX_SOFTWARE, "the user %s of the worker process cannot be looked up: %s", user ? user : "nobody",
                  strerror(errno));
        return false;
    } else if (user) {
        error_set(err, EX_USAGE, "there is no user %s for the worker process", user);
        return false;
    }
    return true;
}

struct json *worker_setup_to_json(const struct worker_setup *setup, struct error *err)
{
    uint32_t uid, gid;

    return find_user(setup->user, &uid, &gid, err) ? to_json(setup, uid, gid) : NULL;
}

struct json *worker_chain_to_json(const struct client_chain *chain)
{
    struct json *object = json_object(), *inner = json_object();

    json_put(inner, "id", json_text(chain->id));
    json_put(inner, "pem", json_text(chain->pem));
    json_put(object, "chain", inner);
    return object;
}

/* A part of so many bytes, but for what is behind the last certificate that ends in them; a text without one has no parts. */
static struct slice first_part(struct slice pem)
{
    static const char mark[] = "-----END CERTIFICATE-----";
    struct slice part = slice_head(pem, PART_BYTES);
    const char *end = NULL, *next = part.p;

    while (next && (next = memmem(next, (size_t)(part.p + part.n - next), mark, sizeof mark - 1)) != NULL)
        end = next += sizeof mark - 1;
    return slice_head(part, end ? (size_t)(end - part.p) : 0);
}

struct json **worker_trusted_to_json(struct slice pem, size_t *count)
{
    struct json **all = mem_array(pem.n / (PART_BYTES / 2) + 2, sizeof *all);
    struct slice part;

    *count = 0;
    while ((part = first_part(pem)).n > 0) {
        struct json *record = json_object();

        json_put(record, "trusted", json_slice(part));
        all[(*count)++] = record;
        pem = slice_from_index(pem, part.n);
    }
    return all;
}
