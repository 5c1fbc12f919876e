/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "candidacy/builtins.h"
#include "base/number.h"
#include "candidacy/name_format.h"

#include <string.h>
#include <strings.h>

/* --- arguments --------------------------------------------------------------------------------------------- */

int backhand_argument_whole(int64_t *out, const char *arg)
{
    return backhand_number_read(out, arg, 0, BACKHAND_ARGUMENT_MAX);
}

int backhand_argument_thousandths(int64_t *out, const char *arg)
{
    uint64_t value;
    const char *end = backhand_thousandths_read(&value, arg);
    if (end == arg || *end || value / 1000 > BACKHAND_ARGUMENT_MAX) {
        return 0;
    }
    *out = (int64_t)value;
    return 1;
}

static const char *check_none(const char *arg)
{
    return arg ? "takes no argument" : NULL;
}

static const char *check_seconds(const char *arg)
{
    int64_t value;
    return !arg || backhand_argument_whole(&value, arg)
               ? NULL
               : "takes the age in seconds as a whole number from 0 to 2147483647 (default 20)";
}

static const char *check_load_bias(const char *arg)
{
    int64_t value;
    return !arg || backhand_argument_thousandths(&value, arg)
               ? NULL
               : "takes the bias for this server as a load of 0 or more, as in 0.5 (default 0)";
}

static const char *check_children_bias(const char *arg)
{
    int64_t value;
    return !arg || backhand_argument_whole(&value, arg)
               ? NULL
               : "takes the bias for this server as a whole number of workers from 0 on, as in 2 (default 0)";
}

static const char *check_time_bias(const char *arg)
{
    int64_t value;
    return !arg || backhand_argument_thousandths(&value, arg)
               ? NULL
               : "takes the bias for this server in milliseconds as a number of 0 or more, as in 0.5 (default 0)";
}

static const char *check_spill(const char *arg)
{
    int64_t value;
    return !arg || backhand_argument_whole(&value, arg)
               ? NULL
               : "takes the percentage by which this server's zone may be slower than others, as a whole number from 0 "
                 "to 2147483647 (default 20)";
}

static const char *check_format(const char *arg)
{
    return arg ? backhand_name_check(arg) : NULL;
}

/* --- the table --------------------------------------------------------------------------------------------- */

static const backhand_builtin builtins[] = {
    {"removeSelf", backhand_remove_self, check_none, 0},
    {"addSelf", backhand_add_self, check_none, 0},
    {"byAge", backhand_by_age, check_seconds, 0},
    {"byRandom", backhand_by_random, check_none, 0},
    {"byLogWindow", backhand_by_log_window, check_none, 0},
    {"byLoad", backhand_by_load, check_load_bias, 0},
    {"byBusyChildren", backhand_by_busy_children, check_children_bias, 0},
    {"byCPU", backhand_by_cpu, check_none, 0},
    {"byCost", backhand_by_cost, check_none, 0},
    {"byExpectedTime", backhand_by_expected_time, check_time_bias, 0},
    {"byPrequal", backhand_by_prequal, check_none, 0},
    {"byWeight", backhand_by_weight, check_none, 0},
    {"byZone", backhand_by_zone, check_spill, 0},
    {"addPrediction", backhand_add_prediction, check_none, 0},
    {"HTTPRedirectToIP", backhand_redirect_to_ip, check_none, 0},
    {"HTTPRedirectToName", backhand_redirect_to_name, check_format, 0},
    {NULL, NULL, NULL, 0},
};

const backhand_builtin *backhand_builtins(void)
{
    return builtins;
}

const backhand_builtin *backhand_builtin_find(const char *name)
{
    for (const backhand_builtin *builtin = builtins; builtin->name; builtin++) {
        if (!strcasecmp(builtin->name, name)) {
            return builtin;
        }
    }
    return NULL;
}
