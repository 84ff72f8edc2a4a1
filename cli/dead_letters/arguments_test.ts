import assert from "node:assert/strict";
import { parseArguments, UsageError } from "./arguments.ts";

const nothing = { json: false, dryRun: false, yes: false, discard: false, toQueue: false };

Deno.test("help is wanted by those who ask for it, or for nothing", () => {
  for (const args of [[], ["--help"], ["-h"], ["replay", "--help"]]) {
    assert.equal(parseArguments(args), undefined);
  }
});

Deno.test("arguments", () => {
  const parsed = (text: string) => parseArguments(text.split(" "));
  assert.deepEqual(parsed("list orders"), {
    ...nothing,
    command: "list",
    service: "orders",
    selection: { filter: {} },
  });
  assert.deepEqual(
    parsed(
      "replay orders a --id b --reason status-5* --status 503 --older-than 5m --newer-than 1h " +
        "--path /x --limit 7 --to others --rate 60/m --dry-run -y --json",
    ),
    {
      ...nothing,
      command: "replay",
      service: "orders",
      selection: {
        filter: {
          ids: ["a", "b"],
          reason: "status-5*",
          status: 503,
          olderThanMs: 300_000,
          newerThanMs: 3_600_000,
          path: "/x",
        },
        limit: 7,
      },
      to: "others",
      perSecond: 1,
      dryRun: true,
      yes: true,
      json: true,
    },
  );
  assert.deepEqual(parsed("discard orders --all")?.selection, { filter: {} });
  assert.deepEqual(parsed("show orders a")?.selection, { filter: { ids: ["a"] } });
  assert.equal(parsed("export orders --file f --discard")?.discard, true);
  assert.equal(parsed("import orders --to-queue")?.toQueue, true);
});

const wrong: [string, RegExp][] = [
  ["lst orders", /no command "lst"; allowed are list, show/],
  ["list", /needs the name of a service/],
  ["list Orders", /"Orders" is no service name/],
  ["list orders --all", /list has no option --all; it has --id/],
  ["list orders --statu 3", /--statu/],
  ["list orders --status", /--status/],
  ["list orders --status 99", /--status 99 .* 100 to 599/],
  ["list orders --limit 0", /--limit 0 /],
  ["list orders --older-than 5", /--older-than 5 .*30s/],
  ["show orders", /the id of one/],
  ["show orders a b", /the id of one/],
  ["replay orders", /needs to know which/],
  ["discard orders --rate 5", /discard has no option|--rate 5 /],
  ["replay orders --all --reason x", /not both/],
  ["replay orders --all --rate fast", /--rate fast .*50\/s/],
  ["replay orders --all --to A", /"A" is no service name/],
  ["replay orders --all --to proxymq-callbacks", /proxymq-, which is reserved/],
  ["import orders a", /takes no ids/],
  ["import orders --discard", /no option --discard/],
  ["export orders --discard", /needs --file/],
];

for (const [text, problem] of wrong) {
  Deno.test(`wrong arguments: ${text}`, () => {
    assert.throws(() => parseArguments(text.split(" ")), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, problem);
      return true;
    });
  });
}
