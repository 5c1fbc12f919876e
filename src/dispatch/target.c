/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "dispatch/target.h"
#include "dispatch/location.h"

const char *backhand_target(const request_rec *r)
{
    const char *target = backhand_location_target(r->the_request, r->pool);
    return target ? target : r->unparsed_uri;
}
