import { join } from "node:path";

/** A SQLite broker in a folder of its own, which goes with it. */
export interface TemporaryBroker extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
}

/** Makes a folder for a SQLite broker. */
export async function temporaryBroker(): Promise<TemporaryBroker> {
  const folder = await Deno.makeTempDir({ prefix: "proxymq_process_" });
  return {
    url: `sqlite:${join(folder, "broker.db")}`,
    folder,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
