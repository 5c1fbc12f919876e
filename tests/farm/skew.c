/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file skew.c
 * @brief To be preloaded by a server of a test: its wall clock is off by as many seconds as stand in the file that
 * BACKHAND_TEST_SKEW names, from the moment at which they are written there.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long skew(void)
{
    const char *path = getenv("BACKHAND_TEST_SKEW");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    char text[32] = "";
    if (fd >= 0) {
        ssize_t got = read(fd, text, sizeof(text) - 1);
        text[got > 0 ? got : 0] = '\0';
        close(fd);
    }
    return strtol(text, NULL, 10);
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    int rc = (int)syscall(SYS_clock_gettime, clock_id, tp);
    if (rc == 0 && (clock_id == CLOCK_REALTIME || clock_id == CLOCK_REALTIME_COARSE)) {
        tp->tv_sec += skew();
    }
    return rc;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
    struct timespec t;
    (void)tz;
    clock_gettime(CLOCK_REALTIME, &t);
    tv->tv_sec = t.tv_sec;
    tv->tv_usec = t.tv_nsec / 1000;
    return 0;
}

__attribute__((visibility("default"))) time_t time(time_t *timer)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (timer) {
        *timer = t.tv_sec;
    }
    return t.tv_sec;
}

/* The kernel's clock is the right one. Times that are no dates are of another clock. Who waits for a date by a clock
 * that is set back waits for longer, as with the kernel's: so the clock is looked at again and again. */
__attribute__((visibility("default"))) int pthread_cond_timedwait(pthread_cond_t *restrict cond,
                                                                  pthread_mutex_t *restrict mutex,
                                                                  const struct timespec *restrict abstime)
{
    struct timespec t = *abstime, slice;
    int rc;
    if (t.tv_sec < 1000000000) {
        return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &t);
    }
    do {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        if (now.tv_sec > t.tv_sec || (now.tv_sec == t.tv_sec && now.tv_nsec >= t.tv_nsec)) {
            return ETIMEDOUT;
        }
        clock_gettime(CLOCK_MONOTONIC, &slice);
        slice.tv_nsec += 10000000;
        if (slice.tv_nsec >= 1000000000) {
            slice.tv_sec++;
            slice.tv_nsec -= 1000000000;
        }
        rc = pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &slice);
    } while (rc == ETIMEDOUT);
    return rc;
}
