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

static const char style[] =
    ":root{color-scheme:light dark;--ok:#2a7f62;--drop:#b9bec6;--fail:#c8443c;"
    "--line:#8886}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;"
    "padding:1rem}"
    "h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}"
    "table{border-collapse:collapse;width:100%}"
    ".wide{overflow-x:auto}"
    "th,td{padding:.25rem .5rem;text-align:right;"
    "border-bottom:1px solid var(--line);vertical-align:top}"
    "th:first-child,td:first-child,.t{text-align:left}"
    "td.bar{width:35%;min-width:8rem}"
    "svg{display:block;width:100%;height:auto}"
    ".ok{fill:var(--ok)}.drop{fill:var(--drop)}.fail{fill:var(--fail)}"
    ".axis{fill:currentColor;font-size:9px}"
    ".cards{display:grid;gap:1rem;"
    "grid-template-columns:repeat(auto-fill,minmax(16rem,1fr))}"
    ".card{border:1px solid var(--line);border-radius:.5rem;padding:.75rem;"
    "overflow-wrap:anywhere}"
    ".card img{display:block;width:160px;height:160px;border-radius:.25rem;"
    "background:#8883}"
    ".answer{font-weight:600}"
    ".card p{margin:.4rem 0 0}.why{color:var(--fail)}"
    ".dim{opacity:.7;font-size:.85rem}"
    ".key span{display:inline-block;width:.8em;height:.8em;"
    "margin:0 .3em 0 1em}";

void
rdl_html_head(struct rdl_buf *out, const char *title)
{
	rdl_buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta "
	    "charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" "
	    "content=\"default-src 'none'; img-src data:; style-src "
	    "'unsafe-inline'\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n<title>");
	rdl_html_str(out, title);
	rdl_buf_addf(out, "</title>\n<style>%s</style>\n<body>\n<h1>", style);
	rdl_html_str(out, title);
	rdl_buf_adds(out, "</h1>\n");
}

void
rdl_html_bar(struct rdl_buf *out, const struct rdl_html_part *parts, size_t n,
    double whole)
{
	double at = 0, width;
	size_t i;

	rdl_buf_adds(out, "<svg viewBox=\"0 0 300 14\" "
	    "preserveAspectRatio=\"none\" role=\"img\" aria-hidden=\"true\">");
	for (i = 0; i < n && whole > 0; i++) {
		width = 300 * parts[i].value / whole;
		if (width <= 0)
			continue;
		rdl_buf_addf(out, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\""
		    " height=\"14\"/>", parts[i].class_name, at, width);
		at += width;
	}
	rdl_buf_adds(out, "</svg>");
}

void
rdl_html_histogram(struct rdl_buf *out, const uint64_t *bins, size_t n,
    double lo, double hi)
{
	uint64_t top = 1;
	double w = 300.0 / (double)n, h;
	size_t i;

	for (i = 0; i < n; i++)
		if (bins[i] > top)
			top = bins[i];
	rdl_buf_adds(out, "<svg viewBox=\"0 0 300 92\" role=\"img\">");
	for (i = 0; i < n; i++) {
		h = 78.0 * (double)bins[i] / (double)top;
		rdl_buf_addf(out, "<rect class=\"ok\" x=\"%.2f\" y=\"%.2f\" "
		    "width=\"%.2f\" height=\"%.2f\"><title>%.3g to %.3g: %llu"
		    "</title></rect>", w * (double)i + 0.5, 80 - h, w - 1, h,
		    lo + (hi - lo) * (double)i / (double)n,
		    lo + (hi - lo) * (double)(i + 1) / (double)n,
		    (unsigned long long)bins[i]);
	}
	rdl_buf_addf(out, "<text class=\"axis\" x=\"0\" y=\"91\">%.2f</text>"
	    "<text class=\"axis\" x=\"300\" y=\"91\" text-anchor=\"end\">%.2f"
	    "</text><text class=\"axis\" x=\"150\" y=\"91\" "
	    "text-anchor=\"middle\">highest bar: %llu</text></svg>\n", lo, hi,
	    (unsigned long long)top);
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
