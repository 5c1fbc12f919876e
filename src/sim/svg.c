/* Licensed to the public under the Apache License, Version 2.0; see the file LICENSE. */

#include "sim/svg.h"

#include <math.h>

#define WIDTH  860
#define LEFT   70
#define CHART  560
#define TOP    60
#define HEIGHT 300
/* From one chart to the next. */
#define STEP 380
/* Shares of the slowest: from all to one in ten thousand. */
#define DECADES 4
#define POINTS  80

static const char *const colours[] = {"#1b6ca8", "#c8553d", "#2f9e44", "#8e44ad", "#d9a404",
                                      "#0f8b8d", "#a61e4d", "#5c677d", "#7cb518", "#3a0ca3"};
#define COLOURS (int)(sizeof(colours) / sizeof(colours[0]))

/* The times that a chart shows, as decades of seconds. */
typedef struct axis {
    int least, most;
    int top; /* of the chart, in the picture */
} axis;

static void write_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<' || *text == '>' || *text == '&' || *text == '"') {
            fprintf(out, "&#%d;", *text);
        }
        else if ((unsigned char)*text >= ' ') {
            fputc(*text, out);
        }
    }
}

static double x_of(double slower)
{
    return LEFT + CHART * -log10(slower) / DECADES;
}

static double y_of(const axis *it, double us)
{
    double decades = fmin(fmax(log10(fmax(us, 1) / 1e6), it->least), it->most);
    return it->top + HEIGHT * (it->most - decades) / (it->most - it->least);
}

static axis axis_of(const sim_scenario *scenario, const sim_outcome *outcome, int top)
{
    double least = INFINITY, most = 0;
    axis it = {-1, 0, top};

    for (int i = 0; i < scenario->n_policies; i++) {
        const sim_histogram *times = &outcome->results[i].times;
        if (times->n) {
            least = fmin(least, sim_histogram_quantile(times, 0.1));
            most = fmax(most, sim_histogram_quantile(times, 0.9999));
        }
    }
    if (most > 0) {
        it.least = (int)floor(log10(fmax(least, 1) / 1e6));
        it.most = (int)ceil(log10(fmax(most, 1) / 1e6));
        it.most = it.most > it.least ? it.most : it.least + 1;
    }
    return it;
}

static void write_axes(FILE *out, const axis *it)
{
    static const struct {
        double slower;
        const char *name;
    } ticks[] = {{1, "min"}, {0.5, "p50"}, {0.1, "p90"}, {0.01, "p99"}, {0.001, "p99.9"}, {0.0001, "p99.99"}};

    for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
        double x = x_of(ticks[i].slower);
        fprintf(out, "<path class='grid' d='M%.1f %dV%d'/><text x='%.1f' y='%d' text-anchor='middle'>%s</text>\n", x,
                it->top, it->top + HEIGHT, x, it->top + HEIGHT + 16, ticks[i].name);
    }
    for (int decade = it->least; decade <= it->most; decade++) {
        double y = y_of(it, pow(10, decade) * 1e6);
        fprintf(out, "<path class='grid' d='M%d %.1fH%d'/><text x='%d' y='%.1f' text-anchor='end'>%g %s</text>\n", LEFT,
                y, LEFT + CHART, LEFT - 6, y + 4, pow(10, decade < 0 ? decade + 3 : decade), decade < 0 ? "ms" : "s");
    }
}

/* As far out as there are some requests beyond. */
static void write_curve(FILE *out, const axis *it, const sim_histogram *times, const char *colour)
{
    fprintf(out, "<polyline fill='none' stroke='%s' stroke-width='2' points='", colour);
    for (int i = 0; i <= POINTS; i++) {
        double slower = pow(10, -(double)DECADES * i / POINTS);
        if (slower * (double)times->n >= 3) {
            fprintf(out, "%.1f,%.1f ", x_of(slower), y_of(it, sim_histogram_quantile(times, 1 - slower)));
        }
    }
    fprintf(out, "'/>\n");
}

static void write_case(FILE *out, const sim_scenario *scenario, const sim_outcome *outcome, int top)
{
    axis it = axis_of(scenario, outcome, top);

    fprintf(out, "<text class='case' x='%d' y='%d'>%d dispatcher%s, figures on responses %s</text>\n", LEFT, top - 10,
            outcome->its_case.dispatchers, outcome->its_case.dispatchers == 1 ? "" : "s",
            outcome->its_case.figures ? "on" : "off");
    write_axes(out, &it);
    for (int i = 0; i < scenario->n_policies; i++) {
        const sim_histogram *times = &outcome->results[i].times;
        const char *colour = colours[i % COLOURS];
        int y = top + 12 + 18 * i;
        write_curve(out, &it, times, colour);
        fprintf(out, "<path stroke='%s' stroke-width='3' d='M%d %dh18'/><text x='%d' y='%d'>", colour,
                LEFT + CHART + 16, y - 4, LEFT + CHART + 40, y);
        write_text(out, scenario->policies[i].name);
        fprintf(out, " (p99 %.3g s)</text>\n", sim_histogram_quantile(times, 0.99) / 1e6);
    }
}

void sim_svg_write(FILE *out, const sim_scenario *scenario, const sim_outcome *outcomes, int n)
{
    int legend = 18 * scenario->n_policies, step = legend > STEP - 60 ? legend + 60 : STEP;

    fprintf(out,
            "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='12'>\n"
            "<style>.grid{stroke:#ddd;fill:none}.case{font-weight:bold}</style>\n"
            "<rect width='100%%' height='100%%' fill='white'/>\n<text x='%d' y='24' font-size='16'>",
            WIDTH, TOP + n * step, LEFT);
    write_text(out, scenario->title);
    fprintf(out, "</text>\n");
    for (int i = 0; i < n; i++) {
        write_case(out, scenario, &outcomes[i], TOP + i * step);
    }
    fprintf(out, "</svg>\n");
}
