/** What both pages are put together from. */
import type { ComponentChildren } from "preact";
import type { Diff, Fact } from "../model";

export function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="card">
      {facts.map(([name, value]) => (
        <>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

export function Figures({ figures }: { figures: readonly Fact[] }) {
  return (
    <ul class="figures">
      {figures.map(([name, value]) => (
        <li>
          <b>{value}</b>
          <span>{name}</span>
        </li>
      ))}
    </ul>
  );
}

/** @param numbered whether each line brings its own number */
export function Lines({ lines, numbered = false }: { lines: readonly string[]; numbered?: boolean }) {
  return (
    <div class="card">
      <ul class={numbered ? "numbered mono" : "plain"}>
        {lines.map((line) => (
          <li>{line}</li>
        ))}
      </ul>
    </div>
  );
}

/** @param until how long it is open, and how it is taken */
export function WayBack({ until, steps }: { until: string; steps: readonly string[] }) {
  return (
    <Section title="The way back">
      <p>{until}</p>
      {steps.length > 0 && <Lines lines={steps} numbered />}
    </Section>
  );
}

/** Nothing where nobody was named. */
export function OnCall({ people }: { people: readonly Fact[] }) {
  return people.length > 0 ? (
    <Section title="On call">
      <Facts facts={people} />
    </Section>
  ) : null;
}

export function Diffs({ diffs }: { diffs: readonly Diff[] }) {
  return (
    <>
      {diffs.map(({ where, lines }) => (
        <div class="card diff">
          <h3 class="mono">{where}</h3>
          <pre tabIndex={0}>
            {lines
              .filter((line) => !line.startsWith("--- ") && !line.startsWith("+++ "))
              .map((line) => (
                <span class={classOf(line)}>{line === "" ? " " : line}</span>
              ))}
          </pre>
        </div>
      ))}
    </>
  );
}

function classOf(line: string): string {
  if (line.startsWith("+")) return "add";
  if (line.startsWith("-")) return "del";
  return line.startsWith("@@") ? "at" : "";
}

/** `1.4 s`, `2 min 5 s`, `1 h 3 min`. */
export function sayDuration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `2026-11-28 01:10:22 UTC`. */
export function sayTime(iso: string): string {
  return iso.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");
}
