import { z } from "zod";
import { asProblem, Problem, problemMediaType } from "./problem.ts";

/** How many requests a batch may have. */
const mostItems = 256;

const batch = z.array(
  z.object({ id: z.string(), method: z.string(), path: z.string(), body: z.unknown().optional() }),
).min(1).max(mostItems);

/** A request in a batch, as ProxyMQ sends it. */
export type BatchItem = z.infer<typeof batch>[number];

/** A request's answer in a batch's. */
export interface ItemAnswer {
  readonly id: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** @throws {Problem} `invalid-input`: it is no batch. */
export function readBatch(given: unknown): BatchItem[] {
  const { success, data } = batch.safeParse(given);
  if (success) return data;
  throw new Problem(
    "invalid-input",
    `allowed is an array of 1 to ${mostItems} {"id", "method", "path", "body"}`,
  );
}

/** Answers a request of a batch by itself: what is wrong with it is no other request's affair. */
export async function answerItem(
  { id, method, path, body }: BatchItem,
  report: (input: unknown) => Promise<unknown>,
): Promise<ItemAnswer> {
  try {
    if (method !== "POST" || path.replace(/\?.*/, "") !== "/fetch") {
      throw new Problem("not-found", `in a batch there is POST /fetch, not ${method} ${path}`);
    }
    return { id, status: 200, body: await report(body) };
  } catch (error) {
    const problem = asProblem(error);
    const headers = { "content-type": problemMediaType };
    return { id, status: problem.status, headers, body: problem.toDocument() };
  }
}
