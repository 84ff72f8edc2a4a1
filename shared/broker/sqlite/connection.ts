import { realpathSync, statSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { prepareSchema } from "./schema.ts";

/** Truncate the write-ahead log to this after a checkpoint, bytes. */
const LOG_LIMIT = 16 * 1024 * 1024;
const CACHE_KIB = 16 * 1024;
/** Free pages are kept for reuse up to this, and then given back this many at a time. */
const FREE_PAGES = 4096;
const RECLAIM_PAGES = 1024;

/**
 * One open database file, its prepared statements, and its transactions. It never waits for a
 * lock: what meets one fails as busy, and is tried again by whoever can wait without blocking.
 */
export class Connection {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #inode: string;
  #synchronous: "FULL" | "NORMAL" = "FULL";

  /**
   * @param path the file; it is made if it does not exist.
   * @throws {BrokerError} see {@link prepareSchema}.
   */
  constructor(path: string) {
    this.path = path;
    this.#db = new DatabaseSync(path, { timeout: 0 });
    try {
      prepareSchema(this);
      this.useWriteAheadLog();
      this.exec(`
        PRAGMA synchronous = ${this.#synchronous};
        PRAGMA cache_size = -${CACHE_KIB};
        PRAGMA journal_size_limit = ${LOG_LIMIT};
        PRAGMA temp_store = MEMORY;
      `);
      this.#inode = inode(path);
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Whether the path still leads to the file that is open. */
  get inPlace(): boolean {
    return this.#inode === inode(this.path);
  }

  /** The path by which all processes know the file, whatever links led to it. */
  get realPath(): string {
    try {
      return realpathSync(this.path);
    } catch {
      return this.path;
    }
  }

  useWriteAheadLog(): void {
    this.exec("PRAGMA journal_mode = WAL");
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  pragma(name: string): number {
    const row = this.get<Record<string, number>>(`PRAGMA ${name}`);
    return row?.[name] ?? 0;
  }

  /** Makes the file smaller, a little at a time, if most of it is unused. For a transaction. */
  reclaim(): void {
    const free = this.pragma("freelist_count");
    if (free < FREE_PAGES || free < this.pragma("page_count") / 2) return;
    // Each step gives back one page, and `exec` takes but one.
    this.all(`PRAGMA incremental_vacuum(${RECLAIM_PAGES})`);
  }

  /** Several reads of one and the same state. */
  snapshot<Result>(read: () => Result): Result {
    this.#statement("BEGIN").run();
    try {
      return read();
    } finally {
      this.rollback();
    }
  }

  run(sql: string, ...values: SQLInputValue[]): { changes: number; id: number } {
    const { changes, lastInsertRowid } = this.#statement(sql).run(...values);
    return { changes: Number(changes), id: Number(lastInsertRowid) };
  }

  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...values) as Row[];
  }

  /**
   * Begins a write.
   * @param durable whether its commit waits for the disk. Without, it survives the end of the
   *   process but maybe not a power cut; the next durable commit covers it too.
   */
  begin(durable = true): void {
    const synchronous = durable ? "FULL" : "NORMAL";
    if (synchronous !== this.#synchronous) {
      this.exec(`PRAGMA synchronous = ${synchronous}`);
      this.#synchronous = synchronous;
    }
    this.#statement("BEGIN IMMEDIATE").run();
  }

  commit(): void {
    this.#statement("COMMIT").run();
  }

  /** Undoes what was begun, if anything still is (SQLite does so itself on some failures). */
  rollback(): void {
    try {
      this.#statement("ROLLBACK").run();
    } catch {
      // No transaction is active: there is nothing to undo.
    }
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}

function inode(path: string): string {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat ? `${stat.dev}:${stat.ino}` : "gone";
}
