/**
 * The night as a picture: a bar for each phase of each run, under one clock, with the time in which writers waited.
 *
 * Across, everything is in percent, so that letters keep their size on a phone; down, in pixels.
 */
import type { Interval, NamedInterval, Report } from "../model";
import { sayDuration } from "./parts";

const TOP = 26;
const ROW = 38;
const AXIS = 26;

export function Timeline({ report }: { report: Report }) {
  const rows = report.runs.flatMap((run) => run.phases);
  const scale = scaleOf(report.whole);
  const height = TOP + rows.length * ROW + AXIS;
  return (
    <div class="card">
      <svg height={height} role="img" aria-label={sayAloud(report, rows)}>
        {ticksOf(report.whole.seconds).map((tick) => (
          <Tick seconds={tick} whole={report.whole.seconds} height={height} />
        ))}
        {report.writePause && <Pause pause={report.writePause} scale={scale} height={height} />}
        {rows.map((row, index) => (
          <Bar row={row} scale={scale} top={TOP + index * ROW} />
        ))}
      </svg>
    </div>
  );
}

type Scale = (at: string) => number;

/** Percent of the width at which a moment stands. */
function scaleOf({ from, seconds }: Interval): Scale {
  const length = Math.max(seconds, 0.001) * 1000;
  return (at) => ((Date.parse(at) - Date.parse(from)) / length) * 100;
}

function Bar({ row, scale, top }: { row: NamedInterval; scale: Scale; top: number }) {
  const left = scale(row.from);
  const width = Math.max(scale(row.to) - left, 0.3);
  return (
    <>
      <Label at={left} y={top + 12} text={`${row.name}  ${sayDuration(row.seconds)}`} />
      <rect class="bar" x={percent(left)} y={top + 17} width={percent(width)} height={14} rx={3} />
    </>
  );
}

function Pause({ pause, scale, height }: { pause: Interval; scale: Scale; height: number }) {
  const left = scale(pause.from);
  const right = scale(pause.to);
  const bottom = height - AXIS + 4;
  return (
    <>
      <rect class="pause" x={percent(left)} y={0} width={percent(right - left)} height={bottom} />
      <line class="edge" x1={percent(left)} x2={percent(left)} y1={0} y2={bottom} />
      <line class="edge" x1={percent(right)} x2={percent(right)} y1={0} y2={bottom} />
      <Label
        at={(left + right) / 2}
        y={15}
        text={`writes paused ${sayDuration(pause.seconds)}`}
        className="pausetext"
        middle
      />
    </>
  );
}

/** Text that stays inside: what begins far to the right ends at its place instead. */
function Label(props: { at: number; y: number; text: string; className?: string; middle?: boolean }) {
  const { at, y, text, className, middle } = props;
  const anchor = at > 70 ? "end" : middle && at > 30 ? "middle" : "start";
  const place = middle && anchor !== "middle" ? (anchor === "end" ? 100 : 0) : at;
  return (
    <text class={className} x={percent(place)} y={y} text-anchor={anchor}>
      {text}
    </text>
  );
}

function Tick({ seconds, whole, height }: { seconds: number; whole: number; height: number }) {
  const at = (seconds / Math.max(whole, 0.001)) * 100;
  return (
    <>
      <line class="tick" x1={percent(at)} x2={percent(at)} y1={TOP - 4} y2={height - AXIS + 4} />
      <text
        class="soft"
        x={percent(at)}
        y={height - 6}
        text-anchor={at === 0 ? "start" : at > 95 ? "end" : "middle"}
      >
        {seconds === 0 ? "0" : sayTick(seconds)}
      </text>
    </>
  );
}

/** From 0 on, at most six, at round distances. */
function ticksOf(whole: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 86_400];
  const step = steps.find((one) => whole / one <= 5) ?? Math.ceil(whole / 5 / 86_400) * 86_400;
  return Array.from({ length: Math.floor(whole / step) + 1 }, (_, index) => index * step);
}

function sayTick(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return seconds % 3600 === 0 ? `${seconds / 3600} h` : `${seconds / 60} min`;
}

function percent(value: number): string {
  return `${Math.round(value * 100) / 100}%`;
}

function sayAloud({ writePause }: Report, rows: readonly NamedInterval[]): string {
  const phases = rows.map(({ name, seconds }) => `${name} ${sayDuration(seconds)}`).join(", ");
  return writePause ? `${phases}; writes paused ${sayDuration(writePause.seconds)}` : phases;
}
