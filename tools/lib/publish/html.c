/*
 * HTML and SVG by hand: small, without scripts, readable on a phone.
 * Appends to a buffer.  Knows nothing of records.
 */
#include "publish/html.h"

#include <stdio.h>
#include <string.h>

void
rdl_html_text(struct rdl_buf *out, const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		switch (p[i]) {
		case '<': rdl_buf_adds(out, "&lt;"); break;
		case '>': rdl_buf_adds(out, "&gt;"); break;
		case '&': rdl_buf_adds(out, "&amp;"); break;
		case '"': rdl_buf_adds(out, "&quot;"); break;
		case '\'': rdl_buf_adds(out, "&#39;"); break;
		case '\n': rdl_buf_addc(out, '\n'); break;
		default:
			rdl_buf_addc(out, (unsigned char)p[i] < ' ' ? ' ' :
			    p[i]);
		}
}

void
rdl_html_str(struct rdl_buf *out, const char *s)
{
	rdl_html_text(out, s, strlen(s));
}

void
rdl_html_short(struct rdl_buf *out, const char *p, size_t len, size_t max)
{
	size_t n = max;

	if (len <= max) {
		rdl_html_text(out, p, len);
		return;
	}
	while (n > 0 && ((unsigned char)p[n] & 0xc0) == 0x80)
		n--;
	rdl_html_text(out, p, n);
	rdl_buf_adds(out, "&#8230;");
}

/* Colours: what passed, what was dropped, what failed, the other of two. */
static const char colours[] =
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1f2529;--dim:#5c666e;"
    "--line:#dde2e5;--card:#f8f9f9;--ok:#2a7f62;--drop:#b7bec5;--fail:#bf443b;"
    "--two:#7a67ad;--ts:42%;--tl:86%;--te:#fff}"
    "@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#dce1e5;"
    "--dim:#98a3ab;--line:#30363b;--card:#1b1f23;--ok:#4cab88;--drop:#5b656e;"
    "--fail:#e2776e;--two:#a391d6;--ts:22%;--tl:27%;--te:#14171a}}"
    ".ok{fill:var(--ok)}.drop{fill:var(--drop)}.fail{fill:var(--fail)}"
    ".two{fill:var(--two)}"
    "i.ok{background:var(--ok)}i.drop{background:var(--drop)}"
    "i.fail{background:var(--fail)}i.two{background:var(--two)}";

static const char text_style[] =
    "*{box-sizing:border-box}"
    "body{font:16px/1.5 system-ui,-apple-system,sans-serif;margin:0 auto;"
    "max-width:74rem;padding:1.5rem 1rem 3rem;color:var(--fg);"
    "background:var(--bg);overflow-wrap:anywhere}"
    "h1{font-size:1.7rem;line-height:1.25;margin:0 0 .75rem}"
    "h2{font-size:1.2rem;margin:3rem 0 .75rem;padding-top:.75rem;"
    "border-top:1px solid var(--line)}"
    "h3{font-size:1rem;margin:1.75rem 0 .6rem}"
    "p{margin:.5rem 0}.dim{color:var(--dim);font-size:.85rem}"
    "nav{font-size:.9rem;line-height:1.9}nav a{margin-right:1rem;"
    "white-space:nowrap}"
    "a{color:inherit;text-decoration-color:var(--dim);"
    "text-underline-offset:.2em}"
    ".tiles{display:flex;flex-wrap:wrap;gap:.5rem 2.25rem;margin:1rem 0}"
    ".tiles div{display:flex;flex-direction:column-reverse}"
    ".tiles dt{color:var(--dim);font-size:.85rem}"
    ".tiles dd{margin:0;font-size:1.5rem;font-weight:600;line-height:1.3;"
    "font-variant-numeric:tabular-nums}"
    ".key{font-size:.9rem;color:var(--dim)}"
    ".key i{display:inline-block;width:.75em;height:.75em;border-radius:.15em;"
    "margin:0 .35em 0 1em}.key i:first-child{margin-left:0}"
    "mark{background:none;color:inherit;text-decoration:underline;"
    "text-decoration-color:var(--ok);text-decoration-thickness:.14em;"
    "text-underline-offset:.2em}";

static const char table_style[] =
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;"
    "font-variant-numeric:tabular-nums}"
    "th,td{padding:.35rem .5rem;text-align:right;"
    "border-bottom:1px solid var(--line)}"
    "th{font-weight:600;font-size:.85rem;color:var(--dim)}"
    "th:first-child,td:first-child,.t{text-align:left}"
    "th,td{overflow-wrap:normal;white-space:nowrap}"
    "th:first-child,td:first-child,td.t{padding-left:0;white-space:normal;"
    "overflow-wrap:anywhere;min-width:8rem}"
    "td.bar{width:34%}"
    "td small{display:block;color:var(--dim)}"
    "@media(max-width:44rem){table tr:first-child{display:none}"
    "table tr{display:flex;flex-wrap:wrap;gap:0 .9rem;padding:.45rem 0;"
    "border-bottom:1px solid var(--line)}"
    "td,td:first-child{border:0;padding:0;text-align:left;font-size:.9rem}"
    "td:first-child{flex:1 0 100%;font-size:1rem}td.t{min-width:0}"
    "td.bar{flex:1 0 100%;padding:.2rem 0}td:empty{display:none}"
    "td[data-l]::before{content:attr(data-l) \" \";color:var(--dim)}}";

static const char picture_style[] =
    "svg.s{display:block;width:100%;height:auto}"
    ".bar svg{height:.75rem;border-radius:.15rem}"
    ".bar svg+svg{margin-top:2px}"
    "svg text{fill:var(--fg);font-size:12px}svg .d{fill:var(--dim);"
    "font-size:11px}"
    ".grid{stroke:var(--line)}.line{fill:none;stroke:var(--ok);"
    "stroke-width:2;stroke-linejoin:round}.area{fill:var(--ok);opacity:.13}"
    ".plots,.cards,.pairs{display:grid;gap:1rem;align-items:start;"
    "grid-template-columns:repeat(auto-fill,minmax(min(100%,21rem),1fr))}"
    ".cards{grid-template-columns:repeat(auto-fill,minmax(min(100%,10.5rem),"
    "1fr));gap:1.25rem .75rem}"
    ".plots{margin-bottom:1rem}figure{margin:0}"
    "figcaption{font-size:.9rem;margin-bottom:.4rem}"
    "img{display:block;width:100%;height:auto;aspect-ratio:1;"
    "border-radius:.3rem;background:var(--line)}"
    ".sheet{display:grid;gap:.35rem;"
    "grid-template-columns:repeat(auto-fill,minmax(5.25rem,1fr))}"
    ".card{font-size:.9rem;line-height:1.4}.card p{margin:.3rem 0 0}"
    ".answer{font-weight:600}.why{color:var(--fail)}"
    ".pair{border:1px solid var(--line);border-radius:.5rem;"
    "background:var(--card);padding:.75rem;font-size:.9rem}"
    ".two-up{display:grid;grid-template-columns:1fr 1fr;gap:.25rem .6rem}"
    ".two-up p{grid-column:1/-1;margin:.6rem 0 0}"
    ".two-up b{font-variant-numeric:tabular-nums}"
    ".two-up .dim{grid-column:auto;margin:0}"
    "svg.narrow-only{display:none;max-width:34rem}"
    "@media(max-width:44rem){svg.wide-only{display:none}"
    "svg.narrow-only{display:block}}"
    ".cell{stroke:var(--te);stroke-width:1.5}";

/* The hues of a treemap, one for each branch. */
static const short hues[] = { 160, 215, 32, 265, 90, 340, 190, 55, 300, 10 };

static void
add_style(struct rdl_buf *out)
{
	size_t i;

	rdl_buf_adds(out, "<style>");
	rdl_buf_adds(out, colours);
	rdl_buf_adds(out, text_style);
	rdl_buf_adds(out, table_style);
	rdl_buf_adds(out, picture_style);
	for (i = 0; i < sizeof(hues) / sizeof(hues[0]); i++)
		rdl_buf_addf(out, ".c%zu{fill:hsl(%d var(--ts) var(--tl))}", i,
		    hues[i]);
	rdl_buf_adds(out, "</style>\n");
}

void
rdl_html_head(struct rdl_buf *out, const char *title)
{
	rdl_buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta "
	    "charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
	    "content=\"default-src 'none'; img-src data:; style-src "
	    "'unsafe-inline'\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n<title>");
	rdl_html_str(out, title);
	rdl_buf_adds(out, "</title>\n");
	add_style(out);
	rdl_buf_adds(out, "<body>\n<h1>");
	rdl_html_str(out, title);
	rdl_buf_adds(out, "</h1>\n");
}

void
rdl_html_bar(struct rdl_buf *out, const struct rdl_html_part *parts, size_t n,
    double whole)
{
	double at = 0, width;
	size_t i;

	rdl_buf_adds(out, "<svg class=\"s\" viewBox=\"0 0 300 14\" "
	    "preserveAspectRatio=\"none\" role=\"img\" aria-hidden=\"true\">");
	for (i = 0; i < n && whole > 0; i++) {
		width = 300 * parts[i].value / whole;
		if (!(width > 0))
			continue;
		if (!(width < 300 - at))
			width = 300 - at;
		rdl_buf_addf(out, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\""
		    " height=\"14\"/>", parts[i].class_name, at, width);
		at += width;
	}
	rdl_buf_adds(out, "</svg>");
}

void
rdl_html_count(struct rdl_buf *out, int64_t n)
{
	char digits[32];
	int len = snprintf(digits, sizeof(digits), "%lld", (long long)n), i;

	for (i = 0; i < len; i++) {
		if (i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0)
			rdl_buf_adds(out, "&#8239;");
		rdl_buf_addc(out, digits[i]);
	}
}

void
rdl_html_change(struct rdl_buf *out, int64_t n)
{
	if (n > 0)
		rdl_buf_addc(out, '+');
	else if (n < 0)
		rdl_buf_adds(out, "&#8722;");
	rdl_html_count(out, n < 0 && n != INT64_MIN ? -n : n);
}
