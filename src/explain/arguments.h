/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file arguments.h
 * @brief The request that `?explain=` asks about.
 */
#ifndef BACKHAND_EXPLAIN_ARGUMENTS_H
#define BACKHAND_EXPLAIN_ARGUMENTS_H

#include <httpd.h>

/** The most headers of that request. */
#define BACKHAND_EXPLAIN_HEADERS 32

typedef struct backhand_explain_arguments {
    int json;             /**< `json` */
    const char *uri;      /**< `explain`: a path, with its query; NULL: `chains`, all chains, are asked for */
    const char *method;   /**< `method` [GET] */
    const char *client;   /**< `client`: a numeric address; NULL: not given */
    apr_table_t *headers; /**< `header`: `Name: value`, any number */
    const char *error;    /**< what is wrong with them, as a sentence; NULL: nothing */
} backhand_explain_arguments;

/** Reads the query of the request. @return 0: it asks neither for an explanation nor for chains */
int backhand_explain_arguments_read(backhand_explain_arguments *out, const request_rec *r);

#endif
