import type { QueueSpec, ReplyQueueSpec } from "../broker.ts";
import { QueueMismatchError } from "../errors.ts";
import { textOf } from "./client.ts";
import { basics } from "./lua.ts";
import { Script, type Sender } from "./script.ts";

/** Declares a work queue with its dead letters, and binds and unbinds topics. */
const declaringWork = new Script(
  basics,
  `
local name, dead = ARGV[1], ARGV[2]
evenIfFull()
local present = redis.call('HMGET', key(name, 'queue'), 'kind', 'dead_letter_queue')
if present[1] and (present[1] ~= 'work' or present[2] ~= dead) then return 'mismatch' end
if not present[1] then
  redis.call('HSET', key(name, 'queue'), 'kind', 'work', 'dead_letter_queue', dead)
end
if not kind(dead) then
  redis.call('HSET', key(dead, 'queue'), 'kind', 'work', 'dead_letter_queue', dead)
end
-- What a queue that is there is bound to, others may have changed since.
if #ARGV > 4 and not (ARGV[3] == 'again' and present[1]) then
  local last = 4 + tonumber(ARGV[4])
  local bound, left, patterns = redis.call('HGET', 'proxymq:topics', name), {}, {}
  for at = 5, last do left[ARGV[at]] = true end
  local known = bound and cjson.decode(bound) or {}
  for at = last + 1, #ARGV do
    known[#known + 1] = ARGV[at]
    left[ARGV[at]] = nil
  end
  for _, pattern in ipairs(known) do
    if not left[pattern] then patterns[#patterns + 1] = pattern end
    left[pattern] = true
  end
  if #patterns == 0 then
    redis.call('HDEL', 'proxymq:topics', name)
  else
    redis.call('HSET', 'proxymq:topics', name, cjson.encode(patterns))
  end
end
return 'declared'
`,
);

/** Declares a reply queue, which is there for as long as its owner renews it. */
const declaringReply = new Script(
  basics,
  `
local name, owner, lease = ARGV[1], ARGV[2], ARGV[3]
evenIfFull()
local present = redis.call('HMGET', key(name, 'queue'), 'kind', 'owner')
if present[1] and (present[1] ~= 'reply' or present[2] ~= owner) then return 'mismatch' end
redis.call('HSET', key(name, 'queue'), 'kind', 'reply', 'owner', owner)
redis.call('PEXPIRE', key(name, 'queue'), lease)
redis.call('PEXPIRE', key(name, 'replies'), lease)
for at = 4, #ARGV do redis.call('HSET', 'proxymq:broadcast:' .. ARGV[at], name, owner) end
return present[1] and 'declared' or 'created'
`,
);

/** Deletes a reply queue, if it is its owner's. */
const withdrawing = new Script(
  basics,
  `
local name, owner = ARGV[1], ARGV[2]
if redis.call('HGET', key(name, 'queue'), 'owner') ~= owner then return end
redis.call('DEL', key(name, 'queue'), key(name, 'replies'))
for at = 3, #ARGV do redis.call('HDEL', 'proxymq:broadcast:' .. ARGV[at], name) end
`,
);

/** Whose a reply queue is. */
export interface Owner {
  readonly id: string;
  /** For how long it is kept when its owner is not heard of, milliseconds. */
  readonly leaseMs: number;
}

/**
 * Declares a queue.
 * @param again whether that was done before: then a queue that is still there keeps its topics.
 * @throws {QueueMismatchError}
 */
export async function declare(
  sender: Sender,
  spec: QueueSpec,
  owner: Owner,
  again = false,
): Promise<void> {
  const reply = spec.kind === "work"
    ? await declaringWork.run(sender, [
      ...[spec.name, spec.deadLetterQueue, again ? "again" : "", `${spec.unbind?.length ?? 0}`],
      ...[...spec.unbind ?? [], ...spec.topics ?? []],
    ])
    : await declaringReply.run(sender, [
      ...[spec.name, owner.id, `${owner.leaseMs}`],
      ...spec.broadcasts ?? [],
    ]);
  if (textOf(reply) !== "mismatch") return;
  throw new QueueMismatchError(
    `the queue "${spec.name}" exists with another kind, owner or dead-letter queue; ` +
      "give one of the two another name",
  );
}

/** Deletes a reply queue that its owner has declared. */
export async function withdraw(
  sender: Sender,
  { name, broadcasts = [] }: ReplyQueueSpec,
  { id }: Owner,
): Promise<void> {
  await withdrawing.run(sender, [name, id, ...broadcasts]);
}
