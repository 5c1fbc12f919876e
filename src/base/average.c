/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "base/average.h"

#define PART 8

int64_t backhand_average_add(int64_t average, int64_t value)
{
    return average + (value - average) / PART;
}

int64_t backhand_average_add_time(int64_t average, int64_t usec)
{
    int64_t after = average == 0 ? usec : backhand_average_add(average, usec);
    return after > 0 ? after : 1;
}
