/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/received/mark_signature.h"

#include "act/received/mark.h"
#include "act/request/target.h"
#include "table/wall.h"

#include <apr_strings.h>

static backhand_signed_request signed_request_of(request_rec *r, const char *contact)
{
    return (backhand_signed_request){contact, r->method, apr_table_get(r->headers_in, "Host"), backhand_target(r)};
}

const char *backhand_mark_sign(request_rec *r, const backhand_config *conf, const char *mark, const char *contact)
{
    backhand_signed_request signed_request;

    if (!conf->keys) {
        return mark;
    }
    signed_request = signed_request_of(r, contact);
    return backhand_mark_seal(mark, &signed_request, conf->keys, backhand_table_wall(conf->table), r->pool);
}

/* This server's contact, as it announces it; NULL: not known yet. */
static const char *own_contact(const request_rec *r, const backhand_config *conf)
{
    char contact[BACKHAND_CONTACT_SIZE];
    return backhand_config_contact(conf, contact) ? apr_pstrdup(r->pool, contact) : NULL;
}

/* The contact with the address to which this connection came; NULL: it cannot be another one than this server's. Others
 * use it for a moment after this machine's address has changed. */
static const char *contact_of_connection(const request_rec *r, const backhand_config *conf)
{
    char contact[BACKHAND_CONTACT_SIZE];
    backhand_contact here = conf->contact;

    if (conf->contact_set) {
        return NULL;
    }
    apr_cpystrn(here.address, r->connection->local_ip, sizeof(here.address));
    backhand_contact_format(contact, &here);
    return apr_pstrdup(r->pool, contact);
}

/* @return NULL when it is signed for this contact, else what is wrong */
static const char *verify(request_rec *r, const backhand_config *conf, const char *header, const char *contact)
{
    backhand_signed_request signed_request = signed_request_of(r, contact);
    const char *wrong = backhand_mark_verify(header, &signed_request, conf->keys, conf->skew,
                                             backhand_table_wall(conf->table), r->pool);
    if (wrong) {
        apr_time_t before = backhand_table_wall_before(conf->table);
        wrong = backhand_mark_verify(header, &signed_request, conf->keys, conf->skew, before, r->pool) ? wrong : NULL;
    }
    return wrong;
}

const char *backhand_mark_check(request_rec *r, const backhand_config *conf, const char *header)
{
    const char *wrong, *here;

    if (!conf->keys || (conf->keys_optional && !backhand_mark_signed(header))) {
        return NULL;
    }
    wrong = verify(r, conf, header, own_contact(r, conf));
    if (wrong && (here = contact_of_connection(r, conf)) != NULL) {
        wrong = verify(r, conf, header, here) ? wrong : NULL;
    }
    return wrong;
}
