/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/*
 * announcers: many servers that only announce themselves, in one process.
 *
 *     announcers --servers 4000 --seconds 20 --to 239.255.0.1:4445 [--from 127.0.0.9] [--interval 250] [--farm NAME]
 *                [--secret FILE] [--first 0] [--nats SUBJECT]
 *
 * Server n of them, 0 to 65535, has the contact http://127.1.X.Y:80. Its announcements come every --interval ms, and
 * those of all are spread evenly over it. They go to an IPv4 address, a group's by the interface of --from. With
 * --nats they go to the NATS server at this address, over one connection in its plain protocol. SIGTERM ends it before
 * its time. At the end it prints `sent=N late_ms=N bytes=N`: datagrams, by how much the latest was late, and the length
 * of the last.
 */

#include "announce/wire/message.h"
#include "table/wall.h"

#include <apr_general.h>

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#define SERVERS_MAX 65536
#define MS          INT64_C(1000000)
/* How long to sleep when nothing is due. */
#define TICK MS
/* Room for what NATS is told at once, and for a subject. */
#define BATCH       (256 * 1024)
#define SUBJECT_MAX 200

typedef struct announcers {
    int servers, first, seconds, interval;
    struct sockaddr_in to, from;
    const char *farm, *secret, *subject;
    backhand_keys *keys;
    int fd;
    uint64_t boot, *sequence;
    char batch[BATCH];
    size_t batched;
    int64_t sent, late;
    apr_size_t length;
} announcers;

static volatile sig_atomic_t terminated;

static void on_term(int sig)
{
    terminated = sig;
}

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "announcers: %s: %s\n", what, why);
    exit(2);
}

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int number(const char *text, int least, int most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < least || value > most) {
        fail(text, "no such number; see the head of bench/announcers.c");
    }
    return (int)value;
}

static void read_address(struct sockaddr_in *out, char *text)
{
    char *colon = strrchr(text, ':');
    out->sin_family = AF_INET;
    if (colon) {
        *colon = '\0';
        out->sin_port = htons((in_port_t)number(colon + 1, 1, 65535));
    }
    if (inet_pton(AF_INET, text, &out->sin_addr) != 1) {
        fail(text, "no IPv4 address");
    }
}

static void read_options(announcers *a, int argc, char **argv)
{
    static const struct option words[] = {
        {"servers", 1, NULL, 'n'},  {"seconds", 1, NULL, 's'}, {"to", 1, NULL, 't'},     {"from", 1, NULL, 'f'},
        {"interval", 1, NULL, 'i'}, {"farm", 1, NULL, 'g'},    {"secret", 1, NULL, 'k'}, {"first", 1, NULL, '1'},
        {"nats", 1, NULL, 'p'},     {NULL, 0, NULL, 0},
    };
    int word;

    while ((word = getopt_long(argc, argv, "", words, NULL)) != -1) {
        switch (word) {
        case 'n':
            a->servers = number(optarg, 1, SERVERS_MAX);
            break;
        case 's':
            a->seconds = number(optarg, 1, 3600);
            break;
        case 't':
            read_address(&a->to, optarg);
            break;
        case 'f':
            read_address(&a->from, optarg);
            break;
        case 'i':
            a->interval = number(optarg, 1, 10000);
            break;
        case 'g':
            a->farm = optarg;
            break;
        case 'k':
            a->secret = optarg;
            break;
        case '1':
            a->first = number(optarg, 0, SERVERS_MAX - 1);
            break;
        case 'p':
            a->subject = optarg;
            break;
        default:
            fail("words", "see the head of bench/announcers.c");
        }
    }
    if (!a->servers || !a->to.sin_port || a->first + a->servers > SERVERS_MAX) {
        fail("words", "--servers and --to ADDRESS:PORT are needed");
    }
    if (a->subject && (!*a->subject || strlen(a->subject) > SUBJECT_MAX || strpbrk(a->subject, " \t\r\n"))) {
        fail(a->subject, "no subject of NATS");
    }
}

/* --- the ways -------------------------------------------------------------------------------------------------- */

static void check(int rc, const char *what)
{
    if (rc < 0) {
        fail(what, strerror(errno));
    }
}

static void open_udp(announcers *a)
{
    a->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check(a->fd, "socket");
    check(bind(a->fd, (struct sockaddr *)&a->from, sizeof(a->from)), "bind");
    check(setsockopt(a->fd, IPPROTO_IP, IP_MULTICAST_IF, &a->from.sin_addr, sizeof(a->from.sin_addr)), "multicast");
    check(connect(a->fd, (struct sockaddr *)&a->to, sizeof(a->to)), "connect");
}

static void write_all(announcers *a, const char *text, size_t length)
{
    while (length > 0) {
        ssize_t n = send(a->fd, text, length, MSG_NOSIGNAL);
        check((int)n, "the NATS server");
        text += n;
        length -= (size_t)n;
    }
}

static void open_nats(announcers *a)
{
    static const char hello[] = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n";
    int one = 1;

    a->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(a->fd, "socket");
    check(connect(a->fd, (struct sockaddr *)&a->to, sizeof(a->to)), "connect");
    check(setsockopt(a->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "TCP_NODELAY");
    write_all(a, hello, sizeof(hello) - 1);
}

/* What NATS says is read and not looked at, but for a PING, which must be answered. */
static void listen_to_nats(announcers *a)
{
    char said[4096];
    ssize_t n = recv(a->fd, said, sizeof(said) - 1, MSG_DONTWAIT);

    if (n == 0) {
        fail("the NATS server", "it has closed the connection");
    }
    if (n > 0) {
        said[n] = '\0';
        if (strstr(said, "-ERR")) {
            fail("the NATS server", said);
        }
        if (strstr(said, "PING")) {
            write_all(a, "PONG\r\n", 6);
        }
    }
}

static void flush(announcers *a)
{
    if (a->subject) {
        write_all(a, a->batch, a->batched);
        a->batched = 0;
        listen_to_nats(a);
    }
}

static void put(announcers *a, const char *data, apr_size_t length)
{
    if (!a->subject) {
        a->sent += send(a->fd, data, length, 0) == (ssize_t)length;
        return;
    }
    if (a->batched + length + SUBJECT_MAX + 32 > BATCH) {
        flush(a);
    }
    a->batched += (size_t)snprintf(a->batch + a->batched, sizeof(a->batch) - a->batched, "PUB %s %d\r\n%s\r\n",
                                   a->subject, (int)length, data);
    a->sent++;
}

/* --- the servers ----------------------------------------------------------------------------------------------- */

/* All are different, and none stands out. */
static void announce(announcers *a, int n)
{
    char data[BACKHAND_MESSAGE_SIZE], contact[64];
    int host = a->first + n;
    backhand_announcement said;

    memset(&said, 0, sizeof(said));
    snprintf(contact, sizeof(contact), "http://127.1.%d.%d:80", host >> 8, host & 255);
    if (backhand_contact_parse(&said.contact, contact, 0)) {
        fail(contact, "no contact");
    }
    backhand_contact_format(said.stat.contact, &said.contact);
    snprintf(said.stat.hostname, sizeof(said.stat.hostname), "web%d.test", host);
    snprintf(said.farm, sizeof(said.farm), "%s", a->farm);
    said.boot = a->boot + (uint64_t)n;
    said.sequence = ++a->sequence[n];
    said.interval = a->interval;
    said.stat.aservers = 4 + host % 4;
    said.stat.nservers = 8;
    said.stat.load = 500 + host % 1000;
    said.stat.load_hwm = 1000;
    said.stat.cpu = 300 + host % 500;
    said.stat.ncpu = 4;
    said.stat.tmem = INT64_C(16) << 30;
    said.stat.amem = INT64_C(8) << 30;
    said.stat.arriba = 3000000 + host % 1000;
    said.stat.inflight = 1 + host % 4;
    said.stat.service = 20000 + host % 7000;
    said.stat.parallel = 4000;
    said.stat.latency = 22000 + host % 7000;
    said.stat.served = (int64_t)(10 * a->sequence[n]);
    said.stat.typical = 20000 + host % 7000;
    said.stat.samples = 200;
    said.stat.spread = 500;
    said.stat.stall = 1000;
    said.time = apr_time_as_msec(apr_time_now());
    a->length = backhand_message_encode(data, &said);
    if (a->keys) {
        a->length = backhand_message_sign(data, a->length, a->keys);
    }
    if (!a->length) {
        fail(contact, "the announcement cannot be written");
    }
    put(a, data, a->length);
}

static void run(announcers *a)
{
    const struct timespec tick = {0, TICK};
    int64_t began = nanoseconds(), interval = a->interval * MS, end = a->seconds * 1000 * MS;
    int64_t due = 0;

    /* Announcement `i` of all is due after i / servers of an interval. */
    for (int64_t i = 0; due < end && !terminated;) {
        int64_t now = nanoseconds() - began;
        for (; due <= now && due < end; i++, due = i * interval / a->servers) {
            a->late = now - due > a->late ? now - due : a->late;
            announce(a, (int)(i % a->servers));
        }
        flush(a);
        nanosleep(&tick, NULL);
    }
}

int main(int argc, char **argv)
{
    static announcers a = {.seconds = 10, .interval = 250, .farm = "default"};
    const char *wrong;
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    signal(SIGTERM, on_term);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    a.from.sin_family = AF_INET;
    a.from.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    read_options(&a, argc, argv);
    wrong = a.secret ? backhand_keys_read(&a.keys, a.secret, p) : NULL;
    if (wrong) {
        fail(a.secret, wrong);
    }
    a.sequence = apr_pcalloc(p, (apr_size_t)a.servers * sizeof(*a.sequence));
    /* Other than any boot before. */
    a.boot = ((uint64_t)apr_time_now() << 20) + (uint64_t)a.first;
    a.subject ? open_nats(&a) : open_udp(&a);
    run(&a);
    printf("sent=%lld late_ms=%lld bytes=%d\n", (long long)a.sent, (long long)(a.late / MS), (int)a.length);
    close(a.fd);
    apr_pool_destroy(p);
    apr_terminate();
    return 0;
}
