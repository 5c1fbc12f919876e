/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/*
 * openloop: requests that arrive as they would from many people who know nothing of each other, however slow the
 * answers are. A Poisson process says when each is due; its latency counts from then, not from when it could be sent.
 * Prints one line of key=value (see figures.h).
 *
 *     openloop --rate 400 --seconds 20 [--warmup 3] [--seed 1] [--service exponential:20] [--path /work]
 *              [--timeout 10] [--timeline FILE] ADDRESS:PORT …
 *
 * A request asks for so many ms of work, PATH?ms=12.3. plan.h says how --service may be distributed. Each request goes
 * to one of the entries, as likely to each. Requests of the first --warmup seconds are sent and not counted. With
 * the same seed the same work is due at the same times.
 */

#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <time.h>

#define SECOND 1000000000LL
#define EVENTS 256

typedef struct options {
    double rate;
    sim_spread service;
    int seconds, warmup, timeout;
    uint64_t seed;
    const char *path, *timeline;
} options;

static void usage(const char *what)
{
    fprintf(stderr, "openloop: %s; see the head of bench/openloop/main.c\n", what);
    exit(2);
}

static double number(const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most)) {
        usage(text);
    }
    return value;
}

static void read_entry(client *c, char *text)
{
    struct sockaddr_in *entry = &c->entries[c->entries_n];
    char *colon = strrchr(text, ':');
    if (!colon || c->entries_n == CLIENT_ENTRIES_MAX) {
        usage("up to 16 times ADDRESS:PORT");
    }
    *colon = '\0';
    entry->sin_family = AF_INET;
    entry->sin_port = htons((uint16_t)number(colon + 1, 1, 65535));
    if (inet_pton(AF_INET, text, &entry->sin_addr) != 1) {
        usage(text);
    }
    c->entries_n++;
}

static options read_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"rate", 1, NULL, 'r'},    {"seconds", 1, NULL, 's'},  {"warmup", 1, NULL, 'w'},
        {"seed", 1, NULL, 'n'},    {"service", 1, NULL, 'd'},  {"path", 1, NULL, 'p'},
        {"timeout", 1, NULL, 't'}, {"timeline", 1, NULL, 'l'}, {NULL, 0, NULL, 0},
    };
    options o = {.seed = 1, .service = {SIM_EXP, 20.0, 0.0, 0.0}, .path = "/", .timeout = 10};
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'r':
            o.rate = number(optarg, 0.1, 1e6);
            break;
        case 's':
            o.seconds = (int)number(optarg, 1, 3600);
            break;
        case 'w':
            o.warmup = (int)number(optarg, 0, 3600);
            break;
        case 'n':
            o.seed = (uint64_t)number(optarg, 0, 1e15);
            break;
        case 'd':
            if (!plan_read_service(&o.service, optarg)) {
                usage("--service takes exponential:MS, fixed:MS, bimodal:MS:SHARE:TIMES, lognormal:MS:SIGMA or "
                      "pareto:MS:SHAPE:MOST");
            }
            break;
        case 'p':
            o.path = optarg;
            break;
        case 't':
            o.timeout = (int)number(optarg, 1, 3600);
            break;
        case 'l':
            o.timeline = optarg;
            break;
        default:
            usage("no such option");
        }
    }
    return o;
}

static void set_timer(int timer, int64_t at)
{
    struct itimerspec when = {.it_value = {at / SECOND, at % SECOND}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL) != 0) {
        abort();
    }
}

/* Sends what is due; false when the time is over and nothing is to be sent any more. */
static int send_due(client *c, plan *p, arrival *next, int64_t end)
{
    while (next->at < end && next->at <= client_now(c)) {
        client_send(c, next);
        *next = plan_next(p);
    }
    return next->at < end;
}

static void run(client *c, plan *p, int64_t end, int timer)
{
    struct epoll_event events[EVENTS];
    arrival next = plan_next(p);
    int more = 1;
    int64_t expired = 0;

    while (more || c->outstanding) {
        int n;
        more = more && send_due(c, p, &next, end);
        set_timer(timer, c->began + (more ? next.at : client_now(c) + SECOND));
        n = epoll_wait(c->epoll, events, EVENTS, 1000);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr) {
                client_event(c, events[i].data.ptr, events[i].events);
            }
        }
        client_sweep(c);
        if (client_now(c) - expired > SECOND) {
            expired = client_now(c);
            client_expire(c);
            client_sweep(c);
        }
    }
}

int main(int argc, char **argv)
{
    client c;
    plan p;
    options o = read_options(argc, argv);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    FILE *timeline = o.timeline ? fopen(o.timeline, "w") : NULL;

    memset(&c, 0, sizeof(c));
    for (int i = optind; i < argc; i++) {
        read_entry(&c, argv[i]);
    }
    if (c.entries_n == 0 || o.rate <= 0.0 || o.seconds == 0) {
        usage("--rate, --seconds and an entry are needed");
    }
    c.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (timer < 0 || c.epoll < 0 || epoll_ctl(c.epoll, EPOLL_CTL_ADD, timer, &event) != 0 ||
        (o.timeline && !timeline)) {
        perror("openloop");
        return 1;
    }
    /* Else the kernel may add 50 us to each arrival. */
    prctl(PR_SET_TIMERSLACK, 1);
    signal(SIGPIPE, SIG_IGN);
    c.path = o.path;
    c.timeout = o.timeout * SECOND;
    c.counts_from = o.warmup * SECOND;
    c.began = client_now(&c);
    plan_init(&p, o.seed, o.rate, &o.service, c.entries_n);
    run(&c, &p, (o.warmup + o.seconds) * SECOND, timer);
    figures_print(&c.figures, stdout);
    if (timeline) {
        figures_timeline(&c.figures, o.warmup, o.seconds, timeline);
        fclose(timeline);
    }
    client_close(&c);
    return 0;
}
