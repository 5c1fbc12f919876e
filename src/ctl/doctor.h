/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/**
 * @file doctor.h
 * @brief The findings of `doctor`. Only for its files.
 */
#ifndef BACKHAND_CTL_DOCTOR_H
#define BACKHAND_CTL_DOCTOR_H

#include "ctl/ctl.h"

#include <apr_tables.h>

typedef enum ctl_level {
    CTL_GOOD,
    CTL_WARN, /**< may be as it should be */
    CTL_BAD   /**< keeps this server out of the farm, or a part of the farm away from it */
} ctl_level;

/** One check and its result. */
typedef struct ctl_finding {
    ctl_level level;
    const char *name; /**< of the check, one word */
    const char *text; /**< what was found, and what to do */
} ctl_finding;

/** The settings of httpd's configuration, if its command could be asked. */
typedef struct ctl_facts {
    int known;              /**< 1: it could */
    const char *dir;        /**< UnixSocketDir; NULL: not known */
    apr_array_header_t *to; /**< of ctl_destination: MulticastStats with a numeric address */
    int functions;          /**< functions in chains */
} ctl_facts;

typedef struct ctl_destination {
    const char *address, *from; /**< numeric; `from` may be NULL */
    int port;
} ctl_destination;

/** Adds a finding. */
void ctl_find(apr_array_header_t *findings, ctl_level level, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/** Asks httpd's command what the configuration says, and what its start would warn of. */
void ctl_doctor_configuration(const ctl *command, ctl_facts *facts, apr_array_header_t *findings);

/** Looks at the table, if there is one. */
void ctl_doctor_table(const ctl *command, apr_array_header_t *findings);

/** Looks at routes and ports of this machine, and connects to the contacts of the servers. */
void ctl_doctor_network(const ctl *command, const ctl_facts *facts, apr_array_header_t *findings);

#endif
