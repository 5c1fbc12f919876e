/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file nofork.c
 * @brief To be preloaded by a server of a test: APR cannot fork a process while the file that BACKHAND_TEST_NOFORK
 * names is there. httpd's own children, which no APR forks, are not touched.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((visibility("default"))) pid_t fork(void)
{
    static pid_t (*real)(void);
    const char *path = getenv("BACKHAND_TEST_NOFORK");
    Dl_info caller;
    if (path && access(path, F_OK) == 0 && dladdr(__builtin_return_address(0), &caller) && caller.dli_fname &&
        strstr(caller.dli_fname, "/libapr-1")) {
        errno = EAGAIN;
        return -1;
    }
    if (!real) {
        void *found = dlsym(RTLD_NEXT, "fork");
        memcpy(&real, &found, sizeof(real));
    }
    return real();
}
