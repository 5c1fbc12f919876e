/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file own_duty.h
 * @brief The duty and weight that orders gave this server, in a file of UnixSocketDir that outlives restarts. Core: no
 * httpd. Only for the moderator.
 */
#ifndef BACKHAND_OWN_DUTY_H
#define BACKHAND_OWN_DUTY_H

#include "table/orders.h"

#define BACKHAND_OWN_DUTY_FILE "mod_backhand-Duty"

typedef struct backhand_own_duty {
    const char *path;
    int64_t duty;     /**< as the figure `duty` */
    int64_t withheld; /**< as the figure `withheld` */
} backhand_own_duty;

/** Reads the file. Without one, and when it is not believed, this server is on normal duty with its whole share.
 * @return NULL, or why the file is not believed */
const char *backhand_own_duty_read(backhand_own_duty *own, const char *path);

/** Obeys an order for this server, any but BACKHAND_ORDER_FORGET. @return 1: something has changed */
int backhand_own_duty_obey(backhand_own_duty *own, backhand_order_kind kind, int weight);

/** Replaces the file. On an error it stays as it was. */
apr_status_t backhand_own_duty_write(const backhand_own_duty *own);

#endif
