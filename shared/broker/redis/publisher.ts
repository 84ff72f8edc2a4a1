import type { Address, Message, PublishOptions } from "../broker.ts";
import { QueueFullError, QueueNotFoundError } from "../errors.ts";
import { Unconfirmed } from "../unconfirmed.ts";
import type { Argument } from "./client.ts";
import type { Connection } from "./connection.ts";
import { encode } from "./fields.ts";
import { Gathering } from "./gathering.ts";
import { adding } from "./lua.ts";
import { isFull } from "./redis_error.ts";
import { Script } from "./script.ts";
import { topicMatching } from "./topic_script.ts";

/** Publishes to queues, topics and broadcasts; answers for each to how many queues it went. */
const publishing = new Script(
  adding,
  topicMatching,
  `
local now = clock()

local function queuesOf(to, name)
  if to == 'queue' then return kind(name) and { name } or {} end
  local table = to == 'topic' and 'proxymq:topics' or 'proxymq:broadcast:' .. name
  local entries, queues = redis.call('HGETALL', table), {}
  for at = 1, #entries, 2 do
    local queue, value = entries[at], entries[at + 1]
    local gone, reached
    if to == 'topic' then
      gone = not kind(queue)
      for _, pattern in ipairs(cjson.decode(value)) do
        reached = reached or topicMatches(pattern, name)
      end
    else
      gone = redis.call('HGET', key(queue, 'queue'), 'owner') ~= value
      reached = true
    end
    if gone then
      redis.call('HDEL', table, queue)
    elseif reached then
      queues[#queues + 1] = queue
    end
  end
  return queues
end

local result, woken, at = {}, {}, 1
while at <= #ARGV do
  local queues, delay = queuesOf(ARGV[at], ARGV[at + 1]), tonumber(ARGV[at + 2])
  local count = tonumber(ARGV[at + 3])
  at = at + 4
  for _ = 1, count do
    local size = tonumber(ARGV[at])
    local message = { unpack(ARGV, at + 1, at + size) }
    for _, queue in ipairs(queues) do add(queue, message, delay, now) end
    at = at + size + 1
  end
  if delay <= 0 then
    for _, queue in ipairs(queues) do woken[queue] = (woken[queue] or 0) + count end
  end
  result[#result + 1] = #queues
end
for queue, count in pairs(woken) do ring(queue, count) end
return result
`,
);

/** Publishes messages; those of one call in one step. */
export class Publisher {
  readonly #connection: Connection;
  readonly #gathering: Gathering;
  readonly #unconfirmed: Unconfirmed;

  constructor(connection: Connection, closing: AbortSignal) {
    this.#connection = connection;
    this.#gathering = new Gathering(publishing, connection);
    this.#unconfirmed = new Unconfirmed({
      ready: (signal) => connection.ready(signal),
      closing,
    });
  }

  /** Whether something waits to be sent; then it calls back once it is. */
  waits(onSent: () => void): boolean {
    return this.#gathering.waits(onSent);
  }

  /** Resolves when all that was handed over is with the server. */
  flush(): Promise<void> {
    return this.#gathering.flush();
  }

  /** @throws as {@link Broker.publish}. */
  async publish(
    to: Address,
    messages: readonly Message[],
    options: PublishOptions,
  ): Promise<void> {
    if (messages.length === 0) return;
    const { confirm = true, onUnroutable, delayMs = 0 } = options;
    const kind = "queue" in to ? "queue" : "topic" in to ? "topic" : "broadcast";
    const name = "queue" in to ? to.queue : "topic" in to ? to.topic : to.broadcast;
    const delay = kind === "broadcast" ? 0 : delayMs;
    const args: Argument[] = [kind, name, `${delay}`, `${messages.length}`];
    let bytes = 0;
    for (const message of messages) {
      const fields = encode(message);
      args.push(`${fields.length}`, ...fields);
      bytes += message.body.byteLength;
    }
    const send = async () => {
      if (await this.#send(name, args, bytes) > 0 || kind === "broadcast") return;
      if (kind === "queue") throw new QueueNotFoundError(name);
      if (delay <= 0) { for (const message of messages) onUnroutable?.(message); }
    };
    if (confirm) return await send();
    if (!this.#connection.connected) await this.#connection.firstTry();
    this.#unconfirmed.publish(messages, options, send);
  }

  /** Resolves to how many queues they went to. */
  async #send(name: string, args: readonly Argument[], bytes: number): Promise<number> {
    try {
      return Number(await this.#gathering.add(args, { bytes }));
    } catch (error) {
      throw isFull(error) ? new QueueFullError(name, { cause: error }) : error;
    }
  }
}
