/**
 * The report and the plan page in a real browser, in both themes, at a desktop's and a phone's width, and on paper:
 * nothing asked of the network, nothing said on the console, nothing wider than the screen. Screenshots are left in
 * reports/screenshots.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { rowsOfPlan } from "../../core/engine/plan-text";
import { reportOf } from "../../core/report/model";
import { planPage } from "../../core/report/page/plan-page";
import { reportPage } from "../../core/report/page/report-page";
import { context, forward, repointed, takenBack } from "../unit/report/sample";
import { openBrowser } from "./browser";

// A browser starts slowly on a busy machine.
jest.setTimeout(60_000);

const SHOTS = join(__dirname, "../../reports/screenshots");
const THEMES = ["light", "dark"] as const;
const WIDTHS = { desktop: { width: 1280, height: 900 }, phone: { width: 375, height: 740 } } as const;

const done = reportOf([forward, repointed], [takenBack], {
  ...context,
  accepted: ["acceptForeignClients: clients that are no consumers are cut off"],
});
const plan = {
  ...context,
  title: forward.plan.title,
  found: [["pause", "about 14 s: stop 2 s, bring the log's tail 1 s, start 4 s, repoint 5 s"] as const],
  chapters: [forward, repointed].map((run) => ({ title: run.plan.title, rows: rowsOfPlan(run.plan) })),
  diffs: done.diffs,
};
const refusal = {
  where: "10.77.0.60",
  found: "2 connections to the source, and no consumer at that address",
  expected: "only the consumers' clients, since the source will be stopped",
  next: "Find out whose it is. Then add it to the consumers, or end it.",
};

const PAGES: Readonly<Record<string, string>> = {
  "report-done": reportPage(done),
  "report-taken-back": reportPage(
    reportOf([takenBack], [], { ...context, error: "zk-new1: fold the set: no space left on device" }),
  ),
  plan: planPage({ ...plan, refused: [] }),
  "plan-refused": planPage({ ...plan, refused: [refusal], chapters: [], diffs: [] }),
};

let browser: Browser;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pages-"));
  mkdirSync(SHOTS, { recursive: true });
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(name: string, theme: "light" | "dark", size: { width: number; height: number }) {
  const path = join(folder, `${name}.html`);
  writeFileSync(path, PAGES[name]!);
  const page = await browser.newPage({ colorScheme: theme, viewport: size });
  const troubles: string[] = [];
  const asked: string[] = [];
  page.on("console", (message) => troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("request", (request) => asked.push(request.url()));
  const url = pathToFileURL(path).href;
  await page.goto(url);
  return { page, troubles, asked: asked.filter((one) => one !== url && !one.startsWith("data:")) };
}

/** Elements that reach beyond the screen, but for those that scroll by themselves. */
const tooWide = (page: Page) =>
  page.evaluate(() => {
    const out = Array.from(document.querySelectorAll("body *")).filter(
      (one) =>
        !one.closest("pre") && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1,
    );
    return out.map((one) => `${one.tagName} ${one.textContent?.slice(0, 60)}`);
  });

/** Contrast of text against what lies behind it, by the WCAG's formula, at its lowest. */
const lowestContrast = (page: Page) =>
  page.evaluate(() => {
    const parse = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
    const light = (color: string) => {
      const [r = 0, g = 0, b = 0] = parse(color).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): string => {
      if (!element) return "rgb(255, 255, 255)";
      const color = getComputedStyle(element).backgroundColor;
      return (parse(color)[3] ?? 1) === 0 ? behind(element.parentElement) : color;
    };
    const ratios = Array.from(document.querySelectorAll("body *"))
      .filter((one) => !one.closest("svg") && Array.from(one.childNodes).some((node) => node.nodeType === 3))
      .map((one) => {
        const [text, ground] = [light(getComputedStyle(one).color), light(behind(one))];
        return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      });
    return Math.min(...ratios);
  });

describe.each(Object.keys(PAGES))("%s", (name) => {
  test.each(
    THEMES.flatMap((theme) =>
      Object.keys(WIDTHS).map((width) => [theme, width as keyof typeof WIDTHS] as const),
    ),
  )("%s, %s", async (theme, width) => {
    const { page, troubles, asked } = await open(name, theme, WIDTHS[width]);
    const shot = join(SHOTS, `${name}-${theme}-${width}.png`);
    await page.screenshot({ path: shot, fullPage: true });

    expect(troubles).toEqual([]);
    expect(asked).toEqual([]);
    expect(await tooWide(page)).toEqual([]);
    expect(await lowestContrast(page)).toBeGreaterThan(4.5);
    expect(statSync(shot).size).toBeGreaterThan(10_000);
    await page.close();
  });
});

test("both themes differ, and paper is white in either", async () => {
  const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const { page: light } = await open("report-done", "light", WIDTHS.desktop);
  const { page: dark } = await open("report-done", "dark", WIDTHS.desktop);
  expect(await ground(light)).not.toBe(await ground(dark));
  await dark.emulateMedia({ media: "print", colorScheme: "dark" });
  expect(await ground(dark)).toBe("rgb(255, 255, 255)");
  const paper = await dark.pdf({ format: "A4", printBackground: true, path: join(SHOTS, "report-done.pdf") });
  expect(paper.subarray(0, 4).toString()).toBe("%PDF");
});

test("the policy of the page holds: what is smuggled in is not loaded, and said on the console", async () => {
  const { page, troubles } = await open("report-done", "light", WIDTHS.desktop);
  const complaint = page.waitForEvent("console", (one) => one.text().includes("Content Security Policy"));
  await page.evaluate(() =>
    document.body.append(Object.assign(new Image(), { src: "http://127.0.0.1:9/x.png" })),
  );
  await complaint;
  expect(troubles.join()).toContain("Content Security Policy");
});
