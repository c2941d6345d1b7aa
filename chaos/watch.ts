/**
 * What must hold at every moment of a run, watched from outside while it goes on.
 *
 * Split brain: consumers or their writers have connections to servers of both ensembles at once. A server that does
 * not serve closes what it accepts, so a connection that is seen twice in a row is one that is served.
 * Half written: a configuration that is none of the texts that were meant.
 */
import type { Finding } from "./finding";
import { serversOf, type Side, type Subject } from "./subject";
import { ZK_CLIENT_PORT } from "../lab/layout";

const EVERY_MS = 50;

export class Watch {
  private readonly findings = new Map<string, Finding>();
  private readonly texts = new Map<string, Set<string>>();
  private timer: NodeJS.Timeout | undefined;
  private onBothBefore = false;
  private learning = true;

  constructor(private readonly subject: Subject) {}

  start(): void {
    this.onBothBefore = false;
    this.timer ??= setInterval(() => this.look(), EVERY_MS);
  }

  /** While the explorer itself is a client. */
  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  /** What runs that nobody killed wrote is what was meant; from now on every other text is a finding. */
  learned(): void {
    this.learning = false;
  }

  /** Files that held more texts than are meant, while that was still to be learned. */
  unmeantTexts(): string[] {
    const { intendedTexts } = this.subject;
    return [...this.texts]
      .filter(([, texts]) => texts.size > intendedTexts)
      .map(([file, texts]) => `${file}: ${texts.size} texts were seen, expected ${intendedTexts}`);
  }

  /** What was found since the last call. */
  take(): Finding[] {
    const findings = [...this.findings.values()];
    this.findings.clear();
    return findings;
  }

  private look(): void {
    this.lookAtConnections();
    for (const { host, path } of this.subject.configs) {
      const text = this.subject.lab.host(host).peek(path)?.toString("base64") ?? "no such file";
      const known = this.texts.get(`${host}:${path}`) ?? new Set();
      this.texts.set(`${host}:${path}`, known);
      if (this.learning) known.add(text);
      else if (!known.has(text)) {
        const shown = Buffer.from(text, "base64").toString();
        this.note({ kind: "half written", what: `${host}:${path} held a text that nobody meant:\n${shown}` });
      }
    }
  }

  private lookAtConnections(): void {
    const source = this.clientsOf("source");
    const target = this.clientsOf("target");
    const onBoth = source.length > 0 && target.length > 0;
    if (onBoth && this.onBothBefore) {
      const what = `${source.join(", ")} served by the source while ${target.join(", ")} by the target`;
      this.note({ kind: "split brain", what });
    }
    this.onBothBefore = onBoth;
  }

  private clientsOf(side: Side): string[] {
    const { lab, clients } = this.subject;
    const peers = serversOf(lab, side).flatMap(({ name }) => lab.host(name).connectedTo(ZK_CLIENT_PORT));
    return [...new Set(peers)].filter((peer) => clients.includes(peer));
  }

  private note(finding: Finding): void {
    this.findings.set(`${finding.kind} ${finding.what}`, finding);
  }
}
