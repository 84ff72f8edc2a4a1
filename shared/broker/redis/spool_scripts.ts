/**
 * The steps of the spools, each one script. A spool is a hash and a stream, whose entries have the id
 * `{at}-{seq + 1}`: in the order of the body, and found by a byte.
 *
 * @module
 */
import { basics } from "./lua.ts";
import { Script } from "./script.ts";

const spools = `${basics}
local function spool(id) return 'proxymq:{spool:' .. id .. '}:spool' end
local function pieces(id) return 'proxymq:{spool:' .. id .. '}:pieces' end
local function tell(id) redis.call('PUBLISH', 'proxymq:spool:' .. id, '') end
local function text(number) return string.format('%.0f', number) end
`;

export const creating = new Script(
  spools,
  `
local id, made = unpack(ARGV)
if not exists(spool(id)) then
  redis.call('HSET', spool(id), 'made', made, 'heard_at', text(clock()), 'ended', '0')
end
`,
);

/** Leaves out pieces that are there already. Answers 0 where there is no spool. */
export const appending = new Script(
  spools,
  `
local id = ARGV[1]
if not exists(spool(id)) then return 0 end
local top = redis.call('XREVRANGE', pieces(id), '+', '-', 'COUNT', 1)[1]
local seen = top and tonumber(string.match(top[1], '%-(%d+)$')) or 0
for i = 2, #ARGV, 5 do
  local at, seq, last, why, body = unpack(ARGV, i, i + 4)
  if seq + 1 > seen then
    redis.call('XADD', pieces(id), at .. '-' .. text(seq + 1), 'last', last, 'error', why, 'body', body)
  end
  if last == '1' then redis.call('HSET', spool(id), 'ended', '1') end
end
redis.call('HSET', spool(id), 'heard_at', text(clock()))
tell(id)
return 1
`,
);

/** Answers with what tells a spool from others of its name, and where reading has to begin. */
export const locating = new Script(
  spools,
  `
local id, from = unpack(ARGV)
local made = redis.call('HGET', spool(id), 'made')
if not made then return end
local first = redis.call('XREVRANGE', pieces(id), from, '-', 'COUNT', 1)[1]
return { made, first and first[1] or '-' }
`,
);

/** Answers with entries from a place on, or nothing where the spool is gone. */
export const reading = new Script(
  spools,
  `
local id, made, from, count = unpack(ARGV)
if redis.call('HGET', spool(id), 'made') ~= made then return end
return redis.call('XRANGE', pieces(id), from, '+', 'COUNT', count)
`,
);

export const looking = new Script(
  spools,
  `
local id, silence = unpack(ARGV)
if not exists(spool(id)) then return end
local heard, ended = unpack(redis.call('HMGET', spool(id), 'heard_at', 'ended'))
if ended == '1' then return 'ended' end
return clock() - heard < tonumber(silence) and 'growing' or 'silent'
`,
);

export const deleting = new Script(
  spools,
  `
redis.call('UNLINK', spool(ARGV[1]), pieces(ARGV[1]))
tell(ARGV[1])
`,
);
