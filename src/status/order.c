/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "status/order.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Compares the numbers that both texts begin with, and moves both behind them. */
static int compare_numbers(const char **a, const char **b)
{
    const char *x = *a + strspn(*a, "0"), *y = *b + strspn(*b, "0");
    size_t m = strspn(x, "0123456789"), n = strspn(y, "0123456789");

    *a = x + m;
    *b = y + n;
    return m != n ? (m < n ? -1 : 1) : strncmp(x, y, m);
}

int backhand_name_compare(const char *a, const char *b)
{
    const char *x = a, *y = b;
    while (*x && *y) {
        if (isdigit((unsigned char)*x) && isdigit((unsigned char)*y)) {
            int order = compare_numbers(&x, &y);
            if (order != 0) {
                return order;
            }
        }
        else if (*x != *y) {
            break;
        }
        else {
            x++;
            y++;
        }
    }
    return *x == *y ? strcmp(a, b) : (unsigned char)*x - (unsigned char)*y;
}

static int is_gone(const backhand_row *row)
{
    return (row->state == BACKHAND_ROW_LEFT && row->lasts > BACKHAND_GONE_LEFT) ||
           (row->state == BACKHAND_ROW_DEAD && row->lasts > BACKHAND_GONE_DEAD);
}

int backhand_places_read(backhand_place **places, int *gone, const backhand_table *table, apr_pool_t *p)
{
    int used = backhand_table_used(table), n = 0, read = 0;
    backhand_row *rows = apr_palloc(p, (apr_size_t)used * sizeof(*rows));
    apr_time_t now = backhand_table_now(table);

    *places = apr_pcalloc(p, (apr_size_t)used * sizeof(**places));
    for (int id = 0; id < used; id++) {
        if (backhand_row_read(&rows[read], table, id, now)) {
            n += !is_gone(&rows[read]);
            read++;
        }
    }
    *gone = read - n;
    for (int i = 0, here = 0, there = n; i < read; i++) {
        (*places)[is_gone(&rows[i]) ? there++ : here++].row = &rows[i];
    }
    return n;
}

static int by_name(const void *a, const void *b)
{
    const serverstat *x = &((const backhand_place *)a)->row->announcement.stat;
    const serverstat *y = &((const backhand_place *)b)->row->announcement.stat;
    int order = backhand_name_compare(x->hostname, y->hostname);
    return order != 0 ? order : backhand_name_compare(x->contact, y->contact);
}

static int smallest_first(const void *a, const void *b)
{
    int64_t x = ((const backhand_place *)a)->value, y = ((const backhand_place *)b)->value;
    return x != y ? (x < y ? -1 : 1) : by_name(a, b);
}

static int largest_first(const void *a, const void *b)
{
    int64_t x = ((const backhand_place *)a)->value, y = ((const backhand_place *)b)->value;
    return x != y ? (x > y ? -1 : 1) : by_name(a, b);
}

void backhand_places_sort(backhand_place *places, int n, int direction)
{
    qsort(places, (size_t)n, sizeof(*places),
          direction == 0  ? by_name
          : direction > 0 ? smallest_first
                          : largest_first);
}
