/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file broker.h
 * @brief The words of BackhandTransport: NATS brokers, subjects, credentials. Core: no httpd, and nothing of libnats,
 * which httpd's parent must not start.
 */
#ifndef BACKHAND_BROKER_H
#define BACKHAND_BROKER_H

#include <apr_pools.h>

/** The most brokers in one directive. */
#define BACKHAND_BROKERS_MAX 16
/** The longest subject prefix, bytes. */
#define BACKHAND_PREFIX_MAX 64

/** The files that options name. */
typedef enum backhand_broker_file {
    BACKHAND_BROKER_CREDENTIALS, /**< credentials=: a .creds file, JWT and seed of a user */
    BACKHAND_BROKER_NKEY,        /**< nkey=: the seed of a user's NKey */
    BACKHAND_BROKER_TOKEN,       /**< token-file= */
    BACKHAND_BROKER_USER,        /**< user-file=: `user:password` */
    BACKHAND_BROKER_CA,          /**< ca=: PEM */
    BACKHAND_BROKER_CERT,        /**< cert=: PEM */
    BACKHAND_BROKER_KEY,         /**< key=: PEM */
    BACKHAND_BROKER_FILES
} backhand_broker_file;

/** BackhandTransport. All texts are NULL unless set. */
typedef struct backhand_broker {
    const char *url[BACKHAND_BROKERS_MAX]; /**< `nats://host:port` or `tls://host:port` */
    int count;
    int tls;                                 /**< 1: the URLs are tls:// */
    const char *prefix;                      /**< first tokens of the subjects; default backhand */
    const char *file[BACKHAND_BROKER_FILES]; /**< as written, or absolute */
    const char *jwt;                         /**< of credentials= */
    const char *seed;                        /**< of credentials= or nkey= */
    const char *public_key;                  /**< of nkey= */
    const char *token;
    const char *user, *password;
    const char *ca, *cert, *key; /**< PEM */
} backhand_broker;

/**
 * Reads the words of the directive: URLs, a subject prefix, options. Opens no file.
 * @param wrong  on an error the word that it is about
 * @return NULL, or the error and the right form
 */
const char *backhand_broker_parse(backhand_broker *broker, const char *const *words, int n, const char **wrong,
                                  apr_pool_t *p);

/** Reads the files, which must be absolute paths, and checks their content. @return NULL, or the error, which names the
 * file and what to do */
const char *backhand_broker_load(backhand_broker *broker, apr_pool_t *p);

/** The beginning of all subjects of a farm, `prefix.farm.`; dots in the farm's name become `_`. */
const char *backhand_broker_subject(const backhand_broker *broker, const char *farm, apr_pool_t *p);

#endif
