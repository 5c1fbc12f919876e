/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Checks of this server's application: what a directive asks for, programs, requests, and what follows from a row. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "announce/check/check.h"
#include "announce/check/health.h"
#include "announce/check/program.h"
#include "announce/check/side.h"
#include "table/clock.h"

#include <apr_general.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MSEC   INT64_C(1000)
#define SECOND INT64_C(1000000)

static apr_pool_t *pool;

/* --- a row of results ------------------------------------------------------------------------------------------------
 */

/* Each letter is a check: '.' succeeds, 'x' fails. @return how often the server changed */
static int checks(backhand_health *health, const char *row, int fall, int rise)
{
    int changes = 0;
    for (; *row; row++) {
        changes += backhand_health_note(health, *row == 'x' ? 503 : BACKHAND_WHY_NONE, fall, rise, 7 * SECOND);
    }
    return changes;
}

static void the_first_check_decides_alone(void **state)
{
    backhand_health health = {0};
    (void)state;
    assert_int_equal(checks(&health, "x", 3, 2), 1);
    assert_true(health.down);
    assert_int_equal(health.why, 503);
    health = (backhand_health){0};
    assert_int_equal(checks(&health, ".", 3, 2), 0);
    assert_false(health.down);
    assert_int_equal(checks(&health, "xx", 3, 2), 0);
}

static void a_row_of_failures_is_needed(void **state)
{
    backhand_health health = {0};
    (void)state;
    assert_int_equal(checks(&health, ".xx.xx.xx.", 3, 2), 0);
    assert_int_equal(checks(&health, "xxx", 3, 2), 1);
    assert_true(health.down);
    assert_int_equal(checks(&health, "xxx.x.x.x", 3, 2), 0);
    assert_int_equal(checks(&health, "..", 3, 2), 1);
    assert_false(health.down);
}

static void it_is_down_for_a_second_at_least(void **state)
{
    backhand_health health = {0};
    (void)state;
    assert_int_equal(backhand_health_seconds(&health, 100 * SECOND), 0);
    checks(&health, "x", 1, 1);
    assert_int_equal(backhand_health_seconds(&health, 7 * SECOND), 1);
    assert_int_equal(backhand_health_seconds(&health, 0), 1);
    assert_int_equal(backhand_health_seconds(&health, 19 * SECOND + 1), 12);
}

static void reasons_have_words(void **state)
{
    static const struct {
        int64_t why;
        const char *text;
    } reasons[] = {
        {503, "the response's status was 503"},
        {BACKHAND_WHY_TIME, "the check took too long"},
        {BACKHAND_WHY_EXIT + 2, "the program's exit status was 2"},
        {BACKHAND_WHY_SIGNAL + 9, "signal 9 ended the program"},
        {BACKHAND_WHY_NONE, "no reason was given"},
        {-5, "the response's status was -5"},
    };
    char out[BACKHAND_HEALTH_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        assert_string_equal(backhand_health_text(reasons[i].why, out), reasons[i].text);
    }
    assert_in_range(strlen(backhand_health_text(INT64_MAX, out)), 1, BACKHAND_HEALTH_TEXT - 1);
}

/* --- the directive ---------------------------------------------------------------------------------------------------
 */

static const char *parse(backhand_check *check, int n, const char *const *words)
{
    const char *wrong = NULL;
    return backhand_check_parse(check, words, n, &wrong, pool) ? wrong : NULL;
}

#define PARSE(check, ...)                                                                                              \
    parse(check, (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)), (const char *[]){__VA_ARGS__})

static void all_words_are_read(void **state)
{
    backhand_check check;
    (void)state;
    assert_null(PARSE(&check, "/health?deep=1"));
    assert_string_equal(check.url.path, "/health?deep=1");
    assert_null(check.url.host);
    assert_int_equal(check.interval, 2 * SECOND);
    assert_int_equal(check.fall, 3);
    assert_int_equal(check.rise, 2);
    assert_int_equal(check.timeout, SECOND);
    assert_null(PARSE(&check, "https://www.example.com:8443/a/b?c#d", "250ms", "1", "4", "3s"));
    assert_int_equal(check.url.https, 1);
    assert_int_equal(check.url.port, 8443);
    assert_string_equal(check.url.host, "www.example.com:8443");
    assert_string_equal(check.url.path, "/a/b?c");
    assert_int_equal(check.interval, 250 * MSEC);
    assert_int_equal(check.fall, 1);
    assert_int_equal(check.rise, 4);
    assert_int_equal(check.timeout, 3 * SECOND);
    assert_null(PARSE(&check, "http://[2001:db8::1]"));
    assert_int_equal(check.url.port, 80);
    assert_string_equal(check.url.path, "/");
    assert_null(PARSE(&check, "exec:/bin/test -e '/a b'"));
    assert_string_equal(check.argv[0], "/bin/test");
    assert_string_equal(check.argv[2], "/a b");
    assert_null(check.argv[3]);
}

static void the_wrong_word_is_named(void **state)
{
    static const char *const targets[] = {
        "",     "health",     "ftp://a/",      "http:///a", "exec:",           "exec:test", "http://a/b c",
        "/a b", "/a\r\nX: y", "http://u:p@a/", "http://",   "http://a:99999/", "/\xc3\xa4"};
    backhand_check check;
    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        const char *wrong = PARSE(&check, targets[i]);
        if (wrong != targets[i]) {
            print_message("%s\n", targets[i]);
        }
        assert_ptr_equal(wrong, targets[i]);
    }
    assert_string_equal(PARSE(&check, "/", "10ms"), "10ms");
    assert_string_equal(PARSE(&check, "/", "2s", "0"), "0");
    assert_string_equal(PARSE(&check, "/", "2s", "3", "101"), "101");
    assert_string_equal(PARSE(&check, "/", "2s", "3", "2", "soon"), "soon");
}

/* --- programs --------------------------------------------------------------------------------------------------------
 */

#define RUN(limit, script) backhand_check_program((const char *[]){"/bin/sh", "-c", script, NULL}, -1, limit)

static void a_program_is_judged_by_its_end(void **state)
{
    (void)state;
    assert_int_equal(RUN(10 * SECOND, "exit 0"), BACKHAND_WHY_NONE);
    assert_int_equal(RUN(10 * SECOND, "exit 3"), BACKHAND_WHY_EXIT + 3);
    assert_int_equal(RUN(10 * SECOND, "kill -9 $$"), BACKHAND_WHY_SIGNAL + SIGKILL);
    assert_int_equal(backhand_check_program((const char *[]){"/nonexistent", NULL}, -1, SECOND), BACKHAND_WHY_RUN);
    assert_int_equal(RUN(10 * SECOND, "echo out; echo err >&2; cat"), BACKHAND_WHY_NONE);
}

/* The descriptor that the whole group holds open as long as one process of it is left. */
static int all_have_closed(int fd)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    return poll(&polled, 1, 10000) == 1 && (polled.revents & POLLHUP);
}

static void what_it_leaves_is_killed(void **state)
{
    static const char *const scripts[] = {"sleep 100 & exit 0", "sleep 100 & sleep 100",
                                          "trap '' TERM; sleep 100 & wait"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        fcntl(ends[0], F_SETFD, FD_CLOEXEC);
        assert_int_equal(RUN(i ? 100 * MSEC : 10 * SECOND, scripts[i]), i ? BACKHAND_WHY_TIME : BACKHAND_WHY_NONE);
        close(ends[1]);
        assert_true(all_have_closed(ends[0]));
        close(ends[0]);
    }
}

static void nobody_waits_for_what_nobody_wants(void **state)
{
    apr_time_t began = backhand_clock_now();
    int ends[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    close(ends[1]);
    assert_int_equal(backhand_check_program((const char *[]){"/bin/sleep", "100", NULL}, ends[0], 100 * SECOND), -1);
    assert_in_range(backhand_clock_now() - began, 0, 50 * SECOND);
    close(ends[0]);
}

/* --- requests --------------------------------------------------------------------------------------------------------
 */

/* A server that answers one connection so. */
typedef struct fake {
    int at_once;        /* without waiting for the end of a request */
    const char *answer; /* NULL: keeps the connection open and says nothing until the client closes it */
    char got[2000];
    int listener, port;
    pthread_t thread;
} fake;

static void *serve(void *data)
{
    fake *server = data;
    size_t had = 0;
    ssize_t more;
    int fd = accept(server->listener, NULL, NULL);
    while (had < sizeof(server->got) - 1 && !(server->at_once && had) && !strstr(server->got, "\r\n\r\n") &&
           (more = read(fd, server->got + had, sizeof(server->got) - 1 - had)) > 0) {
        had += (size_t)more;
    }
    if (server->answer) {
        more = write(fd, server->answer, strlen(server->answer));
    }
    else {
        more = read(fd, server->got + had, sizeof(server->got) - 1 - had);
    }
    close(fd);
    return NULL;
}

static int ask(const char *answer, int https, apr_interval_time_t limit, char got[2000])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    fake server = {.answer = answer, .at_once = https};
    backhand_check_url url = {.https = https, .address = "127.0.0.1", .host = "a.test", .path = "/health"};
    int why;

    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server.listener, 1), 0);
    assert_int_equal(getsockname(server.listener, (struct sockaddr *)&address, &size), 0);
    url.port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, &server), 0);
    why = backhand_check_request(&url, UINT64_C(0x1f), -1, limit);
    pthread_join(server.thread, NULL);
    close(server.listener);
    if (got) {
        memcpy(got, server.got, 2000);
    }
    return why;
}

static void a_response_is_judged_by_its_status(void **state)
{
    char got[2000], large[100000];
    (void)state;
    assert_int_equal(ask("HTTP/1.1 200 OK\r\n\r\nfine", 0, 10 * SECOND, got), BACKHAND_WHY_NONE);
    assert_string_equal(got, "GET /health HTTP/1.1\r\nHost: a.test\r\nUser-Agent: mod_backhand\r\n"
                             "Backhand-Check: 000000000000001f\r\nConnection: close\r\n\r\n");
    assert_int_equal(ask("HTTP/1.0 302 Found\r\n\r\n", 0, 10 * SECOND, NULL), BACKHAND_WHY_NONE);
    assert_int_equal(ask("HTTP/1.1 404 Not Found\r\n\r\n", 0, 10 * SECOND, NULL), 404);
    assert_int_equal(ask("HTTP/1.1 503 No\r\n\r\n", 0, 10 * SECOND, NULL), 503);
    assert_int_equal(ask("", 0, 10 * SECOND, NULL), BACKHAND_WHY_HTTP);
    assert_int_equal(ask("HTTP/1.1", 0, 10 * SECOND, NULL), BACKHAND_WHY_HTTP);
    assert_int_equal(ask("HTTP/1.1 2x0 OK\r\n\r\n", 0, 10 * SECOND, NULL), BACKHAND_WHY_HTTP);
    assert_int_equal(ask("SSH-2.0-OpenSSH_9.2\r\n", 0, 10 * SECOND, NULL), BACKHAND_WHY_HTTP);
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    memcpy(large, "HTTP/1.1 200 OK\r\n\r\n", 19);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(ask(large, 0, 10 * SECOND, NULL), BACKHAND_WHY_NONE);
}

static void no_response_is_a_failure(void **state)
{
    backhand_check_url url = {.address = "127.0.0.1", .port = 1, .host = "a.test", .path = "/"};
    (void)state;
    assert_int_equal(ask(NULL, 0, 50 * MSEC, NULL), BACKHAND_WHY_TIME);
    assert_int_equal(ask("HTTP/1.1 200 OK\r\n\r\n", 1, 10 * SECOND, NULL), BACKHAND_WHY_TLS);
    assert_int_equal(ask(NULL, 1, 50 * MSEC, NULL), BACKHAND_WHY_TIME);
    assert_int_equal(backhand_check_request(&url, 1, -1, 10 * SECOND), BACKHAND_WHY_CONNECT);
    url.address = "nonsense";
    assert_int_equal(backhand_check_request(&url, 1, -1, 10 * SECOND), BACKHAND_WHY_CONNECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_check_decides_alone),
        cmocka_unit_test(a_row_of_failures_is_needed),
        cmocka_unit_test(it_is_down_for_a_second_at_least),
        cmocka_unit_test(reasons_have_words),
        cmocka_unit_test(all_words_are_read),
        cmocka_unit_test(the_wrong_word_is_named),
        cmocka_unit_test(a_program_is_judged_by_its_end),
        cmocka_unit_test(what_it_leaves_is_killed),
        cmocka_unit_test(nobody_waits_for_what_nobody_wants),
        cmocka_unit_test(a_response_is_judged_by_its_status),
        cmocka_unit_test(no_response_is_a_failure),
    };
    apr_initialize();
    apr_pool_create(&pool, NULL);
    backhand_check_signals();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
