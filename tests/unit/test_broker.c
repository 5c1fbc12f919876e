/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The words and files of BackhandTransport, and the queue between the moderator and the threads of libnats. */

#include "announce/net/broker.h"
#include "announce/net/nkey.h"
#include "announce/net/queue.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Of the private key 01 02 ... 20, by another program. */
#define SEED   "SUAACAQDAQCQMBYIBEFAWDANBYHRAEISCMKBKFQXDAMRUGY4DUPB6IC5CQ"
#define PUBLIC "UB43KVROR7TFJ6KAPCYRF2FJROTZAH4FHLTJLPWX4DRZCC5NASLGJBFE"

static apr_pool_t *pool;
static backhand_broker broker;

static int start(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL);
}

static int finish(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static const char *parse(const char *line)
{
    const char *words[16] = {NULL}, *wrong;
    char *copy = apr_pstrdup(pool, line), *at;
    int n = 0;
    for (char *word = apr_strtok(copy, " ", &at); word; word = apr_strtok(NULL, " ", &at)) {
        words[n++] = word;
    }
    return backhand_broker_parse(&broker, words, n, &wrong, pool);
}

static void urls_are_completed(void **state)
{
    (void)state;
    assert_null(parse("nats://a.test"));
    assert_string_equal(broker.url[0], "nats://a.test:4222");
    assert_string_equal(broker.prefix, "backhand");
    assert_false(broker.tls);
    assert_null(parse("tls://[2001:db8::1]:1,tls://192.0.2.1,tls://b_c.test:65535 web.farm ca=x"));
    assert_int_equal(broker.count, 3);
    assert_string_equal(broker.url[0], "tls://[2001:db8::1]:1");
    assert_string_equal(broker.url[1], "tls://192.0.2.1:4222");
    assert_string_equal(broker.url[2], "tls://b_c.test:65535");
    assert_string_equal(broker.prefix, "web.farm");
    assert_string_equal(broker.file[BACKHAND_BROKER_CA], "x");
    assert_true(broker.tls);
    assert_string_equal(backhand_broker_subject(&broker, "shop.eu", pool), "web.farm.shop_eu.");
}

static void wrong_words_get_an_error(void **state)
{
    static const char *const cases[][2] = {
        {"", "takes brokers as nats://"},
        {"a.test", "takes brokers as nats://"},
        {"http://a.test", "takes brokers as nats://"},
        {"nats://", "takes brokers as nats://"},
        {"nats://:4222", "takes brokers as nats://"},
        {"nats://a.test:", "takes brokers as nats://"},
        {"nats://a.test:0", "takes brokers as nats://"},
        {"nats://a.test:65536", "takes brokers as nats://"},
        {"nats://a.test:4222x", "takes brokers as nats://"},
        {"nats://[::1", "takes brokers as nats://"},
        {"nats://[::1]4222", "takes brokers as nats://"},
        {"nats://[]:4222", "takes brokers as nats://"},
        {"nats://2001:db8::1", "takes brokers as nats://"},
        {"nats://a.test/x", "takes brokers as nats://"},
        {"nats://a.test,", "takes brokers as nats://"},
        {"nats://a.test,tls://b.test", "all nats:// or all tls://"},
        {"nats://u:p@a.test", "user-file="},
        {"nats://a.test back*", "takes a subject prefix"},
        {"nats://a.test >", "takes a subject prefix"},
        {"nats://a.test .a", "takes a subject prefix"},
        {"nats://a.test a.", "takes a subject prefix"},
        {"nats://a.test a..b", "takes a subject prefix"},
        {"nats://a.test $SYS", "takes a subject prefix"},
        {"nats://a.test a b", "takes one subject prefix"},
        {"nats://a.test token=x", "knows no such option"},
        {"nats://a.test nkey=", "takes a file after this option"},
        {"nats://a.test nkey=a nkey=b", "once"},
        {"nats://a.test nkey=a token-file=b", "takes one of credentials="},
        {"nats://a.test ca=a", "with tls:// only"},
        {"tls://a.test cert=a", "cert= and key= together"},
        {"tls://a.test key=a", "cert= and key= together"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *error = parse(cases[i][0]);
        if (!error || !strstr(error, cases[i][1])) {
            fail_msg("'%s' gives '%s'", cases[i][0], error ? error : "no error");
        }
    }
}

static void at_most_sixteen_brokers(void **state)
{
    const char *line = "nats://a0.test";
    (void)state;
    for (int i = 1; i < BACKHAND_BROKERS_MAX; i++) {
        line = apr_psprintf(pool, "%s,nats://a%d.test", line, i);
    }
    assert_null(parse(line));
    assert_non_null(strstr(parse(apr_pstrcat(pool, line, ",nats://b.test", NULL)), "at most 16"));
}

/* Loads one file with this content and these permissions. */
static const char *load(const char *option, const char *content, int mode)
{
    char path[] = "/tmp/backhand-broker-XXXXXX";
    int fd = mkstemp(path);
    const char *error;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_int_equal(fchmod(fd, (mode_t)mode), 0);
    close(fd);
    assert_null(parse(apr_pstrcat(pool, strncmp(option, "ca", 2) ? "nats" : "tls", "://a.test ", option, path, NULL)));
    error = backhand_broker_load(&broker, pool);
    unlink(path);
    return error;
}

static void files_are_read(void **state)
{
    (void)state;
    assert_null(load("token-file=", "# of the farm\ns3cret\n\n", 0600));
    assert_string_equal(broker.token, "s3cret");
    assert_null(load("user-file=", "joe:pass:word\r\n", 0600));
    assert_string_equal(broker.user, "joe");
    assert_string_equal(broker.password, "pass:word");
    assert_null(load("nkey=", SEED "\n", 0600));
    assert_string_equal(broker.seed, SEED);
    assert_string_equal(broker.public_key, PUBLIC);
    assert_null(load("credentials=",
                     "-----BEGIN NATS USER JWT-----\nabc.def.ghi\n------END NATS USER JWT------\n\n"
                     "-----BEGIN USER NKEY SEED-----\n" SEED "\n------END USER NKEY SEED------\n",
                     0400));
    assert_string_equal(broker.jwt, "abc.def.ghi");
    assert_string_equal(broker.seed, SEED);
    assert_null(broker.public_key);
}

static void wrong_files_get_an_error(void **state)
{
    char altered[] = SEED;
    (void)state;
    assert_non_null(strstr(load("token-file=", "s3cret\n", 0640), "chmod 600"));
    assert_non_null(strstr(load("token-file=", "a\nb\n", 0600), "takes one line with the token"));
    assert_non_null(strstr(load("token-file=", "", 0600), "takes one line with the token"));
    assert_non_null(strstr(load("user-file=", "joe\n", 0600), "user:password"));
    assert_non_null(strstr(load("user-file=", ":x\n", 0600), "user:password"));
    assert_non_null(strstr(load("nkey=", PUBLIC "\n", 0600), "seed of a user's NKey"));
    altered[20] = altered[20] == 'A' ? 'B' : 'A';
    assert_non_null(strstr(load("nkey=", altered, 0600), "seed of a user's NKey"));
    assert_non_null(strstr(load("credentials=", "abc.def.ghi\n", 0600), "no user JWT"));
    assert_non_null(strstr(load("ca=", "hello\n", 0644), "no certificate"));
    assert_null(parse("nats://a.test nkey=/nonexistent/seed"));
    assert_non_null(strstr(backhand_broker_load(&broker, pool), "cannot be opened: No such file"));
}

static int readable(backhand_queue *queue)
{
    struct pollfd polled = {.fd = backhand_queue_fd(queue), .events = POLLIN};
    return poll(&polled, 1, 0) == 1;
}

static void a_full_queue_loses_the_oldest(void **state)
{
    backhand_queued *out = apr_palloc(pool, sizeof(*out));
    backhand_queue *queue;
    char big[2 * BACKHAND_MESSAGE_SIZE];
    (void)state;
    memset(big, 'x', sizeof(big));
    assert_int_equal(backhand_queue_create(&queue, 3, pool), APR_SUCCESS);
    assert_false(readable(queue));
    assert_false(backhand_queue_take(queue, out));
    for (int i = 0; i < 5; i++) {
        char text[8];
        snprintf(text, sizeof(text), "m%d", i);
        backhand_queue_put(queue, "all", text, 2);
    }
    assert_true(readable(queue));
    backhand_queue_settle(queue);
    assert_false(readable(queue));
    assert_int_equal(backhand_queue_lost(queue), 2);
    for (int i = 2; i < 5; i++) {
        assert_true(backhand_queue_take(queue, out));
        assert_int_equal(out->data[1], '0' + i);
        assert_string_equal(out->suffix, "all");
    }
    assert_false(backhand_queue_take(queue, out));
    backhand_queue_put(queue, "all", big, sizeof(big));
    assert_true(backhand_queue_take(queue, out));
    assert_int_equal(out->length, BACKHAND_MESSAGE_SIZE);
    backhand_queue_settle(queue);
    backhand_queue_wake(queue);
    assert_true(readable(queue));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(urls_are_completed), TEST(wrong_words_get_an_error), TEST(at_most_sixteen_brokers),
        TEST(files_are_read),     TEST(wrong_files_get_an_error), TEST(a_full_queue_loses_the_oldest),
    };
    int rc;
    apr_initialize();
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return rc;
}
