/**
 * Debian's headless Chromium for tests that open a page: from this machine, or where set-up unpacked it, with the
 * libraries and the fonts that lie beside it there.
 */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";
import { findAssets } from "../../lab/assets";

/** @throws Error saying what to do on a machine without it: a skipped check is no check */
export async function openBrowser(): Promise<Browser> {
  const home = join(findAssets().labPackages, "browser");
  const program = join(home, "usr/lib/chromium/chromium-headless-shell");
  if (!existsSync(program)) throw new Error(`${program} is not there. Run: npm run setup`);
  const library = join(home, "usr/lib/x86_64-linux-gnu");
  const libraries = [library, join(library, "pulseaudio"), process.env["LD_LIBRARY_PATH"]];
  return chromium.launch({
    executablePath: program,
    // The tests' user is root, for whom the sandbox is not made; the pages are our own.
    args: ["--no-sandbox"],
    env: {
      ...process.env,
      LD_LIBRARY_PATH: libraries.filter(Boolean).join(":"),
      FONTCONFIG_FILE: fontsOf(home),
    },
  });
}

/** Debian's own configuration names folders of the machine, where nothing was installed. */
function fontsOf(home: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "fonts-")), "fonts.conf");
  const folder = join(home, "usr/share/fonts");
  const cache = join(tmpdir(), "fonts-cache");
  writeFileSync(
    file,
    `<?xml version="1.0"?><fontconfig><dir>${folder}</dir><dir>/usr/share/fonts</dir><cachedir>${cache}</cachedir></fontconfig>\n`,
  );
  return file;
}
