/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Requests that mod_proxy takes before a chain decides: rules of mod_rewrite, whose records only mod_rewrite can read,
 * and sections that act/proxy/proxy_pass.c does not see. */

#include "config/places.h"

#include <http_log.h>

#include <strings.h>

APLOG_USE_MODULE(backhand);

/* The log tells of no more than these. */
#define NOTES_MAX 20

/* ProxyPass for a path and a chain for a path: proxy_pass.c tells of these. */
static int is_told_elsewhere(const backhand_place *proxied, const backhand_place *chain)
{
    return strcasecmp(proxied->d->directive, "ProxyPass") == 0 && proxied->kind != BACKHAND_PLACE_PATTERN &&
           !chain->partial;
}

void backhand_config_note_proxied(const backhand_places *found, server_rec *s)
{
    int notes = 0;

    for (int i = 0; i < found->proxied->nelts && notes < NOTES_MAX; i++) {
        const backhand_place *proxied = &APR_ARRAY_IDX(found->proxied, i, backhand_place);
        const backhand_place *chain =
            backhand_place_is_on(found, found->passes, proxied) ? NULL : backhand_place_chain(found, proxied);
        if (chain && !is_told_elsewhere(proxied, chain)) {
            notes++;
            ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                         "backhand: %s:%d: %s has requests for which the chain at %s:%d stands, so that chain balances "
                         "none of them; add \"BackhandProxyPass On\" there to balance them, or \"Backhand off\" to say "
                         "that they stay",
                         proxied->d->filename, proxied->d->line_num, proxied->d->directive, chain->d->filename,
                         chain->d->line_num);
        }
    }
}
