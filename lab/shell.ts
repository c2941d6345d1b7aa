/** Programs of this machine, run for the lab: what they print comes back, what goes wrong names the command. */
import { spawn } from "node:child_process";

export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program and gives back how it ended, whatever that is. */
export function capture(argv: readonly string[], input = ""): Promise<Output> {
  const [program = "", ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
    child.on("error", reject);
    child.stdin.on("error", () => undefined); // It may end before it has read everything; its exit code tells.
    child.stdin.end(input);
    child.on("close", (code, signal) =>
      resolve({
        code: code ?? (signal ? 137 : 1),
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
      }),
    );
  });
}

/** Runs a program that has to end well; answers what it printed. */
export async function must(argv: readonly string[], input = ""): Promise<string> {
  const output = await capture(argv, input);
  if (output.code === 0) return output.stdout;
  throw new Error(
    `${argv.join(" ")} ended with exit code ${output.code}: ${output.stderr.trim() || output.stdout}`,
  );
}
