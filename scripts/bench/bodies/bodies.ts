import { join } from "node:path";
import { startVariant, type Variant } from "../compare/variants.ts";
import { openPlace, type PlaceOptions } from "../requests/place.ts";
import { startScript } from "../script.ts";
import type { Echoed } from "./caller.ts";

const ways = ["hono", "bare", "quorum", "classic"] as const;
/** How many are on their way at once. */
const callers = 8;

/** A way of a body to the microservice and back. */
export type BodyWay = typeof ways[number];

/** How it is measured. */
export interface BodiesOptions extends PlaceOptions {
  /** The sizes of bodies, bytes. */
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** How long each is measured in a round, milliseconds. */
  readonly ms: number;
}

/** What came back in one round. */
export interface Moved extends Echoed {
  readonly way: BodyWay;
  readonly bytes: number;
}

/**
 * Bodies of each size through ProxyMQ and back, in turns with a plain proxy, which has the HTTP of it
 * and no queue, and with the bare client's call and reply, which has the queue and no HTTP.
 */
export async function benchBodies(options: BodiesOptions): Promise<Moved[]> {
  const { sizes, rounds, ms, signal, log } = options;
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await openPlace("rabbitmq", options));
  const compare = join(import.meta.dirname ?? ".", "..", "compare");
  const microservice = stack.use(startScript(join(compare, "microservice.ts"), [], signal));
  const [port] = await microservice.lines(1);
  const scene = { target: `http://127.0.0.1:${port}`, amqpUrl: place.url, folder: "", signal, log };
  const variants = new Map<BodyWay, Variant>();
  for (const way of ways) variants.set(way, await startVariant(way, scene, stack));
  const moved: Moved[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const bytes of sizes) {
      for (const [way, variant] of variants) {
        signal.throwIfAborted();
        await using script = variant.call(callers, ms, bytes);
        const [line = ""] = await script.lines(1);
        const seen: Echoed = JSON.parse(line);
        log(`round ${round}: ${way}, ${bytes} bytes: ${JSON.stringify(seen)}`);
        // The first round is to warm up.
        if (round > 0) moved.push({ ...seen, way, bytes });
      }
    }
  }
  return moved;
}
