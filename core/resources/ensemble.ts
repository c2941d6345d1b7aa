/** The life of a `ZooKeeperEnsemble`: a thin layer between Pulumi's calls and `run/ensemble.ts`. */
import { isDeepStrictEqual } from "node:util";
import type { Complaint } from "../engine/errors";
import { Refusal } from "../engine/errors";
import { unifiedDiff } from "../editors/edit";
import { lineSecrets } from "../editors/secrets";
import { describeSteps } from "../engine/plan-text";
import { ensembleId, readArguments } from "../run/desired";
import { ensureEnsemble, isUnsettled, readDrift, removeEnsemble, reviewEnsemble } from "../run/ensemble";
import { progressFor } from "../run/progress";
import type { EnsembleDesired } from "../zookeeper/desired";
import { addressOf, connectStringOf, ensembleSchema, namesOf, serverIds } from "../zookeeper/desired";
import type { EnsembleObserved } from "../zookeeper/ensemble/observe";
import { differing } from "../zookeeper/ensemble/plan";
import type { Lifecycle, Properties } from "./lifecycle";
import {
  accepted,
  argumentsOf,
  initError,
  outputs,
  plainError,
  readDesired,
  readForCheck,
  refused,
  refuseNewerState,
  urnOf,
} from "./lifecycle";

export const ensemble: Lifecycle = {
  async check(olds, news) {
    const read = readForCheck(ensembleSchema, news);
    if ("answer" in read) return read.answer;
    const { desired } = read;
    const before =
      Object.keys(olds).length > 0 ? readArguments(ensembleSchema, argumentsOf(olds)) : undefined;
    const old = before && "desired" in before ? before.desired : undefined;
    const same = old !== undefined && isDeepStrictEqual(old, desired);
    // A removal that was killed half way leaves the state as it was: the journal is the truth.
    if (same && !(await isUnsettled(desired))) return accepted(news, { plan: olds["plan"] });
    const fixed = old ? complainFixed(old, desired) : [];
    if (fixed.length > 0) return refused(news, fixed);
    const review = await reviewEnsemble(desired);
    if (review.complaints.length > 0) {
      // Who goes back does not need it whole.
      return same ? accepted(news, { plan: olds["plan"] }) : refused(news, review.complaints);
    }
    const plan = review.plan && {
      installs: review.plan.title,
      steps: describeSteps(review.plan),
      files: review.observed ? diffsOf(desired, review.observed) : {},
      warnings: warningsOf(desired),
    };
    return accepted(news, { plan, unsettled: same || undefined });
  },

  async diff(_id, olds, news) {
    const same = isDeepStrictEqual(argumentsOf(olds), argumentsOf(news));
    const drift = olds["drift"];
    const drifted = Array.isArray(drift) && drift.length > 0;
    return { changes: !same || drifted || olds["incomplete"] === true || news["unsettled"] === true };
  },

  async create(inputs) {
    const desired = readDesired(ensembleSchema, inputs);
    const id = ensembleId(desired);
    try {
      return { id, outs: await ensure(desired, inputs) };
    } catch (error) {
      // Refused: nothing was changed, and there is nothing to keep in the state.
      throw error instanceof Refusal ? plainError(error) : initError(error, id, inputs);
    }
  },

  async update(id, _olds, news) {
    const desired = readDesired(ensembleSchema, news);
    try {
      return { outs: await ensure(desired, news) };
    } catch (error) {
      throw error instanceof Refusal ? plainError(error) : initError(error, id, news);
    }
  },

  async read(id, props) {
    return { id, props: { ...props, drift: await readDrift(readDesired(ensembleSchema, props)) } };
  },

  async delete(_id, props) {
    try {
      refuseNewerState(props);
      await removeEnsemble(readDesired(ensembleSchema, props), progressFor(urnOf(props)));
    } catch (error) {
      throw plainError(error);
    }
  },
};

async function ensure(desired: EnsembleDesired, inputs: Properties): Promise<Properties> {
  const timeline = await ensureEnsemble(desired, progressFor(urnOf(inputs)));
  const ids = serverIds(desired);
  return outputs({
    ...inputs,
    connectString: connectStringOf(desired),
    servers: Object.fromEntries(
      namesOf(desired.hosts).map((name) => [
        name,
        { id: ids.get(name), address: addressOf(desired.hosts, name), clientPort: desired.clientPort },
      ]),
    ),
    rollbackPlan: `stop the servers, remove ${desired.installDir}'s release; the data ${desired.removeData ? "goes too" : "stays"}`,
    timeline,
    drift: [],
  });
}

/** What cannot be changed in place, with the way to do it. */
function complainFixed(old: EnsembleDesired, wanted: EnsembleDesired): Complaint[] {
  const complaints: Complaint[] = [];
  const hosts = (desired: EnsembleDesired) =>
    namesOf(desired.hosts)
      .map((name) => `${name}=${addressOf(desired.hosts, name)}`)
      .join(", ");
  const ids = (desired: EnsembleDesired) =>
    [...serverIds(desired)].map(([name, id]) => `${name}=${id}`).join(", ");
  const next =
    "Make a second ZooKeeperEnsemble on the new hosts and move to it with a ZkDataMigration; then remove this one.";
  if (hosts(old) !== hosts(wanted)) {
    complaints.push({ where: "hosts", found: hosts(wanted), expected: `${hosts(old)}, as installed`, next });
  } else if (ids(old) !== ids(wanted)) {
    complaints.push({ where: "myIds", found: ids(wanted), expected: `${ids(old)}, as installed`, next });
  }
  for (const key of [
    "dataDir",
    "dataLogDir",
    "installDir",
    "clientPort",
    "peerPort",
    "electionPort",
    "runAs",
    "service",
  ] as const) {
    if (old[key] === wanted[key]) continue;
    complaints.push({ where: key, found: String(wanted[key]), expected: `${old[key]}, as installed`, next });
  }
  return complaints;
}

function diffsOf(desired: EnsembleDesired, observed: EnsembleObserved): Record<string, string[]> {
  const diffs: Record<string, string[]> = {};
  for (const state of observed.servers) {
    for (const file of differing(desired, state)) {
      const where = `${state.name}:${file.path}`;
      diffs[where] = unifiedDiff(where, state.files.get(file.path) ?? "", file.content, lineSecrets);
    }
  }
  return diffs;
}

/** CVE-2023-44981: 3.7.2; CVE-2024-23944: 3.8.4 and 3.9.2, in no 3.7. */
function warningsOf(desired: EnsembleDesired): string[] {
  if (!/^3\.[0-7]\./.test(desired.version)) return [];
  return [
    `${desired.version}: the 3.7 line is past its end of life; CVE-2023-44981 (SASL quorum peers) is fixed in 3.7.2, ` +
      "CVE-2024-23944 (watch path leak) in 3.8.4 and 3.9.2",
  ];
}
