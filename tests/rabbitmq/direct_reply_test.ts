import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { QueueNotFoundError } from "../../shared/broker/errors.ts";
import { eventually } from "../brokers.ts";
import { ack, Collector } from "../support/collector.ts";
import { foreignClient, rabbitmqctl, rabbitmqTest } from "./server.ts";

const pong = { body: new TextEncoder().encode("pong"), headers: {}, correlationId: "1" };

rabbitmqTest(
  "a requester on direct reply-to gets its answers, confirmed or not, each once",
  async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await using collector = new Collector(broker, queue.name, { settle: ack });
    const answers: string[] = [];
    let replyTo = "";
    {
      await using foreign = await foreignClient();
      const channel = await foreign.connection.createChannel();
      await channel.consume("amq.rabbitmq.reply-to", (message) => {
        answers.push(`${message?.properties.correlationId} ${message?.content}`);
      }, { noAck: true });
      const properties = { replyTo: "amq.rabbitmq.reply-to", correlationId: "1" };
      channel.sendToQueue(queue.name, Buffer.from("ping"), properties);
      const [request] = await collector.waitFor(1);
      replyTo = request?.message.replyTo ?? "";
      assert.match(replyTo, /^amq\.rabbitmq\.reply-to\../);
      await broker.publish({ queue: replyTo }, [pong]);
      await broker.publish({ queue: replyTo }, [{ ...pong, correlationId: "2" }], {
        confirm: false,
      });
      await eventually(() => answers.length === 2);
      assert.deepEqual(answers, ["1 pong", "2 pong"]);
    }
    await eventually(async () => {
      await assert.rejects(broker.publish({ queue: replyTo }, [pong]), QueueNotFoundError);
      return true;
    });
    assert.equal(answers.length, 2);
  },
);

rabbitmqTest(
  "a malformed direct reply-to address is refused, and no connection is lost by it",
  async (t) => {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    const connections = () => rabbitmqctl("--quiet", "list_connections", "pid", "user");
    const before = await connections();
    for (const end of ["", "x", "!!!.x", "g2EB.AAAA", "g1h2AA5yZXBseQ.rnfTwvEyZV68VhKpnvpvzw=="]) {
      const to = { queue: `amq.rabbitmq.reply-to.${end}` };
      await assert.rejects(broker.publish(to, [pong]), QueueNotFoundError);
      await assert.rejects(broker.publish(to, [pong], { confirm: false }), QueueNotFoundError);
    }
    await broker.publish({ queue: queue.name }, [pong]);
    assert.equal(await connections(), before);
  },
  { needsCtl: true },
);
