/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* The configuration for programs: `httpd -t -D DUMP_BACKHAND`. */

#include "config/config.h"

#include <http_core.h>

#include <stdio.h>

static void line(const char *key, const char *value)
{
    printf("Backhand-%s: %s\n", key, value);
}

static void dump_destinations(const backhand_config *conf)
{
    for (int i = 0; i < conf->destinations->nelts; i++) {
        const backhand_destination *to = &APR_ARRAY_IDX(conf->destinations, i, backhand_destination);
        printf("Backhand-Destination: %s %d %s\n", to->address ? to->address : to->name, to->port,
               to->from ? to->from : "any");
    }
}

static void dump_functions(const backhand_config *conf)
{
    for (int i = 0; i < conf->functions->nelts; i++) {
        const backhand_function *function = &APR_ARRAY_IDX(conf->functions, i, backhand_function);
        printf("Backhand-Function: %s %s%s%s\n", function->where, function->name, function->arg ? " " : "",
               function->arg ? function->arg : "");
    }
}

/* Settings that make every chain useless. */
static void dump_findings(const backhand_config *conf)
{
    if (conf->functions->nelts == 0) {
        return;
    }
    if (conf->destinations->nelts == 0 && !conf->broker) {
        line("Finding", "there is a chain and no MulticastStats: this server hears no other one, so no chain hands a "
                        "request off; add MulticastStats and AcceptStats");
    }
    if (!conf->zone && backhand_config_zone_function(conf)) {
        line("Finding", "byZone changes nothing, because this server has no BackhandZone; add it");
    }
    if (conf->max_handoffs.count == 0 || (conf->max_handoffs.count < 0 && conf->max_handoffs.percent == 0)) {
        line("Finding", "BackhandMaxHandoffs is 0, so no chain hands a request off; raise it");
    }
}

void backhand_config_dump(const server_rec *s)
{
    const backhand_config *conf = backhand_config_get(s);
    char contact[BACKHAND_CONTACT_SIZE];

    if (!ap_exists_config_define("DUMP_BACKHAND")) {
        return;
    }
    line("Version", BACKHAND_VERSION);
    line("Used", conf->used ? "yes" : "no");
    line("Directory", conf->dir);
    line("Farm", conf->farm);
    if (conf->zone) {
        line("Zone", conf->zone);
    }
    line("Hostname", conf->hostname);
    line("Contact", backhand_config_contact(conf, contact) ? contact : "unknown");
    line("Secret", !conf->keys ? "none" : conf->keys_optional ? "optional" : "required");
    dump_destinations(conf);
    dump_functions(conf);
    dump_findings(conf);
    fflush(stdout);
}
