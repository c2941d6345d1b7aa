/**
 * What a tree holds and what stands in the way of copying it, read without any data: for a preview, and for what is
 * refused before anything is written.
 */
import { isMasked } from "./acl";
import { childPath, type Endpoint } from "./endpoint";
import { Frontier, type Directory, type Group, type Visitor } from "./frontier";
import { addRoots, checkRoots, READERS, visited, WALK, type TreeOptions } from "./options";
import { Meter } from "./progress";
import { everCreated, TreeReader, type Described } from "./read";

export interface TreeSurvey {
  /** Without ephemerals. */
  readonly znodes: number;
  /** Of data. */
  readonly bytes: number;
  readonly largest?: { readonly path: string; readonly bytes: number };
  readonly ephemerals: number;
  readonly sequences: {
    /** Znodes whose children are, or include deleted ones that may have been, sequential. */
    readonly parents: number;
    /** The first of them. */
    readonly examples: readonly string[];
    /** Create and delete pairs that carrying the counters takes, about 5 000 a second; one more for each ephemeral. */
    readonly pairs: number;
  };
  /** Znodes (the first 20) whose ACL is hidden from these identities: a copy would stop there. */
  readonly masked: readonly string[];
}

interface SurveyDirectory extends Directory {
  readonly share: number;
}

const EXAMPLES = 20;
/** What the server appends: `%010d` (`PrepRequestProcessor`). */
const SEQUENTIAL = /\d{10}$/;

/** Roots that are not there count as empty. Also throws what the wire client throws. */
export async function surveyTree(
  endpoint: Endpoint,
  roots: readonly string[],
  options: TreeOptions = {},
): Promise<TreeSurvey> {
  checkRoots(endpoint, roots);
  const reader = await TreeReader.open(endpoint, options.readers ?? READERS);
  try {
    const survey = new Survey(reader, options);
    addRoots(survey.frontier, roots, (path, share) => ({ path, size: 1, share }));
    await survey.frontier.walk(survey);
    survey.meter.finish();
    return survey.result();
  } finally {
    await reader.close();
  }
}

class Survey implements Visitor<SurveyDirectory> {
  readonly frontier = new Frontier<SurveyDirectory>(WALK);
  readonly meter: Meter;
  private largest: TreeSurvey["largest"];
  private ephemerals = 0;
  private parents = 0;
  private pairs = 0;
  private readonly examples: string[] = [];
  private readonly masked: string[] = [];

  constructor(
    private readonly reader: TreeReader,
    private readonly options: TreeOptions,
  ) {
    this.meter = new Meter(options.progress);
  }

  async visit(groups: readonly Group<SurveyDirectory>[]): Promise<void> {
    const items = groups.flatMap(({ directory, names }) =>
      names.map((name) => ({ directory, path: childPath(directory.path, name) })),
    );
    const described = await this.reader.describe(items.map(({ path }) => path));
    for (const [index, { path, directory }] of items.entries()) {
      const found = described[index];
      const size = found?.stat.numChildren ?? 0;
      if (found) this.count(path, found);
      if (found && size > 0) this.frontier.addDirectory({ path, size, share: directory.share / (size + 1) });
      else this.meter.done(directory.share);
    }
  }

  async list(directories: readonly SurveyDirectory[]): Promise<void> {
    const listed = await this.reader.children(directories.map(({ path }) => path));
    for (const [index, directory] of directories.entries()) {
      const all = listed[index]?.children ?? [];
      const stat = listed[index]?.stat;
      const names = visited(this.reader.endpoint, directory.path, all, this.options.excluded);
      // Those with deletions have been counted when they were described.
      if (stat && everCreated(stat) === all.length && all.some((name) => SEQUENTIAL.test(name)))
        this.sequential(directory.path, 0);
      this.meter.done(directory.share);
      this.frontier.addChildren(directory, names);
    }
  }

  result(): TreeSurvey {
    const { largest, ephemerals, parents, examples, pairs, masked, meter } = this;
    const sequences = { parents, examples, pairs };
    return { znodes: meter.znodes, bytes: meter.bytes, largest, ephemerals, sequences, masked };
  }

  private count(path: string, { acl, stat }: Described): void {
    if (stat.ephemeralOwner !== 0n) {
      this.ephemerals++;
      return;
    }
    this.meter.znodes++;
    this.meter.bytes += stat.dataLength;
    if (stat.dataLength > (this.largest?.bytes ?? 0)) this.largest = { path, bytes: stat.dataLength };
    if (isMasked(acl) && this.masked.length < EXAMPLES) this.masked.push(path);
    const gone = everCreated(stat) - stat.numChildren;
    if (gone > 0) this.sequential(path, gone);
  }

  private sequential(path: string, pairs: number): void {
    this.parents++;
    this.pairs += pairs;
    if (this.examples.length < EXAMPLES) this.examples.push(path);
  }
}
