#include "probes/dns_native.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probes/limits.h"
#include "scanner/base/mem.h"
#include "scanner/base/region.h"

/* The thread has name, result, status and error to itself until it writes the job's address to the pipe. */
struct job {
    struct dns_native *native;
    struct job        *next;
    char              *name;
    struct addrinfo   *result;
    int                status, error;
    struct loop_timer *timer;
    dns_native_fn     *done;   /* NULL: answered already */
    void              *arg;
};

struct dns_native {
    struct loop       *loop;
    struct loop_watch *watch;
    int                pipe[2];
    size_t             running;
    struct job        *jobs;
};

static void fill_records(struct region *region, const struct addrinfo *list, const char *owner, struct dns_fact *fact)
{
    size_t n = 0;

    for (const struct addrinfo *ai = list; ai; ai = ai->ai_next)
        n++;
    if (n > DNS_RECORDS_MAX)
        n = DNS_RECORDS_MAX;
    fact->records = region_array(region, n ? n : 1, sizeof *fact->records);
    for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
        struct dns_record record = { .owner = owner };

        if (ai->ai_family == AF_INET) {
            record.type = DNS_A;
            record.address.family = FAMILY_IPV4;
            memcpy(record.address.bytes, &((const struct sockaddr_in *)(const void *)ai->ai_addr)->sin_addr, 4);
        } else if (ai->ai_family == AF_INET6) {
            record.type = DNS_AAAA;
            record.address.family = FAMILY_IPV6;
            memcpy(record.address.bytes, &((const struct sockaddr_in6 *)(const void *)ai->ai_addr)->sin6_addr, 16);
        } else {
            continue;
        }
        fact->total++;
        if (fact->count < n)
            fact->records[fact->count++] = record;
    }
}

static void fill_failure(struct region *region, const struct job *job, struct dns_fact *fact)
{
    static const struct {
        int status, rcode;
    } rcodes[] = { { EAI_NONAME, RCODE_NXDOMAIN }, { EAI_NODATA, RCODE_NOERROR }, { EAI_AGAIN, RCODE_SERVFAIL } };

    fact->rcode = RCODE_FORMERR;
    for (size_t i = 0; i < sizeof rcodes / sizeof *rcodes; i++)
        if (rcodes[i].status == job->status)
            fact->rcode = rcodes[i].rcode;
    if (job->status == EAI_SYSTEM || job->status == EAI_MEMORY)
        fact->outcome = DNS_CUT_SHORT;
    fact->error = region_text(region, job->status == EAI_SYSTEM ? strerror(job->error) : gai_strerror(job->status));
}

static void tell(struct job *job, struct dns_fact *fact)
{
    dns_native_fn *done = job->done;

    job->done = NULL;
    loop_timer_clear(job->timer);
    done(job->arg, fact);
}

static void job_late(void *arg)
{
    struct job *job = arg;
    struct dns_fact fact = { .name = job->name, .type = DNS_NATIVE, .outcome = DNS_CUT_SHORT,
                             .error = "the system's host lookup did not come back in time" };

    if (job->done)
        tell(job, &fact);
}

static void job_tell_result(struct job *job)
{
    struct dns_fact fact = { .name = job->name, .type = DNS_NATIVE, .outcome = DNS_ANSWERED };
    struct region *region = region_new();

    if (job->status == 0)
        fill_records(region, job->result, job->name, &fact);
    else
        fill_failure(region, job, &fact);
    tell(job, &fact);
    region_free(region);
}

static void job_free(struct job *job)
{
    if (job->result)
        freeaddrinfo(job->result);
    loop_timer_free(job->timer);
    mem_free(job->name);
    mem_free(job);
}

static void job_forget(struct job *job)
{
    struct job **p = &job->native->jobs;

    while (*p != job)
        p = &(*p)->next;
    *p = job->next;
    job->native->running--;
    job_free(job);
}

static void *job_run(void *arg)
{
    static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct job *job = arg;

    job->status = getaddrinfo(job->name, NULL, &hints, &job->result);
    job->error = errno;
    while (write(job->native->pipe[1], &job, sizeof job) < 0 && errno == EINTR)
        continue;
    return NULL;
}

static void native_ready(void *arg)
{
    struct dns_native *native = arg;
    struct job *job;

    if (read(native->pipe[0], &job, sizeof job) != (ssize_t)sizeof job)
        return;
    if (job->done)
        job_tell_result(job);
    job_forget(job);
}

struct dns_native *dns_native_new(struct loop *loop)
{
    struct dns_native *native = mem_alloc(sizeof *native);

    native->loop = loop;
    if (pipe2(native->pipe, O_CLOEXEC) != 0) {
        mem_free(native);
        return NULL;
    }
    fcntl(native->pipe[0], F_SETFL, O_NONBLOCK);
    native->watch = loop_watch_new(loop, native->pipe[0], native_ready, native);
    loop_watch_set(native->watch, LOOP_READ);
    return native;
}

void dns_native_free(struct dns_native *native)
{
    struct job *job;

    if (!native)
        return;
    loop_watch_free(native->watch);
    fcntl(native->pipe[0], F_SETFL, 0);
    while (native->running > 0 && read(native->pipe[0], &job, sizeof job) == (ssize_t)sizeof job)
        job_forget(job);
    close(native->pipe[0]);
    close(native->pipe[1]);
    mem_free(native);
}

bool dns_native_has_room(const struct dns_native *native)
{
    return native->running < LIMIT_NATIVE_THREADS;
}

/* Threads take no signals: those are for the loop. */
static bool start_thread(struct job *job)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;
    bool ok;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ok = pthread_create(&thread, &attributes, job_run, job) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return ok;
}

bool dns_native_ask(struct dns_native *native, const char *name, dns_native_fn *done, void *arg)
{
    struct job *job = mem_alloc(sizeof *job);

    job->native = native;
    job->name = mem_text(name);
    job->done = done;
    job->arg = arg;
    job->timer = loop_timer_new(native->loop, job_late, job);
    if (!start_thread(job)) {
        job_free(job);
        return false;
    }
    job->next = native->jobs;
    native->jobs = job;
    native->running++;
    loop_timer_at(job->timer, loop_now_ms(native->loop) + LIMIT_NATIVE_SECONDS * 1000);
    return true;
}
