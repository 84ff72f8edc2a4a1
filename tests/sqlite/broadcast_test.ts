import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Collector } from "../support/collector.ts";
import { eventually, uniqueName } from "../support/waiting.ts";
import { numbered, Place } from "./place.ts";
import { SecondProcess } from "./second_process.ts";

Deno.test("sqlite: a broadcast reaches other processes and this one, each message once", async () => {
  await using place = await Place.make();
  const news = uniqueName("news");
  const hearing = uniqueName("hearing");
  await place.broker.declare({ kind: "reply", name: hearing, broadcasts: [news] });
  await using own = new Collector(place.broker, hearing);
  await using first = await SecondProcess.start("hear", place.url, news);
  await using second = await SecondProcess.start("hear", place.url, news);
  const messages = numbered(100);
  const ids = messages.map(({ correlationId }) => correlationId);
  await place.broker.publish({ broadcast: uniqueName("other") }, messages);
  for (const message of messages.slice(0, -1)) {
    await place.broker.publish({ broadcast: news }, [message], { confirm: false });
  }
  await place.broker.publish({ broadcast: news }, messages.slice(-1));
  for (const process of [first, second]) assert.deepEqual(await process.count(100), ids);
  await own.waitFor(100);
  assert.deepEqual(own.deliveries.map(({ message }) => message.correlationId), ids);
});

Deno.test("sqlite: a killed process hears no broadcasts, and nothing is kept for it", async () => {
  await using place = await Place.make();
  const news = uniqueName("news");
  const killed = await SecondProcess.start("hear", place.url, news);
  await using staying = await SecondProcess.start("hear", place.url, news);
  const publish = () => place.broker.publish({ broadcast: news }, numbered(1));
  await publish();
  await Promise.all([killed.count(1), staying.count(1)]);
  await killed.kill();
  await publish();
  await staying.count(2);

  using database = new DatabaseSync(place.url.slice("sqlite:".length), { readOnly: true });
  const count = (table: string) =>
    database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.["count"];
  await eventually(() => count("broadcasts") === 1);
  const { client } = database.prepare("SELECT client FROM broadcasts").get() ?? {};
  const rest = database.prepare("SELECT DISTINCT client FROM replies").all();
  assert.ok(rest.every((row) => row["client"] === client), "there are replies to the dead");
});
