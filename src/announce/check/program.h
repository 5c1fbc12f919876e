/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file program.h
 * @brief Makes a check by a program. Core: no httpd.
 */
#ifndef BACKHAND_CHECK_PROGRAM_H
#define BACKHAND_CHECK_PROGRAM_H

#include <apr_time.h>

/**
 * Runs a program in a process group of its own and waits until it ends. Its standard streams are /dev/null. All
 * processes left in the group are killed when the program has ended or the time is up. Call backhand_check_signals()
 * first.
 * @param argv   the program's file, its arguments, NULL
 * @param link   see backhand_check_wait()
 * @param limit  how long it may take, us
 * @return BACKHAND_WHY_NONE for exit status 0, another reason of health.h, or -1: the result is no longer wanted
 */
int backhand_check_program(const char *const *argv, int link, apr_interval_time_t limit);

#endif
