import { DatabaseSync } from "node:sqlite";

/** What has become of an order. */
export type OrderStatus = "accepted" | "reserved" | "failed";

/** An order, as callers see it. */
export interface Order {
  readonly order_id: string;
  readonly status: OrderStatus;
  readonly created_at: string;
  /** What the caller has sent. */
  readonly order: Readonly<Record<string, unknown>>;
}

interface Row {
  readonly id: string;
  readonly status: OrderStatus;
  readonly created_at: string;
  readonly details: string;
}

/** The orders, in a SQLite file. */
export class OrderStore implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`CREATE TABLE IF NOT EXISTS orders (
      id TEXT PRIMARY KEY,
      status TEXT NOT NULL,
      created_at TEXT NOT NULL,
      details TEXT NOT NULL,
      published INTEGER NOT NULL DEFAULT 0
    ) STRICT`);
  }

  add({ order_id, status, created_at, order }: Order): void {
    this.#db.prepare("INSERT INTO orders (id, status, created_at, details) VALUES (?, ?, ?, ?)")
      .run(order_id, status, created_at, JSON.stringify(order));
  }

  remove(id: string): void {
    this.#db.prepare("DELETE FROM orders WHERE id = ?").run(id);
  }

  published(id: string): void {
    this.#db.prepare("UPDATE orders SET published = 1 WHERE id = ?").run(id);
  }

  setStatus(id: string, status: OrderStatus): void {
    this.#db.prepare("UPDATE orders SET status = ? WHERE id = ?").run(status, id);
  }

  find(id: string): Order | undefined {
    return this.#select("WHERE id = ?", id)[0];
  }

  all(): Order[] {
    return this.#select("");
  }

  /** Those whose event may not have been published. */
  unpublished(): Order[] {
    return this.#select("WHERE published = 0");
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #select(where: string, ...values: string[]): Order[] {
    const rows = this.#db.prepare(
      `SELECT id, status, created_at, details FROM orders ${where} ORDER BY rowid`,
    ).all(...values) as unknown as Row[];
    return rows.map(({ id, status, created_at, details }) => ({
      order_id: id,
      status,
      created_at,
      order: JSON.parse(details),
    }));
  }
}
