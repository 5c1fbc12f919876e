/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file application.h
 * @brief Follows by BackhandCheck whether this server's application works. Only for the moderator.
 */
#ifndef BACKHAND_APPLICATION_H
#define BACKHAND_APPLICATION_H

#include "announce/check/checker.h"
#include "announce/check/health.h"
#include "announce/moderator/journal.h"
#include "config/config.h"

/** All zero at first. */
typedef struct backhand_application {
    server_rec *s;
    backhand_table *table;
    backhand_journal *journal;
    backhand_checker *checker; /**< NULL: no BackhandCheck */
    backhand_health health;
} backhand_application;

/** Prepares the checks, if BackhandCheck is configured. Continues with the result of an earlier moderator, which is in
 * the table. */
void backhand_application_init(backhand_application *application, server_rec *s, backhand_journal *journal,
                               apr_pool_t *p);

/** Takes the results of checks. Never waits. @return 1 when this server has gone down or come up */
int backhand_application_look(backhand_application *application);

/** True when a worker of this server is ready. */
int backhand_application_has_worker(void);

#endif
