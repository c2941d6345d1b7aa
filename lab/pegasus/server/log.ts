/**
 * Logs as Pegasus does: everything to a file below the data folder, errors to stderr too, and a fatal
 * line ends the process with 134, the exit code of an abort. Written synchronously, so that the line that
 * says why is on the disk when the process is gone.
 */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

export class Log {
  private readonly file: string;

  constructor(
    private readonly role: "meta" | "replica",
    dataDir: string,
  ) {
    const folder = join(dataDir, "log");
    mkdirSync(folder, { recursive: true });
    const started = stamp(new Date()).replace(/[-:]/g, "").replace(/[ .]/g, "_");
    this.file = join(folder, `${role}.log.${started}`);
  }

  info(where: string, text: string): void {
    this.write("I", where, text);
  }

  warn(where: string, text: string): void {
    this.write("W", where, text);
  }

  error(where: string, text: string): void {
    process.stderr.write(this.write("E", where, text));
  }

  /** The stand-in for an abort: exit code 134, no clean-up, the ZooKeeper session left to time out. */
  fatal(where: string, text: string): never {
    process.stderr.write(this.write("F", where, `assertion expression: [false] ${text}`));
    process.exit(134);
  }

  private write(level: "I" | "W" | "E" | "F", where: string, text: string): string {
    const line = `${logHead(level)} ${this.role}.stand-in: ${where}: ${text}\n`;
    appendFileSync(this.file, line);
    return line;
  }
}

/** `I2026-11-22 08:33:14.876 (1795336394876000000 30527)` */
export function logHead(level: string): string {
  const now = new Date();
  return `${level}${stamp(now)} (${now.getTime()}000000 ${process.pid})`;
}

/** `2026-11-22 08:33:14.876`, in the server's own time as Pegasus prints it. */
export function stamp(date: Date): string {
  const two = (value: number, width = 2) => String(value).padStart(width, "0");
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`
  );
}
