/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file names_fixture.h
 * @brief A pool, a free port and addresses found, for the tests of names that are looked up. A test includes it once.
 */
#ifndef BACKHAND_TEST_NAMES_H
#define BACKHAND_TEST_NAMES_H

#include "announcements.h"

#include "announce/net/lookup.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <arpa/inet.h>
#include <unistd.h>

static apr_pool_t *pool;
static int port;

__attribute__((unused)) static int start(void **state)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
    socklen_t size = sizeof(any);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    (void)state;
    apr_pool_create(&pool, NULL);
    assert_int_equal(bind(fd, (struct sockaddr *)&any, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &size), 0);
    close(fd);
    port = ntohs(any.sin_port);
    return 0;
}

__attribute__((unused)) static int finish(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

__attribute__((unused)) static apr_time_t deadline(void)
{
    const char *scale = getenv("BACKHAND_TEST_TIMEOUT_SCALE");
    return apr_time_now() + (apr_time_t)(apr_time_from_sec(30) * (scale ? atof(scale) : 1));
}

__attribute__((unused)) static void find(backhand_found *found, const char *address, int at_port)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    to.sin_addr.s_addr = inet_addr(address);
    backhand_found_add(found, (struct sockaddr *)&to, at_port);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

#endif
