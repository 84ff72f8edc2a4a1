/**
 * What the scripts share: where things are, and the steps that a message takes. The layout is that
 * of docs/protocol.md.
 *
 * @module
 */

/** The consumer group of every stream. */
export const group = "proxymq";

/** For scripts that are to work on a server whose memory is full. */
export const whenFull = `
-- It refuses to write, but not to a script that has written before: what empties queues has to go on.
local function evenIfFull() redis.call('DEL', 'proxymq:none') end
`;

/** Keys and the clock. */
export const basics = `
${whenFull}
local G = '${group}'
-- The consumer in whose name the group keeps what was given back.
local RETURNED = 'returned'

local function key(queue, part) return 'proxymq:{' .. queue .. '}:' .. part end
local function stream(queue, level) return key(queue, 'ready:' .. level) end

local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function exists(name) return redis.call('EXISTS', name) == 1 end
local function kind(queue) return redis.call('HGET', key(queue, 'queue'), 'kind') end

-- A message is a flat list of names and values.
local function field(message, name)
  for at = 1, #message, 2 do
    if message[at] == name then return message[at + 1] end
  end
end

-- A message with some of its fields replaced, or left out where the new value is false.
local function with(message, changes)
  local result = {}
  for at = 1, #message, 2 do
    if changes[message[at]] == nil then
      result[#result + 1] = message[at]
      result[#result + 1] = message[at + 1]
    end
  end
  for name, value in pairs(changes) do
    if value then
      result[#result + 1] = name
      result[#result + 1] = value
    end
  end
  return result
end

local function level(message)
  local priority = math.floor(tonumber(field(message, 'priority') or 0) or 0)
  return string.format('%d', math.min(math.max(priority, 0), 9))
end

-- Wakes as many waiting consumers as there are messages, at most a few: each wakes the next.
local function ring(queue, count)
  if not exists(key(queue, 'consumers')) then return end
  local bell = key(queue, 'bell')
  for _ = redis.call('LLEN', bell) + 1, math.min(count, 8) do redis.call('RPUSH', bell, '1') end
end
`;

/** A message's way into a queue. */
export const adding = `${basics}
local function addReady(queue, message, now)
  if kind(queue) == 'reply' then
    local replies = key(queue, 'replies')
    local fresh = not exists(replies)
    -- Who waits for it can end then.
    evenIfFull()
    redis.call('XADD', replies, '*', unpack(message))
    -- Later its owner extends it.
    if fresh then redis.call('PEXPIRE', replies, redis.call('PTTL', key(queue, 'queue'))) end
    return
  end
  local at = level(message)
  local expiration = tonumber(field(message, 'expiration') or '')
  if expiration then
    message = with(message, { expires_at = string.format('%.0f', now + expiration) })
  end
  if not exists(stream(queue, at)) then
    redis.call('XGROUP', 'CREATE', stream(queue, at), G, '0', 'MKSTREAM')
  end
  local id = redis.call('XADD', stream(queue, at), '*', unpack(message))
  if expiration then redis.call('ZADD', key(queue, 'expiry'), now + expiration, at .. ':' .. id) end
end

local function add(queue, message, delay, now)
  if delay <= 0 then return addReady(queue, message, now) end
  local id = redis.call('HINCRBY', key(queue, 'queue'), 'delayed', 1)
  redis.call('HSET', key(queue, 'delayed:' .. id), unpack(message))
  redis.call('ZADD', key(queue, 'delayed'), now + delay, id)
end

-- The queue of a queue's dead letters, which is made again where somebody deleted it.
local function deadLetterQueue(queue)
  local dead = redis.call('HGET', key(queue, 'queue'), 'dead_letter_queue')
  if not dead then return end
  if not kind(dead) then
    redis.call('HSET', key(dead, 'queue'), 'kind', 'work', 'dead_letter_queue', dead)
  end
  return dead
end

-- What ended where it was lives on as a dead letter, for ever. Headers are JSON: what is added
-- last counts.
local function bury(queue, message, reason, now)
  local dead = deadLetterQueue(queue)
  if not dead then return end
  local headers = field(message, 'headers') or '{}'
  local added = '"dead-reason":' .. cjson.encode(reason) ..
    ',"dead-at":' .. string.format('%.0f', now) .. ',"dead-queue":' .. cjson.encode(queue) .. '}'
  local head = string.gsub(headers, '}%s*$', '')
  if not string.match(head, '{%s*$') then added = ',' .. added end
  add(dead, with(message, { headers = head .. added, expiration = false, expires_at = false }), 0, now)
  ring(dead, 1)
end
`;

/** What becomes of the entries that consumers have. */
export const holding = `${adding}
local function entry(queue, at, id)
  local found = redis.call('XRANGE', stream(queue, at), id, id)[1]
  return found and found[2]
end

local function remove(queue, at, id)
  redis.call('XACK', stream(queue, at), G, id)
  redis.call('XDEL', stream(queue, at), id)
  redis.call('ZREM', key(queue, 'expiry'), at .. ':' .. id)
end

-- The most urgent first, then the oldest; redis orders equal ones by their text.
local function returnedScore(at, id)
  local ms = tonumber(string.match(id, '^%d+'))
  return string.format('%.0f', (9 - at) * 100000000000000 + ms)
end
local function returnedName(at, id)
  local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
  return at .. ':' .. ms .. '-' .. string.rep('0', 20 - #sequence) .. sequence
end
local function parseReturned(name)
  local at, ms, sequence = string.match(name, '^(%d):(%d+)-0*(%d+)$')
  return at, ms .. '-' .. sequence
end

-- Gives an entry back to its place in the queue. 'counted' where somebody may have seen it.
local function giveBack(queue, at, id, count, counted)
  local s = stream(queue, at)
  redis.call('XCLAIM', s, G, RETURNED, 0, id, 'RETRYCOUNT', counted and count or count - 1, 'JUSTID')
  redis.call('ZADD', key(queue, 'returned'), returnedScore(at, id), returnedName(at, id))
  local message = entry(queue, at, id)
  local expires = message and field(message, 'expires_at')
  if expires then redis.call('ZADD', key(queue, 'expiry'), expires, at .. ':' .. id) end
end

-- How often an entry was handed out, if it is this consumer's.
local function held(queue, at, id, consumer)
  if not exists(stream(queue, at)) then return end
  local pending = redis.call('XPENDING', stream(queue, at), G, id, id, 1, consumer)[1]
  return pending and pending[4]
end

-- Gives back all that a consumer has, and forgets it. What is in 'unseen' does not count.
local function reap(queue, consumer, unseen)
  local returned = 0
  for at = 9, 0, -1 do
    local s = stream(queue, at)
    if exists(s) then
      local more = true
      while more do
        local pending = redis.call('XPENDING', s, G, '-', '+', 100, consumer)
        for _, one in ipairs(pending) do
          giveBack(queue, at, one[1], one[4], not unseen[at .. ':' .. one[1]])
        end
        returned = returned + #pending
        more = #pending == 100
      end
      redis.call('XGROUP', 'DELCONSUMER', s, G, consumer)
    end
  end
  redis.call('ZREM', key(queue, 'consumers'), consumer)
  redis.call('ZREM', key(queue, 'leases'), consumer)
  ring(queue, returned)
end
`;

/** How many entries are read at once, and from how many bytes on that is enough for one answer. */
const atOnce = 32;
const enoughBytes = 16 * 1024 * 1024;

/** How a consumer gets what is ready. */
export const fetching = `${holding}
-- At first 1 if nothing is left; then up to 'count' messages, {level, id, redeliveries, message} each,
-- fewer if they are large.
local function fetch(queue, consumer, count, now)
  local result, bytes, dry = {}, 0, true
  local function room()
    if #result >= count or bytes >= ${enoughBytes} then dry = false end
    return dry and math.min(count - #result, ${atOnce}) or 0
  end
  local function take(at, id, times, message)
    local expires = field(message, 'expires_at')
    if expires then redis.call('ZREM', key(queue, 'expiry'), at .. ':' .. id) end
    if expires and tonumber(expires) <= now then
      bury(queue, message, 'expired', now)
      remove(queue, at, id)
    else
      result[#result + 1] = { at, id, times - 1, message }
      bytes = bytes + #(field(message, 'body') or '')
    end
  end
  local anyReturned = exists(key(queue, 'returned'))
  for at = 9, 0, -1 do
    local s = stream(queue, at)
    while anyReturned and room() > 0 do
      local low = (9 - at) * 100000000000000
      local names = redis.call('ZRANGEBYSCORE', key(queue, 'returned'), string.format('%.0f', low),
        string.format('(%.0f', low + 100000000000000), 'LIMIT', 0, room())
      if #names == 0 then break end
      for _, name in ipairs(names) do
        redis.call('ZREM', key(queue, 'returned'), name)
        local _, id = parseReturned(name)
        local claimed = redis.call('XCLAIM', s, G, consumer, 0, id)[1]
        if claimed and claimed[2] then
          take(at, id, held(queue, at, id, consumer) or 1, claimed[2])
        end
      end
    end
    while exists(s) and room() > 0 do
      local read = redis.call('XREADGROUP', 'GROUP', G, consumer, 'COUNT', room(),
        'STREAMS', s, '>')
      if not read then break end
      for _, one in ipairs(read[1][2]) do take(at, one[1], 1, one[2]) end
    end
  end
  -- Where nothing is left, whoever was woken for it would look in vain.
  if dry then redis.call('DEL', key(queue, 'bell')) else ring(queue, 1) end
  table.insert(result, 1, dry and 1 or 0)
  return result
end
`;
