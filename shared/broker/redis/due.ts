import { listOf } from "./client.ts";
import { holding } from "./lua.ts";
import { aliveChannel } from "./subscriptions.ts";
import { Script, type Sender } from "./script.ts";

/** How often it is looked who is still connected, milliseconds. */
const lookEveryMs = 900;

/**
 * Does what is due in some queues, by the server's clock: delayed messages become ready, expired
 * ones dead letters, and what the dead hold goes back. Of each queue a bounded part, so that the
 * server does not stand still; what is left is due at once.
 */
const doing = new Script(
  holding,
  `
local LIMIT = 100
local now = clock()
evenIfFull()

local function moveDelayed(queue)
  local ids = redis.call('ZRANGEBYSCORE', key(queue, 'delayed'), '-inf', now, 'LIMIT', 0, LIMIT)
  for _, id in ipairs(ids) do
    local name = key(queue, 'delayed:' .. id)
    local message = redis.call('HGETALL', name)
    if #message > 0 then addReady(queue, message, now) end
    redis.call('DEL', name)
    redis.call('ZREM', key(queue, 'delayed'), id)
  end
  ring(queue, #ids)
end

local function buryExpired(queue)
  local names = redis.call('ZRANGEBYSCORE', key(queue, 'expiry'), '-inf', now, 'LIMIT', 0, LIMIT)
  for _, name in ipairs(names) do
    local at, id = string.match(name, '^(%d):(.+)$')
    local message = entry(queue, at, id)
    if message then bury(queue, message, 'expired', now) end
    remove(queue, at, id)
    redis.call('ZREM', key(queue, 'returned'), returnedName(at, id))
  end
end

local function reapDead(queue)
  local dead = redis.call('ZRANGEBYSCORE', key(queue, 'leases'), '-inf', now, 'LIMIT', 0, LIMIT)
  for _, consumer in ipairs(dead) do reap(queue, consumer, {}) end
  -- Those whose connection is gone are dead before their leases are over. One client looks for all.
  if not redis.call('SET', key(queue, 'looked'), '1', 'NX', 'PX', '${lookEveryMs}') then return end
  for _, consumer in ipairs(redis.call('ZRANGE', key(queue, 'leases'), 0, -1)) do
    local connection = string.match(consumer, '^([^/]+)/')
    if connection and redis.call('PUBSUB', 'NUMSUB', '${aliveChannel}' .. connection)[2] == 0 then
      reap(queue, consumer, {})
    end
  end
end

local function wait(queue)
  local least = -1
  for _, part in ipairs({ 'delayed', 'expiry', 'leases' }) do
    local score = redis.call('ZRANGE', key(queue, part), 0, 0, 'WITHSCORES')[2]
    if score then
      local left = math.max(0, score - now)
      if least < 0 or left < least then least = left end
    end
  end
  return least
end

local result = {}
for at, queue in ipairs(ARGV) do
  if kind(queue) then
    moveDelayed(queue)
    buryExpired(queue)
    reapDead(queue)
    result[at] = wait(queue)
  else
    result[at] = -2
  end
end
return result
`,
);

/** What is to be known of a queue after what was due in it was done. */
export type Due = "missing" | {
  /** Milliseconds until something is due again, if anything is known to be. */
  readonly nextMs?: number;
};

/** Does what is due in some queues. */
export async function doDue(sender: Sender, queues: readonly string[]): Promise<Due[]> {
  return listOf(await doing.run(sender, queues)).map((reply) => {
    const wait = Number(reply);
    if (wait === -2) return "missing";
    return wait < 0 ? {} : { nextMs: wait };
  });
}
