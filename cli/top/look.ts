import { z } from "zod";
import { type QueueDocument, queueSchema } from "../../enqueuer/queues/queue_document.ts";
import { answeredByService } from "./answered.ts";

/** What an enqueuer says at a time. */
export interface Look {
  /** Milliseconds of a clock that never goes back. */
  readonly at: number;
  readonly queues: readonly QueueDocument[];
  /** How many requests of each service it has answered since it started. */
  readonly answered: ReadonlyMap<string, number>;
}

/** An enqueuer refuses, and will go on to. */
export class RefusedError extends Error {
  override name = "RefusedError";
}

/** How long an enqueuer may take to answer, milliseconds. */
const patienceMs = 5_000;

const listSchema = z.object({ items: z.array(queueSchema) });
const problemSchema = z.object({ title: z.string(), detail: z.string().optional() });

/**
 * Asks an enqueuer.
 * @throws {RefusedError} it is none, or wants another key.
 * @throws {Error} it cannot be asked just now.
 */
export async function look(
  { url, key }: { readonly url: string; readonly key?: string },
  signal: AbortSignal,
): Promise<Look> {
  const [list, metrics] = await Promise.all(
    ["queues", "metrics"].map((path) => get(`${url}/${path}`, key, signal)),
  );
  const parsed = listSchema.safeParse(jsonOf(list ?? ""));
  if (!parsed.success) throw new RefusedError(`${url} is no enqueuer: ${url}/queues is no list`);
  return {
    at: performance.now(),
    queues: parsed.data.items,
    answered: answeredByService(metrics ?? ""),
  };
}

async function get(url: string, key: string | undefined, signal: AbortSignal): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    });
    text = await response.text();
  } catch (error) {
    throw new Error(`${url}: ${reasonOf(error)}`);
  }
  if (response.ok) return text;
  const { success, data } = problemSchema.safeParse(jsonOf(text));
  const why = success ? data.detail ?? data.title : "no enqueuer answers there";
  const message = `${url}: ${response.status}, ${why}`;
  throw response.status < 500 ? new RefusedError(message) : new Error(message);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
