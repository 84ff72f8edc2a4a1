import type { Address, Message, PublishOptions } from "../broker.ts";
import { QueueFullError, QueueNotFoundError } from "../errors.ts";
import { type Argument, listOf } from "./client.ts";
import { encode } from "./fields.ts";
import { adding } from "./lua.ts";
import { isFull } from "./redis_error.ts";
import { Script, type Sender } from "./script.ts";
import { topicMatching } from "./topic_script.ts";

/** Publishes to a queue, a topic or a broadcast; answers to how many queues each message went. */
const publishing = new Script(
  adding,
  topicMatching,
  `
local to, name, delay, now = ARGV[1], ARGV[2], tonumber(ARGV[3]), clock()
local queues = {}
if to == 'queue' then
  if kind(name) then queues = { name } end
elseif to == 'topic' then
  local bindings = redis.call('HGETALL', 'proxymq:topics')
  for at = 1, #bindings, 2 do
    local queue = bindings[at]
    for _, pattern in ipairs(cjson.decode(bindings[at + 1])) do
      if topicMatches(pattern, name) then
        if kind(queue) then
          queues[#queues + 1] = queue
        else
          redis.call('HDEL', 'proxymq:topics', queue)
        end
        break
      end
    end
  end
else
  local hearers = redis.call('HGETALL', 'proxymq:broadcast:' .. name)
  for at = 1, #hearers, 2 do
    local queue = hearers[at]
    if redis.call('HGET', key(queue, 'queue'), 'owner') == hearers[at + 1] then
      queues[#queues + 1] = queue
    else
      redis.call('HDEL', 'proxymq:broadcast:' .. name, queue)
    end
  end
end
if #queues == 0 then return 0 end
local at, count = 4, 0
while at <= #ARGV do
  local size = tonumber(ARGV[at])
  local message = { unpack(ARGV, at + 1, at + size) }
  for _, queue in ipairs(queues) do add(queue, message, delay, now) end
  at = at + size + 1
  count = count + 1
end
if delay <= 0 then
  for _, queue in ipairs(queues) do ring(queue, count) end
end
return queues
`,
);

/**
 * Publishes messages in one step.
 * @returns the work and reply queues that they went to.
 * @throws as {@link Broker.publish}.
 */
export async function publish(
  sender: Sender,
  to: Address,
  messages: readonly Message[],
  { confirm = true, onUnroutable, delayMs = 0 }: PublishOptions,
): Promise<readonly string[]> {
  const kind = "queue" in to ? "queue" : "topic" in to ? "topic" : "broadcast";
  const name = "queue" in to ? to.queue : "topic" in to ? to.topic : to.broadcast;
  const args: Argument[] = [kind, name, kind === "broadcast" ? "0" : `${delayMs}`];
  for (const message of messages) {
    const fields = encode(message);
    args.push(`${fields.length}`, ...fields);
  }
  if (messages.length === 0) return [];
  const sent = publishing.run(sender, args).then(listOf, (error) => {
    throw isFull(error) ? new QueueFullError(name, { cause: error }) : error;
  });
  const routed = sent.then((queues) => {
    if (queues.length > 0 || kind === "broadcast") return queues;
    if (confirm && kind === "queue") throw new QueueNotFoundError(name);
    for (const message of messages) onUnroutable?.(message);
    return queues;
  });
  if (confirm) return (await routed).map(String);
  routed.catch(() => {});
  return [];
}
