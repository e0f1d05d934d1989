/* Who is protected by what: from what domains publish, a stream to what guards their mail; and every count as a table. */
#include "reports/html.h"
#include "reports/html_page.h"
#include "reports/protection.h"

/* Units of the picture. */
#define WIDTH 1000
#define LEFT 220           /* where streams begin, and end */
#define RIGHT 780
#define NODE_WIDTH 10
#define STREAMS_HEIGHT 260 /* of all of them together */
#define STREAM_LEAST 4     /* few among many are seen too */
#define NODE_LEAST 26      /* room for a line of text */
#define GAP 12
#define HEADING 34         /* above them */

static const char *const tones[GUARD_COUNT] = {
    [GUARD_DANE] = "deliver",    [GUARD_STS] = "deliver", [GUARD_POLICY] = "deliver",  [GUARD_ENCRYPTED] = "encrypted",
    [GUARD_CLEAR] = "downgrade", [GUARD_HELD] = "defer",  [GUARD_UNKNOWN] = "unknown",
};

/* What guards it, at the end of a sentence. */
static const char *const phrases[GUARD_COUNT] = {
    [GUARD_DANE] = "authenticated by DANE",             [GUARD_STS] = "authenticated by MTA-STS",
    [GUARD_POLICY] = "authenticated by own policy",     [GUARD_ENCRYPTED] = "encrypted, not authenticated",
    [GUARD_CLEAR] = "in the clear",                     [GUARD_HELD] = "not sent",
    [GUARD_UNKNOWN] = "not known",
};

struct node {
    size_t count;
    int    y, height;      /* of its bar */
    int    used;           /* by streams that are drawn already */
};

struct drawing {
    const struct protection *protection;
    struct node              left[PUBLISHES_COUNT], right[GUARD_COUNT];
    int                      height;
};

static int stream_height(const struct protection *protection, size_t n)
{
    int height = (int)((double)n / (double)protection->asked * STREAMS_HEIGHT);

    return n == 0 ? 0 : height > STREAM_LEAST ? height : STREAM_LEAST;
}

/* One under the other. Gives the height of all. */
static int place(struct node *nodes, size_t count)
{
    int    y = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        int room = nodes[i].height > NODE_LEAST ? nodes[i].height : NODE_LEAST;

        if (nodes[i].count == 0)
            continue;
        nodes[i].y = y + (room - nodes[i].height) / 2;
        y += room + GAP;
    }
    return y - GAP;
}

static void move(struct node *nodes, size_t count, int down)
{
    size_t i;

    for (i = 0; i < count; i++)
        nodes[i].y += down;
}

static void lay_out(struct drawing *drawing, const struct protection *protection)
{
    int p, g, left, right;

    *drawing = (struct drawing){ .protection = protection };
    for (p = 0; p < PUBLISHES_COUNT; p++) {
        drawing->left[p].count = protection->publishes[p];
        for (g = 0; g < GUARD_COUNT; g++) {
            drawing->left[p].height += stream_height(protection, protection->cells[p][g]);
            drawing->right[g].height += stream_height(protection, protection->cells[p][g]);
        }
    }
    for (g = 0; g < GUARD_COUNT; g++)
        drawing->right[g].count = protection->guards[g];
    left = place(drawing->left, PUBLISHES_COUNT);
    right = place(drawing->right, GUARD_COUNT);
    drawing->height = left > right ? left : right;
    move(drawing->left, PUBLISHES_COUNT, HEADING + (drawing->height - left) / 2);
    move(drawing->right, GUARD_COUNT, HEADING + (drawing->height - right) / 2);
}

/* The numbers are for readers of the table below; a pointer may follow streams and nodes too. */
static void put_link(struct buf *out, const char *field, size_t value, const char *tone, const char *what)
{
    html_printf(out, "<a href=\"#destinations\" tabindex=\"-1\" class=\"%s\" data-%s=\"%zu\" data-what=\"%s\">", tone, field,
                value, what);
}

static const char *what_of(struct region *region, int p, int g)
{
    return region_printf(region, "domain publishes %s; mail is %s", publishes_word((enum publishes)p), phrases[g]);
}

static void put_stream(struct region *region, struct buf *out, struct drawing *drawing, int p, int g)
{
    struct node *from = &drawing->left[p], *to = &drawing->right[g];
    size_t       n = drawing->protection->cells[p][g];
    int          height = stream_height(drawing->protection, n), middle = (LEFT + RIGHT) / 2;
    int          y = from->y + from->used, end = to->y + to->used;

    if (n == 0)
        return;
    from->used += height;
    to->used += height;
    put_link(out, "cell", (size_t)(p * GUARD_COUNT + g), tones[g], what_of(region, p, g));
    html_printf(out, "<title>%zu: %s</title>", n, what_of(region, p, g));
    html_printf(out, "<path class=\"stream\" d=\"M%d %dC%d %d %d %d %d %dV%dC%d %d %d %d %d %dZ\"/></a>\n", LEFT, y, middle, y,
                middle, end, RIGHT, end, end + height, middle, end + height, middle, y + height, LEFT, y + height);
}

static void put_node(struct buf *out, const struct node *node, bool is_left, const char *tone, size_t value, const char *word,
                     const char *what)
{
    int x = is_left ? LEFT - NODE_WIDTH : RIGHT;

    if (node->count == 0)
        return;
    put_link(out, is_left ? "publishes" : "guard", value, tone, what);
    html_printf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>", x, node->y, NODE_WIDTH, node->height);
    html_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" dominant-baseline=\"central\">", is_left ? x - 10 : x + 20,
                node->y + node->height / 2, is_left ? "end" : "start");
    if (is_left)
        html_printf(out, "%s <tspan class=\"number\">%zu</tspan></text></a>\n", word, node->count);
    else
        html_printf(out, "<tspan class=\"number\">%zu</tspan> %s</text></a>\n", node->count, word);
}

static void put_drawing(struct region *region, struct buf *out, const struct protection *protection)
{
    struct drawing drawing;
    int            p, g;

    lay_out(&drawing, protection);
    html_printf(out, "<svg class=\"streams\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\">\n"
                     "<text class=\"dim\" x=\"%d\" y=\"14\" text-anchor=\"end\">The domain publishes</text>"
                     "<text class=\"dim\" x=\"%d\" y=\"14\">its mail is guarded by</text>\n",
                WIDTH, HEADING + drawing.height + 4, LEFT, RIGHT);
    for (p = 0; p < PUBLISHES_COUNT; p++)
        for (g = 0; g < GUARD_COUNT; g++)
            put_stream(region, out, &drawing, p, g);
    for (p = 0; p < PUBLISHES_COUNT; p++)
        put_node(out, &drawing.left[p], true, "publishes", (size_t)p, publishes_word((enum publishes)p),
                 region_printf(region, "domain publishes %s", publishes_word((enum publishes)p)));
    for (g = 0; g < GUARD_COUNT; g++)
        put_node(out, &drawing.right[g], false, tones[g], (size_t)g, guard_word((enum guard)g),
                 region_printf(region, "mail is %s", phrases[g]));
    buf_add_text(out, "</svg>\n");
}

static void put_cell(struct region *region, struct buf *out, const struct protection *protection, int p, int g)
{
    size_t n = protection->cells[p][g];

    if (protection->guards[g] == 0)
        return;
    if (n == 0)
        buf_add_text(out, "<td class=\"zero\">0</td>");
    else
        html_printf(out, "<td class=\"n %s\"><a href=\"#destinations\" data-cell=\"%d\" data-what=\"%s\" aria-label=\"%zu: %s\">"
                         "%zu</a></td>",
                    tones[g], p * GUARD_COUNT + g, what_of(region, p, g), n, what_of(region, p, g), n);
}

static void put_table(struct region *region, struct buf *out, const struct protection *protection)
{
    int p, g;

    buf_add_text(out, "<table class=\"picture matrix\"><caption>Destinations by what their domains publish, and by what guards "
                      "mail to them</caption><thead><tr><th scope=\"col\">domain publishes</th>");
    for (g = 0; g < GUARD_COUNT; g++)
        if (protection->guards[g] > 0)
            html_printf(out, "<th scope=\"col\"><span>%s</span></th>", guard_word((enum guard)g));
    buf_add_text(out, "</tr></thead><tbody>\n");
    for (p = 0; p < PUBLISHES_COUNT; p++) {
        if (protection->publishes[p] == 0)
            continue;
        html_printf(out, "<tr><th scope=\"row\">%s</th>", publishes_word((enum publishes)p));
        for (g = 0; g < GUARD_COUNT; g++)
            put_cell(region, out, protection, p, g);
        buf_add_text(out, "</tr>\n");
    }
    buf_add_text(out, "</tbody></table>\n");
}

void html_protection(struct html_page *page, struct buf *out)
{
    struct protection protection;

    protection_count(&protection, page->report);
    if (protection.asked == 0)
        return;
    html_printf(out, "<section class=\"protection\" aria-labelledby=\"protection\"><h2 id=\"protection\">Who is protected by what"
                     "</h2><p>%s%s.</p>\n",
                page->report->as.mechanism != MECHANISM_NONE
                    ? region_printf(page->region, "As if %s were followed for all: ", mechanism_name(page->report->as.mechanism))
                    : "",
                protection_sentence(page->region, &protection));
    put_drawing(page->region, out, &protection);
    put_table(page->region, out, &protection);
    buf_add_text(out, "</section>\n");
}
