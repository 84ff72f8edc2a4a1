import type { QueueStats } from "../broker.ts";
import { QueueNotFoundError } from "../errors.ts";
import { listOf } from "./client.ts";
import { basics } from "./lua.ts";
import { Script, type Sender } from "./script.ts";

const counting = new Script(
  basics,
  `
local queue = ARGV[1]
if not kind(queue) then return end

local function count(queue)
  local all, pending, oldest = 0, 0, nil
  for at = 0, 9 do
    local s = stream(queue, at)
    if exists(s) then
      local length = redis.call('XLEN', s)
      all = all + length
      pending = pending + redis.call('XPENDING', s, G)[1]
      if length > 0 then
        local last
        for _, one in ipairs(redis.call('XINFO', 'GROUPS', s)) do
          local info = {}
          for n = 1, #one, 2 do info[one[n]] = one[n + 1] end
          if info.name == G then last = info['last-delivered-id'] end
        end
        local next = last and redis.call('XRANGE', s, '(' .. last, '+', 'COUNT', 1)[1]
        local ms = next and tonumber(string.match(next[1], '^%d+'))
        if ms and (not oldest or ms < oldest) then oldest = ms end
      end
    end
  end
  local returned = redis.call('ZCARD', key(queue, 'returned'))
  for at = 0, 9 do
    local low = (9 - at) * 100000000000000
    local name = returned > 0 and redis.call('ZRANGEBYSCORE', key(queue, 'returned'),
      string.format('%.0f', low), string.format('(%.0f', low + 100000000000000), 'LIMIT', 0, 1)[1]
    local ms = name and tonumber(string.match(name, '^%d:(%d+)'))
    if ms and (not oldest or ms < oldest) then oldest = ms end
  end
  return all - pending + returned, pending - returned, oldest
end

local ready, inFlight, oldest = count(queue)
local dead = redis.call('HGET', key(queue, 'queue'), 'dead_letter_queue')
return {
  ready,
  inFlight,
  oldest and math.max(0, clock() - oldest) or -1,
  dead and dead ~= queue and count(dead) or 0,
  redis.call('ZCARD', key(queue, 'delayed')),
  redis.call('ZCOUNT', key(queue, 'consumers'), clock(), '+inf'),
}
`,
);

/**
 * The state of a queue.
 * @throws {QueueNotFoundError}
 */
export async function queueStats(sender: Sender, queue: string): Promise<QueueStats> {
  const counts = listOf(await counting.run(sender, [queue])).map(Number);
  if (counts.length === 0) throw new QueueNotFoundError(queue);
  const [ready = 0, inFlight = 0, age = -1, dead = 0, delayed = 0, consumers = 0] = counts;
  return {
    ready,
    dead,
    consumers,
    inFlight,
    delayed,
    ...(age < 0 ? {} : { oldestAgeMs: age }),
  };
}
