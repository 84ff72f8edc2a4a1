import assert from "node:assert/strict";
import { parseArguments } from "./arguments.ts";

const env = (values: Record<string, string>) => (name: string) => values[name];
const parsed = (text: string, values: Record<string, string> = {}) =>
  parseArguments(text.split(" "), env(values));

Deno.test("arguments of a move", () => {
  assert.equal(parsed("--help"), "help");
  const nothing = {
    from: "sqlite:a.db",
    to: "amqp://host/?queueType=quorum",
    service: "orders",
    deadLetters: false,
    awaited: false,
    wait: false,
    limit: Infinity,
    perSecond: Infinity,
    dryRun: false,
    yes: false,
    json: false,
  };
  assert.deepEqual(parsed("--from sqlite:a.db --to amqp://host/ --service orders"), nothing);
  const urls = { MOVE_FROM: "sqlite:a.db", MOVE_TO: "amqp://host/" };
  assert.deepEqual(parsed("--service orders", urls), nothing);
  assert.deepEqual(
    parsed(
      "--service orders --dead-letters --include-waiting --wait --limit 7 --rate 60/m --dry-run -y --json",
      { ...urls, RABBITMQ_QUEUE_TYPE: "classic" },
    ),
    {
      ...nothing,
      to: "amqp://host/?queueType=classic",
      deadLetters: true,
      awaited: true,
      wait: true,
      limit: 7,
      perSecond: 1,
      dryRun: true,
      yes: true,
      json: true,
    },
  );
});

const wrong: [string, RegExp][] = [
  ["--to sqlite:b --service x", /--from is not set: a URL that starts with amqp:/],
  ["--from sqlite:a --service x", /--to is not set/],
  ["--from amqp://me:s3cret@a --to postgres://me:s3cret@b --service x", /--to="?.*\(hidden\)/],
  ["--from memory: --to sqlite:b --service x", /--from="memory:" is not allowed/],
  ["--from amqp://a/v?queueType=quorum --to amqp://a/v --service x", /the same broker/],
  ["--from sqlite:a --to sqlite:b", /--service is not given; allowed are 1 to 63/],
  ["--from sqlite:a --to sqlite:b --service X", /--service is "X"/],
  ["--from sqlite:a --to sqlite:b --service x --rate fast", /--rate fast .*50\/s/],
  ["--from sqlite:a --to sqlite:b --service x --limit 0", /--limit is "0"/],
  ["--from sqlite:a --to sqlite:b --service x y", /'y'/],
];

for (const [text, problem] of wrong) {
  Deno.test(`wrong arguments of a move: ${text}`, () => {
    assert.throws(() => parsed(text), (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, problem);
      assert.doesNotMatch(error.message, /s3cret/);
      return true;
    });
  });
}
