/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "walk/result.h"

backhand_walk_result backhand_walk_result_of(backhand_handoff_result attempt, int repeatable)
{
    switch (attempt) {
    case BACKHAND_ANSWERED:
        return BACKHAND_RESULT_ANSWERED;
    case BACKHAND_REFUSED:
        return BACKHAND_RESULT_FAILED;
    case BACKHAND_UNWANTED:
    case BACKHAND_STALE:
    case BACKHAND_DROPPED:
        return repeatable ? BACKHAND_RESULT_FAILED : BACKHAND_RESULT_LOST;
    case BACKHAND_TIMED_OUT:
        return BACKHAND_RESULT_TIMED_OUT;
    case BACKHAND_GONE:
        return BACKHAND_RESULT_GONE;
    case BACKHAND_CLIENT:
        return BACKHAND_RESULT_CLIENT;
    default:
        return BACKHAND_RESULT_LOST;
    }
}
