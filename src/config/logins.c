/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

/* Logins that hold at one server only, in places whose requests a chain hands off. */

#include "config/places.h"

#include <http_log.h>

#include <strings.h>

APLOG_USE_MODULE(backhand);

/* The log tells of no more than these: nobody would read them. */
#define NOTES_MAX 20

void backhand_config_note_logins(const backhand_places *found, server_rec *s)
{
    int notes = 0;

    for (int i = 0; i < found->logins->nelts && notes < NOTES_MAX; i++) {
        const backhand_place *login = &APR_ARRAY_IDX(found->logins, i, backhand_place);
        const backhand_place *chain =
            backhand_place_is_on(found, found->trusts, login) ? NULL : backhand_place_chain(found, login);
        if (chain) {
            const char *type = backhand_place_word(login, found->p);
            notes++;
            ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, s,
                         "backhand: %s:%d: AuthType %s applies where the chain at %s:%d does: %s; write "
                         "\"BackhandTrustUser On\" or \"Backhand off\" there",
                         login->d->filename, login->d->line_num, type, chain->d->filename, chain->d->line_num,
                         strcasecmp(type, "Digest") == 0
                             ? "a login holds at one server only, so the other server refuses the request"
                             : "a login holds at another server only if all servers share their sessions");
        }
    }
}
