import { DatabaseSync } from "node:sqlite";
import { Hono } from "hono";
import { problem } from "../common/problem.ts";

/** A webhook that was processed. */
export interface Processed {
  readonly sender: string;
  readonly id: string;
  /** What GitHub calls it, or the `type` in its body. */
  readonly type: string | null;
  readonly body: string;
}

/** What was processed, in a SQLite file. */
export class ProcessedStore implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`CREATE TABLE IF NOT EXISTS processed (
      sender TEXT NOT NULL,
      id TEXT NOT NULL,
      type TEXT,
      body TEXT NOT NULL,
      PRIMARY KEY (sender, id)
    ) STRICT`);
  }

  has(sender: string, id: string): boolean {
    return this.#db.prepare("SELECT 1 FROM processed WHERE sender = ? AND id = ?")
      .get(sender, id) !== undefined;
  }

  add({ sender, id, type, body }: Processed): void {
    this.#db.prepare(
      `INSERT INTO processed (sender, id, type, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    ).run(sender, id, type, body);
  }

  all(): Processed[] {
    const rows = this.#db.prepare("SELECT sender, id, type, body FROM processed ORDER BY rowid");
    return rows.all() as unknown as Processed[];
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

/**
 * Does what is to be done about webhooks, as long as it takes. It is reached through the queue alone, so
 * that whatever gets here is known to be from its sender.
 * @param work what takes so long.
 */
export function processor(store: ProcessedStore, work: () => Promise<void>): Hono {
  const app = new Hono();
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.get("/processed", (c) => c.json(store.all()));
  app.post("/:sender", async (c) => {
    const sender = c.req.param("sender");
    const id = c.req.header("webhook-id") ?? c.req.header("x-github-delivery");
    if (id === undefined) return problem(400, "there is neither Webhook-Id nor X-GitHub-Delivery");
    if (!store.has(sender, id)) {
      const body = await c.req.text();
      await work();
      store.add({ sender, id, type: c.req.header("x-github-event") ?? typeOf(body), body });
    }
    return c.body(null, 204);
  });
  app.notFound(() => problem(404, "there are POST /{sender}, GET /processed and /health"));
  return app;
}

function typeOf(body: string): string | null {
  try {
    const { type } = JSON.parse(body);
    return typeof type === "string" ? type : null;
  } catch {
    return null;
  }
}
