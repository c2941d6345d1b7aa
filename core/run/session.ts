/**
 * One operation under the lock: reads the journal, hands it to the operation, lets go of the lock whatever happens.
 *
 * Operations of one process that need the same hosts wait for each other (Pulumi runs resources side by side);
 * those of another process are refused.
 */
import { randomBytes } from "node:crypto";
import type { Progress } from "../engine/execute";
import { execute, takeBack } from "../engine/execute";
import type { JournalStore, Run } from "../engine/journal";
import { Journal, runsOf } from "../engine/journal";
import type { Handlers, Plan } from "../engine/step";
import type { Lock } from "../journal/lock";
import { lockHosts } from "../journal/lock";
import { RemoteJournal } from "../journal/remote-journal";
import type { World } from "../transports/contract";
import { crashPoint } from "./crash-point";
import { inTurn, ownerName } from "./world";

export interface Session {
  /** The runs so far, oldest first; read anew at every call. */
  runs(): Promise<Run[]>;
  /** Carries a new plan out. */
  run(plan: Plan): Promise<Run>;
  /** Goes on with a run that was interrupted. */
  resume(run: Run): Promise<Run>;
  /** Takes a run back, whether or not it was finished. */
  takeBack(run: Run): Promise<void>;
}

/**
 * @param opened what was opened for it; all that is done goes through the world that `act` gets
 * @param keepers names of the hosts that keep the journal and the lock
 */
export async function withSession<T>(
  opened: World,
  handlers: Handlers<World>,
  progress: Progress,
  keepers: readonly string[],
  act: (world: World, session: Session) => Promise<T>,
): Promise<T> {
  const hosts = keepers.map((name) => opened.host(name));
  return alone(async () => {
    const owner = ownerName();
    const lock = await lockHosts(hosts, owner);
    try {
      const world = inTurn(opened, owner, progress);
      const store = guarded(new RemoteJournal(world.migration, hosts), lock);
      return await act(world, openSession(world, handlers, progress, store, owner));
    } finally {
      await lock.release();
    }
  });
}

/** The runs so far, without the lock: for previews, which change nothing. */
export async function readRuns(world: World, keepers: readonly string[]): Promise<Run[]> {
  const hosts = keepers.map((name) => world.host(name));
  return runsOf(await new RemoteJournal(world.migration, hosts).read());
}

/**
 * Before every act its intent is written: whoever has lost the lock stops there. And nothing is built on a line that some
 * hosts have missed: a killed run may have left its end on one of them, which is off the next time.
 */
function guarded(journal: RemoteJournal, lock: Lock): JournalStore {
  const write = async (act: () => Promise<void>) => {
    lock.require();
    crashPoint();
    await act();
    crashPoint();
  };
  return {
    append: (entries) => write(() => journal.append(entries)),
    async read() {
      const { entries, missed } = await journal.readCounted();
      const isLacking = [...missed.values()].some((lines) => lines.length > 0);
      if (isLacking) await write(() => journal.spread(missed));
      return entries;
    },
  };
}

function openSession(
  world: World,
  handlers: Handlers<World>,
  progress: Progress,
  store: JournalStore,
  owner: string,
): Session {
  const clock = () => new Date();
  const runs = async () => runsOf(await store.read());
  const reread = async (id: string) => {
    const run = (await runs()).find((one) => one.id === id);
    if (!run) throw new Error(`run ${id} vanished from the journal`);
    return run;
  };
  return {
    runs,
    async run(plan) {
      const run = `${clock().toISOString().replace(/[-:.]/g, "")}-${randomBytes(3).toString("hex")}`;
      const number = (await runs()).length;
      const journal = await Journal.begin(store, { run, owner, plan, number }, clock);
      await execute({ plan, journal, handlers, world, progress });
      return reread(run);
    },
    async resume(run) {
      progress.say(`going on with ${run.plan.operation}, begun ${run.begun} by ${run.owner}`);
      const journal = Journal.resume(store, run, clock);
      await execute({ plan: run.plan, journal, earlier: run, handlers, world, progress });
      return reread(run.id);
    },
    async takeBack(run) {
      const journal = Journal.resume(store, run, clock);
      await takeBack(run, { journal, handlers, world, progress });
    },
  };
}

let last: Promise<unknown> = Promise.resolve();

/** One operation at a time in this process. */
function alone<T>(act: () => Promise<T>): Promise<T> {
  const mine = last.then(act, act);
  last = mine.catch(() => undefined);
  return mine;
}
