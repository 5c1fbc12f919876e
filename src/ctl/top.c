/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "ctl/commands.h"
#include "ctl/servers.h"
#include "ctl/terminal.h"
#include "table/attach.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

#define CLEAR_LINE "\033[K"
#define HOME       "\033[H"
#define CLEAR_REST "\033[J"
#define REVERSE    "\033[7m"
#define RED        "\033[31m"
#define PLAIN      "\033[0m"

/* The rest of the screen. */
typedef struct screen {
    int lines, columns;
} screen;

/* Draws one line, cut to the screen's width. A line that filled the last line of the screen would scroll it. */
static void draw(screen *left, const char *color, const char *text)
{
    if (left->lines > 1) {
        printf("%s%.*s%s" CLEAR_LINE "\r\n", color, left->columns - 1, text, *color ? PLAIN : "");
        left->lines--;
    }
}

/* Draws each line of a text. */
static void draw_lines(screen *left, const char *text)
{
    while (*text) {
        int length = (int)strcspn(text, "\n");
        if (left->lines > 1) {
            printf("%.*s" CLEAR_LINE "\r\n", length < left->columns ? length : left->columns - 1, text);
            left->lines--;
        }
        text += length + (text[length] == '\n');
    }
}

static void draw_table(const backhand_table *table, ctl_order order, apr_pool_t *p)
{
    apr_array_header_t *rows = ctl_rows(table, order, p);
    screen left;

    ctl_terminal_size(&left.lines, &left.columns);
    fputs(HOME, stdout);
    draw(&left, "", ctl_summary(table, rows, p));
    draw_lines(&left, ctl_counts(table, p));
    draw(&left, "", apr_psprintf(p, "by %s; o: another order, q: end", ctl_order_name(order)));
    draw(&left, REVERSE, ctl_heading(p));
    for (int i = 0; i < rows->nelts; i++) {
        const backhand_row *row = &APR_ARRAY_IDX(rows, i, backhand_row);
        draw(&left, row->state == BACKHAND_ROW_ALIVE ? "" : RED, ctl_row_line(row, p));
    }
    fputs(CLEAR_REST, stdout);
    fflush(stdout);
}

/* Attaches anew each time: a restart of httpd may make another table. While there is none, says so. */
static void look(const ctl *command, ctl_order order, apr_pool_t *p)
{
    backhand_table *table;
    const char *wrong;
    screen left;

    if (backhand_table_attach(&table, command->dir, 0, &wrong, p) == APR_SUCCESS) {
        draw_table(table, order, p);
        backhand_table_unmap(table);
        return;
    }
    ctl_terminal_size(&left.lines, &left.columns);
    fputs(HOME, stdout);
    draw_lines(&left, wrong);
    fputs(CLEAR_REST, stdout);
    fflush(stdout);
}

int ctl_top(ctl *command)
{
    int ms = (int)command->seconds * 1000, key = 0;
    ctl_order order = CTL_BY_ID;
    apr_pool_t *p;

    apr_pool_create(&p, command->pool);
    if (!ctl_terminal_begin()) {
        return ctl_fail(CTL_FAILED, "top needs a terminal; use \"backhandctl status\"");
    }
    while (key >= 0 && key != 'q') {
        if (key == 'o') {
            order = (order + 1) % CTL_ORDERS;
        }
        look(command, order, p);
        apr_pool_clear(p);
        key = ctl_terminal_key(ms);
    }
    ctl_terminal_end();
    return CTL_OK;
}
