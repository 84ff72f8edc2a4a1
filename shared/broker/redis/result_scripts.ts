/**
 * The steps of the result store, each one script: shared/results/changed.ts says what they do. Time
 * is that of whoever calls.
 *
 * @module
 */
import { whenFull } from "./lua.ts";
import { Script } from "./script.ts";

/** The fields of a request that are no response, in the order in which they are read. */
export const recordFields = [
  "service",
  "state",
  "run",
  "attempt",
  "next_attempt_at",
  "reason",
  "status",
  "due_at",
  "deadline",
  "created_at",
  "updated_at",
  "claim_key",
  "claim_fingerprint",
  "confirmed",
] as const;

const requests = `
${whenFull}
local FINAL = { succeeded = true, failed = true, dead = true, cancelled = true }
-- For how long an end is waited for of which nobody knows when it will be.
local OPEN = 30 * 86400000

local function request(id) return 'proxymq:{' .. id .. '}:request' end
local function claim(key) return 'proxymq:claim:{' .. key .. '}' end
local function get(id, name) return redis.call('HGET', request(id), name) end
local function number(id, name) return tonumber(get(id, name) or '') end
local function text(ms) return string.format('%.0f', ms) end

local function read(id)
  if redis.call('EXISTS', request(id)) == 0 then return end
  return redis.call('HMGET', request(id), ${recordFields.map((name) => `'${name}'`).join(", ")})
end

-- Keeps what belongs to a request in step with it, and tells those who watch it.
local function changed(id, now)
  local service, state = get(id, 'service'), get(id, 'state')
  local ttl, updated = number(id, 'ttl'), number(id, 'updated_at')
  local due, deadline = number(id, 'due_at'), number(id, 'deadline')
  local next = number(id, 'next_attempt_at')
  local expires
  if FINAL[state] then
    expires = updated + ttl
  elseif deadline then
    expires = math.max(deadline, updated) + ttl
  else
    expires = math.max(updated, due or 0, next or 0) + math.max(OPEN, ttl)
  end
  local left = math.max(1, expires - now)
  redis.call('PEXPIRE', request(id), text(left))
  local key = get(id, 'claim_key')
  if key and redis.call('GET', claim(key)) == id then
    redis.call('PEXPIRE', claim(key), text(left))
  end
  local waiting = 'proxymq:delayed:{' .. service .. '}'
  local from = next or due or 0
  if state == 'queued' and from > now then
    redis.call('ZADD', waiting, text(from), id)
    local last = redis.call('ZREVRANGE', waiting, 0, 0, 'WITHSCORES')[2]
    redis.call('PEXPIREAT', waiting, text(tonumber(last)))
    redis.call('ZADD', 'proxymq:delayed', 'GT', text(tonumber(last)), service)
  else
    redis.call('ZREM', waiting, id)
  end
  redis.call('PUBLISH', 'proxymq:request:' .. id, state)
end

local function finish(id, run, state)
  redis.call('HDEL', request(id), 'next_attempt_at', 'reason', 'status', 'response_headers', 'body',
    'spool', 'size')
  redis.call('HSET', request(id), 'state', state, 'run', run, 'confirmed', '1')
end
`;

/** Enters a request; answers `new`, or the id and the record of the one that has its key. */
export const entering = new Script(
  requests,
  `
local id, service, due, deadline, key, fingerprint, ttl, abandoned = unpack(ARGV, 1, 8)
local now = tonumber(ARGV[9])
if redis.call('EXISTS', request(id)) == 1 then return 'new' end
local holder = key ~= '' and redis.call('GET', claim(key))
if holder and get(holder, 'claim_key') == key then
  if get(holder, 'confirmed') == '1' or now < number(holder, 'created_at') + abandoned then
    return { holder, read(holder) }
  end
  redis.call('HDEL', request(holder), 'claim_key', 'claim_fingerprint')
end
redis.call('HSET', request(id), 'service', service, 'state', 'queued', 'run', '0', 'attempt', '0',
  'created_at', ARGV[9], 'updated_at', ARGV[9], 'confirmed', '0', 'ttl', ttl)
if due ~= '' then redis.call('HSET', request(id), 'due_at', due) end
if deadline ~= '' then redis.call('HSET', request(id), 'deadline', deadline) end
if key ~= '' then
  redis.call('HSET', request(id), 'claim_key', key, 'claim_fingerprint', fingerprint)
  redis.call('SET', claim(key), id)
end
changed(id, now)
return 'new'
`,
);

/** Says that a request is in its queue. */
export const confirming = new Script(
  requests,
  `
if redis.call('EXISTS', request(ARGV[1])) == 1 then
  evenIfFull()
  redis.call('HSET', request(ARGV[1]), 'confirmed', '1')
end
`,
);

/** Forgets a request. */
export const withdrawing = new Script(
  requests,
  `
local id = ARGV[1]
local key, service = get(id, 'claim_key'), get(id, 'service')
if key and redis.call('GET', claim(key)) == id then redis.call('DEL', claim(key)) end
if service then redis.call('ZREM', 'proxymq:delayed:{' .. service .. '}', id) end
redis.call('DEL', request(id))
redis.call('PUBLISH', 'proxymq:request:' .. id, '')
`,
);

/** Records a change, if it has an effect. */
export const recording = new Script(
  requests,
  `
local id, service, state, run, attempt, next, reason, created, ttl = unpack(ARGV, 1, 9)
local now = tonumber(ARGV[10])
local known = redis.call('EXISTS', request(id)) == 1
evenIfFull()
if not known then
  redis.call('HSET', request(id), 'service', service, 'attempt', '0', 'created_at', created,
    'ttl', ttl)
else
  local before = number(id, 'run')
  if tonumber(run) < before then return end
  if tonumber(run) == before and FINAL[get(id, 'state')] then return end
  -- What is told of the same attempt before its response may come after it.
  local said = get(id, 'status') and tonumber(attempt) == number(id, 'attempt')
  if tonumber(run) == before and state == 'processing' and said and not ARGV[11] then return end
  if tonumber(run) > before then redis.call('HSET', request(id), 'attempt', '0') end
end
finish(id, run, state)
redis.call('HSET', request(id), 'updated_at', ARGV[10])
if attempt ~= '' then redis.call('HSET', request(id), 'attempt', attempt) end
if next ~= '' then redis.call('HSET', request(id), 'next_attempt_at', next) end
-- A reason is marked, as an empty one is another than none.
if reason ~= '' then redis.call('HSET', request(id), 'reason', string.sub(reason, 2)) end
if ARGV[11] then
  redis.call('HSET', request(id), 'status', ARGV[11], 'response_headers', ARGV[12], 'body', ARGV[13])
  if ARGV[14] ~= '' then redis.call('HSET', request(id), 'spool', ARGV[14]) end
  if ARGV[15] ~= '' then redis.call('HSET', request(id), 'size', ARGV[15]) end
end
changed(id, now)
`,
);

/** What is known of a request. */
export const finding = new Script(requests, "return read(ARGV[1])");

/** Cancels a request; answers with its record as it then is. */
export const cancelling = new Script(
  requests,
  `
local id, till, now = ARGV[1], ARGV[2], tonumber(ARGV[3])
local record = read(id)
if not record or FINAL[record[2]] then return record end
evenIfFull()
finish(id, record[3], 'cancelled')
redis.call('HSET', request(id), 'updated_at', ARGV[3])
changed(id, now)
redis.call('ZREMRANGEBYSCORE', 'proxymq:cancelled', '-inf', ARGV[3])
redis.call('ZADD', 'proxymq:cancelled', till, id)
local last = redis.call('ZREVRANGE', 'proxymq:cancelled', 0, 0, 'WITHSCORES')[2]
redis.call('PEXPIREAT', 'proxymq:cancelled', text(tonumber(last)))
redis.call('PUBLISH', 'proxymq:cancelled', id)
return read(id)
`,
);

/** What is cancelled and has to be known still: ids, each with its time. */
export const listingCancelled = new Script(
  requests,
  "return redis.call('ZRANGEBYSCORE', 'proxymq:cancelled', '(' .. ARGV[1], '+inf', 'WITHSCORES')",
);

/** How many requests of each service wait for their time. */
export const countingDelayed = new Script(
  requests,
  `
redis.call('ZREMRANGEBYSCORE', 'proxymq:delayed', '-inf', ARGV[1])
local result = {}
for _, service in ipairs(redis.call('ZRANGE', 'proxymq:delayed', 0, -1)) do
  local waiting = 'proxymq:delayed:{' .. service .. '}'
  redis.call('ZREMRANGEBYSCORE', waiting, '-inf', ARGV[1])
  local count = redis.call('ZCARD', waiting)
  if count == 0 then
    redis.call('ZREM', 'proxymq:delayed', service)
  else
    result[#result + 1] = service
    result[#result + 1] = count
  end
end
return result
`,
);
