/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file ctl.h
 * @brief backhandctl: shows the farm, and gives orders to one server's httpd, from the command line. No httpd.
 */
#ifndef BACKHAND_CTL_H
#define BACKHAND_CTL_H

#include "table/table.h"

#include <apr_pools.h>

/** Exit codes. */
enum {
    CTL_OK = 0,
    CTL_UNKNOWN = 1,   /**< no such server */
    CTL_ABSENT = 2,    /**< no table, no page, or a table that cannot be read */
    CTL_FORBIDDEN = 3, /**< no permission */
    CTL_UNWELL = 4,    /**< `doctor` found a fault */
    CTL_FAILED = 5,    /**< something else failed: the line says what */
    CTL_USAGE = 64     /**< a wrong command line */
};

/** The words of the command line. They stay as long as the process. */
typedef struct ctl {
    int dir_given;       /**< 1: by -d */
    const char *dir;     /**< UnixSocketDir */
    const char *url;     /**< --url: where the status page is; NULL: not known */
    const char *httpd;   /**< --httpd: the command that checks a configuration */
    const char *add;     /**< --add: a file of keys; NULL: none */
    const char *promote; /**< --promote: the same */
    int64_t seconds;     /**< --every: between two looks of `top` */
    int json;            /**< 1: write JSON */
    int count;           /**< arguments behind the command's name */
    const char *const *arguments;
    backhand_table *table; /**< attached, if the command needs it; else NULL */
    apr_pool_t *pool;
} ctl;

/** Writes one line to standard error: `backhandctl: ` and the text. @return `code` */
int ctl_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Attaches to the table, or writes one line that says why not. @return CTL_OK, CTL_ABSENT, CTL_FORBIDDEN or
 * CTL_FAILED */
int ctl_attach(ctl *command, int writable, apr_pool_t *p);

/** Printable ASCII: all other bytes become `?`, so that no text from another server moves the cursor. */
const char *ctl_plain(const char *text, apr_pool_t *p);

#endif
