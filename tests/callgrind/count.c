/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* usage: count_paths NAME | --list | --compiler
 * Runs one of the paths so often that callgrind, told to count inside counted() only, can say what one run takes. Each
 * run of this program does the very same. */

#include "paths.h"

#include <apr_general.h>

#include <stdio.h>
#include <string.h>

#define WARM_UP 3
#define ROUNDS  10

static apr_time_t standing_clock(void)
{
    return apr_time_from_sec(1795000000);
}

/* Callgrind knows it by its name. */
#ifdef __clang__
__attribute__((noinline))
#else
__attribute__((noinline, noclone))
#endif
static void
counted(const hot_path *path, ground *g)
{
    for (int i = 0; i < GROUND_DATAGRAMS; i++) {
        path->run(g);
    }
}

static int count(const hot_path *path)
{
    ground *g = ground_make(path->live, standing_clock);
    for (int round = 0; round < WARM_UP + ROUNDS; round++) {
        if (path->prepare) {
            path->prepare(g);
        }
        if (round < WARM_UP) {
            for (int i = 0; i < GROUND_DATAGRAMS; i++) {
                path->run(g);
            }
        }
        else {
            counted(path, g);
        }
    }
    ground_end(g);
    printf("%d\n", ROUNDS * GROUND_DATAGRAMS);
    return 0;
}

int main(int argc, char **argv)
{
    const char *word = argc == 2 ? argv[1] : "";

    apr_initialize();
    if (strcmp(word, "--compiler") == 0) {
#ifdef __OPTIMIZE__
        printf("%s %s\n",
#ifdef __clang__
               "clang",
#else
               "gcc",
#endif
               __VERSION__);
        return 0;
#else
        puts("none that optimizes");
        return 0;
#endif
    }
    for (const hot_path *path = hot_paths(); path->name; path++) {
        if (strcmp(word, "--list") == 0) {
            puts(path->name);
        }
        else if (strcmp(word, path->name) == 0) {
            return count(path);
        }
    }
    return strcmp(word, "--list") == 0 ? 0 : 2;
}
