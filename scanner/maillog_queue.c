/* What waits in the queue, as postqueue(1) tells it. */
#include <string.h>
#include <unistd.h>

#include "scanner/base/buf.h"
#include "scanner/base/json.h"
#include "scanner/base/mem.h"
#include "scanner/child.h"
#include "scanner/exit_status.h"
#include "scanner/maillog_impl.h"

#define WAITS_MAX ((size_t)1 << 24)
#define QUEUE_SECONDS 300
#define QUEUE_OUTPUT_MAX ((size_t)1 << 30)

static void add_wait(struct maillog *mail, const struct place *place)
{
    if (mail->wait_count == mail->wait_room) {
        size_t       room = mail->wait_room == 0 ? 1024 : 2 * mail->wait_room;
        struct wait *waits = mem_array(room, sizeof(*waits));

        if (mail->wait_count > 0)
            memcpy(waits, mail->waits, mail->wait_count * sizeof(*waits));
        mem_free(mail->waits);
        mail->waits = waits;
        mail->wait_room = room;
    }
    mail->waits[mail->wait_count++] = (struct wait){ mail->messages, place->number };
}

/* One message to several people of one domain waits once. */
void maillog_queue_line(struct maillog *mail, struct slice line)
{
    struct error       ignored;
    struct json       *json = json_read(line, &ignored);
    const struct json *recipients = json_get(json, "recipients");
    struct place      *place;
    size_t             i;

    mail->messages += json_count(recipients) > 0;
    for (i = 0; i < json_count(recipients); i++) {
        place = maillog_place(mail, json_get_slice(json_at(recipients, i), "address"));
        if (place == NULL || place->message == mail->messages || mail->wait_count >= WAITS_MAX)
            continue;
        place->message = mail->messages;
        place->weight.waiting++;
        add_wait(mail, place);
    }
    json_free(json);
}

static const char *postqueue_path(void)
{
    static const char *const paths[] = { "/usr/sbin/postqueue", "/usr/local/sbin/postqueue", "/opt/postfix/sbin/postqueue" };
    size_t                   i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (access(paths[i], X_OK) == 0)
            return paths[i];
    return paths[0];
}

bool maillog_read_queue(struct maillog *mail, const char *config_dir, struct error *err)
{
    const char  *argv[] = { postqueue_path(), "-j", config_dir != NULL ? "-c" : NULL, config_dir, NULL };
    const char  *environment[] = { "LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
    struct child child = { .argv = argv, .environment = environment, .seconds = QUEUE_SECONDS };
    struct slice rest, line;
    bool         good;

    buf_init(&child.output, QUEUE_OUTPUT_MAX);
    good = child_run(&child, err) == CHILD_EXITED;
    if (good && child.status != 0) {
        rest = buf_slice(&child.errors);
        error_set(err, EXIT_NO_INPUT, "%s -j: %.*s", argv[0], (int)slice_find(rest, '\n'), rest.p != NULL ? rest.p : "");
        error_fix(err, "run it by hand; authorized_mailq_users may have to name the user");
        good = false;
    }
    mail->read_queue = true;
    rest = buf_slice(&child.output);
    while (good && slice_next_token(&rest, "\n", &line))
        maillog_queue_line(mail, line);
    buf_clear(&child.output);
    buf_clear(&child.errors);
    return good;
}
