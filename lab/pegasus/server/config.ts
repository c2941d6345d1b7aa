/**
 * The configuration of a stand-in process: the user's own config.ini, read by the real parser's rules
 * (`core/editors/ini`), since what the lab tests is that an edited file means to the server what the
 * editor took it for. A file that the real server would not load is not loaded here either.
 *
 * Keys and sections are Pegasus's own. The stand-in's few own switches stand in `[stand_in]`.
 */
import { readFileSync } from "node:fs";
import { parseIni } from "../../../core/editors/ini/parse-ini";

export type Release = "HEAD" | "2.5";

export class Config {
  private constructor(private readonly sections: ReadonlyMap<string, ReadonlyMap<string, string>>) {}

  /** @throws when the file is not there or the real server would not load it */
  static load(path: string): Config {
    const sections = parseIni(readFileSync(path, "utf8")).map(({ name, entries }) => {
      const effective = entries
        .filter((entry) => !entry.shadowed)
        .map(({ key, value }) => [key, value] as const);
      return [name, new Map(effective)] as const;
    });
    return new Config(new Map(sections));
  }

  /** The value, or `fallback` when the key is not there or empty. */
  text(section: string, key: string, fallback: string): string {
    return this.sections.get(section)?.get(key) || fallback;
  }

  /** Numbers may have decimals, which the real server's seconds may not: a lab wants a lease of half a second. */
  number(section: string, key: string, fallback: number): number {
    const text = this.text(section, key, String(fallback));
    const value = Number(text);
    if (!Number.isFinite(value)) throw new Error(`[${section}] ${key}: found ${text}, expected a number`);
    return value;
  }

  flag(section: string, key: string, fallback: boolean): boolean {
    return this.text(section, key, String(fallback)) === "true";
  }

  list(section: string, key: string): readonly string[] {
    return this.text(section, key, "")
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }

  /** Sections whose name starts with `prefix`, in the order of their names, which is the order of default tables' ids. */
  sectionsBelow(prefix: string): readonly ReadonlyMap<string, string>[] {
    const below = [...this.sections].filter(([name]) => name.startsWith(prefix));
    return below.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entries]) => entries);
  }

  /** Which Pegasus to look like: `[stand_in] release = HEAD | 2.5`. */
  get release(): Release {
    return this.text("stand_in", "release", "HEAD") === "2.5" ? "2.5" : "HEAD";
  }
}

/** A version that nobody takes for a real server's. */
export function versionOf(release: Release): string {
  return release === "2.5" ? "2.5.0-stand-in" : "2.6.0-stand-in";
}

export const GIT_COMMIT = "stand-in";
