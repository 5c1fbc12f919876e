/* Licensed to the public under the terms of Perl itself or of the Apache License 2.0; see the file LICENSE. */

/* Replaces httpd and mod_backhand, preloaded into perl. BACKHAND_STUB says which parts exist: `httpd` (this file
 * compiled with -DHTTPD_ONLY), else the number of servers in the table, 0 for no table yet. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mod_backhand.h"

int ap_run_post_config(void);

int ap_run_post_config(void)
{
    return 0;
}

#ifndef HTTPD_ONLY

/* The version of another release, if the environment asks for it. */
int backhand_api_version(void)
{
    const char *said = getenv("BACKHAND_STUB_VERSION");
    return said ? atoi(said) : BACKHAND_API_VERSION;
}

static serverstat table[4096];

serverstat *backhand_serverstats(void)
{
    return backhand_maxservers() ? table : NULL;
}

int backhand_maxservers(void)
{
    static int servers = -1;
    if (servers < 0) {
        const char *said = getenv("BACKHAND_STUB");
        servers = said ? atoi(said) : 0;
    }
    return servers;
}

int64_t *backhand_personal_arriba(void)
{
    return backhand_maxservers() ? &table[0].arriba : NULL;
}

#define FIELD(name, max) #name, offsetof(serverstat, name), 0, max

const backhand_field *backhand_read_only_fields(void)
{
    static const backhand_field fields[] = {{FIELD(inflight, INT64_MAX)}, {NULL, 0, 0, 0}};
    return fields;
}

const backhand_field *backhand_fields(void)
{
    static const backhand_field fields[] = {
        {FIELD(mtime, INT64_MAX)},
        {FIELD(arriba, INT64_MAX)},
        {FIELD(aservers, INT64_MAX)},
        {FIELD(nservers, INT64_MAX)},
        {FIELD(load, INT64_MAX)},
        {FIELD(load_hwm, INT64_MAX)},
        {FIELD(cpu, 1000)},
        {FIELD(ncpu, INT64_MAX)},
        {FIELD(tmem, INT64_MAX)},
        {FIELD(amem, INT64_MAX)},
        {FIELD(numbacked, INT64_MAX)},
        {FIELD(tatime, INT64_MAX)},
        {NULL, 0, 0, 0},
    };
    return fields;
}

int backhand_zone_get(int id, char zone[BACKHAND_ZONE_SIZE])
{
    snprintf(zone, BACKHAND_ZONE_SIZE, "zone%d", id);
    return 1;
}

int backhand_identity_get(int id, char hostname[BACKHAND_HOSTNAME_SIZE], char contact[BACKHAND_CONTACT_SIZE])
{
    if (hostname) {
        snprintf(hostname, BACKHAND_HOSTNAME_SIZE, "server%d.test", id);
    }
    if (contact) {
        snprintf(contact, BACKHAND_CONTACT_SIZE, "http://192.0.2.%d:80", id);
    }
    return 1;
}

#endif
