import { createHash } from "node:crypto";
import type { Argument, Reply } from "./client.ts";
import { isScriptMissing } from "./redis_error.ts";

/** Who sends commands. */
export interface Sender {
  send(args: readonly Argument[]): Promise<Reply>;
}

const all: Script[] = [];

/** A Lua script, which the server runs as one step. Its arguments are the command's, without keys. */
export class Script {
  readonly #source: string;
  readonly #sha: string;

  /** @param parts put together they are the script; what others share comes first. */
  constructor(...parts: readonly string[]) {
    this.#source = parts.join("\n");
    this.#sha = createHash("sha1").update(this.#source).digest("hex");
    all.push(this);
  }

  /** Has a server know all scripts there are, so that they are called by their digest. */
  static async load(sender: Sender): Promise<void> {
    await Promise.all(all.map((script) => sender.send(["SCRIPT", "LOAD", script.#source])));
  }

  async run(sender: Sender, args: readonly Argument[]): Promise<Reply> {
    try {
      return await sender.send(["EVALSHA", this.#sha, "0", ...args]);
    } catch (error) {
      if (!isScriptMissing(error)) throw error;
      return await sender.send(["EVAL", this.#source, "0", ...args]);
    }
  }
}
