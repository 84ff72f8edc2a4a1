import { DatabaseSync } from "node:sqlite";

/** What the inventory has made of an event. */
export interface Reservation {
  readonly event_id: string;
  readonly order_id: string;
  readonly reserved: boolean;
}

interface Row {
  readonly event_id: string;
  readonly order_id: string;
  readonly reserved: number;
  readonly published: number;
}

/** The reservations, in a SQLite file, one for each event. */
export class InventoryStore implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`CREATE TABLE IF NOT EXISTS reservations (
      event_id TEXT PRIMARY KEY,
      order_id TEXT NOT NULL,
      reserved INTEGER NOT NULL,
      published INTEGER NOT NULL DEFAULT 0
    ) STRICT`);
  }

  /**
   * Enters what is made of an event, unless that stands there already.
   * @returns what stands there, and whether others know.
   */
  enter(entry: Reservation): Reservation & { readonly published: boolean } {
    this.#db.prepare(
      `INSERT INTO reservations (event_id, order_id, reserved) VALUES (?, ?, ?)
       ON CONFLICT DO NOTHING`,
    ).run(entry.event_id, entry.order_id, entry.reserved ? 1 : 0);
    const row = this.#db.prepare("SELECT * FROM reservations WHERE event_id = ?")
      .get(entry.event_id) as unknown as Row;
    return { ...toReservation(row), published: row.published === 1 };
  }

  published(eventId: string): void {
    this.#db.prepare("UPDATE reservations SET published = 1 WHERE event_id = ?").run(eventId);
  }

  all(): Reservation[] {
    const rows = this.#db.prepare("SELECT * FROM reservations ORDER BY rowid").all();
    return (rows as unknown as Row[]).map(toReservation);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

function toReservation({ event_id, order_id, reserved }: Row): Reservation {
  return { event_id, order_id, reserved: reserved === 1 };
}
