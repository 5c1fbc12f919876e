/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "act/request/target.h"
#include "act/request/location.h"

const char *backhand_target(const request_rec *r)
{
    const char *target = backhand_location_target(r->the_request, r->pool);
    return target ? target : r->unparsed_uri;
}
