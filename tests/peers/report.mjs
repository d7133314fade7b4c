// Open pages of riddle-report in Chromium: that nothing in them runs, that no
// request leaves, and that they fit the screen; pictures of them are kept.
// usage: report.mjs PLAYWRIGHT CHROMIUM SHOTS NAME=PAGE...
// Prints a line a check, "ok - NAME" or "not ok - NAME: why".
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join, resolve } from 'node:path';

const [playwright, executablePath, shots, ...pages] = process.argv.slice(2);
const { chromium } = createRequire(join(resolve(playwright), 'x.js'))('playwright-core');
let failed = 0;

function check(name, why) {
	failed += why ? 1 : 0;
	console.log(why ? `not ok - ${name}: ${why}` : `ok - ${name}`);
}

// Elements that reach beyond the right edge of the window; a wide table may,
// in a frame of its own.
function tooWide() {
	const limit = document.documentElement.clientWidth + 1, found = [];
	for (const e of document.body.querySelectorAll('*'))
		if (!e.parentElement.closest('.wide, svg') &&
		    e.getBoundingClientRect().right > limit)
			found.push(`${e.tagName}.${e.className}`);
	if (document.documentElement.scrollWidth > limit)
		found.push(`page ${document.documentElement.scrollWidth}`);
	return found.slice(0, 3).join(', ');
}

// Texts of plots that are smaller than can be read.
function tooSmall() {
	const found = [];
	for (const t of document.querySelectorAll('svg text')) {
		const r = t.getBoundingClientRect();
		if (r.width > 0 && r.height < 9)
			found.push(t.textContent + ' ' + r.height);
	}
	return found.slice(0, 3).join(', ');
}

function broken() {
	const found = [...document.images].filter((i) => i.naturalWidth === 0);
	return found.length > 0 ? `${found.length} broken` : '';
}

// What a hostile record would love to have in the page.
function alive() {
	const bad = [];
	for (const e of document.querySelectorAll('*')) {
		if (/^(script|iframe|object|embed|form|base|link|foreignobject|use|animate|set)$/i.test(e.tagName))
			bad.push(e.tagName);
		for (const a of e.attributes)
			if (/^on/i.test(a.name) || (/^(href|xlink:href|action|srcdoc)$/i.test(a.name) && !a.value.startsWith('#')) ||
			    (a.name === 'src' && !a.value.startsWith('data:image/')))
				bad.push(`${e.tagName} ${a.name}`);
	}
	if (globalThis.pwned !== undefined)
		bad.push('a script ran');
	return bad.slice(0, 3).join(', ');
}

async function look(browser, name, page, width, colorScheme) {
	const label = `${name}, ${width} px, ${colorScheme}`;
	const context = await browser.newContext({ colorScheme,
		viewport: { width, height: 900 } });
	const tab = await context.newPage();
	const asked = [], noise = [];
	const own = pathToFileURL(page).href;

	tab.on('request', (r) => {
		if (r.url() !== own && !r.url().startsWith('data:'))
			asked.push(r.url());
	});
	tab.on('dialog', (d) => { noise.push('dialog'); d.dismiss(); });
	tab.on('pageerror', (e) => noise.push(e.message));
	tab.on('console', (m) => noise.push(m.text()));
	await tab.goto(own);
	for (const a of await tab.$$('nav a'))
		await a.click();
	await tab.waitForTimeout(100);
	check(`${label}: no request leaves`, asked.join(', '));
	check(`${label}: no script, no message`, noise.join(', ') || await tab.evaluate(alive));
	check(`${label}: no sideways scrolling`, await tab.evaluate(tooWide));
	check(`${label}: letters in plots can be read`, await tab.evaluate(tooSmall));
	check(`${label}: every picture is one`, await tab.evaluate(broken));
	check(`${label}: it stays on its own page`, tab.url().split('#')[0] === own ? '' : tab.url());
	await tab.evaluate(() => scrollTo(0, 0));
	await tab.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
	await context.close();
}

const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
for (const p of pages) {
	const at = p.indexOf('=');
	for (const [width, scheme] of [[1280, 'light'], [1280, 'dark'], [800, 'light'], [400, 'light'], [400, 'dark']])
		await look(browser, p.slice(0, at), p.slice(at + 1), width, scheme);
}
await browser.close();
process.exit(failed > 0 ? 1 : 0);
