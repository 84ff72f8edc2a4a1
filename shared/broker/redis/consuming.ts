/**
 * The steps of a consumer of a work queue, each one script.
 *
 * @module
 */
import { type Argument, listOf, type Reply, textOf } from "./client.ts";
import { fetching, holding } from "./lua.ts";
import { Script, type Sender } from "./script.ts";

/** Enters a consumer, gives back what it had under names before, and gets the first messages. */
const entering = new Script(
  fetching,
  `
local queue, consumer, lease, count = unpack(ARGV)
local now = clock()
local found = kind(queue)
if found ~= 'work' then return found or 'missing' end
evenIfFull()
for at = 5, #ARGV do reap(queue, ARGV[at], {}) end
redis.call('ZADD', key(queue, 'consumers'), now + lease, consumer)
redis.call('ZADD', key(queue, 'leases'), now + lease, consumer)
return fetch(queue, consumer, tonumber(count), now)
`,
);

const getting = new Script(
  fetching,
  `
local queue, consumer, count = unpack(ARGV)
if not redis.call('ZSCORE', key(queue, 'leases'), consumer) then return 'lost' end
evenIfFull()
return fetch(queue, consumer, tonumber(count), clock())
`,
);

/** Ends consuming. What was not seen goes back, and if nothing is held, the consumer is forgotten. */
const ending = new Script(
  holding,
  `
local queue, consumer, all = ARGV[1], ARGV[2], ARGV[3] == 'all'
evenIfFull()
local unseen = {}
for at = 4, #ARGV, 2 do
  local level, id = ARGV[at], ARGV[at + 1]
  unseen[level .. ':' .. id] = true
  if not all then
    local count = held(queue, level, id, consumer)
    if count then giveBack(queue, level, id, count, false) end
  end
end
redis.call('ZREM', key(queue, 'consumers'), consumer)
if all then reap(queue, consumer, unseen) end
-- It may have been woken for what another is to have now.
ring(queue, #ARGV > 3 and (#ARGV - 3) / 2 or 1)
`,
);

/** Extends leases. Answers with the numbers of those that are over, from 1. */
const renewing = new Script(
  holding,
  `
local now, lease, consumers = clock(), tonumber(ARGV[1]), tonumber(ARGV[2])
local lost = {}
evenIfFull()
for at = 1, consumers do
  local queue, consumer = ARGV[2 * at + 1], ARGV[2 * at + 2]
  redis.call('ZADD', key(queue, 'consumers'), 'XX', now + lease, consumer)
  if redis.call('ZADD', key(queue, 'leases'), 'XX', 'CH', now + lease, consumer) == 0
    and not redis.call('ZSCORE', key(queue, 'leases'), consumer) then
    lost[#lost + 1] = at
  end
end
for at = 1, (#ARGV - 2) / 2 - consumers do
  local first = 2 * (consumers + at) + 1
  local queue, owner = ARGV[first], ARGV[first + 1]
  if redis.call('HGET', key(queue, 'queue'), 'owner') == owner then
    redis.call('PEXPIRE', key(queue, 'queue'), lease)
    redis.call('PEXPIRE', key(queue, 'replies'), lease)
  else
    lost[#lost + 1] = consumers + at
  end
end
return lost
`,
);

/** An entry that a consumer got. */
export interface Entry {
  readonly level: string;
  readonly id: string;
  readonly redeliveries: number;
  /** The fields of the message. */
  readonly fields: Reply;
}

/** What came of asking: messages, and whether there are no more; or why there can be none. */
export type Got =
  | { readonly entries: readonly Entry[]; readonly dry: boolean }
  | "missing"
  | "reply"
  | "lost";

/** Enters a consumer under a name. */
export async function enter(
  sender: Sender,
  { queue, name, before, leaseMs, count }: {
    readonly queue: string;
    readonly name: string;
    /** Its names before. */
    readonly before: readonly string[];
    readonly leaseMs: number;
    readonly count: number;
  },
): Promise<Got> {
  return readGot(await entering.run(sender, [queue, name, `${leaseMs}`, `${count}`, ...before]));
}

/** Gets up to `count` messages that are ready. */
export async function get(
  sender: Sender,
  queue: string,
  name: string,
  count: number,
): Promise<Got> {
  return readGot(await getting.run(sender, [queue, name, `${count}`]));
}

/**
 * Ends consuming.
 * @param all whether everything that it has goes back; else it keeps what it has seen.
 * @param unseen what nobody has seen.
 */
export async function end(
  sender: Sender,
  queue: string,
  name: string,
  all: boolean,
  unseen: readonly { readonly level: string; readonly id: string }[],
): Promise<void> {
  const entries = unseen.flatMap(({ level, id }) => [level, id]);
  await ending.run(sender, [queue, name, all ? "all" : "unseen", ...entries]);
}

/** Something that has a lease: a consumer of a queue, or the owner of a reply queue. */
export interface Leased {
  readonly queue: string;
  readonly name: string;
}

/** Extends leases. @returns those that were over. */
export async function renew<C extends Leased, O extends Leased>(
  sender: Sender,
  leaseMs: number,
  consumers: readonly C[],
  owners: readonly O[],
): Promise<{ consumers: C[]; owners: O[] }> {
  const args: Argument[] = [`${leaseMs}`, `${consumers.length}`];
  for (const { queue, name } of [...consumers, ...owners]) args.push(queue, name);
  const lost = new Set(listOf(await renewing.run(sender, args)).map(Number));
  return {
    consumers: consumers.filter((_, at) => lost.has(at + 1)),
    owners: owners.filter((_, at) => lost.has(consumers.length + at + 1)),
  };
}

function readGot(reply: Reply): Got {
  if (Array.isArray(reply)) {
    const [dry, ...found] = reply;
    const entries = found.map((one) => {
      const [level, id, redeliveries, fields = []] = listOf(one);
      return { level: textOf(level), id: textOf(id), redeliveries: Number(redeliveries), fields };
    });
    return { entries, dry: dry === 1 };
  }
  const text = textOf(reply);
  return text === "reply" || text === "lost" ? text : "missing";
}
