import { DatabaseSync } from "node:sqlite";

/** A notification that was sent. */
export interface Notification {
  readonly event_id: string;
  readonly order_id: string;
  readonly text: string;
}

/** The notifications, in a SQLite file, one for each event. */
export class NotificationStore implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`CREATE TABLE IF NOT EXISTS notifications (
      event_id TEXT PRIMARY KEY,
      order_id TEXT NOT NULL,
      text TEXT NOT NULL
    ) STRICT`);
  }

  /** Enters one, unless there is one for this event. */
  add({ event_id, order_id, text }: Notification): void {
    this.#db.prepare(
      "INSERT INTO notifications (event_id, order_id, text) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    ).run(event_id, order_id, text);
  }

  all(): Notification[] {
    const rows = this.#db.prepare("SELECT * FROM notifications ORDER BY rowid").all();
    return rows as unknown as Notification[];
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
