import { z } from "zod";

/** A CloudEvent about an order, as far as these services look at it. */
export interface OrderEvent {
  /** The same when the event comes twice. */
  readonly id: string;
  readonly type: string;
  readonly data: { readonly order_id: string; readonly [name: string]: unknown };
}

const schema = z.object({
  id: z.string().min(1),
  type: z.string().min(1),
  data: z.looseObject({ order_id: z.string().min(1) }),
});

/**
 * Reads an event in binary mode (attributes in headers) or structured mode (all in the body).
 * @returns what is wrong with it, if it is none about an order.
 */
export async function readEvent(request: Request): Promise<OrderEvent | { fault: string }> {
  const { headers } = request;
  const body: unknown = await request.json().catch(() => undefined);
  const structured = headers.get("content-type")?.startsWith("application/cloudevents+json");
  const { success, data, error } = schema.safeParse(
    structured ? body : { id: headers.get("ce-id"), type: headers.get("ce-type"), data: body },
  );
  if (success) return data;
  const faults = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  return { fault: `this is no event about an order: ${faults.join("; ")}` };
}

/** Publishes an event. @throws {Error} it may not have been. */
export type Publish = (topic: string, source: string, event: OrderEvent) => Promise<void>;

const patienceMs = 10_000;

/** Publishes by an enqueuer. */
export function publisher(enqueuerUrl: string): Publish {
  return async (topic, source, { id, type, data }) => {
    const response = await fetch(`${enqueuerUrl}/publish/${topic}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": id,
        "ce-source": source,
        "ce-type": type,
        "ce-subject": data.order_id,
        "ce-time": new Date().toISOString(),
      },
      body: JSON.stringify(data),
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${type} was not published: ${response.status} ${text}`);
  };
}
