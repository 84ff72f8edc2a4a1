import type { Broker, Message } from "../broker/broker.ts";
import { QueueNotFoundError } from "../broker/errors.ts";
import type { Found } from "../dead_letters/pass.ts";
import { copied } from "../dead_letters/replayed.ts";
import { send } from "../dead_letters/send.ts";
import {
  type Acted,
  OutOfReachError,
  type Tally,
  work,
  type WorkOptions,
} from "../dead_letters/work.ts";
import { deadLetterQueue, requestQueue } from "../service_name.ts";
import { Spools } from "../spool/spools.ts";
import { moveBodies } from "./move_bodies.ts";
import { isAwaited, isSpooled, movedRequest, requestCopy } from "./moved_request.ts";

/** What a move can be told. */
export interface MoveOptions extends Pick<WorkOptions, "signal" | "perSecond" | "mostKept"> {
  /** At most that many. @default Infinity */
  readonly limit?: number;
  /** Moves what somebody waits for at the source as well; nobody gets the response then. @default false */
  readonly awaited?: boolean;
  /** Looks at all of them, and moves none. @default false */
  readonly dryRun?: boolean;
  readonly onProgress?: (moved: Moved) => void;
}

/** How far a move has come. */
export interface Moved extends Tally {
  /** How many of those that were or would be moved are tracked: their state is in the result store. */
  readonly tracked: number;
  /** How many stay since somebody waits for them at the source. */
  readonly awaited: number;
}

/** The queues of a service that can be moved. */
export type MovedQueue = "requests" | "dead-letters";

/**
 * Moves what waits for a service from one broker to another, once through the queue: what comes
 * meanwhile is left for the next time. Each is confirmed at the target before it leaves the source:
 * whatever dies in between, it is here, or there, or in both places once; it can be run again.
 * @throws {QueueNotFoundError} the service has no queue at one of them: see {@link prepareTarget}.
 * @throws {UnfinishedError} it ended early for another reason than the signal.
 */
export async function move(
  from: Broker,
  to: Broker,
  service: string,
  which: MovedQueue,
  options: MoveOptions,
): Promise<Moved> {
  const { limit = Infinity, awaited = false, dryRun = false, onProgress, ...rest } = options;
  const queue = which === "requests" ? requestQueue(service) : deadLetterQueue(service);
  const [toMessage, copy] = ways[which];
  const account = { tracked: 0, awaited: 0 };
  const moved = (tally: Tally): Moved => ({ ...tally, ...account });
  await using stack = new AsyncDisposableStack();
  let spools: Spools | undefined;
  // A broker may have none, which matters to those bodies alone.
  const spoolsThere = () => spools ??= stack.use(new Spools(to, uncounted));
  const act = async (found: readonly Found[]): Promise<Acted> => {
    const { fitting, failed } = fit(to, found);
    if (dryRun) {
      account.tracked += fitting.filter(isTracked).length;
      return { done: [], failed };
    }
    const spooled = fitting.filter(({ delivery }) => isSpooled(delivery.message));
    const bodies = await moveBodies(from, spoolsThere, spooled, options.signal);
    const stays = new Set(spooled).difference(new Set(bodies.whole));
    const sent = await send(to, queue, fitting.filter((one) => !stays.has(one)), toMessage);
    account.tracked += sent.done.filter(isTracked).length;
    return { ...bodies, ...sent, failed: [...failed, ...bodies.failed, ...sent.failed] };
  };
  const working = work(from, service, {
    ...rest,
    queue,
    copy,
    filter: {},
    meant: ({ delivery: { message } }) => {
      if (which === "dead-letters" || awaited || !isAwaited(message)) return true;
      account.awaited++;
      return false;
    },
    limit,
    ...(onProgress && { onProgress: (tally: Tally) => onProgress(moved(tally)) }),
  }, act);
  return moved(
    await working.catch((error) => {
      throw which === "requests" && error instanceof OutOfReachError ? outOfReach(error) : error;
    }),
  );
}

/**
 * Makes the queues of a service at the target, unless they are there, whatever they were declared as.
 * @throws {BrokerUnavailableError} not connected.
 */
export async function prepareTarget(
  to: Broker,
  service: string,
  signal: AbortSignal,
): Promise<void> {
  const [name, dead] = [requestQueue(service), deadLetterQueue(service)];
  try {
    await to.stats(name);
  } catch (error) {
    if (!(error instanceof QueueNotFoundError)) throw error;
    await to.declare({ kind: "work", name, deadLetterQueue: dead }, { signal });
  }
}

/** What is published at the target, and what is put back at the source. */
const ways: Readonly<Record<MovedQueue, readonly [Way, Way]>> = {
  "requests": [
    (message) => movedRequest(message, Date.now()),
    (message) => requestCopy(message, Date.now()),
  ],
  "dead-letters": [copied, copied],
};

const ignore = () => {};
const uncounted = { onBegun: ignore, onDeleted: ignore, onWritten: ignore, onRead: ignore };

type Way = (message: Message) => Message;

function outOfReach({ tally }: OutOfReachError): OutOfReachError {
  const { total, lookedAt, done } = tally;
  return new OutOfReachError(
    `${total - lookedAt} requests stand behind ${
      lookedAt - done
    } others that stay, more than can be ` +
      "set aside at once: let the dequeuers there do some of those first",
    tally,
  );
}

function isTracked({ delivery: { message } }: Found): boolean {
  return message.headers["tracked"] === true;
}

/** Those that the target takes, as far as it is known before, and why it does not take the others. */
function fit(to: Broker, found: readonly Found[]): { fitting: Found[]; failed: Acted["failed"] } {
  const { maxMessageBytes } = to.capabilities;
  const fitting: Found[] = [];
  const failed: { id: string; error: string }[] = [];
  for (const one of found) {
    const { letter: { id }, delivery: { message } } = one;
    const { byteLength } = message.body;
    if (byteLength <= maxMessageBytes) fitting.push(one);
    else {
      const error = `a body of ${byteLength} bytes is over the limit of ${maxMessageBytes}`;
      failed.push({ id, error });
    }
  }
  return { fitting, failed };
}
