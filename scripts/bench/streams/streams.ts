import { startDequeuer, startEnqueuer } from "../../../tests/process/service_process.ts";
import { type MemoryTaken, watchMemory } from "../../../tests/support/memory_watch.ts";
import { type BrokerName, openPlace, type PlaceOptions } from "../requests/place.ts";
import { startScript } from "../script.ts";
import { type Download, download, keep, readEvents, upload } from "./caller.ts";

/** What is measured. */
export interface StreamsOptions extends PlaceOptions {
  readonly brokers: readonly BrokerName[];
  /** How often each is measured. */
  readonly rounds: number;
  /** The size of the very large bodies, bytes. */
  readonly largeBytes: number;
}

/** What a way from the caller to the microservice showed. */
export interface Measured {
  readonly way: "direct" | BrokerName;
  /** From a request to its first event, milliseconds, of each stream. */
  readonly firstMs: number[];
  /** From an event's being sent to its arrival, milliseconds. */
  readonly lagsMs: number[];
  /** Of large responses, bytes a second. */
  readonly rates: number[];
  /** Of the very large bodies. */
  readonly large: Large[];
}

/** How a very large body came, and how much memory enqueuer and dequeuer took meanwhile. */
export interface Large extends MemoryTaken {
  readonly what: "response" | "request" | "kept response";
  readonly bytes: number;
  readonly rate: number;
  readonly right: boolean;
}

interface Way {
  readonly measured: Measured;
  readonly url: string;
  /** Where the processes in between tell of their memory. */
  readonly processes: readonly string[];
}

const eventCount = 50;
const eventPaceMs = 10;
const downloadBytes = 64 * 2 ** 20;
const warmUps = 3;

/** Streams by way of a queue, beside the same ones without it, in turns. */
export async function benchStreams(options: StreamsOptions): Promise<Measured[]> {
  await using stack = new AsyncDisposableStack();
  const script = new URL("./microservice.ts", import.meta.url).pathname;
  const microservice = stack.use(startScript(script, [], options.signal));
  const target = `http://127.0.0.1:${Number((await microservice.lines(1))[0])}`;
  const ways: Way[] = [{ measured: nothingYet("direct"), url: target, processes: [] }];
  for (const broker of options.brokers) ways.push(await queued(stack, broker, target, options));
  for (let round = -warmUps; round < options.rounds; round++) {
    for (const { url, measured } of ways) {
      options.signal.throwIfAborted();
      const { firstMs, lagsMs } = await readEvents(url, eventCount, eventPaceMs);
      const { rate, right } = await download(url, downloadBytes, false);
      if (!right) throw new Error(`${measured.way}: not all bytes came`);
      if (round < 0) continue;
      measured.firstMs.push(firstMs);
      measured.lagsMs.push(...lagsMs);
      measured.rates.push(rate);
    }
  }
  const { largeBytes, signal } = options;
  for (const way of ways) {
    const bodies: [Large["what"], () => Promise<Download>][] = [
      ["response", () => download(way.url, largeBytes, true)],
      ["request", () => upload(way.url, largeBytes)],
    ];
    if (way.processes.length > 0) bodies.push(["kept response", () => keep(way.url, largeBytes)]);
    for (const [what, send] of bodies) {
      signal.throwIfAborted();
      way.measured.large.push(await large(way, what, largeBytes, send));
    }
  }
  return ways.map(({ measured }) => measured);
}

function nothingYet(way: Measured["way"]): Measured {
  return { way, firstMs: [], lagsMs: [], rates: [], large: [] };
}

async function queued(
  stack: AsyncDisposableStack,
  broker: BrokerName,
  target: string,
  options: PlaceOptions,
): Promise<Way> {
  const place = stack.use(await openPlace(broker, options));
  const env = { BROKER_URL: place.url, ENQUEUER_MAX_BODY_BYTES: "100GiB" };
  const enqueuer = stack.use(startEnqueuer(env));
  const dequeuer = stack.use(
    startDequeuer({ ...env, DEQUEUER_SERVICE: "streams", DEQUEUER_TARGET_URL: target }),
  );
  const processes = await Promise.all([enqueuer.ready(), dequeuer.ready()]);
  return { measured: nothingYet(broker), url: `${processes[0]}/proxy/streams`, processes };
}

async function large(
  { processes }: Way,
  what: Large["what"],
  bytes: number,
  send: () => Promise<Download>,
): Promise<Large> {
  const { result, ...taken } = await watchMemory(processes, send);
  return { what, bytes, ...result, ...taken };
}
