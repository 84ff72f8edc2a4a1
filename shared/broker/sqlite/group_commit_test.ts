import assert from "node:assert/strict";
import { BrokerError, BrokerUnavailableError } from "../errors.ts";
import { GroupCommit } from "./group_commit.ts";

class Log {
  readonly lines: string[] = [];
  busy = 0;
  broken: Error | undefined;
  readonly group = new GroupCommit({
    begin: (durable) => {
      if (this.busy-- > 0) throw new Error("database is locked");
      this.lines.push(durable ? "begin durable" : "begin");
    },
    commit: () => {
      if (this.broken) throw this.broken;
      this.lines.push("commit");
    },
    rollback: () => void this.lines.push("rollback"),
  }, {
    before: () => void this.lines.push("before"),
    after: () => void this.lines.push("after"),
    committed: () => void this.lines.push("committed"),
    failed: (cause) => new BrokerUnavailableError("failed", { cause }),
  });

  write(name: string, durable = false): Promise<string> {
    return this.group.add(() => {
      this.lines.push(name);
      return name;
    }, { durable });
  }
}

Deno.test("the writes of a turn are one transaction, durable if one of them is", async () => {
  const log = new Log();
  assert.deepEqual(await Promise.all([log.write("a"), log.write("b", true)]), ["a", "b"]);
  await log.write("c");
  assert.deepEqual(log.lines, [
    ...["begin durable", "before", "a", "b", "after", "commit", "committed"],
    ...["begin", "before", "c", "after", "commit", "committed"],
  ]);
});

Deno.test("what is refused does not fail its neighbours", async () => {
  const log = new Log();
  const refused = log.group.add(() => {
    throw new BrokerError("no");
  }, { durable: false });
  const other = log.write("a");
  await assert.rejects(refused, { message: "no" });
  assert.equal(await other, "a");
});

Deno.test("a commit that fails is rolled back, and fails all of its group", async () => {
  const log = new Log();
  log.broken = new Error("database or disk is full");
  const results = await Promise.allSettled([log.write("a"), log.write("b")]);
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected"]);
  assert.equal(log.lines.at(-1), "rollback");
  log.broken = undefined;
  assert.equal(await log.write("c"), "c");
});

Deno.test("a busy database is tried again, and what comes meanwhile joins the group", async () => {
  const log = new Log();
  log.busy = 20;
  const first = log.write("a", true);
  log.group.flush();
  const second = log.write("b");
  await Promise.all([first, second]);
  const transaction = ["begin durable", "before", "a", "b", "after", "commit", "committed"];
  assert.deepEqual(log.lines, transaction);
});

Deno.test("what was cancelled does not happen until it is flushed", () => {
  const log = new Log();
  void log.write("a");
  log.group.cancel();
  assert.deepEqual(log.lines, []);
  log.group.flush();
  assert.deepEqual(log.lines.slice(0, 3), ["begin", "before", "a"]);
});
