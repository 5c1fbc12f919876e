/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/*
 * mod_bench_work: work without a CPU. Stands for an application of a few workers behind an httpd that has threads in
 * plenty. A request for the handler bench-work, as /work?ms=12.3, waits in line for one of the workers, first come
 * first served, and has it for so many milliseconds times the server's factor.
 *
 *  - BenchName a: what the answer's body says
 *  - BenchWorkers 4: workers, one line for all of a child process: configure one child
 *  - BenchFactor FILE: a file that holds the factor as one double, in the machine's form; read at each request, so
 *    whoever writes it changes the server's speed at once. Without it the factor is 1
 */

#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Longest work of one request, ms. */
#define WORK_MAX 60000.0

/* A request that waits for a worker. */
typedef struct waiting {
    struct waiting *next;
    pthread_cond_t turn;
    int has_worker;
} waiting;

typedef struct bench_config {
    const char *name;
    int workers;
    volatile const double *factor;
    pthread_mutex_t lock;
    int idle; /* workers that nobody has */
    waiting *first, **last;
} bench_config;

module __attribute__((visibility("default"))) bench_work_module;

static void get_worker(bench_config *conf, apr_pool_t *p)
{
    waiting *self;

    pthread_mutex_lock(&conf->lock);
    if (conf->idle > 0) {
        conf->idle--;
        pthread_mutex_unlock(&conf->lock);
        return;
    }
    self = apr_pcalloc(p, sizeof(*self));
    pthread_cond_init(&self->turn, NULL);
    *conf->last = self;
    conf->last = &self->next;
    while (!self->has_worker) {
        pthread_cond_wait(&self->turn, &conf->lock);
    }
    pthread_mutex_unlock(&conf->lock);
    pthread_cond_destroy(&self->turn);
}

static void leave_worker(bench_config *conf)
{
    waiting *next;

    pthread_mutex_lock(&conf->lock);
    next = conf->first;
    if (next) {
        conf->first = next->next;
        if (!conf->first) {
            conf->last = &conf->first;
        }
        next->has_worker = 1;
        pthread_cond_signal(&next->turn);
    }
    else {
        conf->idle++;
    }
    pthread_mutex_unlock(&conf->lock);
}

static void sleep_ms(double ms)
{
    struct timespec left = {(time_t)(ms / 1e3), (long)((ms - 1e3 * (double)(time_t)(ms / 1e3)) * 1e6)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
    }
}

static double cpu_ms(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static void burn_ms(double ms)
{
    double end = cpu_ms() + ms;
    while (cpu_ms() < end) {
    }
}

static double demand_of(const request_rec *r)
{
    double ms = r->args && strncmp(r->args, "ms=", 3) == 0 ? strtod(r->args + 3, NULL) : 0.0;
    return ms > 0.0 && ms < WORK_MAX ? ms : 0.0;
}

static int handler(request_rec *r)
{
    bench_config *conf = ap_get_module_config(r->server->module_config, &bench_work_module);

    if (r->handler && strcmp(r->handler, "bench-burn") == 0) {
        burn_ms(demand_of(r));
    }
    else if (r->handler && strcmp(r->handler, "bench-work") == 0) {
        get_worker(conf, r->pool);
        sleep_ms(demand_of(r) * (conf->factor ? *conf->factor : 1.0));
        leave_worker(conf);
    }
    else {
        return DECLINED;
    }
    ap_set_content_type(r, "text/plain");
    ap_set_content_length(r, (apr_off_t)strlen(conf->name));
    ap_rputs(conf->name, r);
    return OK;
}

static void *create_config(apr_pool_t *p, server_rec *s)
{
    bench_config *conf = apr_pcalloc(p, sizeof(*conf));
    (void)s;
    conf->name = "-";
    conf->workers = 4;
    return conf;
}

static bench_config *config_of(const cmd_parms *cmd)
{
    return ap_get_module_config(cmd->server->module_config, &bench_work_module);
}

static const char *set_name(cmd_parms *cmd, void *unused, const char *name)
{
    (void)unused;
    config_of(cmd)->name = name;
    return NULL;
}

static const char *set_workers(cmd_parms *cmd, void *unused, const char *text)
{
    long workers = strtol(text, NULL, 10);
    (void)unused;
    config_of(cmd)->workers = (int)workers;
    return workers >= 1 && workers <= 1000 ? NULL : "takes 1 to 1000";
}

static const char *set_factor(cmd_parms *cmd, void *unused, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *word = MAP_FAILED;
    (void)unused;
    if (fd >= 0 && lseek(fd, 0, SEEK_END) >= (off_t)sizeof(double)) {
        word = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, fd, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (word == MAP_FAILED) {
        return apr_pstrcat(cmd->pool, "cannot map a number from ", path, NULL);
    }
    config_of(cmd)->factor = word;
    return NULL;
}

static void child_init(apr_pool_t *p, server_rec *s)
{
    bench_config *conf = ap_get_module_config(s->module_config, &bench_work_module);
    (void)p;
    pthread_mutex_init(&conf->lock, NULL);
    conf->idle = conf->workers;
    conf->last = &conf->first;
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("BenchName", set_name, NULL, RSRC_CONF, "what the answer's body says"),
    AP_INIT_TAKE1("BenchWorkers", set_workers, NULL, RSRC_CONF, "workers"),
    AP_INIT_TAKE1("BenchFactor", set_factor, NULL, RSRC_CONF, "a file that holds the factor"),
    {NULL, {NULL}, NULL, 0, RAW_ARGS, NULL},
};

static void hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(bench_work) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, create_config, NULL, directives, hooks, 0,
};
