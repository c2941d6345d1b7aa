/** The pages' one style sheet: both themes, a phone's width, and paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --card: #ffffff; --ink: #1c1f23; --soft: #5b6470; --line: #dfe2e6;
  --good: #17714a; --bad: #b3261e; --warn: #8a5a00; --accent: #2457a6;
  --bar: #5f8fd3; --pause: #f3b13c; --added: #e4f5ea; --removed: #fdeaea;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1c2024; --ink: #e8eaed; --soft: #a3acb8; --line: #343a41;
    --good: #6bd3a0; --bad: #ff8a80; --warn: #f2c063; --accent: #9cc0ff;
    --bar: #4d79b8; --pause: #a97618; --added: #173526; --removed: #432224;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem 1.25rem 4rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 1.55rem; line-height: 1.25; margin: 0.2rem 0 0.6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.2rem 0 0.7rem; }
h3 { font-size: 0.95rem; margin: 1.2rem 0 0.4rem; overflow-wrap: anywhere; }
p { margin: 0.4rem 0; }
code, pre, .mono { font: 13px/1.5 ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.kicker { color: var(--soft); margin: 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.badge {
  display: inline-block; border: 1px solid currentColor; border-radius: 1rem; padding: 0 0.65rem;
  font-weight: 600; font-size: 0.85rem; white-space: nowrap;
}
.figures { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.figures li {
  flex: 1 1 9rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.6rem 0.9rem;
}
.figures b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.figures span { color: var(--soft); font-size: 0.85rem; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem; padding: 0.9rem 1rem; margin: 0.6rem 0;
}
.note { border-left: 4px solid var(--warn); } .note.bad { border-left-color: var(--bad); color: inherit; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.3rem 1.2rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); padding: 0.35rem 0.6rem; }
td { border-bottom: 1px solid var(--line); padding: 0.35rem 0.6rem; vertical-align: top; overflow-wrap: anywhere; }
tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.phase { color: var(--soft); white-space: nowrap; } td.host { white-space: nowrap; font-weight: 600; }
td.hosts { font-weight: 600; max-width: 14rem; } .whole { white-space: nowrap; }
tr.noreturn td { border-top: 2px solid var(--warn); padding-top: 1.6rem; position: relative; }
tr.noreturn td:first-child::before {
  content: "from here on the way back is a copy in the other direction"; position: absolute; top: 0.2rem; left: 0.6rem;
  color: var(--warn); font-size: 0.8rem; white-space: nowrap; font-weight: 600;
}
pre { margin: 0; overflow-x: auto; padding: 0.6rem 0; }
pre span { display: block; padding: 0 1rem; white-space: pre; min-width: max-content; }
pre .add { background: var(--added); } pre .del { background: var(--removed); } pre .at { color: var(--soft); }
.diff { padding: 0; overflow: hidden; } .diff h3 { margin: 0; padding: 0.6rem 1rem; border-bottom: 1px solid var(--line); }
svg { display: block; width: 100%; } svg text { fill: var(--ink); font-size: 12px; white-space: pre; } svg text.soft { fill: var(--soft); }
svg .bar { fill: var(--bar); } svg .pause { fill: var(--pause); fill-opacity: 0.28; }
svg .edge { stroke: var(--pause); stroke-width: 2; } svg .tick { stroke: var(--line); }
svg text.pausetext { font-weight: 600; }
ul.numbered { margin: 0; padding: 0; list-style: none; } ul.numbered li { white-space: pre-wrap; overflow-wrap: anywhere; }
ul.plain { margin: 0; padding-left: 1.2rem; } ul.plain li { overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: 0.85rem; }
@media (max-width: 40rem) {
  body { padding: 1rem 0.85rem 3rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.55rem; }
  table, tbody, tr, td { display: block; } thead { display: none; }
  tr { border-bottom: 1px solid var(--line); padding: 0.5rem 0; } tr:last-child { border-bottom: 0; }
  td, td.number { border: 0; padding: 0.05rem 0; text-align: left; white-space: normal; max-width: none; }
  td.phase, td.host { display: inline-block; margin-right: 0.6rem; }
  td:empty { display: none; }
  tr.noreturn td { border-top: 0; padding-top: 0; position: static; }
  tr.noreturn { border-top: 2px solid var(--warn); }
  tr.noreturn td:first-child::before { position: static; display: block; white-space: normal; }
}
@media print {
  :root {
    color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb;
    --good: #0b5c38; --bad: #9b1c15; --warn: #6b4600; --bar: #7fa6dd; --pause: #e9a326; --added: #e4f5ea; --removed: #fdeaea;
  }
  body { max-width: none; padding: 0; font-size: 11px; }
  svg, pre span, .badge { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  pre span { white-space: pre-wrap; min-width: 0; overflow-wrap: anywhere; }
  tr, li, .card, svg { break-inside: avoid; } .diff { break-inside: auto; } h2, h3 { break-after: avoid; }
}
`;
