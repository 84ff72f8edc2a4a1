import { Hono } from "hono";
import { z } from "zod";
import { problem } from "../common/problem.ts";
import type { SendMail } from "./mailer.ts";
import { verdictOf } from "./verdict.ts";

const mail = z.strictObject({
  to: z.email(),
  subject: z.string().min(1).max(998),
  text: z.string().optional(),
  html: z.string().optional(),
}).refine(({ text, html }) => text !== undefined || html !== undefined, "text or html is needed");

const statuses = { never: 422, later: 429, down: 503 } as const;

/** What {@link createApp} needs. */
export interface EmailWorkerDeps {
  readonly send: SendMail;
  /** The sender's address. */
  readonly from: string;
}

/**
 * The worker: `POST /send`, and the same at `/`, where ProxyMQ's own `/send` delivers. Its statuses tell
 * ProxyMQ what to do: 429 and 503 are tried again, and after some 503 in a row nothing is taken out of the
 * queue for a while; 422 is the answer.
 */
export function createApp({ send, from }: EmailWorkerDeps): Hono {
  const app = new Hono();
  const domain = from.slice(from.lastIndexOf("@") + 1).replace(/>$/, "");
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.on("POST", ["/", "/send"], async (c) => {
    const { success, data, error } = mail.safeParse(await c.req.json().catch(() => undefined));
    if (!success) {
      const faults = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim());
      const allowed = 'allowed is {"to", "subject", "text"?, "html"?}';
      return problem(400, `${allowed}: ${faults.join("; ")}`);
    }
    // The same when the request comes again, so that a mail that was sent twice can be told.
    const id = c.req.header("proxymq-request-id") ?? crypto.randomUUID();
    const messageId = `<${id}@${domain}>`;
    try {
      const response = await send({ ...data, from, messageId });
      return c.json({ message_id: messageId, response });
    } catch (error) {
      const { kind, detail } = verdictOf(error);
      return problem(statuses[kind], detail);
    }
  });
  app.notFound(() => problem(404, "there are POST /send and GET /health"));
  return app;
}
