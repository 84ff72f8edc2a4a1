import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { problem } from "../common/problem.ts";
import type { Sender } from "./senders.ts";

const mostBytes = 2 ** 20;

/** A webhook whose sender is known. */
export interface Webhook {
  readonly sender: string;
  /** The same when the sender sends it again. */
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  /** To the byte as it came. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Puts a webhook where it is safe until it is processed. @throws {Error} it may not be there. */
export type Accept = (webhook: Webhook) => Promise<void>;

/** Takes webhooks from those who can prove that they sent them, and answers before any is processed. */
export function receiver(senders: Readonly<Record<string, Sender>>, accept: Accept): Hono {
  const app = new Hono();
  app.use(bodyLimit({
    maxSize: mostBytes,
    onError: () => problem(413, `at most ${mostBytes} bytes are read`),
  }));
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.post("/webhooks/:sender", async (c) => {
    const name = c.req.param("sender");
    const sender = Object.hasOwn(senders, name) ? senders[name] : undefined;
    if (!sender) return problem(404, `there are webhooks of ${Object.keys(senders).join(", ")}`);
    const body = new Uint8Array(await c.req.raw.arrayBuffer());
    const { headers } = c.req.raw;
    const verified = sender.verify(headers, body);
    if ("fault" in verified) return problem(401, verified.fault);
    const passed = Object.fromEntries(
      [...sender.passes, "content-type"].flatMap((header) => {
        const value = headers.get(header);
        return value === null ? [] : [[header, value]];
      }),
    );
    try {
      await accept({ sender: name, id: verified.id, headers: passed, body });
    } catch (error) {
      // Whoever hears of it sends it again.
      return problem(503, error instanceof Error ? error.message : String(error), {
        "retry-after": "5",
      });
    }
    return c.json({ id: verified.id, status: "accepted" }, 202);
  });
  app.notFound(() => problem(404, "there are POST /webhooks/{sender} and GET /health"));
  return app;
}

const patienceMs = 10_000;

/**
 * Puts webhooks into a service's queue. The `Idempotency-Key` makes one of those that their sender sends
 * again.
 * @param url of the service at the enqueuer, `http://.../proxy/{service}`.
 */
export function acceptInto(url: string): Accept {
  return async ({ sender, id, headers, body }) => {
    const response = await fetch(`${url}/${sender}`, {
      method: "POST",
      headers: {
        ...headers,
        prefer: "respond-async",
        "idempotency-key": `"${sender} ${id.replace(/["\\]/g, "\\$&")}"`,
      },
      body,
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    if (response.status !== 202) throw new Error(`it was not taken: ${response.status} ${text}`);
  };
}
