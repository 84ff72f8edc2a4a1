import { ATTEMPT, DEAD_AT, DEAD_QUEUE, DEAD_REASON, type Settlement } from "../broker.ts";
import { DeliveryLostError } from "../errors.ts";
import type { Reply } from "./client.ts";
import { encodeHeaders } from "./fields.ts";
import { Gathering } from "./gathering.ts";
import { Held } from "./held.ts";
import { holding } from "./lua.ts";
import { Script, type Sender } from "./script.ts";

/** Settles entries in one step; answers for each whether it was its consumer's. */
const settlingScript = new Script(
  holding,
  `
local now, result, woken = clock(), {}, {}
evenIfFull()
for first = 1, #ARGV, 7 do
  local queue, consumer, at, id, what, delay, headers = unpack(ARGV, first, first + 6)
  local count = held(queue, at, id, consumer)
  local message = count and (what == 'retry' or what == 'dead') and entry(queue, at, id)
  if message then message = with(message, { headers = headers, expires_at = false }) end
  if not count then
    result[#result + 1] = 0
  else
    result[#result + 1] = 1
    if what == 'release' then
      giveBack(queue, at, id, count, true)
      woken[queue] = (woken[queue] or 0) + 1
    else
      remove(queue, at, id)
      if what == 'retry' and message then
        add(queue, message, tonumber(delay), now)
        if tonumber(delay) <= 0 then woken[queue] = (woken[queue] or 0) + 1 end
      elseif message then
        local dead = deadLetterQueue(queue)
        if dead then
          add(dead, with(message, { expiration = false }), 0, now)
          woken[dead] = (woken[dead] or 0) + 1
        end
      end
    end
  end
end
for queue, count in pairs(woken) do ring(queue, count) end
return result
`,
);

/**
 * What settles, for {@link settle}.
 * @param before what publishes: a reply is to be on its way before its request is acknowledged, for then
 * nobody would send it again.
 */
export function settlingBy(sender: Sender, before: Pick<Gathering, "waits">): Gathering {
  return new Gathering(settlingScript, sender, before);
}

/**
 * Settles deliveries.
 * @throws {DeliveryLostError} some were not.
 */
export async function settle(
  gathering: Gathering,
  settlements: readonly Settlement[],
): Promise<void> {
  const settled: Promise<Reply>[] = [];
  const touched = new Set<Held["consumer"]>();
  let lost = 0;
  for (const settlement of settlements) {
    const { token } = settlement.delivery;
    if (!(token instanceof Held) || !token.consumer.letGo(token)) {
      lost++;
      continue;
    }
    touched.add(token.consumer);
    const delay = settlement.kind === "retry" ? settlement.delayMs : 0;
    const { queue } = settlement.delivery;
    const { consumer, owner, level, id } = token;
    const onSent = () => consumer.hasRoom();
    settled.push(
      gathering.add([queue, owner, level, id, settlement.kind, `${delay}`, headersOf(settlement)], {
        onSent,
      }),
    );
  }
  if (settled.length > 0) {
    try {
      lost += (await Promise.all(settled)).filter((done) => done === 0).length;
    } catch (error) {
      for (const consumer of touched) consumer.lose();
      throw error;
    }
    for (const consumer of touched) consumer.settled();
  }
  if (lost === 0) return;
  throw new DeliveryLostError(
    `${lost} of ${settlements.length} deliveries were settled before, or lost`,
  );
}

/** The headers with which a message lives on. */
function headersOf(settlement: Settlement): string {
  const { kind, delivery: { message, attempt, queue } } = settlement;
  if (kind === "retry") {
    const next = attempt + (settlement.countsAttempt === false ? 0 : 1);
    return encodeHeaders({ ...message.headers, ...settlement.headers, [ATTEMPT]: next });
  }
  if (kind !== "dead") return "";
  return encodeHeaders({
    ...message.headers,
    ...settlement.headers,
    [DEAD_REASON]: settlement.reason,
    [DEAD_AT]: Date.now(),
    [DEAD_QUEUE]: queue,
  });
}
